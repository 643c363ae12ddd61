"""The score that orders candidates: one weighted sum over interpretable parts.

    joint-space score, in units of its own spread over the catalogue
    + share of the request's words that the track carries (BM25)
    + agreement with each soft constraint, and with each hard one that had to give way
    + the company that the track keeps with the listener's own (shared playlists, shared artist): the more the words
      ask for, the less it counts
    + nearness to tracks named as examples, minus nearness to tracks just disliked
    + nearness to what was liked or played in this session; the more that is, the less company counts beside it
    + a mild prior for known tracks, or in its place the popularity dial, whose wrong side counts more than its right
    - tracks of the listener's own history, and the discovery dial on their artists

Shapes: N tracks of the catalogue, C candidates, d joint width.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from recsys.catalogue import Catalogue
from recsys.constraints import Checked, closeness
from recsys.listeners import SESSION_LIKES
from recsys.recommendation import Query
from recsys.types import Constraint, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

#: Stands for a popularity that is not stated: a little below the middle.
_UNSTATED_POPULARITY = 0.4
#: What was demanded and had to give way still counts this many preferences.
_DEMANDED = 2.0
#: "Nothing too famous" is first of all a wish for no hits: the wrong side of the middle counts this many times.
_WRONG_SIDE = 3.0
#: A dial turned all the way adds so many times their weight to what was asked for, so that no wish pays for the dial.
_WISHES_FIRST = 4.0


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """What each part of the ranking counts for. `translation=0` is the pipeline without JAM."""

    translation: float = 0.6
    lexical: float = 1.5
    constraint: float = 1.2  # each soft constraint, fully met
    company: float = 6.0  # where the words ask for nothing in particular; divided by one more for each wish
    neighbours: float = 2.0
    moment: float = 2.0  # nearness to what was liked in this session, once it is very much
    disliked: float = 1.5
    popularity: float = 0.35
    fame: float = 2.5
    discovery: float = 1.0
    heard: float = 0.4
    me: float = 4.0  # nearness to the listener's vector, for each time that more of it than usual is asked for
    jitter: float = 0.25  # standard deviation of the seeded noise among near equals


@dataclass(frozen=True, slots=True)
class Taste:
    """A listener, as far as one turn needs it."""

    rows: IntArray  # (h,) tracks with a non-zero weight
    weights: FloatArray  # (h,)
    vector: FloatArray  # (d,) in the joint space; zero without history
    moment: tuple[int, ...] = ()  # rows that this session's events speak for

    @property
    def known(self) -> bool:
        """Whether the listener has a vector at all."""
        return bool(np.any(self.vector))

    @property
    def liked_rows(self) -> IntArray:
        """The rows that speak for themselves: weight above zero."""
        return self.rows[self.weights > 0]

    @property
    def moment_share(self) -> float:
        """How much of the listener this session is, 0–1: half after `SESSION_LIKES` tracks."""
        return len(self.moment) / (len(self.moment) + SESSION_LIKES)


class Ranker:
    """Scores candidates of one catalogue."""

    def __init__(
        self, catalogue: Catalogue, vocabulary: Vocabulary, vectors: FloatArray, weights: RankingWeights
    ) -> None:
        """Take the catalogue, the music vocabulary, the catalogue's unit track vectors (N, d) and the weights."""
        self.catalogue, self.vocabulary, self.vectors, self.weights = catalogue, vocabulary, vectors, weights
        popularity = catalogue.numeric["popularity"]
        self._popularity = np.where(np.isnan(popularity), _UNSTATED_POPULARITY, popularity).astype(np.float32)

    def scores(
        self,
        query: Query,
        taste: Taste,
        checked: Checked,
        rows: IntArray,
        translation: FloatArray,
        lexical: FloatArray,
        company: FloatArray,
        relaxed: Collection[Constraint] = (),
    ) -> FloatArray:
        """Score the candidates `rows` (C,).

        Args:
            query: the turn.
            taste: the listener.
            checked: the constraints, evaluated on every track.
            rows: the candidates.
            translation: (C,) joint-space scores in units of their spread.
            lexical: (N,) share of the request's words that each track carries.
            company: (N,) how much company each track keeps with the listener's own.
            relaxed: hard constraints that gave way; what comes near them is still better than what does not.
        """
        w = self.weights
        scores = np.float32(w.translation) * translation + np.float32(w.lexical) * lexical[rows]
        more_me = max(query.how_much_me - 1.0, 0.0)
        turned = abs(query.fame) + abs(query.discovery) + abs(query.how_much_me - 1.0) / 2
        for constraint, met in checked.pairs():
            if not constraint.hard or constraint in relaxed:
                weight = w.constraint * (_DEMANDED if constraint.hard else 1.0) * (1 + _WISHES_FIRST * turned)
                near = closeness(self.catalogue, self.vocabulary, constraint, met)
                scores += np.float32(weight) * near[rows]
        if query.like_rows:
            scores += np.float32(w.neighbours) * self.nearness(np.array(query.like_rows))[rows]
        if query.dislike_rows:
            scores -= np.float32(w.disliked) * np.maximum(self.nearness(np.array(query.dislike_rows))[rows], 0)
        popularity = self._popularity[rows]
        if query.fame:
            asked = np.sign(query.fame) * (popularity - np.float32(0.5))
            scores += np.float32(w.fame * abs(query.fame)) * np.where(asked < 0, _WRONG_SIDE * asked, asked)
        else:
            scores += np.float32(w.popularity) * popularity
        if len(taste.rows):
            n_wishes = sum(c.wanted for c in query.constraints) + bool(query.like_rows)
            usual_me = min(query.how_much_me, 1.0)
            long_term = usual_me * (1 - taste.moment_share)
            scores += np.float32(w.company * long_term / (1 + n_wishes)) * company[rows]
            if taste.moment and usual_me:
                near = self.nearness(np.array(taste.moment))[rows]
                scores += np.float32(w.moment * usual_me * taste.moment_share) * near
            if query.discovery >= 0:
                scores -= np.float32(w.heard) * np.isin(rows, taste.rows)
            artists = self.catalogue.artist_rows
            known = np.isin(artists[rows], np.unique(artists[taste.liked_rows]))
            scores -= np.float32(w.discovery * query.discovery) * known.astype(np.float32)
        if more_me and taste.known:
            own = (taste.vector / np.linalg.norm(taste.vector)).astype(np.float32)
            scores += np.float32(w.me * more_me) * (self.vectors[rows] @ own)
        return np.asarray(scores, dtype=np.float32)

    def nearness(self, rows: IntArray) -> FloatArray:
        """Cosine (N,) of every track to the nearest of the given ones."""
        result: FloatArray = (self.vectors @ self.vectors[rows].T).max(axis=1)
        return result
