"""What one turn gives back to a connector: plain data, no recsys objects, nothing that needs the catalogue."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """One utterance of a listener, as a connector hands it over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listener_id: str
    session_id: str
    text: str
    n_tracks: int | None = Field(default=None, description="beats the text")
    minutes: float | None = Field(default=None, description="beats the text")
    discovery: float | None = Field(default=None, description="-1 familiar … +1 discovery; beats the text")
    fame: float | None = Field(default=None, description="-1 deep cuts … +1 popular; beats the text")
    how_much_me: float | None = Field(default=None, description="0 words alone … 1 usual … 3 taste; beats the text")
    seed: int | None = Field(default=None, description="replays a slate; drawn from the session when absent")


class SlateTrack(BaseModel):
    """One row of the slate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    track_id: str
    title: str
    artist: str
    artists: tuple[str, ...]
    album: str | None = None
    year: int | None = None
    duration_s: float | None = None
    duration_estimated: bool = False
    link: str = Field(description="its file, a direct address where an id is known, else a search address")
    path: str | None = None
    facets: tuple[str, ...] = ()
    reason: str = ""
    query_share: float = Field(default=0.0, description="share of the joint-space score from the request, 0–1")
    user_share: float = Field(default=0.0, description="share of it from the listener's vector, 0–1")
    liked: bool | None = None


class ReceiptLine(BaseModel):
    """One constraint: asked against delivered. Unknown is never counted as delivered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    constraint: str
    hard: bool
    asked: str
    delivered: str
    n_met: int = 0
    n_total: int = 0
    unknown: int = 0
    relaxed: bool = False


class Reply(BaseModel):
    """A turn's result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str
    turn: int
    query: str
    text: str = Field(description="what Segue says, in a sentence or two")
    tracks: tuple[SlateTrack, ...] = ()
    receipt: tuple[ReceiptLine, ...] = ()
    total: str = Field(default="", description='such as "≈ 45 min (6 estimated)"')
    seed: int = 0
    index: str = Field(default="", description="exact or chroma")
    certified: bool | None = None
    n_candidates: int = 0
    timings_ms: dict[str, float] = Field(default_factory=dict, description="milliseconds by stage")
    last_resort: bool = Field(default=False, description="an unexpected error was turned into this reply")
