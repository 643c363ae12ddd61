"""Which artists, titles and albums of a catalogue a text names, and how surely.

A name of common words ("Heart", "Yes") counts less, unless it is written with a capital; a refused one ("no more
Drake") is told apart by the words before it. Shapes: A credited artists, W different titles, L different albums.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np

from recsys.catalogue import Catalogue
from recsys.retrieval.names import NameIndex, is_common
from recsys.text import artist_key, base_title, fold
from recsys.types import FloatArray, IntArray

#: What a name of common words is worth: written small, with a capital; and a title or album of such words.
_COMMON, _COMMON_CAPITAL, _COMMON_TITLE = 0.35, 0.6, 0.2
_SHORT_NAME, _SHORT = 4, 0.8
#: What a featured artist's name says of a track, where a main artist's says 1.
_FEATURED = 0.8
#: Words before a name that refuse it, among the last five.
_REFUSING = re.compile(
    r"\b(?:no|not|dont|don t|without|except|less|instead of|hate|dislike|remove|away from|stop|isn t|didn t|never"
    r"|other than|nothing|but)\b"
)
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Said:
    """What one text names: numbers and weights (0–1)."""

    artists: IntArray
    weights: FloatArray
    refused: FloatArray  # 1 where the name is refused
    shares: FloatArray  # share of the text's words that the name is
    titles: IntArray
    title_weights: FloatArray
    albums: IntArray
    album_weights: FloatArray


class Mentions:
    """Reads texts against the names of one catalogue. Safe to share between threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Number the credited artists, titles and albums of a catalogue."""
        self.artist_numbers: dict[str, int] = {}
        rows, featured = [], []
        main = np.zeros(len(catalogue), dtype=np.int64)
        for row, names in enumerate(catalogue.artists):
            for place, name in enumerate(names or ("",)):
                number = self.artist_numbers.setdefault(artist_key(name), len(self.artist_numbers))
                if not place:
                    main[row] = number
                else:
                    rows.append(row)
                    featured.append(number)
        #: Number of each track's main artist (N,), and of the others: rows (F,) and numbers (F,).
        self.main: IntArray = main
        self._featured_rows, self._featured = np.array(rows, np.int64), np.array(featured, np.int64)
        self.titles, self._title_names = _numbered([base_title(title) for title in catalogue.titles])
        self.albums, self._album_names = _numbered([base_title(album) if album else "" for album in catalogue.albums])
        self._read: OrderedDict[str, Said] = OrderedDict()
        self._lock = Lock()

    @property
    def n_artists(self) -> int:
        """How many artists are credited, A."""
        return len(self.artist_numbers)

    @property
    def n_albums(self) -> int:
        """How many albums differ, L."""
        return len(self._album_names)

    def album_name(self, number: int) -> str:
        """The folded name of an album, "" for none."""
        return self._album_names[number]

    @cached_property
    def _indexes(self) -> tuple[NameIndex, NameIndex, NameIndex]:
        return NameIndex(list(self.artist_numbers)), NameIndex(self._title_names), NameIndex(self._album_names)

    def read(self, text: str) -> Said:
        """Find what a text names."""
        with self._lock:
            if text in self._read:
                self._read.move_to_end(text)
                return self._read[text]
            said = self._find(text)
            self._read[text] = said
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
            return said

    def _find(self, text: str) -> Said:
        artists, titles, albums = self._indexes
        words = fold(text).split()
        named = [
            (
                found.name,
                found.likeness * _trust(artists.names[found.name], text),
                float(_REFUSING.search(" ".join(words[max(found.first - 5, 0) : found.first])) is not None),
                found.n_words / max(len(words), 1),
            )
            for found in artists.find(text)
        ]
        columns = np.array(named, dtype=np.float32).reshape(-1, 4)
        title_numbers, title_weights = _weighed(titles, text)
        album_numbers, album_weights = _weighed(albums, text)
        return Said(
            artists=np.array([one[0] for one in named], dtype=np.int64),
            weights=columns[:, 1],
            refused=columns[:, 2],
            shares=columns[:, 3],
            titles=title_numbers,
            title_weights=title_weights,
            albums=album_numbers,
            album_weights=album_weights,
        )

    def artists_in(self, text: str, weigh: Callable[[Said], FloatArray]) -> FloatArray:
        """Spread a weight of each named artist over all of them (A,), the largest where one is named twice."""
        said, weights = self.read(text), np.zeros(self.n_artists, dtype=np.float32)
        np.maximum.at(weights, said.artists, weigh(said).astype(np.float32))
        return weights

    def titles_in(self, text: str) -> FloatArray:
        """How surely a text names each title (W,)."""
        said, weights = self.read(text), np.zeros(len(self._title_names), dtype=np.float32)
        weights[said.titles] = said.title_weights
        return weights

    def albums_in(self, text: str) -> FloatArray:
        """How surely a text names each album (L,)."""
        said, weights = self.read(text), np.zeros(len(self._album_names), dtype=np.float32)
        weights[said.albums] = said.album_weights
        return weights

    def of_tracks(self, per_artist: FloatArray) -> FloatArray:
        """Give every track (N,) the most that its artists (A,) have; those that are only featured a little less."""
        tracks = per_artist[self.main].astype(np.float32)
        if np.any(per_artist):
            np.maximum.at(tracks, self._featured_rows, np.float32(_FEATURED) * per_artist[self._featured])
        return tracks

    def featured_on(self, row: int) -> IntArray:
        """Numbers of the artists who are credited on a track beside its main one."""
        low, high = np.searchsorted(self._featured_rows, [row, row + 1])
        return self._featured[low:high]


def wanted(said: Said) -> FloatArray:
    """Weights of the artists that are named and not refused."""
    return said.weights * (1 - said.refused)


def refused(said: Said) -> FloatArray:
    """Weights of the artists that are refused."""
    return said.weights * said.refused


def _trust(name: str, text: str) -> float:
    short = _SHORT if len(name) < _SHORT_NAME else 1.0
    if not is_common(name):
        return short
    first = re.escape(name.split()[0])
    capital = re.search(rf"\b{first.capitalize()}", text) is not None and re.search(rf"\b{first}", text) is None
    return short * (_COMMON_CAPITAL if capital else _COMMON)


def _weighed(index: NameIndex, text: str) -> tuple[IntArray, FloatArray]:
    """The titles or albums that a text names; the more words a name has, the surer it is."""
    found = index.find(text)
    weights = [
        one.likeness * (_COMMON_TITLE if is_common(name) else 1.0) * min(1.0, 0.4 + 0.2 * (name.count(" ") + 1))
        for one in found
        for name in (index.names[one.name],)
    ]
    return np.array([one.name for one in found], dtype=np.int64), np.array(weights, dtype=np.float32)


def _numbered(names: Sequence[str]) -> tuple[IntArray, list[str]]:
    numbers: dict[str, int] = {}
    numbered = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
    return numbered, list(numbers)
