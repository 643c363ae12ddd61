"""How well known tracks are to be, where a message says several things of it: "famous but underrated".

The dial of fame is about tracks and has one place. What is refused only bounds what is wanted: "underrated but not
obscure" is in between. Two kinds of tracks side by side ("hits and deep cuts") are both wanted, so that the dial stays
in its middle. Other wishes for opposite ends contradict each other. Then the later holds, but for one that says who
makes the tracks ("deep cuts by popular bands") or only that they are tracks ("obscure hits"), and that is to be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading

#: Who makes tracks, behind a word that describes them.
_MAKERS = words(
    "artist artists band bands singer singers act acts musician musicians group groups rapper rappers star stars name "
    "names people composer composers dj djs"
)
_REFUSES = re.compile(r"(?:not|non|less)\b")
#: Nearer to the middle the dial says nothing.
_TELLS = 0.1
_PLAIN_HITS = words("hit hits")
_BESIDE = re.compile(r"(?:and|or|plus|as well as|alongside|mixed with|with some|and some|and a few)")


@dataclass(frozen=True, slots=True)
class FameSaid:
    """One thing that a message says of how well known tracks are to be: words start to end (exclusive)."""

    value: float  # from -1, deep cuts, to +1, popular, as it is meant
    start: int
    end: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A wish that did not hold beside another, in the listener's words."""

    other: str
    holds: str
    of_makers: bool  # whether the one that did not hold says who makes the tracks


def settle_fame(said: Sequence[FameSaid], reading: Reading) -> tuple[float | None, Contradiction | None]:
    """Say where the dial is to be, and which wish did not hold; None for what is not said."""
    if not said:
        return None, None
    if len({one.value > 0 for one in said}) < 2:
        return said[-1].value, None
    wishes = [one for one in said if not (one.refused or _REFUSES.match(reading.joined(one.start, one.end)))]
    if len({one.value > 0 for one in wishes}) < 2:
        high, low = (next(one.value for one in reversed(said) if (one.value > 0) is up) for up in (True, False))
        middle = round((high + low) / 2, 2)
        return middle if abs(middle) >= _TELLS else 0.0, None
    if all(_are_beside(reading, one.end, other.start) for one, other in pairwise(wishes)):
        return 0.0, None
    telling = [one for one in wishes if not _says_who(one, reading)]
    telling = [one for one in telling if reading.joined(one.start, one.end) not in _PLAIN_HITS] or telling
    holds = (telling or wishes)[-1]
    other = next(one for one in reversed(wishes) if (one.value > 0) is not (holds.value > 0))
    of_makers = _says_who(other, reading) and holds in telling
    return holds.value, Contradiction(_written(other, reading), _written(holds, reading), of_makers)


def _written(one: FameSaid, reading: Reading) -> str:
    return " ".join(reading.raw(one.start, one.end).split())


def _are_beside(reading: Reading, end: int, start: int) -> bool:
    """Tell whether nothing but "and" or the like stands between wishes."""
    said = reading.joined(end, start)
    return (not said and bool(reading.pause(start))) or _BESIDE.fullmatch(said) is not None


def _says_who(one: FameSaid, reading: Reading) -> bool:
    """Tell whether a wish says who makes the tracks: "famous artists", "artistas famosos"."""
    follows = reading.words[one.end] if one.end < len(reading) and not reading.pause(one.end) else ""
    precedes = reading.words[one.start - 1] if one.start and not reading.pause(one.start) else ""
    return follows in _MAKERS or precedes in _MAKERS
