"""What the owner of a library learns about it: counts, what is missing, and where its tracks lie by sound."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from assistant.reports import MapTrack, NamedTrack


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bar(_Report):
    """How many tracks have one value."""

    value: str
    n: int


class Coverage(_Report):
    """Of how many tracks a fact is known, and how."""

    fact: str
    n_stated: int
    n_heard: int = Field(description="heard in the sound, not stated")
    n_inferred: int = Field(description="from lyrics, other tracks or services, not stated")


class Repeated(_Report):
    """Tracks that are versions of one work."""

    tracks: tuple[NamedTrack, ...]


class LibraryReport(_Report):
    """A library counted."""

    n_tracks: int
    n_artists: int
    n_with_file: int = Field(description="tracks that have a file on this machine")
    seconds: float
    n_estimated: int = Field(description="tracks whose length is an estimate")
    genres: tuple[Bar, ...] = Field(description="the commonest first")
    decades: tuple[Bar, ...] = Field(description="by time")
    years: tuple[Bar, ...] = Field(description="by time; without gaps")
    keys: tuple[Bar, ...] = Field(description="round the circle of fifths")
    tempos: tuple[Bar, ...] = Field(description="by ten beats per minute")
    languages: tuple[Bar, ...] = Field(description="the commonest first")
    formats: tuple[Bar, ...] = Field(description="of the files, the commonest first")
    top_artists: tuple[Bar, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[str, ...] = Field(description="years without a track between years that have some, such as 1971–1974")
    n_repeats: int = Field(description="works of which there are several versions")
    repeats: tuple[Repeated, ...] = Field(description="some of them")


class LibraryTrack(MapTrack):
    """A track on the map of a library."""

    genre: str
    said: str = Field(description="year, tempo, key and length, as far as known")


class LibraryMapReport(_Report):
    """Tracks placed by what they are like."""

    tracks: tuple[LibraryTrack, ...]
    n_catalogue: int
    n_placed: int = Field(description="tracks of which enough is known to place them")
    by: str = Field(description="the space that they are placed by")
    kept: float = Field(description="share of each track's nearest ten that are near on the map, too, 0–1")
