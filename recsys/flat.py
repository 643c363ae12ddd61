"""A library seen flat: tracks that are alike lie near each other.

By t-SNE (van der Maaten and Hinton, 2008) over the main directions of the vectors, begun from the first two of them,
so that the same library always gives the same map.

Shapes: n tracks, D width of their vectors.
"""

from __future__ import annotations

import numpy as np

from recsys.types import FloatArray

#: Directions that t-SNE starts from: what lies beyond is noise to it.
_DIRECTIONS = 30
#: How many neighbours each track looks at.
_PERPLEXITY = 30.0
#: Of so many nearest tracks is told how many stay near.
NEAREST = 10


def flatten(vectors: FloatArray, *, seed: int, threads: int) -> FloatArray:
    """Place unit vectors (n, D) on a plane (n, 2), from -1 to 1."""
    from sklearn.manifold import TSNE

    n = len(vectors)
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    if n < 4 or not centred.any():
        return np.zeros((n, 2), np.float32)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    main = (left * sizes)[:, :_DIRECTIONS]
    start = np.zeros((n, 2))
    start[:, : min(2, main.shape[1])] = main[:, :2]
    start *= 1e-4 / max(float(start[:, 0].std()), 1e-12)
    placed = TSNE(
        perplexity=min(_PERPLEXITY, (n - 1) / 3), init=start, random_state=seed, n_jobs=threads, method="barnes_hut"
    ).fit_transform(main.astype(np.float32))
    placed -= (placed.max(axis=0) + placed.min(axis=0)) / 2
    return np.asarray(placed / max(float(np.abs(placed).max()), 1e-12), np.float32)


def kept_near(vectors: FloatArray, placed: FloatArray) -> float:
    """The share of every track's `NEAREST` by cosine that are among its nearest on the plane (n, 2), too."""
    n = len(vectors)
    if n < 2:
        return 1.0
    k = min(NEAREST, n - 1)
    shares = []
    for row in range(n):
        likeness = vectors @ vectors[row]
        distance = np.square(placed - placed[row]).sum(axis=1)
        likeness[row], distance[row] = -np.inf, np.inf
        near, nearby = np.argpartition(-likeness, k - 1)[:k], np.argpartition(distance, k - 1)[:k]
        shares.append(len(np.intersect1d(near, nearby)) / k)
    return float(np.mean(shares))
