"""What a session holds, and how each request changes it: plain frozen data, stored with every turn.

In one session people correct themselves rather than start afresh. So a message keeps everything it does not
touch: constraints accumulate, a later one overrides an earlier one about the same thing, "also …" widens
instead, and what was unwanted stays unwanted until it is asked for. A message that asks for something
unrelated, and says so as a new request, keeps only the size and that it must be clean; "start over" keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.guesses import heeding
from assistant.languages import ENGLISH
from assistant.merging import Standing, merge
from assistant.phrases import Phrase, asks_for_more_of, asks_for_others, compose, free_words, renew
from assistant.radio_start import RadioState
from assistant.request import Alternative, Intent, Mention, Request
from assistant.wishes import constraints_of
from recsys.text import fold as folded
from recsys.types import Arc, Constraint, Facet

#: "like X" examples that a session remembers.
MAX_LIKES = 5
#: Tracks that a session remembers to have shown.
MAX_SHOWN = 1_000
#: Turns that a session remembers as they were said.
MAX_EXCHANGES = 12
#: Limits of a request's size.
MAX_TRACKS, MAX_MINUTES = 200, 1440.0
#: Characters of text given to the encoder: it reads 256 word pieces, and all beyond is cut anyway.
MAX_QUERY_TEXT = 800

_ADDS = re.compile(r"^(and|plus|also|add)\b|\b(also|add|include|as well|in addition|mix in|throw in)\b|\btoo$")
_RESETS = re.compile(r"\b(start|from scratch|reset|clear|scrap|forget|delete|erase|discard|restart)\b")


class OpenQuestion(BaseModel):
    """What a turn asked the listener: which of several readings was meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: int = Field(description="the turn that asked")
    options: tuple[Alternative, ...]
    radio: RadioState | None = Field(default=None, description="that goes on with what an option asks for")


class Exchange(BaseModel):
    """What was said in one turn, and what was answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    utterance: str
    response: str = ""
    at: float = 0.0  # when it was answered, in seconds since the epoch; 0 while it is not
    speaker: str | None = None  # who said it, if not the listener whose session it is


class SessionState(BaseModel):
    """Everything a session has asked for so far. It holds track ids, not rows, so it outlives re-indexing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    turn: int = 0
    constraints: tuple[Standing, ...] = ()
    likes: tuple[Mention, ...] = ()  # "like X", oldest first
    lead: tuple[str, ...] = ()  # keys of the artists asked for last, after other wishes
    titles: tuple[Mention, ...] = ()  # tracks asked for by title in the latest request
    named: tuple[Mention, ...] = ()  # every entity of the constraints, for its name
    n_tracks: int | None = None
    minutes: float | None = None
    discovery: float | None = None
    fame: float | None = None
    how_much_me: float | None = None
    clean: bool | None = None  # whether nothing explicit is wanted
    phrases: tuple[Phrase, ...] = ()  # newest first
    slate: tuple[str, ...] = ()  # track ids on screen
    shown: tuple[str, ...] = ()  # track ids shown so far, oldest first
    set_aside: tuple[str, ...] = ()  # shown before the listener asked for others
    shows: int = 0  # the turn that made the playlist on screen
    past: tuple[int, ...] = ()  # turns whose playlists undo goes back to, oldest first
    future: tuple[int, ...] = ()  # and those that redo goes on to, nearest first
    pins: tuple[str, ...] = ()  # track ids that keep their places
    removed: tuple[str, ...] = ()  # track ids that the listener took out
    focus: str | None = None  # the one track that was spoken of last
    arc: Arc | None = None
    open_question: OpenQuestion | None = None  # asked in the last turn
    radio: RadioState | None = None  # that is on
    language: str = ENGLISH  # that the last turn was answered in
    exchanges: tuple[Exchange, ...] = ()  # the last turns as they were said, oldest first
    speakers: tuple[str, ...] = ()  # who wrote in it beside the listener whose session it is

    def active(self) -> tuple[Constraint, ...]:
        """The constraints that hold now, oldest first."""
        return tuple(standing.constraint for standing in self.constraints)

    def names(self) -> dict[str, str]:
        """Catalogue key → name, for the artists and tracks that constraints mention."""
        return {mention.key: mention.name for mention in (*self.named, *self.likes, *self.titles)}

    def is_empty(self) -> bool:
        """Tell whether nothing at all has been asked for: no constraint, example, dial or word."""
        dials = (self.discovery, self.fame, self.how_much_me, self.arc)
        asked = self.constraints or self.likes or self.titles or self.phrases or self.clean
        return not asked and all(dial is None for dial in dials)

    def begun(self) -> bool:
        """Tell whether there is something to refine or to go back to: a playlist, even an empty one, or a wish."""
        return bool(self.slate or self.past or not self.is_empty())

    def query_text(self) -> str:
        """Compose what the text encoder reads: the words of all turns, and what still holds of them."""
        wanted = [constraint for constraint in self.active() if constraint.wanted]
        return compose(self.phrases, wanted, self.names(), max_characters=MAX_QUERY_TEXT)


def fold(state: SessionState, request: Request) -> SessionState:
    """Let one request change the session. Pure: the same state and request always give the same state."""
    others = asks_for_others(request.text) or asks_for_more_of(request.text, _said(state, request))
    said = (*state.exchanges, Exchange(utterance=request.text[:MAX_QUERY_TEXT], speaker=request.speaker))
    if request.intent is Intent.START_OVER and not _means_others(request):
        state = SessionState(turn=state.turn, shown=state.shown)
        said = said[-1:]
    elif request.intent is Intent.ASK and state.turn and not _overlaps(state, request):
        state = SessionState(
            turn=state.turn,
            shown=state.shown,
            n_tracks=state.n_tracks,
            minutes=state.minutes,
            clean=state.clean,
            pins=state.pins,
        )
    turn = state.turn + 1
    request = heeding(state.constraints, request)
    incoming = constraints_of(request)
    constraints, dropped = merge(
        state.constraints,
        incoming,
        turn=turn,
        widen=adds(request.text),
        fame=request.fame,
    )
    n_tracks, minutes = request.n_tracks, request.minutes
    if n_tracks is None and minutes is None:
        n_tracks, minutes = resized(state, request.size_factor)
    return SessionState(
        turn=turn,
        constraints=constraints,
        likes=_likes(state, request),
        lead=_lead(state, incoming),
        titles=_titles(state, request),
        named=_named(state, request, constraints),
        n_tracks=n_tracks,
        minutes=minutes,
        discovery=state.discovery if request.discovery is None else request.discovery,
        fame=state.fame if request.fame is None else request.fame,
        how_much_me=state.how_much_me if request.how_much_me is None else request.how_much_me,
        clean=state.clean if request.clean is None else request.clean,
        phrases=renew(state.phrases, request, incoming, dropped, turn),
        slate=state.slate,
        shown=state.shown,
        set_aside=state.shown if others else state.set_aside,
        pins=state.pins,
        removed=state.removed,
        focus=state.focus,
        arc=request.arc or state.arc,
        radio=state.radio,
        language=request.spoken,
        exchanges=said[-MAX_EXCHANGES:],
    )


def resized(state: SessionState, factor: float | None) -> tuple[int | None, float | None]:
    """The size that holds, "shorter" or "twice as long" taken from it, or from the slate where none was asked."""
    if factor is None:
        return state.n_tracks, state.minutes
    n_tracks = state.n_tracks or (len(state.slate) if state.minutes is None else 0)
    tracks = min(max(round(n_tracks * factor), 1), MAX_TRACKS) if n_tracks else None
    return tracks, None if state.minutes is None else min(state.minutes * factor, MAX_MINUTES)


def with_slate(state: SessionState, track_ids: Iterable[str]) -> SessionState:
    """Remember what a turn showed."""
    slate = tuple(track_ids)
    shown = tuple(dict.fromkeys((*(t for t in state.shown if t not in set(slate)), *slate)))[-MAX_SHOWN:]
    return state.model_copy(update={"slate": slate, "shown": shown})


def with_speaker(state: SessionState, before: SessionState, speaker: str | None) -> SessionState:
    """Remember who wrote in a session, beside the listener whose it is (None), and those who did `before`."""
    told = (*before.speakers, *(() if speaker is None else (speaker,)))
    return state.model_copy(update={"speakers": tuple(dict.fromkeys(told))})


def with_answer(
    state: SessionState, utterance: str, response: str, at: float, speaker: str | None = None
) -> SessionState:
    """Remember what a turn answered, and when; `speaker` is who wrote, if not the listener whose session it is."""
    exchanges = state.exchanges
    if not exchanges or exchanges[-1].at:  # an edit: its words were not folded in
        exchanges = (*exchanges, Exchange(utterance=utterance[:MAX_QUERY_TEXT], speaker=speaker))
    last = exchanges[-1].model_copy(update={"response": response[:MAX_QUERY_TEXT], "at": at})
    return state.model_copy(update={"exchanges": (*exchanges[:-1], last)[-MAX_EXCHANGES:]})


def _means_others(request: Request) -> bool:
    """Tell whether "another playlist", said alone, wants the same wishes met by other tracks."""
    said = request.constraints or request.mentions or free_words(request)
    return not said and asks_for_others(request.text) and _RESETS.search(folded(request.text)) is None


def _said(state: SessionState, request: Request) -> list[str]:
    """The words by which a request names what is wanted already."""
    wanted = {value for c in state.active() if c.wanted for value in c.values}
    again = [c.text for c in request.constraints if c.wanted and wanted.intersection(c.values)]
    return again + [mention.text for mention in request.mentions if mention.polarity == "+" and mention.key in wanted]


def _lead(state: SessionState, incoming: Sequence[Constraint]) -> tuple[str, ...]:
    """The artists that a message asks for after other wishes; those of an earlier one where it asks for none."""
    named = dict.fromkeys(v for c in incoming if c.wanted and c.facet is Facet.ARTIST for v in c.values)
    if not named:
        return state.lead
    return () if state.is_empty() else tuple(named)


def adds(text: str) -> bool:
    """Tell whether a message adds to what holds ("also …") instead of replacing it."""
    return _ADDS.search(folded(text)) is not None


def _overlaps(state: SessionState, request: Request) -> bool:
    """Tell whether a new request takes up something that already holds, and so continues the session."""
    standing = {(c.facet, value) for c in state.active() if c.wanted for value in c.values}
    asked = {(c.facet, value) for c in request.constraints if c.wanted for value in c.values}
    keys = {mention.key for mention in (*state.likes, *state.titles)}
    return bool(standing & asked) or any(mention.key in keys for mention in request.mentions)


def _likes(state: SessionState, request: Request) -> tuple[Mention, ...]:
    fresh = [mention for mention in request.mentions if mention.polarity == "~"]
    refused = {mention.key for mention in request.mentions if mention.polarity == "-"}
    refused |= {value for c in request.constraints if not c.wanted for value in c.values}
    renewed = {mention.key for mention in fresh}
    kept = [mention for mention in state.likes if mention.key not in refused | renewed]
    return (*kept, *fresh)[-MAX_LIKES:]


def _titles(state: SessionState, request: Request) -> tuple[Mention, ...]:
    """Tracks asked for by title: those of this request, and earlier ones unless refused or replaced."""
    fresh = tuple(mention for mention in request.mentions if mention.kind == "track" and mention.polarity == "+")
    refused = {mention.key for mention in request.mentions if mention.polarity == "-"}
    refused |= {value for c in request.constraints if not c.wanted for value in c.values}
    if fresh and not adds(request.text):
        return fresh
    renewed = {mention.key for mention in fresh}
    return (*(mention for mention in state.titles if mention.key not in refused | renewed), *fresh)


def _named(state: SessionState, request: Request, constraints: tuple[Standing, ...]) -> tuple[Mention, ...]:
    used = {v for s in constraints if s.constraint.facet in (Facet.ARTIST, Facet.TRACK) for v in s.constraint.values}
    by_key = {mention.key: mention for mention in (*state.named, *request.mentions) if mention.key in used}
    return tuple(by_key.values())
