"""What is generally known of well-known artists: genres, decades, fame, their best-known songs and when they came out.

A catalogue often has nothing but names. With these facts, written from general knowledge and shipped with the package,
"80s", "r&b", "hits" and "nothing too famous" mean something there too. They never overrule what a catalogue states and
never filter: they only help to rank. Shapes: N tracks, F known artists of a catalogue, P profiles, G genres.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources

import numpy as np

from recsys.catalogue import Catalogue
from recsys.text import artist_key, base_title, fold
from recsys.types import Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

_SONG = re.compile(r"(.+?)(?: \((\d{4})\))?")
#: Rank of a song that a known artist is not known for.
UNLISTED = 50.0
FIRST_DECADE, N_DECADES = 1940, 9
#: What each further genre of an artist counts less, and an artist's decade beside a track's own year.
_LESS_TYPICAL, _ARTISTS_DECADE = 0.3, 0.6
#: What a genre above the one that was asked for counts.
_BROADER = 0.4
_DECADE = re.compile(r"\b(?:(19|20)(\d)0|(\d)0)\s?['’]?s\b")
_YEAR = re.compile(r"\b(19[4-9]|20[0-2])\d\b")
_DECADE_WORDS = {"fifties": 1950, "sixties": 1960, "seventies": 1970, "eighties": 1980, "nineties": 1990}
#: Two digits below this are of this century.
_CENTURY_FROM = 3


@dataclass(frozen=True, slots=True)
class ArtistFacts:
    """One artist, as far as generally known."""

    name: str
    genres: tuple[str, ...]  # most typical first
    decades: tuple[int, ...]  # of the well-known work: 1980, 1990
    country: str
    voice: str  # male, female, mixed or instrumental
    fame: int  # 2 known to fans … 5 a household name
    songs: Mapping[str, tuple[int, float]]  # folded title → rank from 1, year or NaN

    def text(self) -> str:
        """The facts as a phrase that can be encoded."""
        decades = ", ".join(f"{decade}s" for decade in self.decades)
        return f"{self.name}: {', '.join(self.genres)}, {decades}, {self.voice} voice, {self.country}"


@lru_cache(maxsize=1)
def load_artist_facts() -> Mapping[str, ArtistFacts]:
    """The shipped facts by `artist_key`, read once per process."""
    folder = resources.files("recsys").joinpath("data/artists")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".txt"))
    found: dict[str, ArtistFacts] = {}
    for name in names:
        for one in _parse(folder.joinpath(name).read_text(encoding="utf-8")):
            found.setdefault(artist_key(one.name), one)
    return found


def _parse(text: str) -> Iterator[ArtistFacts]:
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, genres, decades, country, voice, fame, songs = line.split("|")
        listed = [match for song in songs.split(";") if (match := _SONG.fullmatch(song))]
        yield ArtistFacts(
            name=name,
            genres=tuple(genres.split(";")),
            decades=tuple(int(decade[:4]) for decade in decades.split(";") if decade),
            country=country,
            voice=voice,
            fame=int(fame),
            songs={
                base_title(m[1]): (rank, float(m[2] or "nan")) for rank, m in reversed(list(enumerate(listed, start=1)))
            },
        )


class Knowledge:
    """The facts beside a catalogue's tracks. What a track states itself comes before what its artist is known for."""

    def __init__(self, catalogue: Catalogue, vocabulary: Vocabulary) -> None:
        """Look the tracks' artists and titles up."""
        self._vocabulary = vocabulary
        self._genres = {word: number for number, word in enumerate(vocabulary.words(Facet.GENRE))}
        shipped = load_artist_facts()
        #: The known artists of the catalogue, F of them, and each track's number among them (N,), -1 for none.
        self.artists: list[ArtistFacts] = []
        numbers: dict[str, int] = {}
        self.artist = np.full(len(catalogue), -1, dtype=np.int64)
        self.fame = np.full(len(catalogue), np.nan, dtype=np.float32)
        self.rank = np.full(len(catalogue), np.nan, dtype=np.float32)
        self.year: FloatArray = np.array(catalogue.numeric["year"], dtype=np.float32)
        profiles: dict[tuple[str, ...], int] = {(): 0}
        self._profile = np.zeros(len(catalogue), dtype=np.int64)
        for row, names in enumerate(catalogue.artists):
            facts = next((shipped[key] for key in map(artist_key, names) if key in shipped), None)
            genres = catalogue.genres[row]
            if facts is not None:
                key = artist_key(facts.name)
                self.artist[row] = numbers.setdefault(key, len(numbers))
                if len(numbers) > len(self.artists):
                    self.artists.append(facts)
                self.fame[row] = facts.fame
                rank, year = facts.songs.get(base_title(catalogue.titles[row]), (UNLISTED, np.nan))
                self.rank[row] = min(rank, UNLISTED)
                if np.isnan(self.year[row]):
                    self.year[row] = year
                genres = genres or facts.genres
            self._profile[row] = profiles.setdefault(genres, len(profiles))
        #: How typical each genre is of each profile (P, G), and as unit rows.
        self._typical = np.stack([self._genre_vector(genres) for genres in profiles])
        self._unit = self._typical / np.maximum(np.linalg.norm(self._typical, axis=1, keepdims=True), 1e-6)
        #: Fame and rank in one: higher is better known.
        self.known: FloatArray = (self.fame - np.log2(self.rank)).astype(np.float32)

    @property
    def n_genres(self) -> int:
        """How many genres the vocabulary has, G."""
        return len(self._genres)

    def _genre_vector(self, genres: tuple[str, ...]) -> FloatArray:
        vector = np.zeros(len(self._genres), dtype=np.float32)
        for place, genre in enumerate(genres):
            word = self._vocabulary.canonical(Facet.GENRE, genre)
            if word is not None:
                vector[self._genres[word]] = max(vector[self._genres[word]], 1 / (1 + _LESS_TYPICAL * place))
        return vector

    @cached_property
    def decades(self) -> FloatArray:
        """How much of each decade every track is (N, 9): its year's, else less of all its artist is known for."""
        table = np.zeros((len(self.artist), N_DECADES), dtype=np.float32)
        of_artists = np.zeros((len(self.artists) + 1, N_DECADES), dtype=np.float32)
        for number, facts in enumerate(self.artists):
            of_artists[number] = _ARTISTS_DECADE * decade_vector(facts.decades)
        table[:] = of_artists[self.artist]
        dated = np.flatnonzero(~np.isnan(self.year))
        table[dated] = 0
        column = np.clip((self.year[dated].astype(np.int64) - FIRST_DECADE) // 10, 0, N_DECADES - 1)
        table[dated, column] = 1
        return table

    @cached_property
    def moment(self) -> FloatArray:
        """The year of every track (N,), else the middle of what its artist is known for; NaN where unknown."""
        middles = np.array(
            [np.mean(facts.decades) + 5 if facts.decades else np.nan for facts in self.artists] + [np.nan],
            dtype=np.float32,
        )
        return np.where(np.isnan(self.year), middles[self.artist], self.year)

    def genre_agreement(self, asked: FloatArray, rows: IntArray) -> FloatArray:
        """How much of the genres that were asked for (G,) tracks are; NaN where nothing was asked or is known."""
        if not np.any(asked):
            return np.full(len(rows), np.nan, dtype=np.float32)
        agreement = self._typical @ asked
        agreement[0] = np.nan
        result: FloatArray = agreement[self._profile[rows]].astype(np.float32)
        return result

    def genre_likeness(self, taste: FloatArray, rows: IntArray) -> FloatArray:
        """Cosine of tracks' genres with some others' (G,); NaN where either is unknown."""
        norm = float(np.linalg.norm(taste))
        if not norm:
            return np.full(len(rows), np.nan, dtype=np.float32)
        likeness = self._unit @ (taste / norm)
        likeness[0] = np.nan
        result: FloatArray = likeness[self._profile[rows]].astype(np.float32)
        return result

    def taste(self, rows: IntArray) -> FloatArray:
        """Sum of the unit genre vectors of tracks: (G,)."""
        result: FloatArray = self._unit[self._profile[rows]].sum(axis=0)
        return result

    def genres_in(self, text: str) -> FloatArray:
        """The genres that a text asks for (G,): 1 for those and what lies below them, less for what lies above."""
        words = fold(text).split()
        phrases = self._vocabulary.phrases(Facet.GENRE)
        asked = np.zeros(len(self._genres), dtype=np.float32)
        first = 0
        while first < len(words):
            for n in range(4, 0, -1):
                word = phrases.get(" ".join(words[first : first + n]))
                if word is not None and first + n <= len(words):
                    for below in self._vocabulary.descendants(Facet.GENRE, word):
                        asked[self._genres[below]] = 1.0
                    for above in self._vocabulary.parents(Facet.GENRE, word):
                        asked[self._genres[above]] = max(asked[self._genres[above]], _BROADER)
                    first += n - 1
                    break
            first += 1
        return asked


def decade_vector(decades: tuple[int, ...] | frozenset[int]) -> FloatArray:
    """Mark decades (9,): 1 for each that is meant."""
    vector = np.zeros(N_DECADES, dtype=np.float32)
    for decade in decades:
        if FIRST_DECADE <= decade < FIRST_DECADE + 10 * N_DECADES:
            vector[(decade - FIRST_DECADE) // 10] = 1.0
    return vector


@lru_cache(maxsize=4096)
def decades_in(text: str) -> frozenset[int]:
    """The decades that a text names: "80s", "1990's", "the sixties", "from 1987"."""
    lower = text.lower()
    found = {decade for word, decade in _DECADE_WORDS.items() if word in lower}
    for match in _DECADE.finditer(lower):
        if match[1]:
            found.add(int(match[1]) * 100 + int(match[2]) * 10)
        else:
            found.add((1900 if int(match[3]) >= _CENTURY_FROM else 2000) + int(match[3]) * 10)
    found.update(int(match[0]) // 10 * 10 for match in _YEAR.finditer(lower))
    return frozenset(found)
