"""Ranking without content: how often items are listened to, and EASE.

    EASE   B = argmin ‖X − X B‖² + λ‖B‖², diag B = 0   (Steck, 2019)

Shapes: L listeners, I items, B listeners at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.cold.errors import ColdStartError
from recsys.sequential.ease import MOST_ITEMS, without_itself
from recsys.types import FloatArray, IntArray

#: λ, of 12 to 500 the best on a hot validation part of Last.fm's listening, of a seed of its own.
PENALTY = 50.0


@dataclass(frozen=True, eq=False)
class Popularity:
    """Ranks by how many listeners there are; new items have none, and are all the same."""

    counts: FloatArray  # (I,)

    @classmethod
    def fit(cls, history: csr_array) -> Popularity:
        """Count the listeners of each item of (L, I)."""
        return cls(np.asarray(history.sum(axis=0), dtype=np.float32).reshape(-1))

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return the counts (B, I)."""
        return np.tile(self.counts, (len(listeners), 1))


@dataclass(frozen=True, eq=False)
class Ease:
    """Ranks by a linear model of what is listened to together."""

    history: csr_array  # (L, I)
    weights: FloatArray  # (I, I)

    @classmethod
    def fit(cls, history: csr_array, *, penalty: float = PENALTY) -> Ease:
        """Invert once.

        Raises:
            ColdStartError: there are too many items for an inverse.
        """
        n_items = history.shape[1]
        if n_items > MOST_ITEMS:
            problem = f"{n_items:,} items need an inverse of as many rows; at most {MOST_ITEMS:,} are inverted"
            raise ColdStartError("ease", problem, "leave it out by --controls")
        gram = (history.T @ history).toarray().astype(np.float32)
        return cls(history, without_itself(gram, penalty))

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return the sums of weights (B, I)."""
        return np.asarray(self.history[listeners] @ self.weights, dtype=np.float32)
