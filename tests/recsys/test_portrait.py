"""Standpoints as numbers: shares, fits and cosines worked out by hand, and a plane that is a plane."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.index.base import JointPoint, Projections
from recsys.index.exact import ExactIndex
from recsys.jam.score import ScoreParts, average_mix
from recsys.portrait import Standpoint, jaccard, lift_shares, listener_share, nearness, taste_fit, widest_plane
from recsys.types import FloatArray, Modality


def f32(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float32)


def point(user: FloatArray, query: FloatArray) -> JointPoint:
    return JointPoint(user, query, np.zeros_like(user))


@pytest.fixture
def index() -> ExactIndex:
    """Four tracks on the corners of the unit square's axes, of one modality."""
    vectors = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    return ExactIndex(Projections({Modality.TEXT: vectors}, {}, np.ones((4, 1), dtype=bool)), average_mix)


def test_a_lift_is_split_between_request_and_listener() -> None:
    parts = ScoreParts(query=f32(3, 0, -1), user=f32(1, 2, -1), weights=np.ones((3, 1), np.float32))
    average = ScoreParts(query=f32(0, 0), user=f32(0, 0), weights=np.ones((2, 1), np.float32))
    query, user = lift_shares(parts, average)
    np.testing.assert_allclose(query, [0.75, 0, 0])
    np.testing.assert_allclose(user, [0.25, 1, 0])  # nothing lifts the last: no share is made up


def test_the_listeners_share_is_that_of_the_lists_own_tracks(index: ExactIndex) -> None:
    here = point(user=f32(1, 0), query=f32(0, 3))
    for rows, share in (([0], 1.0), ([1], 0.0), ([0, 1], 0.5), ([], 0.0)):
        chosen = Standpoint(here, True, np.array(rows, dtype=np.int64), np.zeros(len(rows), np.float32))
        assert listener_share(index, chosen, 4) == pytest.approx(share)


def test_a_fit_is_the_percentile_among_all_tracks_with_ties_counted_half(index: ExactIndex) -> None:
    asked = point(user=f32(9, 9), query=f32(0, 0))  # whose request it is plays no part but for the mix

    def fit(user: FloatArray, *rows: int) -> float:
        return taste_fit(index, user, asked, np.array(rows, dtype=np.int64), 4)

    assert fit(f32(1, 0), 0) == pytest.approx(87.5)  # above three of four, with itself half
    assert fit(f32(1, 0), 2) == pytest.approx(12.5)
    assert fit(f32(1, 0), 1) == fit(f32(1, 0), 3) == pytest.approx(50)  # these two tie
    assert fit(f32(1, 0), 0, 1, 2, 3) == pytest.approx(50)
    assert fit(f32(0, 0), 0) == fit(f32(1, 0)) == pytest.approx(50)


def test_points_are_near_by_their_angle() -> None:
    ahead = point(f32(1, 0), f32(0, 0))
    assert nearness(ahead, point(f32(3, 0), f32(2, 0))) == pytest.approx(1)
    assert nearness(ahead, point(f32(0, 1), f32(0, 1))) == pytest.approx(0)
    assert nearness(ahead, point(f32(1, 0), f32(-2, 0))) == pytest.approx(-1)
    assert nearness(ahead, point(f32(1, 0), f32(-1, 0))) == 0  # at the origin there is no direction


def test_lists_overlap_by_their_tracks() -> None:
    assert jaccard(np.array([1, 2, 3]), np.array([3, 4, 1])) == (2, 0.5)
    assert jaccard(np.array([1]), np.array([2])) == (0, 0.0)
    assert jaccard(np.array([], dtype=np.int64), np.array([], dtype=np.int64)) == (0, 0.0)


def test_the_widest_plane_is_the_planted_one_and_always_the_same() -> None:
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.normal(size=(6, 6)))[0]
    vectors = random.normal(size=(300, 6)) * [5, 3, 0.1, 0.1, 0.1, 0.1] @ basis.T + 7
    plane = widest_plane(vectors.astype(np.float32))
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(np.abs(plane.axes @ basis[:, :2]), np.eye(2), atol=0.02)
    assert plane.kept > 0.99
    again = widest_plane(vectors[::-1].astype(np.float32))
    np.testing.assert_allclose(again.axes, plane.axes, atol=1e-4)
    # A translation stays one: the difference of two projected points is that of any two with the same difference.
    shift = random.normal(size=6).astype(np.float32)
    start = vectors[:2].astype(np.float32)
    moved = plane.project(start + shift) - plane.project(start)
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-4)


def test_a_plane_of_equal_vectors_is_still_a_plane() -> None:
    plane = widest_plane(np.ones((4, 3), np.float32))
    assert plane.kept == 1
    assert np.isfinite(plane.project(np.ones((1, 3), np.float32))).all()
