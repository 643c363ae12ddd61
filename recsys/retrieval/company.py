"""The company tracks keep: which tracks share playlists and artists with the ones a listener chose.

    company(t) = ( Σ_h w_h·|playlists of t and h| / √(|playlists of t| + 1) + Σ_h w_h·[same main artist] ) / Σ_h w_h

over the listener's positively weighted tracks h. The root keeps tracks that are in every playlist
from being everyone's company (cosine normalisation on one side; Sarwar et al. 2001). A catalogue without playlists
leaves the artists. Shapes: N tracks, P playlists, h tracks of history.
"""

from __future__ import annotations

import numpy as np

from recsys.catalogue import Catalogue
from recsys.types import FloatArray, IntArray


class Company:
    """Counts shared playlists and artists over one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Build the membership matrix (N, P) of the catalogue's playlists."""
        from scipy.sparse import csr_array

        members = catalogue.collection_rows
        rows = np.concatenate([np.empty(0, dtype=np.int64), *members])
        columns = np.repeat(np.arange(len(members)), [len(one) for one in members])
        shape = (len(catalogue), max(len(members), 1))
        self._contains = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        self._contains.data[:] = 1  # a track listed twice in a playlist is in it once
        n_playlists = np.asarray(self._contains.sum(axis=1)).ravel()
        self._damping = (1 / np.sqrt(n_playlists + 1)).astype(np.float32)
        self._artists = catalogue.artist_rows

    def scores(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Score every track (N,) for a history `rows` (h,) with positive `weights` (h,); zeros for an empty one."""
        if not len(rows):
            return np.zeros(len(self._artists), dtype=np.float32)
        per_playlist = weights @ self._contains[rows]  # (P,)
        shared = (self._contains @ per_playlist) * self._damping
        per_artist = np.bincount(self._artists[rows], weights, minlength=int(self._artists.max()) + 1)
        result: FloatArray = ((shared + per_artist[self._artists]) / weights.sum()).astype(np.float32)
        return result
