"""Where a listener with a request stands in the joint space, as numbers that two such standpoints can be compared by.

*Share*: of what lifts a track above the average one, the part that comes from the listener's vector; 0 where nothing
lifts it. *Fit*: the percentile (0–100) of a track's u·t among all tracks of the catalogue, ties counted half, so that
50 is what chance gives. Both with the track's vector t as mixed under the eye of the request.

*Plane*: the two directions along which vectors vary most (principal components), for drawing.

Shapes: N tracks of the catalogue, n rows of tracks, d joint width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys.index.base import JointPoint, TrackIndex
from recsys.jam.score import ScoreParts
from recsys.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A listener with a request: where they stand and what is best from there."""

    point: JointPoint
    has_taste: bool  # whether the listener has a vector
    rows: IntArray  # (k,) the best tracks, best first
    scores: FloatArray  # (k,)


@dataclass(frozen=True, slots=True)
class Plane:
    """A flat view of the joint space."""

    centre: FloatArray  # (d,)
    axes: FloatArray  # (2, d) orthonormal
    kept: float  # share of the vectors' variance that the plane shows

    def project(self, vectors: FloatArray) -> FloatArray:
        """Map (n, d) to (n, 2)."""
        return np.asarray((vectors - self.centre) @ self.axes.T, dtype=np.float32)


def lift_shares(parts: ScoreParts, average: ScoreParts) -> tuple[FloatArray, FloatArray]:
    """Split what lifts each track (n,) above the average one into the request's share and the listener's.

    The two sum to 1, or are both 0 where nothing lifts it.
    """
    lift_query = np.maximum(parts.query - average.query.mean(), 0)
    lift_user = np.maximum(parts.user - average.user.mean(), 0)
    lift = lift_query + lift_user
    share = np.divide(lift_query, lift, out=np.zeros_like(lift), where=lift > 0).astype(np.float32)
    return share, np.where(lift > 0, 1 - share, 0).astype(np.float32)


def listener_share(index: TrackIndex, standpoint: Standpoint, n_tracks: int) -> float:
    """The mean share of the listener in what lifts the standpoint's tracks above the catalogue's average."""
    if not len(standpoint.rows):
        return 0.0
    parts = index.explain(standpoint.point, np.arange(n_tracks))
    here = ScoreParts(*(values[standpoint.rows] for values in (parts.query, parts.user, parts.weights)))
    return float(lift_shares(here, parts)[1].mean())


def taste_fit(index: TrackIndex, user: FloatArray, point: JointPoint, rows: IntArray, n_tracks: int) -> float:
    """The mean percentile (0–100) of the rows' u·t among all tracks, mixed for the request of `point`.

    Args:
        index: the tracks.
        user: (d,) whose taste.
        point: whose request.
        rows: (n,) of which tracks; without any the fit is 50, that of chance.
        n_tracks: N.
    """
    if not len(rows):
        return 50.0
    similarity = index.explain(replace(point, user=user), np.arange(n_tracks)).user  # (N,)
    ordered = np.sort(similarity)
    below = np.searchsorted(ordered, similarity[rows], side="left")
    not_above = np.searchsorted(ordered, similarity[rows], side="right")
    return float((below + not_above).mean() / 2 / n_tracks * 100)


def nearness(left: JointPoint, right: JointPoint) -> float:
    """The cosine of two points u + q; 0 where one of them is the origin. How known tracks are is no direction."""
    one, other = ((point.user + point.query)[: point.n_directions] for point in (left, right))
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / norms if norms > 0 else 0.0


def jaccard(left: IntArray, right: IntArray) -> tuple[int, float]:
    """How many rows two lists have in common, and what share of all their rows that is (0 for two empty lists)."""
    common, either = len(np.intersect1d(left, right)), len(np.union1d(left, right))
    return common, common / either if either else 0.0


def widest_plane(vectors: FloatArray) -> Plane:
    """Find the plane along which vectors (n, d) vary most; the same vectors always give the same plane."""
    centre = vectors.mean(axis=0, dtype=np.float64)
    spread = np.cov((vectors - centre).T.astype(np.float64), bias=True)
    values, directions = np.linalg.eigh(np.atleast_2d(spread))
    axes = directions[:, ::-1][:, :2].T
    # The sign of a principal direction is arbitrary: its largest part points up.
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    total = float(values.sum())
    kept = float(values[::-1][:2].sum()) / total if total > 0 else 1.0
    return Plane(centre.astype(np.float32), axes.astype(np.float32), kept)
