"""A message of another language as the English rules can read it: word for word, each English word with its origin.

Phrases are replaced by their English, the longest first, and what is left stands as it was written: names, and genres
that every language shares. The words of the gloss know where in the message they come from, so that what the rules
find is quoted in the listener's own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.understanding.matches import Match, Word
from assistant.understanding.pointing import find_reference
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading, Token
from assistant.understanding.tongues import (
    ANYWHERE,
    BEFORE_TRACKS,
    FIRST,
    GERMAN_DECADE,
    LAST,
    MAX_COMMAND,
    MAX_WORDS,
    Meaning,
    Tongue,
    english_music,
)
from recsys.types import Facet

_DECADE = re.compile(r"(?:19|20)?\d0")
_PARTS = words("early mid late")
#: After a number these say that it counts something: "los 40 temas" is no decade.
_COUNTED = words("songs minutes hours hour tracks artists bands hits albums")
_MAX_SHARED = 3  # words
#: Before a language they say that makers come from its country, or that it is sung.
_MAKERS, _SUNG = words("bands band artists singer"), words("in songs lyrics vocals")
_ENGLISH = ("english",)
_REFUSES, _REFUSED = ("without",), ("is", "out")
_WHOLE_DECADE = re.compile(r"(?:19|20)\d0s")
#: What stands before a word of music without belonging to it: "música para dormir", "con guitarra".
_LEADING = words("the a of in for with to some something songs music and by like my at that sound much")
_KEEPS_LEADING = frozenset((Facet.GENRE, Facet.LANGUAGE, Facet.COUNTRY))


@dataclass(frozen=True, slots=True)
class Glossed:
    """A message in English words, and what its own vocabulary says of them.

    `kept` are the positions of words that stand as they were written.
    """

    reading: Reading
    matches: tuple[Match, ...]
    kept: frozenset[int]


def gloss(reading: Reading, tongue: Tongue, names: frozenset[int], *, commands: bool = False) -> Glossed:
    """Put a message into English word for word.

    Args:
        reading: the message.
        tongue: its language.
        names: positions of words that stay as they are.
        commands: whether phrases may be commands and questions about a playlist on screen.
    """
    return _Glossing(reading, tongue, names, commands=commands).run()


class _Glossing:
    def __init__(self, reading: Reading, tongue: Tongue, names: frozenset[int], *, commands: bool) -> None:
        self._reading, self._tongue, self._names = reading, tongue, names
        self._commands = commands
        self._stems = tuple(tongue.stem(word) for word in reading.words)
        self._written = tuple(token.raw.lower() for token in reading.tokens)
        self._tokens: list[Token] = []
        self._matches: list[Match] = []
        self._kept: set[int] = set()
        self._pause, self._gap = 0, ""

    def run(self) -> Glossed:
        position = 0
        while position < len(self._reading):
            position = self._step(position)
        return Glossed(
            Reading(self._reading.text, tuple(self._tokens), self._reading.cut),
            tuple(self._matches),
            frozenset(self._kept),
        )

    def _step(self, start: int) -> int:
        """Put the phrase that begins at a word into English; returns where the next one begins."""
        if start in self._names:
            self._keep(start)
            return start + 1
        decade = self._decade(start)
        if decade is not None:
            end, english = decade
            self._emit(start, end, (english,))
            return end
        meaning, end = self._longest(start)
        shared = self._shared(start)
        if shared > max(end, start + 1):
            for position in range(start, shared):
                self._keep(position, music=True)
            return shared
        if meaning is None:
            self._keep(start)
            return start + 1
        self._say(start, end, meaning)
        if end == start + 1 and self._tongue.counts_tracks(self._reading.words[start]):
            self._push(
                Token("songs", "songs", last := self._reading.tokens[start].end, last, " ", 0)
            )  # "20 Rocklieder"
        return end

    def _longest(self, start: int) -> tuple[Meaning | None, int]:
        """The longest phrase at a word that means something, and its end."""
        limit = start + 1
        longest = MAX_COMMAND if self._commands else MAX_WORDS
        while limit < min(start + longest, len(self._reading)):
            if self._reading.pause(limit) or limit in self._names:
                break
            limit += 1
        for end in range(limit, start, -1):
            meaning = self._command(start, end) or self._tongue.meaning(
                " ".join(self._written[start:end]),
                self._reading.joined(start, end),
                " ".join(self._stems[start:end]),
            )
            if meaning is not None:
                return meaning, end
        return self._tongue.compound(self._reading.words[start]), start + 1

    def _command(self, start: int, end: int) -> Meaning | None:
        """What words start to end (exclusive) mean as a command, where they are one."""
        if not self._commands:
            return None
        folded = self._reading.joined(start, end)
        if self._reading.pause(start) == 2 and (first := self._tongue.command(folded, FIRST)) is not None:
            return first
        if self._ends(end) and (last := self._tongue.command(folded, LAST)) is not None:
            return last
        before = self._tongue.command(folded, BEFORE_TRACKS)
        if before is not None and self._points(end):
            return before
        return self._tongue.command(folded, ANYWHERE)

    def _points(self, start: int) -> bool:
        """Tell whether the words from a position on point at tracks on screen."""
        rest = Reading(self._reading.text, self._reading.tokens[start : start + MAX_WORDS], cut=False)
        names = frozenset(name - start for name in self._names)
        line = gloss(rest, self._tongue, names, commands=True).reading.line
        return find_reference(line, 0, lambda _: (), described=False) is not None

    def _shared(self, start: int) -> int:
        """Where a phrase of several words ends that English has for music too: "bossa nova", "old school"."""
        for end in range(min(start + _MAX_SHARED, len(self._reading)), start + 1, -1):
            if self._reading.joined(start, end) in english_music():
                return end
        return start

    def _say(self, start: int, end: int, meaning: Meaning) -> None:
        if meaning.word is None:
            english = meaning.english
            if english in (_REFUSES, _REFUSED):  # "no me gustan las baladas", "baladas no me gustan"
                english = _REFUSED if self._ends(end) else _REFUSES
            elif end - start > 1 and self._is_article(start) and _WHOLE_DECADE.fullmatch(english[0]):
                start = self._step_over(start)
            self._emit(start, end, english)
            return
        first = start
        if meaning.word.facet not in _KEEPS_LEADING:
            while first + 1 < end and self._is_leading(first):
                first = self._step_over(first)
        word = self._country_or_language(meaning, meaning.word)
        self._matches.append(Match(len(self._tokens), len(self._tokens) + len(meaning.english), (word,), tier=2))
        self._emit(first, end, meaning.english)

    def _country_or_language(self, meaning: Meaning, word: Word) -> Word:
        """As in English: French songs are sung in French, French bands and English rock come from the country."""
        before = self._tokens[-1].text if self._tokens else ""
        makers = before in _MAKERS or (meaning.english == _ENGLISH and before not in _SUNG)
        return word if meaning.language is None or makers else meaning.language

    def _is_article(self, position: int) -> bool:
        return self._reading.words[position] in self._tongue.decade_articles

    def _is_leading(self, position: int) -> bool:
        meaning = self._tongue.meaning(self._written[position], self._reading.words[position], self._stems[position])
        known = meaning is not None and meaning.word is None and not _LEADING.isdisjoint(meaning.english)
        return known or (meaning is None and self._reading.words[position] in self._tongue.function)

    def _step_over(self, position: int) -> int:
        meaning = self._tongue.meaning(self._written[position], self._reading.words[position], self._stems[position])
        self._emit(position, position + 1, meaning.english if meaning else ())
        return position + 1

    def _decade(self, start: int) -> tuple[int, str] | None:
        """Read "años 90", "los 90", "80er" and "début 2000" as the decade that they name, with the word behind it."""
        said, tongue = self._reading.words, self._tongue
        if (german := GERMAN_DECADE.match(said[start])) is not None:
            return start + 1, f"{german[1]}s"
        end = start + 2
        named = said[start] in tongue.decade_words
        if named and end <= len(said) and _DECADE.fullmatch(said[start + 1]):
            return end, f"{said[start + 1]}s"
        if _DECADE.fullmatch(said[start]) and (start == 0 or not self._reading.pause(start)):
            before = said[start - 1] if start else ""
            part = bool(self._tokens) and self._tokens[-1].text in _PARTS
            if (before in tongue.decade_articles or part) and not self._is_counted(start + 1):
                return start + 1, f"{said[start]}s"
        return None

    def _is_counted(self, position: int) -> bool:
        for behind in range(position, min(position + 3, len(self._reading))):
            if self._reading.pause(behind):
                return False
            meaning, _ = self._longest(behind)
            if meaning is not None and not _COUNTED.isdisjoint(meaning.english):
                return True
        return False

    def _ends(self, position: int) -> bool:
        return position >= len(self._reading) or self._reading.pause(position) > 0

    def _keep(self, position: int, *, music: bool = False) -> None:
        token = self._reading.tokens[position]
        if not self._tokens or position in self._names or self._tongue.code != "de":
            raw = token.raw
        else:
            raw = token.raw.lower()  # every German noun has a capital: it tells no name
        if token.text in self._tongue.function and position not in self._names and not music:
            self._emit(position, position + 1, ())
            return
        self._kept.add(len(self._tokens))
        self._push(Token(token.text, raw, token.start, token.end, token.gap, token.pause))

    def _emit(self, start: int, end: int, english: tuple[str, ...]) -> None:
        """Say English words in place of those from start to end (exclusive)."""
        first, last = self._reading.tokens[start], self._reading.tokens[end - 1]
        pause = self._reading.pause(start)
        if not english:
            self._pause, self._gap = max(self._pause, pause), self._gap or first.gap
            return
        for number, word in enumerate(english):
            gap = first.gap if pause or "/" in first.gap else " "
            self._push(Token(word, word, first.start, last.end, " " if number else gap, 0 if number else pause))

    def _push(self, token: Token) -> None:
        """Add a word, with the pause before the words that were left out before it."""
        if self._pause > token.pause:
            token = Token(token.text, token.raw, token.start, token.end, self._gap, self._pause)
        self._pause, self._gap = 0, ""
        self._tokens.append(token)
