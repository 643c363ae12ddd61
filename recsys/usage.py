"""What the use of Segue teaches: which tracks answered which request, and the training examples made of that.

A slate *answered* its request where the listener took it up: with the tracks that they kept of it (`keep`, or a `like`
that holds), or, where they listened to it for ten minutes or more in all (as in the data of Melchiorre et al., 2025),
with all of its tracks. Tracks that they disliked, and those whose plays and skips here count against them
(`recsys.listeners.event_worth`), are no answers. A like holds until it is taken back or turned into a dislike.

An event belongs to the latest slate of its session, shown before it, that has its track. What a request may learn from
came before it: its listener's vector is folded in from earlier events alone, by the code that serves.

Times are seconds since the epoch (UTC).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.catalogue import Catalogue
from recsys.listeners import event_worth, track_weights
from recsys.synthesis import Triple
from recsys.types import Event, EventKind, TrackId

#: A slate that was listened to for so long, in seconds, answered its request as a whole.
LISTENED_S = 600.0
#: Of each listener's own requests, the share that tests and does not teach: the latest.
HELD_OUT = 0.25
#: Own requests' least share of the examples that training draws from. Of .05, .1 and .25 each found a taste planted in
#: the starter equally well (NDCG@10 .26, .05 before), and the least cost synthetic requests the least (recall@10 .286,
#: .278 and .256, .302 without).
_SHARE = 0.05
_RATINGS = (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE)


@dataclass(frozen=True)
class Shown:
    """One turn's slate."""

    listener_id: str
    session_id: str
    at: float
    text: str  # the request as it stood, which is what the text encoder read
    track_ids: tuple[TrackId, ...]
    durations_s: tuple[float, ...]


@dataclass(frozen=True)
class Answered:
    """A slate with the tracks that answered its request, in the slate's order."""

    shown: Shown
    track_ids: tuple[TrackId, ...]  # at least one
    played: bool  # whether the slate was listened to for ten minutes or more


@dataclass
class _Slate:
    """A slate while events are being assigned to it."""

    shown: Shown
    kept: set[TrackId] = field(default_factory=set)
    worth: dict[TrackId, float] = field(default_factory=lambda: defaultdict(float))  # of plays and skips
    listened_s: float = 0.0

    def answer(self, disliked: set[TrackId]) -> Answered | None:
        played = self.listened_s >= LISTENED_S
        taken = (t for t in self.shown.track_ids if t in self.kept or (played and self.worth.get(t, 0.0) >= 0))
        track_ids = tuple(dict.fromkeys(t for t in taken if t not in disliked))
        return Answered(self.shown, track_ids, played) if track_ids else None


def answered(slates: Sequence[Shown], events: Sequence[Event]) -> list[Answered]:
    """Find the slates of one listener that answered their requests, by time.

    Args:
        slates: of one listener.
        events: everything that listener did, oldest first.
    """
    of_session: dict[str, list[_Slate]] = defaultdict(list)
    ordered = [_Slate(shown) for shown in sorted(slates, key=lambda one: one.at)]
    for slate in ordered:
        of_session[slate.shown.session_id].append(slate)
    last_refusal: dict[TrackId, int] = {}  # number of the last event that ended a like
    rating: dict[TrackId, EventKind] = {}
    for number, event in enumerate(events):
        if event.kind in _RATINGS:
            rating[event.track_id] = event.kind
            if event.kind is not EventKind.LIKE:
                last_refusal[event.track_id] = number
    for number, event in enumerate(events):
        found = _slate_of(event, of_session.get(event.session_id or "", ()))
        if found is None:
            continue
        if event.kind is EventKind.KEEP or (
            event.kind is EventKind.LIKE and number > last_refusal.get(event.track_id, -1)
        ):
            found.kept.add(event.track_id)
        elif event.kind in (EventKind.PLAY, EventKind.SKIP):
            found.worth[event.track_id] += event.times * event_worth(event)
            found.listened_s += event.times * _share_heard(event) * _duration_s(found.shown, event.track_id)
    disliked = {track_id for track_id, kind in rating.items() if kind is EventKind.DISLIKE}
    return [one for one in (slate.answer(disliked) for slate in ordered) if one is not None]


def hold_out(requests: Sequence[Answered], share: float = HELD_OUT) -> tuple[list[Answered], list[Answered]]:
    """Part own requests into those that teach and those that test: the latest `share` of each listener's.

    A session that reaches into the test teaches nothing, since its turns resemble one another.

    Returns:
        Both parts by time.
    """
    teach: list[Answered] = []
    test: list[Answered] = []
    by_listener: dict[str, list[Answered]] = defaultdict(list)
    for one in sorted(requests, key=lambda one: one.shown.at):
        by_listener[one.shown.listener_id].append(one)
    for own in by_listener.values():
        cut = len(own) - int(len(own) * share)
        sessions = {one.shown.session_id for one in own[cut:]}
        test += own[cut:]
        teach += [one for one in own[:cut] if one.shown.session_id not in sessions]
    return sorted(teach, key=lambda one: one.shown.at), sorted(test, key=lambda one: one.shown.at)


def before(events: Sequence[Event], at: float) -> Sequence[Event]:
    """Return what was done before a moment; `events` are oldest first."""
    return events[: bisect_left(events, at, key=lambda event: event.at)]


def own_triples(
    requests: Sequence[Answered],
    events: Mapping[str, Sequence[Event]],
    catalogue: Catalogue,
    *,
    half_life_days: float,
) -> list[Triple]:
    """Make training examples of own requests; those whose answers have all left the catalogue are left out.

    Args:
        requests: which tracks answered what.
        events: what each listener did, oldest first.
        catalogue: what rows are of.
        half_life_days: as in serving.
    """
    triples = []
    for one in requests:
        answers = catalogue.rows(one.track_ids)
        if not len(answers):
            continue
        shown = one.shown
        past = before(events.get(shown.listener_id, ()), shown.at)
        weights = track_weights(past, now=shown.at, half_life_days=half_life_days, session_id=shown.session_id)
        known = {int(row): w for track_id, w in weights.items() for row in catalogue.rows([track_id])}
        triples.append(
            Triple(
                shown.text,
                np.array(list(known), dtype=np.int64),
                answers,
                listener_id=shown.listener_id,
                weights=np.array(list(known.values()), dtype=np.float32),
            )
        )
    return triples


def repeated(own: Sequence[Triple], n_synthetic: int) -> list[Triple]:
    """Repeat own examples until they are a twentieth of what is drawn from, or more."""
    if not own:
        return []
    wanted = round(_SHARE / (1 - _SHARE) * n_synthetic / len(own))
    return list(own) * max(wanted, 1)


def digest(own: Sequence[Triple]) -> str:
    """Return what changes whenever the examples do."""
    whole = hashlib.sha256()
    for triple in own:
        weights = np.empty(0, np.float32) if triple.weights is None else triple.weights
        parts = (triple.text.encode("utf-8", "surrogatepass"), triple.history, weights, triple.answers)
        for part in parts:
            raw = part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes()
            whole.update(len(raw).to_bytes(8, "little") + raw)
    return whole.hexdigest()


def _slate_of(event: Event, slates: Sequence[_Slate]) -> _Slate | None:
    """Return the latest of a session's slates, by time, that was shown before an event and has its track."""
    last = bisect_right(slates, event.at, key=lambda slate: slate.shown.at)
    return next((one for one in reversed(slates[:last]) if event.track_id in one.shown.track_ids), None)


def _share_heard(event: Event) -> float:
    """How much of a track a play or a skip says was heard, 0–1."""
    if event.completion is None:
        return 1.0 if event.kind is EventKind.PLAY else 0.0
    return event.completion


def _duration_s(shown: Shown, track_id: TrackId) -> float:
    return shown.durations_s[shown.track_ids.index(track_id)]
