"""Wishes as chips: every wish that holds can be dropped, insisted on or made a preference, by a name that stays.

The name of a chip is made of what it wishes, so that a front end may show it, and send it back, turns later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.labels import constraint_label
from assistant.merging import Standing
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.phrases import without_ended
from assistant.reply import ReceiptLine
from assistant.request import Chip, Mention
from assistant.session import SessionState
from recsys.types import Constraint
from recsys.vocabulary import load_vocabulary

#: Chips that are no constraints, and the fields of the state that they stand for.
_FIELDS = {
    "size": ("n_tracks", "minutes"),
    "fame": ("fame",),
    "discovery": ("discovery",),
    "me": ("how_much_me",),
    "arc": ("arc",),
    "clean": ("clean",),
}
_DROPPED = "Dropped: {wishes}."
_SAID = {
    "drop": _DROPPED,
    "allow": _DROPPED,
    "must": "Now a must: {wishes}.",
    "prefer": "Now a preference: {wishes}.",
}
_LESS_OF_WHAT = "Less of what? Say what there is too much of, as in “less rock”."


def chip_of(constraint: Constraint) -> str:
    """Name a constraint's chip: "genre:jazz", "-era:1990..1999"."""
    low, high = ("" if bound is None else f"{bound:g}" for bound in (constraint.low, constraint.high))
    values = "|".join(constraint.values) or f"{low}..{high}"
    return f"{'' if constraint.wanted else '-'}{constraint.facet.value}:{values}"


def resolve(chips: Sequence[Chip], receipt: Sequence[ReceiptLine]) -> tuple[Chip, ...]:
    """Put the chip of a receipt's line in place of the line's number or label."""
    found = []
    for chip in chips:
        name = chip.chip.lower()
        if name.isdigit() and 1 <= int(name) <= len(receipt):
            name = receipt[int(name) - 1].chip
        else:
            shown = (line.chip for line in receipt if line.chip and name in (line.constraint.lower(), line.chip))
            name = next(shown, name)
        found.append(chip.model_copy(update={"chip": name}))
    return tuple(found)


def apply(
    state: SessionState, chips: Sequence[Chip], book: Phrasebook = ENGLISH_BOOK
) -> tuple[SessionState, list[str]]:
    """Change a state by chips.

    Returns:
        The state and what is said of it.
    """
    said: list[str] = []
    for chip in chips:
        names = state.names()
        if chip.action == "drop" and chip.chip in _FIELDS:
            state = state.model_copy(update=dict.fromkeys(_FIELDS[chip.chip]))
            said.append(book(_DROPPED, wishes=chip.text or book(chip.chip)))
            continue
        hit = [standing for standing in state.constraints if _means(chip, standing.constraint)]
        if chip.action == "allow":
            hit = [standing for standing in hit if not standing.constraint.wanted]
        labels = [constraint_label(standing.constraint, names, book) for standing in hit]
        keys = {value for c in chip.constraints for value in c.values} | {chip.chip.partition(":")[2]}
        likes = [m for m in (*state.likes, *state.titles) if _is_named(m, keys, chip)] if chip.action == "drop" else []
        labels += [book("like {name}", name=mention.name) for mention in likes]
        if not hit and chip.action in ("must", "prefer"):
            labels = [constraint_label(c, names, book) for c in chip.constraints if c.wanted]
        if not labels and chip.action == "allow":
            continue
        if not labels:
            said.append(book("Nothing here asks for “{words}”.", words=chip.text or chip.chip))
            continue
        state = _changed(state, chip, hit, likes)
        said.append(book(_SAID[chip.action], wishes=book.listing(labels)))
    return state, said


def less(state: SessionState, book: Phrasebook = ENGLISH_BOOK) -> tuple[SessionState, list[str]]:
    """Turn what the last message wanted into something to avoid where possible; say what that is."""
    latest = [s for s in state.constraints if s.constraint.wanted and s.constraint.values and s.turn == state.turn]
    if not latest:
        return state, [book(_LESS_OF_WHAT)]
    turned = {id(s): Standing(constraint=replace(s.constraint, wanted=False, hard=False), turn=s.turn) for s in latest}
    constraints = tuple(turned.get(id(standing), standing) for standing in state.constraints)
    phrases = without_ended(state.phrases, [standing.constraint for standing in latest])
    labels = [constraint_label(standing.constraint, state.names(), book) for standing in latest]
    said = book("Less {wishes}.", wishes=book.listing(labels))
    return state.model_copy(update={"constraints": constraints, "phrases": phrases}), [said]


def _changed(state: SessionState, chip: Chip, hit: Sequence[Standing], likes: Sequence[Mention]) -> SessionState:
    constraints: list[Standing] = []
    for standing in state.constraints:
        if standing not in hit:
            constraints.append(standing)
        elif chip.action in ("must", "prefer"):
            changed = replace(standing.constraint, hard=chip.action == "must")
            constraints.append(Standing(constraint=changed, turn=standing.turn))
    if not hit and chip.action in ("must", "prefer"):
        new = (replace(c, hard=chip.action == "must") for c in chip.constraints if c.wanted)
        constraints += [Standing(constraint=constraint, turn=state.turn + 1) for constraint in new]
    gone = [standing.constraint for standing in hit if chip.action == "drop"]
    return state.model_copy(
        update={
            "constraints": tuple(constraints),
            "phrases": without_ended(state.phrases, gone),
            "likes": tuple(mention for mention in state.likes if mention not in likes),
            "titles": tuple(mention for mention in state.titles if mention not in likes),
        }
    )


def _is_named(mention: Mention, keys: set[str], chip: Chip) -> bool:
    return mention.key in keys or chip.chip == "likes"


def _means(chip: Chip, standing: Constraint) -> bool:
    """Tell whether a chip is about a constraint: by its name, its kind, or what both say."""
    if chip.chip:
        return chip_of(standing) == chip.chip
    if standing.facet in chip.facets:
        return True
    return any(c.facet is standing.facet and _same(c, standing) for c in chip.constraints)


def _same(said: Constraint, standing: Constraint) -> bool:
    if said.values and standing.values:
        below = {word for value in said.values for word in load_vocabulary().descendants(said.facet, value)}
        return not below.isdisjoint(standing.values)
    low = max(bound for bound in (said.low, standing.low, float("-inf")) if bound is not None)
    high = min(bound for bound in (said.high, standing.high, float("inf")) if bound is not None)
    return not said.values and not standing.values and low <= high
