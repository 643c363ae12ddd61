"""Musical keys in a message: "in A minor", "F# major", "in a minor key", also as other languages' words are glossed.

"In a minor" alone is a key: A minor. Before "key", "mode" or another noun it is any minor one: that "a" is an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.understanding.matches import Match, Word
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.types import Facet

#: Pitches by letter, in semitones above C, and their names as catalogues write them.
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SIGNS = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}
_MODE = r"(?P<mode>major|minor)(?: (?:key|scale|mode|tonality))?"
_WHOLE = re.compile(rf"\b(?:in )?(?:the key of )?(?P<note>[a-g])(?P<flat>b)? (?P<sign>sharp |flat )?{_MODE}\b")
_ANY = re.compile(
    r"\b(?:in )?(?:(?:a|the|some|any) )?(?P<mode>major|minor) (?:keys?|scales?|modes?|tonality|tonalities)\b"
    r"|\b(?:in|of|all) (?P<alone>major|minor)(?= [.,]|$| (?:and|but|please|around|about|at|with|for)\b)"
)
#: What may follow a key at the end of its phrase.
_FOLLOWING = words("and but or please around about at with for")
_WRITTEN_SIGN = re.compile(r"[A-Ga-g]\s?([#♯♭])")


def find_keys(reading: Reading) -> Iterator[Match]:
    """Find keys and modes; a letter alone is none."""
    line = reading.line
    if "minor" not in line and "major" not in line:
        return
    taken: list[tuple[int, int]] = []
    for pattern in (_WHOLE, _ANY):
        for found in pattern.finditer(line):
            start, end = reading.span(*found.span())
            key = _key(reading, found, start, end) if pattern is _WHOLE else found["mode"] or found["alone"]
            if key is None or any(start < b and a < end for a, b in taken):
                continue
            taken.append((start, end))
            yield Match(start, end, (Word(Facet.KEY, key),), tier=0)


def _key(reading: Reading, found: re.Match[str], start: int, end: int) -> str | None:
    """The key that a note and a mode name; None where the note is the article of "a minor key"."""
    first, _ = reading.span(found.start("note"), found.end("note"))
    after = reading.span(found.start("mode"), found.end("mode"))[1]
    if found["note"] == "a" and not found["sign"] and reading.tokens[first].raw != "A" and after < end:
        return None
    if found["note"] == "a" and not found["sign"] and not _stands_alone(reading, first, end):
        return None
    written = reading.text[reading.tokens[first].start : reading.tokens[after - 1].start]
    sign = (found["sign"] or "").strip() or (found["flat"] or "")
    if not sign and (symbol := _WRITTEN_SIGN.search(written)) is not None:
        sign = symbol[1]
    step = (_STEPS[found["note"]] + _SIGNS.get(sign, 0)) % 12
    return f"{_NAMES[step]} {found['mode']}"


def _stands_alone(reading: Reading, first: int, end: int) -> bool:
    """Whether "a minor" is not the beginning of "a minor hit": a capital says so, or that nothing follows."""
    if reading.tokens[first].raw == "A" and reading.capital(first):
        return True
    before = reading.words[first - 1] if first else ""
    return before in ("in", "of") and (
        end == len(reading) or reading.pause(end) > 0 or reading.words[end] in _FOLLOWING
    )
