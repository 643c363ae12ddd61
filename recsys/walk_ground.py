"""The ground that a synthetic conversation walks on: collections of tracks, and what relates one to another.

A *place* is a collection: a playlist (handed in, or the catalogue's own), or one made of the catalogue: the
neighbourhood of an artist, or what shares one or two facets. Two artists are related as far as they share playlists,
tracks, albums and facets, and, where track vectors are given, as far as the means of theirs agree:

    r(a, b) = cos(x_a, x_b) + ½·max(0, cos(v_a, v_b))

with x_a the row of an artist × feature matrix, each feature weighted by log(A / artists that have it), and v_a the mean
of the artist's centred vectors. Two places are related alike, by their artists, facets and tracks (Leszczynski et al.,
"Talk the Walk", 2023, relate item collections by shared items; the rest is ours).

Shapes: N tracks, A artists, P places, F features, D width of a vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.catalogue import Catalogue
from recsys.text import artist_key, fold
from recsys.types import BoolArray, Facet, FloatArray, IntArray
from recsys.vocabulary import load_vocabulary
from recsys.walk_words import facet_words

#: A facet's value, as the catalogue files it.
Key = tuple[Facet, str]

#: Facets that listeners ask for in words, and how much each tells of an artist.
_FACETS = {
    Facet.GENRE: 1.0,
    Facet.MOOD: 0.5,
    Facet.ACTIVITY: 0.5,
    Facet.INSTRUMENT: 0.3,
    Facet.LANGUAGE: 0.5,
    Facet.COUNTRY: 0.5,
    Facet.ERA: 0.4,
}
#: Facets that a title or an album's name can state where nothing else does: "Jazz Christmas".
_TITLED = (Facet.GENRE, Facet.ACTIVITY, Facet.INSTRUMENT)
_NO_ARTISTS = frozenset(
    {"various artists", "various", "unknown artist", "unknown", "soundtrack", "original soundtrack"}
)
#: Artists whom nobody asks for by name.
_COPIES = re.compile(r"\b(?:karaoke|tribute|cover (?:band|crew|team)|in the style of|lullab\w+|hits)\b")
#: Artists that an artist is taken to be related to, at most, and at most a fifth of all.
_N_RELATED = 16
_CHUNK = 512
_MIN_PLACE, _MAX_MADE = 4, 48
#: Facets of more tracks than this part of the catalogue say too little to make a place of.
_BROAD = 0.2
#: How much more often a related place is next than one that is half as much related: 2 to this power.
_SHARPNESS = 3.0
_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class Place:
    """A collection of tracks that a conversation can be about; "" where nobody has a name for it."""

    rows: IntArray  # unique
    name: str = ""


class Ground:
    """Places over one catalogue, and the walks between them."""

    def __init__(
        self,
        catalogue: Catalogue,
        given: Sequence[Place],
        vectors: FloatArray | None,
        allowed: BoolArray,
    ) -> None:
        """Relate what is given.

        Args:
            catalogue: of N tracks.
            given: playlists; may be none.
            vectors: (N, D) of the tracks, of any length; a zero row is a track without one.
            allowed: (N,) which tracks may be wished for.
        """
        self.catalogue, self.allowed, self.given = catalogue, allowed, list(given)
        self.places = list(given)
        self.vectors = None if vectors is None or not np.any(vectors) else _centred(vectors)
        numbers: dict[str, int] = {}  # by artist key
        self.artist_names: list[str] = []
        #: Numbers of each track's artists, the main one first.
        self.artists_of: list[tuple[int, ...]] = []
        for names in catalogue.artists:
            for name in names:
                if (key := artist_key(name)) not in numbers:
                    numbers[key] = len(numbers)
                    self.artist_names.append(name)
            self.artists_of.append(tuple(dict.fromkeys(numbers[artist_key(name)] for name in names)))
        self.nameable = np.array([key not in _NO_ARTISTS and not _COPIES.search(key) for key in numbers], dtype=bool)
        self.tracks_of = _inverted(self.artists_of, len(numbers))
        self.facets_of = self._facets()
        self.tracks_with: dict[Key, set[int]] = {}
        for row, keys in enumerate(self.facets_of):
            for one in keys:
                self.tracks_with.setdefault(one, set()).add(row)
        albums: dict[str, list[int]] = {}
        for row, album in enumerate(catalogue.albums):
            if album:
                albums.setdefault(album, []).append(row)
        self.albums = {album: rows for album, rows in albums.items() if len(rows) > 1}
        self._near: dict[int, frozenset[int]] = {}
        self._near_allowed: dict[int, IntArray] = {}
        #: Number of each track's main artist (N,).
        self.main_artist = np.array([artists[0] for artists in self.artists_of], dtype=np.int64)

    def add_made(self, n: int, rng: np.random.Generator) -> None:
        """Add up to n places made of the catalogue: two neighbourhoods of an artist to one of facets."""
        rows = np.flatnonzero(self.allowed)
        for number in range(n if len(rows) else 0):
            row = int(rows[rng.integers(len(rows))])
            made = self._sharing(row, rng) if number % 3 == 2 else self._around(self.artists_of[row][0], rng)
            if made is not None and len(made.rows) >= _MIN_PLACE:
                self.places.append(made)

    def walk(self, target: int, n_stops: int, bias: float, rng: np.random.Generator) -> list[int]:
        """Walk over so many places to a target: each next one is related to the last, and the more to the target.

        Args:
            target: the number of the place in which the walk ends.
            n_stops: places of the walk, the target included; fewer where there are not so many.
            bias: how much it leads: 0 wanders, and only the last step is towards the target.
            rng: decides.
        """
        n_stops = min(n_stops, len(self.places))
        near = self.relation(target) + _FLOOR
        odds = near**_SHARPNESS
        walked: list[int] = []
        while len(walked) < n_stops - 1:
            odds[[target, *walked]] = 0
            walked.append(drawn(odds, rng))
            odds = (self.relation(walked[-1]) + _FLOOR) ** _SHARPNESS * near**bias
        return [*walked, target]

    def relation(self, place: int) -> FloatArray:
        """Tell how much every place (P,) is related to one, in 0–1."""
        members, means = self._members
        related: FloatArray = members @ members[[place]].toarray().ravel()
        if means is not None:
            related = 0.8 * related + 0.2 * np.clip(means @ means[place], 0, 1)
        return np.clip(related, 0, 1)

    def near(self, artist: int) -> frozenset[int]:
        """The tracks of artists related to one, without its own."""
        if artist not in self._near:
            others = self.related_artists[0][artist].tolist()
            rows = {row for other in others for row in self.tracks_of[other].tolist()}
            self._near[artist] = frozenset(rows.difference(self.tracks_of[artist].tolist()))
        return self._near[artist]

    def near_allowed(self, artist: int) -> IntArray:
        """Those of `near` that may be wished for, in ascending order."""
        if artist not in self._near_allowed:
            rows = np.array(sorted(self.near(artist)), dtype=np.int64)
            self._near_allowed[artist] = rows[self.allowed[rows]]
        return self._near_allowed[artist]

    @cached_property
    def related_artists(self) -> tuple[IntArray, FloatArray]:
        """The artists most related to each (A, k), best first, and how much (A, k)."""
        from scipy.sparse import csr_array

        n = len(self.artist_names)
        groups: list[tuple[float, Iterable[int]]] = [(1.0, place.rows.tolist()) for place in self.given]
        groups += [(1.0, rows) for rows in self.albums.values()]
        groups += [(1.5, [row]) for row, artists in enumerate(self.artists_of) if len(artists) > 1]
        groups += [(_FACETS[key[0]], rows) for key, rows in self.tracks_with.items()]
        rows_: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for column, (weight, tracks) in enumerate(groups):
            members = {artist for row in tracks for artist in self.artists_of[row]}
            if 1 < len(members) < n:
                rows_ += members
                columns += [column] * len(members)
                values += [weight * np.log(n / len(members))] * len(members)
        matrix = _normalised(csr_array((values, (rows_, columns)), shape=(n, max(len(groups), 1)), dtype=np.float32))
        means = None
        if self.vectors is not None:
            means = _unit(np.stack([self.vectors[rows].mean(axis=0) for rows in self.tracks_of]))
        k = max(1, min(_N_RELATED, n // 5))
        best, much = np.zeros((n, k), dtype=np.int64), np.zeros((n, k), dtype=np.float32)
        transposed = matrix.T.tocsr()
        for start in range(0, n, _CHUNK):
            part = slice(start, min(start + _CHUNK, n))
            scores = (matrix[part] @ transposed).toarray()
            if means is not None:
                scores += 0.5 * np.maximum(means[part] @ means.T, 0)
            scores[np.arange(scores.shape[0]), np.arange(part.start, part.stop)] = -1  # nobody is related to themselves
            top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            value = np.take_along_axis(scores, top, axis=1)
            order = np.argsort(-value, axis=1, kind="stable")
            best[part], much[part] = np.take_along_axis(top, order, axis=1), np.take_along_axis(value, order, axis=1)
        return best, np.maximum(much, 0)

    @cached_property
    def _members(self) -> tuple[Any, FloatArray | None]:
        """A normalised row per place (P, F), and the mean vectors (P, D); of the places that there were."""
        from scipy.sparse import csr_array

        n_tracks, n_artists = len(self.catalogue), len(self.artist_names)
        column_of = {key: n_tracks + n_artists + number for number, key in enumerate(self.tracks_with)}
        rows_: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for number, place in enumerate(self.places):
            counts: dict[int, float] = {}
            for row in place.rows.tolist():
                counts[row] = 0.7
                for artist in self.artists_of[row]:
                    counts[n_tracks + artist] = counts.get(n_tracks + artist, 0.0) + 1
                for key in self.facets_of[row]:
                    counts[column_of[key]] = counts.get(column_of[key], 0.0) + 0.5 * _FACETS[key[0]]
            rows_ += [number] * len(counts)
            columns += counts
            values += [float(np.sqrt(value)) for value in counts.values()]
        shape = (len(self.places), n_tracks + n_artists + len(column_of))
        matrix = csr_array((values, (rows_, columns)), shape=shape, dtype=np.float32)
        having = np.bincount(matrix.indices, minlength=shape[1])
        matrix.data *= np.log((1 + shape[0]) / np.maximum(having, 1))[matrix.indices].astype(np.float32)
        means = None
        if self.vectors is not None:
            means = _unit(np.stack([self.vectors[place.rows].mean(axis=0) for place in self.places]))
        return _normalised(matrix), means

    def _facets(self) -> list[tuple[Key, ...]]:
        found: list[dict[Key, None]] = [{} for _ in range(len(self.catalogue))]
        for facet in _FACETS:
            if facet is Facet.ERA:
                continue
            for value in self.catalogue.values(facet):
                for row in self.catalogue.postings(facet, value).tolist():
                    found[row][facet, value] = None
        spoken = {facet: load_vocabulary().phrases(facet) for facet in _TITLED}
        silent = {facet: ~self.catalogue.stated(facet) for facet in _TITLED}
        for row in np.flatnonzero(np.any(list(silent.values()), axis=0)).tolist():
            words = _words_of(fold(f"{self.catalogue.titles[row]} {self.catalogue.albums[row] or ''}"))
            for facet, phrases in spoken.items():
                if silent[facet][row]:
                    found[row].update(dict.fromkeys((facet, phrases[word]) for word in words if word in phrases))
        for row, year in enumerate(self.catalogue.numeric["year"].tolist()):
            if year == year and year >= 1900:  # NaN is unequal to itself
                found[row][Facet.ERA, str(int(year) // 10 * 10)] = None
        return [tuple(keys) for keys in found]

    def _around(self, artist: int, rng: np.random.Generator) -> Place | None:
        """A neighbourhood: some tracks of an artist and of related ones."""
        related, much = self.related_artists
        odds = much[artist].astype(np.float64) ** 2
        n = min(int(rng.integers(4, 13)), int((odds > 0).sum()))
        chosen = [artist]
        if n:
            chosen += related[artist][rng.choice(len(odds), n, replace=False, p=odds / odds.sum())].tolist()
        rows: dict[int, None] = {}
        for one in chosen:
            tracks = self.tracks_of[one]
            tracks = tracks[self.allowed[tracks]]
            if len(tracks):
                rows.update(dict.fromkeys(rng.permutation(tracks)[: int(rng.integers(1, 7))].tolist()))
        return Place(np.array(list(rows)[:_MAX_MADE], dtype=np.int64)) if rows else None

    def _sharing(self, row: int, rng: np.random.Generator) -> Place | None:
        """What shares one or two facets of a track; the name says which."""
        narrow = [key for key in self.facets_of[row] if len(self.tracks_with[key]) <= _BROAD * len(self.catalogue)]
        keys = narrow or list(self.facets_of[row])
        if not keys:
            return None
        chosen = [keys[number] for number in rng.permutation(len(keys))[: 1 + int(rng.random() < 0.5)]]
        rows = self.tracks_with[chosen[0]].intersection(*(self.tracks_with[key] for key in chosen[1:]))
        if len(rows) < _MIN_PLACE:
            chosen, rows = chosen[:1], self.tracks_with[chosen[0]]
        kept = np.array(sorted(one for one in rows if self.allowed[one]), dtype=np.int64)
        return Place(rng.permutation(kept)[:_MAX_MADE], facet_words(chosen, rng))


def drawn(odds: NDArray[np.floating[Any]] | Sequence[float], rng: np.random.Generator) -> int:
    """Draw a number with these odds, which need not sum to anything; at least one is positive."""
    edges = np.cumsum(odds, dtype=np.float64)
    return int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))


def _words_of(text: str) -> list[str]:
    """The pairs of words and the words of folded text."""
    words = text.split()
    return [*(f"{a} {b}" for a, b in pairwise(words)), *words]


def _inverted(lists: Sequence[tuple[int, ...]], n: int) -> list[IntArray]:
    found: list[list[int]] = [[] for _ in range(n)]
    for row, numbers in enumerate(lists):
        for number in numbers:
            found[number].append(row)
    return [np.array(rows, dtype=np.int64) for rows in found]


def _centred(vectors: FloatArray) -> FloatArray:
    """Take what all vectors share away from each, and leave absent ones absent."""
    present = np.any(vectors != 0, axis=1)
    centred = np.zeros(vectors.shape, dtype=np.float32)
    centred[present] = vectors[present] - vectors[present].mean(axis=0)
    return _unit(centred)


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: FloatArray = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return result


def _normalised(matrix: Any) -> Any:
    """Scale the rows of a sparse matrix to length one."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(matrix.indptr)).astype(np.float32)
    return matrix
