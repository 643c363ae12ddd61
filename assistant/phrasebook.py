"""What Segue says, in the language of the listener: templates for every English sentence and label.

The key of a template is the English itself, so English needs no file and stays as the code writes it. A template that
a language has not stays English too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from assistant.languages import ENGLISH, TONGUES

#: What stands between thousands and before decimals, where it is not as in English; a plain space stays on one line.
_SEPARATORS = {"es": (".", ","), "fr": ("\u202f", ","), "de": (".", ","), "pt": (".", ","), "it": (".", ",")}


class Phrasebook:
    """Says English templates in one language."""

    def __init__(self, language: str, templates: Mapping[str, str]) -> None:
        """Take the templates of a language, by their English."""
        self.language = language
        self._templates = templates

    @property
    def is_english(self) -> bool:
        """Whether it says English."""
        return self.language == ENGLISH

    def __call__(self, english: str, **values: object) -> str:
        """Say a template, with values in its places."""
        return self._templates.get(english, english).format(**values)

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write a number as the language does: "1,200.5", "1.200,5"."""
        said = f"{value:{'+' if signed else ''},.{decimals}f}"
        thousands, point = _SEPARATORS.get(self.language, (",", "."))
        return said.translate({ord(","): thousands, ord("."): point})

    def listing(self, words: list[str]) -> str:
        """Join words as a sentence does: "a", "a and b", "a, b and c"."""
        if len(words) < 2:
            return "".join(words)
        return self("{first} and {last}", first=", ".join(words[:-1]), last=words[-1])

    def either(self, text: str) -> str:
        """Say a text of alternatives, which are joined by " or ", in this language."""
        first, *others = text.split(" or ")
        for other in others:
            first = self("{first} or {last}", first=first, last=other)
        return first


#: What is said unless another language is asked for.
ENGLISH_BOOK = Phrasebook(ENGLISH, {})


@lru_cache(maxsize=len(TONGUES) + 1)
def phrasebook(language: str) -> Phrasebook:
    """Open the phrasebook of a language; English for one that has none."""
    if language not in TONGUES:
        return ENGLISH_BOOK
    file = resources.files("assistant").joinpath("templates", f"{language}.toml")
    return Phrasebook(language, tomllib.loads(file.read_text(encoding="utf-8")))
