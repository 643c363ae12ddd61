"""Playlists for groups, measured: a system that thinks of everybody serves everybody better than one that does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.settings import Settings
from evals.group import SYSTEMS, Member, measure, synthetic
from evals.scratch import open_served
from recsys.recommender import Recommender


@pytest.fixture(scope="module")
def recommender(forty_tracks: Path) -> Recommender:
    return open_served(Settings(_env_file=None, home=forty_tracks, training_steps=5, threads=1))


def test_every_system_makes_a_playlist_for_the_same_members(recommender: Recommender) -> None:
    members = synthetic(recommender, 3, 1)
    assert all(member.wanted.isdisjoint(member.history.tolist()) and member.wanted for member in members)
    figures = measure(recommender, members, 1)
    assert tuple(figures) == SYSTEMS
    assert all(0 <= one["least"] <= one["mean"] <= 1 for one in figures.values())


def test_satisfaction_is_the_share_of_the_slate_that_a_member_wants(recommender: Recommender) -> None:
    nothing, everything = np.array([], dtype=np.int64), frozenset(range(40))
    glad = Member("glad", nothing, everything)
    assert measure(recommender, [glad, glad], 1)["segue"] == {"least": 1.0, "mean": 1.0, "empty": 0.0}
    sad = Member("sad", nothing, frozenset())
    assert measure(recommender, [glad, sad], 1)["segue"] == {"least": 0.0, "mean": 0.5, "empty": 1.0}
