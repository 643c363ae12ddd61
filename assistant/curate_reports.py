"""What curating a playlist gives back: what it is like, and the playlist after a change. Plain data for connectors."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.reply import Diff, Reply, SlateTrack


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Duplicate(_Report):
    """Tracks that are one recording, or versions of one work."""

    kind: Literal["same", "versions"]
    positions: tuple[int, ...] = Field(description="in the playlist, from 1")
    track_ids: tuple[str, ...]
    said: str = Field(description='such as "“Roads” by Portishead is there twice (3 and 9)"')


class Share(_Report):
    """How much of the playlist an artist or a genre is."""

    name: str
    n: int
    share: float = Field(description="of the tracks of which it is known, 0–1")


class Decade(_Report):
    """Tracks of one decade."""

    decade: int = Field(description="its first year, such as 1990")
    n: int


class EraGap(_Report):
    """Decades without a track between decades that have some."""

    first: int = Field(description="first year of the gap, such as 1970")
    last: int = Field(description="its last year, such as 1989")
    said: str


class OutOfPlace(_Report):
    """A track that is far from the rest."""

    position: int
    track_id: str
    title: str
    artist: str
    z: float = Field(description="robust z-score of its mean distance to the others; from 3.5 on it stands out")
    reason: str = Field(description='such as "the only techno among folk; energy 0.9 where the rest has 0.3"')


class PlaylistAnalysis(_Report):
    """What a playlist is like. Unknown is counted as unknown."""

    n_tracks: int
    unknown: tuple[str, ...] = Field(default=(), description="ids that the catalogue does not have; not looked at")
    total: str = Field(default="", description='such as "≈ 45 min (6 estimated)"')
    seconds: float = 0.0
    n_estimated: int = Field(default=0, description="tracks whose length is estimated")
    duplicates: tuple[Duplicate, ...] = ()
    artists: tuple[Share, ...] = Field(default=(), description="main artists, most tracks first")
    genres: tuple[Share, ...] = Field(default=(), description="a track has as many as it states")
    n_unknown_genre: int = 0
    decades: tuple[Decade, ...] = Field(default=(), description="those with tracks, oldest first")
    gaps: tuple[EraGap, ...] = ()
    n_unknown_year: int = 0
    out_of_place: tuple[OutOfPlace, ...] = Field(default=(), description="farthest first")
    energy: tuple[float | None, ...] = Field(default=(), description="0–1 by track, in order; None where unknown")
    energy_said: str = Field(default="", description='such as "rises from 0.20 over 0.50 to 0.85"')
    n_explicit: int = Field(default=0, description="known to be explicit")
    n_unknown_explicit: int = Field(default=0, description="of which nobody says whether they are")
    sentences: tuple[str, ...] = Field(default=(), description="all of it in plain words")


class CuratedPlaylist(_Report):
    """A playlist after a change."""

    tracks: tuple[SlateTrack, ...]
    diff: Diff = Field(description="moved: out of the order that they had among each other")
    total: str
    said: str = Field(description="what was done, in a sentence or two")
    analysis: PlaylistAnalysis = Field(description="of the playlist after the change")

    def as_reply(self, name: str) -> Reply:
        """Return the playlist as a reply, which every playlist format can write.

        Args:
            name: of the playlist.
        """
        return Reply(
            session_id="", turn=0, query=name, text=self.said, tracks=self.tracks, diff=self.diff, total=self.total
        )
