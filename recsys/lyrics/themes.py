"""What lyrics are about: themes of the music vocabulary, found by meaning and by words.

For lyrics of c stretches and a theme with p phrasings (`recsys/data/themes.toml`)

    s(theme)     = mean over the stretches of the mean of the two highest cosines to the theme's phrasings
    z(theme)     = (s - mean over all themes) / standard deviation over all themes
    score(theme) = z + WORDS_COUNT · min(different words of the lyrics that speak for the theme, MOST_WORDS)

and a theme is found where its score is at least `FOUND`. The confidence is 1 / (1 + exp(-STEEPNESS · (score - FOUND))),
so that it is a half there. What counts is how far a theme stands out from all others, so a long song is not about
everything, and another encoder's range of cosines does not matter.

The constants were chosen by `segue eval lyrics` on the lyrics it keeps for choosing.
Shapes: P phrasings, K themes, c stretches, D width of the encoder.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from recsys.encoders.text import TextEncoder
from recsys.types import FloatArray

WORDS_COUNT, MOST_WORDS = 0.3, 3
FOUND, STEEPNESS = 3.0, 2.0
#: Themes told of one track at most, the surest first.
MOST_THEMES = 4
#: Encoders that read English alone: themes are not looked for in lyrics of other languages then.
ENGLISH_ONLY = frozenset(("all-MiniLM-L6-v2",))


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme and how it is put in lyrics."""

    name: str  # canonical word of the vocabulary
    says: tuple[str, ...]
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class FoundTheme:
    """A theme found in lyrics."""

    name: str
    confidence: float  # 0.5–1


class ThemeFinder:
    """Finds themes in lyrics whose stretches are encoded."""

    def __init__(self, encoder: TextEncoder) -> None:
        """Encode the phrasings of every theme."""
        self._themes = load_themes()
        self._reads_english_alone = encoder.name in ENGLISH_ONLY
        self._phrasings: FloatArray = encoder.encode([say for theme in self._themes for say in theme.says])  # (P, D)
        self._ends = np.cumsum([len(theme.says) for theme in self._themes])

    def reads(self, language: str | None) -> bool:
        """Tell whether themes can be found in lyrics of a language; None is one that is not known."""
        return language == "english" or not self._reads_english_alone

    def find(self, words: str, vectors: FloatArray) -> tuple[FoundTheme, ...]:
        """Return the themes of lyrics, the surest first.

        Args:
            words: as sung.
            vectors: of their stretches (c, D).
        """
        scores = self.scores(words, vectors)
        order = np.argsort(-scores, kind="stable")[:MOST_THEMES].tolist()
        return tuple(FoundTheme(self._themes[n].name, confidence(scores[n])) for n in order if scores[n] >= FOUND)

    def scores(self, words: str, vectors: FloatArray, words_count: float = WORDS_COUNT) -> FloatArray:
        """Return the score of every theme (K,), in the order of `load_themes`; `words_count` is what a word counts."""
        cosines = vectors @ self._phrasings.T  # (c, P)
        of_theme = np.split(cosines, self._ends[:-1], axis=1)
        near = np.stack([np.sort(one, axis=1)[:, -2:].mean(axis=1) for one in of_theme], axis=1).mean(axis=0)  # (K,)
        spread = max(float(near.std()), 1e-6)
        said = np.array([_n_different(theme.words, words) for theme in self._themes], dtype=np.float32)
        scores: FloatArray = (near - near.mean()) / np.float32(spread)
        scores += np.float32(words_count) * np.minimum(said, np.float32(MOST_WORDS))
        return scores


def confidence(score: float) -> float:
    """How sure a theme of a score is, 0–1."""
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (float(score) - FOUND)))


@lru_cache(maxsize=1)
def load_themes() -> tuple[Theme, ...]:
    """The shipped themes, read once per process."""
    text = resources.files("recsys").joinpath("data/themes.toml").read_text(encoding="utf-8")
    data: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return tuple(Theme(name, tuple(one["says"].split("; ")), _pattern(one["words"])) for name, one in data.items())


def _pattern(words: str) -> re.Pattern[str]:
    either = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in words.split())
    return re.compile(rf"\b(?:{either})\b", re.IGNORECASE)


def _n_different(pattern: re.Pattern[str], words: str) -> int:
    return len({word.casefold() for word in pattern.findall(words)})
