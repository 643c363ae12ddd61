"""What is described like the steps of a prefix.

    score(i | prefix) = Σ_p decay^age(p) · cos(v_p, v_i)^sharpness,   negative cosines as 0

with one table of vectors, centred on their mean over the items that have one. It needs no training, only vectors.

Up to `MOST_KEPT` items, what all are like is kept, (I, I); of more, it is computed for the items that are asked about,
some at a time, from the vectors. Both give the same scores, the first sooner.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, require_steps, weighted_rows
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, IntArray, Progress

#: Items up to which all are compared once: 256 MB are kept.
MOST_KEPT = 8_000
#: Likenesses that are computed at a time: 64 MB, and as much again while they are.
_AT_ONCE = 16_000_000


class Content(CountingModel):
    """Ranks by how alike descriptions are."""

    name = "content"

    def __init__(self, vectors: FloatArray | None = None, *, decay: float = 0.9, sharpness: float = 2.0) -> None:
        """Take the vectors (I, D), zero rows for items without one."""
        super().__init__(decay=decay, sharpness=sharpness)
        self._vectors = vectors

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Compare all items with each other, where they are few; `validation` changes nothing.

        Raises:
            SequentialModelError: there are no vectors, not one for each item, or none that says anything.
        """
        require_steps(self.name, train)
        vectors = self._vectors
        if vectors is None or len(vectors) != train.n_items:
            held = "no vectors" if vectors is None else f"{len(vectors):,} vectors"
            problem = f"it was given {held} for {train.n_items:,} items"
            raise SequentialModelError(self.name, problem, "give one row for each item")
        present = np.asarray(np.any(vectors, axis=1))
        if not present.any() or not np.isfinite(vectors).all():
            problem = "a value of its vectors is no number" if present.any() else "no item has a vector"
            raise SequentialModelError(self.name, problem, "check what the vectors were made from")
        centred = np.where(present[:, None], vectors - vectors[present].mean(axis=0), 0)
        unit = (centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)).astype(np.float32)
        if len(unit) > MOST_KEPT:
            return self.learn(train, {"unit": unit})
        alike = np.empty((len(unit), len(unit)), dtype=np.float32)
        for some in _blocks(np.arange(len(unit)), len(unit)):
            alike[some] = self._alike(unit, some)
        return self.learn(train, {"alike": alike})

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the sums of cosines (B, I)."""
        arrays, rows = self.fitted(prefixes), weighted_rows(prefixes, float(self.settings["decay"]))
        if "alike" in arrays:
            return np.asarray(rows @ arrays["alike"], dtype=np.float32)
        out = np.zeros((len(prefixes), self.n_items), dtype=np.float32)
        of_column = sp.csc_array(rows)
        for some in _blocks(np.unique(rows.indices), self.n_items):
            out += of_column[:, some] @ self._alike(arrays["unit"], some)
        return out

    def _alike(self, unit: FloatArray, items: IntArray) -> FloatArray:
        """Return how like each of some items (n,) all are, (n, I); none is like itself."""
        alike = unit[items] @ unit.T
        np.maximum(alike, 0, out=alike)
        np.power(alike, np.float32(self.settings["sharpness"]), out=alike)
        alike[np.arange(len(items)), items] = 0
        return alike


def _blocks(items: IntArray, n_items: int) -> list[Any]:
    """Divide items so that their likenesses with all of so many are at most `_AT_ONCE`."""
    size = max(_AT_ONCE // n_items, 1)
    return [items[begin : begin + size] for begin in range(0, len(items), size)]
