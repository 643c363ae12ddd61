"""The tracks of a slate with the reasons they are there for, as numbers.

Shapes: N tracks of the catalogue, n picks, C candidates, h examples, M modalities, d joint width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from recsys.appeal.serving import predictions_told
from recsys.catalogue import Catalogue
from recsys.constraints import YES, Agreement
from recsys.jam.score import ScoreParts
from recsys.portrait import lift_shares
from recsys.predicted import PredictedRows
from recsys.recommendation import Pick
from recsys.types import Constraint, FloatArray, IntArray


def picks_of(
    catalogue: Catalogue,
    rows: IntArray,
    scores: FloatArray,
    *,
    parts: ScoreParts,
    average: ScoreParts,
    modalities: Sequence[str],
    found: Mapping[str, IntArray],
    pairs: Iterable[tuple[Constraint, Agreement]],
    examples: IntArray,
    vectors: FloatArray,
    predicted: PredictedRows | None = None,
) -> tuple[Pick, ...]:
    """Give reasons for a slate.

    Args:
        catalogue: the tracks.
        rows: the picks (n,), in the order of the slate.
        scores: theirs (n,).
        parts: where their joint-space scores come from (n,).
        average: and those of all candidates (C,), to compare with.
        modalities: names of the M modalities.
        found: rows that each retriever found.
        pairs: the constraints with the agreement (N,) of every track.
        examples: rows (h,) of what the listener likes or gave as an example.
        vectors: unit vectors of the tracks (N, d).
        predicted: which tracks' collaborative vectors are predicted, if any are.
    """
    query_share, user_share = lift_shares(parts, average)
    nearest = _nearest(rows, examples, vectors)
    by = {name: set(of.tolist()) for name, of in found.items()}
    every = list(pairs)
    wanted = [(constraint, met) for constraint, met in every if constraint.wanted]
    picks = []
    for number, row in enumerate(rows.tolist()):
        seconds, estimated = catalogue.duration_s(row)
        weights = zip(modalities, parts.weights[number], strict=True)
        picks.append(
            Pick(
                row=row,
                track=catalogue.track(row),
                duration_s=seconds,
                duration_estimated=estimated,
                score=float(scores[number]),
                query_share=float(query_share[number]),
                user_share=float(user_share[number]),
                modality_weights={modality: float(weight) for modality, weight in weights},
                retrievers=tuple(name for name, of in by.items() if row in of),
                matched=tuple(constraint for constraint, met in wanted if met[row] == YES),
                nearest_liked=nearest[number],
                appeal=predictions_told(catalogue, [one for one, _ in every], row),
                predicted_from=() if predicted is None else predicted.of(row),
            )
        )
    return tuple(picks)


def bare_pick(catalogue: Catalogue, row: int) -> Pick:
    """Return a track as a pick that nothing was computed for: one that is there because somebody put it there."""
    seconds, estimated = catalogue.duration_s(row)
    return Pick(row, catalogue.track(row), seconds, estimated, score=0.0, query_share=0.0, user_share=0.0)


def _nearest(rows: IntArray, examples: IntArray, vectors: FloatArray) -> list[tuple[int, float] | None]:
    """For each row, the closest of the examples other than itself and its cosine, where that is positive."""
    if not len(examples):
        return [None] * len(rows)
    cosines = np.where(examples == rows[:, None], -1.0, vectors[rows] @ vectors[examples].T)
    best = cosines.argmax(axis=1)
    return [(int(examples[b]), float(c[b])) if c[b] > 0 else None for b, c in zip(best, cosines, strict=True)]
