"""Query texts → query vectors, every distinct text encoded once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from recsys.embeddings import EmbeddingCache
from recsys.encoders.text import TextEncoder
from recsys.types import FloatArray, Progress


def encode_queries(
    texts: Sequence[str], encoder: TextEncoder, cache_folder: Path | None, progress: Progress | None = None
) -> FloatArray:
    """Return one unit row per text (n, D), encoding each distinct text once.

    Args:
        texts: the queries, repeated as often as they were asked.
        encoder: any text encoder. If it has a `max_tokens`, vectors made under another limit are not reused.
        cache_folder: where vectors are kept between runs; None to keep none.
        progress: called with ("encoding", texts encoded, texts to encode).
    """
    limit = getattr(encoder, "max_tokens", None)
    cached = encoder if limit is None else _Limited(encoder, int(limit))
    if cache_folder is not None:
        with EmbeddingCache(cache_folder, cached) as cache:
            return cache.vectors(texts, progress)
    with tempfile.TemporaryDirectory() as folder, EmbeddingCache(Path(folder), cached) as cache:
        return cache.vectors(texts, progress)


class _Limited:
    """An encoder whose name states its length limit, since the cache tells encoders apart by their names."""

    def __init__(self, encoder: TextEncoder, max_tokens: int) -> None:
        self._encoder = encoder
        self.name, self.dim = f"{encoder.name} ({max_tokens} tokens)", encoder.dim

    def encode(self, texts: Sequence[str]) -> FloatArray:
        return self._encoder.encode(texts)
