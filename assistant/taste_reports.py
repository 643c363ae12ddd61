"""What a listener's taste comes to, and what was done with all that is kept of them: plain data for connectors to show.

Times are seconds since the epoch, UTC. Whatever names a track or an artist is safe to show as one line of text, and is
no markup.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TasteSentence(_Report):
    """One thing that Segue has learnt, in plain words."""

    text: str
    evidence: tuple[str, ...] = Field(default=(), description="what it was counted from")


class TasteTrack(_Report):
    """A track that speaks for a taste, or against it."""

    track_id: str
    title: str
    artist: str
    weight: float = Field(description="what the listener's events with it come to; below 0 against it")
    how: str = Field(description='what was done with it: "2 likes and 5 plays"')
    rated: bool | None = Field(default=None, description="whether it was liked or disliked, where that still holds")
    at: float = Field(description="when something was done with it last")


class TasteShare(_Report):
    """How often something occurs among the tracks that a listener takes to."""

    key: str = Field(description="the genre, mood or decade, or the folded name of the artist")
    name: str
    n: int = Field(description="tracks that the listener takes to and that have it")
    lift: float = Field(description="how many times more often than in the catalogue")


class TasteMonth(_Report):
    """What a listener did in one month (UTC)."""

    month: str = Field(description='such as "2026-03"')
    n_events: int
    genre: str | None = Field(default=None, description="the commonest of what was liked, kept or played then")
    artist: str | None = None


class Exposure(_Report):
    """How often a listener was shown a track, and whether it may be shown again."""

    track_id: str
    title: str
    artist: str
    n_shown: int = Field(description="how often it came into a playlist; while it stays in one, that is once")
    last_shown_at: float | None = Field(description="None for a track that was never shown")
    state: Literal["normal", "resting", "never"] = Field(description="resting: not again until a time")
    until: float | None = Field(default=None, description="when a resting track may come again")


class TasteReport(_Report):
    """All that `Assistant.taste` tells of a listener."""

    sentences: tuple[TasteSentence, ...]
    n_events: int = Field(description="likes, keeps, plays, skips and dislikes, each as often as it was done")
    since: float | None = Field(description="the first of them; None where there is none")
    liked: tuple[TasteTrack, ...] = Field(default=(), description="what speaks most for the taste first")
    disliked: tuple[TasteTrack, ...] = Field(default=(), description="what speaks most against it first")
    artists: tuple[TasteShare, ...] = Field(default=(), description="the commonest first, as the next three")
    genres: tuple[TasteShare, ...] = ()
    moods: tuple[TasteShare, ...] = ()
    decades: tuple[TasteShare, ...] = ()
    timeline: tuple[TasteMonth, ...] = Field(default=(), description="months in which something was done, in order")
    exposures: tuple[Exposure, ...] = Field(default=(), description="kept back ones first, then the newest first")
    n_exposures: int = Field(default=0, description="tracks shown or kept back in all, listed or not")
    joined: tuple[str, ...] = Field(default=(), description="other listeners who are the same person")


class DataReport(_Report):
    """What `Assistant.export_data` wrote."""

    path: str
    n_bytes: int
    files: tuple[str, ...] = Field(description="what is in the archive, by name")
    n_events: int
    n_sessions: int
    n_turns: int
    n_playlists: int
