"""In which language a message is, told by its function words: English when in doubt.

Every word that a language has and English has not speaks for that language, every English function word that it has
not speaks against it. Articles and prepositions say less, for titles are full of them ("La Vie en Rose"), and so do
names of genres, for they travel.
"""

from __future__ import annotations

from assistant.understanding.common_words import COMMON_WORDS, FUNCTION_WORDS
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from assistant.understanding.tongues import GERMAN_DECADE, Tongue, english_music, load_tongues
from recsys.types import Facet

_LIGHT = words("el la los las le les il lo gli i der die das o os un una une ein de del da di du en em y et und e i")
_FULL, _HALF = 1.0, 0.5
#: What a language needs in its favour, and where most words have capitals, as titles do.
_ENOUGH, _ENOUGH_OF_TITLE = 0.75, 2.0
#: Letters that one language has and the others seldom: they decide between two that fit equally well.
_LETTERS = {"es": "ñ¿¡óíáú", "fr": "çèêëîïôûùœ", "de": "äöüß", "pt": "ãõçêôâ", "it": "èìòùà"}
_LETTER = 0.1
_MAX_PHRASE = 3  # words


def spoken(reading: Reading, passed: frozenset[int] = frozenset()) -> Tongue | None:
    """Tell the language of a message; None for English. `passed` are the positions of names, which tell nothing."""
    if len(reading) == len(passed):
        return None
    music = _of_music(reading)
    told = {word for n, word in enumerate(reading.words) if n not in passed and n not in music}
    letters = sum(token.raw[0].isalpha() for token in reading.tokens)
    capitals = sum(token.raw[0].isupper() for token in reading.tokens)
    text = reading.text.lower()
    best, most = None, 0.0
    for tongue in load_tongues():
        score = _score(tongue, told)
        title = tongue.code != "de" and len(reading) > 1 and capitals > letters / 2
        if score < (_ENOUGH_OF_TITLE if title else _ENOUGH):
            continue
        score += _LETTER * sum(letter in text for letter in _LETTERS[tongue.code])
        if score > most:
            best, most = tongue, score
    return best


def _of_music(reading: Reading) -> set[int]:
    """The positions of phrases that English has for music, so that they tell no other language: "new wave"."""
    found: set[int] = set()
    for start in range(len(reading)):
        for end in range(start + 1, min(start + _MAX_PHRASE, len(reading)) + 1):
            if reading.joined(start, end) in english_music():
                found.update(range(start, end))
    return found


def _score(tongue: Tongue, told: set[str]) -> float:
    """How much more the words speak for a language than for English."""
    speaks = against = 0.0
    for word in told:
        english = word in FUNCTION_WORDS
        if word in tongue.function or word in tongue.decade_words:
            if not english:
                speaks += _HALF if word in _LIGHT or word in COMMON_WORDS or len(word) == 1 else _FULL
        elif english:
            against += _FULL
        elif word in COMMON_WORDS:
            against += _HALF
        elif word in tongue.cues:
            speaks += _HALF
        elif (meaning := tongue.word_of(word)) is not None and len(word) > 2:
            genre = meaning.word is not None and meaning.word.facet is Facet.GENRE
            speaks += _HALF if genre or not tongue.lists(word) else _FULL
        elif tongue.code == "de" and GERMAN_DECADE.match(word):
            speaks += _FULL
    return speaks - against
