"""Bounds of every track's score: never below it, and what is proven by them is the exact answer."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.index import bounds as module
from recsys.index.base import JointPoint, Projections
from recsys.index.bounds import Leading, ScoreBounds
from recsys.index.certified import CertifiedIndex
from recsys.index.exact import ExactIndex
from recsys.jam.score import average_mix, cross_mix
from recsys.types import FloatArray, IntArray, Modality

SHARES = st.sampled_from([0.0, 0.5, 0.9, 1.0])
MIXERS = st.sampled_from([cross_mix, average_mix])


def catalogue(seed: int, n_tracks: int, dim: int, kept_apart: float = 1.0) -> Projections:
    """Tracks whose vectors lie mostly in a few directions; a third lacks each modality, some lack all."""
    random = np.random.default_rng(seed)
    names = (Modality.TEXT, Modality.TAGS, Modality("audio"))
    present = random.random((n_tracks, len(names))) < 0.67
    fall = np.exp(-np.arange(dim) / (kept_apart * dim / 4))

    def table(column: int, size: float) -> FloatArray:
        rows = random.normal(size=(n_tracks, dim)) * fall * random.lognormal(0, 0.5, (n_tracks, 1)) * size
        turned = rows @ np.linalg.qr(random.normal(size=(dim, dim)))[0] + random.normal(size=dim)
        return np.where(present[:, [column]], turned, 0).astype(np.float32)

    item = {name: table(column, 1 + 3 * column) for column, name in enumerate(names)}
    return Projections(item, {name: table(column, 1) for column, name in enumerate(names)}, present)


def some_point(seed: int, dim: int) -> JointPoint:
    return JointPoint(*np.random.default_rng(seed).normal(size=(3, dim)).astype(np.float32))


@given(seed=st.integers(0, 2**32 - 1), mix=MIXERS, item=SHARES, keys=SHARES)
def test_no_track_scores_above_its_bound(seed: int, mix: module.Mixer, item: float, keys: float) -> None:
    random = np.random.default_rng(seed)
    projections = catalogue(seed, int(random.integers(1, 200)), int(random.integers(1, 40)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT", {"item": item, "keys": keys})
        patch.setattr(module, "_ALIGNED", 1)
        patch.setattr(module, "_TILE", 50)
        bounds = ScoreBounds.of(projections)
    point = some_point(seed, projections.dim)
    rows = np.arange(projections.n_tracks)
    scores = ExactIndex(projections, mix).score(point, rows)
    for least in (*np.quantile(scores, [0, 0.5, 1.0]), -math.inf):
        assert set(np.flatnonzero(scores >= least)) <= set(bounds.contenders(point, mix, float(least))[0])
    assert not len(bounds.contenders(point, mix, math.inf)[0])


def test_what_the_directions_hold_is_bounded_closely() -> None:
    """All directions kept: only tracks that reach the score contend. Few: more do, yet far from all."""
    projections = catalogue(1, 4_000, 64, kept_apart=0.5)
    n_contenders = []
    for kept in (1.0, 0.97, 0.5):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "KEPT", {"item": kept, "keys": kept})
            bounds = ScoreBounds.of(projections)
        point = some_point(2, 64)
        least = ExactIndex(projections, cross_mix).search(point, 20).scores[-1]
        n_contenders.append(len(bounds.contenders(point, cross_mix, float(least))[0]))
    assert n_contenders[0] == 20
    assert n_contenders == sorted(n_contenders)
    assert 20 < n_contenders[1] < 400


def test_a_table_is_told_by_few_directions_and_a_rest() -> None:
    random = np.random.default_rng(3)
    table = (random.normal(size=(500, 3)) @ random.normal(size=(3, 64)) + 5).astype(np.float32)
    leading = Leading.of(table, np.ones(500, dtype=bool), 0.97)
    assert leading.directions.shape == (64, 16)
    np.testing.assert_allclose(leading.table @ leading.directions.T, table, atol=1e-4)
    assert leading.rest.max() < 1e-3
    nothing = Leading.of(np.zeros((5, 8), np.float32), np.zeros(5, dtype=bool), 0.97)
    assert not nothing.rest.any()


class BlindLists:
    """Lists that name a few tracks by chance and say nothing of the rest: the worst that a graph could do."""

    def __init__(self, n_tracks: int) -> None:
        self.n_tracks = n_tracks

    def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        return np.random.default_rng(k).permutation(self.n_tracks)[:k], math.inf


@given(seed=st.integers(0, 2**32 - 1), mix=MIXERS, threads=st.sampled_from([1, 2]))
def test_a_result_is_proven_whatever_the_lists_missed(seed: int, mix: module.Mixer, threads: int) -> None:
    random = np.random.default_rng(seed)
    projections = catalogue(seed, int(random.integers(100, 400)), 24)
    n_tracks = projections.n_tracks
    index = CertifiedIndex(
        projections, mix, BlindLists(n_tracks), bounds=ScoreBounds.of(projections), few=0, threads=threads
    )
    exact = ExactIndex(projections, mix)
    for share in (1.0, 0.5, 0.05, 0.001, 0.0):
        allowed = None if share == 1 else random.random(n_tracks) < share
        result, expected = (
            index.search(some_point(seed, 24), 7, allowed),
            exact.search(some_point(seed, 24), 7, allowed),
        )
        np.testing.assert_array_equal(result.rows, expected.rows)
        np.testing.assert_array_equal(result.scores, expected.scores)
        assert result.certified


def test_most_tracks_are_proven_without_being_scored() -> None:
    projections = catalogue(5, 4_000, 64, kept_apart=0.5)
    index = CertifiedIndex(projections, cross_mix, BlindLists(4_000), bounds=ScoreBounds.of(projections), few=0)
    point = some_point(6, 64)
    result = index.search(point, 20)
    np.testing.assert_array_equal(result.rows, ExactIndex(projections, cross_mix).search(point, 20).rows)
    assert result.n_scored < 600


def test_saved_and_loaded(tmp_path: Path) -> None:
    projections = catalogue(7, 3_000, 32)
    assert ScoreBounds.load(tmp_path, projections) is None
    made = ScoreBounds.of(projections)
    made.save(tmp_path)
    loaded = ScoreBounds.load(tmp_path, projections)
    assert loaded is not None
    point = some_point(8, 32)
    with ThreadPoolExecutor(2) as pool:
        for least in (-1.0, 2.0, 5.0):
            found = loaded.contenders(point, cross_mix, least, each=pool.map)
            for these, those in zip(found, made.contenders(point, cross_mix, least), strict=True):
                np.testing.assert_array_equal(these, those)
