"""Words of the music vocabulary as each language says them, for sentences about tracks.

`[said]` of a language's file says a word; moods, activities and instruments that it leaves out are said by the first
phrase of theirs that means nothing else. What a language has no word for stays English: names of genres travel, and a
near word ("Kölsch" for German) would not be true.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from assistant.phrasebook import Phrasebook
from assistant.understanding.tongues import load_tongues
from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import SECTIONS

#: Facets whose phrases are words for what they mean; those of languages and countries are often nearby ones.
_BY_PHRASE = (Facet.MOOD, Facet.ACTIVITY, Facet.INSTRUMENT)


def word_in(book: Phrasebook, facet: Facet, word: str) -> str:
    """Say a word of the vocabulary in the language of a phrasebook; the word itself where that has none."""
    return word if book.is_english else _words(book.language).get((facet, word), word)


@lru_cache(maxsize=8)
def _words(language: str) -> Mapping[tuple[Facet, str], str]:
    file = resources.files("assistant").joinpath("languages", f"{language}.toml")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    tongue = next(tongue for tongue in load_tongues() if tongue.code == language)
    said: dict[tuple[Facet, str], str] = {}
    for facet in _BY_PHRASE:
        for word, phrases in data[SECTIONS[facet]].items():
            for phrase in phrases.split("; "):
                meaning = tongue.meaning(phrase, fold(phrase), fold(phrase))
                if meaning is not None and meaning.word is not None and meaning.word.value == word:
                    said[facet, word] = phrase
                    break
    return said | {(facet, word): phrase for facet in SECTIONS for word, phrase in data["said"].items()}
