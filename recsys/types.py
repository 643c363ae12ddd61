"""The nouns every part of Segue shares.

`track_id` is a stable string; `track_row` an integer position in the loaded catalogue. Never mix them.
Unknown is `None` (one track) or NaN (numeric columns); an empty tuple of facets means "not stated".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

TrackId = str
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Called with (stage, done, total) by long jobs; total is 0 while it is not known. Behind `NOTE` a stage may say how it
#: stands; what is before it is the stage's name.
Progress = Callable[[str, int, int], None]
NOTE = " · "

#: What the source of everything that was heard in a track's sound begins with.
HEARD = "heard:"

#: Numeric columns of a catalogue. Unit interval unless the name says otherwise.
NUMERIC_COLUMNS = (
    "year",
    "duration_s",
    "energy",
    "valence",
    "danceability",
    "acousticness",
    "instrumentalness",
    "tempo_bpm",
    "popularity",
)


class Modality(str):
    """A way of describing a track that has its own encoder and embedding table, by name.

    `TEXT` and `TAGS` are made of what a catalogue states; any other name is a space that was brought in.
    """

    TEXT: ClassVar[Modality]
    TAGS: ClassVar[Modality]

    __slots__ = ()

    def __new__(cls, name: str) -> Modality:
        """Check the name.

        Raises:
            ValueError: it is not of lower-case letters, digits and "_", beginning with a letter.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot name a modality; use lower-case letters, digits and _, a letter first")
        return super().__new__(cls, name)

    @property
    def value(self) -> str:
        """The name as a plain string."""
        return str(self)


Modality.TEXT, Modality.TAGS = Modality("text"), Modality("tags")


class Facet(StrEnum):
    """What a constraint is about."""

    GENRE = "genre"
    MOOD = "mood"
    ACTIVITY = "activity"
    INSTRUMENT = "instrument"
    ERA = "era"
    LANGUAGE = "language"
    COUNTRY = "country"
    TEMPO = "tempo"
    ENERGY = "energy"
    VOCALS = "vocals"
    POPULARITY = "popularity"
    ARTIST = "artist"
    TRACK = "track"
    TAG = "tag"
    VERSION = "version"  # live, remix, …: read off the title
    KEY = "key"  # "minor", or a whole key such as "C# minor"
    THEME = "theme"  # what the lyrics are about
    AI = "ai"  # whether a machine made it: yes or no
    RECORDING = "recording"  # good or poor, as far as that is predicted; see `recsys.appeal.serving`
    APPEAL = "appeal"  # high: what its content has in common with what rates high
    ATTRIBUTE = "attribute"  # a trait such as "gritty vocals"; see `recsys.attributes.table`


#: Facets whose values are words (postings in the catalogue), in contrast to numeric intervals.
WORD_FACETS = (
    Facet.GENRE,
    Facet.MOOD,
    Facet.ACTIVITY,
    Facet.INSTRUMENT,
    Facet.LANGUAGE,
    Facet.COUNTRY,
    Facet.VOCALS,
    Facet.ARTIST,
    Facet.TRACK,
    Facet.TAG,
    Facet.VERSION,
    Facet.KEY,
    Facet.THEME,
    Facet.AI,
)


class Arc(StrEnum):
    """How the energy of a slate goes from its first track to its last."""

    RISING = "rising"
    FALLING = "falling"
    PEAK = "peak"  # up to the middle and down again


@dataclass(frozen=True, slots=True)
class Derived:
    """Where a value comes from that a track's source does not state; see `recsys.annotations`."""

    source: str  # such as "heard:librosa" or "artist"
    confidence: float  # 0–1

    @property
    def heard(self) -> bool:
        """Whether it was heard in the track's sound."""
        return self.source.startswith(HEARD)


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """The value of one of MGPHot's attributes, 0–1, and where it comes from; see `recsys.attributes`."""

    value: float
    derived: Derived


@dataclass(frozen=True, slots=True)
class Track:
    """One track and everything its sources state about it."""

    track_id: TrackId
    title: str
    artists: tuple[str, ...]
    album: str | None = None
    year: int | None = None
    duration_s: float | None = None
    genres: tuple[str, ...] = ()  # canonical vocabulary words
    moods: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # free words as the source wrote them (subgenres, playlist names, …)
    vocal: str | None = None  # male, female, mixed, none
    language: str | None = None
    country: str | None = None
    energy: float | None = None  # 0–1
    valence: float | None = None  # 0–1
    danceability: float | None = None  # 0–1
    acousticness: float | None = None  # 0–1
    instrumentalness: float | None = None  # 0–1
    tempo_bpm: float | None = None
    key: str | None = None  # such as "C# minor"
    loudness_db: float | None = None  # integrated, dB below full scale
    themes: tuple[str, ...] = ()  # what the lyrics are about, canonical vocabulary words
    ai_generated: str | None = None  # yes or no; None is unknown
    popularity: float | None = None  # 0–1
    path: str | None = None  # audio file
    ids: Mapping[str, str] = field(default_factory=dict)  # service → id: spotify, youtube, isrc, mbid
    source: str = ""  # name of the source that stated it
    details: Mapping[str, str | float] = field(default_factory=dict)  # what is shown and never asked for: disc, …
    derived: Mapping[str, Derived] = field(default_factory=dict)  # the fields that the source does not state
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)  # by key; never stated by a source

    @property
    def artist(self) -> str:
        """The artists as one string."""
        return ", ".join(self.artists)


@dataclass(frozen=True, slots=True)
class Collection:
    """A playlist of the catalogue's owner or of its source, kept per playlist id."""

    collection_id: str
    name: str
    track_ids: tuple[TrackId, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that was asked of the slate.

    Word facets match a track that has *any* of `values` (or a child of one in the vocabulary); numeric facets
    (era in years, tempo in BPM, energy and popularity in 0–1) match `low <= value <= high`. `wanted=False`
    turns the constraint round, and then `spared` are children of a value that were allowed all the same ("no country,
    but bluegrass is fine"): a track that has one is not refused for that value. Artists and tracks are given as
    catalogue keys: folded artist name, track id.
    """

    facet: Facet
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    wanted: bool = True
    hard: bool = False
    text: str = ""  # the listener's words
    spared: tuple[str, ...] = ()

    def label(self) -> str:
        """Name the constraint in a few words, such as "no country" or "1990–1999"."""
        if self.values:
            words = " or ".join(self.text.split(" or ") if self.text and self.facet in (Facet.TRACK,) else self.values)
        elif self.low is not None and self.high is not None:
            words = f"{self.facet.value} {self.low:g}–{self.high:g}"
        elif self.low is not None:
            words = f"{self.facet.value} from {self.low:g}"
        else:
            words = f"{self.facet.value} up to {self.high:g}" if self.high is not None else self.facet.value
        return words if self.wanted else f"no {words}"


class EventKind(StrEnum):
    """What a listener did with a track."""

    LIKE = "like"
    DISLIKE = "dislike"
    UNRATE = "unrate"  # takes a like or dislike back
    SKIP = "skip"
    KEEP = "keep"
    PLAY = "play"


@dataclass(frozen=True, slots=True)
class Event:
    """One act of a listener. `completion` (0–1) is the share of the track that was played.

    `times` lets one event stand for several, where a history knows only how often.
    """

    listener_id: str
    track_id: TrackId
    kind: EventKind
    at: float  # seconds since the epoch, UTC
    completion: float | None = None
    session_id: str | None = None
    times: int = 1
