"""Trees that put the best of a mixture in order (LambdaRank and XE-NDCG; `recsys.lambdarank`).

The candidates are the first `n_candidates` of a mixture. What the trees see of each:

    <model>, <model>_rank   the model's score, divided by the largest of the prefix, and its rank among the candidates
    mixture                 the weighted sum
    log_count, log_late     how often the item is in training, and in the last tenth of its sequences
    age, times              steps since it was in the prefix (-1: never), and how often it is there
    length                  steps of the prefix

They learn from the same held-out questions as the mixture's weights: the models that score them have not seen them.
Items that are no candidates come behind, in the order of the mixture. Shapes: B prefixes, I items, M models,
C candidates, K features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from recsys.lambdarank import LambdaRank, RankedTurn, RankerError, RankerSettings
from recsys.sequential.counted import ages, item_counts, require_steps
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.held_out import LINES_HELD_OUT
from recsys.sequential.mixture import AT_ONCE, Mixture, largest
from recsys.sequential.port import SequentialModel, silent
from recsys.sequential.saved import read_arrays, read_card, write_arrays, write_card
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, IntArray, Progress

#: Questions whose answer is among the candidates below which nothing is learnt, and the mixture's order stays.
_LEAST_LEARNT = 200
_TREES = RankerSettings(n_trees=120, learning_rate=0.07, n_leaves=15, min_leaf=60, feature_share=0.5)


class Reranked:
    """Ranks by trees over what several models say."""

    name = "reranked"

    def __init__(
        self, models: Mapping[str, SequentialModel] | None = None, *, by: str | None = None, n_candidates: int = 150, seed: int = 64
    ) -> None:
        """Say what is mixed, how the latest part of training is held out (`Mixture`), and how much is put in order."""
        self.mixture = Mixture(models, by=by, seed=seed)
        self.n_candidates = n_candidates
        self._trees: LambdaRank | None = None
        self._logs: FloatArray | None = None

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Choose the weights, learn the order, and fit the models on all of training; `validation` changes nothing."""
        require_steps(self.name, train)
        mixture = self.mixture
        held = mixture.held_out(train)
        mixture.weights = mixture.chosen(held, progress)
        turns: list[RankedTurn] = []
        for number, one in enumerate(held, 1):
            mixture.fit_models(one.train, progress)
            self._logs = _log_counts(one.train)
            turns += self._turns(one.questions, repeats=one.repeats)
            progress("learning an order", number, len(held))
        self._trees = None
        if sum(bool(turn.right.any()) for turn in turns) >= _LEAST_LEARNT:
            card = {"n_questions": len(turns)}
            self._trees = LambdaRank.fit(turns, self.features(), _TREES, card, rising=())
        mixture.fit_models(train, progress)
        self._logs = _log_counts(train)
        return self

    def features(self) -> tuple[str, ...]:
        """Name what the trees see (K,)."""
        models = list(self.mixture.models)
        own = ("mixture", "mixture_rank", "log_count", "log_late", "age", "times", "length")
        return (*models, *(f"{model}_rank" for model in models), *own)

    def _turns(self, questions: Questions, *, repeats: bool) -> Iterator[RankedTurn]:
        for begin in range(0, len(questions), AT_ONCE):
            rows = np.arange(begin, min(begin + AT_ONCE, len(questions)))
            prefixes = questions.prefixes.take(rows)
            each = self.mixture.each(prefixes)
            total = self.mixture.summed(each)
            if not repeats:
                total[prefixes.sequence_rows, prefixes.items] = -np.inf
            candidates = largest(total, self.n_candidates)
            features = self._seen(prefixes, each, total, candidates)
            for row, target in enumerate(questions.targets[rows]):
                yield RankedTurn(features[row], candidates[row] == target)

    def _seen(self, prefixes: Sequences, each: FloatArray, total: FloatArray, candidates: IntArray) -> FloatArray:
        """Return what the trees see of the candidates (B, C, K)."""
        if self._logs is None:
            raise SequentialModelError(self.name, "it was asked before it was fitted", "call fit or load first")
        stacked = np.concatenate([each, total[None]])
        scores = np.take_along_axis(stacked, candidates[None], axis=2).transpose(1, 2, 0)  # (B, C, M + 1)
        ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1).astype(np.float32)
        age = np.full((len(prefixes), prefixes.n_items), -1.0, dtype=np.float32)
        # Steps are written oldest first, so the last one of an item stays.
        age[prefixes.sequence_rows, prefixes.items] = ages(prefixes)
        times = np.zeros_like(age)
        np.add.at(times, (prefixes.sequence_rows, prefixes.items), 1.0)
        logs = self._logs[candidates]  # (B, C, 2)
        own = [np.take_along_axis(column, candidates, axis=1)[:, :, None] for column in (age, times)]
        length = np.broadcast_to(prefixes.lengths[:, None, None], (*candidates.shape, 1))
        n_models = len(each)
        parts = [scores[:, :, :n_models], ranks[:, :, :n_models], scores[:, :, n_models:], ranks[:, :, n_models:]]
        return np.concatenate([*parts, logs, *own, length], axis=2, dtype=np.float32)

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the trees' scores of the candidates above the mixture's of the rest (B, I)."""
        out = np.empty((len(prefixes), prefixes.n_items), dtype=np.float32)
        for begin in range(0, len(prefixes), AT_ONCE):
            rows = np.arange(begin, min(begin + AT_ONCE, len(prefixes)))
            some = prefixes.take(rows)
            each = self.mixture.each(some)
            out[rows] = total = self.mixture.summed(each)
            if self._trees is None:
                continue
            candidates = largest(total, self.n_candidates)
            features = self._seen(some, each, total, candidates)
            learnt = self._trees.scores(features.reshape(-1, features.shape[2])).reshape(candidates.shape)
            # The lowest candidate stays above the best of the rest, whatever the scale of the trees.
            lift = total.max(axis=1, keepdims=True) + 1 - learnt.min(axis=1, keepdims=True)
            out[rows[:, None], candidates] = learnt + lift
        return out

    def save(self, folder: Path) -> None:
        """Write the mixture, the trees and what they count."""
        if self._logs is None:
            raise SequentialModelError(self.name, "it is saved before it was fitted", "call fit first")
        self.mixture.save(folder / "mixture")
        if self._trees is not None:
            self._trees.save(folder / "trees")
        write_arrays(folder, "logs", {"logs": self._logs})
        settings: dict[str, Any] = {"n_candidates": self.n_candidates, "trees": self._trees is not None}
        write_card(folder, self.name, settings, len(self._logs))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model, or a part of it is missing.
        """
        settings = read_card(folder, cls.name)["settings"]
        model = cls(n_candidates=settings["n_candidates"])
        model.mixture = Mixture.load(folder / "mixture")
        model._logs = read_arrays(folder, "logs", cls.name)["logs"]
        try:
            model._trees = LambdaRank.load(folder / "trees") if settings["trees"] else None
        except RankerError as error:
            raise SequentialModelError(cls.name, str(error), "fit and save the model anew") from error
        return model


def _log_counts(train: Sequences) -> FloatArray:
    """Return the logarithms of one and the steps of each item (I, 2): of all sequences, and of the last tenth."""
    late = train.take(np.arange(len(train) - max(int(LINES_HELD_OUT * len(train)), 1), len(train)))
    return np.log1p(np.stack([item_counts(train), item_counts(late)], axis=1))
