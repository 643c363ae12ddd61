"""What listeners did in their conversations, read back from the database: turns, their slates, and what answered them.

Nothing is stored for this alone: every turn is kept with its request, the session after it and its slate, and every
event with its session and its time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from assistant.labels import plain
from assistant.phrases import free_words
from assistant.reply import Reply
from assistant.request import QUIET, Intent, Request
from assistant.session import MAX_QUERY_TEXT, SessionState
from recsys.store import Store
from recsys.text import fold as folded
from recsys.types import Event
from recsys.usage import Answered, Shown, answered

_LOG = logging.getLogger(__name__)
#: Facets that describe a slate: the commonest, of at least two tracks.
_MAX_FACETS = 4


@dataclass(frozen=True)
class Turn:
    """A turn that showed a slate."""

    shown: Shown
    state: SessionState  # after it
    title: str  # of its slate, as a playlist: the wishes that the receipt counted
    description: str  # what most of its tracks are


@dataclass(frozen=True)
class OwnTurn:
    """A turn whose slate answered its request, and with which tracks."""

    turn: Turn
    answered: Answered


@dataclass(frozen=True)
class Usage:
    """What listeners taught in conversations."""

    turns: tuple[OwnTurn, ...]  # by time
    events: Mapping[str, Sequence[Event]]  # what each of their listeners ever did, oldest first

    @property
    def requests(self) -> list[Answered]:
        """Which tracks answered what, by time."""
        return [own.answered for own in self.turns]


def read_usage(store: Store, listener_id: str | None = None) -> Usage:
    """Read what one listener taught, or everybody.

    Turns of another version, whose state cannot be read, are left out.
    """
    turns: list[OwnTurn] = []
    events: dict[str, Sequence[Event]] = {}
    for listener, rows in groupby(store.turns(listener_id), key=lambda row: str(row["listener_id"])):
        read = {turn.shown: turn for turn in _turns(listener, rows)}
        did = store.events(listener)
        found = answered(tuple(read), did)
        if found:
            events[listener] = did
            turns += [OwnTurn(read[one.shown], one) for one in found]
    return Usage(tuple(sorted(turns, key=lambda own: own.answered.shown.at)), events)


def _turns(listener_id: str, rows: Iterator[dict[str, Any]]) -> Iterator[Turn]:
    for row in rows:
        try:
            state = SessionState.model_validate(row["state"])
            request, reply = Request.model_validate(row["request"]), Reply.model_validate(row["reply"])
        except ValidationError:
            _LOG.warning("turn %s of a session is of another version; it is left out", row["turn"])
            continue
        if request.intent in QUIET and state.shows != state.turn:
            continue  # it asked for nothing and showed the playlist that was there
        text = _text(state, request) or plain(row["message"], MAX_QUERY_TEXT)
        if not reply.tracks or not text:
            continue
        shown = Shown(
            listener_id,
            str(row["session_id"]),
            float(row["at"]),
            text,
            tuple(track.track_id for track in reply.tracks),
            tuple(track.duration_s or 0.0 for track in reply.tracks),
        )
        wishes = ", ".join(line.constraint for line in reply.receipt if line.n_total)
        yield Turn(shown, state, wishes, _described(track.facets for track in reply.tracks))


def _text(state: SessionState, request: Request) -> str:
    """What the text encoder read: what stands, and the words that nobody understood, which no later turn reads."""
    text = plain(state.query_text(), MAX_QUERY_TEXT)
    if request.intent in (Intent.UNDO, Intent.REDO):
        return text  # of the playlist that is on screen again
    words = plain(free_words(request), MAX_QUERY_TEXT)
    if words and f" {folded(words)} " not in f" {folded(text)} ":
        text = plain(f"{words} {text}", MAX_QUERY_TEXT)
    return text


def _described(facets: Iterable[Iterable[str]]) -> str:
    counts = Counter(word for words in facets for word in dict.fromkeys(words))
    return ", ".join(word for word, count in counts.most_common(_MAX_FACETS) if count > 1)
