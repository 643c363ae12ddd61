"""Phrases from a CRF: their chances against brute force, and the choice among those that overlap."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.decoding import WORTH_NAMING, Candidate, candidates, choose

IMPOSSIBLE = -1e4
N_FACETS, N_LABELS, N_WORDS = 2, 5, 4


def phrases(labels: tuple[int, ...]) -> set[tuple[int, int, int]]:
    """Read (facet, start, end) from labels by number: 0, then begin and go on of each facet."""
    found: list[tuple[int, int, int]] = []
    for word, label in enumerate(labels):
        if label % 2:
            found.append((label // 2, word, word + 1))
        elif label:
            found[-1] = (found[-1][0], found[-1][1], word + 1)
    return set(found)


@given(seed=st.integers(0, 2**32 - 1), n_members=st.integers(1, 3))
def test_chances_are_those_of_all_sequences(seed: int, n_members: int) -> None:
    rng = np.random.default_rng(seed)
    emissions = rng.normal(size=(n_members, N_WORDS, N_LABELS)) * 2
    steps, starts = rng.normal(size=(N_LABELS, N_LABELS)), rng.normal(size=N_LABELS)
    for goes_on in (2, 4):
        starts[goes_on] = IMPOSSIBLE
        steps[[label for label in range(N_LABELS) if label not in (goes_on - 1, goes_on)], goes_on] = IMPOSSIBLE
    chances: dict[tuple[int, int, int], float] = {}
    for member in emissions:
        weights = {
            labels: starts[labels[0]]
            + sum(member[word, label] for word, label in enumerate(labels))
            + sum(steps[pair] for pair in pairwise(labels))
            for labels in product(range(N_LABELS), repeat=N_WORDS)
        }
        total = np.logaddexp.reduce(list(weights.values()))
        for labels, weight in weights.items():
            if weight > IMPOSSIBLE / 2:
                for phrase in phrases(labels):
                    chances[phrase] = chances.get(phrase, 0) + np.exp(weight - total) / n_members
    found = {(one.facet, one.start, one.end): one.chance for one in candidates(emissions, steps, starts)}
    for phrase, chance in found.items():
        assert chance == pytest.approx(chances[phrase], abs=1e-6)
    assert {phrase for phrase, chance in chances.items() if chance > 0.02 + 1e-6} <= found.keys()


def test_a_pause_that_nothing_crosses_leaves_the_rest() -> None:
    emissions = np.zeros((1, 2, 3))
    emissions[0, 1, 2] = -np.inf
    found = candidates(emissions, np.zeros((3, 3)), np.array([0, 0, IMPOSSIBLE]))
    assert {(one.start, one.end) for one in found} == {(0, 1), (1, 2)}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 3), st.floats(0, 1, width=32)),
        max_size=7,
    )
)
def test_the_choice_is_the_best_of_all_disjoint_ones(drawn: list[tuple[int, int, float]]) -> None:
    found = [Candidate(0, start, start + n, chance) for start, n, chance in drawn]
    best = 0.0
    for size in range(1, len(found) + 1):
        for some in combinations(found, size):
            ordered = sorted(some, key=lambda one: one.start)
            if all(a.end <= b.start for a, b in pairwise(ordered)):
                best = max(best, sum(one.chance - WORTH_NAMING for one in some))
    chosen = choose(found)
    assert all(a.end <= b.start for a, b in pairwise(chosen))
    assert sum(one.chance - WORTH_NAMING for one in chosen) == pytest.approx(best)


def test_phrases_are_named_that_the_likeliest_labels_leave_out() -> None:
    assert choose([Candidate(0, 0, 1, 0.4), Candidate(1, 0, 2, 0.25)]) == [Candidate(0, 0, 1, 0.4)]
    assert choose([Candidate(0, 0, 1, 0.29)]) == []
