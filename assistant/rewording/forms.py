"""In what words a fact may be said: its own, spelled otherwise, inflected, or listed as meaning no more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assistant.rewording.facts import StatedFact
from assistant.rewording.lexicon import Phrase, adverb, load_lexicon
from assistant.understanding.lexicon import ENERGETIC_FROM, FAST_FROM_BPM, QUIET_TO, SLOW_TO_BPM
from recsys.common_words import FUNCTION_WORDS
from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary

#: Slot → the facet of its words, and the section of the other words for them.
_FACETS = {
    "genre": (Facet.GENRE, "genres"),
    "adjective": (Facet.MOOD, "moods"),
    "instrument": (Facet.INSTRUMENT, "instruments"),
    "activity": (Facet.ACTIVITY, "activities"),
    "country": (Facet.COUNTRY, "countries"),
}
#: Instruments whose plural is said of one, too.
_SEVERAL = frozenset(["guitar", "synthesizer"])
_DECADES = {20: "twenties", 30: "thirties", 40: "forties", 50: "fifties", 60: "sixties", 70: "seventies"}
_DECADES |= {80: "eighties", 90: "nineties"}
_QUOTED = re.compile(r"“([^”]+)”")
_CREDIT = re.compile(r"” by (.+?)(?:, (?:one of your examples|which you \w+))?$")
_TEMPO = re.compile(r"(?:tempo is |≈)(\d+(?:\.\d+)?) BPM")
_ENERGY = re.compile(r"energy (?:is |≈)(\d+(?:\.\d+)?) of 1")
#: The last name of somebody who has two or three: "Bach".
_SURNAME = re.compile(r"^(?!The |DJ |Los |Les |La |El )[^\W\d]\w+ (?:[^\W\d&]\w* )?([^\W\d]\w{3,})$")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def slot_of(fact: StatedFact) -> str:
    """Tell instruments from voices, which share a slot in reasons."""
    if fact.slot == "with":
        return "vocals" if fact.text.endswith("vocals") else "instrument"
    return "vocals" if fact.slot == "adjective" and fact.text == "instrumental" else fact.slot


def names(facts: Iterable[StatedFact]) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, slot, whether it needs quotation marks) of the facts that are names or quote some."""
    for fact in facts:
        if fact.slot in ("title", "album"):
            yield fact.text.strip("“”"), fact.slot, True
        elif fact.slot == "artist":
            yield from _artist(fact.text)
        elif fact.slot in ("cause", "activity"):
            for quoted in _QUOTED.findall(fact.text):
                yield quoted, "cause", True
            for credit in _CREDIT.findall(fact.text):
                yield from ((name, "credit", needs) for name, _, needs in _artist(credit))


def phrases(facts: Sequence[StatedFact]) -> Mapping[Phrase, frozenset[str]]:
    """Return every phrase that says no more than one of the facts does, with the slots of the facts that it says."""
    found: defaultdict[Phrase, set[str]] = defaultdict(set)
    for fact in facts:
        slot = slot_of(fact)
        for phrase in _phrases(fact, slot):
            if phrase:
                found[phrase].add(slot)
    for phrase in list(_shared_heads(found)):
        found[phrase].add("instrument")
    whose = ("its", "their", *(one for one in ("his", "her") if (one,) in found))
    for word in [phrase[0] for phrase, slots in found.items() if slots == {"adjective"} and len(phrase) == 1]:
        for phrase in _at_its_height(word, whose):
            found[phrase].add("adjective")
    return {phrase: frozenset(slots) for phrase, slots in found.items()}


def borne_out(facts: Sequence[StatedFact]) -> frozenset[str]:
    """Return the words for how something sounds that the facts bear out: "loud" beside "aggressive", not "calm"."""
    stated = {word for fact in facts for word in _stated(fact)}
    return frozenset(
        word
        for group in load_lexicon().directed
        if group.facts & stated and not group.against & stated
        for word in group.words
    )


def _stated(fact: StatedFact) -> Iterator[str]:
    """The words of the vocabulary that a fact states, those above them, and numbers as what they are called."""
    slot = slot_of(fact)
    if slot == "cause":
        yield from _measured(fact.text)
    if slot not in ("genre", "adjective", "activity"):
        return
    facet, _ = _FACETS[slot]
    canonical = load_vocabulary().canonical(facet, fact.text) or fact.text.lower()
    yield canonical
    yield from _ancestors(facet, canonical)


def _measured(text: str) -> Iterator[str]:
    """What a tempo and an energy are called, by the bounds that requests are read with."""
    if match := _TEMPO.search(text):
        bpm = float(match[1])
        yield from ["fast"] * (bpm >= FAST_FROM_BPM) + ["slow"] * (bpm <= SLOW_TO_BPM)
    if match := _ENERGY.search(text):
        level = float(match[1])
        yield from ["high energy"] * (level >= ENERGETIC_FROM) + ["low energy"] * (level <= QUIET_TO)


def _artist(text: str) -> Iterator[tuple[str, str, bool]]:
    for name in dict.fromkeys((text, *text.split(", "))):
        last = [word for word in _SURNAME.findall(name) if fold(word) not in load_lexicon().every_word]
        written_so = (name, name.replace(" & ", " and "), name.removeprefix("The "), *last)
        for written in dict.fromkeys(written_so):
            # A band may be called "Never": unmarked, its name would be read as the word.
            yield written, "artist", fold(written) in FUNCTION_WORDS


def _phrases(fact: StatedFact, slot: str) -> Iterator[Phrase]:
    if slot in _FACETS:
        yield from _worded(fact.text, slot)
    elif slot == "year":
        yield from _year(int(fact.text))
    elif slot == "vocals":
        yield from _vocals(fact.text)
    elif slot == "language":
        yield _words(fact.text)
        yield (*_words(fact.text), "language")
        yield from load_lexicon().rewordings["vocals"]["vocals"]
    elif slot == "cause":
        yield from _cause(fact.text)


def _words(text: str) -> Phrase:
    return tuple(fold(text).split())


def _worded(text: str, slot: str) -> Iterator[Phrase]:
    facet, section = _FACETS[slot]
    vocabulary, listed = load_vocabulary(), load_lexicon().rewordings[section]
    word = text.removeprefix("the ") if slot == "country" else text
    canonical = vocabulary.canonical(facet, word) or word.lower()
    yield from _spellings(facet, canonical, word)
    for one in (canonical, *_ancestors(facet, canonical)):
        yield from listed.get(one, ())
        yield _words(one)
    own = _words(word)
    if slot == "adjective":
        yield (*own[:-1], adverb(own[-1]))
    elif slot == "genre" or (slot == "instrument" and own[-1] in _SEVERAL):
        yield (*own[:-1], own[-1] + "s")


def _spellings(facet: Facet, canonical: str, word: str) -> Iterator[Phrase]:
    """The word itself, and the synonyms that differ from it in spaces, hyphens or a final "music" only."""
    yield _words(word)
    bare = "".join(_words(word))
    for phrase, owner in load_vocabulary().phrases(facet).items():
        if owner == canonical and phrase.replace(" ", "").removesuffix("music") == bare:
            yield tuple(phrase.split())


def _ancestors(facet: Facet, word: str) -> Iterator[str]:
    for parent in load_vocabulary().parents(facet, word):
        yield parent
        yield from _ancestors(facet, parent)


def _year(year: int) -> Iterator[Phrase]:
    yield from ((*before, str(year)) for before in ((), ("year",), ("the", "year")))
    decade, rest = year // 10 * 10, year % 10
    part = "early" if rest <= 3 else "mid" if rest <= 6 else "late"
    short = decade % 100
    written: list[Phrase] = [(f"{decade}", "s"), (f"{decade}s",)]
    if decade < 2000:
        written += [(f"{short}", "s"), (f"{short}s",), (_DECADES.get(short, str(decade)),)]
    ends = ("start", "beginning", "dawn") if rest <= 2 else ("end", "close") if rest >= 8 else ()
    for phrase in written:
        yield phrase
        yield (part, *phrase)
        yield from ((end, "of", "the", *phrase) for end in ends)
    if 1998 <= year <= 2002:
        yield from (("turn", "of", "the", span) for span in ("millennium", "century"))


def _vocals(text: str) -> Iterator[Phrase]:
    listed = load_lexicon().rewordings["vocals"]
    yield _words(text)
    if text == "instrumental":
        yield from listed["instrumental"]
        return
    yield from listed["vocals"]
    yield from listed.get(text.removesuffix(" vocals"), ())


def _cause(text: str) -> Iterator[Phrase]:
    bare = _CREDIT.sub(lambda match: match[0].replace(match[1], " "), _QUOTED.sub(" ", text))
    for part in re.split(r"[,;()]", bare):
        yield _words(part)
    for number in _NUMBERS.findall(bare):
        yield _words(number)
    for key, listed in load_lexicon().rewordings["causes"].items():
        if key in text:
            yield from listed


def _at_its_height(adjective: str, owners: Sequence[str]) -> Iterator[Phrase]:
    """How much of it: "at its calmest", "couldn't be happier", which compare with nothing else."""
    stem = adjective[:-1] + "i" if adjective.endswith("y") else adjective.removesuffix("e")
    for end in dict.fromkeys((stem, stem + stem[-1])):
        yield from (("at", whose, end + "est") for whose in owners)
        yield from (("at", whose, "most", adjective) for whose in owners)
        yield from (("couldn", "t", verb, end + "er") for verb in ("be", "sound", "feel"))


def _shared_heads(found: Mapping[Phrase, set[str]]) -> Iterator[Phrase]:
    """Join what ends in the same word: "acoustic and electric guitar" for an acoustic guitar and an electric one."""
    heads = [phrase for phrase, slots in found.items() if slots == {"instrument"} and len(phrase) > 1]
    for one in heads:
        for other in heads:
            if one != other and one[-1] == other[-1]:
                yield (*one[:-1], "and", *other)
