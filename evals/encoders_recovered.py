"""How much of what a history tells does content tell in its place? Collaborative vectors of items without a history.

Task. The cold split holds out a fifth of the artists. Of those, the same targets of the same listeners are ranked among
the same candidates by

    warm              ELSA refitted with the plays of the held-out artists by all other listeners: each fifth of the
                      listeners is asked of a model that knows none of their plays of held-out artists
    popularity, warm  how many of those other listeners there are; a history, too
    predicted by R    the vector that R (contrastive or hybrid, fitted without any of these plays) predicts from content
    shuffled by R     the same from the vectors of other items
    popularity        listeners in the training part, of which new items have none: all tie

`recovered` is NDCG@10 of a system over that of `warm`, as a ratio of means with an interval over listeners;
`beyond popularity` the same with the NDCG@10 of popularity among the others taken off both.

Shapes: L listeners, I items, Q questions, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from evals.encoders import Measured
from evals.metrics import Summary
from recsys.cold.elsa import ElsaSettings, fit_elsa
from recsys.cold.linear import Popularity
from recsys.cold.measure import Factors, Scorer, place
from recsys.cold.splits import Split
from recsys.types import BoolArray, FloatArray, IntArray, Progress

_FOLDS = 5
_N_RESAMPLES = 2_000


@dataclass(frozen=True, eq=False)
class ByFold:
    """Asks of each listener the model that knows none of what the listener is asked."""

    folds: IntArray  # (L,)
    scorers: tuple[Scorer, ...]

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return the scores (B, I)."""
        parts = [scorer.scores(listeners) for scorer in self.scorers]
        return np.stack([parts[fold][row] for row, fold in enumerate(self.folds[listeners].tolist())])


def warm_references(
    split: Split, *, seed: int, settings: ElsaSettings | None = None, progress: Progress
) -> tuple[ByFold, ByFold]:
    """Fit ELSA, and count listeners, with the held-out artists' plays by others.

    Args:
        split: cold.
        seed: of the folds and of ELSA.
        settings: of ELSA.
        progress: told folds.
    """
    pairs = split.interactions
    folds = np.random.default_rng((seed, 8)).integers(_FOLDS, size=len(pairs.listener_ids))
    models: list[Scorer] = []
    counts: list[Scorer] = []
    for fold in range(_FOLDS):
        known = known_to(split, folds, fold)
        history = pairs.matrix(known)
        fitted, _ = fit_elsa(history, None, settings, seed=seed)
        models.append(_asked(split.history, fitted.items))
        counts.append(Popularity.fit(history))
        progress("warm reference", fold + 1, _FOLDS)
    return ByFold(folds, tuple(models)), ByFold(folds, tuple(counts))


def known_to(split: Split, folds: IntArray, fold: int) -> BoolArray:
    """Say which pairs (E,) a fold's reference learns from: the training part, and others' plays of what is new."""
    return np.asarray(split.train | (split.test & (folds[split.interactions.listeners] != fold)))


def ndcgs(scorer: Scorer, split: Split) -> FloatArray:
    """Return NDCG@10 of each question (Q,)."""
    return place(scorer, split.asking).figures((10,))["ndcg@10"]


def recovered(system: FloatArray, warm: FloatArray, base: FloatArray | None, listeners: IntArray) -> Summary:
    """Return the ratio of two means, each over base's where that is given, with its interval over listeners.

    Args:
        system: (Q,) NDCG of what is measured.
        warm: (Q,) of the reference.
        base: (Q,) what is taken off both.
        listeners: (Q,) whose they are; those of one are resampled together.
    """
    off = np.zeros(len(system)) if base is None else base.astype(np.float64)
    _, rows = np.unique(listeners, return_inverse=True)
    over = np.bincount(rows, system - off)
    under = np.bincount(rows, warm - off)
    drawn = np.random.default_rng(0).integers(len(over), size=(_N_RESAMPLES, len(over)))
    ratios = over[drawn].sum(axis=1) / under[drawn].sum(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Summary(float(over.sum() / under.sum()), float(low), float(high), float(ratios.std(ddof=1)), len(over))


def values_of(measured: Measured) -> FloatArray:
    """Return a cell's NDCG@10 (Q,)."""
    return measured.figures["ndcg@10"]


def _asked(history: csr_array, items: FloatArray) -> Factors:
    return Factors(np.asarray(history @ items, dtype=np.float32), items)
