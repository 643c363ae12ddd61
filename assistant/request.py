"""What understanding made of one message, as plain data: versioned, JSON-serialisable, independent of any model."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.types import Constraint

#: wanted, unwanted, or "like this one"
Polarity = Literal["+", "-", "~"]
POLARITIES: tuple[Polarity, ...] = ("+", "-", "~")

#: The far end of the dial *how much me*, which scales the listener's vector; 1 is the usual.
MAX_ME = 3.0


class Intent(StrEnum):
    """What the listener wants done."""

    ASK = "ask"  # a playlist, from scratch or as the first turn
    REFINE = "refine"  # change the one on screen ("more upbeat", "no country")
    START_OVER = "start_over"  # forget the constraints so far
    UNDO = "undo"  # show the playlist before
    REDO = "redo"  # take an undo back


class Mention(BaseModel):
    """A catalogue entity named in a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["artist", "track"]
    key: str = Field(description="folded artist name, or track id")
    name: str = Field(description="as the catalogue writes it")
    polarity: Polarity = "+"
    confidence: float = Field(default=1.0, ge=0, le=1)
    text: str = Field(default="", description="the words that named it")


class Descriptor(BaseModel):
    """Words of a message that describe the music, whether the vocabulary knows them or not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str = Field(description="as MusicRecoIntent names it: NE, Genre, Mood, …")
    text: str = Field(description="the words as written")
    polarity: Polarity = "+"


class Request(BaseModel):
    """One message, understood. Absent means "not said": the session decides what then holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    text: str
    intent: Intent = Intent.ASK
    constraints: tuple[Constraint, ...] = ()
    mentions: tuple[Mention, ...] = ()
    n_tracks: int | None = Field(default=None, ge=1, le=200)
    minutes: float | None = Field(default=None, gt=0, le=1440)
    size_factor: float | None = Field(default=None, gt=0, le=10, description="of the playlist on screen: .5 halves it")
    discovery: float | None = Field(default=None, ge=-1, le=1, description="-1 familiar … +1 discovery")
    fame: float | None = Field(default=None, ge=-1, le=1, description="-1 deep cuts … +1 popular")
    how_much_me: float | None = Field(default=None, ge=0, le=MAX_ME, description="0 words alone … 1 usual … 3 taste")
    descriptors: tuple[Descriptor, ...] = ()
    search_text: str = Field(default="", description="the message without size, dials and negated words")
    note: str | None = Field(default=None, description="something to tell the listener about the reading")
