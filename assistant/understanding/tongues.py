"""The languages besides English in which requests are understood: their words, read from `assistant/languages`.

One file per language. Its cues and its music vocabulary say what a phrase is in English, so that one set of rules, the
English ones, reads them all. Phrases are compared folded; those of the vocabulary also stemmed, so that one form of a
word stands for its inflections. A word whose accent tells it from another one (né, ne) is compared as written first.
Commands ("quita la 3") are phrases about the playlist on screen; they mean other things in a request for music.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import Stemmer

from assistant.languages import TONGUES
from assistant.understanding.matches import Word
from assistant.understanding.tables import words
from recsys.common_words import FUNCTION_WORDS
from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import SECTIONS, load_vocabulary

#: No phrase of the files is longer, and no command.
MAX_WORDS, MAX_COMMAND = 5, 10
#: Where phrases are commands: anywhere, as the first words of a message, the last of a clause, or before tracks.
PLACES = ANYWHERE, FIRST, LAST, BEFORE_TRACKS = "", "first", "last", "tracks"
_GERMAN_TAIL = re.compile(
    r"(.{3,}?)s?(?:musik|lied|sound|playlist|klange|mucke|platten|alben"
    r"|(?P<tracks>liedern?|songs?|hits|stucken?|titeln?|nummern|tracks))$"
)
#: "80er", "1970ern".
GERMAN_DECADE = re.compile(r"((?:19|20)?\d0)(?:er|ern|ers)$")
#: The English of cues that are adjectives, with as many forms as those of the vocabulary.
_INFLECTED = frozenset(
    tuple(english.split())
    for english in (
        "popular", "obscure", "underrated", "familiar", "recent", "vintage", "fast", "slow", "high energy",
        "low energy", "cheesy", "longer", "shorter",
    )
)  # fmt: skip
_MIN_STEMMED = 5  # letters: "com" is no form of "comer"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A phrase in English: the words for it, and for one of the vocabulary what it stands for.

    `word` None marks a cue. A word that names a language and a country holds both: `word` is then the country.
    """

    english: tuple[str, ...]
    word: Word | None = None
    language: Word | None = None


class Tongue:
    """One language: the words that tell it, and what its phrases mean."""

    def __init__(self, code: str, data: Mapping[str, Any]) -> None:
        """Index a parsed file of `assistant/languages`."""
        self.code = code
        decades = data["decades"]
        self.decade_words = _folded(decades["words"].split())
        self.decade_articles = _folded(decades["articles"].split())
        self.function = _folded(data["function"].split())
        self._stemmer = Stemmer.Stemmer(data["stemmer"])
        self._written: dict[str, Meaning] = {}
        self._folded: dict[str, Meaning] = {}
        self._stemmed: dict[str, Meaning | None] = {}
        for section in ("cues", "decades", "numbers"):
            for english, phrases in data[section].items():
                if english not in ("words", "articles"):
                    self._add_cues(tuple(english.split()), phrases.split("; "))
        #: Folded words for numbers.
        self.numbers = {fold(words): int(n) for n, said in data["numbers"].items() for words in said.split("; ")}
        self._commands = _commands(data["commands"])
        #: Phrases for music that goes on, as the file has them.
        self.radio: Mapping[str, Any] = data["radio"]
        #: Folded words before a comparative ("más"), and comparatives that need none ("langsamer").
        self.comparing = tuple(map(fold, data["comparatives"]["before"].split("; ")))
        self.comparatives = frozenset(map(fold, data["comparatives"]["alone"].split("; ")))
        self._add_vocabulary(data)
        self._commanding = frozenset(phrase for phrases in self._commands.values() for phrase in phrases)
        cues = {phrase for phrase, meaning in self._folded.items() if meaning.word is None} | self._commanding
        #: Its cues of two words.
        self.pairs = frozenset(phrase for phrase in cues if phrase.count(" ") == 1)
        #: Words of its cues: they tell the language too, if less surely.
        self.cues = frozenset(word for phrase in cues for word in phrase.split())

    def stem(self, word: str) -> str:
        """The stem of a folded word with a mark; a short one, or one that English has for music, stands for itself."""
        if len(word) < _MIN_STEMMED or word in english_music():
            return word
        return f"{self._stemmer.stemWord(word)}*"  # so that "rap" is no form of "rapido"

    def word_of(self, folded: str) -> Meaning | None:
        """What a single folded word means, whatever its form."""
        return self._folded.get(folded) or self._stemmed.get(self.stem(folded)) or self.compound(folded)

    def compound(self, folded: str) -> Meaning | None:
        """German "Klaviermusik": a word of music with what it is made of."""
        if self.code != "de" or (found := _GERMAN_TAIL.match(folded)) is None:
            return None
        head = found[1]
        return Meaning((head,)) if head in english_music() else self.meaning(head, head, self.stem(head))

    def counts_tracks(self, folded: str) -> bool:
        """Tell whether a German compound says tracks of some kind, which a number before it counts: "Rocklieder"."""
        found = _GERMAN_TAIL.match(folded) if self.code == "de" else None
        return found is not None and found["tracks"] is not None and self.word_of(folded) is not None

    def means_more(self, said: Sequence[str]) -> bool:
        """Tell whether folded words are one phrase of the language that is no genre: those travel."""
        folded = " ".join(said)
        if folded in self._commanding and not FUNCTION_WORDS.issuperset(said):
            return True
        meaning = self._folded.get(folded) or self._stemmed.get(" ".join(map(self.stem, said)))
        return (
            meaning is not None
            and not FUNCTION_WORDS.issuperset(said)
            and not (meaning.word is not None and meaning.word.facet is Facet.GENRE)
        )

    def knows(self, folded: str) -> bool:
        """Tell whether a word says something in the language."""
        return folded in self.function or self.word_of(folded) is not None

    def is_ordinary(self, folded: str) -> bool:
        """Tell whether a word is one of the language's own, in this very form."""
        return folded in self.function or folded in self._folded

    def lists(self, folded: str) -> bool:
        """Tell whether a word stands in the file in this very form."""
        return folded in self._folded or folded in self._commanding

    def command(self, folded: str, where: str) -> Meaning | None:
        """What a folded phrase means as a command, at a place where it is one: one of `PLACES`."""
        return self._commands[where].get(folded)

    def meaning(self, written: str, folded: str, stemmed: str) -> Meaning | None:
        """What a phrase means, given as written in lower case, folded, and stemmed; None for an unknown one."""
        return self._written.get(written) or self._folded.get(folded) or self._stemmed.get(stemmed)

    def _add_cues(self, english: tuple[str, ...], phrases: list[str]) -> None:
        for phrase in phrases:
            meaning = Meaning(english)
            folded = fold(phrase)
            if folded != phrase and " " not in folded:
                self._written[phrase] = meaning
            if english in _INFLECTED:
                self._stemmed[" ".join(map(self.stem, folded.split()))] = meaning
            # "Ne" comes before "né" whichever the file lists first: who writes no accent means the plain word.
            if folded == phrase or folded not in self._folded:
                self._folded[folded] = meaning

    def _add_vocabulary(self, data: Mapping[str, Any]) -> None:
        for facet, section in SECTIONS.items():
            for canonical, phrases in data.get(section, {}).items():
                word = Word(facet, canonical)
                english = tuple(fold(canonical).split())
                for phrase in phrases.split("; "):
                    folded = fold(phrase)
                    if folded in english_genres() and facet is not Facet.GENRE:
                        continue  # "funk" is a genre here too, whatever else it may mean
                    self._folded[folded] = _joined(self._folded.get(folded), word, english)
                    stemmed = " ".join(map(self.stem, folded.split()))
                    known = self._stemmed.get(stemmed)
                    meaning = _joined(known, word, english)
                    same = known is None or known.english == meaning.english or meaning.language is not None
                    # A stem of two words tells neither.
                    self._stemmed[stemmed] = meaning if stemmed not in self._stemmed or same else None


def _commands(listed: Mapping[str, Any]) -> dict[str, dict[str, Meaning]]:
    """The folded phrases of the commands by the places where they are commands."""
    tables = {ANYWHERE: {e: phrases for e, phrases in listed.items() if isinstance(phrases, str)}}
    tables |= {place: listed.get(place, {}) for place in PLACES if place != ANYWHERE}
    return {
        place: {
            fold(phrase): Meaning(tuple(e.split())) for e, phrases in table.items() for phrase in phrases.split("; ")
        }
        for place, table in tables.items()
    }


def _joined(known: Meaning | None, word: Word, english: tuple[str, ...]) -> Meaning:
    """Add a word to what a phrase means: a country beside its language, else the meaning that came first."""
    if known is None:
        return Meaning(english, word, word if word.facet is Facet.LANGUAGE else None)
    if word.facet is Facet.COUNTRY and known.word is not None and known.word.facet is Facet.LANGUAGE:
        return Meaning(known.english, word, known.word)
    return known


@lru_cache(maxsize=1)
def english_music() -> frozenset[str]:
    """The folded phrases of the English music vocabulary."""
    vocabulary = load_vocabulary()
    # What songs are about is said in any words.
    return frozenset(p for facet in SECTIONS if facet is not Facet.THEME for p in vocabulary.phrases(facet))


@lru_cache(maxsize=1)
def english_genres() -> frozenset[str]:
    """The folded phrases for genres of the English music vocabulary."""
    return frozenset(load_vocabulary().phrases(Facet.GENRE))


def _folded(listed: list[str]) -> frozenset[str]:
    return words(" ".join(map(fold, listed)))


@lru_cache(maxsize=1)
def load_tongues() -> tuple[Tongue, ...]:
    """All languages, read once per process."""
    return tuple(_read_all())


def _read_all() -> Iterator[Tongue]:
    folder = resources.files("assistant").joinpath("languages")
    for code in TONGUES:
        yield Tongue(code, tomllib.loads(folder.joinpath(f"{code}.toml").read_text(encoding="utf-8")))
