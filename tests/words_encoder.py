"""A text encoder for tests: texts with the same words lie near each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from recsys.text import fold
from recsys.types import FloatArray


class WordsEncoder:
    """The unit sum of a random direction for each word; remembers every batch that it was given."""

    name = "words"
    dim = 48

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts into unit vectors (n, D), zero for one without words."""
        self.batches.append(list(texts))
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for number, text in enumerate(texts):
            for word in fold(text).split():
                seed = int.from_bytes(hashlib.md5(word.encode(), usedforsecurity=False).digest()[:8])
                vectors[number] += np.random.default_rng(seed).standard_normal(self.dim, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, np.float32(1e-6))
