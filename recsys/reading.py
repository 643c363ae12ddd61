"""What the words of a query mean and which tracks carry them: the whole text, and above all what was said last.

A session's text holds the words of several turns. Read as one, the newest are diluted by all earlier ones, so both the
vector and the shares of words are a weighted mean of the whole text and its newest part, where there is one.
Shapes: N tracks of the catalogue, D encoder width.
"""

from __future__ import annotations

import numpy as np

from recsys.constraints import Checked
from recsys.encoders.remembering import RememberingEncoder
from recsys.encoders.text import TextEncoder
from recsys.lyrics.passages import Passages
from recsys.lyrics.topics import Topics
from recsys.recommendation import Query
from recsys.retrieval.lexical import LexicalIndex
from recsys.types import FloatArray


class Reader:
    """Reads queries against one catalogue. Safe to share between threads."""

    def __init__(
        self, encoder: TextEncoder, lexical: LexicalIndex, newest: float, passages: Passages | None = None
    ) -> None:
        """Take the encoder, the index of the tracks' words, the share of what was said last (0–1), and lyrics."""
        self._encoder, self._lexical, self._newest = RememberingEncoder(encoder), lexical, np.float32(newest)
        self._topics = Topics(passages, self._encoder) if passages is not None else None

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

    def lyrics(self, checked: Checked) -> FloatArray | None:
        """Return how near (0–1) each track's lyrics (N,) come to the topic asked for; None without topic or lyrics."""
        return None if self._topics is None else self._topics.shares(checked.constraints)

    def heed(self, checked: Checked) -> Checked:
        """Let tracks whose lyrics speak of a topic in the listener's words be known to do so."""
        return checked if self._topics is None else self._topics.heed(checked)

    def knows(self, text: str) -> bool:
        """Tell whether any track has any of a text's words in its title, artists, album or tags."""
        return bool(np.any(self._lexical.scores(text)))

    def _encode(self, text: str) -> FloatArray:
        vector: FloatArray = self._encoder.encode([text])[0]
        return vector
