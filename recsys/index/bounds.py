"""How much can each track score at most? Bounds from the leading directions of the tracks' vectors.

The end of a list bounds what any track outside it can score, as if one track stood at the end of every list at once and
all weight were on the best of them. Modalities are nearly independent, so that no track does, and lists must grow to a
tenth of the catalogue before they prove anything. These bounds know the track:

    S_m ≤ Ŝ_m = t_r·v_m,r + ‖t_⊥‖ ‖v_m,⊥‖       t = u + q, in the r directions that hold most of the vectors' energy
    |L_m − L̂_m| ≤ δ_m = ‖k_⊥‖ ‖K_m x_m,⊥‖ / √d   likewise, with directions of the keys
    score ≤ Σ_m α̂_m Ŝ_m + tanh(δ/2) (max_m Ŝ_m − min_m Ŝ_m),   δ = max_m δ_m

The first two are Cauchy and Schwarz on what the directions leave out. The third: logits that are each off by at most δ
change the odds of any set of modalities by at most e^{2δ}, so the softmax moves by at most tanh(δ/2) in total
variation; weights that ignore the logits do not move at all.

A third of the numbers of the exact score tell for nearly every track that it cannot be among the best; the few for
which they do not are scored exactly. Nothing here depends on what an approximate search has found.

Shapes: N tracks, M modalities, d joint width, r directions of one table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.index.base import JointPoint, Projections
from recsys.jam.score import Mixer, weighted
from recsys.types import BoolArray, FloatArray, IntArray, Modality

#: Share of a table's energy (sum of squares), beyond its first direction, that the directions must hold. What is left
#: out adds to similarities, but only shifts weights.
KEPT = {"item": 0.97, "keys": 0.92}
#: Tracks at a time: what they need stays in a core's cache, and BLAS uses one core (of 2¹² to 2¹⁵ the fastest).
_TILE = 1 << 12
#: Tracks at a time for one thread.
_PART = 1 << 14
#: Rows from which the directions are taken.
_SAMPLE = 20_000
#: BLAS is fastest with rows of so many numbers, and its multiples.
_ALIGNED = 16
_ARRAYS = ("directions", "table", "rest")
#: Rounding of a float32 product, relative to the largest similarity: 20 times what was seen at d = 128.
_ROUNDING = 1e-5

_Found = tuple[IntArray, FloatArray]
#: Calls a function with every element, as `map` does.
Each = Callable[[Callable[[slice], _Found], Iterable[slice]], Iterable[_Found]]


@dataclass(frozen=True, slots=True)
class Leading:
    """A table (N, d) in its leading directions."""

    directions: FloatArray  # (d, r), orthonormal columns
    table: FloatArray  # (N, r), coordinates
    rest: FloatArray  # (N,), the norm of what they leave out

    @classmethod
    def of(cls, table: FloatArray, present: BoolArray, kept: float) -> Leading:
        """Find the fewest directions that hold the share `kept` of what the first leaves of the rows `present` (N,)."""
        rows = np.flatnonzero(present)
        sample = table[rows[:: max(len(rows) // _SAMPLE, 1)]].astype(np.float64)
        energies, vectors = np.linalg.eigh(sample.T @ sample)  # ascending
        # The first direction is mostly the mean, and says nothing of how the rows differ.
        beyond = np.cumsum(energies[-2::-1])
        n_directions = 2 + int(np.searchsorted(beyond, kept * beyond[-1])) if len(beyond) else 1
        n_directions = min(-(-n_directions // _ALIGNED) * _ALIGNED, table.shape[1])
        directions = np.ascontiguousarray(vectors[:, ::-1][:, :n_directions], dtype=np.float32)
        led = table @ directions
        rest = np.empty(len(table), np.float32)
        for first in range(0, len(table), _TILE):
            block = slice(first, first + _TILE)
            rest[block] = np.linalg.norm(table[block] - led[block] @ directions.T, axis=1)
        return cls(directions, led, rest)

    def split(self, vector: FloatArray) -> tuple[FloatArray, np.float32]:
        """Return the coordinates (r,) of a vector (d,), and the norm of what they leave out."""
        coordinates = vector @ self.directions
        return coordinates, np.float32(np.linalg.norm(vector - self.directions @ coordinates))


class ScoreBounds:
    """An upper bound of every track's score."""

    def __init__(self, item: Mapping[Modality, Leading], keys: Mapping[Modality, Leading], present: BoolArray) -> None:
        """Bound the tracks of tables that `of` or `load` made; `present` is (N, M)."""
        self.item, self.keys = item, keys
        self.present = np.ascontiguousarray(present.T)  # (M, N)
        self.dim = len(next(iter(item.values())).directions)

    @classmethod
    def of(cls, projections: Projections) -> ScoreBounds:
        """Make the tables."""

        def leading(tables: Mapping[Modality, FloatArray], kept: float) -> dict[Modality, Leading]:
            columns = {modality: column for column, modality in enumerate(projections.modalities)}
            return {m: Leading.of(table, projections.present[:, columns[m]], kept) for m, table in tables.items()}

        item, keys = (leading(getattr(projections, name), kept) for name, kept in KEPT.items())
        return cls(item, keys, projections.present)

    def save(self, folder: Path) -> None:
        """Write three `.npy` for each table; the folder must exist."""
        for name, tables in (("item", self.item), ("keys", self.keys)):
            for modality, leading in tables.items():
                for part in _ARRAYS:
                    np.save(folder / f"{part}-{name}-{modality}.npy", getattr(leading, part))

    @classmethod
    def load(cls, folder: Path, projections: Projections) -> ScoreBounds | None:
        """Read what `save` wrote, or None if it is not there; the tables stay on disk until they are touched."""

        def read(name: str, modality: Modality) -> Leading:
            paths = [folder / f"{part}-{name}-{modality}.npy" for part in _ARRAYS]
            return Leading(*(np.asarray(np.load(path, mmap_mode="r")) for path in paths))

        try:
            item = {modality: read("item", modality) for modality in projections.item}
            keys = {modality: read("keys", modality) for modality in projections.keys}
        except FileNotFoundError:
            return None
        return cls(item, keys, projections.present)

    def contenders(
        self, point: JointPoint, mix: Mixer, least: float, allowed: BoolArray | None = None, *, each: Each = map
    ) -> _Found:
        """Return the rows (n,), among those `allowed` (N,), whose score may reach `least`, and their bounds (n,).

        Args:
            point: what is looked for.
            mix: softmax over the present modalities, or weights that ignore the logits.
            least: the score to reach.
            allowed: rows that may be returned; None for all.
            each: calls a function with each part of the catalogue; the `map` of a pool of threads may.
        """
        n_tracks = self.present.shape[1]
        parts = [slice(first, min(first + _PART, n_tracks)) for first in range(0, n_tracks, _PART)]
        search = _Search(self, point, mix)

        def reaching(part: slice) -> _Found:
            bound = search.bound(part)
            reach = bound >= least
            if allowed is not None:
                reach &= allowed[part]
            return np.flatnonzero(reach) + part.start, bound[reach]

        found = list(each(reaching, parts))
        return np.concatenate([rows for rows, _ in found]), np.concatenate([bound for _, bound in found])


class _Search:
    """The bounds for one point."""

    def __init__(self, bounds: ScoreBounds, point: JointPoint, mix: Mixer) -> None:
        target, key = point.user + point.query, point.key / np.float32(math.sqrt(bounds.dim))
        columns = {modality: column for column, modality in enumerate(bounds.item)}
        self.present, self.mix = bounds.present, mix
        self.item = [(one, *one.split(target)) for one in bounds.item.values()]
        self.keys = {columns[modality]: (one, *one.split(key)) for modality, one in bounds.keys.items()}

    def bound(self, part: slice) -> FloatArray:
        """Bound the scores of some rows, with room for rounding."""
        bounds = np.empty(part.stop - part.start, np.float32)
        for first in range(part.start, part.stop, _TILE):
            rows = slice(first, min(first + _TILE, part.stop))
            bounds[rows.start - part.start : rows.stop - part.start] = self._tile(rows)
        return bounds

    def _tile(self, rows: slice) -> FloatArray:
        present = self.present[:, rows]  # (M, n)
        similarity = np.empty(present.shape, np.float32)
        logit = np.zeros(present.shape, np.float32)
        off = np.zeros(present.shape[1], np.float32)
        for column, (one, led, left) in enumerate(self.item):
            np.matmul(one.table[rows], led, out=similarity[column])
            similarity[column] += one.rest[rows] * left
        for column, (one, led, left) in self.keys.items():
            np.matmul(one.table[rows], led, out=logit[column])
            np.maximum(off, one.rest[rows] * left, out=off)
        slack = _ROUNDING * (1 + float(np.abs(similarity).max())) * (1 + float(np.abs(logit).max()))
        bound = weighted(self.mix(logit.T, present.T), similarity.T)
        highest = np.where(present, similarity, -np.inf).max(axis=0)
        lowest = np.where(present, similarity, np.inf).min(axis=0)
        off *= 0.5
        bound += np.tanh(off, out=off) * np.maximum(highest - lowest, 0)  # no modality: -inf, so 0
        bound += np.float32(slack)
        return bound
