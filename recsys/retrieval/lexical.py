"""Lexical retrieval: BM25 over the words of title, artists, album and tags (Robertson & Zaragoza 2009, by bm25s).

Scores are divided by the most that the request's words could earn, so that 1 means every word of the request is
matched as well as can be, whatever its length. Words are folded and stemmed (English Snowball); words of the request
that no track has count against nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.text import fold
from recsys.types import FloatArray

if TYPE_CHECKING:
    from bm25s import BM25
    from Stemmer import Stemmer

_K1, _B = 1.2, 0.6
#: Words that say nothing about music in a request (stemmed); the rest of English's stop words carry titles ("The The").
_SKIPPED = frozenset(
    {"a", "an", "and", "the", "of", "for", "to", "in", "on", "with", "me", "my", "i", "id", "like", "some", "give"}
    | {"play", "want", "need", "pleas", "someth", "music", "song", "track", "playlist", "make", "can", "you", "is"}
    | {"it", "that", "by", "from", "or"}
)
_FILE = "lexical.json"


class LexicalIndex:
    """BM25 scores of every track for a request's words."""

    def __init__(self, bm25: BM25, n_tracks: int) -> None:
        """Serve a fitted index; see `build` and `load`."""
        self._bm25, self.n_tracks = bm25, n_tracks

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Index one text per track row."""
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it logs its debugging unasked
        bm25 = bm25s.BM25(k1=_K1, b=_B)
        # bm25s cannot index a corpus without any word: a control character stands for "no words".
        bm25.index([_tokens(text) or ["\x00"] for text in texts], show_progress=False)
        return cls(bm25, len(texts))

    def save(self, folder: Path) -> None:
        """Write the index to a folder of its own."""
        self._bm25.save(str(folder), show_progress=False)
        (folder / _FILE).write_text(json.dumps({"n_tracks": self.n_tracks}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read what `save` wrote."""
        import bm25s

        n_tracks = int(json.loads((folder / _FILE).read_text(encoding="utf-8"))["n_tracks"])
        return cls(bm25s.BM25.load(str(folder), show_progress=False), n_tracks)

    def scores(self, text: str) -> FloatArray:
        """Score every track for the words of a request: (N,) in 0–1."""
        vocabulary = self._bm25.vocab_dict
        words = [w for w in dict.fromkeys(_tokens(text)) if w in vocabulary and w not in _SKIPPED]
        if not words:
            return np.zeros(self.n_tracks, dtype=np.float32)
        earned = self._bm25.scores["data"]
        starts = self._bm25.scores["indptr"]
        columns = [vocabulary[word] for word in words]
        most = sum(float(np.max(earned[starts[c] : starts[c + 1]])) for c in columns)
        result: FloatArray = np.asarray(self._bm25.get_scores(words), dtype=np.float32) / np.float32(most)
        return result


def _tokens(text: str) -> list[str]:
    stemmed: list[str] = _stemmer().stemWords(fold(text).split())
    return stemmed


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer:
    from Stemmer import Stemmer

    return Stemmer("english")
