"""How much is asked for: numbers of tracks and minutes, in digits and in words.

Years and decades are no sizes ("80 songs from the 80s"), nor are names with numbers ("50 Cent songs"): what the
finders of eras and of entities have claimed is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.understanding.matches import Match, Size
from assistant.understanding.tokens import Reading

#: Limits of `Request`.
MAX_TRACKS = 200
MAX_MINUTES = 1440.0

_UNITS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,  # the commonest misspelling of a number
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_UNIT = "|".join(word for word in _UNITS if word != "zero")
_TEN = "|".join(_TENS)
_WORDED = rf"(?:an? |one )?hundred(?: and)?(?: (?:{_TEN}))?(?: (?:{_UNIT}))?|(?:{_TEN})(?: (?:{_UNIT}))?|{_UNIT}"
_NUMBER = rf"(?:\d{{1,5}}(?:\.\d{{1,2}})?|{_WORDED}|half a dozen|two dozen|three dozen|an? dozen|(?:a )?couple(?: of)?)"

_HOUR = r"(?:hours?|hrs?|h)\b"
_MINUTE = r"(?:minutes?|mins?|min|minuets)\b"
_ABOUT = (
    r"(?:(?:about|around|roughly|approximately|approx|circa|exactly|at least|at most|up to|under|over|maximum|max) )?"
)
_MINUTES = re.compile(
    rf"\b(?:"
    rf"(?P<three_quarters>three quarters of an hour)"
    rf"|(?P<half>half an? {_HOUR}|half {_HOUR})"
    rf"|(?P<quarter>(?:a )?quarter (?:of an )?{_HOUR})"
    rf"|(?P<glued>\d{{1,2}}h(?:rs?)?\d{{0,2}}m?(?:ins?)?|\d{{1,4}}m(?:ins?|inutes?)?|\d{{1,2}}(?:\.\d)?(?:hours?"
    rf"|hrs?))\b"
    rf"(?: (?:and )?(?P<glued_plus>\d{{1,2}}) {_MINUTE})?"
    rf"|(?:(?P<hours>{_NUMBER}|an?|single)(?P<and_half> and a half)? |(?P<bare>))"
    rf"{_HOUR}(?:(?: and)? (?P<plus_half>a half|half an hour|half)\b|(?: and)? (?P<plus_quarter>a quarter)\b"
    rf"|(?: and)? (?P<plus>{_NUMBER}) {_MINUTE})?"
    rf"|(?:{_NUMBER} (?:-|to|or) )?(?P<minutes>{_NUMBER}) {_MINUTE}"
    rf")"
)
#: The hour alone is a length in "hour and a half" and "hour-long", not in "rush hour" or "for hours".
_LONG_HOUR = re.compile(r"^hour (?:and a|long)")
#: A length of single tracks, not of the playlist: "songs under 4 minutes", "3 minute songs".
_EACH_BEFORE = re.compile(
    r"\b(?:songs?|tracks?|tunes?)(?: that are| that is| of)?(?: (?:under|over|longer|shorter|less|more|about|around"
    r"|at least|at most|max|exactly|than))+ $|\b(?:every|in) $"
)
_EACH_AFTER = re.compile(r"^ (?:long )?(?:(?:songs?|tracks?|tunes?|each)\b|per\b)|^ (?:ago|into|mark|in)\b")
_LONGEST_TRACK_MIN = 12.0

_NOUN = (
    r"(?:songs?|tracks?|tunes?|titles?|pieces?|bangers?|hits?|jams?|cuts?|ballads?|anthems?|classics|numbers"
    r"|bops|gems?|favou?rites?|instrumentals|singles|recordings)\b"
)
#: Between the number and its noun may stand what describes tracks, not what starts another phrase.
_BETWEEN = (
    r"(?:(?!(?:for|to|from|with|by|that|which|but|like|at|in|on|is|are|minutes?|mins?|hours?|bpm|years?|days?|cent"
    r"|savage"
    r"|chainz|pilots|doors|seconds|degrees|ways?|times?|people|friends|of us|weeks?|months?|percent|artists?|bands?)\b)"
    r"(?!\d+ )\w+ (?:[-/] )?){0,5}?"
)
_OF = r"(?:of (?:the |my |your |our |his |her |their )?)?"
_TRACKS = re.compile(
    rf"\b(?:{_NUMBER} (?:-|to|or) )?(?P<count>{_NUMBER})(?: (?:more|other|different|total))? "
    rf"{_OF}(?P<between>{_BETWEEN})"
    rf"{_NOUN}"
)
_GLUED_TRACKS = re.compile(r"\b(?P<count>\d{1,3})(?:songs?|tracks?)\b")
_LIST_OF = re.compile(
    rf"\b(?:playlist|list|mix|set|slate|compilation|selection)(?: of| with| containing)? {_ABOUT}"
    rf"(?P<count>{_NUMBER})(?= (?:[.,]|please|total|max|maximum|long)|$)"
)
_GIVE = re.compile(
    rf"(?:\b(?:give me|gimme|make it|make that|i want|only|just|play|show me|i need|i d like|suggest|pick|find me"
    rf"|maximum"
    rf"|max|at most|at least|no more than|not more than|up to|top|total of) ){_ABOUT}(?P<count>{_NUMBER})"
    rf"(?= (?:[.,]|please|of (?:them|these|those)|total|more|max|maximum|instead)|$)"
)
_TOP_40 = re.compile(r"\btop 40$")  # a format of pop radio
_DOZEN = re.compile(r"\b(?P<count>half a dozen|two dozen|three dozen|an? dozen)\b(?: of (?:them|these|those))?")


def parse_number(words: str) -> float | None:
    """Read a number in digits or words ("1.5", "twenty-five" folded to "twenty five", "a couple of")."""
    if words[:1].isdigit():
        return float(words)
    if "couple" in words:
        return 2
    if "dozen" in words:
        return {"half": 6, "two": 24, "three": 36}.get(words.split()[0], 12)
    total = 0
    for word in words.split():
        if word == "hundred":
            total = max(total, 1) * 100
        else:
            total += _UNITS.get(word, _TENS.get(word, 0))
    return float(total) if total else None


def find_minutes(reading: Reading, taken: Callable[[int, int], bool]) -> list[Match]:
    """Find lengths of the playlist in words that `taken(start, end)` leaves free."""
    line, found = reading.line, []
    for match in _MINUTES.finditer(line):
        before, after = line[: match.start()], line[match.end() :]
        minutes = _minutes(match)
        if minutes is None or minutes <= 0 or taken(*reading.span(*match.span())):
            continue
        if match["bare"] is not None and not _LONG_HOUR.match(line[match.start() :]):
            continue
        each = _EACH_BEFORE.search(before) or _EACH_AFTER.match(after)
        if each and (minutes <= _LONGEST_TRACK_MIN or re.search(r"\b(?:every|in) $", before) or " ago" in after[:5]):
            continue
        start, end = reading.span(*match.span())
        found.append(Match(start, end, (Size(minutes=min(minutes, MAX_MINUTES), cut=minutes > MAX_MINUTES),), tier=1))
    return found


def find_tracks(reading: Reading, taken: Callable[[int, int], bool]) -> list[Match]:
    """Find numbers of tracks in words that `taken(start, end)` leaves free.

    The match covers the number alone, so that what stands between it and its noun keeps its meaning; a number
    that names a year in front of its noun ("1999 hits") is none.
    """
    found: list[Match] = []
    for pattern in (_TRACKS, _GLUED_TRACKS, _LIST_OF, _GIVE, _DOZEN):
        for match in pattern.finditer(reading.line):
            span = reading.span(*match.span("count"))
            count = parse_number(match["count"])
            if count is None or count < 1 or count != int(count) or taken(*span) or 1900 <= count < 2050:
                continue
            if (pattern is _TRACKS and _is_one_of(match)) or _TOP_40.search(match.string[: match.end("count")]):
                continue
            size = Size(n_tracks=min(int(count), MAX_TRACKS), cut=count > MAX_TRACKS)
            match_all = Match(*span, (size,), tier=1)
            if not any(match_all.overlaps(other) for other in found):
                found.append(match_all)
    return found


def _is_one_of(match: re.Match[str]) -> bool:
    """ "One of my favourite songs" is no size, nor is "that one song"."""
    tail = match.string[match.end("count") :]
    head = match.string[: match.start("count")].rstrip()
    return match["count"] == "one" and (tail.startswith(" of ") or head.endswith(("that", "this", "the")))


def _minutes(match: re.Match[str]) -> float | None:
    if match["three_quarters"]:
        return 45.0
    if match["half"]:
        return 30.0
    if match["quarter"]:
        return 15.0
    if match["glued"]:
        return _glued(match["glued"]) + float(match["glued_plus"] or 0)
    if match["minutes"]:
        return parse_number(match["minutes"])
    hours = 1.0 if match["hours"] in ("a", "an", "single", None) else parse_number(match["hours"])
    if hours is None:
        return None
    minutes = 60 * (hours + 0.5 * bool(match["and_half"] or match["plus_half"]) + 0.25 * bool(match["plus_quarter"]))
    return minutes + (parse_number(match["plus"]) or 0 if match["plus"] else 0)


def _glued(word: str) -> float:
    """Read "90min", "2h", "1h30", "1.5hrs"."""
    parts = re.match(r"([\d.]+)(h(?:ou)?(?:rs?)?)?(\d*)", word)
    if parts is None:
        return 0.0
    number = float(parts[1])
    return 60 * number + float(parts[3] or 0) if parts[2] else number
