"""Does a track meet a constraint? Yes, no, or unknown, for the whole catalogue at once.

Conventions. A track *states* a word facet when its source gives at least one value for it. For a track that states
moods, a mood it does not list is "no". For a track that states none, the vocabulary's audio-feature intervals decide
where the features are known. Everything else is unknown, and unknown is never counted as met: a wanted constraint is
met only by a known yes, an unwanted one only by a known no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.serving import JUDGED, judged, judged_closeness
from recsys.attributes.wishes import has_trait, infer, trait_closeness
from recsys.catalogue import Catalogue
from recsys.guests import is_guest, led_by
from recsys.types import BoolArray, Constraint, Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

YES, NO, UNKNOWN = 1, 0, -1
Agreement = NDArray[np.int8]

#: What gives way first when a request cannot be met; what stands further right is held longer.
RELAXATION_ORDER = (
    Facet.APPEAL,
    Facet.RECORDING,
    Facet.VERSION,
    Facet.THEME,
    Facet.ATTRIBUTE,
    Facet.KEY,
    Facet.POPULARITY,
    Facet.TAG,
    Facet.ACTIVITY,
    Facet.MOOD,
    Facet.TEMPO,
    Facet.ENERGY,
    Facet.INSTRUMENT,
    Facet.VOCALS,
    Facet.COUNTRY,
    Facet.LANGUAGE,
    Facet.ERA,
    Facet.GENRE,
    Facet.AI,
    Facet.ARTIST,
    Facet.TRACK,
)

_NUMERIC = {
    Facet.ERA: "year",
    Facet.TEMPO: "tempo_bpm",
    Facet.ENERGY: "energy",
    Facet.POPULARITY: "popularity",
}
#: How far outside its interval a numeric value still counts for something when ranking.
_SOFTNESS = {Facet.ERA: 5.0, Facet.TEMPO: 15.0, Facet.ENERGY: 0.15, Facet.POPULARITY: 0.2}
#: Above this, Spotify's documentation takes a track as instrumental ("values above 0.5 are intended to represent
#: instrumental tracks").
_INSTRUMENTAL_FROM = 0.5
#: What an unknown value is worth when ranking, between a known no (0) and a known yes (1).
_UNKNOWN_WORTH = 0.35
#: Fast music is not calm and slow music is not wild: from this tempo on, in BPM, what energy a listener expects.
_BRISK_BPM, _BRISK, _LAZY = 100.0, (0.56, 1.0), (0.0, 0.6)
#: What an unknown tempo is worth where the energy is what one expects of it.
_LIKELY_WORTH = 0.7
#: What a genre beside the one that was asked for is worth: house for deep house, j-pop for city pop.
_KIN_WORTH = 0.5


def property_of(catalogue: Catalogue, vocabulary: Vocabulary, constraint: Constraint) -> Agreement:
    """Tell for each track whether it has the property, whatever the polarity: (N,) of YES, NO, UNKNOWN.

    One property is wider where it is refused: an artist is then also a guest, or before a band; see `recsys.guests`.
    """
    if constraint.facet in _NUMERIC:
        return _numeric_property(catalogue, constraint)
    if constraint.facet is Facet.ATTRIBUTE:
        return has_trait(catalogue, constraint)
    if constraint.facet in JUDGED:
        return judged(catalogue, constraint)
    has = _listed(catalogue, vocabulary, constraint)
    if constraint.facet in (Facet.ARTIST, Facet.TRACK, Facet.TAG, Facet.VERSION):
        return has.astype(np.int8)
    stated = catalogue.stated(constraint.facet)
    if constraint.facet is Facet.THEME:
        # What was read off lyrics, or inferred, is not all that they are about; and words of a listener's own are no
        # theme that a source could have listed.
        known = set(constraint.values) <= set(vocabulary.words(Facet.THEME))
        stated = stated & ~catalogue.derived(Facet.THEME, heard=False) & known
    result = np.where(has, YES, np.where(stated, NO, UNKNOWN)).astype(np.int8)
    if constraint.facet in (Facet.MOOD, Facet.ACTIVITY):
        _infer_from_features(result, catalogue, vocabulary, constraint)
    elif constraint.facet is Facet.VOCALS and "none" in constraint.values:
        level = catalogue.numeric["instrumentalness"]
        silent = (result == UNKNOWN) & ~np.isnan(level)
        result[silent] = (level[silent] > _INSTRUMENTAL_FROM).astype(np.int8)
    infer(catalogue, constraint, result)
    return result


def agreement(catalogue: Catalogue, vocabulary: Vocabulary, constraint: Constraint) -> Agreement:
    """Tell for each track whether it meets the constraint, polarity included: (N,) of YES, NO, UNKNOWN."""
    result = property_of(catalogue, vocabulary, constraint)
    if not constraint.wanted:
        result = np.where(result == UNKNOWN, UNKNOWN, 1 - result).astype(np.int8)
    return result


def closeness(
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    constraint: Constraint,
    met: Agreement,
    doubt: FloatArray | None = None,
) -> FloatArray:
    """Grade `met` for ranking: (N,) in 0–1, where near misses and unknowns keep some worth.

    What is not stated is worth the less, the more `doubt` (N,) there is of it, and never less than what is unknown.
    A near miss is a number or an attribute a little outside the interval, or a genre that has a parent with the one
    asked for. An unknown tempo is worth more or nothing by whether the energy is what one expects of such a tempo.
    """
    if constraint.facet in JUDGED:
        near = judged_closeness(catalogue, constraint)
        return near if constraint.wanted else np.asarray(1 - near, np.float32)
    worth = np.where(met == YES, 1.0, np.where(met == UNKNOWN, _UNKNOWN_WORTH, 0.0)).astype(np.float32)
    if constraint.facet in _NUMERIC and constraint.wanted:
        value = catalogue.numeric[_NUMERIC[constraint.facet]]
        low = -np.inf if constraint.low is None else constraint.low
        high = np.inf if constraint.high is None else constraint.high
        miss = np.maximum(np.maximum(low - value, value - high), 0.0)
        graded = np.exp(-np.square(miss / _SOFTNESS[constraint.facet]))
        worth = np.where(met == NO, graded, worth).astype(np.float32)
        if constraint.facet is Facet.TEMPO and (expected := energy_of(constraint)) is not None:
            energy = catalogue.numeric["energy"]
            likely = np.where((energy >= expected[0]) & (energy <= expected[1]), _LIKELY_WORTH, 0.0)
            worth = np.where((met == UNKNOWN) & ~np.isnan(energy), likely, worth).astype(np.float32)
    elif constraint.facet is Facet.ATTRIBUTE and constraint.wanted:
        worth = np.where(met == NO, np.nan_to_num(trait_closeness(catalogue, constraint)), worth).astype(np.float32)
    elif constraint.facet is Facet.GENRE and constraint.wanted:
        parents = {parent for value in constraint.values for parent in vocabulary.parents(Facet.GENRE, value)}
        kin = _having(catalogue, vocabulary, Facet.GENRE, tuple(parents))
        worth = np.where((met == NO) & kin, np.float32(_KIN_WORTH), worth)
    if doubt is not None:
        worth = worth - doubt * np.maximum(worth - np.float32(_UNKNOWN_WORTH), 0)
    return worth


def energy_of(tempo: Constraint) -> tuple[float, float] | None:
    """The interval of energy that one expects of a wanted tempo; None where the tempo says nothing of it."""
    if tempo.low is not None and tempo.low >= _BRISK_BPM:
        return _BRISK
    return _LAZY if tempo.high is not None and tempo.high <= _BRISK_BPM else None


@dataclass(frozen=True)
class Checked:
    """The constraints of one turn, each evaluated on every track."""

    constraints: tuple[Constraint, ...]
    met: tuple[Agreement, ...]
    n_tracks: int

    def allowed(self, without: frozenset[int] = frozenset()) -> BoolArray:
        """Mask the tracks that every hard constraint lets through, leaving out those numbered in `without`.

        A wanted hard constraint lets only known yeses through, an unwanted one everything but known noes.
        """
        mask = np.ones(self.n_tracks, dtype=bool)
        for number, (constraint, met) in enumerate(zip(self.constraints, self.met, strict=True)):
            if constraint.hard and number not in without:
                mask &= (met == YES) if constraint.wanted else (met != NO)
        return mask

    def against(self, rows: IntArray) -> IntArray:
        """Count for each of some rows (C,) the soft wishes that its track is known not to meet.

        What is predicted to appeal less is no such wish: that only orders.
        """
        wishes = [one for one in self.pairs() if one[0].wanted and not one[0].hard]
        soft = [met[rows] == NO for constraint, met in wishes if constraint.facet is not Facet.APPEAL]
        return np.sum(soft, axis=0, dtype=np.int64) if soft else np.zeros(len(rows), dtype=np.int64)

    def telling(self) -> tuple[Constraint, ...]:
        """Return the constraints without wishes for a theme or trait that no track is known to have."""
        rare = (Facet.THEME, Facet.ATTRIBUTE, *JUDGED)
        return tuple(c for c, met in self.pairs() if c.facet not in rare or not c.wanted or bool((met == YES).any()))

    def pairs(self) -> Iterator[tuple[Constraint, Agreement]]:
        """Go through the constraints with what every track makes of each."""
        return zip(self.constraints, self.met, strict=True)

    def relaxation_steps(self) -> list[int]:
        """Number the wanted hard constraints in the order in which they give way; unwanted ones never do."""
        hard = [n for n, c in enumerate(self.constraints) if c.hard and c.wanted]
        return sorted(hard, key=lambda n: (RELAXATION_ORDER.index(self.constraints[n].facet), -n))


def check(catalogue: Catalogue, vocabulary: Vocabulary, constraints: Sequence[Constraint]) -> Checked:
    """Evaluate every constraint on every track."""
    met = tuple(agreement(catalogue, vocabulary, c) for c in constraints)
    return Checked(tuple(constraints), met, len(catalogue))


def _listed(catalogue: Catalogue, vocabulary: Vocabulary, constraint: Constraint) -> BoolArray:
    has = np.zeros(len(catalogue), dtype=bool)
    if constraint.facet is Facet.TRACK:
        has[catalogue.rows(constraint.values)] = True
        return has
    if constraint.facet is Facet.VERSION:
        for value in constraint.values:
            has |= catalogue.versions.get(value, False)
        return has
    if constraint.facet is Facet.ARTIST and not constraint.wanted:
        has[[row for row, guests in catalogue.guests.items() if is_guest(constraint.values, guests)]] = True
        for band in led_by(constraint.values, catalogue.values(Facet.ARTIST)):
            has[catalogue.postings(Facet.ARTIST, band)] = True
    for value in constraint.values:
        if constraint.facet in (Facet.ARTIST, Facet.TAG):
            has[catalogue.postings(constraint.facet, value)] = True
            continue
        below = vocabulary.descendants(constraint.facet, value)
        spared = [word for word in constraint.spared if word in below]
        if not spared:
            has |= _having(catalogue, vocabulary, constraint.facet, (value,))
        else:
            # What is spared also carries its parent's name: bluegrass is listed as country too.
            has |= _having(catalogue, vocabulary, constraint.facet, (value,)) & ~_having(
                catalogue, vocabulary, constraint.facet, spared
            )
    return has


def _having(catalogue: Catalogue, vocabulary: Vocabulary, facet: Facet, values: Sequence[str]) -> BoolArray:
    """Mask the tracks (N,) that list any of the values or anything below one."""
    has = np.zeros(len(catalogue), dtype=bool)
    if facet is Facet.KEY:  # "minor" is every key that ends in it
        values = [key for key in catalogue.values(facet) for value in values if f" {key}".endswith(f" {value}")]
    for value in values:
        for word in vocabulary.descendants(facet, value):
            has[catalogue.postings(facet, word)] = True
    return has


def _numeric_property(catalogue: Catalogue, constraint: Constraint) -> Agreement:
    value = catalogue.numeric[_NUMERIC[constraint.facet]]
    inside = np.ones(len(value), dtype=bool)
    with np.errstate(invalid="ignore"):
        if constraint.low is not None:
            inside &= value >= constraint.low
        if constraint.high is not None:
            inside &= value <= constraint.high
    return np.where(np.isnan(value), UNKNOWN, inside).astype(np.int8)


def _infer_from_features(
    result: Agreement, catalogue: Catalogue, vocabulary: Vocabulary, constraint: Constraint
) -> None:
    """Decide, in place, tracks that state no mood or activity by the vocabulary's intervals of audio features."""
    unstated = result == UNKNOWN
    if not unstated.any():
        return
    for word in constraint.values:
        intervals = vocabulary.intervals(constraint.facet, word)
        if not intervals:
            continue
        known = unstated.copy()
        inside = np.ones(len(result), dtype=bool)
        with np.errstate(invalid="ignore"):
            for column, (low, high) in intervals.items():
                value = catalogue.numeric[column]
                known &= ~np.isnan(value)
                inside &= (value >= low) & (value <= high)
        result[known & inside] = YES
        result[known & ~inside & (result == UNKNOWN)] = NO
