"""Metrics against values worked out by hand, against an independent implementation, and their conventions."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.errors import MetricError
from evals.metrics import Summary, hit, mrr, ndcg, ranking_metrics, recall, summarise, summarise_quantile


def test_values_worked_out_by_hand() -> None:
    """Relevant at ranks 2 and 4 of five, one relevant item not returned."""
    ranking, relevant = ["a", "x", "b", "y", "c"], {"x", "y", "z"}
    assert hit(ranking, relevant, 1) == 0.0
    assert hit(ranking, relevant, 2) == 1.0
    assert recall(ranking, relevant, 3) == pytest.approx(1 / 3)
    assert recall(ranking, relevant, 5) == pytest.approx(2 / 3)
    assert mrr(ranking, relevant, 5) == 0.5
    assert mrr(ranking, relevant, 1) == 0.0
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(ranking, relevant, 5) == pytest.approx(gained / ideal)
    assert ndcg(ranking, relevant, 2) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))


def test_ideal_gain_counts_no_more_relevant_items_than_there_are() -> None:
    assert ndcg(["x", "a", "b"], {"x"}, 3) == 1.0
    assert ndcg(["x", "y"], {"x", "y", "z"}, 2) == 1.0


def test_missing_ranks_are_misses() -> None:
    short = ndcg(["x"], {"x", "y"}, 10)
    padded = ndcg(["x", *"abcdefghi"], {"x", "y"}, 10)
    assert short == padded < 1.0


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=25), st.sets(st.integers(0, 30), min_size=1), st.integers(1, 30)
)
def test_agrees_with_a_plain_implementation(ranking: list[int], relevant: set[int], k: int) -> None:
    found = [rank for rank, item in enumerate(ranking, start=1) if item in relevant and rank <= k]
    gained = sum(math.log(2) / math.log(rank + 1) for rank in found)
    ideal = sum(math.log(2) / math.log(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    values = ranking_metrics(ranking, relevant, [f"{name}@{k}" for name in ("ndcg", "recall", "hit", "mrr")])
    assert values[f"ndcg@{k}"] == pytest.approx(gained / ideal)
    assert values[f"recall@{k}"] == pytest.approx(len(found) / len(relevant))
    assert values[f"hit@{k}"] == float(bool(found))
    assert values[f"mrr@{k}"] == (1 / found[0] if found else 0.0)


def test_undefined_cases_are_errors() -> None:
    with pytest.raises(MetricError, match="no relevant"):
        recall(["a"], set(), 1)
    with pytest.raises(MetricError, match="duplicates"):
        ndcg(["a", "a"], {"a"}, 2)
    with pytest.raises(MetricError, match="k is 0"):
        hit(["a"], {"a"}, 0)
    for name in ("ndcg", "ndcg@", "precision@10", "ndcg@ten"):
        with pytest.raises(MetricError, match="no metric"):
            ranking_metrics(["a"], {"a"}, [name])


def test_summary_of_known_values() -> None:
    summary = summarise([1.0, 2.0, 3.0, 4.0])
    assert summary.mean == 2.5
    assert summary.sd == pytest.approx(math.sqrt(5 / 3))
    assert summary.n == 4
    assert 1.0 <= summary.low < 2.5 < summary.high <= 4.0
    assert summarise([0.25]) == Summary(0.25, 0.25, 0.25, 0.0, 1)
    assert summarise([1.0, 2.0, 3.0, 4.0], seed=0) == summary


def test_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    """A coverage of 95 % within the error of 200 samples; 85 % would already be three standard errors off."""
    rng = random.Random(7)
    covered = 0
    for sample in range(200):
        summary = summarise([rng.random() for _ in range(40)], seed=sample)
        covered += summary.low <= 0.5 <= summary.high
    assert 0.88 <= covered / 200 <= 0.99


def test_units_of_one_group_are_drawn_together() -> None:
    """Repeating every unit four times adds no information, and grouped it claims none."""
    values = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    alone = summarise(values)
    repeated = summarise(values * 4, groups=list(range(10)) * 4)
    naive = summarise(values * 4)
    assert repeated.high - repeated.low == pytest.approx(alone.high - alone.low)
    assert naive.high - naive.low < 0.7 * (alone.high - alone.low)


def test_quantile_with_interval() -> None:
    values = [float(v) for v in range(1, 101)]
    summary = summarise_quantile(values, 0.5)
    assert summary.mean == 50.5
    assert summary.low < 50.5 < summary.high
    assert summarise_quantile([3.0], 0.99) == Summary(3.0, 3.0, 3.0, 0.0, 1)


def test_what_cannot_be_summarised_is_an_error() -> None:
    with pytest.raises(MetricError, match="no values"):
        summarise([])
    with pytest.raises(MetricError, match="not finite"):
        summarise([1.0, math.nan])
    with pytest.raises(MetricError, match="one group per value"):
        summarise([1.0, 2.0], groups=["a"])
    with pytest.raises(MetricError, match="quantile"):
        summarise_quantile([1.0], 99)
