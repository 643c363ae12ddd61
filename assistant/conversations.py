"""The conversations of a listener, as a front end lists, opens, names and deletes them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.labels import plain
from assistant.parts import Parts
from assistant.reply import Reply, SlateTrack
from assistant.reports import SessionReport, Suggestion, TurnReport

if TYPE_CHECKING:
    from assistant.suggesting import Suggestions

_LOG = logging.getLogger(__name__)
#: Longest name of a conversation, in characters.
_MAX_NAME = 80


class Conversations(Parts):
    """The part of an assistant that knows conversations by listener. A session of somebody else's is never found."""

    def sessions(self, listener_id: str, limit: int | None = None) -> tuple[SessionReport, ...]:
        """List a listener's conversations, the one used last first; those held incognito are nowhere."""
        from assistant.store import identity

        return tuple(
            SessionReport(
                session_id=row.session_id,
                name=row.name or plain(row.opening, _MAX_NAME) or "…",
                n_turns=row.n_turns,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
            for row in self._store().sessions.of(identity(listener_id), limit)
        )

    def turns(self, session_id: str, listener_id: str) -> tuple[TurnReport, ...]:
        """Return what was said in a conversation, turn by turn, with the playlists; empty where there is none.

        A turn that another version stored, and that this one cannot read, is left out.
        """
        from assistant.store import identity

        rows = self._store().sessions.turns(identity(session_id), identity(listener_id))
        return tuple(report for row in rows if (report := _read(row)) is not None)

    def end_incognito(self, session_id: str, listener_id: str) -> bool:
        """Let go of what was said incognito in a conversation; tell whether there was anything."""
        from assistant.store import identity

        return self._incognito().drop(identity(session_id), identity(listener_id))

    def rename_session(self, session_id: str, listener_id: str, name: str) -> bool:
        """Call a conversation by a name, an empty one for its first message; tell whether there is such a one."""
        from assistant.store import identity

        called = plain(name, _MAX_NAME) or None
        return self._store().sessions.rename(identity(session_id), identity(listener_id), called)

    def delete_session(self, session_id: str, listener_id: str) -> bool:
        """Delete a conversation; tell whether there was one. What was liked in it stays liked."""
        from assistant.store import identity

        return self._store().sessions.remove(identity(session_id), identity(listener_id))

    def without_me(self, session_id: str, listener_id: str) -> tuple[SlateTrack, ...]:
        """Return the playlist that a stranger would get where a session stands now; empty where there is none."""
        return self._agent().without_me(listener_id, session_id)

    def suggest(self, text: str, kinds: tuple[str, ...] = ("artist",), limit: int = 25) -> tuple[Suggestion, ...]:
        """Complete what somebody types to names that the catalogue has, best first.

        Args:
            text: what is typed so far; with nothing, the names of the most tracks.
            kinds: of artist, track and genre.
            limit: how many at most.
        """
        return self._suggestions().find(text, kinds, limit)

    def _suggestions(self) -> Suggestions:
        """The names of what is served; while somebody reads them anew, those before still serve."""
        from assistant.suggesting import Suggestions

        serving = self._served()
        known = self._suggestions_or_none
        if known is not None and (known.stamp == serving.stamp or self._naming.locked()):
            return known
        with self._naming:
            known = self._suggestions_or_none
            if known is None or known.stamp != serving.stamp:
                known = Suggestions(serving.agent.recommender.catalogue, serving.stamp)
                self._suggestions_or_none = known
            return known


def _read(row: Mapping[str, Any]) -> TurnReport | None:
    try:
        return TurnReport(at=row["at"], message=row["message"], reply=Reply.model_validate(row["reply"]))
    except ValidationError:
        _LOG.warning("a turn of another version cannot be read; it is left out")
        return None
