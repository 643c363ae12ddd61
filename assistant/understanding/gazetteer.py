"""The catalogue's names, to be looked up by what people type: artists and titles, exact and misspelt.

Names are compared without spaces ("ac dc", "acdc"), with "and", "&" and "n" as one word, and artists without a
leading "the". A misspelling is accepted if it is few slips away for its length, or if it sounds the same: equal
consonants in order ("ed sharon", "ed sheeran").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from recsys.catalogue import Catalogue
from recsys.text import base_title
from recsys.types import Facet

#: Letters from which 1, 2 and 3 slips are accepted: one in five, as in published typo-tolerant search engines.
_SLIPS_FROM = (5, 9, 15)
_MIN_SOUND_ALIKE = 0.88  # Jaro-Winkler similarity; of names with equal consonants this leaves out the far-fetched
_MIN_CONSONANTS = 4
#: A short word is near some name by chance: it is only taken for an artist with so many tracks.
_SHORT, _KNOWN_TRACKS = 7, 3
_MAX_VERSIONS = 50
_MAX_NEAR = 3  # names that one misspelling may stand for
_MIN_OTHER_INITIAL = 8  # letters from which the first one may be the wrong one
_MIN_STUCK_THE = 7  # letters of a name that is written together with its "the": "thestrokes", "the1975"
#: An artist stands for a part of its name if it has so many times the tracks of the next one with that part.
_DOMINANCE = 3.0

#: What catalogues write where there is no artist.
_NOBODY = frozenset(
    ("various artists", "various", "unknown", "unknown artist", "na", "n a", "traditional", "anonymous")
)

_VOWELS = re.compile(r"(?<=.)[aeiouyhw]")
_DOUBLES = re.compile(r"(.)\1+")
_SOUNDS = (("ph", "f"), ("ck", "k"), ("q", "k"), ("c", "k"), ("z", "s"), ("x", "ks"), ("v", "f"), ("dg", "j"))


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist of the catalogue: its folded key, its name as the catalogue writes it, how many tracks it has."""

    key: str
    name: str
    n_tracks: int


@dataclass(frozen=True, slots=True)
class Title:
    """A title of the catalogue: the ids of its versions, best known first, and the first one's title."""

    track_ids: tuple[str, ...]
    name: str


class Gazetteer:
    """Looks names up in one catalogue. Title indexes are built when first needed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._artists: dict[str, str] = {}
        for key in catalogue.values(Facet.ARTIST):
            if key in _NOBODY:
                continue
            compact = squeeze(key.split(" "))
            other = self._artists.setdefault(compact, key)
            if other != key and self._n_tracks(key) > self._n_tracks(other):
                self._artists[compact] = key
        for key in list(self._artists.values()):
            # "Bob Marley" is how people ask for "Bob Marley & The Wailers".
            leader, _, band = key.partition(" and ")
            if " " in leader and band.startswith(("the ", "his ", "her ")):
                self._artists.setdefault(squeeze(leader.split(" ")), key)

    def artist(self, words: Sequence[str]) -> Artist | None:
        """The artist of exactly this name."""
        compact = squeeze(words)
        key = self._artists.get(compact)
        if key is None and len(words) > 1 and words[0] == "the":
            key = self._artists.get(squeeze(words[1:]))
        if key is None and compact.startswith("the") and len(compact) >= _MIN_STUCK_THE:
            key = self._artists.get(compact[3:])
        # "acdc" may stand for "ac dc", but "on e" not for "one".
        if key is None or (len(compact) < 4 and len(words) != len(key.split(" ")) and len(words) > 1):
            return None
        return self._artist_of(key)

    def artist_by_part(self, word: str) -> Artist | None:
        """The well-stocked artist that goes by its first or last name alone ("Bach", "Ozzy"), if it is clear which."""
        artists = [self._artist_of(key) for key in self._parts.get(word, ())]
        artists.sort(key=lambda artist: -artist.n_tracks)
        if (
            not artists
            or artists[0].n_tracks < _KNOWN_TRACKS
            or (len(artists) > 1 and artists[0].n_tracks < _DOMINANCE * artists[1].n_tracks)
        ):
            return None
        return artists[0]

    def artist_like(self, words: Sequence[str]) -> tuple[Artist, float] | None:
        """The artist whose name is the nearest misspelling of the words, and how sure that is (0–1)."""
        best: tuple[Artist, float] | None = None
        for form in (words, words[1:]) if words[:1] == ("the",) else (words,):
            compact = squeeze(form)
            if compact in self._artists:
                return self._artist_of(self._artists[compact]), 1.0
            near = _nearest(compact, self._near_artists, self._artist_sounds, " ".join(form))
            for name, sure in near:
                artist = self._artist_of(self._artists[name])
                if len(compact) < _SHORT and artist.n_tracks < _KNOWN_TRACKS:
                    continue
                if best is None or (sure, artist.n_tracks) > (best[1], best[0].n_tracks):
                    best = artist, sure
        return best

    def title(self, words: Sequence[str], artist: Artist | None = None) -> Title | None:
        """The track of exactly this title, by an artist where one is given; by nobody known if there is no such."""
        rows = self._titles.get(squeeze(words), ())
        if artist is not None and rows:
            of_artist = set(self._catalogue.postings(Facet.ARTIST, artist.key).tolist())
            makers, keys = self._catalogue.artist_rows, self._catalogue.artist_keys
            rows = [row for row in rows if row in of_artist] or [row for row in rows if not keys[makers[row]]]
        return self._title_of(rows) if rows else None

    def title_like(self, words: Sequence[str], artist: Artist | None = None) -> tuple[Title, float] | None:
        """The track whose title is the nearest misspelling of the words, and how sure that is (0–1)."""
        if artist is None:
            compact, titles = squeeze(words), self._titles
            near = _nearest(compact, self._near_titles, None, " ".join(words))
        else:
            compact, titles = squeeze(words), {}
            for row in self._catalogue.postings(Facet.ARTIST, artist.key).tolist():
                titles.setdefault(squeeze(base_title(self._catalogue.titles[row]).split(" ")), []).append(row)
            near = _nearest(compact, SlipIndex(titles), _sounds(titles), " ".join(words))
        if not near:
            return None
        name, sure = max(near, key=lambda pair: pair[1])
        return self._title_of(titles[name]), sure

    def _artist_of(self, key: str) -> Artist:
        return Artist(key, self._names.get(key, key), self._n_tracks(key))

    def _n_tracks(self, key: str) -> int:
        return len(self._catalogue.postings(Facet.ARTIST, key))

    def _title_of(self, rows: Iterable[int]) -> Title:
        fame = self._catalogue.numeric["popularity"]
        titles, ids = self._catalogue.titles, self._catalogue.track_ids
        ordered = sorted(rows, key=lambda row: (-np.nan_to_num(fame[row], nan=-1.0), len(titles[row]), row))
        return Title(tuple(ids[row] for row in ordered[:_MAX_VERSIONS]), titles[ordered[0]])

    @cached_property
    def _names(self) -> dict[str, str]:
        return dict(zip(self._catalogue.artist_keys, self._catalogue.artist_names, strict=True))

    @cached_property
    def _parts(self) -> dict[str, list[str]]:
        parts: dict[str, list[str]] = {}
        for key in self._artists.values():
            words = key.split(" ")
            if 1 < len(words) < 4 and "and" not in words:
                for word in {words[0], words[-1]}:
                    parts.setdefault(word, []).append(key)
        return parts

    @cached_property
    def _near_artists(self) -> SlipIndex:
        return SlipIndex(self._artists)

    @cached_property
    def _artist_sounds(self) -> dict[str, list[str]]:
        return _sounds(self._artists)

    @cached_property
    def _titles(self) -> dict[str, list[int]]:
        """Compact base title → rows. One base title per work: versions of a work share it."""
        titles: dict[str, list[int]] = {}
        of_work: dict[int, str] = {}
        for row, (title, work) in enumerate(zip(self._catalogue.titles, self._catalogue.work.tolist(), strict=True)):
            compact = of_work.get(work)
            if compact is None:
                compact = of_work[work] = squeeze(base_title(title).split(" "))
            titles.setdefault(compact, []).append(row)
        return titles

    @cached_property
    def _near_titles(self) -> SlipIndex:
        return SlipIndex(self._titles)


class SlipIndex:
    """Finds the names that are few slips away: among those of about the same length that begin alike.

    A slip in the first letter is rarer and is looked for by trying what the letter may have been.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Index names, which are compact: without spaces."""
        self._names = frozenset(names)
        self._alike: dict[tuple[str, int], list[str]] = {}
        for name in sorted(self._names):
            self._alike.setdefault((name[:1], len(name)), []).append(name)
        self._initials = sorted({initial for initial, _ in self._alike})

    def find(self, compact: str, slips: int) -> list[tuple[str, int]]:
        """Return at most three names that begin as the words do, nearest first, with their distance in slips.

        Of words that are long enough, those that are one slip in the first letter away come behind.
        """
        found: list[tuple[str, int]] = []
        for length in range(len(compact) - slips, len(compact) + slips + 1):
            names = self._alike.get((compact[0], length), ())
            near = process.extract(compact, names, scorer=OSA.distance, score_cutoff=slips, limit=_MAX_NEAR)
            found += [(name, int(distance)) for name, distance, _ in near]
        found = sorted(found, key=lambda one: (one[1], one[0]))[:_MAX_NEAR]
        if len(compact) >= _MIN_OTHER_INITIAL and not any(distance <= 1 for _, distance in found):
            found += [(name, 1) for name in self._with_other_initial(compact)]
        return found

    def _with_other_initial(self, compact: str) -> list[str]:
        swapped = compact[1] + compact[0] + compact[2:]
        other = (first + rest for first in self._initials for rest in (compact, compact[1:]))
        return [name for name in dict.fromkeys((swapped, compact[1:], *other)) if name in self._names][:_MAX_NEAR]


def squeeze(words: Sequence[str]) -> str:
    """Join words for comparison: no spaces, "and" as "n"."""
    return "".join(["n" if word == "and" else word for word in words])


def _sounds(names: Iterable[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for name in names:
        table.setdefault(_consonants(name), []).append(name)
    return table


def _consonants(compact: str) -> str:
    for written, heard in _SOUNDS:
        compact = compact.replace(written, heard)
    return _DOUBLES.sub(r"\1", _VOWELS.sub("", compact))


def _nearest(
    compact: str, names: SlipIndex, sounds: dict[str, list[str]] | None, spaced: str
) -> list[tuple[str, float]]:
    """Names that the words may be a misspelling of, each with how sure that is (0–1)."""
    slips = sum(len(compact) >= least for least in _SLIPS_FROM)
    if not slips:
        return []
    found: dict[str, float] = {}
    for name, distance in names.find(compact, slips):
        found[name] = 1.0 - distance / len(compact)
    if sounds is not None and not found:
        consonants = _consonants(compact)
        if len(consonants) >= _MIN_CONSONANTS and " " in spaced:
            for name in sounds.get(consonants, ()):
                similarity = JaroWinkler.similarity(compact, name)
                if similarity >= _MIN_SOUND_ALIKE:
                    found[name] = 0.9 * similarity
    return list(found.items())
