"""What a session holds, and how each request changes it: plain frozen data, stored with every turn.

In one session people correct themselves rather than start afresh. So a message keeps everything it does not
touch: constraints accumulate, a later one overrides an earlier one about the same thing, "also …" widens
instead, and what was unwanted stays unwanted until it is asked for. A message that asks for something
unrelated, and says so as a new request, keeps only the size; "start over" keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.merging import Standing, merge
from assistant.request import Intent, Mention, Request
from recsys.text import fold as folded
from recsys.types import WORD_FACETS, Constraint, Facet

#: "like X" examples that a session remembers.
MAX_LIKES = 5
#: Tracks that a session remembers to have shown.
MAX_SHOWN = 1_000
#: Characters of text given to the encoder: it reads 256 word pieces, and all beyond is cut anyway.
MAX_QUERY_TEXT = 800

_ADDS = re.compile(r"^(and|plus|also|add)\b|\b(also|add|include|as well|in addition|mix in|throw in)\b|\btoo$")
_OTHERS = re.compile(
    r"\b(something|anything|somewhat) (else|different|new)\b|\bnot (these|those)\b|\bothers\b"
    r"|\b(other|different|new|fresh|more) (ones|songs|tracks|music|picks|suggestions)\b"
    r"|\bmore (of|like) (these|those|them|this|that|the same)\b"
    r"|\banother (one|playlist|list|set|batch|selection|mix|try)\b|\bshuffle\b|\btry again\b|^(next|again)$"
    r"|^(please )?((can|could) (i|you|we) )?(show |give |get |have |play )?(me |us )?(some )?more( please)?$"
)
_FILLER_WORDS = (
    "a an the some any of for from in on at with and or to me my i we us you it that this these those is are be "
    "song songs track tracks music playlist please now then make give want play something anything more less"
)
_FILLERS = frozenset(_FILLER_WORDS.split())


class Phrase(BaseModel):
    """Words of one turn that still describe what is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    turn: int


class SessionState(BaseModel):
    """Everything a session has asked for so far. It holds track ids, not rows, so it outlives re-indexing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    turn: int = 0
    constraints: tuple[Standing, ...] = ()
    likes: tuple[Mention, ...] = ()  # "like X", oldest first
    titles: tuple[Mention, ...] = ()  # tracks asked for by title in the latest request
    named: tuple[Mention, ...] = ()  # every entity of the constraints, for its name
    n_tracks: int | None = None
    minutes: float | None = None
    discovery: float | None = None
    fame: float | None = None
    phrases: tuple[Phrase, ...] = ()  # newest first
    slate: tuple[str, ...] = ()  # track ids on screen
    shown: tuple[str, ...] = ()  # track ids shown so far, oldest first
    set_aside: tuple[str, ...] = ()  # shown before the listener asked for others

    def active(self) -> tuple[Constraint, ...]:
        """The constraints that hold now, oldest first."""
        return tuple(standing.constraint for standing in self.constraints)

    def names(self) -> dict[str, str]:
        """Catalogue key → name, for the artists and tracks that constraints mention."""
        return {mention.key: mention.name for mention in (*self.named, *self.likes, *self.titles)}

    def is_empty(self) -> bool:
        """Tell whether nothing at all has been asked for: no constraint, example, dial or word."""
        dials = self.discovery is not None or self.fame is not None
        return not (self.constraints or self.likes or self.titles or self.phrases or dials)

    def query_text(self) -> str:
        """Compose what the text encoder reads: the newest words, then what still holds from earlier turns."""
        parts = [phrase.text for phrase in self.phrases]
        said = folded(" ".join(parts))
        names = self.names()
        for standing in self.constraints:
            if standing.turn == self.turn or not standing.constraint.wanted:
                continue
            words = _words(standing.constraint, names)
            if words and not _mentions(said, words):
                parts.append(words)
        return " ".join(parts)[:MAX_QUERY_TEXT]


def fold(state: SessionState, request: Request) -> SessionState:
    """Let one request change the session. Pure: the same state and request always give the same state."""
    if request.intent is Intent.START_OVER:
        state = SessionState(turn=state.turn, shown=state.shown)
    elif request.intent is Intent.ASK and state.turn and not _overlaps(state, request):
        state = SessionState(turn=state.turn, shown=state.shown, n_tracks=state.n_tracks, minutes=state.minutes)
    turn = state.turn + 1
    others = asks_for_others(request.text)
    incoming = _with_mentions(request)
    constraints, dropped = merge(
        state.constraints,
        incoming,
        turn=turn,
        widen=_adds(request.text),
        fame_changed=request.fame is not None,
    )
    n_tracks, minutes = request.n_tracks, request.minutes
    if n_tracks is None and minutes is None:
        n_tracks, minutes = state.n_tracks, state.minutes
    return SessionState(
        turn=turn,
        constraints=constraints,
        likes=_likes(state, request),
        titles=_titles(state, request),
        named=_named(state, request, constraints),
        n_tracks=n_tracks,
        minutes=minutes,
        discovery=state.discovery if request.discovery is None else request.discovery,
        fame=state.fame if request.fame is None else request.fame,
        phrases=_phrases(state, request, incoming, dropped, turn),
        slate=state.slate,
        shown=state.shown,
        set_aside=state.shown if others else state.set_aside,
    )


def with_slate(state: SessionState, track_ids: Iterable[str]) -> SessionState:
    """Remember what a turn showed."""
    slate = tuple(track_ids)
    shown = tuple(dict.fromkeys((*(t for t in state.shown if t not in set(slate)), *slate)))[-MAX_SHOWN:]
    return state.model_copy(update={"slate": slate, "shown": shown})


def asks_for_others(text: str) -> bool:
    """Tell whether a message asks for tracks that were not shown yet ("something else", "more please")."""
    return _OTHERS.search(folded(text)) is not None


def _adds(text: str) -> bool:
    return _ADDS.search(folded(text)) is not None


def _overlaps(state: SessionState, request: Request) -> bool:
    """Tell whether a new request takes up something that already holds, and so continues the session."""
    standing = {(c.facet, value) for c in state.active() if c.wanted for value in c.values}
    asked = {(c.facet, value) for c in request.constraints if c.wanted for value in c.values}
    keys = {mention.key for mention in (*state.likes, *state.titles)}
    return bool(standing & asked) or any(mention.key in keys for mention in request.mentions)


def _with_mentions(request: Request) -> tuple[Constraint, ...]:
    """The request's constraints, and those that its mentions imply where they were left implicit."""
    facets = {"artist": Facet.ARTIST, "track": Facet.TRACK}
    covered = {(c.facet, c.wanted, value) for c in request.constraints for value in c.values}
    implied: list[Constraint] = []
    for mention in request.mentions:
        facet, wanted = facets[mention.kind], mention.polarity == "+"
        if mention.polarity == "~" or (mention.kind == "track" and wanted):
            continue  # examples and titles steer and lead the slate; they do not restrict it
        if (facet, wanted, mention.key) not in covered:
            words = mention.text or mention.name
            implied.append(Constraint(facet, (mention.key,), wanted=wanted, hard=not wanted, text=words))
    return (*request.constraints, *implied)


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
    if fresh and not _adds(request.text):
        return fresh
    renewed = {mention.key for mention in fresh}
    return (*(mention for mention in state.titles if mention.key not in refused | renewed), *fresh)


def _named(state: SessionState, request: Request, constraints: tuple[Standing, ...]) -> tuple[Mention, ...]:
    used = {v for s in constraints if s.constraint.facet in (Facet.ARTIST, Facet.TRACK) for v in s.constraint.values}
    by_key = {mention.key: mention for mention in (*state.named, *request.mentions) if mention.key in used}
    return tuple(by_key.values())


def _phrases(
    state: SessionState,
    request: Request,
    incoming: tuple[Constraint, ...],
    dropped: tuple[Constraint, ...],
    turn: int,
) -> tuple[Phrase, ...]:
    """The words that still describe what is wanted.

    A new subject (another genre, artist or title) ends the words of earlier turns; an adjustment ("more
    upbeat") only takes out of them what no longer holds.
    """
    latest = request.search_text
    if asks_for_others(request.text):
        latest = _OTHERS.sub(" ", folded(latest))
    fresh = (Phrase(text=latest, turn=turn),) if _says_something(latest) else ()
    subjects = (Facet.GENRE, Facet.ARTIST, Facet.TRACK)
    moved = any(constraint.facet in subjects for constraint in dropped) and any(
        constraint.wanted and constraint.facet in subjects for constraint in incoming
    )
    kept: list[Phrase] = []
    for phrase in () if moved else state.phrases:
        text = phrase.text
        for constraint in dropped:
            for words in (constraint.text, *constraint.values):
                text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", " ", text, flags=re.IGNORECASE) if words else text
        text = " ".join(text.split())
        if _says_something(text) and folded(text) != folded(latest):
            kept.append(phrase.model_copy(update={"text": text}))
    return (*fresh, *kept)[:4]


def _says_something(text: str) -> bool:
    return any(word not in _FILLERS for word in folded(text).split())


def _words(constraint: Constraint, names: dict[str, str]) -> str:
    """What the encoder should read for a constraint of an earlier turn; nothing for what it cannot know."""
    if constraint.facet is Facet.VOCALS:
        return " or ".join("instrumental" if value == "none" else f"{value} vocals" for value in constraint.values)
    if constraint.facet is Facet.ARTIST:
        return " or ".join(names.get(value, value) for value in constraint.values)
    if constraint.facet in WORD_FACETS and constraint.facet is not Facet.TRACK:
        return " or ".join(constraint.values)
    return constraint.text


def _mentions(said: str, words: str) -> bool:
    return f" {folded(words)} " in f" {said} "
