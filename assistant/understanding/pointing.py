"""Words that point at tracks on screen: "3", "the last two", "those", "the rest", "the Nina Simone track".

Patterns are over `Reading.line`: folded words with "," and "." at pauses and "-" between numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.request import Reference
from recsys.types import Constraint

#: Reads words that describe tracks: the constraints that such tracks meet.
Describe = Callable[[str], tuple[Constraint, ...]]

_CARDINALS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
_VALUE = {word: n for words in (_CARDINALS, _ORDINALS) for n, word in enumerate(words, start=1)}

_DIGITS = r"\d{1,3}"
_CARDINAL = rf"(?:{_DIGITS}|{'|'.join(_CARDINALS)})"
_ORDINAL = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"
_SEPARATOR = r"(?: , and | and | , | - | to | through | / | or | & )"
_NOUN = r"(?:tracks?|songs?|tunes?|picks?|ones?)"
_NUMBERED = r"(?:(?:the )?(?:tracks?|songs?|numbers?|nos?|positions?|places?|picks?|ones) (?:number )?)"
#: What may follow a bare number: "3" points at a track, "3 songs", "3 minutes" and "3 doors down" do not.
_ENDS = (
    r"(?=$| [,.]| (?:and|but|or|please|too|instead|though|because|again|from|to|at|with|for|by|is|are|was|were|s|so"
    r"|very|now|then|out|off|in|a|up|best|only|on)\b)"
)
_LIST = re.compile(
    rf"{_NUMBERED}{_CARDINAL}(?:{_SEPARATOR}(?:{_NUMBERED})?{_CARDINAL})*{_ENDS}"
    rf"|(?:the )?{_DIGITS}(?:{_SEPARATOR}(?:{_NUMBERED}|the )?{_DIGITS})*{_ENDS}"
    rf"|{_CARDINAL}(?:{_SEPARATOR}{_CARDINAL})+{_ENDS}"
)
_FROM_END = re.compile(
    rf"(?:the )?(?:(?:second|2nd|next) (?:to )?last|last but one|penultimate)(?: {_NOUN}| (?:on|in|of) the list)?"
)
_EDGE = re.compile(rf"(?:the )?(?P<edge>first|last|top|bottom|final) (?P<n>{_CARDINAL})(?: {_NOUN})?(?= |$)")
_LAST = re.compile(rf"(?:the |that )?(?:very )?(?:last|final)(?: {_NOUN})?{_ENDS}")
_NTH = re.compile(rf"(?:the |that )?{_ORDINAL}(?:{_SEPARATOR}(?:the )?{_ORDINAL})*(?: {_NOUN})?{_ENDS}")
_REST = re.compile(
    r"(?:all )?(?:of )?the (?:rest|remaining|remainder|others?)\b(?: (?:of )?(?:them|it|these|those|the (?:list"
    r"|playlist|songs"
    r"|tracks)|ones|songs|tracks))?|everything else|all others|the other (?:ones|tracks|songs|\d+)"
)
_ALL = re.compile(
    rf"(?:all (?:of )?(?:them|these|those|it)|(?:these|those|them|everything|all)(?: all)?(?: {_NOUN})?"
    rf"|the (?:whole|entire)"
    r" (?:list|playlist|thing|lot))(?=$| [,.]| (?:and|but|please|too|again|now|then|so|very)\b)"
)
_IT = re.compile(rf"(?:this|that)(?: (?:one|track|song|tune))?{_ENDS}|it{_ENDS}")
_STOP = r"(?=$| [,.]| (?:and|but|please|instead|for|with|from this|from the (?:list|playlist))\b)"
_MANY = re.compile(
    rf"(?:(?:all|any|every|each)(?: of)? (?:(?:the|these|those) )?|(?:the|these"
    rf"|those) )(?P<what>(?:\w+ ){{1,5}}?)(?:ones|tracks"
    rf"|songs|tunes|versions)"
    rf"{_STOP}|(?:everything|anything|all (?:the )?(?:songs|tracks|ones)|(?:the |any |every )(?:songs?|tracks?"
    rf"|ones?)) (?:that (?:is|are) )?"
    rf"(?P<link>by |from |of |with |in )?(?P<of>(?:\w+ ){{0,5}}?\w+){_STOP}"
)
_SINGLE = re.compile(rf"(?:the|that|this) (?P<what>(?:\w+ ){{1,6}}?)(?:one|track|song|tune|version){_STOP}")


def find_reference(
    line: str, start: int, describe: Describe, *, described: bool = True, many: bool = True
) -> tuple[Reference, int] | None:
    """Read a reference at a place of a line.

    Args:
        line: of a `Reading`.
        start: where the reference must begin.
        describe: reads what describes tracks.
        described: whether "the … one" is a reference here.
        many: whether "the … ones" is one, too.

    Returns:
        The reference and where it ends, or None.
    """
    if (found := _REST.match(line, start)) is not None:
        return Reference(which="rest", text=found.group()), found.end()
    if (found := _FROM_END.match(line, start)) is not None:
        return Reference(positions=(-2,), text=found.group()), found.end()
    if (found := _EDGE.match(line, start)) is not None:
        n, first = _number(found["n"]), found["edge"] in ("first", "top")
        positions = tuple(range(1, n + 1)) if first else tuple(range(-n, 0))
        return Reference(positions=positions, text=found.group()), found.end()
    if (found := _LAST.match(line, start)) is not None:
        return Reference(positions=(-1,), text=found.group()), found.end()
    for pattern, number in ((_LIST, _CARDINAL), (_NTH, _ORDINAL)):
        if (found := pattern.match(line, start)) is not None and (positions := _positions(found.group(), number)):
            return Reference(positions=positions, text=found.group()), found.end()
    if (found := _ALL.match(line, start)) is not None:
        return Reference(which="all", text=found.group()), found.end()
    if (found := _IT.match(line, start)) is not None:
        return Reference(which="it", text=found.group()), found.end()
    if described:
        for pattern in (_SINGLE, _MANY) if many else (_SINGLE,):
            if (found := pattern.match(line, start)) is not None:
                return _described(found, describe), found.end()
    return None


def number_of(word: str) -> int | None:
    """Return the value of a cardinal or ordinal number in digits or words, if it is one."""
    return _number(word) if re.fullmatch(rf"{_CARDINAL}|{_ORDINAL}", word) else None


def _described(found: re.Match[str], describe: Describe) -> Reference:
    groups = found.groupdict()
    words = (groups.get("of") or groups["what"] or "").strip()
    link = groups.get("link") or ""
    constraints = describe(f"{link}{words}" if link.strip() in ("by", "in") else words)
    if not constraints and link:
        constraints = describe(f"{link}{words}")
    return Reference(which="described", constraints=constraints, words=words, text=found.group())


def _positions(text: str, number: str) -> tuple[int, ...]:
    """The numbers of a list in their order, ranges filled in."""
    parts = re.findall(rf"\b{number}\b|-|\bto\b|\bthrough\b", text)
    found: list[int] = []
    to = False
    for part in parts:
        if part in ("-", "to", "through"):
            to = bool(found)
            continue
        value = _number(part)
        found += range(found[-1] + 1, value + 1) if to and value > found[-1] else [value]
        to = False
    return tuple(dict.fromkeys(n for n in found if n > 0))


def _number(word: str) -> int:
    return _VALUE.get(word) or int(re.sub(r"\D", "", word))
