"""What is described like the steps of a prefix.

    score(i | prefix) = Σ_p decay^age(p) · cos(v_p, v_i)^sharpness,   negative cosines as 0

with one table of vectors, centred on their mean over the items that have one. It needs no training, only vectors.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from recsys.sequential.counted import CountingModel, require_steps, weighted_rows
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress


class Content(CountingModel):
    """Ranks by how alike descriptions are."""

    name = "content"

    def __init__(self, vectors: FloatArray | None = None, *, decay: float = 0.9, sharpness: float = 2.0) -> None:
        """Take the vectors (I, D), zero rows for items without one."""
        super().__init__(decay=decay, sharpness=sharpness)
        self._vectors = vectors

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Compare all items with each other; `validation` changes nothing.

        Raises:
            SequentialModelError: there are no vectors, or not one for each item.
        """
        require_steps(self.name, train)
        vectors = self._vectors
        if vectors is None or len(vectors) != train.n_items:
            held = "no vectors" if vectors is None else f"{len(vectors):,} vectors"
            problem = f"it was given {held} for {train.n_items:,} items"
            raise SequentialModelError(self.name, problem, "give one row for each item")
        present = np.asarray(np.any(vectors, axis=1))
        centred = np.where(present[:, None], vectors - vectors[present].mean(axis=0), 0)
        unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        alike = np.maximum(unit @ unit.T, 0) ** float(self.settings["sharpness"])
        np.fill_diagonal(alike, 0)
        return self.learn(train, {"alike": alike.astype(np.float32)})

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the sums of cosines (B, I)."""
        rows = weighted_rows(prefixes, float(self.settings["decay"]))
        return np.asarray(rows @ self.fitted(prefixes)["alike"], dtype=np.float32)
