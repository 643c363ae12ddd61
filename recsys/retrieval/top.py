"""The best rows by a value that only counts where it is positive."""

from __future__ import annotations

import numpy as np

from recsys.types import FloatArray, IntArray


def top(values: FloatArray, k: int) -> IntArray:
    """Rows of the k largest positive values, ties by row."""
    k = min(k, len(values))
    if k < len(values):
        floor = np.partition(values, len(values) - k)[len(values) - k]
        rows = np.flatnonzero(values >= max(float(floor), 1e-12))
    else:
        rows = np.flatnonzero(values > 0)
    return rows[np.argsort(-values[rows], kind="stable")][:k]
