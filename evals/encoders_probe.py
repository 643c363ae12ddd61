"""What a linear probe reads from content vectors, and whether that says which of them recommends.

Probe: ridge regression of each label from the vectors at length 1, its penalty chosen within the training folds, in
five folds by artist. ROC-AUC is the chance that an item with a label scores above one without, ties halved; the figure
is the mean over labels with at least `FEWEST` items on either side. Items without a vector take no part.

    genre   the genres known of an item        tag   the most frequent tags

The rank correlation over encoders is Spearman's, with the chance of one as high or higher among all orders of the
encoders: with five of them no order is rarer than 1 in 120.

Shapes: N items with a vector, F width, K labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.encoders_data import StudyData
from evals.metrics import Summary, summarise
from recsys.cold.content import Content
from recsys.types import BoolArray, FloatArray, IntArray

FEWEST = 30
_FOLDS = 5
_PENALTIES = (0.1, 1.0, 10.0, 100.0)
#: Orders that are looked at, at most: all of eight encoders.
_MOST_ORDERS = 8


def labels_of(data: StudyData, kind: str) -> tuple[BoolArray, list[str]]:
    """Return which item has which label (I, K), and the labels' names."""
    said: Sequence[Any] = data.facts.genres if kind == "genre" else data.facts.tags
    names = sorted({label for one in said for label in one})
    column = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(said), len(names)), dtype=np.bool_)
    for row, one in enumerate(said):
        table[row, [column[label] for label in one]] = True
    return table, names


def probe(data: StudyData, content: Content, kind: str, *, seed: int) -> Summary | None:
    """Return the mean ROC-AUC over labels, its interval over labels; None where too little is known."""
    table, _ = labels_of(data, kind)
    rows = np.flatnonzero(content.present & table.any(axis=1))
    table = table[rows]
    kept = (table.sum(axis=0) >= FEWEST) & ((~table).sum(axis=0) >= FEWEST)
    if not kept.any():
        return None
    found = aucs(content.unit[rows], table[:, kept], data.interactions.groups[rows], seed=seed)
    return summarise(found.tolist(), seed=seed)


def aucs(vectors: FloatArray, labels: BoolArray, groups: IntArray, *, seed: int) -> FloatArray:
    """Return the ROC-AUC (K,) of each label (N, K) from vectors (N, F), groups (N,) in one fold each."""
    from sklearn.linear_model import RidgeCV

    different = np.random.default_rng((seed, 7)).permutation(np.unique(groups))
    fold_of = {group: number % _FOLDS for number, group in enumerate(different.tolist())}
    folds = np.array([fold_of[group] for group in groups.tolist()])
    total, weight = np.zeros(labels.shape[1]), np.zeros(labels.shape[1])
    for fold in range(_FOLDS):
        learnt, asked = folds != fold, folds == fold
        model = RidgeCV(_PENALTIES, alpha_per_target=True)
        model.fit(vectors[learnt].astype(np.float64), labels[learnt].astype(np.float64))
        scores = np.asarray(model.predict(vectors[asked].astype(np.float64))).reshape(int(asked.sum()), -1)
        ranks = _ranks(scores)
        n_with = labels[asked].sum(axis=0)
        n_without = (~labels[asked]).sum(axis=0)
        both = (n_with > 0) & (n_without > 0)
        above = (ranks * labels[asked]).sum(axis=0) - n_with * (n_with + 1) / 2
        # Scores of different folds are of different models: each fold is ranked by itself.
        total[both] += above[both]
        weight[both] += (n_with * n_without)[both]
    return np.asarray(total / np.maximum(weight, 1), dtype=np.float32)


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1 on, ties at their mean, within columns."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores, axis=0), dtype=np.float64)


def agreement(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float] | None:
    """Return the rank correlation of two figures over the encoders that both have; None for fewer than three."""
    from scipy.stats import rankdata

    shared = [name for name in one if name in other and np.isfinite(one[name]) and np.isfinite(other[name])]
    if len(shared) < 3:
        return None
    first, second = rankdata([one[name] for name in shared]), rankdata([other[name] for name in shared])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    found = float(np.corrcoef(first, second)[0, 1])
    told = {"spearman": round(found, 3), "encoders": len(shared)}
    if len(shared) <= _MOST_ORDERS:
        orders = np.array(list(permutations(second)))
        centred = first - first.mean()
        products = orders @ centred
        told["chance"] = round(float(np.mean(products >= products[0] - 1e-9)), 4)
    return told
