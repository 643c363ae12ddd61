"""Exact results from approximate lists, with a proof.

Each modality has a list search that names the tracks with the largest S_m = (u + q)·v_m. A turn asks every
modality for its k′ best, scores the union exactly and keeps the k best of the allowed. Since a score is a
weighted mean of its S_m, no track outside the union can score above the largest of the similarities at which
the lists end: when the k-th exact score exceeds that bound the top k is *certified*, given that the lists are
right. Otherwise, where each track has a bound of its own (`recsys.index.bounds`), those whose bound reaches the k-th
score join the union, which proves the result whatever the lists missed. Without them k′ doubles, for those lists that
end above the k-th score; at the cap, every allowed track is scored.

Conventions. The lists know nothing of masks. A list that holds its whole collection bounds nothing. The
k-th score must exceed the bound by more than rounding, so that no track outside ties with the k-th. A track
without any modality is in no list and scores 0: the first k allowed of them always join the union.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from recsys.index.base import JointPoint, Projections, SearchResult, best
from recsys.index.bounds import ScoreBounds
from recsys.index.exact import GATHER_SHARE, ExactIndex
from recsys.jam.score import Mixer, ScoreParts
from recsys.types import BoolArray, FloatArray, IntArray, Modality

#: With so few tracks allowed, scoring them all (0.3 to 0.5 µs each) is faster than two list searches (2 ms each).
FEW = 4_000

#: So many times k tracks of the highest bounds are scored before the others.
FIRST = 4

#: Rounding of a list's float32 similarity, relative to the scores compared.
ROUNDING = 1e-5


class ModalityLists(Protocol):
    """Lists of the tracks most similar to a vector, one modality at a time; may be approximate."""

    def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        """Return the k rows most similar to a vector, and where the list ends.

        No other track's similarity exceeds that end: minus infinity when every track of the modality is in
        the list, infinity when the search found fewer than were asked for, so that nothing is known.
        """


def list_cap(n_tracks: int) -> int:
    """The longest list worth asking for: beyond it, scoring every track is faster.

    Two lists of length k′ take about 4 + 0.009 k′ ms, all tracks 0.14 µs each (two cores, 2 × 128 wide).
    """
    return min(max(n_tracks // 100, 512), 4096)


class CertifiedIndex:
    """Searches lists per modality and proves the result, or scores every allowed track."""

    name = "certified"

    def __init__(
        self,
        projections: Projections,
        mix: Mixer,
        lists: ModalityLists,
        *,
        bounds: ScoreBounds | None = None,
        cap: int | None = None,
        few: int = FEW,
        fall_back: bool = True,
        threads: int = 1,
    ) -> None:
        """Serve `projections` with the mixer they were trained with.

        Args:
            projections: every track's vectors.
            mix: weights of the modalities of a track.
            lists: the approximate search.
            bounds: of every track's score, for a mixer that they hold for.
            cap: longest list to ask for; by default what pays at this catalogue's size.
            few: with at most so many tracks allowed, the lists are not asked at all.
            fall_back: score every allowed track when the lists prove nothing; without it the best of the
                union is returned, not certified, which is what measurements of the lists need.
            threads: for the lists, which must allow it, and the bounds of one search.
        """
        self.projections, self.mix, self.lists = projections, mix, lists
        self.bounds, self.few, self.fall_back = bounds, few, fall_back
        self.cap = list_cap(projections.n_tracks) if cap is None else cap
        self.each: Callable[..., Any] = ThreadPoolExecutor(threads).map if threads > 1 else map
        self._exact = ExactIndex(projections, mix)
        self.without_modality = np.flatnonzero(~projections.present.any(axis=1))

    def search(self, point: JointPoint, k: int, allowed: BoolArray | None = None) -> SearchResult:
        """Return the k best tracks among those `allowed` (N,), or among all."""
        n_tracks = self.projections.n_tracks
        n_allowed = n_tracks if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, n_allowed)
        if k <= 0:
            return self._exact.search(point, k, allowed)
        # A mask that passes one track in ten needs lists ten times as long to meet k of them.
        depth = math.ceil(2 * k * n_tracks / n_allowed)
        if self.fall_back and (depth > self.cap or n_allowed <= min(self.few, n_tracks // 4)):
            return self._exact.search(point, k, allowed)
        union = _Union(self, point, k, allowed)
        growing = self.projections.modalities
        while True:
            depth = min(depth, self.cap)
            result, growing = union.deepen(growing, depth)
            if result.certified:
                return result
            proven = union.prove()
            if proven is not None:
                return proven
            if depth == self.cap and not self.fall_back:
                return result
            if self.fall_back and (depth == self.cap or self.bounds is not None):
                return self._exact.search(point, k, allowed)
            depth *= 2

    def score(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the exact scores (n,) of the given rows."""
        return self._exact.score(point, rows)

    def explain(self, point: JointPoint, rows: IntArray) -> ScoreParts:
        """Return where the scores of the given rows (n,) come from."""
        return self._exact.explain(point, rows)

    def vectors(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the vectors (n, d) of the given rows as mixed for the point."""
        return self._exact.vectors(point, rows)


class _Union:
    """One search: the candidates of all lists so far, and where each list ends."""

    def __init__(self, index: CertifiedIndex, point: JointPoint, k: int, allowed: BoolArray | None) -> None:
        self.index, self.point, self.k, self.allowed = index, point, k, allowed
        self.vector = point.user + point.query
        self.ends = dict.fromkeys(index.projections.modalities, math.inf)
        self.rows = self._allow(index.without_modality)[:k]
        self.scores = index.score(point, self.rows)

    def deepen(self, modalities: Sequence[Modality], depth: int) -> tuple[SearchResult, tuple[Modality, ...]]:
        """Lengthen the lists of some modalities; return the best so far, and which lists must still grow."""
        found = [self.rows]
        lists = self.index.each(lambda modality: self.index.lists.top(modality, self.vector, depth), modalities)
        for modality, (rows, end) in zip(modalities, lists, strict=True):
            self.ends[modality] = end
            found.append(self._allow(rows))
        rows, scores = self._join(np.concatenate(found))
        kth = float(scores[-1]) if len(rows) == self.k else -math.inf
        growing = tuple(modality for modality, end in self.ends.items() if not certifies(kth, end))
        return SearchResult(rows, scores, not growing, len(self.rows)), growing

    def prove(self) -> SearchResult | None:
        """Let every track join whose bound reaches the k-th score; None without bounds, or where too many do."""
        bounds, index = self.index.bounds, self.index
        _, scores = best(self.rows, self.scores, self.k)
        if bounds is None or len(scores) < self.k:
            return None
        rows, upper = bounds.contenders(self.point, index.mix, float(scores[-1]), self.allowed, each=index.each)
        if len(rows) > FIRST * self.k:
            # The k-th score of what the lists found may be low; that of those who could be best is hardly ever.
            _, scores = self._join(rows[np.argpartition(-upper, FIRST * self.k)[: FIRST * self.k]])
            rows = rows[upper >= scores[-1]]
        if len(rows) > GATHER_SHARE * index.projections.n_tracks:
            return None
        rows, scores = self._join(rows)
        return SearchResult(rows, scores, True, len(self.rows))

    def _join(self, rows: IntArray) -> tuple[IntArray, FloatArray]:
        """Score those rows that are new, and return the k best of all."""
        new = np.setdiff1d(rows, self.rows)
        self.scores = np.concatenate((self.scores, self.index.score(self.point, new)))
        self.rows = np.concatenate((self.rows, new))
        return best(self.rows, self.scores, self.k)

    def _allow(self, rows: IntArray) -> IntArray:
        return rows if self.allowed is None else rows[self.allowed[rows]]


def certifies(kth_score: float, end: float) -> bool:
    """Whether the k-th exact score exceeds, by more than rounding, where a list ends."""
    if end == -math.inf:
        return True
    return kth_score - end > ROUNDING * (1 + max(abs(kth_score), abs(end)))
