"""What one turn gives back to a connector: plain data, no recsys objects, nothing that needs the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.radio_start import RadioStart
from assistant.request import Chip, Edit

#: Listeners that one slate is made for.
MAX_GROUP = 20


class Message(BaseModel):
    """One utterance of a listener, as a connector hands it over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listener_id: str
    session_id: str
    text: str
    n_tracks: int | None = Field(default=None, description="beats the text")
    minutes: float | None = Field(default=None, description="beats the text")
    chips: tuple[Chip, ...] = Field(default=(), description="wishes to drop or insist on, beside the text")
    edits: tuple[Edit, ...] = Field(default=(), description="changes of single tracks, by buttons; no text then")
    radio: RadioStart | None = Field(default=None, description="goes on or starts a radio, by a button; no text then")
    step: Literal["undo", "redo"] | None = Field(default=None, description="to another version; no text then")
    incognito: bool = Field(default=False, description="nothing of the turn is stored, and nothing learnt from it")
    discovery: float | None = Field(default=None, description="-1 familiar … +1 discovery; beats the text")
    fame: float | None = Field(default=None, description="-1 deep cuts … +1 popular; beats the text")
    how_much_me: float | None = Field(default=None, description="0 words alone … 1 usual … 3 taste; beats the text")
    usual_tracks: int | None = Field(default=None, description="in a new conversation, where nothing says how many")
    language: str | None = Field(default=None, description="answered in, as ISO 639-1; the message's own if absent")
    model: bool = Field(default=True, description="False reads without the language model, where one is set")
    clean: bool = Field(default=False, description="nothing that is known to be explicit; the receipt counts unknown")
    seed: int | None = Field(default=None, description="replays a slate; drawn from the session when absent")
    group: tuple[str, ...] = Field(
        default=(), max_length=MAX_GROUP - 1, description="listeners whom it is for beside the asker, all consenting"
    )
    speaker: str | None = Field(default=None, description="who of the group wrote it; the asker if absent")
    public: bool = Field(default=False, description="others read the answer: nobody's taste is told when asked for")


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
    ids: dict[str, str] = Field(default_factory=dict, description="service → id: isrc, mbid, spotify, youtube")
    facets: tuple[str, ...] = ()
    reason: str = ""
    causes: tuple[str, ...] = Field(default=(), description="why it was picked, in words for computed numbers")
    query_share: float = Field(default=0.0, description="share of the joint-space score from the request, 0–1")
    user_share: float = Field(default=0.0, description="share of it from the listener's vector, 0–1")
    liked: bool | None = None
    pinned: bool = Field(default=False, description="keeps its place in the turns to come")
    new: bool = Field(default=False, description="was not in the playlist before")
    whom: tuple[str, ...] = Field(default=(), description="in a group, ids of the listeners whom it is for")

    @property
    def main_artist(self) -> str:
        """The first of its artists, under whom the catalogue files it."""
        return self.artists[0] if self.artists else self.artist


class Diff(BaseModel):
    """What a turn changed in the playlist, by track id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = Field(default=(), description="kept, at another position")
    n_kept: int = 0


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
    chip: str = Field(default="", description="names the wish, to drop it or insist on it; empty for what is no wish")


class Reply(BaseModel):
    """A turn's result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str
    turn: int
    query: str = Field(description="the words that the playlist on screen was last made by")
    text: str = Field(description="what Segue says, in a sentence or two")
    tracks: tuple[SlateTrack, ...] = ()
    receipt: tuple[ReceiptLine, ...] = ()
    diff: Diff = Diff()
    total: str = Field(default="", description='such as "≈ 45 min (6 estimated)"')
    dials: dict[str, float] = Field(default_factory=dict, description="where the dials of the message then stand")
    options: tuple[str, ...] = Field(default=(), description="answers to the question that the text asks, if any")
    seed: int = 0
    index: str = Field(default="", description="exact or chroma")
    certified: bool | None = None
    n_candidates: int = 0
    timings_ms: dict[str, float] = Field(default_factory=dict, description="milliseconds by stage")
    export: str | None = Field(default=None, description="the file format that the listener asked to save it in")
    radio: RadioStart | None = Field(default=None, description="what the radio that chose the playlist began from")
    last_resort: bool = Field(default=False, description="in place of an answer: an error, or somebody was forgotten")


def with_reasons(reply: Reply, reasons: Mapping[str, str]) -> Reply:
    """Return the reply with other reasons for some of its tracks, given by track id."""
    tracks = tuple(t.model_copy(update={"reason": reasons.get(t.track_id, t.reason)}) for t in reply.tracks)
    return reply.model_copy(update={"tracks": tracks})


def without(reply: Reply, listener_id: str) -> Reply:
    """Return the reply with a listener left out of those whom its tracks are for."""
    others = (tuple(one for one in track.whom if one != listener_id) for track in reply.tracks)
    tracks = (track.model_copy(update={"whom": whom}) for track, whom in zip(reply.tracks, others, strict=True))
    return reply.model_copy(update={"tracks": tuple(tracks)})
