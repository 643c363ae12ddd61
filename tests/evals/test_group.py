"""Playlists for groups, measured: a system that thinks of everybody serves everybody better than one that does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.settings import Settings
from evals.group import ALONE, METRICS, SLATE, SYSTEMS, Member, in_turns, measure, synthetic
from evals.scratch import open_served
from recsys.recommender import Recommender


@pytest.fixture(scope="module")
def recommender(forty_tracks: Path) -> Recommender:
    return open_served(Settings(_env_file=None, home=forty_tracks, training_steps=5, threads=1))


def test_every_system_makes_a_playlist_for_the_same_members(recommender: Recommender) -> None:
    members = synthetic(recommender, 3, 1)
    assert all(member.wanted.isdisjoint(member.history.tolist()) and member.wanted for member in members)
    figures = measure(recommender, members, 1)
    assert tuple(figures) == (*SYSTEMS, *ALONE)
    assert all(0 <= one["least"] <= one["mean"] <= 1 for one in figures.values())


def test_satisfaction_is_the_share_of_the_slate_that_a_member_wants(recommender: Recommender) -> None:
    nothing, everything = np.array([], dtype=np.int64), frozenset(range(40))
    glad = Member("glad", nothing, everything)
    assert measure(recommender, [glad, glad], 1)["segue"] == {
        "least": 1.0,
        "mean": 1.0,
        "empty": 0.0,
        "known": 0.0,
        "liked": 1.0,
    }
    sad = Member("sad", nothing, frozenset())
    assert measure(recommender, [glad, sad], 1)["segue"] == {
        "least": 0.0,
        "mean": 0.5,
        "empty": 1.0,
        "known": 0.0,
        "liked": 0.0,
    }


def test_what_is_in_somebodys_history_is_counted_as_known(recommender: Recommender) -> None:
    """Who knows all forty tracks is shown nothing but what they know, and nothing where only finds are wanted."""
    knows_all = Member("knows all", np.arange(40), frozenset())
    figures = measure(recommender, [knows_all, Member("new here", np.array([0]), frozenset())], 1)
    assert figures["segue"]["known"] == figures["turns"]["known"] == 1.0
    assert figures["segue"]["liked"] <= 1 / SLATE
    finds = measure(recommender, [knows_all, knows_all], 1)
    assert finds["alone"]["known"] == finds["alone"]["liked"] == 1.0
    assert finds["alone, finds"] == finds["turns of finds"] == dict.fromkeys(METRICS, 0) | {"empty": 1}


def test_lists_are_taken_from_in_turn_without_repeats() -> None:
    assert in_turns([[1, 2, 3], [2, 1, 4]], 4) == [1, 2, 3, 4]
    assert in_turns([[1], [1, 5, 6, 7]], 3) == [1, 5, 6]
    assert in_turns([[1, 2], []], SLATE) == [1, 2]
