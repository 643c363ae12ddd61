"""Boosted trees (LightGBM) on features, with what a ridge makes of texts, and networks of both, beside them.

The number of trees is where the loss of inner folds, by artist, was least; the number of leaves is chosen so, too. What
the ridge and the networks say of a row that is learnt from is said by ones that did not learn the row's artist, so that
the trees can tell how far they are to be trusted (stacking; Wolpert 1992).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.guided import Guide
from recsys.appeal.inputs import ContentInput
from recsys.appeal.learners import Predict, fit_ridge, inner_folds
from recsys.appeal.targets import Scales, Targets
from recsys.appeal.transforms import Transform
from recsys.types import IntArray

#: Inner folds that the size of trees is chosen by, and rounds without a better loss before no more are tried.
_N_CHOSEN_BY, _PATIENCE = 2, 40


@dataclass(frozen=True)
class TreeLearner:
    """Boosted trees on features, on what a ridge makes of texts, and on what networks make of both."""

    features: NDArray[np.float64]  # (N, D) of the whole table, NaN where unknown
    texts: tuple[ContentInput, ...] = ()
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    leaves: tuple[int, ...] = (31,)
    least_rows: int = 40  # of a leaf
    most_trees: int = 1500
    learning_rate: float = 0.05
    text_penalty: float = 8.0
    n_seeds: int = 1  # models whose mean is predicted
    threads: int = 1
    guide: Guide | None = None  # what labels of the tracks learnt from teach; see `_n_columns`
    called: str = "trees"

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.called

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Choose the size of trees and their number by inner folds, and learn."""
        scales = Scales.fit(targets.rows(rows), self.transforms)
        values = scales.forward(targets.values)
        heads = [
            self._head(rows[~np.isnan(values[rows, column])], values[:, column], head.binary, groups, seed)
            for column, head in enumerate(targets.heads)
        ]
        return lambda wanted: scales.inverse(np.column_stack([head(wanted) for head in heads]))

    def _head(
        self, rows: IntArray, values: NDArray[np.float64], binary: bool, groups: NDArray[np.str_], seed: int
    ) -> Predict:
        import lightgbm

        inner = list(inner_folds(rows, groups, seed))
        content, read = self._content(rows, values, inner, seed)
        base = {
            "objective": "binary" if binary else "l2",
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.least_rows,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "max_bin": 127,
            "num_threads": self.threads,
            "seed": seed,
            "deterministic": True,
            "verbose": -1,
        }
        tried: list[tuple[float, int, int]] = []
        for leaves in self.leaves:
            losses, lengths = [], []
            for learn, ask in inner[:_N_CHOSEN_BY]:
                given = lightgbm.Dataset(content[learn], values[rows[learn]])
                asked = lightgbm.Dataset(content[ask], values[rows[ask]], reference=given)
                stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
                found = lightgbm.train(
                    base | {"num_leaves": leaves}, given, self.most_trees, valid_sets=[asked], callbacks=[stop]
                )
                losses.append(next(iter(found.best_score["valid_0"].values())))
                lengths.append(found.best_iteration)
            tried.append((float(np.mean(losses)), leaves, int(np.mean(lengths))))
        _, leaves, n_trees = min(tried)
        models = [
            lightgbm.train(
                base | {"num_leaves": leaves, "seed": seed + number},
                lightgbm.Dataset(content[:, : self._n_columns(content, number)], values[rows]),
                max(n_trees, 1),
            )
            for number in range(self.n_seeds)
        ]

        def predict(wanted: IntArray) -> NDArray[np.float64]:
            asked = read(wanted)
            told = [model.predict(asked[:, : model.num_feature()], num_threads=self.threads) for model in models]
            return np.asarray(np.mean(told, axis=0), np.float64)

        return predict

    def _content(
        self, rows: IntArray, values: NDArray[np.float64], inner: Sequence[tuple[IntArray, IntArray]], seed: int
    ) -> tuple[NDArray[np.float64], Predict]:
        """All that the trees look at, of the rows that are learnt from and, from what is returned, of any."""
        scored, score = self._text_scores(rows, values, inner)
        content = np.column_stack([self.features[rows], scored])

        def read(wanted: IntArray) -> NDArray[np.float64]:
            return np.column_stack([self.features[wanted], score(wanted)])

        if self.guide is None:
            return content, read
        said, tell = self.guide.fit(rows, content, values[rows], inner, seed)

        def read_all(wanted: IntArray) -> NDArray[np.float64]:
            found = read(wanted)
            return np.column_stack([found, tell(wanted, found)])

        return np.column_stack([content, said]), read_all

    def _n_columns(self, content: NDArray[np.float64], number: int) -> int:
        """How many columns the model of this number looks at: every other one leaves out the shares of labels."""
        without_shares = int(self.features.shape[1]) + len(self.texts) + 2
        return without_shares if self.guide is not None and number % 2 else int(content.shape[1])

    def _text_scores(
        self, rows: IntArray, values: NDArray[np.float64], inner: Sequence[tuple[IntArray, IntArray]]
    ) -> tuple[NDArray[np.float64], Predict]:
        """What a ridge on each text says of the rows, each said by one that did not learn the row's artist."""
        scored = np.zeros((len(rows), len(self.texts)))
        models = []
        for column, text in enumerate(self.texts):
            learnt = text.learn(rows)
            content = learnt(rows)
            for learn, ask in inner:
                scored[ask, column] = fit_ridge(content[learn], values[rows[learn]], self.text_penalty)(content[ask])
            models.append((learnt, fit_ridge(content, values[rows], self.text_penalty)))

        def score(wanted: IntArray) -> NDArray[np.float64]:
            found = [model(learnt(wanted)) for learnt, model in models]
            return np.column_stack(found) if found else np.zeros((len(wanted), 0))

        return scored, score
