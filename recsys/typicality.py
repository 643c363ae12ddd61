"""How much a track feels like a mood or an activity, among those that its audio features let pass for it.

Intervals say what may pass: everything with little energy may be mellow. The vocabulary's ideals say what the word
means most of all, and a track's typicality falls with its distance from there, column by column:

    typicality = exp(-1/2 · mean over columns of ((value - ideal) / width)²)

Columns that a track does not state are left out. Where a source states the mood itself, or nothing is known, there is
nothing to grade.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recsys.catalogue import Catalogue
from recsys.constraints import YES, Agreement
from recsys.types import Constraint, Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

#: The distance from an ideal at which a track is about as far as any track of a catalogue: about one standard deviation
#: of Spotify's features over songs, in their own units.
_WIDTHS = {
    "energy": 0.2,
    "valence": 0.22,
    "acousticness": 0.3,
    "danceability": 0.15,
    "instrumentalness": 0.35,
    "tempo_bpm": 28.0,
}


def typicality(
    catalogue: Catalogue, vocabulary: Vocabulary, constraint: Constraint, met: Agreement, rows: IntArray
) -> FloatArray | None:
    """Grade some rows (C,) in 0–1 by how typical they sound of a wanted mood or activity; NaN where it is not the sound
    that says that they meet it.

    None where there is nothing to grade by: another facet, an unwanted word, or words without an ideal.
    """
    if constraint.facet not in (Facet.MOOD, Facet.ACTIVITY) or not constraint.wanted:
        return None
    ideals = [ideal for word in constraint.values if (ideal := vocabulary.ideal(constraint.facet, word))]
    if not ideals:
        return None
    graded = np.full(len(rows), np.nan, dtype=np.float32)
    heard = np.flatnonzero((met[rows] == YES) & ~catalogue.stated(constraint.facet)[rows])
    graded[heard] = np.max([_nearness(catalogue, ideal, rows[heard]) for ideal in ideals], axis=0)
    return graded


def _nearness(catalogue: Catalogue, ideal: Mapping[str, float], rows: IntArray) -> FloatArray:
    """Nearness (C,) to one ideal by the columns that a track states; 0 where it states none of them."""
    total, n_known = np.zeros(len(rows), dtype=np.float32), np.zeros(len(rows), dtype=np.float32)
    for column, value in ideal.items():
        distance = (catalogue.numeric[column][rows] - value) / _WIDTHS[column]
        known = ~np.isnan(distance)
        total[known] += np.square(distance[known])
        n_known += known
    near: FloatArray = np.where(n_known > 0, np.exp(-total / np.maximum(n_known, 1) / 2), 0).astype(np.float32)
    return near
