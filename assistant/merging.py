"""How the constraints of a new message meet those that already hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from recsys.attributes.wishes import traits_of
from recsys.constraints import energy_of
from recsys.types import Constraint, Facet
from recsys.vocabulary import load_vocabulary

Bounds = dict[str, tuple[float, float]]

_INFINITE = float("inf")
_NUMERIC = {
    Facet.ERA: "year",
    Facet.TEMPO: "tempo_bpm",
    Facet.ENERGY: "energy",
    Facet.POPULARITY: "popularity",
}
#: Facets whose words and numbers describe one thing from several sides: how the music feels.
_FEEL = (Facet.MOOD, Facet.ACTIVITY, Facet.ENERGY, Facet.TEMPO)
#: A track can only be in one place on these scales, so even "also faster" moves the earlier wish.
_SCALES = (Facet.TEMPO, Facet.ENERGY, Facet.POPULARITY)
#: One track can have several of these at once, so "also piano" asks for both.
_COMBINABLE = (Facet.MOOD, Facet.INSTRUMENT, Facet.ATTRIBUTE)


class Standing(BaseModel):
    """A constraint that holds, and the turn that last stated it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    constraint: Constraint
    turn: int


def merge(
    standing: Sequence[Standing],
    incoming: Sequence[Constraint],
    *,
    turn: int,
    widen: bool = False,
    fame: float | None = None,
) -> tuple[tuple[Standing, ...], tuple[Constraint, ...]]:
    """Fold a message's constraints into those that hold.

    A wanted constraint replaces an earlier wanted one on the same facet, except moods and traits, which replace only
    those they contradict; with `widen` ("also …") it joins the earlier one instead. Unwanted ones accumulate.
    Whatever was said last wins over its opposite; a wish for a child of what is refused only spares the child.

    Args:
        standing: what holds, oldest first.
        incoming: what the message asks.
        turn: number of the message's turn.
        widen: whether the message adds to what holds instead of replacing it.
        fame: where the message turned the popularity dial to: earlier popularity bounds then end, and so does a wish
            for gems where what is well known is asked for.

    Returns:
        What holds now, oldest first, and the parts of earlier wanted constraints that no longer do.
    """
    kept: list[Standing] = []
    dropped: list[Constraint] = []
    fresh = list({_bare(constraint): constraint for constraint in reversed(incoming)}.values())[::-1]
    for entry in standing:
        old = entry.constraint
        if widen and old.wanted and (widened := _widened(old, fresh)) is not None:
            joined, used = widened
            fresh.remove(used)
            kept.append(Standing(constraint=joined, turn=turn))
            continue
        turned = fame is not None and (old.facet is Facet.POPULARITY or (old.facet is Facet.APPEAL and fame > 0))
        rest = None if turned else _remainder(old, fresh, widen=widen)
        if rest is not None:
            kept.append(entry if rest == old else Standing(constraint=rest, turn=entry.turn))
        if rest != old and old.wanted and (ended := _ended(old, rest, fresh)) is not None:
            dropped.append(ended)
    return (*kept, *(Standing(constraint=c, turn=turn) for c in fresh)), tuple(dropped)


def contradict(one: Constraint, other: Constraint) -> bool:
    """Tell whether no track can feel as both constraints want, by the vocabulary's audio intervals."""
    firsts, seconds = _bounds(one), _bounds(other)
    return bool(firsts) and bool(seconds) and all(_disjoint(a, b) for a in firsts for b in seconds)


def _remainder(old: Constraint, fresh: Sequence[Constraint], *, widen: bool) -> Constraint | None:
    """What is left of a constraint after a message: itself, a part of its values, or None."""
    rest: Constraint | None = old
    for new in fresh:
        if rest is None or (new.facet is old.facet and _bare(new) == _bare(rest)):
            return None
        if new.wanted != old.wanted:
            rest = _without_opposite(rest, new)
        elif not old.wanted:
            rest = _refused_again(rest, new)
        elif (not widen or new.facet in _SCALES) and _replaces(new, rest):
            return None
    return rest


def _replaces(new: Constraint, old: Constraint) -> bool:
    """Tell whether a wanted constraint takes the place of an earlier wanted one."""
    if new.facet is old.facet is Facet.ATTRIBUTE:
        return contradict(new, old)
    if new.facet is old.facet and new.facet is not Facet.MOOD:
        return True
    # What the music is for stays: "more energetic" study music is still for studying.
    return new.facet in _FEEL and old.facet in _FEEL and old.facet is not Facet.ACTIVITY and contradict(new, old)


def _without_opposite(old: Constraint, new: Constraint) -> Constraint | None:
    """Take out of an earlier constraint what a later one of the other polarity says the opposite of."""
    if new.facet is not old.facet:
        return old
    if old.facet in _NUMERIC:
        inner, outer = (old, new) if old.wanted else (new, old)
        return None if _covers(outer, inner) else old
    if not old.wanted:
        return _sparing(old, new.values)
    vocabulary = load_vocabulary()
    refused = {word for value in new.values for word in vocabulary.descendants(old.facet, value)}
    refused -= {word for value in new.spared for word in vocabulary.descendants(old.facet, value)}
    left = tuple(value for value in old.values if value not in refused)
    if left == old.values:
        return old
    return replace(old, values=left, text="") if left else None


def _sparing(refused: Constraint, wanted: Sequence[str]) -> Constraint | None:
    """What is left of a refusal once some words are wanted: not those words, and their parents without them."""
    values = tuple(value for value in refused.values if value not in wanted)
    if not values:
        return None
    below = {word for value in values for word in load_vocabulary().descendants(refused.facet, value)}
    spared = tuple(dict.fromkeys(word for word in (*refused.spared, *wanted) if word in below))
    if (values, spared) == (refused.values, refused.spared):
        return refused
    return replace(refused, values=values, spared=spared, text=refused.text if values == refused.values else "")


def _refused_again(old: Constraint, new: Constraint) -> Constraint | None:
    """What is left of a refusal after another one: said again it stands as said last, exceptions included."""
    if new.facet is not old.facet or not old.spared:
        return old
    values = tuple(value for value in old.values if value not in new.values)
    if not values:
        return None
    refused = {word for value in new.values for word in load_vocabulary().descendants(old.facet, value)}
    return replace(old, values=values, spared=tuple(word for word in old.spared if word not in refused))


def _widened(old: Constraint, fresh: Sequence[Constraint]) -> tuple[Constraint, Constraint] | None:
    """Join a wanted constraint with one of the message on the same facet; None where none is to join."""
    for new in fresh:
        if new.facet is not old.facet or not new.wanted or _bare(new) == _bare(old):
            continue
        if new.facet in _COMBINABLE and not contradict(new, old):
            continue
        if new.values and old.values:
            values = tuple(dict.fromkeys((*old.values, *new.values)))
            text = f"{old.text} or {new.text}" if old.text and new.text else ""
            return replace(old, values=values, hard=old.hard and new.hard, text=text), new
        if old.facet is Facet.ERA:
            (low, high), (new_low, new_high) = _interval(old), _interval(new)
            joined = replace(
                old,
                low=_finite(min(low, new_low)),
                high=_finite(max(high, new_high)),
                hard=old.hard and new.hard,
            )
            return replace(joined, text=""), new
    return None


def _ended(old: Constraint, rest: Constraint | None, fresh: Sequence[Constraint]) -> Constraint | None:
    """The part of a wanted constraint that neither is left nor was said again; None where there is none."""
    again = [new for new in fresh if new.wanted and new.facet is old.facet]
    if not old.values:
        return None if any(_bare(new) == _bare(old) for new in again) else old
    held = {*(rest.values if rest else ()), *(value for new in again for value in new.values)}
    values = tuple(value for value in old.values if value not in held)
    if not values:
        return None
    return old if values == old.values else replace(old, values=values, text="")


def _bounds(constraint: Constraint) -> list[Bounds]:
    """Where the audio features of a fitting track may lie: one box per alternative, [] if unknown."""
    if constraint.wanted and constraint.facet is Facet.ATTRIBUTE:
        return [{one.attribute: (one.low, one.high)} for one in traits_of(constraint)]
    if not constraint.wanted or constraint.facet not in _FEEL:
        return []
    low, high = _interval(constraint)
    if constraint.facet is Facet.ENERGY:
        return [{"energy": (low, high)}]
    if constraint.facet is Facet.TEMPO:
        # "Slow" says how the music feels, "under 100 bpm" only counts its beats: energetic tracks have them too.
        expected = None if any(letter.isdigit() for letter in constraint.text) else energy_of(constraint)
        return [] if expected is None else [{"energy": expected}]
    boxes = [load_vocabulary().intervals(constraint.facet, value) for value in constraint.values]
    return boxes if all(boxes) else []


def _disjoint(one: Bounds, other: Bounds) -> bool:
    return any(
        min(one[column][1], other[column][1]) < max(one[column][0], other[column][0]) for column in one.keys() & other
    )


def _covers(outer: Constraint, inner: Constraint) -> bool:
    (low, high), (inner_low, inner_high) = _interval(outer), _interval(inner)
    return low <= inner_low and inner_high <= high


def _interval(constraint: Constraint) -> tuple[float, float]:
    low = -_INFINITE if constraint.low is None else constraint.low
    return low, _INFINITE if constraint.high is None else constraint.high


def _finite(value: float) -> float | None:
    return None if abs(value) == _INFINITE else value


def _bare(constraint: Constraint) -> Constraint:
    return replace(constraint, text="", hard=False)
