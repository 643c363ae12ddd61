"""How many tracks a message wants that lets music go on, and what it says beside that.

"5 more", "just 3" and "noch zehn Titel" count wherever they stand between pauses and words such as "but"; "5 more
upbeat ones" counts and describes. Years are no counts. Minutes and hours are left to the rules, which know "10 minutes"
and not "10 more minutes".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assistant.understanding.numbers import parse_number
from assistant.understanding.tongues import Tongue
from recsys.text import fold

#: Where what refines a radio may be cut.
PAUSE = r"\s*[,;:.!?]+\s+|\s+[-–—]\s+"
#: Stands for a number while a phrase is folded.
_NUMBER = "qnq"
_DIGITS = r"\d{1,20}"
_WORDED = (
    r"(?:an? |one )?hundred|(?:(?:a )?couple|few|half a dozen|(?:two |three |a )?dozen)(?: of)?"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?: (?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen"
)
#: How English writes a number, folded.
ENGLISH_NUMBER = rf"(?:{_DIGITS}|{_WORDED})"
#: What a number before it does not count tracks by, in all languages: "30 more minutes", "one more time".
_OTHER_UNITS = (
    r"(?:half an |half |halbe )?(?:minut\w*|mins?|hours?|hrs?|h|stunden?|horas?|heures?|or[ae]|bpm|time|mal)\b|quarter"
)
_LEADS = (
    "give me|gimme|play|play me|show me|and|with|for|make it|make that|just|only|about|around|say|maybe|at most|up to"
    "|no more than|the next|next|let s have|i want|i d like|a|please|exactly|some|the"
)
_MORES = "more|others?|additional|extra|further"
_TRACKS = "tracks?|songs?|ones?|tunes?|titles?|pieces?"
_TAILS = (
    "please|thanks|thank you|now|this time|only|or so|max|maximum|at most|in total|of them|of those|then"
    "|like (?:this|that|these|those|them)"
)
#: Lengths in words that the rules do not know as they stand.
_LENGTHS = (
    (re.compile(r"\b(?:another|one more) (?=hour\b)", re.IGNORECASE), "an "),
    (re.compile(r"\b(?:another|one more) (?=half\b|quarter\b|\d+ min)", re.IGNORECASE), ""),
    (re.compile(rf"\b({ENGLISH_NUMBER}) (?:{_MORES}) (?={_OTHER_UNITS})", re.IGNORECASE), r"\1 "),
)
_THOUSANDS = re.compile(r"(?<=\d)[.,'’](?=\d{3}\b)")
_YEARS = range(1900, 2050)


class Counts:
    """The words of one language that count tracks."""

    def __init__(
        self,
        more: tuple[str, str],
        less_sure: tuple[str, ...],
        join: str,
        value: Callable[[str], float | None],
        lengths: tuple[tuple[re.Pattern[str], str], ...] = (),
    ) -> None:
        """Take folded patterns of which one group is the number.

        Args:
            more: what is only said of tracks beside others ("5 more"): all that is said, and before what describes.
            less_sure: what else counts where music is to go on ("just 3"), likewise.
            join: what joins two wishes ("but").
            value: what a folded number is; None for none.
            lengths: what is put in place of lengths of time.
        """
        self._more = tuple(map(re.compile, more))
        self._any = (*self._more, *map(re.compile, less_sure))
        self._between = re.compile(rf"((?:{PAUSE})(?:(?:{join})\s+)?|\s+(?:{join})\s+)", re.IGNORECASE)
        self._value, self._lengths = value, lengths

    def take(self, said: str, *, only_more: bool = False) -> tuple[int | None, str]:
        """Take a number of tracks out of what is said: the number, and what is left.

        Args:
            said: as written.
            only_more: whether a number counts only with a word for "more".
        """
        said = _THOUSANDS.sub("", said)
        for pattern, instead in self._lengths:
            said = pattern.sub(instead, said)
        pieces = self._between.split(said)  # what is said, and between every two what parts them
        for place in range(0, len(pieces), 2):
            n, left = self._of_piece(pieces[place], self._more if only_more else self._any)
            if n is None:
                continue
            if left:
                pieces[place] = left
            else:
                del pieces[max(place - 1, 0) : max(place - 1, 0) + 2]
            return n, "".join(pieces).strip()
        return None, said

    def value(self, number: str) -> int | None:
        """Say what a folded number is, 1 at least; None for a year, and for what is none."""
        n = int(number) if number.isdigit() else self._value(number)
        return None if n is None or n in _YEARS else max(int(n), 1)

    def _of_piece(self, piece: str, patterns: tuple[re.Pattern[str], ...]) -> tuple[int | None, str]:
        words = [(fold(word).split(), word) for word in piece.split()]
        folded = " ".join(part for parts, _ in words for part in parts)
        found = next((found for pattern in patterns if (found := pattern.match(folded)) is not None), None)
        if found is None:
            return None, piece
        n_gone, left = len(folded[: found.end()].split()), list[str]()
        for parts, word in words:
            if n_gone <= 0:
                left.append(word)
            n_gone -= len(parts)
        return self.value(_said(found)), " ".join(left)


def english_counts(join: str) -> Counts:
    """How English counts tracks."""
    lead, tracks, tail = rf"(?:(?:{_LEADS}) )*", rf"(?: (?:{_TRACKS}))?", rf"(?: (?:{_TAILS}))*"
    more = rf"{lead}(?:another ({ENGLISH_NUMBER})|({ENGLISH_NUMBER}) (?:{_MORES})|({ENGLISH_NUMBER})(?= \w+ more$))"
    return Counts(
        (rf"{more}{tracks}(?: more)?{tail}$", rf"{more}{tracks}(?: of)? (?!{_OTHER_UNITS})(?=\w)"),
        (
            rf"{lead}({ENGLISH_NUMBER}){tracks}{tail}$",
            rf"{lead}({ENGLISH_NUMBER}) (?!{_OTHER_UNITS})(?=.* ones\b)",
        ),
        join,
        lambda words: 3.0 if words.startswith("few") else parse_number(words),
        _LENGTHS,
    )


def counts_of(tongue: Tongue, join: str) -> Counts:
    """How another language counts tracks."""
    table = tongue.radio
    numbers = {**tongue.numbers, **{fold(word): n for word, n in table["numbers"].items()}}
    numbers |= {fold(word): 1 for word in table["one"].split("; ")}
    lead, tracks = f"(?:(?:{any_of(table, 'count', 'polite')}) )*", f"(?: (?:{any_of(table, 'tracks')}))?"
    more = f"{lead}(?:{counted(tongue, 'more')})"
    tail = f"(?: (?:{any_of(table, 'polite', 'after')}))*"
    return Counts(
        (f"{more}{tracks}{tail}$", f"{more}{tracks} (?!{_OTHER_UNITS})(?=\\w)"),
        (f"{lead}({number_in(tongue)}){tracks}{tail}$",),
        join,
        numbers.get,
    )


def any_of(table: Mapping[str, Any], *names: str) -> str:
    """A pattern for any of the folded phrases of some keys, the longest first."""
    return _longest_first(fold(phrase) for name in names for phrase in table[name].split("; "))


def _longest_first(phrases: Iterable[str]) -> str:
    return "|".join(sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase)))


def counted(tongue: Tongue, name: str) -> str:
    """A pattern for any of the folded phrases of a key; of its groups, one is the number.

    Phrases that end alike share a group: a language has a hundred words for numbers, and patterns are slow to make.
    """
    ends: dict[str, list[str]] = {}
    for phrase in tongue.radio[name].split("; "):
        before, _, after = fold(phrase.replace("{n}", _NUMBER)).partition(_NUMBER)
        ends.setdefault(after, []).append(before)
    by_length = sorted(ends.items(), key=lambda one: (-len(one[0]), one[0]))
    return "|".join(f"(?:{_longest_first(begins)})({number_in(tongue)}){after}" for after, begins in by_length)


def number_in(tongue: Tongue) -> str:
    """A pattern for a folded number of a language."""
    words = {*tongue.numbers, *map(fold, tongue.radio["numbers"]), *map(fold, tongue.radio["one"].split("; "))}
    return f"(?:{_DIGITS}|{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"


def _said(found: re.Match[str]) -> str:
    """What the one group says that took part in a match."""
    return next(one for one in found.groups() if one is not None)
