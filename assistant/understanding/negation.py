"""What is refused, softened or insisted on: how the words between matches change them.

A negation reaches the first match after it within its phrase, and from there through a list ("no country or rap").
"But", a full stop and a comma before anything that is no item of the list end it. "Not just X", "nothing but X",
"can't get enough of X" and their like negate nothing; "not too X" softens; "but X is fine" lifts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.understanding.matches import Bounds, Dial, Match, Size, Word
from assistant.understanding.refusing import (
    AFTERWARDS,
    BEFORE_UNKNOWN,
    CONTRAST,
    CUE,
    DESCRIBING,
    FINE,
    GENERIC,
    LIST_WORDS,
    MATCH,
    MAX_UNKNOWN,
    PLACED,
    SPEAKING,
    TONE,
)
from assistant.understanding.tokens import Reading
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.types import Facet

#: Words that may stand between a negation and what it refuses ("don't want any of that …").
_REACH = 6
#: Words between "only" or "preferably" and what they are about.
_SHORT_REACH = 3
#: "Krautrock -vocals".
_DASHED = re.compile(r"\s-$")
#: Facets that a listener puts into one list: "no drums and vocals".
_KIN = frozenset((Facet.INSTRUMENT, Facet.VOCALS))


@dataclass
class Mark:
    """How a match is meant."""

    match: Match
    negated: bool = False
    toned: bool = False  # "not too …": a wish for less, not a refusal
    dropped: bool = False  # neither wanted nor refused
    allowed: bool = False  # dropped because it was said to be fine beside what is refused
    only: bool = False
    soft: bool = False
    more: bool = False


@dataclass
class Marks:
    """The marks of all matches, in order, and the words that only say what is refused."""

    marks: list[Mark]
    refusals: list[tuple[int, int]] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)  # words that are refused, whatever they mean


def mark(reading: Reading, matches: Sequence[Match]) -> Marks:
    """Work out how each match is meant. `matches` are disjoint and in order."""
    return _Marking(reading, matches).run()


class _Marking:
    """The message as a row of items: words, pauses ("," and ".") and matches ("§")."""

    def __init__(self, reading: Reading, matches: Sequence[Match]) -> None:
        self._reading = reading
        self._marks = [Mark(match) for match in matches]
        self._items: list[str] = []
        self._match_at: dict[int, int] = {}
        self._token_at: list[int] = []
        number, position = 0, 0
        while position < len(reading):
            if position and (pause := reading.pause(position)):
                self._push("." if pause == 2 else ",", position)
            if _DASHED.search(reading.tokens[position].gap):
                self._push("minus", position)
            if number < len(matches) and matches[number].start == position:
                self._match_at[len(self._items)] = number
                self._push(MATCH, position)
                position = matches[number].end
                number += 1
            else:
                self._push(reading.words[position], position)
                position += 1
        self._token_at.append(len(reading))
        self._line = " ".join(self._items)
        self._offsets: list[int] = []
        length = 0
        for item in self._items:
            self._offsets.append(length)
            length += len(item) + 1
        self._refusals: list[tuple[int, int]] = []
        self._groups: list[list[int]] = []
        self._unknown: list[tuple[int, int]] = []

    def _push(self, item: str, token: int) -> None:
        self._items.append(item)
        self._token_at.append(token)

    def run(self) -> Marks:
        for cue in CUE.finditer(self._line):
            start, end = self._item(cue.start()), self._item(cue.end() - 1) + 1
            if cue["pseudo"]:
                continue
            if cue["neutral"]:
                self._lift(self._first_group(end, _SHORT_REACH), allowed=False)
            elif cue["only"]:
                self._insist(start, end)
            elif cue["lift"] and self._refused_before(start):
                self._lift(self._first_group(end, _SHORT_REACH), allowed=True)
            elif cue["neg"] or cue["lift"]:
                self._refuse(start, end, toned=False)
            elif cue["less"]:
                self._refuse(start, end, toned=True)
            elif cue["soft"] or cue["mind"]:
                self._soften(end)
            elif end in self._match_at:
                self._marks[self._match_at[end]].more = True
        self._read_afterwards()
        self._read_free()
        for item, number in self._match_at.items():
            if self._marks[number].match.negates and not self._marks[number].negated:
                self._extend(item + 1, [number], toned=False)
        self._resolve_groups()
        return Marks(self._marks, self._refusals, self._unknown)

    # -- cues ------------------------------------------------------------------------------------------------------

    def _refuse(self, start: int, end: int, *, toned: bool) -> None:
        behind = self._refuse_unknown(end)
        while behind > end and self._items[behind : behind + 1] and self._items[behind] in GENERIC:
            behind += 1
        if behind > end and (self._items[start] == "non" or self._items[behind : behind + 1] in PLACED):
            return  # "non cheesy love songs", "no screaming in my metal", "no live tracks from that band"
        group = self._first_group(end, _REACH)
        if self._items[start] == "non":
            group = group[:1]  # "non english female singers"
        if not group:
            return
        between = self._items[end : group[0]]
        toned = toned or bool(between and between[-1] in TONE) or self._items[end - 1] in TONE
        self._negate(group, toned=toned)
        last = self._extend(group[-1] + 1, [self._match_at[n] for n in group], toned=toned)
        self._refusals.append((self._token_at[start], self._token_at[max(last, group[-1] + 1)]))

    def _refuse_unknown(self, end: int) -> int:
        """Take up to three words that no finder explains, right behind a negation or in the list that it begins.

        Returns the item behind the first of them, or `end`.
        """
        position = behind = end
        while position < len(self._items):
            while position < len(self._items) and self._items[position] in BEFORE_UNKNOWN:
                position += 1
            first = position
            while position < min(first + MAX_UNKNOWN, len(self._items)) and self._is_unknown(position):
                position += 1
            if position == first:
                return behind
            self._unknown.append((self._token_at[first], self._token_at[position - 1] + 1))
            behind = position if behind == end else behind
            while position < len(self._items) and self._items[position] in GENERIC:
                position += 1
            if position == len(self._items) or self._items[position] not in ("or", "nor"):
                return behind
            position += 1
        return behind

    def _is_unknown(self, position: int) -> bool:
        word = self._items[position]
        if word == MATCH or not word.isalpha() or len(word) <= 2 or word in GENERIC or word in CONTRAST:
            return False
        return word in DESCRIBING or not (word in COMMON_WORDS or word in FUNCTION_WORDS)

    def _insist(self, start: int, end: int) -> None:
        group = self._first_group(end, _SHORT_REACH)
        if not group and start - 1 in self._match_at:
            group = [start - 1]
        for number in self._with_list(group):
            self._marks[number].only = True

    def _soften(self, end: int) -> None:
        for number in self._with_list(self._first_group(end, _SHORT_REACH)):
            self._marks[number].soft = True

    def _lift(self, group: list[int], *, allowed: bool) -> None:
        for item in group:
            found = self._marks[self._match_at[item]]
            found.dropped, found.allowed = True, allowed

    def _read_afterwards(self) -> None:
        for found in AFTERWARDS.finditer(self._line):
            item = next(n for n in range(self._item(found.start()), len(self._items)) if n in self._match_at)
            self._negate([item], toned=False)
            self._refusals.append((self._token_at[item], self._token_at[self._item(found.end() - 1) + 1]))
        for found in FINE.finditer(self._line):
            first, last = self._item(found.start()), self._item(found.end() - 1)
            if self._refused_before(first, anywhere=True):
                self._lift([item for item in range(first, last + 1) if item in self._match_at], allowed=True)

    def _read_free(self) -> None:
        """Refuse what no finder knows in "auto-tune-free"."""
        for item, word in enumerate(self._items):
            first = item
            while word == "free" and first and self._reading.tokens[self._token_at[first]].gap == "-":
                first -= 1
            if first < item and MATCH not in self._items[first:item]:
                self._unknown.append((self._token_at[first], self._token_at[item]))

    # -- reach -----------------------------------------------------------------------------------------------------

    def _first_group(self, item: int, reach: int) -> list[int]:
        """The first run of adjoining matches from an item on, within reach and inside its phrase."""
        for position in range(item, min(item + reach + 1, len(self._items))):
            if position in self._match_at:
                if isinstance(self._marks[self._match_at[position]].match.payloads[0], Size):
                    return []
                group = [position]
                # "No drums no singing" refuses twice.
                while group[-1] + 1 in self._match_at and not self._match(group[-1] + 1).negates:
                    group.append(group[-1] + 1)
                return group
            stops = self._items[position] in CONTRAST or self._items[position] in SPEAKING
            if self._items[position] in (",", ".") or (stops and position > item):
                return []
        return []

    def _extend(self, item: int, numbers: list[int], *, toned: bool) -> int:
        """Carry a negation through the rest of its list; returns the item after the last one negated."""
        end = item
        while True:
            step = self._next_in_list(end)
            if step is None:
                return end
            connector, group = step
            if connector == "and" and not self._are_kin(numbers[-1], self._match_at[group[0]]):
                return end
            if connector == "," and not self._list_closes(group[0], numbers):
                return end
            self._negate(group, toned=toned)
            numbers.extend(self._match_at[n] for n in group)
            end = group[-1] + 1

    def _next_in_list(self, item: int) -> tuple[str, list[int]] | None:
        """The connector and the run of matches that continue a list at an item, if it goes on."""
        connector = ""
        for position in range(item, min(item + _REACH, len(self._items))):
            if position in self._match_at:
                if self._reading.words[self._token_at[position]] == "more":
                    return None  # "nothing from the 80s and the more recent the better"
                group = self._first_group(position, 0)
                return (connector, group) if connector and group else None
            word = self._items[position]
            if word in ("or", "nor", "/"):
                connector = "or"
            elif word == "and":
                connector = connector if connector == "or" else "and"
            elif word == ",":
                connector = connector or ","
            elif word not in LIST_WORDS:
                return None
        return None

    def _list_closes(self, item: int, numbers: list[int]) -> bool:
        """Tell whether items joined by commas are one list: closed by "or" or "and", or three of a kind."""
        n_items = len(numbers)
        while True:
            if not self._are_kin(numbers[0], self._match_at[item]):
                return False
            n_items += 1
            step = self._next_in_list(item + 1)
            if step is None:
                after = self._items[item + 1 : item + 2]
                return n_items >= 3 and (not after or after[0] in (".", "please", "songs", "music"))
            if step[0] in ("or", "and"):
                return self._are_kin(numbers[0], self._match_at[step[1][0]])
            item = step[1][-1]

    def _with_list(self, group: list[int]) -> list[int]:
        numbers = [self._match_at[item] for item in group]
        while group:
            step = self._next_in_list(group[-1] + 1)
            if step is None or step[0] == "," or not self._are_kin(numbers[-1], self._match_at[step[1][0]]):
                break
            group = step[1]
            numbers.extend(self._match_at[item] for item in group)
        return numbers

    def _are_kin(self, one: int, other: int) -> bool:
        a, b = (_facet(self._marks[number].match) for number in (one, other))
        return a == b or (a in _KIN and b in _KIN)

    # -- outcome ---------------------------------------------------------------------------------------------------

    def _negate(self, group: list[int], *, toned: bool) -> None:
        numbers = [self._match_at[item] for item in group]
        for number in numbers:
            found = self._marks[number]
            found.negated = not found.negated if found.match.negates else True
            found.toned = toned
        self._groups.append(numbers)

    def _resolve_groups(self) -> None:
        """ "No 80s pop" refuses 80s pop, not the eighties: keep the noun, or what is not wanted elsewhere."""
        wanted = {p for m in self._marks if not m.negated and not m.dropped for p in m.match.words}
        for numbers in self._groups:
            members = [self._marks[number] for number in numbers if not self._marks[number].dropped]
            if len(members) < 2:
                continue
            spare = [m for m in members if any(word in wanted for word in m.match.words)]
            if not spare:
                nouns = [m for m in members if m.match.entity or any(w.facet is Facet.GENRE for w in m.match.words)]
                spare = [m for m in members if nouns and m is not nouns[-1]]
            if len(spare) < len(members):
                for member in spare:
                    member.negated, member.dropped = False, True

    def _refused_before(self, item: int, *, anywhere: bool = False) -> bool:
        for position in range(item - 1, -1, -1):
            if self._items[position] == "." and not anywhere:
                return False
            number = self._match_at.get(position)
            if number is not None and (self._marks[number].negated or self._marks[number].match.negates):
                return True
        return False

    def _match(self, item: int) -> Match:
        return self._marks[self._match_at[item]].match

    def _item(self, offset: int) -> int:
        low, high = 0, len(self._offsets)
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offsets[middle] <= offset else (low, middle)
        return low


def _facet(match: Match) -> object:
    first = match.payloads[0]
    if isinstance(first, Word | Bounds):
        return first.facet
    return "dial" if isinstance(first, Dial) else "name"
