"""The sequences most like this one, and what they hold (session-kNN; Jannach & Ludewig, 2017).

    sim(s) = Σ_p decay^age(p) [p in s] / |s|^½         the k sequences of largest sim are the neighbours
    score(i | prefix) = Σ_neighbours sim(s) · [i in s] · n(i)^-idf

Where several sequences tie at the k-th place, the later ones of the file are taken.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, powered, require_steps, weighted_rows
from recsys.sequential.item_knn import held_items
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import Progress


class SessionKnn(CountingModel):
    """Ranks by the items of the sequences that share most with the prefix, its late steps above all."""

    name = "session-knn"

    def __init__(self, *, n_neighbours: int = 100, decay: float = 0.8, idf: float = 0.2) -> None:
        """Take k, how much less a step counts than the one after it, and the exponent of what is popular.

        Chosen on the ninth tenth of Nowplaying's sessions, for the sum with `successors`.
        """
        super().__init__(n_neighbours=n_neighbours, decay=decay, idf=idf)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Keep the sequences; `validation` changes nothing."""
        require_steps(self.name, train)
        held = held_items(train)
        by_length = powered(np.asarray(held.sum(axis=1), dtype=np.float32), 0.5)
        of_items = powered(np.asarray(held.sum(axis=0), dtype=np.float32), float(self.settings["idf"]))
        return self.learn(
            train,
            {
                "holders": sp.csr_array((by_length @ held).T, dtype=np.float32),
                "held": sp.csr_array(held @ of_items, dtype=np.float32),
            },
        )

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the sums over the neighbours (B, I)."""
        learnt = self.fitted(prefixes)
        alike = weighted_rows(prefixes, float(self.settings["decay"])) @ learnt["holders"]
        return _largest(alike, int(self.settings["n_neighbours"])) @ learnt["held"]


def _largest(rows: sp.csr_array, count: int) -> sp.csr_array:
    """Keep the largest entries of each row, of equal ones those with the largest column."""
    kept = np.ones(rows.nnz, dtype=np.bool_)
    for row in np.flatnonzero(np.diff(rows.indptr) > count):
        begin, end = rows.indptr[row], rows.indptr[row + 1]
        order = np.lexsort((rows.indices[begin:end], rows.data[begin:end]))
        kept[begin + order[: end - begin - count]] = False
    counts = np.add.reduceat(np.append(kept, False), rows.indptr[:-1]) if len(rows.indptr) > 1 else np.zeros(0)
    counts = np.where(np.diff(rows.indptr) > 0, counts, 0)
    ends = np.concatenate([[0], np.cumsum(counts)])
    return sp.csr_array((rows.data[kept], rows.indices[kept], ends), shape=rows.shape)
