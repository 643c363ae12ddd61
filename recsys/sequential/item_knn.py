"""What shares sequences with the items of a prefix, wherever in them.

    score(i | prefix) = Σ_p decay^age(p) · s(p, i) / (s(p)^½ · s(i)^½)

with s(i) how many sequences hold i and s(p, i) how many hold both: the cosine of their columns (item-kNN), and `decay`
its only trace of order.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, powered, require_steps, weighted_rows
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import Progress


class ItemKnn(CountingModel):
    """Ranks by the cosine with the items of the prefix, all neighbours counted."""

    name = "item-knn"

    def __init__(self, *, decay: float = 0.9) -> None:
        """Take how much less a step counts than the one after it."""
        super().__init__(decay=decay)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count the sequences that items share; `validation` changes nothing."""
        require_steps(self.name, train)
        held = held_items(train)
        scale = powered(np.asarray(held.sum(axis=0), dtype=np.float32), 0.5)
        alike = sp.csr_array(scale @ (held.T @ held) @ scale, dtype=np.float32)
        alike.setdiag(0)
        alike.eliminate_zeros()
        return self.learn(train, {"alike": alike})

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the sums of cosines (B, I)."""
        return weighted_rows(prefixes, float(self.settings["decay"])) @ self.fitted(prefixes)["alike"]


def held_items(train: Sequences) -> sp.csr_array:
    """Return which sequence holds which item (S, I), as ones."""
    held = weighted_rows(train)
    held.data = np.ones_like(held.data)
    return held
