"""Scoring everything in tiles gives what scoring row by row gives, wherever the tiles end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.index.base import JointPoint, Projections
from recsys.jam import score, sweep
from recsys.jam.score import average_mix, cross_mix
from recsys.types import Modality

MODALITIES = (Modality.TEXT, Modality.TAGS, Modality("audio"))


def made(seed: int, n_tracks: int, n_points: int, dim: int) -> tuple[Projections, list[JointPoint]]:
    """Tracks of which each lacks some modalities and the first lacks all, with points."""
    rng = np.random.default_rng(seed)
    present = rng.random((n_tracks, 3)) < 0.7
    present[0] = False
    tables = [
        {m: rng.normal(size=(n_tracks, dim)).astype(np.float32) * present[:, [c]] for c, m in enumerate(MODALITIES)}
        for _ in range(2)
    ]
    points = [JointPoint(*rng.normal(size=(3, dim)).astype(np.float32)) for _ in range(n_points)]
    return Projections(tables[0], tables[1], present), points


@given(
    seed=st.integers(0, 2**16),
    n_tracks=st.integers(1, 60),
    n_points=st.integers(1, 9),
    mix=st.sampled_from([cross_mix, average_mix]),
    cells=st.integers(1, 200),
    lines=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_tiles_score_what_rows_score(
    seed: int, n_tracks: int, n_points: int, mix: score.Mixer, cells: int, lines: int
) -> None:
    projections, points = made(seed, n_tracks, n_points, 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "_CELLS", cells)
        patch.setattr(sweep, "_LINES", lines)
        found = sweep.every_score(points, projections, mix)
    assert found.dtype == np.float32
    for line, point in enumerate(points):
        expected = score.scores(point, projections, mix, np.arange(n_tracks))
        np.testing.assert_allclose(found[line], expected, atol=1e-5 * max(1, np.abs(expected).max()))


def test_a_mixer_without_keys_needs_none_and_no_request_is_no_score() -> None:
    projections, points = made(1, 20, 3, 4)
    keyless = Projections(projections.item, {}, projections.present)
    np.testing.assert_array_equal(
        sweep.every_score(points, keyless, average_mix), sweep.every_score(points, projections, average_mix)
    )
    assert sweep.every_score([], projections, cross_mix).shape == (0, 20)
