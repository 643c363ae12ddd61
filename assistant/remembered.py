"""What is remembered of listeners: what they did with tracks here and elsewhere, and which sessions were not theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.errors import UnknownFeedbackError, UnknownSessionError
from assistant.parts import for_listener
from assistant.taught import Taught
from recsys.types import Event, EventKind

if TYPE_CHECKING:
    from assistant.disowning import Disowned


class Remembered(Taught):
    """The part of an assistant that keeps what listeners do."""

    @for_listener
    def feedback(
        self,
        listener_id: str,
        session_id: str | None,
        track_id: str,
        kind: str,
        completion: float | None = None,
        *,
        incognito: bool = False,
    ) -> None:
        """Remember what a listener did with a track; the next turn takes it into account.

        Args:
            listener_id: whose taste it tells.
            session_id: the session it happened in, if any.
            track_id: a track of the catalogue.
            kind: like, dislike, unrate, skip, keep or play. The last like or dislike of a track holds, until an
                unrate takes it back.
            completion: share of the track that was played, 0–1, where it is known.
            incognito: let it count in the session alone, and store nothing.

        Raises:
            UnknownFeedbackError: the kind is no such word, or the completion is outside 0–1.
            UnknownTrackError: the catalogue has no such track.
        """
        from assistant.store import identity

        if kind not in {known.value for known in EventKind}:
            raise UnknownFeedbackError(kind, f"one of {', '.join(known.value for known in EventKind)}")
        if completion is not None and not 0.0 <= completion <= 1.0:
            raise UnknownFeedbackError(completion, "a completion between 0 and 1")
        self._agent().recommender.catalogue.row(track_id)
        event = Event(
            identity(listener_id),
            track_id,
            EventKind(kind),
            self._event_time(),
            completion,
            None if session_id is None else identity(session_id),
        )
        (self._incognito() if incognito else self._store()).add_event(event)

    @for_listener
    def not_me(self, listener_id: str, session_id: str | None = None, *, undo: bool = False) -> Disowned:
        """Take all that a session did out of a listener's taste, exactly, or with `undo` put it back.

        Args:
            listener_id: whose taste it was not.
            session_id: the session; None for the latest, or, to undo, the one set aside last.
            undo: whether it was the listener after all.

        Raises:
            UnknownSessionError: there is no such session to set aside, or none that was.
        """
        from assistant.disowning import disown, own
        from assistant.store import identity

        listener, session = identity(listener_id), None if session_id is None else identity(session_id)
        done = (own if undo else disown)(self._store(), listener, session)
        if done is None:
            raise UnknownSessionError(listener_id, session_id, undo=undo)
        return done

    @for_listener
    def add_history(self, listener_id: str, history: Iterable[tuple[str, str, int]]) -> int:
        """Remember what a listener did elsewhere, all at once; return how many entries that were.

        Args:
            listener_id: whose taste it tells.
            history: (track id, kind, how often); kinds as for `feedback`. Tracks that the catalogue does not have are
                left out.

        Raises:
            UnknownFeedbackError: a kind is no such word, or something was done less than once; nothing is remembered.
        """
        from assistant.store import identity

        known = set(self._agent().recommender.catalogue.track_ids)
        at = self._event_time()
        events = []
        for track_id, kind, times in history:
            if kind not in {one.value for one in EventKind} or times < 1:
                kinds = ", ".join(one.value for one in EventKind)
                raise UnknownFeedbackError((kind, times), f"one of {kinds}, at least once")
            if track_id in known:
                events.append(Event(identity(listener_id), track_id, EventKind(kind), at, times=times))
        self._store().add_events(events)
        return len(events)
