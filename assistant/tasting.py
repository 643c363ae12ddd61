"""What a listener's events add up to, counted. How it is said is decided by who says it.

*Lift* is how many times more often something occurs among some tracks than in the catalogue. What a listener *takes to*
are tracks whose events sum to more than nothing (`recsys.listeners.track_weights`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recsys.catalogue import Catalogue
from recsys.past import Past
from recsys.text import artist_key
from recsys.types import Event, EventKind, Facet, TrackId

#: What a listener does with a track, as it is counted; taking a rating back is none of it.
DONE = {
    EventKind.LIKE: "like",
    EventKind.KEEP: "keep",
    EventKind.PLAY: "play",
    EventKind.SKIP: "skip",
    EventKind.DISLIKE: "dislike",
}


@dataclass(frozen=True, slots=True)
class Share:
    """How often a value occurs among some tracks."""

    value: str
    n: int
    lift: float


class Described(Protocol):
    """What a taste is read from; a `Track` has it."""

    @property
    def artists(self) -> tuple[str, ...]:
        """The main one first."""

    @property
    def genres(self) -> tuple[str, ...]:
        """As the catalogue states them."""

    @property
    def moods(self) -> tuple[str, ...]:
        """As the catalogue states them."""

    @property
    def year(self) -> int | None:
        """None where it is unknown."""


@dataclass(frozen=True, slots=True)
class TakenTrack:
    """A track of the catalogue, as far as a taste is read from it: a whole `Track` takes five times as long."""

    track_id: TrackId
    row: int
    title: str
    artists: tuple[str, ...]
    genres: tuple[str, ...]
    moods: tuple[str, ...]
    year: int | None

    @classmethod
    def of(cls, catalogue: Catalogue, row: int) -> TakenTrack:
        """Read the track of a row."""
        year = catalogue.numeric["year"][row]
        return cls(
            catalogue.track_ids[row],
            row,
            catalogue.titles[row],
            tuple(catalogue.artists[row]),
            catalogue.words(Facet.GENRE, row),
            catalogue.words(Facet.MOOD, row),
            None if np.isnan(year) else int(year),
        )


def done_in(events: Sequence[Event]) -> Counter[str]:
    """Count what was done, by the words of `DONE`."""
    return Counter({DONE[kind]: n for kind, n in Past.of(events).counts.items() if kind in DONE})


def shares(tracks: Sequence[Described], facet: Facet, catalogue: Catalogue) -> list[Share]:
    """Say how often genres, moods, decades ("1990") or main artists (by key) occur among tracks, the commonest first.

    Args:
        tracks: of the catalogue.
        facet: GENRE, MOOD, ERA or ARTIST.
        catalogue: what lift compares them with.
    """
    counts = Counter(value for track in tracks for value in values_of(track, facet))
    sizes = _decades(catalogue) if facet is Facet.ERA else None
    found = []
    for value, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        size = len(catalogue.postings(facet, value)) if sizes is None else sizes[value]
        found.append(Share(value, n, (n / len(tracks)) / (size / len(catalogue))))
    return found


def values_of(track: Described, facet: Facet) -> list[str]:
    """Return what `shares` counts a track for."""
    if facet is Facet.ERA:
        return [_decade(track.year)] if track.year else []
    if facet is Facet.ARTIST:
        return [artist_key(name) for name in track.artists[:1]]
    return list(dict.fromkeys(track.genres if facet is Facet.GENRE else track.moods))


def _decades(catalogue: Catalogue) -> Counter[str]:
    years = catalogue.numeric["year"]
    known, counts = np.unique(years[~np.isnan(years)].astype(np.int64), return_counts=True)
    decades = Counter[str]()
    for year, n in zip(known.tolist(), counts.tolist(), strict=True):
        decades[_decade(year)] += n
    return decades


def _decade(year: int) -> str:
    return f"{year // 10 * 10}"
