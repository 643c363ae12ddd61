"""Where what a listener turned out to listen to comes in a ranking.

Of a listener's targets, the one ranked best has rank 1 + (items that are no target and score at least the same), the
second best one more than that of those, and so on: ties count against every target. With R targets of ranks r:

    hr@k      1 if any r ≤ k
    recall@k  |{r ≤ k}| / R
    ndcg@k    Σ_{r ≤ k} 1 / log2(1 + r), over the same sum for r = 1 … min(k, R)

Shapes: L listeners, I items, Q questions, P targets, B questions at a time, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recsys.cold.splits import Questions
from recsys.types import BoolArray, FloatArray, IntArray

CUTS = (10, 20, 50)
_AT_ONCE = 256
_LOOKED_AT = 500


class Scorer(Protocol):
    """Says how well items suit listeners."""

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return how well every item suits each of some listeners (B, I)."""


@dataclass(frozen=True, eq=False)
class Factors:
    """Listeners and items as points: what suits is what points the same way."""

    listeners: FloatArray  # (L, D)
    items: FloatArray  # (I, D)

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return products (B, I)."""
        return np.asarray(self.listeners[listeners] @ self.items.T, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Placed:
    """Ranks of the targets of each question, rising, and what was ranked first."""

    offsets: IntArray  # (Q + 1,)
    ranks: IntArray  # (P,) from 1 on
    first: IntArray  # (Q, N) the first N items, -1 where there are fewer

    def figures(self, cuts: Sequence[int] = CUTS) -> dict[str, FloatArray]:
        """Return hr, recall and ndcg by name, one value (Q,) for each question."""
        n_targets = np.diff(self.offsets)
        rows = np.repeat(np.arange(len(n_targets)), n_targets)
        gains = 1 / np.log2(1 + self.ranks)
        found: dict[str, FloatArray] = {}
        for cut in cuts:
            within = self.ranks <= cut
            counts = np.bincount(rows, within, len(n_targets))
            best = np.concatenate([[0.0], np.cumsum(1 / np.log2(1 + np.arange(1, cut + 1)))])
            ideal = best[np.minimum(n_targets, cut)]
            values = (counts > 0, counts / n_targets, np.bincount(rows, gains * within, len(n_targets)) / ideal)
            for name, value in zip(("hr", "recall", "ndcg"), values, strict=True):
                found[f"{name}@{cut}"] = np.asarray(value, dtype=np.float32)
        return found


def place(scorer: Scorer, questions: Questions, *, n_first: int = 0) -> Placed:
    """Rank all candidates for each listener who is asked."""
    ranks = np.zeros(len(questions.targets), dtype=np.int64)
    first = np.full((len(questions), n_first), -1, dtype=np.int64)
    for begin in range(0, len(questions), _AT_ONCE):
        rows = np.arange(begin, min(begin + _AT_ONCE, len(questions)))
        listeners = questions.listeners[rows]
        # What is no number can be nowhere but last.
        scores = np.nan_to_num(scorer.scores(listeners), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        ranked = np.tile(questions.candidates, (len(rows), 1))
        ranked[questions.known[listeners].nonzero()] = False
        scores = np.where(ranked, scores, -np.inf)
        pairs = np.arange(questions.offsets[rows[0]], questions.offsets[rows[-1] + 1])
        of_pairs = np.repeat(np.arange(len(rows)), np.diff(questions.offsets)[rows])
        others = ranked.copy()
        others[of_pairs, questions.targets[pairs]] = False
        of_targets = scores[of_pairs, questions.targets[pairs]]
        for row in range(len(rows)):
            mine = np.flatnonzero(of_pairs == row)
            rivals = np.sort(scores[row, others[row]])
            ahead = len(rivals) - np.searchsorted(rivals, np.sort(of_targets[mine])[::-1], side="left")
            ranks[pairs[mine]] = 1 + ahead + np.arange(len(mine))
        if n_first:
            first[rows] = _first(scores, ranked, n_first)
    return Placed(questions.offsets, ranks, first)


def ndcg(scorer: Scorer, questions: Questions, cut: int = 10) -> float:
    """Return the mean ndcg of at most `_LOOKED_AT` questions, evenly over all: what models are chosen by."""
    rows = np.unique(np.linspace(0, len(questions) - 1, _LOOKED_AT).astype(np.int64))
    return float(place(scorer, questions.take(rows)).figures((cut,))[f"ndcg@{cut}"].mean())


def _first(scores: FloatArray, ranked: BoolArray, n: int) -> IntArray:
    """Return the first n items (B, n), of equal ones the one with the smaller row; -1 where there are fewer."""
    found = np.full((len(scores), n), -1, dtype=np.int64)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    found[:, : order.shape[1]] = np.where(np.take_along_axis(ranked, order, axis=1), order, -1)
    return found
