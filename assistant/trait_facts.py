"""The attributes by which a pick meets a wish, in words: "vocal grittiness 0.90 of 1, annotated"."""

from __future__ import annotations

from assistant.phrasebook import Phrasebook
from recsys.attributes.table import load_attributes
from recsys.attributes.wishes import traits_of
from recsys.types import AttributeValue, Constraint, Facet, Track

#: Column of the track by whose emptiness an attribute speaks for the facet.
_COLUMNS = {Facet.KEY: "key", Facet.INSTRUMENT: "instruments", Facet.THEME: "themes"}


def levels_met(track: Track, constraint: Constraint) -> list[tuple[str, AttributeValue]]:
    """The attributes, by name, that make a track meet a constraint: of its trait, or where the facet is not stated."""
    table = load_attributes()
    if constraint.facet is Facet.ATTRIBUTE:
        asked = [(one.attribute, one.low, one.high) for one in traits_of(constraint)]
    elif constraint.facet in _COLUMNS and not getattr(track, _COLUMNS[constraint.facet]):
        asked = [(one.attribute, one.low, one.high) for one in table.implied(constraint.facet, constraint.values)]
    else:
        return []
    found = ((table.of_key[key].name.lower(), track.attributes.get(key), low, high) for key, low, high in asked)
    return [(name, one) for name, one, low, high in found if one is not None and low <= one.value <= high]


def said_of(levels: list[tuple[str, AttributeValue]], book: Phrasebook) -> tuple[list[str], list[str]]:
    """Word levels: those that were heard, and those that are known otherwise."""
    heard = [book("{name} ≈{n} of 1", name=name, n=f"{one.value:.2f}") for name, one in levels if one.derived.heard]
    known = [book("{name} {n} of 1", name=name, n=f"{one.value:.2f}") for name, one in levels if not one.derived.heard]
    return heard, known
