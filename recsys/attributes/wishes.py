"""Does a track have a trait? And what attributes say of facets where nothing else does: "minor" by its tonality.

N tracks. A trait is had, not had, or unknown where its attribute is unknown; see `recsys.constraints`. What an
attribute implies of another facet ("acoustic_guitar" of the instrument) counts only where that facet says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.attributes.table import Implied, Trait, load_attributes
from recsys.types import BoolArray, Constraint, Facet, FloatArray

if TYPE_CHECKING:
    from recsys.catalogue import Catalogue

#: As in `recsys.constraints`, which this is a part of.
_YES, _NO, _UNKNOWN = 1, 0, -1
#: How far outside its interval a value still counts for something when ranking: about a step of the scale 0–5.
_SOFTNESS = 0.15


def traits_of(constraint: Constraint) -> tuple[Trait, ...]:
    """The traits that a constraint names; a name that is of no trait is left out."""
    known = load_attributes().traits
    return tuple(known[value] for value in constraint.values if value in known)


def has_trait(catalogue: Catalogue, constraint: Constraint) -> NDArray[np.int8]:
    """Tell for each track (N,) whether it has any of the traits of a constraint: 1 yes, 0 no, -1 unknown."""
    result = np.full(len(catalogue), _UNKNOWN, np.int8)
    for trait in traits_of(constraint):
        values = catalogue.attributes.values(trait.attribute)
        inside = (values >= np.float32(trait.low - 1e-6)) & (values <= np.float32(trait.high + 1e-6))
        result = np.maximum(result, np.where(np.isnan(values), _UNKNOWN, inside).astype(np.int8))
    return result


def trait_closeness(catalogue: Catalogue, constraint: Constraint) -> FloatArray:
    """Grade how near each track (N,) comes to the nearest trait of a constraint, 0–1; NaN is unknown."""
    best = np.full(len(catalogue), np.nan, np.float32)
    for trait in traits_of(constraint):
        values = catalogue.attributes.values(trait.attribute)
        miss = np.maximum(np.maximum(trait.low - values, values - trait.high), 0.0)
        best = np.fmax(best, np.exp(-np.square(miss / _SOFTNESS)).astype(np.float32))
    return best


def infer(catalogue: Catalogue, constraint: Constraint, result: NDArray[np.int8]) -> None:
    """Decide, in place, tracks (N,) of which the facet says nothing by what their attributes imply of it."""
    undecided = result == _UNKNOWN
    sides = [_sides(catalogue, one) for one in _implied(catalogue, constraint)]
    for _, no in sides:
        result[undecided & no] = _NO
    for yes, _ in sides:
        result[undecided & yes] = _YES


def derived_of(catalogue: Catalogue, constraint: Constraint, *, heard: bool) -> BoolArray:
    """Mark the tracks (N,) for which what decides a constraint was heard, or with `heard=False` inferred otherwise."""
    marked = np.zeros(len(catalogue), np.bool_)
    if constraint.facet is Facet.ATTRIBUTE:
        for trait in traits_of(constraint):
            marked |= catalogue.attributes.derived(trait.attribute, heard=heard)
        return marked
    marked |= catalogue.derived(constraint.facet, heard=heard)
    for one in _implied(catalogue, constraint):
        there = catalogue.attributes.derived(one.attribute, heard=heard)
        marked |= there & _unstated(catalogue, constraint)
    return marked


def doubt_of(catalogue: Catalogue, constraint: Constraint) -> FloatArray | None:
    """How unsure what decides a constraint is: (N,) in 0–1, 0 where stated; None where all of it is."""
    if constraint.facet is not Facet.ATTRIBUTE:
        return catalogue.doubt(constraint.facet)
    doubts = [catalogue.attributes.doubt(trait.attribute) for trait in traits_of(constraint)]
    return np.max(doubts, axis=0).astype(np.float32) if doubts and catalogue.attributes.known else None


def _implied(catalogue: Catalogue, constraint: Constraint) -> tuple[Implied, ...]:
    return load_attributes().implied(constraint.facet, constraint.values) if catalogue.attributes.known else ()


def _unstated(catalogue: Catalogue, constraint: Constraint) -> BoolArray:
    return np.asarray(~catalogue.stated(constraint.facet), np.bool_)


def _sides(catalogue: Catalogue, one: Implied) -> tuple[BoolArray, BoolArray]:
    """Which tracks (N,) an attribute says to have what it implies, and which not to."""
    values = catalogue.attributes.values(one.attribute)
    slack = np.float32(1e-6)
    yes = (values >= np.float32(one.low) - slack) & (values <= np.float32(one.high) + slack)
    no = (values >= np.float32(one.against_low) - slack) & (values <= np.float32(one.against_high) + slack)
    return yes, no
