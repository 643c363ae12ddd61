"""The music vocabulary: canonical words of the word facets, their parents and the other words people use.

Read once from `recsys/data/vocabulary.toml`. Words are compared folded (`recsys.text.fold`) and tolerant of a
plural "s"; a parent is satisfied by its children, so a "rock" request matches an "indie rock" track.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from recsys.errors import RecsysError
from recsys.text import fold
from recsys.types import NUMERIC_COLUMNS, Facet

#: Section of the file for each facet that has a vocabulary.
SECTIONS = {
    Facet.GENRE: "genres",
    Facet.MOOD: "moods",
    Facet.ACTIVITY: "activities",
    Facet.INSTRUMENT: "instruments",
    Facet.VOCALS: "vocals",
    Facet.LANGUAGE: "languages",
    Facet.COUNTRY: "countries",
    Facet.THEME: "themes",
}


class VocabularyError(RecsysError, ValueError):
    """The vocabulary file contradicts itself."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the music vocabulary is wrong: {problem}; correct recsys/data/vocabulary.toml")


@dataclass(frozen=True, slots=True)
class _Section:
    """One facet's words: canonical word → parents, intervals and ideal, folded phrase → canonical word."""

    parents: Mapping[str, tuple[str, ...]]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    ideals: Mapping[str, Mapping[str, float]]
    phrases: Mapping[str, str]
    descendants: Mapping[str, frozenset[str]]


class Vocabulary:
    """Canonical words and how people say them. Facets without a section have no words."""

    def __init__(self, data: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Check and index the parsed file.

        Raises:
            VocabularyError: a parent is no word of its section, parents form a cycle, a phrase belongs to two
                words, an interval is not one of two numbers low <= high on a numeric column, or an ideal is no
                number there or lies outside the interval.
        """
        self._sections = {facet: _read_section(name, data.get(name, {})) for facet, name in SECTIONS.items()}

    def words(self, facet: Facet) -> tuple[str, ...]:
        """Canonical words of a facet in the file's order; empty for a facet without vocabulary."""
        section = self._sections.get(facet)
        return tuple(section.parents) if section else ()

    def parents(self, facet: Facet, word: str) -> tuple[str, ...]:
        """Direct parents of a canonical word; empty for roots and for words that are not canonical."""
        section = self._sections.get(facet)
        return section.parents.get(word, ()) if section else ()

    def descendants(self, facet: Facet, word: str) -> frozenset[str]:
        """The word and everything below it; a word that is not canonical stands for itself alone."""
        section = self._sections.get(facet)
        return section.descendants.get(word, frozenset((word,))) if section else frozenset((word,))

    def canonical(self, facet: Facet, phrase: str) -> str | None:
        """The canonical word for a phrase ("Hip Hop" → "hip-hop"), None if the vocabulary has none."""
        section = self._sections.get(facet)
        if section is None:
            return None
        folded = fold(phrase)
        for form in _number_forms(folded):
            if (word := section.phrases.get(form)) is not None:
                return word
        return None

    def intervals(self, facet: Facet, word: str) -> dict[str, tuple[float, float]]:
        """Numeric column → closed interval (0–1) in which audio features agree with a canonical word."""
        section = self._sections.get(facet)
        return dict(section.intervals.get(word, {})) if section else {}

    def ideal(self, facet: Facet, word: str) -> Mapping[str, float]:
        """Numeric column → what audio features are where a track is a canonical word most of all; empty if unsaid."""
        section = self._sections.get(facet)
        return section.ideals.get(word, MappingProxyType({})) if section else MappingProxyType({})

    def phrases(self, facet: Facet) -> Mapping[str, str]:
        """Every folded phrase of a facet → its canonical word, canonical words included."""
        section = self._sections.get(facet)
        return section.phrases if section else MappingProxyType({})


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The shipped vocabulary, read once per process."""
    text = resources.files("recsys").joinpath("data/vocabulary.toml").read_text(encoding="utf-8")
    return Vocabulary(tomllib.loads(text))


def _number_forms(folded: str) -> Iterator[str]:
    """The phrase, then without a plural "s" ("ballads" → "ballad"); never with one: "blue" is no "blues"."""
    yield folded
    if len(folded) > 3 and folded.endswith("s") and not folded.endswith("ss"):
        yield folded[:-1]


def _read_section(name: str, entries: Mapping[str, Mapping[str, Any]]) -> _Section:
    phrases: dict[str, str] = {}
    parents: dict[str, tuple[str, ...]] = {}
    intervals: dict[str, Mapping[str, tuple[float, float]]] = {}
    ideals: dict[str, Mapping[str, float]] = {}
    for word in entries:
        _claim(phrases, name, fold(word), word)
    for word, entry in entries.items():
        for phrase in entry.get("synonyms", ()):
            _claim(phrases, name, fold(phrase), word)
        parents[word] = tuple(entry.get("parents", ()))
        for parent in parents[word]:
            if parent not in entries:
                raise VocabularyError(f"{name}: {word!r} has the parent {parent!r}, which is no word of {name}")
        intervals[word] = _read_intervals(name, word, entry)
        ideals[word] = _read_ideal(name, word, entry.get("ideal", {}), intervals[word])
    return _Section(
        MappingProxyType(parents),
        MappingProxyType(intervals),
        MappingProxyType(ideals),
        MappingProxyType(phrases),
        MappingProxyType(_descendants(name, parents)),
    )


def _claim(phrases: dict[str, str], name: str, folded: str, word: str) -> None:
    if not folded:
        raise VocabularyError(f"{name}: {word!r} has a phrase without letters or digits")
    owner = phrases.setdefault(folded, word)
    if owner != word:
        raise VocabularyError(f"{name}: the phrase {folded!r} stands for both {owner!r} and {word!r}")


def _read_intervals(name: str, word: str, entry: Mapping[str, Any]) -> Mapping[str, tuple[float, float]]:
    intervals: dict[str, tuple[float, float]] = {}
    for column, value in entry.items():
        if column in ("parents", "synonyms", "ideal"):
            continue
        if column not in NUMERIC_COLUMNS or len(value) != 2 or not 0 <= value[0] <= value[1] <= 1:
            raise VocabularyError(
                f"{name}: {word!r} has {column} = {value!r}; expected [low, high] with 0 <= low <= high <= 1 "
                f"for one of {', '.join(NUMERIC_COLUMNS)}"
            )
        intervals[column] = (float(value[0]), float(value[1]))
    return MappingProxyType(intervals)


def _read_ideal(
    name: str, word: str, ideal: Mapping[str, Any], intervals: Mapping[str, tuple[float, float]]
) -> Mapping[str, float]:
    for column, value in ideal.items():
        low, high = intervals.get(column, (0.0, 300.0 if column == "tempo_bpm" else 1.0))
        if column not in NUMERIC_COLUMNS or not low <= value <= high:
            raise VocabularyError(
                f"{name}: {word!r} has the ideal {column} = {value!r}; expected a number from {low:g} to {high:g} for "
                f"one of {', '.join(NUMERIC_COLUMNS)}"
            )
    return MappingProxyType({column: float(value) for column, value in ideal.items()})


def _descendants(name: str, parents: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = {word: {word} for word in parents}
    for word in parents:
        seen: set[str] = set()
        frontier = list(parents[word])
        while frontier:
            ancestor = frontier.pop()
            if ancestor == word:
                raise VocabularyError(f"{name}: {word!r} is its own ancestor")
            if ancestor not in seen:
                seen.add(ancestor)
                below[ancestor].add(word)
                frontier.extend(parents[ancestor])
    return {word: frozenset(words) for word, words in below.items()}
