"""Vectors at length one, so that their inner product is the cosine of the angle between them."""

from __future__ import annotations

import numpy as np

from recsys.types import FloatArray


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Bring rows (n, D) to length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
