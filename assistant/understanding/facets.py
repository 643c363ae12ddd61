"""Facets, dials and tempo in a message: the longest phrases of the vocabulary and the lexicon that fit.

Phrases are compared folded. A word that is not in the vocabulary but one slip away from one that is counts too, as
the weakest claim, so that it never takes a word from a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.understanding import lexicon
from assistant.understanding.contexts import GUARDED, country_meant, fits, is_destination
from assistant.understanding.keys import find_keys
from assistant.understanding.matches import Bounds, Match, Payload, Word
from assistant.understanding.tokens import Reading
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.types import Facet
from recsys.vocabulary import Vocabulary

#: A phrase of two facets belongs to the one in which it is canonical, else to the first of these.
_ORDER = (
    Facet.GENRE,
    Facet.VOCALS,
    Facet.MOOD,
    Facet.ACTIVITY,
    Facet.INSTRUMENT,
    Facet.LANGUAGE,
    Facet.COUNTRY,
)
#: Facets whose words are worth correcting, and from how many letters: short names of places are close to anything.
_CORRECTED = {Facet.GENRE: 4, Facet.MOOD: 5, Facet.INSTRUMENT: 5, Facet.COUNTRY: 7, Facet.LANGUAGE: 7}
_MIN_CORRECTED, _TWO_SLIPS_FROM = 5, 9  # letters as typed
_SURE_FROM = 6  # shorter ones are only corrected to canonical words: "regge" to "reggae", not "ollie" to "oldie"

_N = r"(\d{2,3})"
_BPM = r" ?(?:bpm|beats per minute)\b"
_TEMPO = (
    ("range", re.compile(rf"\b(?:between |from )?{_N}(?: ?bpm)? (?:and|to|-) {_N}{_BPM}")),
    ("low", re.compile(rf"\b(?:over|above|at least|more than|faster than|minimum|min|from|no less than) {_N}{_BPM}")),
    ("high", re.compile(rf"\b(?:under|below|at most|less than|slower than|maximum|max|up to|no more than) {_N}{_BPM}")),
    ("low", re.compile(rf"\b{_N}{_BPM} (?:and (?:up|above|over|faster)|or (?:more|faster|higher)|plus)\b")),
    ("around", re.compile(rf"\b(?:about |around |roughly |approximately |circa |at |exactly )?{_N}{_BPM}")),
)
#: "Around 120 bpm" allows so much either way.
BPM_TOLERANCE = 5.0


class FacetFinder:
    """Finds the words of facets and dials that a vocabulary and the lexicon know."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._table = _table(vocabulary)
        self._canonical = {word for facet in _ORDER for word in vocabulary.words(facet)}
        self._longest: dict[str, int] = {}
        for phrase in self._table:
            words = phrase.split(" ")
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def find(self, reading: Reading, sure: frozenset[int] = frozenset()) -> list[Match]:
        """Find every phrase; overlapping ones are all returned, longest first at each place.

        Phrases of the words at the positions in `sure` need no context: those that another language has kept.
        """
        return [*self._phrases(reading, sure), *_tempo(reading), *find_keys(reading)]

    def find_slips(self, reading: Reading, position: int) -> Match | None:
        """Read a word that nothing else explains as a misspelt word of the vocabulary."""
        word = reading.words[position]
        squeezed = re.sub(r"(.)\1{2,}", r"\1", word)
        for candidate in (squeezed, re.sub(r"(.)\1{2,}", r"\1\1", word)):
            if candidate != word and candidate in self._corrections:
                return Match(position, position + 1, self._table[candidate], tier=4)
        if len(word) < _MIN_CORRECTED or word in COMMON_WORDS or word in FUNCTION_WORDS or not word.isalpha():
            return None
        slips = 2 if len(word) >= _TWO_SLIPS_FROM else 1
        best = process.extractOne(word, self._corrections, scorer=OSA.distance, score_cutoff=slips)
        if best is None or best[0][:2] != word[:2]:
            return None
        if len(word) < _SURE_FROM and best[0] not in self._canonical:
            return None
        return Match(position, position + 1, self._table[best[0]], tier=4)

    @cached_property
    def _corrections(self) -> list[str]:
        return [
            phrase
            for phrase, payloads in self._table.items()
            if " " not in phrase
            and phrase not in GUARDED
            and any(isinstance(p, Word) and len(phrase) >= _CORRECTED.get(p.facet, 99) for p in payloads)
        ]

    def _phrases(self, reading: Reading, sure: frozenset[int]) -> Iterator[Match]:
        words = reading.words
        for start in range(len(words)):
            limit = min(self._longest.get(words[start], 0), len(words) - start)
            for end in range(start + limit, start, -1):
                if any(reading.pause(position) for position in range(start + 1, end)):
                    continue
                payloads = self._table.get(reading.joined(start, end))
                if payloads is None:
                    continue
                if not sure.issuperset(range(start, end)):
                    payloads = self._in_context(reading, start, end, payloads)
                if payloads is not None:
                    negates = words[start] in ("no", "without", "not", "non")
                    yield Match(start, end, payloads, tier=2, negates=negates)

    def _in_context(
        self, reading: Reading, start: int, end: int, payloads: tuple[Payload, ...]
    ) -> tuple[Payload, ...] | None:
        phrase = reading.joined(start, end)
        language = isinstance(payloads[0], Word) and payloads[0].facet is Facet.LANGUAGE
        country = isinstance(payloads[0], Word) and payloads[0].facet is Facet.COUNTRY
        if phrase not in GUARDED and not language and not country:
            return payloads
        left, right = reading.left(start), reading.right(end)
        if not fits(phrase, left, right, reading.raw(start, end)):
            return None
        if country and is_destination(left):
            return None
        meant = country_meant(phrase, left, right) if language else None
        return payloads if meant is None else (Word(Facet.COUNTRY, meant),)


def _table(vocabulary: Vocabulary) -> dict[str, tuple[Payload, ...]]:
    table: dict[str, tuple[Payload, ...]] = {}
    for facet in reversed(_ORDER):
        table.update({p: (Word(facet, word),) for p, word in vocabulary.phrases(facet).items()})
    for facet in reversed(_ORDER):
        canonical = {fold_word: word for fold_word, word in vocabulary.phrases(facet).items() if fold_word == word}
        table.update({p: (Word(facet, word),) for p, word in canonical.items()})
    for phrase in lexicon.DROPPED:
        table.pop(phrase, None)
    table.update(lexicon.phrases())
    return table


def _tempo(reading: Reading) -> Iterator[Match]:
    if "bpm" not in reading.line and "beats per minute" not in reading.line:
        return
    found: list[tuple[int, int]] = []
    for kind, pattern in _TEMPO:
        for match in pattern.finditer(reading.line):
            if any(match.start() < stop and start < match.end() for start, stop in found):
                continue
            found.append(match.span())
            numbers = sorted(float(number) for number in match.groups())
            bounds = {
                "range": Bounds(Facet.TEMPO, numbers[0], numbers[-1]),
                "low": Bounds(Facet.TEMPO, low=numbers[0]),
                "high": Bounds(Facet.TEMPO, high=numbers[0]),
                "around": Bounds(Facet.TEMPO, numbers[0] - BPM_TOLERANCE, numbers[0] + BPM_TOLERANCE),
            }[kind]
            start, end = reading.span(*match.span())
            yield Match(start, end, (bounds,), tier=0)
