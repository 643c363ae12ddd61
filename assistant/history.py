"""What a listener did, as one turn needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.past import Past
from recsys.suppressed import Suppressed
from recsys.types import Event, EventKind

_RELATIONS = {EventKind.PLAY: "played", EventKind.KEEP: "kept", EventKind.LIKE: "liked"}


@dataclass(frozen=True, slots=True)
class History:
    """A listener's events as one turn needs them."""

    listener_id: str
    session_id: str | None  # the session that is going on, if any
    events: Past
    rated: dict[str, bool]  # track id → whether the last rating was a like
    relations: dict[str, str]  # track id → liked, kept or played
    disliked_now: frozenset[str]  # disliked in this session
    liked_now: frozenset[str]  # liked in this session
    kept_back: Mapping[str, float | None] = field(default_factory=dict)  # track id → not to be shown until; None: never
    before_others: bool = False  # a group listens: no more than it may hear

    @property
    def resting(self) -> frozenset[str]:
        """Tracks that are not to be shown for a while."""
        return frozenset(track_id for track_id, until in self.kept_back.items() if until is not None)

    @property
    def never(self) -> frozenset[str]:
        """Tracks that are never to be shown again."""
        return frozenset(track_id for track_id, until in self.kept_back.items() if until is None)

    def passed(self, shown: Iterable[str]) -> list[str]:
        """What was shown and not rated, in a session in which something shown was liked."""
        return [track for track in shown if track not in self.rated] if self.liked_now else []


def history_of(
    listener_id: str, session_id: str | None, events: Sequence[Event], suppressed: Sequence[Suppressed] = ()
) -> History:
    """Sum up a listener's events.

    Args:
        listener_id: whose they are.
        session_id: the session that goes on; what was disliked in it counts for it at once.
        events: oldest first.
        suppressed: what is not to be shown to them now.
    """
    past = Past.of(events)
    before = past.imported.rated if past.imported else {}
    rated = {t: kind is EventKind.LIKE for t, (_, kind) in before.items() if kind is not EventKind.UNRATE}
    relations: dict[str, str] = {}
    now: dict[str, bool] = {}  # the last rating in this session
    for event in past.own:
        if event.kind not in (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE):
            continue
        if event.track_id in before and before[event.track_id][0] > event.at:
            continue
        rated.pop(event.track_id, None)
        now.pop(event.track_id, None)
        if event.kind is not EventKind.UNRATE:
            rated[event.track_id] = event.kind is EventKind.LIKE
            if session_id is not None and event.session_id == session_id:
                now[event.track_id] = event.kind is EventKind.LIKE
    for kind, relation in _RELATIONS.items():  # the strongest last
        # A like that was taken back is no like, though the track may still have been kept or played.
        told = {e.track_id for e in past.own if e.kind is kind}
        told |= past.imported.did[kind] if past.imported else set()
        relations |= {
            t: relation for t in told if rated.get(t) is not False and (kind is not EventKind.LIKE or rated.get(t))
        }
    liked_now = frozenset(track_id for track_id, liked in now.items() if liked)
    return History(
        listener_id,
        session_id,
        past,
        rated,
        relations,
        disliked_now=frozenset(now) - liked_now,
        liked_now=liked_now,
        kept_back=longest(suppressed),
    )


def longest(suppressed: Iterable[Suppressed]) -> dict[str, float | None]:
    """Return until when each track is kept back, None for ever; of a person's wishes for one, the longest holds."""
    until: dict[str, float | None] = {}
    for wish in suppressed:
        other = until.get(wish.track_id, wish.until)
        until[wish.track_id] = None if other is None or wish.until is None else max(other, wish.until)
    return until
