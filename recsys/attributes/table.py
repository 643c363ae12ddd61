"""The 58 attributes with their categories, what their ends mean, and the words by which listeners ask for an end.

Read once from `recsys/data/attributes.toml`. A *trait* is one end of an attribute that can be asked for, such as
"gritty vocals": the attribute's value is within the trait's closed interval of 0–1.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from recsys.text import fold
from recsys.types import Facet

#: The seven categories, in the order of the data set.
CATEGORIES = ("vocals", "harmony", "rhythm", "instrumentation", "lyrics", "sonority", "composition")
N_ATTRIBUTES = 58
#: Where an end of an attribute begins unless the file says otherwise.
_AT_MOST, _AT_LEAST = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of music, 0–1."""

    key: str  # as Segue writes it, such as "vocal_grittiness"
    name: str  # as published, such as "Vocal Grittiness"
    category: str
    low: str  # what 0 means
    high: str  # what 1 means
    at_most: float  # up to where a value is of the low end
    at_least: float  # from where it is of the high end


@dataclass(frozen=True, slots=True)
class Trait:
    """One end of an attribute, as one may ask for it."""

    name: str
    attribute: str  # key
    low: float  # closed interval, 0–1
    high: float


@dataclass(frozen=True, slots=True)
class Implied:
    """What an attribute says of a facet's value: inside the interval it has it, beyond the other end it has not."""

    attribute: str
    low: float
    high: float
    against_low: float
    against_high: float


class AttributeTable:
    """All attributes, their traits, and what they imply."""

    def __init__(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Index the parsed file.

        Raises:
            ValueError: there are not 58 attributes of known categories, or a phrase asks for two traits.
        """
        self.attributes = tuple(_attribute(key, entry) for key, entry in data.items())
        if len(self.attributes) != N_ATTRIBUTES:
            raise ValueError(f"there are {len(self.attributes)} attributes; expected {N_ATTRIBUTES}")
        self.keys = tuple(one.key for one in self.attributes)
        self.of_key = MappingProxyType({one.key: one for one in self.attributes})
        self.number = MappingProxyType({key: number for number, key in enumerate(self.keys)})
        traits: dict[str, Trait] = {}
        phrases: dict[str, str] = {}
        implied: dict[tuple[Facet, str], list[Implied]] = {}
        for one, entry in zip(self.attributes, data.values(), strict=True):
            for trait, said in _traits(one, entry):
                traits[trait.name] = trait
                for phrase in said:
                    if phrases.setdefault(phrase, trait.name) != trait.name:
                        raise ValueError(f"the phrase {phrase!r} asks for {phrases[phrase]!r} and for {trait.name!r}")
            for facet, value, end in entry.get("implies", ()):
                implied.setdefault((Facet(facet), value), []).append(_implied(one, end))
        #: Trait by name, and the name of a trait by folded phrase.
        self.traits, self.phrases = MappingProxyType(traits), MappingProxyType(phrases)
        self._implied = MappingProxyType({what: tuple(found) for what, found in implied.items()})

    def category(self, name: str) -> tuple[Attribute, ...]:
        """The attributes of a category, in order."""
        return tuple(one for one in self.attributes if one.category == name)

    def implied(self, facet: Facet, values: Sequence[str]) -> tuple[Implied, ...]:
        """What says of a track that it has any of some values of a facet; empty where no attribute does."""
        return tuple(one for value in values for one in self._implied.get((facet, value), ()))

    def called(self, name: str) -> Attribute | None:
        """The attribute of a published name, however it is spelt ("Sad", "sad lyrics", "Lyrics: Sad"), or of a key."""
        return self.of_key.get(name) or self._of_name.get(_squeezed(name))

    @property
    def _of_name(self) -> Mapping[str, Attribute]:
        return _names(self)


@lru_cache(maxsize=1)
def load_attributes() -> AttributeTable:
    """The shipped table, read once per process."""
    text = resources.files("recsys").joinpath("data/attributes.toml").read_text(encoding="utf-8")
    return AttributeTable(tomllib.loads(text))


@lru_cache(maxsize=4)
def _names(table: AttributeTable) -> Mapping[str, Attribute]:
    names: dict[str, Attribute] = {}
    for one in table.attributes:
        said = [one.name, one.key]
        if one.category == "lyrics":
            bare = one.name.removesuffix(" Lyrics")
            said += [bare, f"Lyrics {bare}"]
        if one.category == "composition":
            bare = one.name.removeprefix("Focus on ")
            said += [f"Composition {bare}", f"Focus {bare}"]
        said.append(f"{one.category} {one.name}")
        for name in said:
            names.setdefault(_squeezed(name), one)
    return MappingProxyType(names)


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _attribute(key: str, entry: Mapping[str, Any]) -> Attribute:
    if entry["category"] not in CATEGORIES:
        raise ValueError(f"{key} is of the category {entry['category']!r}; expected one of {', '.join(CATEGORIES)}")
    at_most, at_least = float(entry.get("at_most", _AT_MOST)), float(entry.get("at_least", _AT_LEAST))
    if not 0 <= at_most < at_least <= 1:
        raise ValueError(f"{key} has the ends {at_most} and {at_least}; expected 0 <= at_most < at_least <= 1")
    return Attribute(key, entry["name"], entry["category"], entry["low"], entry["high"], at_most, at_least)


def _traits(one: Attribute, entry: Mapping[str, Any]) -> Iterator[tuple[Trait, list[str]]]:
    for column, low, high in (("low_says", 0.0, one.at_most), ("high_says", one.at_least, 1.0)):
        said = [phrase for pattern in entry.get(column, ()) for phrase in _expanded(pattern)]
        if said:
            yield Trait(said[0], one.key, low, high), [fold(phrase) for phrase in said]


def _expanded(pattern: str) -> Iterator[str]:
    """ "gritty|raspy voice|vocals" → "gritty voice", "gritty vocals", …"""
    for words in itertools.product(*(part.split("|") for part in pattern.split())):
        yield " ".join(words)


def _implied(one: Attribute, end: str) -> Implied:
    if end == "high":
        return Implied(one.key, one.at_least, 1.0, 0.0, one.at_most)
    if end == "low":
        return Implied(one.key, 0.0, one.at_most, one.at_least, 1.0)
    raise ValueError(f"{one.key} implies something by its {end!r} end; expected low or high")
