"""What continues a collection of tracks, learnt from the playlists of a catalogue.

Half of a playlist is a question whose answer is its other half. Trees learn from the playlists that a catalogue came
with what the tracks that were put together have in common, beside artists and other playlists: years, fame, how they
sound, what they are called. A listener's own tracks are then continued as a playlist is. A playlist that is learnt from
counts for nothing in its own question, and nothing is used that it alone may have told of its tracks (genres, tags,
vectors learnt from them); counts over playlists may only speak for a track.

    score(t) = [LambdaRank(features(t)) - median] / [best - median], at least 0, · n / (n + 5)

over the candidates, for a listener's n tracks. Shapes: N tracks, P playlists, A main artists, h tracks of history,
C candidates, D encoder width, F numeric facts, K features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.catalogue import Catalogue
from recsys.lambdarank import LambdaRank, RankedTurn, RankerSettings
from recsys.retrieval.company import Company, trust
from recsys.retrieval.top import top
from recsys.types import FloatArray, IntArray, Progress

#: Playlists of at least `FEWEST` tracks that are needed to learn from, and that are learnt from at most.
LEAST, _MOST = 50, 1_000
FEWEST = 4
#: Tracks that are in none of a playlist's halves, of each question.
_N_WRONG = 300
#: What each way of finding candidates brings: the company, and the artists of the company.
_N_CANDIDATES = 300
#: Tracks of the history that the nearest are sought among: a long one is not read whole for every request.
_MOST_HEARD = 200
#: Standard deviations below which a fact is not told apart more finely, however alike a history is in it.
_FINEST = 0.3
_RISING = frozenset(
    {"artist_share", "artist_count", "album_count", "beside", "company", "artist_company", "artist_company_counted"}
)


@dataclass(frozen=True, slots=True)
class _Question:
    """A history, and what is counted of it once."""

    rows: IntArray  # (h,)
    artists: FloatArray  # (A,) its tracks by main artist
    beside: FloatArray  # (N,) playlists shared with it
    artist_company: FloatArray  # (A,) artists beside its own in playlists
    artist_counted: FloatArray  # (A,) not damped


class Continuing:
    """Scores tracks as what continues a history. Safe to share between threads."""

    def __init__(
        self, catalogue: Catalogue, names: FloatArray, company: Company, learned: LambdaRank | None = None
    ) -> None:
        """Take the catalogue, unit vectors of the tracks' names (N, D), its playlists counted, and what was learnt."""
        self._company, self._names, self._learned = company, names, learned
        self._artists = catalogue.artist_rows
        self._n_artists = int(self._artists.max(initial=0)) + 1
        albums = [f"{artist}\n{album}" for artist, album in zip(self._artists.tolist(), catalogue.albums, strict=True)]
        _, self._albums = np.unique(np.array(albums), return_inverse=True)
        self._has_album = np.array([bool(album) for album in catalogue.albums])
        self._by_artist = company.by_artist(self._artists, self._n_artists)  # (A, P)
        self._sizes = np.sqrt(np.asarray(self._by_artist.sum(axis=0)).ravel())  # (P,)
        self._kinds = tuple(sorted(kind for kind, of in catalogue.numeric.items() if not np.all(np.isnan(of))))
        facts = np.stack([catalogue.numeric[kind] for kind in self._kinds], axis=1) if self._kinds else None
        self._facts = np.zeros((len(catalogue), 0), dtype=np.float32) if facts is None else _standardised(facts)
        self._popularity = catalogue.numeric["popularity"].astype(np.float32)

    @property
    def names_of_features(self) -> tuple[str, ...]:
        """The features, in their order."""
        counts = ("artist_share", "artist_count", "album_count", "beside", "company", "artist_company")
        facts = tuple(f"{kind}_apart" for kind in self._kinds)
        likeness = ("apart", "apart_from_nearest", "apart_from_three", "popularity", "n_heard")
        return (*counts, "artist_company_counted", *facts, *likeness, "name_mean", "name_nearest", "name_nearest_five")

    def scores(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Score every track (N,), in 0–1, for a history `rows` (h,) with positive `weights` (h,).

        All zero for an empty history; the company itself where nothing was learnt.
        """
        company = self._company.scores(rows, weights)
        if self._learned is None or not len(rows):
            return company
        asked = self._ask(rows, weights * (len(rows) / weights.sum()))
        found = self._candidates(asked)
        ranked = self._learned.scores(self._features(asked, found))
        usual, best = float(np.median(ranked)), float(ranked.max())
        result = np.zeros(len(company), dtype=np.float32)
        if best > usual:
            result[found] = np.maximum(ranked - usual, 0) * np.float32(trust(len(rows)) / (best - usual))
        return result

    # --- one question ---

    def _ask(self, rows: IntArray, weights: FloatArray, without: int | None = None) -> _Question:
        """Count what a history tells, as if the playlist `without` were not there."""
        artists = np.bincount(self._artists[rows], weights, minlength=self._n_artists).astype(np.float32)
        counts = np.ones(self._by_artist.shape[1], dtype=np.float32)
        if without is not None:
            counts[without] = 0
        shares = (self._by_artist.T @ np.log1p(artists)) * counts / (1 + self._sizes)
        counted = self._by_artist @ shares
        damped = counted / np.sqrt(1 + self._by_artist @ counts)
        beside = self._company.beside(rows, weights, without)
        return _Question(rows, artists, beside, _scaled(damped), (counted / len(rows)).astype(np.float32))

    def _candidates(self, asked: _Question) -> IntArray:
        """Rows of what may continue a history (C,): beside it in playlists, by its artists, by artists beside those."""
        known = asked.beside + asked.artists[self._artists]
        beside = asked.artist_company[self._artists] * (1 + 1e-3 * np.nan_to_num(self._popularity))
        found = np.union1d(top(known, _N_CANDIDATES + len(asked.rows)), top(beside, _N_CANDIDATES + len(asked.rows)))
        return found.astype(np.int64)

    def _features(self, asked: _Question, rows: IntArray) -> FloatArray:
        """The features (C, K) of candidates, in the order of `names_of_features`."""
        heard = asked.rows[-_MOST_HEARD:]
        n, artists = len(asked.rows), self._artists[rows]
        albums = np.bincount(self._albums[asked.rows][self._has_album[asked.rows]], minlength=self._albums.max() + 1)
        company = asked.beside + asked.artists[self._artists]
        columns = [
            asked.artists[artists] / n,
            asked.artists[artists],
            np.where(self._has_album[rows], albums[self._albums[rows]], 0),
            asked.beside[rows] / n,
            company[rows] / max(float(company[rows].max(initial=0)), 1e-9),
            asked.artist_company[artists],
            asked.artist_counted[artists],
            *self._apart(heard, rows).T,
            self._popularity[rows],
            np.full(len(rows), n),
            *_nearness(self._names[rows] @ self._names[heard].T),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _apart(self, heard: IntArray, rows: IntArray) -> FloatArray:
        """How far candidates are from a history (C, F + 3): by fact, in all, from its nearest and three nearest."""
        if not self._kinds:
            return np.zeros((len(rows), 3), dtype=np.float32)
        own, other = self._facts[heard], self._facts[rows]
        known = ~np.isnan(own)
        n_known = known.sum(axis=0)
        middle = np.where(n_known, np.nansum(own, axis=0) / np.maximum(n_known, 1), np.nan)
        spread = np.sqrt(np.nansum(np.square(own - middle), axis=0) / np.maximum(n_known, 1)) + _FINEST
        each = np.abs(other - middle) / spread
        apart = np.nansum(each, axis=1) / np.maximum((~np.isnan(each)).sum(axis=1), 1)
        own, other = np.nan_to_num(own), np.nan_to_num(other)
        squares = np.square(other).sum(axis=1)[:, None] + np.square(own).sum(axis=1)[None] - 2 * other @ own.T
        n_near = min(3, len(heard))
        near = np.sqrt(np.maximum(np.partition(squares, n_near - 1, axis=1)[:, :n_near], 0))
        result: FloatArray = np.column_stack([each, apart, near.min(axis=1), near.mean(axis=1)]).astype(np.float32)
        return result

    # --- learning ---

    @classmethod
    def learn(
        cls,
        catalogue: Catalogue,
        names: FloatArray,
        company: Company,
        *,
        seed: int,
        threads: int,
        progress: Progress | None = None,
    ) -> LambdaRank | None:
        """Learn from the catalogue's playlists; None where there are fewer than `LEAST` to learn from.

        Every playlist is asked twice: for a half by the other, and for a half by a few of the other.
        """
        playlists = [(n, np.unique(rows)) for n, rows in enumerate(catalogue.collection_rows)]
        playlists = [(number, rows) for number, rows in playlists if len(rows) >= FEWEST]
        if len(playlists) < LEAST:
            return None
        rng = np.random.default_rng(seed)
        drawn = np.sort(rng.permutation(len(playlists))[:_MOST]).tolist()
        continuing, turns = cls(catalogue, names, company), []
        for done, (number, rows) in enumerate(playlists[place] for place in drawn):
            shuffled = rng.permutation(rows)
            half = len(rows) // 2
            for n_heard in (half, int(rng.integers(1, half + 1))):
                asked = continuing._ask(shuffled[:n_heard], np.ones(n_heard, dtype=np.float32), number)
                found = np.setdiff1d(continuing._candidates(asked), asked.rows)
                turn = RankedTurn(continuing._features(asked, found), np.isin(found, shuffled[half:]))
                turns.append(turn.thinned(_N_WRONG, rng))
            if progress:
                progress("playlists", done + 1, len(drawn))
        if not any(turn.right.any() for turn in turns):
            return None
        settings = RankerSettings(n_trees=200, min_leaf=50, feature_share=0.5, threads=threads, seed=seed)
        card = {"learnt_from": f"{len(drawn)} playlists of the catalogue"}
        return LambdaRank.fit(turns, continuing.names_of_features, settings, card, rising=_RISING)


def _standardised(facts: FloatArray) -> FloatArray:
    result: FloatArray = (facts - np.nanmean(facts, axis=0)) / np.maximum(np.nanstd(facts, axis=0), 1e-6)
    return result.astype(np.float32)


def _scaled(values: FloatArray) -> FloatArray:
    result: FloatArray = (values / max(float(values.max(initial=0)), 1e-9)).astype(np.float32)
    return result


def _nearness(cosines: FloatArray) -> Sequence[FloatArray]:
    """Mean, greatest and mean of the five greatest of cosines (C, h): (C,) each."""
    n_near = min(5, cosines.shape[1])
    near = -np.partition(-cosines, n_near - 1, axis=1)[:, :n_near]
    return cosines.mean(axis=1), near.max(axis=1), near.mean(axis=1)
