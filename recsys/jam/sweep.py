"""The exact JAM score of every track, for one request or for many, in tiles that stay in a core's cache.

The score is that of `recsys.jam.score`, by matrix products over vectors that were projected once, so its last bits
depend on the BLAS kernel. What softmax and mixing make on the way, several numbers for every track, modality and
request, is made for a tile at a time: memory is the result's and a fixed amount beside it, and nothing but the tables
is read from memory. A tile of tracks is taken for all requests before the next, so the tables are read once for up to
`_LINES` requests.

Shapes: B requests, N tracks, M modalities, d joint width; b requests and n tracks of a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.jam.score import Mixer, weighted
from recsys.types import FloatArray

if TYPE_CHECKING:
    from recsys.index.base import JointPoint, Projections

#: Requests, and cells (request × track), of a tile. Of 8 to 64 and 2¹¹ to 2¹⁷ the fastest, on 100,000 tracks of three
#: modalities and d = 128: half the time of tiles of eight requests, nine tenths of one tile.
_LINES, _CELLS = 64, 1 << 15


@dataclass(frozen=True, slots=True)
class Tile:
    """Some requests by some tracks. The arrays are overwritten by the next tile."""

    lines: slice  # of B
    rows: slice  # of N
    similarities: FloatArray  # (M, b, n) S
    logits: FloatArray  # (M, b, n) L
    scores: FloatArray  # (b, n)


def every_score(points: Sequence[JointPoint], projections: Projections, mix: Mixer) -> FloatArray:
    """Score every track for every point: (B, N)."""
    scores = np.empty((len(points), projections.n_tracks), np.float32)
    for tile in tiles(points, projections, mix):
        scores[tile.lines, tile.rows] = tile.scores
    return scores


def tiles(points: Sequence[JointPoint], projections: Projections, mix: Mixer) -> Iterator[Tile]:
    """Score every track for every point, tile by tile; together the tiles cover all of (B, N)."""
    if not points:
        return
    targets = np.stack([point.user + point.query for point in points])  # (B, d)
    keys = np.stack([point.key for point in points]) * np.float32(1 / math.sqrt(projections.dim))
    present = np.ascontiguousarray(projections.present.T)  # (M, N)
    n_lines = min(len(points), _LINES)
    width = max(1, _CELLS // n_lines)
    similarities = np.empty((len(present), n_lines * width), np.float32)
    logits = np.zeros_like(similarities)
    for first in range(0, projections.n_tracks, width):
        rows = slice(first, min(first + width, projections.n_tracks))
        for start in range(0, len(points), n_lines):
            lines = slice(start, min(start + n_lines, len(points)))
            shape = (len(present), lines.stop - lines.start, rows.stop - rows.start)
            # Modality-major and dense, because reductions over two or three modalities are many times faster so.
            cells = slice(shape[1] * shape[2])
            similarity, logit = similarities[:, cells], logits[:, cells]  # (M, b·n)
            for column, modality in enumerate(projections.modalities):
                _multiply(projections.item[modality][rows], targets[lines], similarity[column])
                if modality in projections.keys:
                    _multiply(projections.keys[modality][rows], keys[lines], logit[column])
            here = np.broadcast_to(present[:, None, rows], shape).reshape(len(present), -1)
            scores = weighted(mix(logit.T, here.T), similarity.T)
            yield Tile(lines, rows, similarity.reshape(shape), logit.reshape(shape), scores.reshape(shape[1:]))


def _multiply(table: FloatArray, vectors: FloatArray, out: FloatArray) -> None:
    """Write the products of vectors (b, d) with a table's rows (n, d) to `out` (b·n,)."""
    if len(vectors) == 1:
        np.matmul(table, vectors[0], out=out)
    else:
        np.matmul(vectors, table.T, out=out.reshape(len(vectors), len(table)))
