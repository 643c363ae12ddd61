"""The words that a rewording may use beside its facts, read once from `words.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

#: Most evaluative words that may be shipped.
MAX_EVALUATIVE = 300

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directed:
    """Words for how something sounds, which only some facts bear out: "loud" is not said of what is stated calm."""

    words: frozenset[str]  # in every form
    facts: frozenset[str]  # words of the vocabulary that bear them out
    against: frozenset[str]  # those beside which they are not let through


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Closed lists of lower-case words and phrases."""

    listed: frozenset[str]  # words that are let through wherever they stand
    directed: tuple[Directed, ...]
    evaluative: frozenset[str]  # in every form, those that need a fact among them
    n_evaluative: int  # as listed, each word once
    adjectives: frozenset[str]  # those that are evaluative and no noun as well
    participles: frozenset[str]  # "-ed", of evaluative verbs and others
    joining: frozenset[str]  # those of the others
    framing: frozenset[str]
    after: frozenset[str]  # what describes by a fact, "-led"
    music: frozenset[str]
    function: frozenset[str]
    phrases: frozenset[Phrase]
    before: Mapping[Phrase, frozenset[str]]
    never_before: Mapping[Phrase, frozenset[str]]
    sets: Mapping[str, frozenset[str]]  # words whose neighbours are looked at
    rewordings: Mapping[str, Mapping[str, tuple[Phrase, ...]]]
    every_word: frozenset[str]  # of all lists and rewordings


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The shipped lists, read once per process."""
    data = tomllib.loads(resources.files("assistant.rewording").joinpath("words.toml").read_text(encoding="utf-8"))
    listed = {kind: text.split() for kind, text in data["evaluative"].items()}
    framing, function = data["framing"], data["function"]
    evaluative, participles = _judging(listed), frozenset((*listed["irregular"], *_told(listed)))
    joining, after = frozenset(data["participles"]["words"].split()), frozenset(data["after"]["words"].split())
    played = data["music"]
    moving = {"adjectives": played["adjectives"], "verbs": played["verbs"], "nouns": played["moving"]}
    moves = {kind: text.split() for kind, text in moving.items()}
    music = frozenset((*played["nouns"].split(), *played["plurals"].split()))
    frames = frozenset(
        (
            *(form for verb in framing["verbs"].split() for form in _present(verb)),
            *(form for noun in framing["nouns"].split() for form in (noun, _with_s(noun))),
        )
    )
    small = frozenset(
        (
            *function["words"].split(),
            *(form for verb in function["light_verbs"].split() for form in _present(verb)),
        )
    )
    sounding = [
        ({kind: group[kind].split() for kind in ("adjectives", "verbs", "nouns")}, group)
        for group in data["directed"].values()
    ]
    directed = tuple(
        Directed(_judging(words) | _told(words), frozenset(group["facts"]), frozenset(group["against"]))
        for words, group in sounding
    )
    nouns = {*listed["nouns"], *framing["nouns"].split()}
    evaluative, participles = evaluative | _judging(moves), participles | _told(moves)
    words = small | frames | evaluative | participles | joining | music | after
    said = [
        *function["phrases"],
        *(form for section in data["rewordings"].values() for some in section.values() for form in some),
    ]
    return Lexicon(
        listed=words,
        directed=directed,
        evaluative=evaluative.union(*(_judging(words) for words, _ in sounding)),
        n_evaluative=len({word for kind, words in listed.items() if kind != "irregular" for word in words}),
        joining=joining,
        adjectives=frozenset((*listed["adjectives"], *moves["adjectives"])).union(
            *(words["adjectives"] for words, _ in sounding)
        )
        - nouns,
        participles=(participles | joining).union(*(_told(words) for words, _ in sounding)),
        framing=frames,
        after=after,
        music=music,
        function=small,
        phrases=frozenset(split(function["phrases"])),
        before={tuple(key.split()): frozenset(after) for key, after in data["before"].items()},
        never_before={tuple(key.split()): frozenset(after) for key, after in data["never_before"].items()},
        sets={name: frozenset(text.split()) for name, text in data["sets"].items()},
        every_word=words.union(*(group.words for group in directed), *(phrase.split() for phrase in said)),
        rewordings={
            facet: {word: tuple(split(forms)) for word, forms in section.items()}
            for facet, section in data["rewordings"].items()
        },
    )


def _judging(listed: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Every form of listed words but those in "-ed", in both spellings."""
    forms = {
        *listed.get("adverbs", ()),
        *(form for word in listed["adjectives"] for form in (word, adverb(word), quality(word))),
        *(form for word in listed["verbs"] for form in _present(word)),
        *(form for word in listed["nouns"] for form in (word, _with_s(word))),
    }
    return frozenset(spelling for form in forms for spelling in _spellings(form))


def _told(listed: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(form for word in listed["verbs"] for form in _participles(word))


def split(phrases: Iterable[str]) -> Iterator[Phrase]:
    """Take phrases apart into words."""
    return (tuple(phrase.split()) for phrase in phrases)


def adverb(adjective: str) -> str:
    """Make an adverb as English mostly does: "gently", "easily", "terrifically", "fully"."""
    if adjective.endswith("ic"):
        return adjective + "ally"
    if adjective.endswith("ll"):
        return adjective + "y"
    if adjective.endswith("le"):
        return adjective[:-1] + "y"
    return (adjective[:-1] + "i" if adjective.endswith("y") else adjective) + "ly"


def quality(adjective: str) -> str:
    """Make the noun in "-ness": "sweetness", "airiness"."""
    return (adjective[:-1] + "i" if adjective.endswith("y") else adjective) + "ness"


def _spellings(word: str) -> Iterator[str]:
    """The British spelling and the American one: "colour", "color"; "mesmerising", "mesmerizing"."""
    yield word
    yield re.sub(r"our(?=$|s$|ing$|ful$)", "or", word)
    yield re.sub(r"is(?=es?$|ing(ly)?$)", "iz", word)


def _participles(verb: str) -> tuple[str, ...]:
    """Words in "-ed" that may stand before a noun or "with": "polished", "draped", "hummed"."""
    if verb.endswith("e"):
        return (verb + "d",)
    return verb + "ed", verb + verb[-1] + "ed"


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "do", "go")) else "s")


def _present(verb: str) -> tuple[str, ...]:
    """The forms of the present: "glide", "glides", "gliding"; "have" and "go" among them."""
    third = "has" if verb == "have" else _with_s(verb)
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith(("ee", "oe")) else verb
    return verb, third, stem + "ing", stem + stem[-1] + "ing"
