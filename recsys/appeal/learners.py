"""What learns targets from content, behind one port.

    RidgeLearner    linear; on TF-IDF it is the baseline of the ratings of Audiobox Aesthetics
    ApexLearner     the network (`recsys.appeal.training`); one for all heads, or one for each
    KernelLearner   `recsys.appeal.kernel`
    TreeLearner     `recsys.appeal.trees`

Whatever is chosen is chosen by folds within the rows that are learnt from, by artist. Shapes: n rows, H heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.inputs import ContentInput, Matrix, dense
from recsys.appeal.targets import Targets
from recsys.appeal.training import ApexSettings, train_apex
from recsys.types import IntArray

Predict = Callable[[IntArray], NDArray[np.float64]]  # rows (n,) to raw values (n, H)
_N_INNER = 4


class Learner(Protocol):
    """Learns all heads of some tracks."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Learn.

        Args:
            rows: what to learn from, in the whole table.
            targets: of the whole table.
            groups: the artist of each row of the whole table.
            seed: of whatever is drawn.
        """


def folds_by_group(groups: NDArray[np.str_], n_folds: int, seed: int) -> list[IntArray]:
    """Divide rows into folds, no group in two of them and about as many rows in each: the rows of each fold.

    Large groups are dealt out first, each to the smallest fold; among equals the order is drawn.
    """
    names, which = np.unique(groups, return_inverse=True)
    sizes = np.bincount(which)
    drawn = np.random.default_rng(seed).permutation(len(names))
    fold_of, filled = np.zeros(len(names), np.int64), np.zeros(n_folds, np.int64)
    for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    return [np.flatnonzero(fold_of[which] == fold) for fold in range(n_folds)]


def inner_folds(rows: IntArray, groups: NDArray[np.str_], seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Positions within `rows` to learn from and to ask about, by artist."""
    for held in folds_by_group(groups[rows], _N_INNER, seed):
        yield np.setdiff1d(np.arange(len(rows)), held), held


@dataclass(frozen=True)
class RidgeLearner:
    """Linear regression with a penalty; each head learns from its known rows."""

    content: ContentInput
    penalty: float = 1.0
    called: str = "ridge"

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.called

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Learn."""
        learnt = self.content.learn(rows)
        known = learnt(rows)
        models = [fit_ridge(known, targets.values[rows, column], self.penalty) for column in range(len(targets.heads))]
        return lambda wanted: np.column_stack([model(learnt(wanted)) for model in models])


def fit_ridge(content: Matrix, values: NDArray[np.float64], penalty: float) -> Callable[[Matrix], NDArray[np.float64]]:
    """Fit a ridge to the known values (n,) of content (n, D); returns what predicts."""
    from scipy import sparse
    from sklearn.linear_model import Ridge

    there = np.flatnonzero(~np.isnan(values))
    solver = "sparse_cg" if sparse.issparse(content) else "auto"
    model = Ridge(alpha=penalty, solver=solver, tol=1e-3).fit(content[there], values[there])
    return lambda wanted: np.asarray(model.predict(wanted), np.float64)


@dataclass(frozen=True)
class ApexLearner:
    """The network, for all heads at once or for each by itself."""

    content: ContentInput
    settings: ApexSettings = field(default_factory=ApexSettings)
    alone: bool = False  # one network per head
    called: str = "apex"

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.called

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Learn."""
        learnt = self.content.learn(rows)
        known = dense(learnt(rows))
        names = [head.name for head in targets.heads]
        fitted = [
            train_apex(known, targets.rows(rows).only(part), groups[rows].tolist(), self.settings, seed=seed)
            for part in ([[name] for name in names] if self.alone else [names])
        ]
        return lambda wanted: np.column_stack([one.predict(dense(learnt(wanted))) for one in fitted])
