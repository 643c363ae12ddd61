"""Comparing a new model with the one being served: figures by hand, intervals that respect sessions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals import metrics
from recsys.trial import compare, ndcg


def test_ndcg_by_hand() -> None:
    ranking = np.array([7, 3, 9, 1])
    ideal = 1 + 1 / math.log2(3)
    assert ndcg(ranking, [3, 1]) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert ndcg(ranking, [7]) == 1
    assert ndcg(ranking, [8]) == 0
    assert ndcg(ranking, [1], k=3) == 0
    assert ndcg(np.array([7, 3]), [7, 3, 9, 1], k=2) == 1


def test_ndcg_is_that_of_the_evaluation() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        ranking = rng.permutation(40)
        relevant = rng.choice(40, int(rng.integers(1, 20)), replace=False).tolist()
        assert ndcg(ranking, relevant) == pytest.approx(metrics.ndcg(ranking.tolist(), relevant, 10))


def test_a_steady_gain_is_better_and_noise_is_not() -> None:
    rng = np.random.default_rng(5)
    served = rng.random(40)
    gained = compare(served, served + rng.normal(0.1, 0.05, 40), range(40), seed=1)
    assert gained.better
    assert gained.low < gained.difference < gained.high
    assert gained.new - gained.served == pytest.approx(gained.difference)
    assert gained.n_requests == 40
    noise = compare(served, served + rng.normal(0, 0.1, 40), range(40), seed=1)
    assert not noise.better
    assert not compare(served, served, range(40), seed=1).better
    assert not compare(served + 0.1, served, range(40), seed=1).better


def test_turns_of_one_session_count_as_one() -> None:
    """Twenty turns that gain in one session, and four sessions that lose, are no proof."""
    new = [0.5] * 20 + [-0.1] * 4
    apart = compare([0.0] * 24, new, range(24), seed=1)
    together = compare([0.0] * 24, new, ["one"] * 20 + ["a", "b", "c", "d"], seed=1)
    assert apart.better
    assert not together.better
    assert apart.difference == pytest.approx(together.difference)


def test_the_interval_is_that_of_the_evaluation_and_its_seed() -> None:
    rng = np.random.default_rng(9)
    served, new = rng.random(30), rng.random(30)
    groups = [f"session {n // 3}" for n in range(30)]
    found = compare(served, new, groups, seed=4)
    expected = metrics.summarise((new - served).tolist(), seed=4, groups=groups)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.02)
    assert found == compare(served, new, groups, seed=4)
