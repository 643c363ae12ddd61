"""What a track is, by what its sources state of it: the judge of the metamorphic suite.

Nothing here asks how the product checks a constraint: tracks are read one by one, a genre is followed up to its parents
(the product goes down to its children), and an artist is any of a track's artists. What the product and the judge share
is the vocabulary: which word is below which, and in which audio features a mood shows where no mood is stated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.text import artist_key, base_title
from recsys.types import BoolArray, Facet, Track
from recsys.vocabulary import Vocabulary

#: Above this a track is taken as instrumental, where its voice is not stated (Spotify's documentation).
_INSTRUMENTAL_ABOVE = 0.5
#: Audio features that two tracks are compared by.
_FEATURES = ("energy", "valence", "danceability", "acousticness")
#: A difference in year and in tempo that counts as much as the whole range of a feature.
_YEARS, _BPM = 30.0, 80.0
#: Most tracks of one artist in a slate.
_MAX_PER_ARTIST = 2


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is asked for or refused, in words that say it alone.

    `value` is a word of the vocabulary or an artist's key; eras and tempos are intervals, both ends included. `spared`
    is a kind of the refused value that was allowed all the same.
    """

    facet: Facet
    value: str = ""
    low: float | None = None
    high: float | None = None
    wanted: bool = True
    words: str = ""
    spared: str = ""

    def property(self) -> Clause:
        """The property alone: neither wanted nor refused, in no words."""
        return replace(self, wanted=True, words="", spared="")


class Judge:
    """Says what holds of the tracks of one catalogue."""

    def __init__(self, tracks: Sequence[Track], vocabulary: Vocabulary) -> None:
        self.tracks, self._vocabulary = tracks, vocabulary
        self._number = {track.track_id: number for number, track in enumerate(tracks)}
        self._known: dict[Clause, NDArray[np.int8]] = {}
        self._above: dict[tuple[Facet, str], frozenset[str]] = {}
        self._works = [(artist_key(t.artists[0]) if t.artists else "", base_title(t.title)) for t in tracks]
        self._features: NDArray[np.float32] | None = None

    def __getitem__(self, track_id: str) -> Track:
        return self.tracks[self._number[track_id]]

    def has(self, track_id: str, clause: Clause) -> bool | None:
        """Tell whether a track has a clause's property, polarity aside; None where it is not known."""
        found = int(self._all(clause)[self._number[track_id]])
        return None if found < 0 else bool(found)

    def violates(self, track_id: str, clause: Clause) -> bool:
        """Tell whether a track is known to go against a clause."""
        return self.has(track_id, clause) is not clause.wanted and self.has(track_id, clause) is not None

    def violations(self, track_ids: Iterable[str], clause: Clause) -> int:
        """Count the tracks that are known to go against a clause."""
        return sum(self.violates(track_id, clause) for track_id in track_ids)

    def having(self, clause: Clause) -> BoolArray:
        """Mask the tracks (N,) that are known to have a clause's property."""
        return np.equal(self._all(clause), 1)

    def meeting(self, clauses: Sequence[Clause]) -> BoolArray:
        """Mask the tracks (N,) that meet every clause: known to have what is wanted, not known to have what is not."""
        mask = np.ones(len(self.tracks), dtype=bool)
        for clause in clauses:
            mask &= self.having(clause) if clause.wanted else ~self.having(clause)
        return mask

    def fill(self, clauses: Sequence[Clause]) -> int:
        """Count the tracks of the longest slate that meets every clause, each work once and two of an artist."""
        works = {self._works[number] for number in np.flatnonzero(self.meeting(clauses)).tolist()}
        return sum(min(n, _MAX_PER_ARTIST) for n in Counter(artist for artist, _ in works).values())

    def neighbours(self, track_id: str, among: BoolArray, n: int) -> list[str]:
        """The n tracks of `among` most like a track: by genres, tags and artist, then by year, tempo and sound."""
        if self._features is None:
            self._features = _features(self.tracks)
        here = self[track_id]
        far = np.abs(self._features - self._features[self._number[track_id]]).mean(axis=1)
        rows = [row for row in np.flatnonzero(among).tolist() if row != self._number[track_id]]
        for row in rows:
            far[row] -= sum(_shared(*words) for words in zip(_words(here), _words(self.tracks[row]), strict=True))
        return [self.tracks[row].track_id for row in sorted(rows, key=lambda row: (float(far[row]), row))[:n]]

    def _all(self, clause: Clause) -> NDArray[np.int8]:
        key = replace(clause.property(), spared=clause.spared)
        if key not in self._known:
            stated = (self._holds(track, key) for track in self.tracks)
            self._known[key] = np.array([-1 if one is None else int(one) for one in stated], dtype=np.int8)
        return self._known[key]

    def _holds(self, track: Track, clause: Clause) -> bool | None:
        match clause.facet:
            case Facet.ARTIST:
                return clause.value in map(artist_key, track.artists)
            case Facet.ERA:
                return _inside(track.year, clause)
            case Facet.TEMPO:
                return _inside(track.tempo_bpm, clause)
            case Facet.GENRE:
                kept = {word for word in track.genres if clause.spared not in self._upwards(Facet.GENRE, word)}
                if clause.spared and len(kept) < len(track.genres):
                    return False
                return self._listed(track.genres, clause)
            case Facet.INSTRUMENT:
                return self._listed(track.instruments, clause)
            case Facet.COUNTRY:
                return self._listed((track.country,) if track.country else (), clause)
            case Facet.LANGUAGE:
                return self._listed((track.language,) if track.language else (), clause)
            case Facet.VOCALS:
                if track.vocal is not None or clause.value != "none":
                    return None if track.vocal is None else track.vocal == clause.value
                level = track.instrumentalness
                return None if level is None else level > _INSTRUMENTAL_ABOVE
            case Facet.MOOD | Facet.ACTIVITY:
                stated = self._listed(track.moods if clause.facet is Facet.MOOD else track.activities, clause)
                return self._sounds(track, clause) if stated is None else stated
            case _:
                raise ValueError(f"no judgement of {clause.facet.value}; judge another facet")

    def _listed(self, words: Sequence[str], clause: Clause) -> bool | None:
        if not words:
            return None
        return any(clause.value in self._upwards(clause.facet, word) for word in words)

    def _sounds(self, track: Track, clause: Clause) -> bool | None:
        intervals = self._vocabulary.intervals(clause.facet, clause.value)
        levels = [(getattr(track, column), bounds) for column, bounds in intervals.items()]
        if not levels or any(level is None for level, _ in levels):
            return None
        return all(low <= np.float32(level) <= high for level, (low, high) in levels)

    def _upwards(self, facet: Facet, word: str) -> frozenset[str]:
        """A word and everything above it."""
        if (facet, word) not in self._above:
            above = (self._upwards(facet, parent) for parent in self._vocabulary.parents(facet, word))
            self._above[facet, word] = frozenset((word,)).union(*above)
        return self._above[facet, word]


def _words(track: Track) -> tuple[set[str], ...]:
    return set(track.genres), set(track.tags), set(map(artist_key, track.artists))


def _shared(one: set[str], other: set[str]) -> float:
    """How much of two sets is common to both, 0–1."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _inside(value: float | None, clause: Clause) -> bool | None:
    if value is None:
        return None
    return (clause.low is None or value >= clause.low) and (clause.high is None or value <= clause.high)


def _features(tracks: Sequence[Track]) -> NDArray[np.float32]:
    """Audio features, year and tempo on one scale: (N, 6); what is not stated lies in the middle."""
    rows = [
        [
            *(0.5 if (level := getattr(track, name)) is None else level for name in _FEATURES),
            (0.0 if track.year is None else track.year - 2000.0) / _YEARS,
            (0.0 if track.tempo_bpm is None else track.tempo_bpm - 120.0) / _BPM,
        ]
        for track in tracks
    ]
    return np.array(rows, dtype=np.float32).reshape(len(tracks), len(_FEATURES) + 2)
