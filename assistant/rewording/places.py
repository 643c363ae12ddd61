"""What must not stand where it stands: listed words and facts whose neighbours make them a claim that no fact makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.rewording.lexicon import load_lexicon
from recsys.text import fold

_DETERMINERS = frozenset(["a", "an", "the", "this", "these", "that", "your", "its", "their", "his", "her", "both"])
_NAMED = {"album": "album", "song": "title", "track": "title", "tune": "title", "piece": "title", "title": "title"}
_PEOPLE = frozenset(["he", "she", "they"])
_PRONOUNS = _PEOPLE | frozenset(["him", "his", "her", "hers", "them", "their"])
_PLAYS = frozenset(["at", "behind", "on", "play", "plays", "playing", "take", "takes"])
_NAMES = frozenset(["artist", "title", "album", "credit"])
_LINKS = frozenset(
    ["along", "around", "by", "from", "in", "into", "of", "on", "onto", "over", "through", "to", "up", "with"]
)
_OWNERS = frozenset(["his", "her", "their"])
_AT = frozenset(["at", "from", "in", "inside", "on", "outside"])
_SINGS = frozenset(["sing", "sings", "singing", "sung"])
_SEATS = frozenset(["on", "at", "behind"])
_MODALS = frozenset(["could", "may", "might", "should", "would"])
_MARKS = frozenset([",", ";", "–", "—", "-"])
_JOINS = frozenset([",", "and", "the", "with"])
_IS = frozenset(["is", "are"])
_HAPPENS = frozenset(["after", "at", "before", "by", "during", "from", "in", "on", "until", "when", "while", "with"])
_POINTS = frozenset(["it", "its", "one", "this"])
_SETS = frozenset(["in", "at", "on", "during", "while", "when"])


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase that is let through, and what it says."""

    text: str
    slots: frozenset[str]


class Refused(Exception):  # noqa: N818 (it never leaves the checker)
    """Why a sentence does not pass."""


def check_place(items: Sequence[Item], place: int) -> None:
    """Refuse a word whose neighbours make it a claim.

    Raises:
        Refused: they do.
    """
    lexicon, item = load_lexicon(), items[place]
    phrase = tuple(item.text.split())
    following = _following(items, place)
    allowed = lexicon.before.get(phrase, frozenset())
    done = place - 1 - (place > 1 and items[place - 1].text == "along")
    if item.text == "by" and place and items[done].text in lexicon.participles:
        allowed = allowed | {"instrument", "vocals", "adjective"}
    if item.text == "from" and place and items[place - 1].text in lexicon.framing | lexicon.evaluative:
        allowed = allowed | {"instrument", "vocals"}
    if phrase in lexicon.before and not any(allowed & _kinds(one) for one in _noun(items, place)):
        raise Refused(f"{item.text!r} may not stand before {following.text if following else 'the end'!r}")
    if phrase in lexicon.never_before and lexicon.never_before[phrase] & _kinds(following) - _either(following):
        raise Refused(f"{item.text!r} may not stand before {following.text if following else 'the end'!r}")
    if item.text == "so" and _compares(items, place):
        raise Refused("'so' compares here")
    named = any("artist" in before.slots for before in items[:place])
    with_them = item.text in ("her", "him") and place > 0 and items[place - 1].text == "with" and item.slots
    sung = item.slots and any("vocals" in one.slots for one in items[place + 1 : place + 3])
    if item.text in _PRONOUNS and not (named or with_them or sung or "vocals" in _next_slots(items, place)):
        raise Refused(f"{item.text!r} stands for nobody")
    if item.text == "by" and "credit" in _kinds(following) and not (place and "cause" in items[place - 1].slots):
        raise Refused("it credits the track to another's artist")
    if item.text == "one" and not _stands_for_the_track(items, place):
        raise Refused("'one' is a number here")
    if item.text in _NAMED and (_next_slots(items, place) & {"title", "album"}) - {_NAMED[item.text]}:
        raise Refused(f"{item.text!r} is said of another name")
    if item.text in lexicon.after - lexicon.evaluative - lexicon.function and not (place and items[place - 1].slots):
        raise Refused(f"{item.text!r} stands after no fact")
    _check_persons(items, place)
    _check_course(items, place)
    if item.text in lexicon.participles - lexicon.evaluative - lexicon.after - lexicon.framing:
        _check_participle(items, place)
    if _is_people(items, place):
        raise Refused(f"'the {item.text}' are people")
    if "artist" in item.slots or item.text in _PEOPLE:
        _check_doings(items, place)


def _compares(items: Sequence[Item], place: int) -> bool:
    """Tell "so calm that it drifts" from "lovely, so play it" and "so calm that you drift"."""
    if place and items[place - 1].text in _MARKS:
        return False
    said = items[place + 1 : place + 4]
    if not said or not ({"adjective", "evaluative"} & _kinds(said[0])):
        return True
    following = [item.text for item in said[1:]]
    return following[:1] == ["that"] and following[1:2] != ["you"]


def _check_persons(items: Sequence[Item], place: int) -> None:
    """Refuse persons as the aim of a thing, and what is theirs: "for her", "his kitchen", "her piano".

    Raises:
        Refused: it is so.
    """
    item, before = items[place].text, items[place - 1].text if place else ""
    following = items[place + 1].slots if place + 1 < len(items) else frozenset()
    objects = _kinds(items[place + 1] if place + 1 < len(items) else None) & ({"."} | _LINKS | _HAPPENS | {"and"})
    if item in ("him", "them", "her", "hers") and (item != "her" or objects) and before not in ("with", "around"):
        raise Refused(f"it tells of {item!r}")
    if item in _OWNERS and following & {"activity", "instrument"} and "vocals" not in following:
        raise Refused(f"it tells what is {item!r}")


def _check_course(items: Sequence[Item], place: int) -> None:
    """Refuse to tell how the music goes on or where it was played: "the drums enter", "piano in the kitchen".

    Raises:
        Refused: it tells so.
    """
    if not place:
        return
    item, before = items[place], items[place - 1]
    played = _sounds(before)
    if played and item.text in load_lexicon().sets["course"] and "vocals" not in item.slots:
        raise Refused(f"{item.text!r} tells how the music goes on")
    if item.text in ("after", "before") and before.slots - {"activity"}:
        raise Refused(f"{item.text!r} tells a story here")
    _check_neighbours(items, place)
    following = _following(items, place)
    last = following.text.rpartition(" ")[2] if following is not None else ""
    placed = item.text in _AT and last in load_lexicon().sets["places"]
    if placed and (played or before.slots & _NAMES):
        raise Refused("it tells where the music was played")


def _check_neighbours(items: Sequence[Item], place: int) -> None:
    """Refuse to join facts into a claim: "the bass is a synthesizer", "a choir of children", "piano and rain".

    Raises:
        Refused: they are joined so.
    """
    item, before, following = items[place], items[place - 1], _following(items, place)
    sounds, after = _sounds(before), following.slots if following is not None else frozenset()
    occasion = "activity" in after and not after & {"adjective", "instrument", "vocals", "genre"}
    if sounds and item.text in _IS and following is not None and _sounds(following):
        raise Refused("it says that one thing is another")
    if item.text in _IS | {"s"}:
        _check_being(items, place)
    if sounds and item.text in ("out", "off", "away", "down"):
        raise Refused(f"it says that something is {item.text!r}")
    if (sounds or before.text in ("sound", "sounds")) and item.text in ("of", "to", "with", "and") and occasion:
        raise Refused("it hears an occasion")
    if before.slots == {"activity"} and item.text == "and" and following is not None and _sounds(following):
        raise Refused("it hears an occasion")
    if before.text in _SINGS and item.text in _HAPPENS | {"of", "to", "over"} and occasion:
        raise Refused("it says what is sung, or where")
    if before.slots == {"instrument"} and item.slots == {"instrument"}:
        raise Refused("it makes one instrument of two")
    if "vocals" in before.slots and item.text in _SEATS and "instrument" in after:
        raise Refused("it says who plays")
    if sounds and item.text == "by" and "vocals" in after:
        raise Refused("it says who plays")
    if (
        before.text in load_lexicon().sets["wishes"]
        and item.text == "to"
        and following is not None
        and following.text == "be"
    ):
        raise Refused("it says what is only tried")
    if before.text in _MODALS and item.text == "have":
        raise Refused("it says what might have been")
    if before.text in _IS | {"s"} and item.text in ("over", "out", "off", "up", "down"):
        raise Refused(f"it says that something is {item.text!r}")
    if before.text in load_lexicon().sets["children"] | {"anyone", "you"} and item.text in (
        "can",
        "could",
        "may",
        "might",
        "will",
    ):
        _check_playing(items, place + 1)
    if before.text in load_lexicon().sets["children"] and (_sounds(item) or item.text in _PLAYS):
        raise Refused("it says who plays or sings")
    if before.slots & {"country", "language"} and item.slots == {"instrument"}:
        raise Refused("it says where an instrument is from")
    if item.text == "be" and before.text in _MODALS and after & {"adjective", "instrument", "vocals"}:
        raise Refused("it says what might be")


def _check_being(items: Sequence[Item], place: int) -> None:
    """Refuse to say of a part what is true of the track: "the party is sad", "she is calm", "the bass is for the car".

    Raises:
        Refused: it is said so.
    """
    before, after = items[place - 1], items[place + 1] if place + 1 < len(items) else None
    said = after.slots if after is not None else frozenset()
    if before.slots == {"activity"} and items[place].text in _IS and said:
        raise Refused("it tells of an occasion")
    if before.text in _PEOPLE and "adjective" in said:
        raise Refused("it says what the artist is like")
    if (
        "artist" in before.slots
        and "adjective" in said
        and any(one.text == "with" for one in items[place + 2 : place + 3])
    ):
        raise Refused("it says what the artist is like")
    if "artist" in before.slots and items[place].text in _IS and _next_noun_sounds(items, place):
        raise Refused("it says that the artist is an instrument")
    if before.slots != {"instrument"} or items[place].text not in _IS:
        return
    judged = after is not None and "evaluative" in _kinds(after)
    if not judged and "adjective" not in said:
        raise Refused("it says what a part is")
    if any("instrument" in item.slots for item in items[place + 1 :]):
        raise Refused("it tells one part from another")


def _next_noun_sounds(items: Sequence[Item], place: int) -> bool:
    following = _following(items, place)
    return following is not None and following.slots == {"instrument"}


def _check_playing(items: Sequence[Item], place: int) -> None:
    """Refuse "can play it on the piano".

    Raises:
        Refused: it says so.
    """
    clause = list(_clause(items, place))[:5]
    if any(item.text in _PLAYS for item in clause[:2]) and any("instrument" in item.slots for item in clause):
        raise Refused("it says who plays")


def _sounds(item: Item) -> bool:
    silent = item.text in {" ".join(phrase) for phrase in load_lexicon().rewordings["vocals"]["instrumental"]}
    return bool(item.slots & {"instrument", "vocals"}) and "adjective" not in item.slots and not silent


def _check_participle(items: Sequence[Item], place: int) -> None:
    """Refuse to read "polished" as what somebody did: after a name or a pronoun, or after a thing and before one.

    Raises:
        Refused: it may be read so.
    """
    before = items[place - 1] if place else Item("", frozenset())
    after = items[place + 1] if place + 1 < len(items) else None
    told = before.text in _PRONOUNS | {"it", "that", "which", "you", "this"} or before.slots & _NAMES
    thing = before.slots - {"adjective"} or before.text in load_lexicon().music
    joins = items[place].text in load_lexicon().joining
    if told or ((thing or joins) and (after is None or after.text not in _LINKS)):
        raise Refused(f"{items[place].text!r} may tell what was done")


def _is_people(items: Sequence[Item], place: int) -> bool:
    """Tell "the rich" from "the rich strings"."""
    lexicon, item = load_lexicon(), items[place]
    return (
        item.text in lexicon.adjectives
        and place > 0
        and items[place - 1].text == "the"
        and "." in _kinds(items[place + 1] if place + 1 < len(items) else None)
    )


def check_credits(items: Sequence[Item]) -> None:
    """Refuse to tell one artist of a track from another: "A on guitar, B on saxophone", "A is sensual, B sings along".

    Raises:
        Refused: the artists are named apart.
    """
    named = [n for n, item in enumerate(items) if item.slots & {"artist"}]
    for one, other in pairwise(named):
        if any(item.text not in _JOINS for item in items[one + 1 : other]):
            raise Refused("it tells one artist from another")


def check_opening(items: Sequence[Item]) -> None:
    """Refuse to begin with what the track is good for as if it were there: "a wedding in the rain".

    Raises:
        Refused: it begins so.
    """
    place = next((n for n, item in enumerate(items) if item.text not in _DETERMINERS), len(items))
    if place + 1 >= len(items) or items[place].slots != {"activity"}:
        return
    of_music = any(item.slots - {"activity"} or item.text in load_lexicon().music | _POINTS for item in items)
    is_music = items[place].text.rpartition(" ")[2] in load_lexicon().music
    if items[place + 1].text in _HAPPENS and not is_music and (place or not of_music):
        raise Refused("it tells of an occasion")


def _kinds(item: Item | None) -> frozenset[str]:
    """What a rule may call an item: its words, its slots, "." for a mark and for the end."""
    if item is None or (fold(item.text) == "" and not item.slots):
        return frozenset(".")
    lexicon = load_lexicon()
    listed = {"evaluative": lexicon.evaluative, "framing": lexicon.framing}
    return item.slots | {item.text} | {kind for kind, words in listed.items() if item.text in words}


def _either(item: Item | None) -> frozenset[str]:
    """A language of a country's name is no country: "in Japanese"."""
    return frozenset(["country"]) if item is not None and "language" in item.slots else frozenset()


def _following(items: Sequence[Item], place: int) -> Item | None:
    """The next item that is no article or possessive."""
    return next((item for item in items[place + 1 :] if item.text not in _DETERMINERS or item.slots - {"vocals"}), None)


def _noun(items: Sequence[Item], place: int) -> Iterator[Item | None]:
    """The next item that is no article or possessive; where it describes, those after it, to what it describes."""
    lexicon = load_lexicon()
    for item in items[place + 1 :]:
        if item.text in _DETERMINERS and not item.slots - {"vocals"}:
            continue
        yield item
        describes = item.slots and item.slots <= {"adjective", "genre", "activity"}
        if not describes and item.text not in lexicon.evaluative | lexicon.participles:
            return
    yield None


def _next_slots(items: Sequence[Item], place: int) -> frozenset[str]:
    return items[place + 1].slots if place + 1 < len(items) else frozenset()


def _stands_for_the_track(items: Sequence[Item], place: int) -> bool:
    """Tell "this one", "a warm one" from "one take"."""
    before = items[place - 1] if place else None
    stands = before is not None and (
        before.text in ("this", "that", "the") or bool(before.slots & {"adjective", "genre"})
    )
    return stands or (before is not None and before.text in load_lexicon().evaluative)


def _check_doings(items: Sequence[Item], place: int) -> None:
    """Refuse to let an artist do what the track is good for: "Nas drives", "Enya sings at a wedding"."""
    clause = list(_clause(items, place + 1))
    if not clause or clause[0].text == "s":
        return
    if "activity" in clause[0].slots:
        raise Refused("it says what the artist does")
    asks_you = clause[0].text in ("want", "wants", "ask", "asks") and [item.text for item in clause[1:2]] == ["you"]
    if clause[0].text in load_lexicon().sets["stories"] and not asks_you:
        raise Refused("it says what the artist does")
    verb = next((n for n, item in enumerate(clause) if item.text not in _IS), len(clause))
    for n, item in enumerate(clause[verb:], start=place + 1 + verb):
        following = _following(items, n)
        if item.text in _PLAYS and following is not None and "instrument" in following.slots:
            raise Refused("it says what the artist plays")
        if item.text in _SETS and following is not None and "activity" in following.slots:
            raise Refused("it says where or when the artist does it")


def _clause(items: Sequence[Item], start: int) -> Iterator[Item]:
    for item in items[start:]:
        if not item.slots and fold(item.text) == "":
            return
        yield item
