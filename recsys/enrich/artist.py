"""What other tracks of the same artist state: of the same work first, then of the same album, then of all others.

Witnesses are works, not tracks: three versions of one song are one. A word is as sure as witnesses with as many, and as
many of them in agreement, proved to be for described tracks of this very catalogue, each looked at as if it stated
nothing (`recsys.enrich.calibration`). Tracks filed under "Various Artists" have no witnesses.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.annotations import LEAST_CONFIDENCE, Annotation
from recsys.enrich.base import ARTIST, NOBODY, SHARES, Guess, agrees, is_list, states, word_agrees
from recsys.enrich.calibration import Calibration, spread
from recsys.text import artist_key, base_title, fold
from recsys.types import Track, TrackId
from recsys.vocabulary import Vocabulary

#: What an artist's tracks tell of each other, and what only another version of the same work does.
FIELDS = (
    *("genres", "moods", "activities", "instruments", "vocal", "language", "country", "year"),
    *SHARES,
)
_WORK_FIELDS = (*FIELDS, "duration_s")
#: How often one other track of an artist was right about a field, counted on the starter catalogue; 0–1 numbers less.
USUAL = {
    "genres": 0.85,
    "moods": 0.35,
    "activities": 0.4,
    "instruments": 0.6,
    "vocal": 0.85,
    "language": 0.95,
    "country": 0.95,
    "year": 0.55,
}
_USUAL_SHARE = 0.35
#: So many witnesses outweigh what is usual.
_FEW = 5.0
#: Works of an artist that are asked at most.
_MOST_WITNESSES = 50


@dataclass(frozen=True, slots=True)
class _Told:
    """What witnesses of one level say of a field: each value, and how many of n are behind it."""

    level: str
    n: int
    values: tuple[tuple[Any, int], ...]

    def kind(self, field: str, agreeing: int) -> str:
        """Name evidence of the same weight."""
        n = 1 if self.n == 1 else 3 if self.n <= 3 else 9 if self.n <= 9 else 10
        share = agreeing / self.n
        level = 4 if agreeing == self.n else 3 if share >= 0.75 else 2 if share >= 0.5 else 1
        return f"{self.level}:{field}:{n}:{level}"

    def expected(self, field: str, agreeing: int) -> float:
        """What is expected of it beforehand: the share that agrees, drawn to the usual one while witnesses are few."""
        usual = 0.9 if self.level == "work" else USUAL.get(field, _USUAL_SHARE)
        return agreeing / self.n * (self.n + _FEW * usual) / (self.n + _FEW)


class _Artist:
    """The tracks of one artist."""

    def __init__(self) -> None:
        self.works: dict[str, list[Track]] = defaultdict(list)
        self.albums: dict[str, list[Track]] = defaultdict(list)
        self._of_all: dict[str, _Told | None] = {}

    def add(self, track: Track) -> None:
        """Take a track in."""
        self.works[base_title(track.title)].append(track)
        if track.album:
            self.albums[fold(track.album)].append(track)

    def told(self, track: Track, field: str) -> _Told | None:
        """What tracks other than this one say of a field, of the nearest level that says anything."""
        work = base_title(track.title)
        same = [one for one in self.works[work] if one is not track and states(one, field)]
        if same:
            return _weigh("work", field, same)
        if field == "duration_s":
            return None
        if track.album:
            others = [o for o in self.albums[fold(track.album)] if base_title(o.title) != work and states(o, field)]
            if others:
                return _weigh("album", field, others[:_MOST_WITNESSES])
        if states(track, field):
            return self._others(field, work)
        if field not in self._of_all:  # no track of this work says anything, so all others do
            self._of_all[field] = self._others(field, work)
        return self._of_all[field]

    def _others(self, field: str, work: str) -> _Told | None:
        witnesses: list[Track] = []
        for title, versions in self.works.items():
            said = None if title == work else next((one for one in versions if states(one, field)), None)
            if said is not None:
                witnesses.append(said)
                if len(witnesses) == _MOST_WITNESSES:
                    break
        return _weigh("artist", field, witnesses) if witnesses else None


def _weigh(level: str, field: str, witnesses: Sequence[Track]) -> _Told:
    said = [getattr(one, field) for one in witnesses]
    if is_list(field):
        words = Counter(word for one in said for word in dict.fromkeys(one))
        return _Told(level, len(said), tuple(words.most_common()))
    if isinstance(said[0], str):
        return _Told(level, len(said), tuple(Counter(said).most_common(1)))
    middle = statistics.median_low(said)
    return _Told(level, len(said), ((middle, sum(agrees(field, middle, one) for one in said)),))


class ArtistsTracks:
    """What the tracks of a catalogue tell of each other, with how sure that is."""

    def __init__(self, tracks: Sequence[Track], vocabulary: Vocabulary) -> None:
        """Group tracks by artist, and find out on the described ones how far they agree."""
        self._vocabulary = vocabulary
        self._artists: dict[str, _Artist] = defaultdict(_Artist)
        for track in tracks:
            if (key := _key(track)) is not None:
                self._artists[key].add(track)
        self._calibration = Calibration()
        for field in _WORK_FIELDS:
            described = [one for one in tracks if states(one, field) and _key(one) is not None]
            for number in spread(len(described)):
                self._try(described[number], field)

    def guesses(self, track: Track) -> Iterator[Guess]:
        """What others tell of every field that the track does not state."""
        key = _key(track)
        if key is None or key not in self._artists:
            return
        for field in _WORK_FIELDS:
            if states(track, field):
                continue
            told = self._artists[key].told(track, field)
            if told is not None and (guess := self._guess(field, told)) is not None:
                yield guess

    def _guess(self, field: str, told: _Told) -> Guess | None:
        sure = [(value, self._confidence(field, told, n)) for value, n in told.values]
        if not is_list(field):
            return Guess(field, *sure[0])
        kept = [one for one in sure if one[1] >= LEAST_CONFIDENCE] or sorted(sure, key=lambda one: -one[1])[:1]
        return Guess(field, tuple(word for word, _ in kept), statistics.fmean(share for _, share in kept))

    def _confidence(self, field: str, told: _Told, agreeing: int) -> float:
        return self._calibration.confidence(told.kind(field, agreeing), told.expected(field, agreeing))

    def _try(self, track: Track, field: str) -> None:
        key = _key(track)
        told = None if key is None else self._artists[key].told(track, field)
        if told is None:
            return
        stated = getattr(track, field)
        for value, n in told.values:
            right = (
                word_agrees(self._vocabulary, field, value, stated) if is_list(field) else agrees(field, value, stated)
            )
            self._calibration.learn(told.kind(field, n), right)


def from_artists(
    tracks: Sequence[Track], wanted: frozenset[TrackId] | None, vocabulary: Vocabulary
) -> Iterator[Annotation]:
    """Yield what other tracks of their artists tell of tracks, or of the wanted ones."""
    known = ArtistsTracks(tracks, vocabulary)
    for track in tracks:
        if wanted is None or track.track_id in wanted:
            for guess in known.guesses(track):
                yield guess.of(track.track_id, ARTIST)


def _key(track: Track) -> str | None:
    key = artist_key(track.artists[0]) if track.artists else ""
    return None if key in NOBODY else key
