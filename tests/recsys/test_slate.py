"""A slate: one version a work, artists capped, minutes met, tiers respected, nothing left to chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.slate import MINUTES_TOLERANCE, Candidates, arrange, choose
from recsys.types import Arc


def candidates(n: int = 60, seed: int = 0, **changed: Any) -> Candidates:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 8)).astype(np.float32)
    fields: dict[str, Any] = dict(
        rows=np.arange(n),
        scores=np.sort(rng.standard_normal(n).astype(np.float32))[::-1].copy(),
        tiers=np.zeros(n, dtype=np.int64),
        works=np.arange(n),
        artists=np.arange(n) % 20,
        durations_s=rng.uniform(120, 420, n).astype(np.float32),
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        energy=rng.random(n).astype(np.float32),
        first=frozenset(),
    )
    return Candidates(**(fields | changed))


def test_no_artist_exceeds_its_cap() -> None:
    c = candidates()
    picked = choose(c, size=30, minutes=None, caps={3: 1}, max_per_artist=2)
    counts = np.bincount(c.artists[picked], minlength=20)
    assert len(picked) == 30
    assert counts.max() == 2
    assert counts[3] <= 1


def test_versions_of_one_work_are_shown_once() -> None:
    c = candidates(works=np.arange(60) // 3)
    picked = choose(c, size=40, minutes=None, caps={}, max_per_artist=10)
    assert len(set(c.works[picked].tolist())) == len(picked) == 20


def test_a_relaxed_tier_only_fills_what_the_strict_one_cannot() -> None:
    tiers = np.where(np.arange(60) % 10 == 0, 0, 1)
    c = candidates(tiers=tiers, artists=np.arange(60))
    picked = choose(c, size=10, minutes=None, caps={}, max_per_artist=2)
    assert (c.tiers[picked] == 0).sum() == 6


@given(minutes=st.floats(15, 150), seed=st.integers(0, 10_000))
def test_minutes_are_met_within_the_tolerance(minutes: float, seed: int) -> None:
    c = candidates(n=120, seed=seed, artists=np.arange(120))
    picked = choose(c, size=20, minutes=minutes, caps={}, max_per_artist=2)
    assert abs(c.durations_s[picked].sum() / 60 - minutes) <= minutes * MINUTES_TOLERANCE
    assert len(set(picked)) == len(picked)


def test_minutes_keep_the_artist_cap_while_swapping() -> None:
    c = candidates(n=80, artists=np.arange(80) % 9)
    picked = choose(c, size=20, minutes=47.0, caps={}, max_per_artist=2)
    assert np.bincount(c.artists[picked]).max() <= 2


def test_tracks_asked_for_by_title_open_the_slate() -> None:
    c = candidates(first=frozenset({40, 55}))
    picked = choose(c, size=10, minutes=None, caps={}, max_per_artist=2)
    assert set(arrange(c, picked)[:2]) == {40, 55}


def test_nothing_to_choose_from_is_an_empty_slate() -> None:
    empty = candidates(n=0)
    assert choose(empty, size=10, minutes=None, caps={}, max_per_artist=2) == []
    assert choose(empty, size=10, minutes=30.0, caps={}, max_per_artist=2) == []
    assert arrange(empty, []) == []


@pytest.mark.parametrize("seed", range(5))
def test_an_arranged_slate_holds_the_same_tracks_and_parts_artists(seed: int) -> None:
    c = candidates(seed=seed, artists=np.arange(60) % 12)
    picked = choose(c, size=20, minutes=None, caps={}, max_per_artist=2)
    ordered = arrange(c, picked)
    assert sorted(ordered) == sorted(picked)
    assert ordered[0] == picked[0]
    assert not np.any(c.artists[ordered[1:]] == c.artists[ordered[:-1]])


def test_what_meets_everything_is_shown_before_what_was_relaxed() -> None:
    tiers = np.where(np.arange(60) % 10 == 5, 0, 1)
    c = candidates(tiers=tiers, artists=np.arange(60))
    ordered = arrange(c, choose(c, size=12, minutes=None, caps={}, max_per_artist=2))
    assert c.tiers[ordered].tolist() == sorted(c.tiers[ordered].tolist())


def test_neighbours_in_an_arranged_slate_are_nearer_in_energy_than_by_rank() -> None:
    c = candidates(n=100, artists=np.arange(100))
    picked = choose(c, size=25, minutes=None, caps={}, max_per_artist=1)
    step = lambda order: float(np.abs(np.diff(c.energy[order])).mean())  # noqa: E731
    assert step(arrange(c, picked)) < 0.8 * step(picked)


def test_what_must_be_there_is_there_and_stands_where_it_fits() -> None:
    c = candidates(artists=np.arange(60), must=frozenset({50, 55, 59}))
    picked = choose(c, size=10, minutes=None, caps={}, max_per_artist=2)
    assert {50, 55, 59} <= set(picked)
    assert len(arrange(c, picked)) == 10
    assert arrange(c, picked, Arc.RISING) == sorted(picked, key=lambda p: float(c.energy[p]))


@given(minutes=st.floats(20, 90), seed=st.integers(0, 1_000))
def test_no_search_for_exact_minutes_drops_what_must_be_there(minutes: float, seed: int) -> None:
    c = candidates(seed=seed, artists=np.arange(60), must=frozenset({58, 59}))
    assert {58, 59} <= set(choose(c, size=20, minutes=minutes, caps={}, max_per_artist=2))


def test_an_artist_with_a_quota_of_none_has_no_track() -> None:
    c = candidates()
    picked = choose(c, size=40, minutes=None, caps={3: 0}, max_per_artist=3)
    assert 3 not in c.artists[picked]
