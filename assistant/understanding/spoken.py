"""In which language a message is, told by its function words: English when in doubt.

Every word that a language has and English has not speaks for that language, every English function word that it has
not speaks against it. Articles and prepositions say less, for titles are full of them ("La Vie en Rose"), and so do
names of genres, for they travel.
"""

from __future__ import annotations

from itertools import pairwise

from assistant.understanding.gloss import gloss
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from assistant.understanding.tongues import GERMAN_DECADE, MAX_WORDS, Tongue, english_music, load_tongues
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.types import Facet

_LIGHT = words(
    "el la los las le les il lo gli i der die das o os un una une ein non a de del da di du en em y et und e i"
)
_FULL, _HALF = 1.0, 0.5
#: English words, and the same in others.
_ALIKE = words(
    "modern prominent mainstream normal total vocal minimal radical original international festival dominant elegant "
    "sensual tropical intense dramatic final virtuoso status inspirations latin solo popular album playlist sound beat "
    "nonstop deutsche top remix live cover hits single singles band bands song songs version versions"
)
#: Words of English and of others: where they stand nothing is sure.
_SHARED = words("no non in a on so me")
_LIGHT_OR_ALIKE = _LIGHT | _ALIKE
#: What a language needs in its favour, and where most words have capitals, as titles do.
_ENOUGH, _ENOUGH_OF_TITLE = 0.75, 2.0
#: Letters that one language has and the others seldom: they decide between two that fit equally well.
_LETTERS = {"es": "ñ¿¡óíáú", "fr": "çèêëîïôûùœ", "de": "äöüß", "pt": "ãõçêôâ", "it": "èìòùà"}
#: And words: "años" and "anos" fold to the same.
_SPELT = {"es": ("años",), "pt": ("anos",)}
_LETTER = 0.1
_CLOSE = 0.6
_MAX_PHRASE = 3  # words


def spoken(reading: Reading, passed: frozenset[int] = frozenset()) -> Tongue | None:
    """Tell the language of a message; None for English. `passed` are the positions of names, which tell nothing."""
    if len(reading) == len(passed):
        return None
    music = _of_music(reading)
    passed |= _initials(reading)
    words_said = ((n, word) for n, word in enumerate(reading.words) if n not in passed and not word.isdigit())
    told = {word for n, word in words_said if n not in music} - _ALIKE
    letters = sum(token.raw[0].isalpha() for token in reading.tokens)
    capitals = sum(token.raw[0].isupper() for token in reading.tokens)
    title = len(reading) > 1 and reading.tokens[0].raw[0].isupper() and capitals > letters / 2
    text = reading.text.lower()
    found: list[tuple[float, Tongue]] = []
    for tongue in load_tongues():
        score = _score(tongue, told) + _HALF * _pairs(reading, tongue)
        if len(reading) <= MAX_WORDS and not music and tongue.means_more(reading.words):
            score += _FULL  # "plus court", "annulla": nothing but a phrase of that language
        elif score > 0 and told.isdisjoint(_SHARED) and not told <= tongue.function and all(map(tongue.knows, told)):
            score += _HALF  # "chansons tristes"
        if score < (_ENOUGH_OF_TITLE if title and tongue.code != "de" else _ENOUGH):
            continue
        score += _LETTER * sum(letter in text for letter in _LETTERS[tongue.code])
        score += _FULL * any(word in text for word in _SPELT.get(tongue.code, ()))
        score += _LETTER * sum(reading.words[n] in tongue.cues for n in music)  # "chansons"
        found.append((score, tongue))
    best = max((score for score, _ in found), default=0.0)
    near = [(score, tongue) for score, tongue in found if score > best - _CLOSE]
    # Of languages that fit about equally well, the one in which the fewest words are left over.
    left = [(len(gloss(reading, tongue, passed).kept), -score, n) for n, (score, tongue) in enumerate(near)]
    return near[min(left)[2]][1] if near else None


def _initials(reading: Reading) -> frozenset[int]:
    """The positions of "AI" in a message that is not all in capitals: it is no Italian "to the", no French "have"."""
    if all(token.raw.isupper() for token in reading.tokens if len(token.raw) > 1 and token.raw != "AI"):
        others = any(len(token.raw) > 1 and token.raw != "AI" for token in reading.tokens)
        return frozenset() if others else frozenset(n for n, t in enumerate(reading.tokens) if t.raw == "AI")
    return frozenset(n for n, token in enumerate(reading.tokens) if token.raw == "AI")


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
        if word[0].isdigit() and not GERMAN_DECADE.match(word):
            continue
        english = word in FUNCTION_WORDS
        if word in tongue.function or word in tongue.decade_words:
            if not english:
                speaks += _HALF if word in _LIGHT or word in COMMON_WORDS or len(word) == 1 else _FULL
        elif english:
            against += _FULL
        elif word in COMMON_WORDS:
            against += _HALF if word not in tongue.cues else 0.0
        elif word in tongue.cues:
            speaks += _FULL if tongue.lists(word) and word not in _LIGHT else _HALF
        elif (meaning := tongue.word_of(word)) is not None and len(word) > 2:
            genre = meaning.word is not None and meaning.word.facet is Facet.GENRE
            speaks += _HALF if genre or not tongue.lists(word) else _FULL
        elif tongue.code == "de" and GERMAN_DECADE.match(word):
            speaks += _FULL
    return speaks - against


def _pairs(reading: Reading, tongue: Tongue) -> int:
    """How many cues of two words of a language stand in a message: "plus de", "algo así"."""
    return sum(_tells(pair) for pair in pairwise(reading.words) if " ".join(pair) in tongue.pairs)


def _tells(pair: tuple[str, ...]) -> bool:
    """Tell whether two words can tell a language: "top 10", "old school" and "a la" are English too."""
    if any(word[0].isdigit() for word in pair) or _LIGHT_OR_ALIKE.issuperset(pair):
        return False
    return not all(word in FUNCTION_WORDS or word in COMMON_WORDS for word in pair)
