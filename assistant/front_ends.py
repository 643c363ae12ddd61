"""What front ends keep beside conversations, and how they find again what they once showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.labels import plain
from assistant.parts import Parts
from assistant.reply import Reply
from assistant.reports import NamedTrack

if TYPE_CHECKING:
    from recsys.records import Records


class FrontEnds(Parts):
    """The part of an assistant that serves front ends which are started anew while people go on using them."""

    @property
    def records(self) -> Records:
        """Small JSON values by kind and key; those that belong to a listener are forgotten with them."""
        return self._store().records

    def reply_at(self, session_id: str, listener_id: str, turn: int, rater: str | None = None) -> Reply | None:
        """Return what a turn answered, with the likes and dislikes of now; None where there is no such turn.

        Args:
            session_id: the session of the turn.
            listener_id: whose session it is.
            turn: its number.
            rater: whose likes and dislikes; None for nobody's.
        """
        from assistant.store import SessionStore, identity

        found = SessionStore(self._store()).at(identity(session_id), identity(listener_id), turn)
        if found is None:
            return None
        rated = {} if rater is None else self._agent().rated(rater)
        tracks = tuple(t.model_copy(update={"liked": rated.get(t.track_id)}) for t in found.reply.tracks)
        return found.reply.model_copy(update={"tracks": tracks})

    def rated(self, listener_id: str) -> dict[str, bool]:
        """Return which tracks a listener likes (True) or dislikes (False), by id."""
        return self._agent().rated(listener_id)

    def track_named(self, track_id: str) -> NamedTrack:
        """Return what a track of the catalogue is called.

        Raises:
            UnknownTrackError: the catalogue has no such track.
        """
        catalogue = self._agent().recommender.catalogue
        track = catalogue.track(catalogue.row(track_id))
        return NamedTrack(track_id=track_id, title=plain(track.title), artist=plain(track.artist))

    def delete_sessions(self, prefix: str) -> int:
        """Delete the conversations of all listeners whose ids begin with a prefix; return how many.

        What was liked in them stays liked.
        """
        return self._store().sessions.remove_all(prefix)
