"""From what a listener did to one long-term vector, with the same code in training and in serving.

The raw user vector ũ is, per modality, the weighted sum of the vectors of the listener's tracks, brought to unit
length, and the modalities side by side: shape (M·D,). A listener without usable history has no vector, which the
model takes as u := 0 *past* its user projection.

Weight of a track (ours; DESIGN.md section 3): each event counts `times × worth × 0.5^(age / half-life)`; the positive
part of a track's sum is damped by log1p, so that the hundredth play adds little; negative sums are kept down to -1.

    like +1 · keep +0.7 · play 1.5·completion - 0.5 (so a play broken off before a third subtracts)
    skip -0.5·(1 - completion) · dislike -1.5 · unrate 0; after a like, a dislike or their taking back, earlier likes
    and dislikes of the track lapse
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from recsys.types import BoolArray, Event, EventKind, FloatArray, IntArray, Modality, TrackId

_SECONDS_PER_DAY = 86_400.0
#: Modalities made of what a catalogue states.
_STATED = (Modality.TEXT, Modality.TAGS)
_RATINGS = (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE)


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


def track_weights(events: Sequence[Event], *, now: float, half_life_days: float) -> dict[TrackId, float]:
    """Sum a listener's events into one signed weight per track; tracks that end at zero are left out."""
    last_rating = {e.track_id: e.at for e in sorted(events, key=lambda e: e.at) if e.kind in _RATINGS}
    sums: dict[TrackId, float] = {}
    for event in events:
        if event.kind in _RATINGS and event.at < last_rating[event.track_id]:
            continue
        age_days = max(0.0, now - event.at) / _SECONDS_PER_DAY
        worth = event.times * event_worth(event) * 0.5 ** (age_days / half_life_days)
        sums[event.track_id] = sums.get(event.track_id, 0.0) + worth
    return {
        track_id: math.log1p(total) if total > 0 else max(total, -1.0) for track_id, total in sums.items() if total != 0
    }


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
