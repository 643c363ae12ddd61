"""The checker: does a sentence about a track say only what its cited facts say?

A sentence passes if every piece of it is one of these, and none is where it must not be:

* a name from a cited fact, letter by letter; titles and albums in quotation marks;
* a phrase that says a cited fact (`assistant.rewording.forms`);
* a function word, a word for music as such, one that only frames, or an evaluative one (`assistant.rewording.lexicon`).

All else is refused: uncited facts, other tracks' facts, negators, comparisons, numbers, the past tense, other scripts
and look-alike letters, for none of these is on a list. Listed words and cited facts can still build a false claim, so
their neighbours are looked at (`assistant.rewording.places`). A checker of words cannot see all that sentences
can mean: where it is in doubt it refuses, because the template is always true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.rewording.facts import StatedFact
from assistant.rewording.forms import borne_out, names, phrases
from assistant.rewording.lexicon import Phrase, load_lexicon
from assistant.rewording.places import Item, Refused, check_credits, check_opening, check_place

#: Longest sentence, in characters.
MAX_SENTENCE = 220
_PIECE = re.compile(r"(?P<word>[A-Za-z]+|\d+)|(?P<mark>[.,;:!?()…—–-])|(?P<join>&)|(?P<skip>[\s'’]+|≈(?=\d))")
_OPENING, _CLOSING = '“"', '”"'
_ENDS = frozenset(".!?:")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a mark or a whole name, as it stands in the sentence."""

    text: str  # words are in lower case
    kind: str  # word, mark or name
    slots: frozenset[str] = frozenset()  # of the facts that a name is from
    capital: bool = False  # with a capital letter where no sentence begins


def objection(sentence: str, cited: Sequence[StatedFact]) -> str:
    """Say what keeps a sentence from being let through; an empty text if nothing does.

    Args:
        sentence: what a model wrote.
        cited: the facts of one track that it cites.
    """
    try:
        _check(sentence, cited)
    except Refused as refused:
        return str(refused)
    return ""


def _check(sentence: str, cited: Sequence[StatedFact]) -> None:
    if not cited:
        raise Refused("it cites no fact")
    if len({fact.id.partition(".")[0] for fact in cited}) > 1:
        raise Refused("it cites facts of several tracks")
    if not sentence.strip() or len(sentence) > MAX_SENTENCE:
        raise Refused(f"it has no text, or more than {MAX_SENTENCE} characters")
    tokens = list(_tokens(unicodedata.normalize("NFC", sentence), cited))
    items = list(_items(tokens, phrases(cited), borne_out(cited)))
    if not any(item.slots for item in items):
        raise Refused("it says none of its facts")
    check_opening(items)
    check_credits(items)
    for place in range(len(items)):
        check_place(items, place)


# --- from characters to tokens ---


def _tokens(sentence: str, cited: Sequence[StatedFact]) -> Iterator[_Token]:
    """Take a sentence apart, names first.

    Raises:
        Refused: a character is no Latin letter, digit or usual mark, or quotation marks hold no cited name.
    """
    known: dict[tuple[str, bool], set[str]] = {}
    for name, slot, needs_quotes in names(cited):
        known.setdefault((_straight(name), needs_quotes), set()).add(slot)
    text, place, begins = _straight(sentence), 0, True
    while place < len(text):
        if text[place] == '"':
            token, place = _quoted_name(text, place, known)
            yield token
            begins = False
            continue
        token_and_end = _bare_name(text, place, known)
        if token_and_end is not None:
            token, place = token_and_end
            yield token
            begins = False
            continue
        match = _PIECE.match(text, place)
        if match is None:
            raise Refused(f"the character {text[place]!r} is in none of its names")
        place = match.end()
        if word := match["word"]:
            yield _Token(word.lower(), "word", capital=word[0].isupper() and word != "I" and not begins)
            begins = False
        elif mark := match["mark"]:
            if mark == "-" and _inside_a_word(text, match):
                continue
            begins = mark in _ENDS
            yield _Token(mark, "mark")
        elif match["join"]:
            yield _Token("and", "word")


def _inside_a_word(text: str, match: re.Match[str]) -> bool:
    return text[match.start() - 1 : match.start()].isalnum() and text[match.end() : match.end() + 1].isalnum()


def _straight(text: str) -> str:
    return text.translate(str.maketrans("“”‘’", "\"\"''"))


def _quoted_name(text: str, place: int, known: Mapping[tuple[str, bool], set[str]]) -> tuple[_Token, int]:
    """Read a name that stands in quotation marks; a mark of the sentence may stand inside them.

    Raises:
        Refused: no cited name stands there.
    """
    for closing in re.finditer(r'[.,!?]?"', text[place + 1 :]):
        for end in (place + closing.end(), place + 1 + closing.start()):
            slots = {slot for quotes in (True, False) for slot in known.get((text[place + 1 : end], quotes), ())}
            if slots:
                return _Token(text[place + 1 : end], "name", frozenset(slots)), place + 1 + closing.end()
    raise Refused(f"{text[place : place + 40]} is no cited name")


def _bare_name(text: str, place: int, known: Mapping[tuple[str, bool], set[str]]) -> tuple[_Token, int] | None:
    """Read the longest name that needs no quotation marks, None if there is none."""
    if place and text[place - 1].isalnum():
        return None
    found = [
        name
        for name, needs_quotes in known
        if not needs_quotes and text.startswith(name, place) and not text[place + len(name) :][:1].isalnum()
    ]
    name = max(found, key=len, default="")
    return (_Token(name, "name", frozenset(known[name, False])), place + len(name)) if name else None


# --- from tokens to what they say ---


def _items(tokens: Sequence[_Token], said: Mapping[Phrase, frozenset[str]], sounding: frozenset[str]) -> Iterator[Item]:
    """Read tokens as the longest phrases that are let through: what facts say, what they bear out, what is listed.

    Raises:
        Refused: a word is on no list, or has a capital letter without being of a fact.
    """
    lexicon = load_lexicon()
    sung = set(lexicon.rewordings["vocals"]["vocals"])
    free = (lexicon.phrases | set(lexicon.before)) - sung
    words = lexicon.listed | sounding
    longest = max(map(len, (*said, *free)))
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.kind != "word":
            yield Item(token.text if token.kind == "mark" else "", token.slots)
            place += 1
            continue
        for length in range(min(longest, len(tokens) - place), 0, -1):
            taken = tokens[place : place + length]
            phrase = tuple(one.text for one in taken)
            if any(one.kind != "word" for one in taken):
                continue
            if phrase in said:
                yield Item(" ".join(phrase), said[phrase])
            elif not any(one.capital for one in taken) and (phrase in free or (length == 1 and phrase[0] in words)):
                yield Item(" ".join(phrase), frozenset())
            else:
                continue
            place += length
            break
        else:
            raise Refused(f"{token.text!r} is neither of its facts nor of a list")
