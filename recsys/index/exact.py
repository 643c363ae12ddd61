"""The exact index: every allowed track is scored, which at the size of a personal catalogue is fast enough.

Search is two passes. The first scores all tracks with one matrix product per modality and keeps every track
that could be among the k best given the rounding of float32; the second scores those few row by row, so that
scores and ties do not depend on the BLAS library. A mask that leaves few tracks goes straight to the second.
"""

from __future__ import annotations

import numpy as np

from recsys.index.base import JointPoint, Projections, SearchResult, best
from recsys.jam import score as jam_score
from recsys.jam.score import Mixer, ScoreParts
from recsys.jam.sweep import tiles
from recsys.types import BoolArray, FloatArray, IntArray

#: Below this share of the catalogue, gathering the allowed rows is faster than scoring all of them.
GATHER_SHARE = 0.15

#: Rounding of a float32 product, relative to the largest similarity: 20 times what was seen at d = 128.
ROUNDING = 1e-5


class ExactIndex:
    """Scores every allowed track; the yardstick of the other indexes."""

    name = "exact"

    def __init__(self, projections: Projections, mix: Mixer) -> None:
        """Serve `projections` with the mixer they were trained with."""
        self.projections, self.mix = projections, mix

    def search(self, point: JointPoint, k: int, allowed: BoolArray | None = None) -> SearchResult:
        """Return the k best tracks among those `allowed` (N,), or among all; always certified."""
        n_tracks = self.projections.n_tracks
        n_allowed = n_tracks if allowed is None else int(np.count_nonzero(allowed))
        if k <= 0 or n_allowed == 0:
            return SearchResult(np.empty(0, np.int64), np.empty(0, np.float32), True, 0)
        if allowed is not None and n_allowed <= max(GATHER_SHARE * n_tracks, k):
            rows = np.flatnonzero(allowed)
        else:
            rows = self._contenders(point, min(k, n_allowed), allowed)
        found, found_scores = best(rows, self.score(point, rows), k)
        return SearchResult(found, found_scores, True, n_allowed)

    def score(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the exact scores (n,) of the given rows."""
        return jam_score.scores(point, self.projections, self.mix, rows)

    def explain(self, point: JointPoint, rows: IntArray) -> ScoreParts:
        """Return where the scores of the given rows (n,) come from."""
        return jam_score.explain(point, self.projections, self.mix, rows)

    def vectors(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the vectors (n, d) of the given rows as mixed for the point."""
        return jam_score.mixed(point, self.projections, self.mix, rows)

    def _contenders(self, point: JointPoint, k: int, allowed: BoolArray | None) -> IntArray:
        """Rows of all tracks whose score reaches the k-th best, give or take the first pass's rounding."""
        scores = np.empty(self.projections.n_tracks, np.float32)
        similarity = logit = 0.0  # the largest, without sign
        for tile in tiles([point], self.projections, self.mix):
            scores[tile.rows] = tile.scores[0]
            similarity = max(similarity, float(tile.similarities.max()), -float(tile.similarities.min()))
            logit = max(logit, float(tile.logits.max()), -float(tile.logits.min()))
        # An error δ in a logit moves the score by at most δ times the spread of the similarities.
        slack = ROUNDING * similarity * (1 + logit)
        if allowed is not None:
            scores[~allowed] = -np.inf
        kth = np.partition(scores, len(scores) - k)[len(scores) - k]
        return np.flatnonzero(scores >= max(kth - slack, np.finfo(np.float32).min))
