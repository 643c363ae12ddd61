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
        """Count pairs of steps, and how many different people made each; `validation` changes nothing."""
        require_steps(self.name, train)
        before = pairs_at(train, 1)
        first, second = train.items[before], train.items[before + 1]
        whose = np.unique([owner_of(name) for name in train.owners], return_inverse=True)[1][
            train.sequence_rows[before]
        ]
        once = np.unique(np.stack([whose, first, second]), axis=1)[1:]
        shape = (train.n_items, train.n_items)
        counted = {"after": (first, second), "people": (once[0], once[1])}
        arrays = {
            name: sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
            for name, (rows, columns) in counted.items()
        }
        return self.learn(train, arrays)

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the counts (B, I)."""
        return weighted_rows(prefixes, float(self.settings["decay"])) @ self.fitted(prefixes)["after"]

    def counts(self, before: IntArray, after: int) -> IntArray:
        """Return how often an item came right after each of some others (n,)."""
        return self._column("after", before, after)

    def people(self, before: IntArray, after: int) -> IntArray:
        """Return how many different people's sequences have an item right after each of some others (n,).

        0 where it was saved before that was counted.
        """
        return self._column("people", before, after)

    def _column(self, counted: str, before: IntArray, after: int) -> IntArray:
        if self._arrays is None:
            raise SequentialModelError(self.name, "it was asked before it was fitted", "call fit or load first")
        if counted not in self._arrays:
            return np.zeros(len(before), dtype=np.int64)
        column = self._arrays[counted][before][:, [after]]
        return np.asarray(column.toarray(), dtype=np.int64).ravel()


def owner_of(name: str) -> str:
    """Say whose a sequence is that is called LISTENER/NUMBER; what is called otherwise stands for itself."""
    return name.rpartition("/")[0] or name


def pairs_at(sequences: Sequences, distance: int) -> IntArray:
    """Return the steps that have one of the same sequence so many steps behind them."""
    rows = sequences.sequence_rows
    return np.flatnonzero(rows[:-distance] == rows[distance:])
