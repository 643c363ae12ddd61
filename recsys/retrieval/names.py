"""Finding names in what somebody typed: as written, run together, or misspelt.

Three ways, the surest first: the words of a text are a name ("the Beatles"); a name without its spaces stands in it,
alone or grown together with the word before ("addEd Sheeran", "acdc"); or a name is near enough to as many words,
after the three-letter groups that they share have chosen which names are worth comparing. Shapes: M names, G groups.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.text import fold
from recsys.types import BoolArray, FloatArray

#: Names compared letter by letter, after the groups of letters they share with the text.
_COMPARED = 40
#: Share of a name's letter groups that a text must hold before the name is compared.
_MIN_SHARED = 0.3
#: Likeness (0–1) from which words are taken for a misspelt name, and the fewest letters of such a name.
_MIN_LIKENESS, _MIN_FUZZY_LENGTH = 0.8, 5
_MAX_WORDS = 9
#: What a match is worth that is not the name as written: run together, misspelt, or inside a longer name.
_JOINED, _FUZZY, _INSIDE = 0.95, 0.9, 0.6
_MIN_JOINED_LENGTH = 6
#: "addEd Sheeran"
_GROWN_TOGETHER = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Found:
    """One name found in a text."""

    name: int
    likeness: float  # 0–1; 1 is as written
    first: int  # number of its first word in the folded text
    n_words: int


class NameIndex:
    """Finds M names in texts. Shared by threads."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take folded names, one per number; equal and empty ones are found under the first number, or never."""
        self.names = list(names)
        self._exact = {name: number for number, name in reversed(list(enumerate(self.names))) if name}
        self._longest = min(max((name.count(" ") + 1 for name in self.names), default=1), _MAX_WORDS)
        self._joined: dict[str, int] = {}
        for number, name in enumerate(self.names):
            joined = name.replace(" ", "")
            initials = 2 < len(joined) < 2 * name.count(" ") + 3  # "ac dc", "n w a"
            if len(joined) >= _MIN_JOINED_LENGTH or initials:
                self._joined.setdefault(joined, number)
        self._groups, self._starts, self._holders = _letter_groups(self.names)
        n_holders = np.diff(self._starts)
        self._rarity: FloatArray = np.log(max(len(self.names), 1) / np.maximum(n_holders, 1)).astype(np.float32) + 0.1
        total = np.bincount(self._holders, np.repeat(self._rarity, n_holders), minlength=len(self.names))
        self._total: FloatArray = np.maximum(total, 1e-6).astype(np.float32)

    def find(self, text: str) -> list[Found]:
        """Find the names in a text, each at its best place."""
        found: dict[int, Found] = {}
        for spelling in dict.fromkeys((text, _GROWN_TOGETHER.sub(" ", text))):
            words = fold(spelling).split()
            if words and self.names:
                covered = np.zeros(len(words), dtype=bool)
                self._as_written(words, covered, found)
                self._run_together(words, covered, found)
                self._misspelt(words, covered, found)
        return list(found.values())

    def _as_written(self, words: list[str], covered: BoolArray, found: dict[int, Found]) -> None:
        for n in range(min(self._longest, len(words)), 0, -1):
            for first in range(len(words) - n + 1):
                said = " ".join(words[first : first + n])
                for spelling, likeness in ((said, 1.0), (said.removeprefix("the "), 0.97), (_without_s(said), 0.97)):
                    number = self._exact.get(spelling)
                    if number is None:
                        continue
                    inside = bool(covered[first : first + n].all())
                    _keep(found, Found(number, likeness * (_INSIDE if inside else 1.0), first, n))
                    if n > 1 or not is_common(said):
                        covered[first : first + n] = True
                    break

    def _run_together(self, words: list[str], covered: BoolArray, found: dict[int, Found]) -> None:
        for first in range(len(words)):
            for n in (1, 2, 3):
                number = self._joined.get("".join(words[first : first + n]))
                if number is not None and number not in found and first + n <= len(words):
                    found[number] = Found(number, _JOINED, first, n)
                    covered[first : first + n] = True

    def _misspelt(self, words: list[str], covered: BoolArray, found: dict[int, Found]) -> None:
        from rapidfuzz import fuzz

        # Words that belong to a name already, or that are no part of any, cannot be a misspelt one by themselves.
        taken = covered | np.array([is_common(word) for word in words])
        open_spans = [
            [first for first in range(len(words) - n + 1) if not taken[first : first + n].all()]
            for n in range(_MAX_WORDS + 2)
        ]
        if not open_spans[1]:
            return
        shared = self._shared(f" {' '.join(words)} ")
        k = min(_COMPARED, len(shared) - 1)
        for number in np.argpartition(-shared, k)[: k + 1].tolist():
            name = self.names[number]
            m = name.count(" ") + 1
            if shared[number] < _MIN_SHARED or number in found or len(name) < _MIN_FUZZY_LENGTH or m > _MAX_WORDS:
                continue
            best = Found(number, 0.0, 0, 0)
            for n in range(max(m - 1, 1), m + 2):
                for first in open_spans[n]:
                    said = " ".join(words[first : first + n])
                    likeness = fuzz.ratio(name, said, score_cutoff=100 * _MIN_LIKENESS) / 100
                    if n == m and len(said) > len(name) and said.endswith(name):
                        likeness = max(likeness, _JOINED)
                    if likeness > best.likeness:
                        best = Found(number, likeness, first, n)
            if best.likeness >= _MIN_LIKENESS:
                found[number] = Found(number, best.likeness * _FUZZY, best.first, best.n_words)

    def _shared(self, text: str) -> FloatArray:
        """Share (M,) of each name's letter groups, weighed by rarity, that a text holds."""
        groups = np.unique(_groups_of(text))
        at = np.searchsorted(self._groups, groups)
        inside = at < len(self._groups)
        at = at[inside][self._groups[at[inside]] == groups[inside]]
        shared = np.zeros(len(self.names), dtype=np.float32)
        for group in at.tolist():
            shared[self._holders[self._starts[group] : self._starts[group + 1]]] += self._rarity[group]
        return shared / self._total


def is_common(word: str) -> bool:
    """Tell whether folded words are ones that people use all the time, so that alone they name nothing."""
    return all(len(part) < 3 or part in FUNCTION_WORDS or part in COMMON_WORDS for part in word.split())


def _keep(found: dict[int, Found], one: Found) -> None:
    if one.name not in found or found[one.name].likeness < one.likeness:
        found[one.name] = one


def _without_s(said: str) -> str:
    return said[:-1] if len(said) > 4 and said.endswith("s") else said


def _groups_of(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The three-letter groups of a text as numbers, in order; a code point has 21 bits."""
    letters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    return (letters[:-2] << 42) | (letters[1:-1] << 21) | letters[2:]


def _letter_groups(
    names: Sequence[str],
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
]:
    """All groups (G,), where each one's holders begin (G + 1,), and the numbers of the names that hold it."""
    padded = [f" {name} " for name in names]
    lengths = np.array([len(name) for name in padded], dtype=np.int64)
    groups = _groups_of("".join(padded)) if padded else np.empty(0, dtype=np.int64)
    owners = np.repeat(np.arange(len(names)), lengths)[: len(groups)]
    ends = np.repeat(np.cumsum(lengths), lengths)[: len(groups)]
    within = np.arange(len(groups)) + 3 <= ends  # not across two names
    pairs = np.unique(np.stack([groups[within], owners[within]], axis=1), axis=0)
    unique, first = np.unique(pairs[:, 0], return_index=True)
    return unique, np.append(first, len(pairs)), pairs[:, 1]
