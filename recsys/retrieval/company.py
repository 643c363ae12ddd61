"""The company tracks keep: which tracks share playlists and artists with the ones a listener chose.

    c(t) = Σ_h w_h·|playlists of t and h| / √(|playlists of t| + 1) + Σ_h w_h·[same main artist]
    company(t) = c(t) / max c · n / (n + 5)

over the listener's n positively weighted tracks h. A long history is trusted more than one like. The root keeps
tracks that are in every playlist from being everyone's company (cosine normalisation on one side; Sarwar et al. 2001).
A catalogue without playlists leaves the artists. Shapes: N tracks, P playlists, h tracks of history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from recsys.catalogue import Catalogue
from recsys.types import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: A history of so many tracks is trusted half.
_HALF_TRUSTED = 5.0


class Company:
    """Counts shared playlists and artists over one catalogue."""

    def __init__(self, catalogue: Catalogue, members: Sequence[IntArray] | None = None) -> None:
        """Build the membership matrix (N, P) of the catalogue's playlists, or of those whose rows are given."""
        from scipy.sparse import csr_array

        members = catalogue.collection_rows if members is None else members
        rows = np.concatenate([np.empty(0, dtype=np.int64), *members])
        columns = np.repeat(np.arange(len(members)), [len(one) for one in members])
        shape = (len(catalogue), max(len(members), 1))
        self._contains = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        self._contains.data[:] = 1  # a track listed twice in a playlist is in it once
        self._n_playlists = np.asarray(self._contains.sum(axis=1)).ravel()
        self._damping = (1 / np.sqrt(self._n_playlists + 1)).astype(np.float32)
        self._artists = catalogue.artist_rows

    def scores(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Score every track (N,), in 0–1, for a history `rows` (h,) with positive `weights` (h,).

        All zero for an empty history.
        """
        if not len(rows):
            return np.zeros(len(self._artists), dtype=np.float32)
        shared = self.beside(rows, weights)
        per_artist = np.bincount(self._artists[rows], weights, minlength=int(self._artists.max()) + 1)
        counted = shared + per_artist[self._artists]
        result: FloatArray = (counted * (trust(len(rows)) / counted.max())).astype(np.float32)
        return result

    def beside(self, rows: IntArray, weights: FloatArray, without: int | None = None) -> FloatArray:
        """Count the playlists that every track (N,) shares with a weighted history (h,), damped; `without` one."""
        per_playlist = weights @ self._contains[rows]  # (P,)
        if without is None:
            return np.asarray((self._contains @ per_playlist) * self._damping, dtype=np.float32)
        per_playlist[without] = 0
        others = self._n_playlists - self._contains[:, [without]].toarray().ravel()
        return np.asarray((self._contains @ per_playlist) / np.sqrt(others + 1), dtype=np.float32)

    def shared(self, row: int, rows: IntArray) -> IntArray:
        """Count the playlists that a track is in together with each of some (h,)."""
        return np.asarray((self._contains[[row]] @ self._contains[rows].T).toarray().ravel(), dtype=np.int64)

    def by_artist(self, artists: IntArray, n_artists: int) -> csr_array:
        """Tell which of A artists each playlist has: (A, P), for the artist of every track (N,)."""
        from scipy.sparse import csr_array

        tracks = self._contains.tocoo()
        rows, columns = artists[tracks.coords[0]], tracks.coords[1]
        shape = (n_artists, self._contains.shape[1])
        found = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        found.sum_duplicates()
        found.data[:] = 1
        return found


def trust(n: int) -> float:
    """How far a history of n tracks is trusted, below 1."""
    return n / (n + _HALF_TRUSTED)
