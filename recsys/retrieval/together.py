"""What is found together: which artists and tracks share playlists, and what the playlists like the words hold.

Playlists are the catalogue's own collections; conversations that one learns from count as playlists named by what was
said in them. Counts only ever speak for a track: one that no playlist holds is not worse for it, since every trace of
how a track came into a catalogue would tell of the playlists that it is looked for in.

Shapes: N tracks, W works, A credited artists, P playlists, D encoder width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.types import FloatArray, IntArray

#: Likeness of words (cosine) below which a playlist's name says nothing.
_UNLIKE = 0.2


@dataclass(frozen=True, slots=True)
class Playlist:
    """One playlist: its tracks, and the texts that it is known by (a name, or what was said)."""

    rows: IntArray
    texts: tuple[str, ...] = ()


class Together:
    """Counts over the playlists of one catalogue. Safe to share between threads."""

    def __init__(
        self,
        playlists: Sequence[Playlist],
        artists: IntArray,
        works: IntArray,
        encode: Callable[[Sequence[str]], FloatArray],
        width: int,
    ) -> None:
        """Count.

        Args:
            playlists: P of them.
            artists: number of each track's main artist (N,).
            works: number of each track's work (N,).
            encode: texts to unit vectors (n, D).
            width: D.
        """
        self.n_playlists = max(len(playlists), 1)
        self._artists, self._works = artists, works
        n_artists, n_works = int(artists.max(initial=0)) + 1, int(works.max(initial=0)) + 1
        self._by_artist = _counted([artists[one.rows] for one in playlists], n_artists)
        self._tracks_by_artist = _counted([artists[np.unique(one.rows)] for one in playlists], n_artists, binary=False)
        self._by_work = _counted([works[one.rows] for one in playlists], n_works)
        self._n_artists_of = np.sqrt(np.asarray(self._by_artist.sum(axis=1)).ravel())
        texts = sorted({text for one in playlists for text in one.texts if text.strip()})
        vectors = dict(zip(texts, encode(texts), strict=True)) if texts else {}
        self._named = np.zeros((self.n_playlists, width), dtype=np.float32)
        for number, one in enumerate(playlists):
            known = [vectors[text] for text in one.texts if text in vectors]
            if known:
                mean = np.sum(known, axis=0)
                self._named[number] = mean / max(float(np.linalg.norm(mean)), 1e-6)

    def counts(
        self,
        liked: FloatArray,
        named: FloatArray,
        liked_works: IntArray,
        newest: FloatArray,
        whole: FloatArray,
        *,
        without: int | None = None,
    ) -> dict[str, FloatArray]:
        """Count what speaks for every track (N,), by name of the feature.

        Args:
            liked: times that each main artist (A,) was liked.
            named: 1 for each artist (A,) that was asked for.
            liked_works: numbers of the liked works.
            newest: vector of what was said last (D,).
            whole: vector of all that was said (D,).
            without: a playlist that does not count, because it is the one that is looked for.
        """
        counts = np.ones(self.n_playlists, dtype=np.float32)
        if without is not None:
            counts[without] = 0
        found: dict[str, FloatArray] = {}
        times = self._by_artist.T @ counts
        found["artist_in_playlists"] = times[self._artists]
        found["artist_tracks_in_playlists"] = (self._tracks_by_artist.T @ counts)[self._artists]
        found["track_in_playlists"] = (self._by_work.T @ counts)[self._works]
        for name, artists in (("liked", np.log1p(liked)), ("named", named)):
            shares = (self._by_artist @ artists[: self._by_artist.shape[1]]) * counts / (1 + self._n_artists_of)
            company = self._by_artist.T @ shares
            found[f"company_of_{name}"] = (company / np.sqrt(1 + times))[self._artists]
            found[f"company_of_{name}_counted"] = company[self._artists]
        held = np.zeros(self._by_work.shape[1], dtype=np.float32)
        held[liked_works] = 1
        found["tracks_beside_liked"] = (self._by_work.T @ ((self._by_work @ held) * counts))[self._works]
        alike = np.maximum(self._named @ whole - _UNLIKE, 0) * counts
        found["artist_in_alike_playlists"] = (self._by_artist.T @ alike)[self._artists]
        found["track_in_alike_playlists"] = (self._by_work.T @ alike)[self._works]
        alike = np.square(np.maximum(self._named @ newest - _UNLIKE, 0)) * counts
        found["artist_in_playlists_alike_now"] = (self._by_artist.T @ alike)[self._artists]
        return {name: values.astype(np.float32) for name, values in found.items()}


def _counted(members: Sequence[IntArray], width: int, *, binary: bool = True) -> csr_array:
    """A matrix (P, width) of how often, or whether, each playlist holds each number."""
    rows = np.repeat(np.arange(len(members)), [len(one) for one in members])
    columns = np.concatenate([np.empty(0, dtype=np.int64), *members])
    matrix = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(max(len(members), 1), width))
    matrix.sum_duplicates()
    if binary:
        matrix.data[:] = 1
    return matrix
