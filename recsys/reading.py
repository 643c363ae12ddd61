"""What the words of a query mean and which tracks carry them: the whole text, and above all what was said last.

A session's text holds the words of several turns. Read as one, the newest are diluted by all earlier ones, so both the
vector and the shares of words are a weighted mean of the whole text and its newest part, where there is one.
Shapes: N tracks of the catalogue, D encoder width.
"""

from __future__ import annotations

import numpy as np

from recsys.encoders.remembering import RememberingEncoder
from recsys.encoders.text import TextEncoder
from recsys.recommendation import Query
from recsys.retrieval.lexical import LexicalIndex
from recsys.types import FloatArray


class Reader:
    """Reads queries against one catalogue. Safe to share between threads."""

    def __init__(self, encoder: TextEncoder, lexical: LexicalIndex, newest: float) -> None:
        """Take the encoder, the index of the tracks' words, and the share of what was said last (0–1)."""
        self._encoder, self._lexical, self._newest = RememberingEncoder(encoder), lexical, np.float32(newest)

    def vector(self, query: Query) -> FloatArray:
        """Encode a query's words (D,): unit length, or zero without words."""
        whole = self._encode(query.text)
        if not query.newest.strip():
            return whole
        mixed = (1 - self._newest) * whole + self._newest * self._encode(query.newest)
        result: FloatArray = (mixed / max(float(np.linalg.norm(mixed)), 1e-6)).astype(np.float32)
        return result

    def shares(self, query: Query) -> FloatArray:
        """Return the share (0–1) of a query's words that each track carries (N,)."""
        whole = self._lexical.scores(query.text)
        if not query.newest.strip():
            return whole
        result: FloatArray = (1 - self._newest) * whole + self._newest * self._lexical.scores(query.newest)
        return result

    def knows(self, text: str) -> bool:
        """Tell whether any track has any of a text's words in its title, artists, album or tags."""
        return bool(np.any(self._lexical.scores(text)))

    def _encode(self, text: str) -> FloatArray:
        vector: FloatArray = self._encoder.encode([text])[0]
        return vector
