"""A library as its owner wants to see it: counted, and on a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import AssistantError
from assistant.labels import plain, spelled
from assistant.library_reports import Bar, Coverage, LibraryMapReport, LibraryReport, LibraryTrack, Repeated
from assistant.parts import Parts
from assistant.reports import NamedTrack
from recsys.catalogue import Catalogue
from recsys.types import Facet, FloatArray, IntArray, Track
from recsys.vocabulary import Vocabulary

if TYPE_CHECKING:
    from recsys.recommender import Recommender


class NothingToDrawError(AssistantError, ValueError):
    """No track of the catalogue has a place."""

    def __init__(self, by: str) -> None:
        super().__init__(
            f"no track of this catalogue has a vector in {by!r}; index a folder of music with `segue index FOLDER`, or "
            "choose another space with --by"
        )


#: What may be known of a track, by the name under which it is counted.
_FACTS = {
    "genre": Facet.GENRE,
    "year": Facet.ERA,
    "mood": Facet.MOOD,
    "instruments": Facet.INSTRUMENT,
    "language": Facet.LANGUAGE,
    "country": Facet.COUNTRY,
    "vocals": Facet.VOCALS,
    "tempo": Facet.TEMPO,
    "key": Facet.KEY,
    "energy": Facet.ENERGY,
    "themes": Facet.THEME,
    "made by a machine or not": Facet.AI,
}
#: Spaces by which tracks are placed, the best for sound first; after them whatever else was heard or brought.
_BY_SOUND = ("musicnn", "librosa")
_FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F")
_MOST_BARS, _MOST_REPEATS = 30, 20
_TEMPO_STEP = 10
_UNKNOWN_GENRE = "genre unknown"


class Library(Parts):
    """The part of an assistant that looks at the library as a whole."""

    def library(self) -> LibraryReport:
        """Count what is in the catalogue being served, and what is missing.

        Raises:
            NotIndexedError: nothing is served yet.
        """
        return count_library(self._agent().recommender.catalogue)

    def library_map(self, *, by: str = "", max_tracks: int = 5_000) -> LibraryMapReport:
        """Place the tracks of the catalogue being served so that those that are alike lie near each other.

        Args:
            by: the space to place them by; by default the best one for sound that is stored, else all that is known.
            max_tracks: tracks drawn at most; the same ones every time.

        Raises:
            NotIndexedError: nothing is served yet.
            UnknownSpaceError: no space of that name is stored.
            NothingToDrawError: the space knows none of the tracks.
        """
        from recsys.flat import flatten, kept_near

        recommender = self._agent().recommender
        catalogue = recommender.catalogue
        name, vectors = self._placed_by(recommender, by)
        there = np.flatnonzero(vectors.any(axis=1))
        if not len(there):
            raise NothingToDrawError(name)
        rows = there
        if len(there) > max_tracks:
            drawn = np.random.default_rng(self.settings.seed).choice(there, max_tracks, replace=False)
            rows = np.sort(drawn)
        chosen = np.asarray(vectors[rows], np.float32)
        placed = flatten(chosen, seed=self.settings.seed, threads=self.settings.threads)
        return LibraryMapReport(
            tracks=tuple(
                _drawn(catalogue.track(row), place, recommender.vocabulary)
                for row, place in zip(rows.tolist(), placed, strict=True)
            ),
            n_catalogue=len(catalogue),
            n_placed=len(there),
            by=name,
            kept=kept_near(chosen, placed),
        )

    def _placed_by(self, recommender: Recommender, by: str) -> tuple[str, FloatArray]:
        from recsys.spaces import TRACKS, cards, open_space

        stored = [card.name for card in cards(self.settings.home) if card.of == TRACKS]
        if name := by or next((one for one in (*_BY_SOUND, *stored) if one in stored), ""):
            return name, open_space(self.settings.home, name).rows(recommender.catalogue.track_ids)[0]
        return "what is said of them", recommender.ranker.vectors


def count_library(catalogue: Catalogue) -> LibraryReport:
    """Count a catalogue."""
    n = len(catalogue)
    years = _counted(catalogue.numeric["year"], 1)
    paths = [path for path, _, _ in catalogue.links if path]
    repeats = _repeats(catalogue)
    keys = Counter(key for row in range(n) for key in catalogue.words(Facet.KEY, row))
    tempos = _counted(catalogue.numeric["tempo_bpm"], _TEMPO_STEP)
    artists = Counter(catalogue.artist_names[number] for number in catalogue.artist_rows.tolist())
    return LibraryReport(
        n_tracks=n,
        n_artists=len(set(catalogue.artist_rows.tolist())),
        n_with_file=len(paths),
        seconds=float(catalogue.durations_s.sum()),
        n_estimated=int(np.isnan(catalogue.numeric["duration_s"]).sum()),
        genres=_bars(_most(spelled(word) for row in catalogue.genres for word in row)),
        decades=_bars((f"{decade}s", count) for decade, count in _summed(years, 10)),
        years=_bars(
            (str(year), years.get(year, 0)) for year in range(min(years, default=0), max(years, default=-1) + 1)
        ),
        keys=_bars((key, keys[key]) for mode in ("major", "minor") for key in (f"{f} {mode}" for f in _FIFTHS)),
        tempos=_bars((f"{low}–{low + _TEMPO_STEP - 1}", count) for low, count in sorted(tempos.items())),
        languages=_bars(_most(word for row in range(n) for word in catalogue.words(Facet.LANGUAGE, row))),
        formats=_bars(_most(PurePath(path).suffix.lower().lstrip(".") or "none" for path in paths)),
        top_artists=_bars((plain(name), count) for name, count in artists.most_common(_MOST_BARS)),
        coverage=tuple(_coverage(catalogue, fact, facet) for fact, facet in _FACTS.items()),
        gaps=tuple(_gaps(sorted(years))),
        n_repeats=len(repeats),
        repeats=tuple(
            Repeated(tracks=tuple(_named(catalogue, row) for row in rows)) for rows in repeats[:_MOST_REPEATS]
        ),
    )


def _counted(column: FloatArray, step: int) -> dict[int, int]:
    known = column[~np.isnan(column)].astype(np.int64) // step * step
    values, counts = np.unique(known, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _summed(counts: dict[int, int], step: int) -> list[tuple[int, int]]:
    of: Counter[int] = Counter()
    for value, count in counts.items():
        of[value // step * step] += count
    return sorted(of.items())


def _most(words: Iterable[str]) -> list[tuple[str, int]]:
    return Counter(words).most_common(_MOST_BARS)


def _bars(counted: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    return tuple(Bar(value=value, n=n) for value, n in counted)


def _coverage(catalogue: Catalogue, fact: str, facet: Facet) -> Coverage:
    known = int(catalogue.stated(facet).sum())
    heard, inferred = (int(catalogue.derived(facet, heard=heard).sum()) for heard in (True, False))
    return Coverage(fact=fact, n_stated=known - heard - inferred, n_heard=heard, n_inferred=inferred)


def _gaps(years: Sequence[int]) -> Iterable[str]:
    for before, after in pairwise(years):
        if after - before > 1:
            yield str(before + 1) if after - before == 2 else f"{before + 1}–{after - 1}"


def _repeats(catalogue: Catalogue) -> list[list[int]]:
    """The rows of every work of which there are several versions; the most versions first."""
    order: IntArray = np.argsort(catalogue.work, kind="stable")
    starts = np.flatnonzero(np.diff(catalogue.work[order], prepend=-1))
    groups = [group.tolist() for group in np.split(order, starts[1:]) if len(group) > 1]
    return sorted(groups, key=lambda rows: (-len(rows), rows))


def _named(catalogue: Catalogue, row: int) -> NamedTrack:
    artist = ", ".join(catalogue.artists[row])
    return NamedTrack(track_id=catalogue.track_ids[row], title=plain(catalogue.titles[row]), artist=plain(artist))


def _family(genre: str, vocabulary: Vocabulary) -> str:
    """The widest genre that holds one: rock for shoegaze."""
    while parents := vocabulary.parents(Facet.GENRE, genre):
        genre = parents[0]
    return spelled(genre)


def _drawn(track: Track, place: FloatArray, vocabulary: Vocabulary) -> LibraryTrack:
    facts = [
        *([str(track.year)] if track.year is not None else []),
        *([f"{track.tempo_bpm:.0f} BPM"] if track.tempo_bpm is not None else []),
        *([track.key] if track.key else []),
        *([f"{int(track.duration_s) // 60}:{int(track.duration_s) % 60:02d}"] if track.duration_s is not None else []),
    ]
    return LibraryTrack(
        track_id=track.track_id,
        title=plain(track.title),
        artist=plain(track.artist),
        x=round(float(place[0]), 4),
        y=round(float(place[1]), 4),
        genre=_family(track.genres[0], vocabulary) if track.genres else _UNKNOWN_GENRE,
        said=" · ".join(facts),
    )
