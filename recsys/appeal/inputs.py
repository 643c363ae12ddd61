"""Content of tracks as numbers, behind one port: vectors, features, text, and several of them side by side.

An input holds what is known of all tracks. It is *learnt* on some rows (means, deviations, the vocabulary of a text)
and then turns any rows into numbers, so that nothing of a held-out track is used but its own content.

    Vectors   one vector a track: MERT (`segue encoders fetch mert_v1_95m_apex`, the mix that APEX uses), MusiCNN,
              librosa, text and captions; a row of NaN is a track without one
    Columns   numeric features by name; single values may be NaN
    Text      TF-IDF of words or of letters
    Beside    several of these

Shapes: n tracks, D numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealError
from recsys.types import FloatArray, IntArray

#: Rows of content (n, D), dense or sparse (CSR).
Matrix = Any
Content = Callable[[IntArray], Matrix]


class ContentInput(Protocol):
    """What is known of tracks before anybody heard them."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def learn(self, rows: IntArray) -> Content:
        """Learn how to turn tracks into numbers from some of them; returns what does it."""


@dataclass(frozen=True)
class Columns:
    """Numeric features: mean 0 and deviation 1 over the rows learnt from; an unknown value is the mean, and flagged."""

    name: str
    labels: tuple[str, ...]  # (D,)
    values: NDArray[np.float64]  # (n, D), NaN where unknown

    def __post_init__(self) -> None:
        """Check the shape.

        Raises:
            AppealError: there is not one label per column.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(self.labels):
            raise AppealError(f"{self.name}: features of the shape {self.values.shape} for {len(self.labels)} names")

    def learn(self, rows: IntArray) -> Content:
        """Learn means and deviations, and which features are missing anywhere."""
        known = self.values[rows]
        some = ~np.isnan(known).all(axis=0)
        means, spreads = np.zeros(known.shape[1]), np.ones(known.shape[1])
        means[some], spreads[some] = np.nanmean(known[:, some], axis=0), np.nanstd(known[:, some], axis=0)
        spreads[spreads == 0] = 1.0
        flagged = np.isnan(known).any(axis=0)

        def turn(wanted: IntArray) -> FloatArray:
            raw = self.values[wanted]
            missing = np.isnan(raw)
            filled = np.where(missing, 0.0, (raw - means) / spreads)
            return np.column_stack([filled, missing[:, flagged]]).astype(np.float32)

        return turn


@dataclass(frozen=True)
class Vectors:
    """One vector a track; who has none (NaN) is given the mean vector, and is flagged."""

    name: str
    table: FloatArray  # (n, D)

    def learn(self, rows: IntArray) -> Content:
        """Learn the mean and the deviation of each number."""
        return Columns(self.name, ("",) * self.table.shape[1], self.table.astype(np.float64)).learn(rows)


@dataclass(frozen=True)
class Text:
    """TF-IDF with the logarithm of counts, of length one: of words and pairs of words, or of letters within words."""

    name: str
    texts: Sequence[str]  # (n,)
    letters: bool = False
    longest: int = 2  # words, or letters, in a row
    least: int = 2  # texts that something has to be in
    stems: bool = False  # English

    def learn(self, rows: IntArray) -> Content:
        """Learn the vocabulary and how rare its words are.

        Raises:
            AppealError: nothing is in enough texts.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        kind: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (2, self.longest)} if self.letters else {}
        kind = kind or {
            "ngram_range": (1, self.longest),
            "token_pattern": r"(?u)\b\w+\b" if self.stems else r"(?u)\b\w\w+\b",
        }
        given = stemmed(self.texts) if self.stems else list(self.texts)
        try:
            fitted = TfidfVectorizer(sublinear_tf=True, min_df=self.least, **kind).fit([given[row] for row in rows])
        except ValueError as error:
            raise AppealError(
                f"{self.name}: no word is in {self.least} of {len(rows):,} texts to learn from; leave that input out"
            ) from error
        return lambda wanted: fitted.transform([given[row] for row in wanted])


@dataclass(frozen=True)
class Beside:
    """Several inputs side by side."""

    parts: tuple[ContentInput, ...]

    @property
    def name(self) -> str:
        """The names of the parts."""
        return " + ".join(part.name for part in self.parts)

    def learn(self, rows: IntArray) -> Content:
        """Learn each part."""
        from scipy import sparse

        learnt = [part.learn(rows) for part in self.parts]

        def turn(wanted: IntArray) -> Matrix:
            found = [one(wanted) for one in learnt]
            if any(sparse.issparse(one) for one in found):
                return sparse.hstack([sparse.csr_array(one) for one in found], format="csr")
            return np.hstack(found)

        return turn


def dense(matrix: Matrix) -> FloatArray:
    """Return rows as a dense array of float32."""
    from scipy import sparse

    return np.asarray(matrix.toarray() if sparse.issparse(matrix) else matrix, np.float32)


def stemmed(texts: Sequence[str]) -> list[str]:
    """Reduce the words of English texts to their stems, in lower case."""
    import re

    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    return [" ".join(stemmer.stemWords(re.findall(r"[a-z0-9']+", text.lower()))) for text in texts]


def read_vectors(path: Path) -> FloatArray:
    """Read a table of vectors (n, D) from a .npy file; nothing that could run code is read.

    Raises:
        AppealError: the file is no such table.
    """
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise AppealError(
            f"cannot read vectors from {path} ({error}); expected a .npy file, one row per track"
        ) from error
    if not isinstance(table, np.ndarray) or table.ndim != 2 or not np.issubdtype(table.dtype, np.number):
        shape = getattr(table, "shape", "?")
        raise AppealError(f"{path} holds an array of the shape {shape}; expected numbers, one row per track")
    return table.astype(np.float32)
