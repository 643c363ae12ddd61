"""Where a radio begins, as a button says it or a session remembers it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.text import artist_key


class RadioStart(BaseModel):
    """What a radio goes on from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["session", "last", "track", "artist", "playlist"] = Field(
        default="session", description="all that was heard, the last few tracks, a track, an artist, what is on screen"
    )
    key: str = Field(default="", description="the track's id, or the artist's folded name; empty for the one spoken of")
    n: int = Field(default=3, ge=1, le=20, description="of the last few tracks, how many")

    @classmethod
    def by_artist(cls, name: str) -> RadioStart:
        """Begin from an artist, by the name in any spelling."""
        return cls(of="artist", key=artist_key(name))


class RadioState(BaseModel):
    """A radio that is on in a session."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: RadioStart = RadioStart()
    track_ids: tuple[str, ...] = Field(default=(), description="what it began from, oldest first")
