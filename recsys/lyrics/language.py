"""The language that lyrics are sung in, by py3langid (Lui & Baldwin 2012; a naive Bayes classifier of byte n-grams).

Only languages of the music vocabulary are told. Lyrics are unknown that are too short to tell, or of several languages:
they are read as a whole and in parts, and unless nearly all of the parts say what the whole does, nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

#: ISO 639 codes by the words of the vocabulary. Serbian stands there for Croatian and Bosnian too.
CODES = {
    "english": ("en",),
    "spanish": ("es",),
    "portuguese": ("pt",),
    "french": ("fr",),
    "italian": ("it",),
    "german": ("de",),
    "dutch": ("nl",),
    "swedish": ("sv",),
    "norwegian": ("no", "nn"),
    "danish": ("da",),
    "finnish": ("fi",),
    "icelandic": ("is",),
    "russian": ("ru",),
    "polish": ("pl",),
    "czech": ("cs",),
    "ukrainian": ("uk",),
    "hungarian": ("hu",),
    "romanian": ("ro",),
    "bulgarian": ("bg",),
    "serbian": ("sr", "hr", "bs"),
    "greek": ("el",),
    "turkish": ("tr",),
    "arabic": ("ar",),
    "hebrew": ("he",),
    "persian": ("fa",),
    "hindi": ("hi",),
    "punjabi": ("pa",),
    "urdu": ("ur",),
    "tamil": ("ta",),
    "bengali": ("bn",),
    "japanese": ("ja",),
    "korean": ("ko",),
    "mandarin": ("zh",),
    "cantonese": ("yue",),
    "thai": ("th",),
    "indonesian": ("id",),
    "yoruba": ("yo",),
    "swahili": ("sw",),
    "zulu": ("zu", "xh"),
    "amharic": ("am",),
    "lingala": ("ln",),
    "catalan": ("ca",),
    "galician": ("gl",),
    "basque": ("eu",),
    "welsh": ("cy",),
    "irish": ("ga",),
    "latin language": ("la",),
}
_WORD_OF = {code: word for word, codes in CODES.items() for code in codes}
#: Fewer different words tell nothing ("la la la"), nor do fewer different characters where words are not set apart.
MIN_WORDS, MIN_CHARACTERS = 5, 10
#: Letters of a part: two lines of verse, of which the classifier was right in all of 670.
PART_LETTERS = 60
#: Share of the parts, by letters, that must be in the language of the whole.
SAME = 0.8
#: Confidence of the classifier below which nothing is said.
LEAST = 0.6


@dataclass(frozen=True, slots=True)
class Heard:
    """The language of lyrics, as the vocabulary names it."""

    language: str
    confidence: float  # 0–1: the classifier's, times the share of the parts that are in the language


def language_of(words: str) -> Heard | None:
    """Tell the language of lyrics; None where they are too short, of several languages, or of one without a word.

    Args:
        words: as sung, without what files put around them (`recsys.lyrics.cleaning`).
    """
    if len({*words.casefold().split()}) < MIN_WORDS and not _is_unspaced(words):
        return None
    code, confidence = _identifier().classify(words)
    language = _WORD_OF.get(code)
    if language is None or confidence < LEAST:
        return None
    parts = _parts(words)
    same = [len(part) for part in parts if _WORD_OF.get(_identifier().classify(part)[0]) == language]
    share = sum(same) / sum(map(len, parts))
    return Heard(language, float(confidence * share)) if share >= SAME else None


def _parts(words: str) -> list[str]:
    """Whole lines, as many to a part as make it long enough to tell; what is left over belongs to the last."""
    parts: list[str] = [""]
    for line in words.splitlines():
        if len(parts[-1]) >= PART_LETTERS:
            parts.append("")
        parts[-1] = f"{parts[-1]} {line}".strip()
    if len(parts) > 1 and len(parts[-1]) < PART_LETTERS:
        last = parts.pop()
        parts[-1] += f" {last}"
    return parts


def _is_unspaced(words: str) -> bool:
    """Tell whether lyrics are long enough in a script that sets no words apart."""
    return len({letter for letter in words if letter >= "\u0e00" and letter.isalpha()}) >= MIN_CHARACTERS


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The classifier, loaded once: it takes a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
