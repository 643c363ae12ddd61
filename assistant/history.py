"""What a listener did, as one turn needs it."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.types import Event, EventKind

_RELATIONS = {EventKind.PLAY: "played", EventKind.KEEP: "kept", EventKind.LIKE: "liked"}


@dataclass(frozen=True, slots=True)
class History:
    """A listener's events as one turn needs them."""

    listener_id: str
    session_id: str | None  # the session that is going on, if any
    events: tuple[Event, ...]
    rated: dict[str, bool]  # track id → whether the last rating was a like
    relations: dict[str, str]  # track id → liked, kept or played
    disliked_now: frozenset[str]  # disliked in this session


def history_of(listener_id: str, session_id: str | None, events: tuple[Event, ...]) -> History:
    """Sum up a listener's events.

    Args:
        listener_id: whose they are.
        session_id: the session that goes on; what was disliked in it counts for it at once.
        events: oldest first.
    """
    rated: dict[str, bool] = {}
    relations: dict[str, str] = {}
    disliked_now: set[str] = set()
    for event in events:
        if event.kind not in (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE):
            continue
        rated.pop(event.track_id, None)
        disliked_now.discard(event.track_id)
        if event.kind is not EventKind.UNRATE:
            rated[event.track_id] = event.kind is EventKind.LIKE
        if event.kind is EventKind.DISLIKE and session_id is not None and event.session_id == session_id:
            disliked_now.add(event.track_id)
    for kind, relation in _RELATIONS.items():  # the strongest last
        # A like that was taken back is no like, though the track may still have been kept or played.
        told = {e.track_id for e in events if e.kind is kind and rated.get(e.track_id) is not False}
        relations |= {t: relation for t in told if kind is not EventKind.LIKE or rated.get(t)}
    return History(listener_id, session_id, events, rated, relations, frozenset(disliked_now))
