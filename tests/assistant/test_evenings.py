"""Short term and long term, on the whole product: the figures that `segue eval taste` prints, on fewer listeners."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.app import Assistant
from evals.report import Report
from evals.scratch import open_served
from evals.taste import EVENING_AT_MOST, FOUR_WEEKS_AT_LEAST, Moved, draw_tastes, follow, move


@pytest.fixture(scope="module")
def report(assistant: Assistant) -> Report:
    made = Report("segue eval taste", {}, (64,))
    follow(assistant, 3, (64,), made)
    return made


def test_an_evening_moves_its_session_at_once_and_the_taste_hardly(report: Report) -> None:
    """In a space that was hardly trained all is near everything, so what counts is how far one moves beside another."""
    figures = report.results["segue"]["all"]
    evening = figures["evening"].mean
    assert 0 < evening < EVENING_AT_MOST
    assert figures["session"].mean > 10 * evening
    assert figures["four_weeks"].mean > 5 * evening
    moved = {name: figures[f"kids_{name}"].mean - figures["kids_before"].mean for name in ("session", "evening")}
    assert moved["session"] > 0.1
    assert moved["session"] > 3 * abs(moved["evening"])


def test_without_evenings_it_would_not_be_so(report: Report) -> None:
    segue, without = (report.results[name]["all"] for name in ("segue", "no evenings"))
    assert without["evening"].mean > 2 * segue["evening"].mean
    assert without["session"].mean == pytest.approx(without["evening"].mean, rel=1e-3)


def test_both_promises_must_hold() -> None:
    def kept(evening: float, four_weeks: float) -> bool:
        return Moved({"session": 1.0, "evening": evening, "four_weeks": four_weeks}, {}).kept

    assert kept(EVENING_AT_MOST, FOUR_WEEKS_AT_LEAST)
    assert not kept(EVENING_AT_MOST + 0.001, FOUR_WEEKS_AT_LEAST)
    assert not kept(EVENING_AT_MOST, FOUR_WEEKS_AT_LEAST - 0.001)


def test_not_me_is_exact_where_there_was_something_to_take_back(report: Report) -> None:
    figures = report.results["segue"]["all"]
    assert (figures["exact"].mean, figures["differed"].mean) == (1, 1)


def test_the_same_seed_follows_the_same_listeners(assistant: Assistant) -> None:
    recommender = open_served(assistant.settings)
    (first,), (again,), (other,) = (draw_tastes(recommender, 1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    assert move(recommender, *first, in_sessions=True) == move(recommender, *again, in_sessions=True)
