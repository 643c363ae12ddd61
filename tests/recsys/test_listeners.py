"""From events to one vector: what counts, what lapses, what is private and what stays exactly zero."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recsys.listeners import event_worth, fold_in, track_weights
from recsys.types import Event, EventKind, Modality

NOW = 1_700_000_000.0
DAY = 86_400.0


def event(kind: EventKind, track: str = "t", days_ago: float = 0.0, completion: float | None = None) -> Event:
    return Event("me", track, kind, NOW - days_ago * DAY, completion)


def weights(*events: Event) -> dict[str, float]:
    return track_weights(events, now=NOW, half_life_days=10.0)


def test_worth_of_each_kind() -> None:
    assert event_worth(event(EventKind.LIKE)) == 1.0
    assert event_worth(event(EventKind.PLAY, completion=1.0)) == 1.0
    assert event_worth(event(EventKind.PLAY, completion=0.2)) == pytest.approx(-0.2)
    assert event_worth(event(EventKind.SKIP, completion=0.0)) == -0.5
    assert event_worth(event(EventKind.DISLIKE)) < 0


def test_an_event_weighs_half_after_its_half_life() -> None:
    assert weights(event(EventKind.LIKE, days_ago=10))["t"] == pytest.approx(math.log1p(0.5))


def test_the_hundredth_play_adds_less_than_the_second() -> None:
    def total(n: int) -> float:
        return weights(*[event(EventKind.PLAY, completion=1.0)] * n)["t"]

    assert total(2) - total(1) > 10 * (total(100) - total(99)) > 0


def test_a_later_dislike_replaces_an_earlier_like() -> None:
    assert weights(event(EventKind.LIKE, days_ago=2), event(EventKind.DISLIKE))["t"] < 0
    assert weights(event(EventKind.DISLIKE, days_ago=2), event(EventKind.LIKE))["t"] > 0


@pytest.mark.parametrize("kind", [EventKind.LIKE, EventKind.DISLIKE])
def test_a_rating_taken_back_weighs_nothing_and_what_was_played_still_does(kind: EventKind) -> None:
    rated, taken_back = event(kind, days_ago=2), event(EventKind.UNRATE, days_ago=1)
    played = event(EventKind.PLAY, days_ago=10, completion=1.0)
    assert weights(rated, taken_back) == {}
    assert weights(played, rated, taken_back) == weights(played)
    assert weights(rated, taken_back, event(EventKind.LIKE)) == weights(event(EventKind.LIKE))


@pytest.fixture
def tables() -> dict[Modality, np.ndarray]:
    rng = np.random.default_rng(0)
    unit = rng.standard_normal((2, 6, 5)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    unit[1, 3] = 0
    return {Modality.TEXT: unit[0], Modality.TAGS: unit[1]}


PRESENT = np.array([[True, True]] * 3 + [[True, False]] + [[True, True]] * 2)


def test_a_vector_has_norm_one_and_one_part_per_modality(tables: dict[Modality, np.ndarray]) -> None:
    vector = fold_in(np.array([0, 1]), np.array([1.0, 1.0], np.float32), tables, PRESENT)
    assert vector is not None
    assert vector.shape == (10,)
    assert np.linalg.norm(vector) == pytest.approx(1)
    mean = tables[Modality.TEXT][0] + tables[Modality.TEXT][1]
    np.testing.assert_allclose(vector[:5] / np.linalg.norm(vector[:5]), mean / np.linalg.norm(mean), rtol=1e-5)


def test_an_absent_modality_takes_no_part(tables: dict[Modality, np.ndarray]) -> None:
    vector = fold_in(np.array([3]), np.array([1.0], np.float32), tables, PRESENT)
    assert vector is not None
    np.testing.assert_array_equal(vector[5:], 0)


def test_no_history_is_no_vector(tables: dict[Modality, np.ndarray]) -> None:
    assert fold_in(np.array([], dtype=np.int64), np.array([], np.float32), tables, PRESENT) is None


def test_a_dislike_points_away(tables: dict[Modality, np.ndarray]) -> None:
    liked = fold_in(np.array([0]), np.array([1.0], np.float32), tables, PRESENT)
    both = fold_in(np.array([0, 1]), np.array([1.0, -1.0], np.float32), tables, PRESENT)
    assert liked is not None
    assert both is not None
    assert both[:5] @ tables[Modality.TEXT][1] < liked[:5] @ tables[Modality.TEXT][1]


def test_a_space_that_comes_or_goes_leaves_the_other_parts_as_they_were(tables: dict[Modality, np.ndarray]) -> None:
    rows, weights, present = np.array([0, 1]), np.ones(2, np.float32), np.ones((len(tables[Modality.TEXT]), 3), bool)
    fewer = fold_in(rows, weights, tables, present[:, :2])
    space = np.random.default_rng(1).standard_normal((len(present), 3)).astype(np.float32)
    more = fold_in(rows, weights, tables | {Modality("cf"): space}, present)
    assert fewer is not None
    assert more is not None
    np.testing.assert_allclose(more[: len(fewer)], fewer, atol=1e-6)
    assert np.linalg.norm(more[len(fewer) :]) == pytest.approx(0.5**0.5)  # as much as text or tags
    alone = fold_in(rows, weights, tables | {Modality("cf"): space}, present & [False, False, True])
    assert alone is not None
    assert np.linalg.norm(alone) == pytest.approx(1)
