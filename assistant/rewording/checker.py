"""The checker: does a sentence about a track say only what its cited facts say?

A sentence passes if every piece of it is one of these, and none is where it must not be:

* a name from a cited fact, letter by letter; titles and albums in quotation marks;
* a phrase that says a cited fact (`assistant.rewording.forms`);
* a function word, a word for music as such, or one of the evaluative words (`assistant.rewording.lexicon`).

All else is refused: uncited facts, other tracks' facts, negators, comparisons, numbers, the past tense, other scripts
and look-alike letters, for none of these is on a list. Some listed words can still build a false claim, so they are
let through in certain places only: "by" before an artist, "from" before a year, a country, an artist or an album,
"too" at the end; "he" and "she" where the voice is a cited fact. A checker of words cannot see all that sentences can
mean: where it is in doubt it refuses, because the template is always true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.rewording.facts import StatedFact
from assistant.rewording.forms import names, phrases
from assistant.rewording.lexicon import Phrase, load_lexicon
from recsys.text import fold

#: Longest sentence, in characters.
MAX_SENTENCE = 220
_PIECE = re.compile(r"(?P<word>[A-Za-z]+|\d+)|(?P<mark>[.,;:!?()…—–-])|(?P<join>&)|(?P<skip>[\s'’]+)")
_OPENING, _CLOSING = '“"', '”"'
_DETERMINERS = frozenset(["a", "an", "the", "this", "these", "that", "your", "its", "their", "his", "her", "both"])
_ENDS = frozenset(".!?:")
_NAMED = {"album": "album", "song": "title", "track": "title", "tune": "title", "piece": "title", "title": "title"}
_PEOPLE = frozenset(["he", "she", "they"])
_PRONOUNS = _PEOPLE | frozenset(["him", "his", "her", "hers", "them", "their"])
_PLAYS = frozenset(["at", "behind", "on", "play", "plays", "playing", "take", "takes"])
_NAMES = frozenset(["artist", "title", "album", "credit"])
_LINKS = frozenset(["around", "by", "from", "in", "into", "of", "on", "onto", "over", "through", "to", "up", "with"])
_OWNERS = frozenset(["his", "her", "their"])
_COURSE = frozenset(
    """
    arrive arrives ask asks come comes enter enters fall falls follow follows happen happens leave leaves need needs
    open opens pause pauses return returns slip slips start starts stop stops swap swaps wait waits want wants
    """.split()
)
_AT = frozenset(["at", "from", "in", "inside", "on", "outside"])
_PLACES = frozenset(
    """
    aisle airport bed bedroom beach cafe café car cars club clubs desk garden gym gyms kitchen kitchens library office offices oven
    park plane pool road roads room shower station street streets table train trains
    """.split()
)
_SINGS = frozenset(["sing", "sings", "singing", "sung"])
_CHILDREN = frozenset("kids children family kid families toddlers youngsters dancers guests lovers gamers runners".split())
_SEATS = frozenset(["on", "at", "behind"])
_WISHES = frozenset("want wants wanting try tries trying need needs seem seems begin begins".split())
_MODALS = frozenset(["could", "may", "might", "should", "would"])
_MARKS = frozenset([",", ";", "–", "—", "-"])
_IS = frozenset(["is", "are"])
_HAPPENS = frozenset(["after", "at", "before", "by", "during", "from", "in", "on", "until", "when", "while", "with"])
_POINTS = frozenset(["it", "its", "one", "this"])
_STORIES = frozenset(
    """
    ask asks follow follows hear hears know knows leave leaves need needs pay pays ride rides run runs see sees sit sits
    slip slips spend spends stand stands think thinks trade trades wait waits walk walks want wants watch watches
    """.split()
)
_SETS = frozenset(["in", "at", "on", "during", "while", "when"])


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a mark or a whole name, as it stands in the sentence."""

    text: str  # words are in lower case
    kind: str  # word, mark or name
    slots: frozenset[str] = frozenset()  # of the facts that a name is from
    capital: bool = False  # with a capital letter where no sentence begins


@dataclass(frozen=True, slots=True)
class _Item:
    """A phrase that is let through, and what it says."""

    text: str
    slots: frozenset[str]


class _Refused(Exception):  # noqa: N818 (it never leaves this module)
    """Why a sentence does not pass."""


def objection(sentence: str, cited: Sequence[StatedFact]) -> str:
    """Say what keeps a sentence from being let through; an empty text if nothing does.

    Args:
        sentence: what a model wrote.
        cited: the facts of one track that it cites.
    """
    try:
        _check(sentence, cited)
    except _Refused as refused:
        return str(refused)
    return ""


def _check(sentence: str, cited: Sequence[StatedFact]) -> None:
    if not cited:
        raise _Refused("it cites no fact")
    if len({fact.id.partition(".")[0] for fact in cited}) > 1:
        raise _Refused("it cites facts of several tracks")
    if not sentence.strip() or len(sentence) > MAX_SENTENCE:
        raise _Refused(f"it has no text, or more than {MAX_SENTENCE} characters")
    tokens = list(_tokens(unicodedata.normalize("NFC", sentence), cited))
    items = list(_items(tokens, phrases(cited)))
    if not any(item.slots for item in items):
        raise _Refused("it says none of its facts")
    _check_opening(items)
    for place in range(len(items)):
        _check_place(items, place)


# --- from characters to tokens ---


def _tokens(sentence: str, cited: Sequence[StatedFact]) -> Iterator[_Token]:
    """Take a sentence apart, names first.

    Raises:
        _Refused: a character is no Latin letter, digit or usual mark, or quotation marks hold no cited name.
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
            raise _Refused(f"the character {text[place]!r} is in none of its names")
        place = match.end()
        if word := match["word"]:
            yield _Token(word.lower(), "word", capital=word[0].isupper() and not begins)
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
        _Refused: no cited name stands there.
    """
    for closing in re.finditer(r'[.,!?]?"', text[place + 1 :]):
        for end in (place + closing.end(), place + 1 + closing.start()):
            slots = {slot for quotes in (True, False) for slot in known.get((text[place + 1 : end], quotes), ())}
            if slots:
                return _Token(text[place + 1 : end], "name", frozenset(slots)), place + 1 + closing.end()
    raise _Refused(f"{text[place : place + 40]} is no cited name")


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


def _items(tokens: Sequence[_Token], said: Mapping[Phrase, frozenset[str]]) -> Iterator[_Item]:
    """Read tokens as the longest phrases that are let through.

    Raises:
        _Refused: a word is on no list, or has a capital letter without being of a fact.
    """
    lexicon = load_lexicon()
    sung = set(lexicon.rewordings["vocals"]["vocals"])
    free = (lexicon.phrases | set(lexicon.before)) - sung
    words = lexicon.function | lexicon.framing | lexicon.evaluative | lexicon.participles | lexicon.music | lexicon.after
    longest = max(map(len, (*said, *free)))
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.kind != "word":
            yield _Item(token.text if token.kind == "mark" else "", token.slots)
            place += 1
            continue
        for length in range(min(longest, len(tokens) - place), 0, -1):
            taken = tokens[place : place + length]
            phrase = tuple(one.text for one in taken)
            if any(one.kind != "word" for one in taken):
                continue
            if phrase in said:
                yield _Item(" ".join(phrase), said[phrase])
            elif not any(one.capital for one in taken) and (phrase in free or (length == 1 and phrase[0] in words)):
                yield _Item(" ".join(phrase), frozenset())
            else:
                continue
            place += length
            break
        else:
            raise _Refused(f"{token.text!r} is neither of its facts nor of a list")


# --- what must not stand where it stands ---


def _check_place(items: Sequence[_Item], place: int) -> None:
    """Refuse a word whose neighbours make it a claim.

    Raises:
        _Refused: they do.
    """
    lexicon, item = load_lexicon(), items[place]
    phrase = tuple(item.text.split())
    following = _following(items, place)
    if phrase in lexicon.before and not any(lexicon.before[phrase] & _kinds(one) for one in _noun(items, place)):
        raise _Refused(f"{item.text!r} may not stand before {following.text if following else 'the end'!r}")
    if phrase in lexicon.never_before and lexicon.never_before[phrase] & _kinds(following) - _either(following):
        raise _Refused(f"{item.text!r} may not stand before {following.text if following else 'the end'!r}")
    if item.text == "so" and (not place or items[place - 1].text not in _MARKS):
        raise _Refused("'so' compares here")
    named = any("artist" in before.slots for before in items[:place])
    if item.text in _PRONOUNS and not named and "vocals" not in _next_slots(items, place):
        raise _Refused(f"{item.text!r} stands for nobody")
    if item.text == "by" and "credit" in _kinds(following) and not (place and "cause" in items[place - 1].slots):
        raise _Refused("it credits the track to another's artist")
    if item.text == "one" and not _stands_for_the_track(items, place):
        raise _Refused("'one' is a number here")
    if item.text in _NAMED and (_next_slots(items, place) & {"title", "album"}) - {_NAMED[item.text]}:
        raise _Refused(f"{item.text!r} is said of another name")
    if item.text in lexicon.after - lexicon.evaluative - lexicon.function and not (place and items[place - 1].slots):
        raise _Refused(f"{item.text!r} stands after no fact")
    _check_persons(items, place)
    _check_course(items, place)
    if item.text in lexicon.participles - lexicon.evaluative - lexicon.after and place:
        _check_participle(items, place)
    if _is_people(items, place):
        raise _Refused(f"'the {item.text}' are people")
    if "artist" in item.slots or item.text in _PEOPLE:
        _check_doings(items, place)


def _check_persons(items: Sequence[_Item], place: int) -> None:
    """Refuse persons as the aim of a thing, and what is theirs: "for her", "his kitchen", "her piano".

    Raises:
        _Refused: it is so.
    """
    item, before = items[place].text, items[place - 1].text if place else ""
    following = items[place + 1].slots if place + 1 < len(items) else frozenset()
    objects = _kinds(items[place + 1] if place + 1 < len(items) else None) & ({"."} | _LINKS | _HAPPENS | {"and"})
    if item in ("him", "them", "her", "hers") and (item != "her" or objects) and before not in ("with", "around"):
        raise _Refused(f"it tells of {item!r}")
    if item in _OWNERS and following & {"activity", "instrument"} and "vocals" not in following:
        raise _Refused(f"it tells what is {item!r}")


def _check_course(items: Sequence[_Item], place: int) -> None:
    """Refuse to tell how the music goes on or where it was played: "the drums enter", "piano in the kitchen".

    Raises:
        _Refused: it tells so.
    """
    if not place:
        return
    item, before = items[place], items[place - 1]
    played = _sounds(before)
    if played and item.text in _COURSE and "vocals" not in item.slots:
        raise _Refused(f"{item.text!r} tells how the music goes on")
    if item.text in ("after", "before") and before.slots - {"activity"}:
        raise _Refused(f"{item.text!r} tells a story here")
    _check_neighbours(items, place)
    following = _following(items, place)
    if (played or before.slots & _NAMES) and item.text in _AT and following is not None:
        if following.text in _PLACES:
            raise _Refused("it tells where the music was played")


def _check_neighbours(items: Sequence[_Item], place: int) -> None:
    """Refuse to join facts into a claim of its own: "the bass is a synthesizer", "a choir of children", "piano and rain".

    Raises:
        _Refused: they are joined so.
    """
    item, before, following = items[place], items[place - 1], _following(items, place)
    sounds, after = _sounds(before), following.slots if following is not None else frozenset()
    occasion = "activity" in after and not after & {"adjective", "instrument", "vocals", "genre"}
    if sounds and item.text in _IS and following is not None and _sounds(following):
        raise _Refused("it says that one thing is another")
    if item.text in _IS | {"s"}:
        _check_being(items, place)
    if sounds and item.text in ("out", "off", "away", "down"):
        raise _Refused(f"it says that something is {item.text!r}")
    if (sounds or before.text in ("sound", "sounds")) and item.text in ("of", "to", "with", "and") and occasion:
        raise _Refused("it hears an occasion")
    if before.slots == {"activity"} and item.text == "and" and following is not None and _sounds(following):
        raise _Refused("it hears an occasion")
    if before.text in _SINGS and item.text in _HAPPENS | {"of", "to", "over"} and occasion:
        raise _Refused("it says what is sung, or where")
    if before.slots == {"instrument"} and item.slots == {"instrument"}:
        raise _Refused("it makes one instrument of two")
    if "vocals" in before.slots and item.text in _SEATS and "instrument" in after:
        raise _Refused("it says who plays")
    if sounds and item.text == "by" and "vocals" in after:
        raise _Refused("it says who plays")
    if before.text in _WISHES and item.text == "to" and following is not None and following.text == "be":
        raise _Refused("it says what is only tried")
    if before.text in _MODALS and item.text == "have":
        raise _Refused("it says what might have been")
    if before.text in _IS | {"s"} and item.text in ("over", "out", "off", "up", "down"):
        raise _Refused(f"it says that something is {item.text!r}")
    if before.text in _CHILDREN | {"anyone", "you"} and item.text in ("can", "could", "may", "might", "will"):
        _check_playing(items, place + 1)
    if before.text in _CHILDREN and (_sounds(item) or item.text in _PLAYS):
        raise _Refused("it says who plays or sings")
    if before.slots & {"country", "language"} and item.slots == {"instrument"}:
        raise _Refused("it says where an instrument is from")
    if item.text == "be" and before.text in _MODALS and after & {"adjective", "instrument", "vocals"}:
        raise _Refused("it says what might be")


def _check_being(items: Sequence[_Item], place: int) -> None:
    """Refuse to say of a part what is true of the track: "the party is sad", "she is calm", "the bass is for the car".

    Raises:
        _Refused: it is said so.
    """
    before, after = items[place - 1], items[place + 1] if place + 1 < len(items) else None
    said = after.slots if after is not None else frozenset()
    if before.slots == {"activity"} and items[place].text in _IS and said:
        raise _Refused("it tells of an occasion")
    if before.text in _PEOPLE and "adjective" in said:
        raise _Refused("it says what the artist is like")
    if before.slots != {"instrument"} or items[place].text not in _IS:
        return
    judged = after is not None and "evaluative" in _kinds(after)
    if not judged and "adjective" not in said:
        raise _Refused("it says what a part is")
    if any("instrument" in item.slots for item in items[place + 1 :]):
        raise _Refused("it tells one part from another")


def _check_playing(items: Sequence[_Item], place: int) -> None:
    """Refuse "can play it on the piano".

    Raises:
        _Refused: it says so.
    """
    clause = list(_clause(items, place))[:5]
    if any(item.text in _PLAYS for item in clause[:2]) and any("instrument" in item.slots for item in clause):
        raise _Refused("it says who plays")


def _sounds(item: _Item) -> bool:
    silent = item.text in {" ".join(phrase) for phrase in load_lexicon().rewordings["vocals"]["instrumental"]}
    return bool(item.slots & {"instrument", "vocals"}) and "adjective" not in item.slots and not silent


def _check_participle(items: Sequence[_Item], place: int) -> None:
    """Refuse to read "polished" as what somebody did: after a name or a pronoun, or after a thing and before one.

    Raises:
        _Refused: it may be read so.
    """
    before, after = items[place - 1], items[place + 1] if place + 1 < len(items) else None
    told = before.text in _PRONOUNS | {"it", "that", "which", "you", "this"} or before.slots & _NAMES
    thing = before.slots - {"adjective"} or before.text in load_lexicon().music
    if told or (thing and (after is None or after.text not in _LINKS)):
        raise _Refused(f"{items[place].text!r} may tell what was done")


def _is_people(items: Sequence[_Item], place: int) -> bool:
    """Tell "the rich" from "the rich strings"."""
    lexicon, item = load_lexicon(), items[place]
    return (
        item.text in lexicon.adjectives
        and place > 0
        and items[place - 1].text == "the"
        and "." in _kinds(items[place + 1] if place + 1 < len(items) else None)
    )


def _check_opening(items: Sequence[_Item]) -> None:
    """Refuse to begin with what the track is good for as if it were there: "a wedding in the rain".

    Raises:
        _Refused: it begins so.
    """
    place = next((n for n, item in enumerate(items) if item.text not in _DETERMINERS), len(items))
    if place + 1 >= len(items) or items[place].slots != {"activity"}:
        return
    of_music = any(item.slots - {"activity"} or item.text in load_lexicon().music | _POINTS for item in items)
    if items[place + 1].text in _HAPPENS and (place or not of_music):
        raise _Refused("it tells of an occasion")


def _kinds(item: _Item | None) -> frozenset[str]:
    """What a rule may call an item: its words, its slots, "." for a mark and for the end."""
    if item is None or (fold(item.text) == "" and not item.slots):
        return frozenset(".")
    judged = frozenset(["evaluative"]) if item.text in load_lexicon().evaluative else frozenset()
    return item.slots | judged | {item.text}


def _either(item: _Item | None) -> frozenset[str]:
    """A language of a country's name is no country: "in Japanese"."""
    return frozenset(["country"]) if item is not None and "language" in item.slots else frozenset()


def _following(items: Sequence[_Item], place: int) -> _Item | None:
    """The next item that is no article or possessive."""
    return next((item for item in items[place + 1 :] if item.text not in _DETERMINERS or item.slots - {"vocals"}), None)


def _noun(items: Sequence[_Item], place: int) -> Iterator[_Item | None]:
    """The next item that is no article or possessive; where it describes, those after it, to what it describes."""
    lexicon = load_lexicon()
    for item in items[place + 1 :]:
        if item.text in _DETERMINERS and not item.slots - {"vocals"}:
            continue
        yield item
        if not (item.slots and item.slots <= {"adjective", "genre", "activity"}) and not (
            item.text in lexicon.evaluative | lexicon.participles
        ):
            return
    yield None


def _next_slots(items: Sequence[_Item], place: int) -> frozenset[str]:
    return items[place + 1].slots if place + 1 < len(items) else frozenset()


def _stands_for_the_track(items: Sequence[_Item], place: int) -> bool:
    """Tell "this one", "a warm one" from "one take"."""
    before = items[place - 1] if place else None
    stands = before is not None and (
        before.text in ("this", "that", "the") or bool(before.slots & {"adjective", "genre"})
    )
    return stands or (before is not None and before.text in load_lexicon().evaluative)


def _check_doings(items: Sequence[_Item], place: int) -> None:
    """Refuse to let an artist do what the track is good for: "Nas drives", "Enya sings at a wedding"."""
    clause = list(_clause(items, place + 1))
    if not clause or clause[0].text == "s":
        return
    if "activity" in clause[0].slots:
        raise _Refused("it says what the artist does")
    if clause[0].text in _STORIES:
        raise _Refused("it says what the artist does")
    verb = next((n for n, item in enumerate(clause) if item.text not in _IS), len(clause))
    for n, item in enumerate(clause[verb:], start=place + 1 + verb):
        following = _following(items, n)
        if item.text in _PLAYS and following is not None and "instrument" in following.slots:
            raise _Refused("it says what the artist plays")
        if item.text in _SETS and following is not None and "activity" in following.slots:
            raise _Refused("it says where or when the artist does it")


def _clause(items: Sequence[_Item], start: int) -> Iterator[_Item]:
    for item in items[start:]:
        if not item.slots and fold(item.text) == "":
            return
        yield item
