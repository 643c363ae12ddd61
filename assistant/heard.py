"""What a history file says, entry by entry, whatever its format: a track that was heard, or why an entry is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: "unrate" takes a like or a dislike back.
Kind = Literal["play", "like", "dislike", "keep", "unrate"]
#: How a play ended: the track was over, the listener went on to another one, stopped, or something else broke it off.
Ending = Literal["over", "skipped", "stopped", "broken off"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a listener did with a track elsewhere. What is unknown is empty or None."""

    title: str
    artist: str = ""
    album: str = ""
    kind: Kind = "play"
    at: float | None = None  # seconds since the epoch, UTC
    ended: Ending | None = None
    ms_played: int | None = None
    completion: float | None = None  # share of the track that was played, 0–1
    duration_s: float | None = None
    times: int = 1
    ids: Mapping[str, str] = field(default_factory=dict)  # service → id
    path: str | None = None
    #: Plays of one log that agree in minute, title and length are one play, whichever file tells of it. Without a log
    #: an entry is all that is said of its track, and a later one of more `times` takes its place.
    log: str = ""
    whole_day: bool = False  # the time is only a day: plays of one file that agree in it are as many plays


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that can be read and is no music that this listener heard: a podcast, a track of no length."""

    why: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that cannot be read."""

    place: str  # "file, line 3"
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The entries of one file begin."""

    name: str
    format: str  # "" for a file of an archive that is no history and is not read


HistoryItem = Heard | LeftOut | Broken | Opened
