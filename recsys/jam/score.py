"""The exact JAM score, in numpy, over vectors that were projected once.

score(track) = (u + q)·t with t = Σ_m α_m v_m over the modalities m that the track has (Melchiorre et al.,
"Just Ask for Music (JAM)", RecSys 2025). Since the weights α of a track sum to one, t is never built:

    S_m = (u + q)·v_m        L_m = (Q q̃)·(K_m x_m) / √d        score = Σ_m α_m S_m,  α = mix(L, present)

Shapes: N tracks, n rows of tracks, M modalities in the order of `Projections.modalities`, d joint width.

Conventions. `point.user` is already scaled by the *how much me* dial λ; a listener without history is zero.
A track without any modality has all-zero weights and scores 0. Deviation from the paper: the softmax runs
over the present modalities only, where the paper assumes that every track has all of them.

Two ways to the same numbers: here each row is scored by itself, bit for bit the same whatever the other rows are;
`recsys.jam.sweep` scores every track by matrix products (fast, the last bits depend on the BLAS kernel). What is shown
is always scored the first way, so all indexes agree on scores, order and ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.types import BoolArray, FloatArray, IntArray, Modality

if TYPE_CHECKING:
    from recsys.index.base import JointPoint, Projections

#: Maps logits (n, M) and presence (n, M) to weights (n, M) that sum to one over the present modalities.
Mixer = Callable[[FloatArray, BoolArray], FloatArray]


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """Where a score comes from: `query + user` is the score up to rounding."""

    query: FloatArray  # (n,) the words' share, Σ_m α_m q·v_m
    user: FloatArray  # (n,) the taste's share, Σ_m α_m u·v_m
    weights: FloatArray  # (n, M) α; a row of zeros for a track without any modality


def cross_mix(logits: FloatArray, present: BoolArray) -> FloatArray:
    """CrossMixing: softmax of `logits` (n, M) over the modalities `present` (n, M); absent ones get zero."""
    masked = np.where(present, logits, np.finfo(np.float32).min)
    masked -= masked.max(axis=1, keepdims=True)
    weights: FloatArray = np.exp(masked, out=masked)
    weights *= present
    total = weights.sum(axis=1, keepdims=True)
    total[total == 0] = 1  # no modality at all: the weights are zero already
    weights /= total
    return weights


def average_mix(logits: FloatArray, present: BoolArray) -> FloatArray:
    """AvgMixing: equal weights over the modalities `present` (n, M); `logits` are not looked at."""
    weights = present.astype(np.float32)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)
    return weights


def similarities(point: JointPoint, projections: Projections, rows: IntArray) -> FloatArray:
    """S (n, M) of the given rows: the similarity of u + q to their modality vectors."""
    return _products(projections, projections.item, point.user + point.query, rows)


def logits(point: JointPoint, projections: Projections, rows: IntArray) -> FloatArray:
    """L (n, M) of the given rows; zero for a mixer that was saved without keys."""
    products = _products(projections, projections.keys, point.key, rows)
    products *= np.float32(1 / math.sqrt(projections.dim))
    return products


def scores(point: JointPoint, projections: Projections, mix: Mixer, rows: IntArray) -> FloatArray:
    """The exact scores (n,) of the given rows, each independent of the others."""
    weights = mix(logits(point, projections, rows), _present(projections, rows))
    return weighted(weights, similarities(point, projections, rows))


def explain(point: JointPoint, projections: Projections, mix: Mixer, rows: IntArray) -> ScoreParts:
    """Split the scores of the given rows (n,) into the request's share, the listener's and the weights."""
    weights = mix(logits(point, projections, rows), _present(projections, rows))
    query = _products(projections, projections.item, point.query, rows)
    user = _products(projections, projections.item, point.user, rows)
    return ScoreParts(weighted(weights, query), weighted(weights, user), np.ascontiguousarray(weights))


def mixed(point: JointPoint, projections: Projections, mix: Mixer, rows: IntArray) -> FloatArray:
    """The vectors t (n, d) of the given rows, mixed under the eye of the request: what `scores` never builds."""
    weights = mix(logits(point, projections, rows), _present(projections, rows))
    total = np.zeros((len(rows), projections.dim), dtype=np.float32)
    for column, modality in enumerate(projections.modalities):
        total += weights[:, column, None] * projections.item[modality][rows]
    return total


def weighted(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Σ_m α_m values_m (n,) for weights and values (n, M), added in the order of the modalities."""
    total = weights[:, 0] * values[:, 0]
    for column in range(1, weights.shape[1]):
        total += weights[:, column] * values[:, column]
    return total


def _present(projections: Projections, rows: IntArray) -> BoolArray:
    return np.asfortranarray(projections.present[rows])


def _products(
    projections: Projections,
    tables: Mapping[Modality, FloatArray],
    vector: FloatArray,
    rows: IntArray,
) -> FloatArray:
    # Modality-major, because reductions over two or three modalities are many times faster across columns.
    out = np.zeros((len(projections.modalities), len(rows)), dtype=np.float32)
    for column, modality in enumerate(projections.modalities):
        table = tables.get(modality)
        if table is not None:
            # einsum runs one loop per row, so a row's bits cannot depend on its neighbours as in BLAS.
            np.einsum("nd,d->n", table[rows], vector, out=out[column])
    return out.T
