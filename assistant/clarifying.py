"""Which reading was meant? Asked only where the answer would change the playlist a lot, and never twice in a row.

How much it would change is measured: by the share of the best tracks that the readings have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.labels import plain
from assistant.phrasebook import phrasebook
from assistant.request import Alternative, Request
from assistant.session import OpenQuestion, SessionState
from assistant.store import StoredTurn
from recsys.text import fold

#: Tracks of each reading that are compared, and the share in common from which it does not matter which was meant.
N_COMPARED, SAME_FROM = 50, 0.5
_MAX_OPTIONS = 3

_YES = re.compile(
    r"(?:yes|yeah|yep|yup|right|correct|exactly|sure|i (?:do|did)|that(?: one)?|that s it)(?: please| i (?:do|did))*"
)
_KINDS = {
    "song": "song track title tune",
    "artist": "artist band group singer musician act name",
    "year": "year decade era years time",
    "genre": "genre style",
    "mood": "mood feeling vibe",
}
_FILLER = re.compile(
    r"\b(?:i (?:meant|mean|want(?:ed)?)|it s|the|a|an|please|one|as|of course|actually|no|yes|was|by)\b"
)


def question(
    request: Request, before: SessionState, best: Callable[[Request], Sequence[str]]
) -> tuple[OpenQuestion | None, str]:
    """Ask which reading was meant, if it matters.

    Args:
        request: the message as it was read, with its alternatives.
        before: the state before it; where its last turn asked, nothing is asked now.
        best: the best tracks for a reading, by id.

    Returns:
        The question to keep and its words; None and nothing where there is none.
    """
    if not request.alternatives or (before.open_question is not None and before.open_question.turn == before.turn):
        return None, ""
    taken = set(best(request))
    options = []
    for other in request.alternatives[:_MAX_OPTIONS]:
        found = set(best(other.request))
        if len(taken & found) < SAME_FROM * max(len(taken | found) / 2, 1):
            options.append(other)
    if not options:
        return None, ""
    labels = [plain(option.label, 60) for option in options]
    book = phrasebook(request.spoken)
    either = book("{first} or {last}", first=labels[0], last=labels[1]) if len(labels) == 2 else book.listing(labels)
    words = book("Or did you mean {options}?", options=either)
    return OpenQuestion(turn=before.turn + 1, options=tuple(options)), words


def chosen(text: str, asked: OpenQuestion | None, turn: int) -> Alternative | None:
    """The option that an answer chooses; None where the message is no answer, or turns all of them down."""
    if asked is None or asked.turn != turn:
        return None
    said = fold(text)
    if _YES.fullmatch(said):
        return asked.options[0] if len(asked.options) == 1 else None
    rest = " ".join(_FILLER.sub(" ", said).split())
    for option in asked.options:
        words = _KINDS.get(option.sense, option.sense).split()
        named = " ".join(_FILLER.sub(" ", fold(option.label)).split())
        if rest and (rest in words or rest in (named, named.removeprefix(option.sense).strip())):
            return option
    places = {"first": 0, "second": 1, "third": 2, "1": 0, "2": 1, "3": 2}
    place = places.get(rest)
    return asked.options[place] if place is not None and place < len(asked.options) else None


def reopened(state: SessionState, earlier: StoredTurn | None) -> SessionState:
    """Go back to what held before a message that was read otherwise than it was meant; what was shown stays shown."""
    held = earlier.state if earlier is not None else SessionState()
    kept = ("turn", "slate", "shown", "shows", "past", "future", "language")
    return held.model_copy(update={name: getattr(state, name) for name in kept})
