"""Traits of music in a message: "gritty vocals", "distorted guitars", "no breathy singing", "not too heavy drums".

Traits are ends of MGPHot's attributes (`recsys.attributes.table`). They are wished for beside everything else that the
rules read: words that they stand on keep their other meaning, but for refusals, where "no distorted guitars" is about
the distortion and not about guitars, once any track is annotated. A wish is a preference unless insisted on; a refusal
is firm unless toned down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.request import Request
from assistant.understanding.negation import Marks
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.attributes.table import load_attributes
from recsys.text import fold
from recsys.types import Constraint, Facet

#: More of them are no request.
MAX_TRAITS = 8
#: Words before a trait, up to so many, that tone a refusal down, or insist.
_REACH = 3
_TONING = words("too so very less that fewer really")
_INSISTING = words("only must strictly always exclusively definitely")
#: Facets whose words within a refused trait are not refused by themselves.
_PARTS = (Facet.INSTRUMENT, Facet.MOOD, Facet.GENRE, Facet.VOCALS, Facet.THEME)


@dataclass(frozen=True, slots=True)
class Found:
    """Words start to end (exclusive) that ask for a trait."""

    start: int
    end: int
    trait: str


def with_traits(request: Request, reading: Reading, marks: Marks, *, known: bool) -> Request:
    """Add the traits that a message wants or refuses to a request that was read from the same words.

    Where no track has any attribute (`known` is False), words within a refused trait stay refused too: nothing else
    could keep distorted guitars out.
    """
    named = {n for mark in marks.marks if mark.match.entity for n in range(mark.match.start, mark.match.end)}
    found = [one for one in _find(reading) if named.isdisjoint(range(one.start, one.end))][:MAX_TRAITS]
    if not found:
        return request
    refused_words = _refused(marks)
    constraints = list(request.constraints)
    for one in found:
        said = " ".join(reading.raw(one.start, one.end).split())
        before = set(reading.words[max(one.start - _REACH, 0) : one.start])
        refused = not refused_words.isdisjoint(range(one.start, one.end))
        if refused and known:
            within = f" {fold(said)} "
            constraints = [
                c for c in constraints if c.wanted or c.facet not in _PARTS or f" {fold(c.text)} " not in within
            ]
        hard = before.isdisjoint(_TONING) if refused else not before.isdisjoint(_INSISTING)
        constraints.append(Constraint(Facet.ATTRIBUTE, (one.trait,), wanted=not refused, hard=hard, text=said))
    unique = {(c.facet, c.values, c.low, c.high, c.wanted): c for c in reversed(constraints)}
    return request.model_copy(update={"constraints": tuple(reversed(unique.values()))})


def _find(reading: Reading) -> Iterator[Found]:
    """Find the phrases of traits, the longest at each place, in order."""
    phrases, longest = load_attributes().phrases, _longest()
    start = 0
    while start < len(reading):
        end = start
        for stop in range(min(start + longest.get(reading.words[start], 0), len(reading)), start, -1):
            if any(reading.pause(position) for position in range(start + 1, stop)):
                continue
            if (trait := phrases.get(reading.joined(start, stop))) is not None:
                yield Found(start, stop, trait)
                end = stop
                break
        start = max(end, start + 1)


@lru_cache(maxsize=1)
def _longest() -> dict[str, int]:
    """First word of a phrase → words of the longest phrase that begins with it."""
    longest: dict[str, int] = {}
    for phrase in load_attributes().phrases:
        said = phrase.split(" ")
        longest[said[0]] = max(longest.get(said[0], 0), len(said))
    return longest


def _refused(marks: Marks) -> set[int]:
    """Positions of the words that a message refuses."""
    refused = {n for mark in marks.marks if mark.negated for n in range(mark.match.start, mark.match.end)}
    return refused | {n for start, end in (*marks.refusals, *marks.unknown) for n in range(start, end)}
