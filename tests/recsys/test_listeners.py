"""From events to one vector: what counts, what lapses, what is private and what stays exactly zero."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recsys.listeners import (
    EVENING_GAP_S,
    EVENING_LIKES,
    SESSION_LIKES,
    evening_bound,
    event_factors,
    event_worth,
    fold_in,
    track_weights,
)
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


def of_evening(session: str, n: int, *, days_ago: float = 1.0, kind: EventKind = EventKind.LIKE) -> list[Event]:
    """N tracks, a minute apart, each of its own."""
    at = NOW - days_ago * DAY
    return [Event("me", f"{session} {i}", kind, at + 60 * i, session_id=session) for i in range(n)]


def test_an_evening_counts_as_a_few_likes_at_most_however_much_was_done() -> None:
    history = [event(EventKind.LIKE, f"old {n}") for n in range(40)]
    for n in (1, 5, 15, 200):
        long_term = track_weights([*history, *of_evening("kids", n)], now=NOW, half_life_days=10.0)
        assert all(long_term[f"old {k}"] == pytest.approx(math.log(2)) for k in range(40))
        assert sum(w for track, w in long_term.items() if track.startswith("kids")) <= min(n, EVENING_LIKES)
    assert sum(event_factors(of_evening("kids", 200))) == pytest.approx(EVENING_LIKES)
    assert event_factors(of_evening("kids", 3)) == [1, 1, 1]


def test_sessions_close_to_each_other_are_one_evening_and_evenings_add_up() -> None:
    first, second = of_evening("one", 15), of_evening("two", 15, days_ago=1 - 3600 / DAY)
    assert sum(event_factors([*first, *second])) == pytest.approx(EVENING_LIKES)
    apart = of_evening("two", 15, days_ago=1 - (EVENING_GAP_S + 901) / DAY)
    assert sum(event_factors([*first, *apart])) == pytest.approx(2 * EVENING_LIKES)


def test_what_was_done_outside_sessions_is_no_evening() -> None:
    assert event_factors([event(EventKind.PLAY, f"imported {n}") for n in range(100)]) == [1] * 100


def test_the_session_that_goes_on_counts_in_full_and_as_much_as_the_rest_after_a_few_likes() -> None:
    history = [event(EventKind.LIKE, f"old {n}") for n in range(40)]
    tonight = of_evening("kids", 15)
    factors = event_factors([*history, *tonight], session_id="kids")
    assert factors[:40] == [1] * 40
    assert factors[40:] == [40 / SESSION_LIKES] * 15
    assert event_factors(tonight, session_id="kids") == [1] * 15  # there is nothing else
    dislikes = of_evening("kids", 15, kind=EventKind.DISLIKE)
    assert event_factors([*history, *dislikes], session_id="kids") == [1] * 55


def test_no_evening_turns_a_modality_further_than_the_bound() -> None:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((300, 12)).astype(np.float32)
    table[:100, 0] += 2  # what the history is made of leans to one side, as tastes do
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    turned = 0
    for trial in range(200):
        own = rng.permutation(100)[: rng.integers(20, 90)]
        history = [event(EventKind.LIKE, str(n), days_ago=float(rng.uniform(0, 20))) for n in own]
        track = int(rng.integers(100, 300)) if trial % 2 else None  # one track over and over, or many
        tonight = [
            Event("me", str(track or rng.integers(100, 300)), EventKind.LIKE, NOW - 60, session_id="kids")
            for _ in range(int(rng.integers(1, 60)))
        ]
        before, after = (_sum(one, table) for one in (history, [*history, *tonight]))
        length = float(np.linalg.norm(before))
        distance = 1 - float(before @ after) / length / float(np.linalg.norm(after))
        assert distance <= evening_bound(length) + 1e-6
        turned += length > EVENING_LIKES
    assert turned > 50
    assert evening_bound(EVENING_LIKES) == 2


def _sum(events: list[Event], table: np.ndarray) -> np.ndarray:
    weighted = track_weights(events, now=NOW, half_life_days=10.0)
    return np.sum([w * table[int(track)] for track, w in weighted.items()], axis=0)


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
