"""From a CRF to phrases: how likely every stretch of words is one, and which of them to name.

The members of an ensemble are asked one by one and their chances averaged, so that where they differ none is sure. Of
all sets of disjoint phrases the one is named whose phrases exceed a least chance by most in sum. The best F1 in
expectation is reached where that is half of it (Lipton, Elkan & Naryanaswamy 2014, "Optimal thresholding of classifiers
to maximize F1 measure"), so phrases are named that the single best sequence of labels leaves out.

Shapes: K members, n words, L labels: 0 for none, then two of each facet, to begin and to go on with a phrase of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.types import FloatArray

#: Half the F1 that is reached on held-out requests.
WORTH_NAMING = 0.3
#: Less likely phrases are not looked at.
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be a phrase."""

    facet: int  # its number
    start: int  # words, end exclusive
    end: int
    chance: float  # 0 to 1


def candidates(emissions: FloatArray, steps: FloatArray, starts: FloatArray) -> list[Candidate]:
    """Return every phrase that has a chance, given emissions (K, n, L), steps (L, L) between labels and starts (L,)."""
    n_words, n_labels = emissions.shape[1:]
    begin, go_on = np.arange(1, n_labels, 2), np.arange(2, n_labels, 2)
    ahead = np.empty_like(emissions)  # of all labels up to a word, its own included
    ahead[:, 0] = emissions[:, 0] + starts
    for word in range(1, n_words):
        ahead[:, word] = _log_sum(ahead[:, word - 1, :, None] + steps, axis=1) + emissions[:, word]
    total = _log_sum(ahead[:, -1], axis=1)  # (K,)
    closing = steps.copy()  # to any label but one that goes on with the same phrase
    closing[begin, go_on] = closing[go_on, go_on] = -np.inf
    behind = np.zeros_like(emissions)  # of all labels behind a word
    closed = np.zeros_like(emissions)  # of those that end a phrase there
    for word in range(n_words - 2, -1, -1):
        following = (emissions[:, word + 1] + behind[:, word + 1])[:, None, :]
        behind[:, word] = _log_sum(steps + following, axis=2)
        closed[:, word] = _log_sum(closing + following, axis=2)

    found = []
    starting = np.exp(ahead + behind - total[:, None, None]).mean(axis=0)[:, begin]  # (n, facets)
    for start, facet in np.argwhere(starting >= _LEAST).tolist():
        label, goes_on = 2 * facet + 1, 2 * facet + 2
        weight = ahead[:, start, label]
        for end in range(start + 1, n_words + 1):
            chance = float(np.exp(weight + closed[:, end - 1, label] - total).mean())
            if chance >= _LEAST:
                found.append(Candidate(facet, start, end, chance))
            if end == n_words:
                break
            weight = weight + steps[label, goes_on] + emissions[:, end, goes_on]
            label = goes_on
            if np.exp(weight + behind[:, end, label] - total).mean() < _LEAST:
                break
    return found


def choose(found: Sequence[Candidate], least: float = WORTH_NAMING) -> list[Candidate]:
    """Return the disjoint candidates, in order, whose chances exceed `least` by most in sum."""
    last = max((one.end for one in found), default=0)
    gains = [0.0] * (last + 1)  # of the best choice among the words before each
    steps: list[Candidate | None] = [None] * (last + 1)  # the last phrase of that choice where it ends there
    ending: dict[int, list[Candidate]] = {}
    for one in found:
        ending.setdefault(one.end, []).append(one)
    for end in range(1, last + 1):
        gains[end] = gains[end - 1]
        for one in ending.get(end, ()):
            gain = gains[one.start] + one.chance - least
            if gain > gains[end]:
                gains[end], steps[end] = gain, one
    named = []
    while last:
        step = steps[last]
        if step is not None:
            named.append(step)
        last = last - 1 if step is None else step.start
    return named[::-1]


def _log_sum(values: FloatArray, axis: int) -> FloatArray:
    highest = values.max(axis=axis, keepdims=True)
    total: FloatArray = (highest + np.log(np.exp(values - highest).sum(axis=axis, keepdims=True))).squeeze(axis)
    return total
