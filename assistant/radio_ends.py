"""Where a radio has nothing left that meets every demand: which of them could give way, and how that is said and read.

Nothing gives way by itself: a radio plays unwatched, and what holds in it holds until the listener says otherwise. What
was ruled out is never offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from assistant.chips import chip_of
from assistant.clarifying import chosen
from assistant.labels import constraint_label, plain
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook, phrasebook
from assistant.radio_start import RadioState
from assistant.request import Alternative, Chip, Intent, Request
from assistant.session import OpenQuestion, SessionState
from recsys.text import fold
from recsys.types import Constraint

#: What an answer to an offer is, among the readings that a session asks about.
RELAX = "relax"
#: What agrees to an offer beside "yes", folded.
_AGREES = re.compile(
    r"(?:(?:ok|okay|sure|please|do (?:it|that|so)|go (?:ahead|for it)|yes|fine|relax it|vale|dale|adelante|d accord"
    r"|vas y|gern|gerne|mach das|ok mach|va bene|d accordo|fallo|pode ser|esta bem|avanca)(?: |$))+"
)
_DECLINES = re.compile(
    r"(?:no|nope|nah|never|better not|no thank(?:s| you)|nein|nee|nein danke|lieber nicht|no gracias|mejor no"
    r"|non|non merci|no grazie|meglio di no|nao|nao obrigad[oa]|melhor nao)"
)
_QUOTED = re.compile(r"[“„«](.+?)[”“»]")
#: Characters of an answer that is offered.
_LONGEST = 200


def could_give_way(steps: Sequence[int], left: Callable[[frozenset[int]], int], n: int) -> tuple[frozenset[int], int]:
    """Choose the demands without which tracks are left.

    One alone if that is enough: the first without which n tracks are left, or else the one without which most are. If
    none is, as many as it takes, none of them in vain.

    Args:
        steps: demands by number, what gives way first coming first.
        left: how many tracks are left without some of them.
        n: how many are wanted.

    Returns:
        The demands, and how many tracks are left without them; none and 0 where none are.
    """
    alone = {number: left(frozenset((number,))) for number in steps}
    most = max(alone.values(), default=0)
    if most:
        number = next(number for number in steps if alone[number] >= min(n, most))
        return frozenset((number,)), alone[number]
    gone = frozenset[int]()
    for number in steps:
        gone |= {number}
        if left(gone):
            break
    for number in steps:
        if left(gone - {number}):
            gone -= {number}
    n_left = left(gone)
    return (gone, n_left) if n_left else (frozenset(), 0)


def offer(
    demands: Sequence[Constraint], n_left: int | None, names: Mapping[str, str], book: Phrasebook
) -> tuple[str, str]:
    """Word an offer to relax demands, and the message that takes it up.

    Args:
        demands: what would give way.
        n_left: tracks that could come then; None where that is not told.
        names: catalogue key → name.
        book: the language to say it in.
    """
    labels = [constraint_label(one, names, book) for one in demands]
    wishes = book.listing([book("“{words}”", words=label) for label in labels])
    if n_left is None:
        said = book("If I relax {wishes}, more can come: say “yes”.", wishes=wishes)
    elif n_left == 1:
        said = book("If I relax {wishes}, one more can come: say “yes”.", wishes=wishes)
    else:
        said = book("If I relax {wishes}, {n} more can come: say “yes”.", wishes=wishes, n=book.number(n_left))
    return said, plain(book("keep going, relax {wishes}", wishes=wishes), _LONGEST)


def question(
    label: str,
    demands: Sequence[Constraint],
    request: Request,
    state: SessionState,
    radio: RadioState,
    names: Mapping[str, str],
) -> OpenQuestion:
    """What an offer asks.

    Args:
        label: the message that takes it up.
        demands: what gives way then.
        request: what the radio was asked for, of which the session may hold nothing yet.
        state: the session when it is offered.
        radio: what goes on then.
        names: catalogue key → name.
    """
    book, gone = phrasebook(request.spoken), [chip_of(one) for one in demands]
    held = [chip for one in state.active() if one.hard and (chip := chip_of(one)) in gone]
    constraints = tuple(replace(one, hard=one.hard and chip_of(one) not in gone) for one in request.constraints)
    chips = (*request.chips, *(Chip(action="prefer", chip=chip) for chip in held))
    new = [constraint_label(one, names, book) for one in demands if chip_of(one) not in held]
    note = book("Now a preference: {wishes}.", wishes=book.listing(new)) if new else None
    told = {"intent": Intent.REFINE, "constraints": constraints, "chips": chips, "note": note}
    asked = request.model_copy(update=told)
    answer = Alternative(sense=RELAX, label=label, request=asked)
    return OpenQuestion(turn=state.turn, options=(answer,), radio=radio)


def accepted(text: str, asked: OpenQuestion | None, turn: int) -> tuple[RadioState, Request] | None:
    """The radio that goes on, and what it is asked for, where a message takes up an offer."""
    if asked is None or asked.turn != turn or asked.radio is None:
        return None
    found = asked.options[0] if _AGREES.fullmatch(fold(text)) else chosen(text, asked, turn)
    return (asked.radio, found.request) if found is not None else None


def turned_down(text: str, asked: OpenQuestion | None, turn: int) -> bool:
    """Tell whether a message turns an offer down."""
    offered = asked is not None and asked.turn == turn and asked.radio is not None
    return offered and _DECLINES.fullmatch(fold(text)) is not None


def ruled_out(refusals: Sequence[Constraint], names: Mapping[str, str], book: Phrasebook) -> str:
    """Say that only what was ruled out is left."""
    wishes = book.listing([constraint_label(one, names, book) for one in refusals])
    return book("What is left is ruled out: {wishes}.", wishes=wishes)


def relaxed_by(
    words: str, standing: Sequence[Constraint], names: Mapping[str, str], book: Phrasebook
) -> tuple[Chip, ...]:
    """Read which demands are to be relaxed, named as a receipt names them; none where any of the names is of none."""
    demands = {
        fold(constraint_label(one, names, said_by)): one
        for said_by in (ENGLISH_BOOK, book)
        for one in standing
        if one.hard and one.wanted
    }
    found = [demands.get(fold(words))]
    if found == [None]:
        found = [demands.get(fold(label)) for label in _QUOTED.findall(words)]
    if not found or None in found:
        return ()
    return tuple(Chip(action="prefer", chip=chip_of(one)) for one in found if one is not None)
