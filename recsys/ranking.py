"""The score that orders candidates: one weighted sum over interpretable parts.

    joint-space score, in units of its own spread over the catalogue
    + share of the request's words that the track carries (BM25)
    + agreement with each soft constraint, and with each hard one that had to give way
    - how unsure each value is by which it meets one, where its source does not state it
    - how far the track is from typical of each mood and activity asked for, where its sound is what speaks for it
    + the company that the track keeps with the listener's own (shared playlists, shared artist): the more the words
      ask for, the less it counts
    + nearness to tracks named as examples, minus nearness to tracks just disliked
    + company and nearness of what was liked in this session, in full; minus what was passed over beside it
    + what comes after this session so far, where a model of that is switched on: the more the words ask for, the less
    + artists asked for after other wishes
    + a mild prior for known tracks, or in its place the popularity dial, whose wrong side counts more than its right;
      where popularity is not stated, what is predicted of it, if anything is (`recsys.appeal.serving`)
    - tracks of the listener's own history, and the discovery dial on their artists

Shapes: N tracks of the catalogue, C candidates, d joint width.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.attributes.wishes import doubt_of
from recsys.catalogue import Catalogue
from recsys.constraints import YES, Checked, closeness
from recsys.recommendation import Query
from recsys.types import Constraint, Facet, FloatArray, IntArray
from recsys.typicality import typicality
from recsys.vocabulary import Vocabulary

#: What a part of a score is for; "translation" is JAM's, of the words and the taste.
Part = Literal["translation", "words", "taste", "examples", "dislikes", "fame"]

#: Stands for a popularity that is not stated: a little below the middle.
_UNSTATED_POPULARITY = 0.4
#: What was demanded and had to give way still counts this many preferences.
_DEMANDED = 2.0
#: "Nothing too famous" is first of all a wish for no hits: the wrong side of the middle counts this many times.
_WRONG_SIDE = 3.0
#: A dial turned all the way adds so many times their weight to what was asked for, so that no wish pays for the dial.
_WISHES_FIRST = 4.0
#: What comes after a session counts at most so much, whatever it counts in the radio: alone, and beside a wish, where
#: it is less than that. Where all that comes next is what a wish refuses, 20 tracks of the starter meet the wish at .63
#: (without a model .68; with 2.0 in the place of 1.0, .56; without bounds, .03).
_MOST_FOLLOWING_ALONE, _MOST_FOLLOWING = 6.0, 1.0


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """What each part of the ranking counts for. `translation=0` is the pipeline without JAM."""

    translation: float = 0.6
    lexical: float = 1.5
    constraint: float = 1.2  # each soft constraint, fully met
    derived: float = 30.0  # what a track loses that meets a demand by a value that is not stated: more than it can gain
    doubt: float = 4.0  # and what more it loses where that value is not sure at all
    typical: float = 2.5  # what a track loses that passes for a mood or activity by its sound, and is nothing like it
    company: float = 6.0  # where the words ask for nothing in particular; divided by one more for each wish
    named: float = 0.05  # words that only name a playlist, where what continues one was learnt
    neighbours: float = 2.0
    disliked: float = 2.5
    popularity: float = 0.35
    fame: float = 2.5
    moment: float = 2.0  # the company of what was liked in this session, whatever the words ask for
    liked: float = 1.0  # nearness to it
    liked_alone: float = 6.0  # nearness to it where the words ask for nothing in particular
    passed: float = 1.5  # shown beside it, and passed over
    following: float = 0.5  # what comes after this session so far: of what that counts in the radio, measured there
    lead: float = 4.0  # artists asked for after other wishes
    newest: float = 0.5  # share of what was said last among the words of a session, 0–1
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

    @property
    def known(self) -> bool:
        """Whether the listener has a vector at all."""
        return bool(np.any(self.vector))

    @property
    def liked_rows(self) -> IntArray:
        """The rows that speak for themselves: weight above zero."""
        return self.rows[self.weights > 0]


class Ranker:
    """Scores candidates of one catalogue."""

    def __init__(
        self, catalogue: Catalogue, vocabulary: Vocabulary, vectors: FloatArray, weights: RankingWeights
    ) -> None:
        """Take the catalogue, the music vocabulary, the catalogue's unit track vectors (N, d) and the weights."""
        self.catalogue, self.vocabulary, self.vectors, self.weights = catalogue, vocabulary, vectors, weights
        popularity = catalogue.numeric["popularity"]
        self._popularity = np.where(np.isnan(popularity), _UNSTATED_POPULARITY, popularity).astype(np.float32)
        appeal = catalogue.appeal
        self._likely = self._popularity if appeal is None else appeal.popularity(popularity, _UNSTATED_POPULARITY)

    def scores(
        self,
        query: Query,
        taste: Taste,
        checked: Checked,
        rows: IntArray,
        translation: FloatArray,
        lexical: FloatArray,
        company: FloatArray,
        moment: FloatArray,
        relaxed: Collection[Constraint] = (),
        following: FloatArray | None = None,
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
            moment: (N,) and with those liked in this session.
            relaxed: hard constraints that gave way; what comes near them is still better than what does not.
            following: (N,) what each track gains in the radio as what comes after this session so far, from 0 to the
                model's weight there; None where nothing tells.
        """
        terms = self.terms(query, taste, checked, rows, translation, lexical, company, moment, relaxed, following)
        _, scores = next(terms)
        for _, term in terms:
            scores += term
        return np.asarray(scores, dtype=np.float32)

    def terms(
        self,
        query: Query,
        taste: Taste,
        checked: Checked,
        rows: IntArray,
        translation: FloatArray,
        lexical: FloatArray,
        company: FloatArray,
        moment: FloatArray,
        relaxed: Collection[Constraint] = (),
        following: FloatArray | None = None,
    ) -> Iterator[tuple[Part, FloatArray]]:
        """Yield what `scores` adds up, each with the part of the score that it belongs to: (C,), beginning with JAM."""
        w = self.weights
        yield "translation", np.float32(w.translation) * translation
        said = self.share_of_words(query)
        yield "words", np.float32(w.lexical * said) * lexical[rows]
        more_me = max(query.how_much_me - 1.0, 0.0)
        n_wishes = sum(c.wanted for c in query.constraints) + bool(query.like_rows)
        turned = abs(query.fame) + abs(query.discovery) + abs(query.how_much_me - 1.0) / 2
        for constraint, met in checked.pairs():
            doubt = doubt_of(self.catalogue, constraint) if constraint.wanted else None
            if not constraint.hard or constraint in relaxed:
                # The dial that gems turn is a part of that very wish: their quality must not outweigh it.
                first = 0.0 if constraint.facet is Facet.APPEAL else _WISHES_FIRST * turned
                weight = said * w.constraint * (_DEMANDED if constraint.hard else 1.0) * (1 + first)
                near = closeness(self.catalogue, self.vocabulary, constraint, met, doubt)
                yield "words", np.float32(weight) * near[rows]
            elif doubt is not None:  # all that are left meet it
                lost = np.float32(w.derived) * (doubt[rows] > 0) + np.float32(w.doubt) * doubt[rows]
                yield "words", -(np.float32(said) * lost * (met[rows] == YES))
            if (typical := typicality(self.catalogue, self.vocabulary, constraint, met, rows)) is not None:
                yield "words", np.float32(w.typical * said) * np.nan_to_num(typical - 1)
        if query.like_rows:
            yield "examples", np.float32(w.neighbours) * self.nearness(np.array(query.like_rows))[rows]
        if query.dislike_rows:
            near = np.maximum(self.nearness(np.array(query.dislike_rows))[rows], 0)
            yield "dislikes", -(np.float32(w.disliked) * near)
        if query.liked_rows:
            yield "taste", np.float32(w.moment) * moment[rows]
            liked = w.liked if n_wishes else w.liked_alone
            yield "taste", np.float32(liked) * self.nearness(np.array(query.liked_rows))[rows]
        if following is not None and (most := float(following.max(initial=0))) > 0:
            bound = _MOST_FOLLOWING if n_wishes else _MOST_FOLLOWING_ALONE
            share = min(w.following, bound / most) / (1 + n_wishes * said)
            yield "taste", np.float32(share) * following[rows]
        if query.passed_rows:
            yield "dislikes", -(np.float32(w.passed) * np.isin(rows, query.passed_rows))
        for key in sorted(query.lead):
            yield "words", np.float32(w.lead) * np.isin(rows, self.catalogue.postings(Facet.ARTIST, key))
        # What is predicted only stands in for what is not known: of one's own tracks, one knows better.
        popularity = self._likely[rows]
        if self._likely is not self._popularity and len(taste.rows):
            popularity = np.where(np.isin(rows, taste.rows), self._popularity[rows], popularity)
        if query.fame:
            asked = np.sign(query.fame) * (popularity - np.float32(0.5))
            yield "fame", np.float32(w.fame * abs(query.fame)) * np.where(asked < 0, _WRONG_SIDE * asked, asked)
        else:
            yield "fame", np.float32(w.popularity) * popularity
        if len(taste.rows):
            usual_me = min(query.how_much_me, 1.0)
            yield "taste", np.float32(w.company * usual_me / (1 + n_wishes * said)) * company[rows]
            if query.discovery >= 0:
                yield "taste", -(np.float32(w.heard) * np.isin(rows, taste.rows))
            artists = self.catalogue.artist_rows
            known = np.isin(artists[rows], np.unique(artists[taste.liked_rows]))
            yield "taste", -(np.float32(w.discovery * query.discovery) * known.astype(np.float32))
        if more_me and taste.known:
            own = (taste.vector / np.linalg.norm(taste.vector)).astype(np.float32)
            yield "taste", np.float32(w.me * more_me) * (self.vectors[rows] @ own)

    def share_of_words(self, query: Query) -> float:
        """What the words of a query count, of what they usually do."""
        return self.weights.named if query.taste_first else 1.0

    def typical(self, checked: Checked) -> FloatArray | None:
        """How typical every track (N,) sounds of the moods and activities asked for, together; None if of none."""
        rows = np.arange(len(self.catalogue))
        graded = [typicality(self.catalogue, self.vocabulary, c, met, rows) for c, met in checked.pairs()]
        known = [values for values in graded if values is not None]
        return np.nansum(known, axis=0, dtype=np.float32) if known else None

    def nearness(self, rows: IntArray) -> FloatArray:
        """Cosine (N,) of every track to the nearest of the given ones."""
        result: FloatArray = (self.vectors @ self.vectors[rows].T).max(axis=1)
        return result
