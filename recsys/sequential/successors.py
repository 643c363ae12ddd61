"""What came right after the steps of a prefix, in all sequences.

    score(i | prefix) = Σ_p decay^age(p) · n(p → i)

with n(p → i) how often i came right after p. With decay 0, only what followed the last step counts.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, require_steps, weighted_rows
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import IntArray, Progress


class Successors(CountingModel):
    """Ranks by how often an item came right after one of the prefix."""

    name = "successors"

    def __init__(self, *, decay: float = 0.1) -> None:
        """Take how much less a step counts than the one after it (chosen on Nowplaying's sessions before the last)."""
        super().__init__(decay=decay)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count pairs of steps; `validation` changes nothing."""
        require_steps(self.name, train)
        before = pairs_at(train, 1)
        ones = np.ones(len(before), dtype=np.float32)
        places = (train.items[before], train.items[before + 1])
        return self.learn(train, {"after": sp.csr_array((ones, places), shape=(train.n_items, train.n_items))})

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the counts (B, I)."""
        return weighted_rows(prefixes, float(self.settings["decay"])) @ self.fitted(prefixes)["after"]

    def counts(self, before: IntArray, after: int) -> IntArray:
        """Return how often an item came right after each of some others (n,)."""
        if self._arrays is None:
            raise SequentialModelError(self.name, "it was asked before it was fitted", "call fit or load first")
        column = self._arrays["after"][before][:, [after]]
        return np.asarray(column.toarray(), dtype=np.int64).ravel()


def pairs_at(sequences: Sequences, distance: int) -> IntArray:
    """Return the steps that have one of the same sequence so many steps behind them."""
    rows = sequences.sequence_rows
    return np.flatnonzero(rows[:-distance] == rows[distance:])
