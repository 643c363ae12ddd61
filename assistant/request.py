"""What understanding made of one message, as plain data: versioned, JSON-serialisable, independent of any model."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.types import Arc, Constraint, Facet

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
    EXPLAIN = "explain"  # why a track is in the playlist, or is not
    QUESTION = "question"  # about the library, the listener's taste, an artist or the session
    SAVE = "save"  # take the playlist away as a file
    SMALL_TALK = "small_talk"
    HELP = "help"  # what can be asked
    OUT_OF_SCOPE = "out_of_scope"  # nothing that Segue does
    MORE_LIKE = "more_like"  # others that are like tracks on screen
    EDIT = "edit"  # tracks of the playlist kept, removed, swapped, added, moved
    FEEDBACK = "feedback"  # tracks on screen liked or disliked


#: Intents that change nothing: they are answered, and the playlist stays.
QUIET = frozenset((Intent.EXPLAIN, Intent.QUESTION, Intent.SAVE, Intent.SMALL_TALK, Intent.HELP, Intent.OUT_OF_SCOPE))


class Mention(BaseModel):
    """A catalogue entity named in a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["artist", "track"]
    key: str = Field(description="folded artist name, or track id")
    name: str = Field(description="as the catalogue writes it")
    polarity: Polarity = "+"
    confidence: float = Field(default=1.0, ge=0, le=1)
    text: str = Field(default="", description="the words that named it")


class Reference(BaseModel):
    """Tracks on screen that a message points at; which ones they are is for the session to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    positions: tuple[int, ...] = Field(default=(), description="from 1; from the end below 0: -1 is the last one")
    which: Literal["positions", "all", "rest", "it", "described"] = "positions"
    constraints: tuple[Constraint, ...] = Field(default=(), description='"the slow ones": tracks that meet them all')
    track_ids: tuple[str, ...] = Field(default=(), description="beside positions: tracks by id, as buttons name them")
    words: str = Field(default="", description='"the … one": else tracks whose title or artist has these words')
    text: str = Field(default="", description="the words as written")


class Edit(BaseModel):
    """A change of single tracks of the playlist on screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["keep", "release", "remove", "swap", "add", "move", "exchange", "example", "like", "dislike"]
    what: Reference = Reference()
    to: int | None = Field(default=None, description="place that tracks are moved to: from 1, or -1 for the end")
    n: int | None = Field(default=None, ge=1, le=200, description="tracks to add")


class Chip(BaseModel):
    """A wish of the session that is dropped, insisted on, or made a preference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["drop", "allow", "must", "prefer"]  # allow: drop a refusal
    chip: str = Field(default="", description="of a receipt line, or the number of the line, or size, fame, …")
    facets: tuple[Facet, ...] = Field(default=(), description="all wishes of these kinds")
    constraints: tuple[Constraint, ...] = Field(default=(), description="wishes that say one of these")
    text: str = Field(default="", description="the words as written")


class Descriptor(BaseModel):
    """Words of a message that describe the music, whether the vocabulary knows them or not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str = Field(description="as MusicRecoIntent names it: NE, Genre, Mood, …")
    text: str = Field(description="the words as written")
    polarity: Polarity = "+"


class Question(BaseModel):
    """What a message asks to know; it is answered from data and changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["why", "why_not", "who", "taste", "count", "asked", "length"]
    subject: str = Field(default="", description="the words that name what it is about, as written")
    mentions: tuple[Mention, ...] = ()
    constraints: tuple[Constraint, ...] = ()


class Request(BaseModel):
    """One message, understood. Absent means "not said": the session decides what then holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    text: str
    speaker: str | None = Field(default=None, description="who wrote it, if not the listener whose session it is")
    spoken: str = Field(default="en", description="the language that the message is in, as ISO 639-1")
    intent: Intent = Intent.ASK
    constraints: tuple[Constraint, ...] = ()
    guessed: tuple[Constraint, ...] = Field(default=(), description="those of the constraints that a model added")
    mentions: tuple[Mention, ...] = ()
    unlinked: tuple[str, ...] = Field(default=(), description="names that the catalogue does not have")
    n_tracks: int | None = Field(default=None, ge=1, le=200)
    minutes: float | None = Field(default=None, gt=0, le=1440)
    size_factor: float | None = Field(default=None, gt=0, le=10, description="of the playlist on screen: .5 halves it")
    discovery: float | None = Field(default=None, ge=-1, le=1, description="-1 familiar … +1 discovery")
    fame: float | None = Field(default=None, ge=-1, le=1, description="-1 deep cuts … +1 popular")
    arc: Arc | None = None
    edits: tuple[Edit, ...] = ()
    chips: tuple[Chip, ...] = ()
    less: bool = Field(default=False, description="less of what was asked for last")
    how_much_me: float | None = Field(default=None, ge=0, le=MAX_ME, description="0 words alone … 1 usual … 3 taste")
    clean: bool | None = Field(default=None, description="nothing that is known to be explicit; False allows it again")
    descriptors: tuple[Descriptor, ...] = ()
    search_text: str = Field(default="", description="the message without size, dials and negated words")
    alternatives: tuple[Alternative, ...] = Field(default=(), description="other readings of the same words")
    note: str | None = Field(default=None, description="something to tell the listener about the reading")
    question: Question | None = Field(default=None, description="with the intents explain and question")
    export_format: str | None = Field(
        default=None, description="of a save: m3u8, xspf, jspf, csv, json or txt; None for any"
    )


class Alternative(BaseModel):
    """Another way to read a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sense: str = Field(description="what the words then are: artist, song, mood, year, …")
    label: str = Field(description="the same in words: “the artist Yes”")
    request: Request


Request.model_rebuild()
