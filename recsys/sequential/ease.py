"""EASE: which items are in a sequence, told from the others that are (Steck, 2019).

    B = argmin ‖X - X B‖² + λ‖B‖²  with a diagonal of zeros,   B = I - P · diag(1 / diag P),   P = (XᵀX + λ I)⁻¹

X (S, I) holds which sequence holds which item. One inverse of I × I, taken in the one matrix that is kept, so that no
more than I² numbers of single precision and a few rows are held at a time.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, require_steps, weighted_rows
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.item_knn import held_items
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress

#: Items up to which the inverse is taken: in single precision it is 1.6 GB there, and minutes.
MOST_ITEMS = 20_000
#: Rows that are counted, or mirrored, at a time.
_ROWS = 256


class Ease(CountingModel):
    """Ranks by a linear model of what is listened to together."""

    name = "ease"

    def __init__(self, *, penalty: float = 100.0, decay: float = 1.0) -> None:
        """Take λ, and how much less a step of the prefix counts than the one after it."""
        super().__init__(penalty=penalty, decay=decay)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Invert once; `validation` changes nothing.

        Raises:
            SequentialModelError: there are no steps, or too many items.
        """
        require_steps(self.name, train)
        if train.n_items > MOST_ITEMS:
            problem = f"{train.n_items:,} items need an inverse of as many rows; at most {MOST_ITEMS:,} are inverted"
            raise SequentialModelError(self.name, problem, "take item-knn or nearby on this catalogue")
        held = held_items(train)
        of_item = sp.csr_array(held.T)
        gram = np.empty((train.n_items, train.n_items), dtype=np.float32)
        for begin in range(0, len(gram), _ROWS):
            gram[begin : begin + _ROWS] = (of_item[begin : begin + _ROWS] @ held).toarray()
        return self.learn(train, {"weights": without_itself(gram, self.settings["penalty"])})

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the sums of weights (B, I), which may be negative."""
        rows = weighted_rows(prefixes, float(self.settings["decay"]))
        return np.asarray(rows @ self.fitted(prefixes)["weights"], dtype=np.float32)


def without_itself(gram: FloatArray, penalty: float) -> FloatArray:
    """Return EASE's weights (I, I) from how often items are together (I, I), which is overwritten.

    Raises:
        SequentialModelError: there is no inverse.
    """
    gram[np.diag_indices_from(gram)] += float(penalty)
    weights = _inverse(gram)
    weights /= -np.diag(weights).copy()
    weights[np.diag_indices_from(weights)] = 0.0
    return weights


def _inverse(gram: FloatArray) -> FloatArray:
    """Invert a positive definite matrix (I, I) in its own place by Cholesky, in half the time of a general inverse."""
    from scipy.linalg import lapack

    # LAPACK goes by columns: what is its lower half is our upper one, and the same numbers.
    factor, status = lapack.spotrf(gram.T, lower=1, clean=0, overwrite_a=1)
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if status or failed:
        raise SequentialModelError(Ease.name, "the matrix of shared sequences has no inverse", "raise the penalty")
    upper: FloatArray = inverse.T
    for begin in range(0, len(upper), _ROWS):
        end = min(begin + _ROWS, len(upper))
        corner = np.triu(upper[begin:end, begin:end])
        upper[begin:end, begin:end] = corner + np.triu(corner, 1).T
        upper[end:, begin:end] = upper[begin:end, end:].T
    return upper
