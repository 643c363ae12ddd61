"""From what a listener did to one long-term vector, with the same code in training and in serving.

The raw user vector ũ is, per modality, the weighted sum of the vectors of the listener's tracks, brought to unit
length, and the modalities side by side: shape (M·D,). A listener without usable history has no vector, which the
model takes as u := 0 *past* its user projection.

Weight of a track (ours; DESIGN.md section 3): each event counts `times × worth × 0.5^(age / half-life)`; the positive
part of a track's sum is damped by log1p, so that the hundredth play adds little; negative sums are kept down to -1.

    like +1 · keep +0.7 · play 1.5·completion - 0.5 (so a play broken off before a third subtracts)
    skip -0.5·(1 - completion) · dislike -1.5 · unrate 0; after a like, a dislike or their taking back, earlier likes
    and dislikes of the track lapse

Short term and long term. An *evening* is a run of sessions' events without a pause of `EVENING_GAP_S`. What it is worth
in all counts as `EVENING_LIKES` likes at most: one evening of something else, by whomever, moves the long-term vector
little, and many do move it, since each counts. Events outside any session, such as an imported history, are no evening.
The session that is going on is not limited but lifted: while it lasts, `SESSION_LIKES` likes in it are worth as much
(before damping) as everything else together.

How far an evening can move the vector follows. Let r be a modality's weighted sum without the evening and e the
evening's part of it, which is no longer than the evening's weights together, since the tracks' vectors are no longer
than 1, and those are no more than EVENING_LIKES, since log1p(x) ≤ x and log1p(x + y) - log1p(x) ≤ y. Then r and r + e
are at most arcsin(EVENING_LIKES / ‖r‖) apart, a cosine distance of at most 1 - √(1 - (EVENING_LIKES / ‖r‖)²)
(`evening_bound`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from recsys.past import Past
from recsys.types import BoolArray, Event, EventKind, FloatArray, IntArray, Modality, TrackId

_SECONDS_PER_DAY = 86_400.0
#: Modalities made of what a catalogue states.
_STATED = (Modality.TEXT, Modality.TAGS)
_RATINGS = (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE)
#: A pause so long, in seconds, ends an evening.
EVENING_GAP_S = 6 * 3600.0
#: An evening counts as so many likes at most.
EVENING_LIKES = 5.0
#: The share of a track that is all of it but for the fading.
HEARD_OUT = 0.8
#: So many likes in the session that is going on are worth as much as everything else.
SESSION_LIKES = 5.0


def was_heard_out(event: Event) -> bool:
    """Tell whether an event is a track played to its end, or nearly so."""
    return event.kind is EventKind.PLAY and (event.completion is None or event.completion >= HEARD_OUT)


def event_worth(event: Event) -> float:
    """Say what one event is worth before recency: positive for, negative against the track."""
    match event.kind:
        case EventKind.LIKE:
            return 1.0
        case EventKind.KEEP:
            return 0.7
        case EventKind.PLAY:
            return 1.5 * (1.0 if event.completion is None else event.completion) - 0.5
        case EventKind.SKIP:
            return -0.5 * (1.0 - (event.completion or 0.0))
        case EventKind.DISLIKE:
            return -1.5
        case EventKind.UNRATE:
            return 0.0


def track_weights(
    events: Sequence[Event], *, now: float, half_life_days: float, session_id: str | None = None
) -> dict[TrackId, float]:
    """Sum a listener's events into one signed weight per track; tracks that end at zero are left out.

    Args:
        events: what the listener did.
        now: seconds since the epoch.
        half_life_days: age at which an event weighs half.
        session_id: the session that is going on; None for the long-term taste alone.
    """
    past = Past.of(events)
    own, imported = past.own, past.imported
    last_rating = {e.track_id: e.at for e in sorted(own, key=lambda e: e.at) if e.kind in _RATINGS}
    sums: dict[TrackId, float] = {}
    beside = 0.0
    if imported is not None:
        recency = imported.recency(now, half_life_days)
        beside = float(np.maximum(imported.worth, 0.0) @ recency)
        sums = dict(zip(imported.track_ids, imported.sums(recency, last_rating).tolist(), strict=True))
        for track_id in last_rating.keys() & imported.rated.keys():
            last_rating[track_id] = max(last_rating[track_id], imported.rated[track_id][0])
    factors = event_factors(own, session_id=session_id, now=now, half_life_days=half_life_days, beside=beside)
    for event, factor in zip(own, factors, strict=True):
        if event.kind in _RATINGS and event.at < last_rating[event.track_id]:
            continue
        worth = factor * event.times * event_worth(event) * _recency(event, now, half_life_days)
        sums[event.track_id] = sums.get(event.track_id, 0.0) + worth
    return {
        track_id: math.log1p(total) if total > 0 else max(total, -1.0) for track_id, total in sums.items() if total != 0
    }


def event_factors(
    events: Sequence[Event],
    *,
    session_id: str | None = None,
    now: float = 0.0,
    half_life_days: float = math.inf,
    beside: float = 0.0,
) -> list[float]:
    """Say how many times each event counts, so that no evening counts for too much and the present for enough.

    Args:
        events: what the listener did.
        session_id: the session that is going on; its events are not limited, and those that speak for a track are
            lifted, but never by less than once.
        now: seconds since the epoch, for the recency of everything else.
        half_life_days: age at which everything else weighs half.
        beside: what speaks for tracks beside these events, of no session.

    Returns:
        One factor per event: 1 outside sessions, at most 1 in earlier sessions, at least 1 in the present one.
    """
    factors = [1.0] * len(events)
    for evening in _evenings(events, session_id):
        worth = sum(events[n].times * abs(event_worth(events[n])) for n in evening)
        if worth > EVENING_LIKES:
            for n in evening:
                factors[n] = EVENING_LIKES / worth
    present = [n for n, e in enumerate(events) if session_id is not None and e.session_id == session_id]
    if present:
        here = set(present)
        rest = beside + sum(
            factors[n] * e.times * max(event_worth(e), 0.0) * _recency(e, now, half_life_days)
            for n, e in enumerate(events)
            if n not in here
        )
        for n in present:
            if event_worth(events[n]) > 0:
                factors[n] = max(1.0, rest / SESSION_LIKES)
    return factors


def evening_bound(length: float) -> float:
    """Return the greatest cosine distance by which one evening can turn a weighted sum of this length (see above).

    A sum no longer than an evening's greatest weight can be turned anywhere: 2.
    """
    return 2.0 if length <= EVENING_LIKES else 1.0 - math.sqrt(1.0 - (EVENING_LIKES / length) ** 2)


def _evenings(events: Sequence[Event], session_id: str | None) -> Iterator[list[int]]:
    """Yield the positions of each evening's events, without those of the present session."""
    order = [n for n, e in enumerate(events) if e.session_id is not None and e.session_id != session_id]
    order.sort(key=lambda n: events[n].at)
    evening: list[int] = []
    for n in order:
        if evening and events[n].at - events[evening[-1]].at > EVENING_GAP_S:
            yield evening
            evening = []
        evening.append(n)
    if evening:
        yield evening


def _recency(event: Event, now: float, half_life_days: float) -> float:
    age_days: float = max(0.0, now - event.at) / _SECONDS_PER_DAY
    return math.exp2(-age_days / half_life_days)


def fold_in(
    rows: IntArray, weights: FloatArray, tables: Mapping[Modality, FloatArray], present: BoolArray
) -> FloatArray | None:
    """Make the raw user vector (M·D,) of a listener from track rows (n,) and their weights (n,).

    Args:
        rows: track rows of the history.
        weights: signed weight of each.
        tables: per modality the track vectors (N, D), zero where absent.
        present: (N, M), which modalities a track has, in the order of `tables`.

    Returns:
        The vector, or None when nothing of the history has a vector. The parts of what the catalogue states (text and
        tags) have norm 1 together, and each space that was brought in as much as one of them: so a space that comes
        or goes leaves the other parts as they were. Where only such spaces say anything, they have norm 1 together.
    """
    parts = []
    for column, table in enumerate(tables.values()):
        here = present[rows, column]
        total = weights[here] @ np.asarray(table[rows[here]], dtype=np.float32)  # (D,)
        norm = float(np.linalg.norm(total))
        parts.append(total / norm if norm > 1e-6 else np.zeros(table.shape[1], dtype=np.float32))
    vector = np.concatenate(parts).astype(np.float32)
    stated = [part for modality, part in zip(tables, parts, strict=True) if modality in _STATED]
    norm = math.sqrt(sum(float(part @ part) for part in stated)) or float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else None
