"""When the music is from: decades, years, ranges, and words such as "recent" or "older".

Intervals are in calendar years, both ends included. "Recent" and its like are relative to the newest year of the
catalogue, not to today: a catalogue that ends in 2020 still has recent music.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from assistant.understanding.matches import Bounds, Match, Word
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.types import Facet

_NAMED = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
    "noughties": 0,
    "naughties": 0,
    "aughts": 0,
    "two thousands": 0,
    "twenty tens": 10,
}
#: Below this, a decade without a century is this century's; the twenties are if the catalogue reaches them.
_CENTURY_FROM = 30

_DECADE = (
    r"(?:(?:19|20)\d0 ?s|(?:19|20)\d0ies|\d0 ?s|\d0ies|(?:nineteen |roaring )?(?:"
    + "|".join(_NAMED)
    + r")|y2k)(?: era)?\b"
)
_YEAR = r"(?:19\d\d|20[0-4]\d)\b"
_PART = r"(?:early|mid|middle|late|beginning|end|start)"
_POINT = rf"(?:(?:the )?{_PART} (?:of )?(?:to {_PART} )?)?(?:the )?(?:years? )?(?:{_DECADE}|{_YEAR})"
_OPEN_END = r"(?:now|today|present|the present|nowadays|this day)\b"
_PATTERNS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("range", rf"\bbetween (?P<a>{_POINT}) and (?P<b>{_POINT})"),
        ("since", rf"\b(?:from |since )?(?P<a>{_POINT}) (?:to|until|till|-|through) {_OPEN_END}"),
        ("range", rf"\b(?:from )?(?P<a>{_POINT}) (?:to|through|thru|until|till|up to|-) (?P<b>{_POINT})"),
        (
            "since",
            rf"\b(?:since |from )?(?P<a>{_POINT}) (?:onwards?|forwards?|upwards?|and (?:later|newer|up|beyond|after)"
            r"|or (?:later|newer)"
            r"|on\b(?= [.,]|$| (?:for|with|without|over|under|by|but|and|no|not|please)\b))",
        ),
        (
            "since",
            rf"\b(?:since|(?:starting|beginning) (?:from|in|with)|no (?:older|earlier) than|not (?:older|earlier) "
            rf"than) (?P<a>{_POINT})",
        ),
        ("until", rf"\b(?P<a>{_POINT}) (?:and|or) (?:earlier|older|before)\b"),
        (
            "before",
            rf"\b(?:before|pre|prior to|earlier than|older than) (?P<a>{_POINT})",
        ),
        ("until", rf"\b(?:until|till|up to|up until|no later than|not later than|no newer than) (?P<a>{_POINT})"),
        ("after", rf"\b(?:after|post|later than|newer than|beyond|more recent than) (?P<a>{_POINT})"),
        (
            "last",
            r"\b(?:the )?(?:last|past) (?P<n>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty"
            r"|couple of"
            r"|few)(?P<unit> years?| decades?)\b",
        ),
        (
            "last",
            r"\b(?:the )?(?:last|past)(?P<n>)(?P<unit> year| decade)\b|\b(?:of |from |in )this(?P<n2>)(?P<unit2> "
            r"year)\b",
        ),
        ("ago", r"\b(?:more than|over|at least) (?P<n>\d{1,3}|ten|twenty|thirty|forty|fifty) years (?:old|ago)\b"),
        ("century", r"\b(?P<n>20|21)(?:th|st) century\b"),
        ("point", rf"\b(?:(?:from|in|of) )?(?P<a>{_POINT})"),
    )
)
#: A decade of life is no decade of music: "in my 20s", "for his thirties", "a 60s birthday".
_OF_LIFE_BEFORE = re.compile(r"\b(?:my|his|her|their|our|your)(?: (?:early|mid|late))?(?: |$)")
_OF_LIFE_AFTER = re.compile(
    r"^ (?:birthday|bpm|beats per|kbps|percent|year olds?|years old|minutes?|mins?|hours?|songs per)\b"
)
_SMALL = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
          "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "couple of": 2, "few": 3}  # fmt: skip

_MUSIC = (
    r"(?:music|songs?|tracks?|tunes?|stuff|hits?|albums?|releases?|singles?|records|ones|jams|material|artists'? songs"
    r"|bangers?|sounds?|things)"
)
#: "Recent" reaches back so many years; the words of the second kind say it less strictly.
RECENT_YEARS = 5
_RECENT = re.compile(
    r"\b(?:most recent|recent|recently released|(?:the )?(?:very )?(?:latest|newest)|brand new|(?:new|fresh) releases?"
    r"|just (?:released|came out)|current|currently popular|of today|today s|nowadays|these days|this decade"
    rf"|new (?={_MUSIC}\b)|something new by)\b"
)
_NEVER_NEW = words(
    "wave age order jack york orleans zealand year years found kids romantic romantics to mexico "
    "england edition radicals"
    " direction one mix list playlist for artists artist bands band people genre genres discoveries and"
)
_MODERN = re.compile(r"\b(?:modern|contemporary|newer|more recent|more modern|more current|less dated)\b")
_MODERN_YEARS, _OLDER_YEARS = 15, 25
_OLDER = re.compile(
    r"\b(?:older(?! than)(?! (?:brother|sister|man|woman|men|women|people))|more vintage|less modern|vintage)\b"
)
_OLD_SONGS = re.compile(
    r"\b(?:really |very |good )?(?:old|olden) (?:time |times |days? )?(?=(?:music|songs?|tracks?|tunes?|stuff|hits?"
    r"|classics|records"
    r"|ones|goodies)\b)"
)


class EraFinder:
    """Finds eras, given the newest year of the catalogue."""

    def __init__(self, newest: int) -> None:
        self._newest = newest

    def find(self, reading: Reading, is_genre: Callable[[int], bool]) -> list[Match]:
        """Find all eras in a message; `is_genre(position)` says whether a genre word begins there."""
        found: list[Match] = []
        for kind, pattern in _PATTERNS:
            for match in pattern.finditer(reading.line):
                claim = self._claim(reading, kind, match)
                if claim is not None and not any(claim.overlaps(other) for other in found):
                    found.append(claim)
        found.extend(self._relative(reading, is_genre))
        return found

    def _claim(self, reading: Reading, kind: str, match: re.Match[str]) -> Match | None:
        if _OF_LIFE_BEFORE.search(match.string[: match.start()][-12:]) or _OF_LIFE_AFTER.match(
            match.string[match.end() :]
        ):
            return None
        interval = self._interval(kind, match)
        if interval is None:
            return None
        low, high = interval
        start, end = reading.span(*match.span())
        return Match(start, end, (Bounds(Facet.ERA, low, high),), tier=1)

    def _interval(self, kind: str, match: re.Match[str]) -> tuple[int | None, int | None] | None:
        if kind in ("last", "ago"):
            return self._counted_back(kind, match)
        if kind == "century":
            return (1900, 1999) if match["n"] == "20" else (2000, None)
        low, high = self._point(match["a"])
        if kind == "range":
            other_low, other_high = self._point(match["b"])
            return min(low, other_low), max(high, other_high)
        return {
            "since": (low, None),
            "until": (None, high),
            "before": (None, low - 1),
            "after": (high + 1, None),
            "point": (low, high),
        }[kind]

    def _counted_back(self, kind: str, match: re.Match[str]) -> tuple[int | None, int | None]:
        groups = match.groupdict()
        if groups.get("unit2"):
            return self._newest, None
        word = groups["n"]
        n = _SMALL.get(word, int(word) if word and word.isdigit() else 1)
        if kind == "ago":
            return None, self._newest - n
        n *= 10 if "decade" in groups["unit"] else 1
        return self._newest - max(n - 1, 1), None

    def _point(self, words: str) -> tuple[int, int]:
        """The interval of one decade, a part of it, or one year."""
        year = re.search(rf"{_YEAR}(?! ?s\b)(?!ies)", words)
        if year and not re.search(_DECADE, words):
            return int(year[0]), int(year[0])
        if "y2k" in words:
            return 1998, 2004
        low = self._decade(words)
        parts = re.findall(rf"\b{_PART}\b", words)
        spans = [_PARTS[part] for part in parts] or [(0, 9)]
        return low + min(span[0] for span in spans), low + max(span[1] for span in spans)

    def _decade(self, words: str) -> int:
        digits = re.search(r"\d+", words)
        if digits and len(digits[0]) == 4:
            return int(digits[0])
        if digits:
            short = int(digits[0])
        else:
            short = next(number for word, number in _NAMED.items() if word in words)
            if "nineteen" in words:
                return 1900 + short
        if short >= _CENTURY_FROM:
            return 1900 + short
        return 2000 + short if short < 20 or (self._newest > 2020 and "roaring" not in words) else 1900 + short

    def _relative(self, reading: Reading, is_genre: Callable[[int], bool]) -> Iterable[Match]:
        recent = Bounds(Facet.ERA, self._newest - RECENT_YEARS + 1, None)
        modern = Bounds(Facet.ERA, self._newest - _MODERN_YEARS + 1, None, hard=False)
        older = Bounds(Facet.ERA, None, self._newest - _OLDER_YEARS, hard=False)
        for pattern, payload in ((_RECENT, recent), (_MODERN, modern), (_OLDER, older)):
            for match in pattern.finditer(reading.line):
                yield Match(*reading.span(*match.span()), (payload,), tier=2)
        for match in _OLD_SONGS.finditer(reading.line):
            yield Match(*reading.span(*match.span()), (Word(Facet.GENRE, "oldies"),), tier=2)
        for position, word in enumerate(reading.words[:-1]):
            if word in ("new", "old") and reading.words[position + 1] not in _NEVER_NEW and is_genre(position + 1):
                payload = recent if word == "new" else older
                yield Match(position, position + 1, (payload,), tier=2)


_PARTS = {
    "early": (0, 3),
    "beginning": (0, 3),
    "start": (0, 3),
    "mid": (4, 6),
    "middle": (4, 6),
    "late": (7, 9),
    "end": (7, 9),
}


def union(intervals: Iterable[Bounds]) -> tuple[Bounds, list[Bounds]]:
    """Join wanted eras into one interval and the gaps in it that nobody asked for.

    "60s and 90s" is 1960–1999 without 1970–1989: a constraint is one interval, so the gap is refused. Of two eras of
    which one holds the other, the narrower is meant ("recent songs from 2019").
    """
    eras = list(dict.fromkeys(intervals))
    eras = [era for era in eras if not any(o is not era and _contains(era, o) for o in eras)]
    ordered = sorted(eras, key=lambda b: -math.inf if b.low is None else b.low)
    whole, gaps = ordered[0], []
    for era in ordered[1:]:
        if whole.high is None:
            break
        if era.low is not None and era.low > whole.high + 1:
            gaps.append(Bounds(Facet.ERA, whole.high + 1, era.low - 1))
        if era.high is None or era.high > whole.high:
            whole = replace(whole, high=era.high)
    return whole, gaps


def _contains(outer: Bounds, inner: Bounds) -> bool:
    low = -math.inf if outer.low is None else outer.low
    high = math.inf if outer.high is None else outer.high
    return (
        low <= (-math.inf if inner.low is None else inner.low)
        and (math.inf if inner.high is None else inner.high) <= high
    )
