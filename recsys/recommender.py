"""Retrieve, rank, slate: the only door through which the conversation asks for tracks.

Shapes: N tracks of the catalogue, C candidates, d joint width.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from recsys.appeal.serving import unjudged
from recsys.catalogue import Catalogue
from recsys.constraints import YES, Agreement, agreement, check
from recsys.conversation_ranking import OF_RANKING, Candidacy, ConversationRanking, features_of
from recsys.encoders.text import TextEncoder
from recsys.filling import DEFAULT_SIZE, artist_caps, cleaned, fills, usual_size
from recsys.groups import FAIR, Fairness, for_all, pooled, united
from recsys.index.base import TrackIndex
from recsys.listeners import track_weights, was_heard_out
from recsys.lyrics.passages import Passages
from recsys.past import Past
from recsys.picking import picks_of
from recsys.placing import place, split
from recsys.portrait import Standpoint
from recsys.predicted import PredictedRows
from recsys.ranking import Ranker, RankingWeights, Taste
from recsys.reading import Reader
from recsys.recommendation import ConstraintCount, Pick, Place, Query, Recommendation, count_all
from recsys.retrieval.beside import beside_the_space
from recsys.retrieval.company import Company
from recsys.retrieval.continuing import Continuing
from recsys.retrieval.lexical import LexicalIndex
from recsys.retrieval.sequential import Following, steps_between
from recsys.slate import Candidates, arrange, choose
from recsys.timing import Clock
from recsys.translation import Translation
from recsys.turn import Found, Turn
from recsys.types import BoolArray, Constraint, Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

__all__ = ["ConstraintCount", "Pick", "Query", "RankingWeights", "Recommendation", "Recommender"]

#: What a track loses in a slate for each wish that it is known not to meet, where scores differ by some 5 at most: it
#: comes after all that go against fewer, so that no further wish costs an earlier one.
_GOES_AGAINST = 10.0
#: Candidates of the joint space where a conversation's own retrievers bring theirs.
_BESIDE_CONVERSATIONS = 100


class Recommender:
    """One published generation of a catalogue, ready to answer. Safe to share between threads."""

    def __init__(
        self,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        encoder: TextEncoder,
        translation: Translation,
        vectors: FloatArray,
        index: TrackIndex,
        lexical: LexicalIndex,
        *,
        half_life_days: float = 180.0,
        weights: RankingWeights | None = None,
        n_candidates: int = 600,
        conversations: ConversationRanking | None = None,
        continuing: Continuing | None = None,
        following: Following | None = None,
        passages: Passages | None = None,
        predicted: PredictedRows | None = None,
    ) -> None:
        """Put the parts of a generation together; `recsys.pipeline.open_recommender` does it from a folder."""
        self.conversations, self.following, self._predicted = conversations, following, predicted
        self.catalogue, self.vocabulary, self.index = catalogue, vocabulary, index
        self.company, self._continuing = Company(catalogue), continuing
        self.ranker = Ranker(catalogue, vocabulary, vectors, weights or RankingWeights())
        self._reader = Reader(encoder, lexical, self.ranker.weights.newest, passages)
        self._translation, self._vectors = translation, vectors
        self._half_life_days, self._n_candidates = half_life_days, n_candidates

    def recommend(self, query: Query, others: Sequence[Query] = (), fairness: Fairness = FAIR) -> Recommendation:
        """Answer one turn with a slate, or with the nearest possible one and what was relaxed for it.

        It is for all who ask: `others` ask the same with tastes of their own (`recsys.groups`).
        """
        clock = Clock()
        text_vector = self._reader.vector(query)
        clock.lap("encode")
        turn = self._prepare(self._with_examples(pooled(query, others)), text_vector)
        turns = [turn, *(self._prepare(self._with_examples(other), text_vector) for other in others)]  # G
        tiers, relaxable = self._tiers(turn)
        by_each = [self._retrieve(one, tiers, relaxable) for one in turns]
        found = united(by_each)
        clock.lap("retrieve")
        rows = found.rows  # (C,)
        asked = zip(turns, by_each, strict=True)
        of_each = np.stack([self._rank(one, replace(own, rows=rows), relaxable) for one, own in asked])  # (G, C)
        against = np.float32(_GOES_AGAINST) * turn.checked.against(rows).astype(np.float32)
        scores = (fairness.blend(of_each) if others else of_each[0]) + self._noise(query.seed)[rows] - against
        order = np.lexsort((rows, -scores, tiers[rows]))
        clock.lap("rank")
        query = turn.query
        candidates = self._candidates(query, rows[order], scores[order], tiers)
        if others:
            candidates = fairness.judged((of_each - against)[:, order], candidates, turns, self.catalogue.work)
        picked = choose(
            candidates,
            size=max(query.size or DEFAULT_SIZE, len(candidates.stay)),
            minutes=query.minutes,
            caps=artist_caps(self.catalogue, query),
            max_per_artist=query.max_per_artist,
            arc=query.arc,
        )
        ordered = arrange(candidates, picked, query.arc, steps_between(self.following, candidates.rows[picked]))
        clock.lap("slate")
        slate_rows = candidates.rows[ordered]
        relaxed = tuple(relaxable[: int(tiers[slate_rows].max(initial=0))])
        counts = count_all(self.catalogue, turn.checked.pairs(), slate_rows, relaxed)
        picks = self._picks(turn, candidates, ordered, found)
        if others:
            picks = for_all(picks, turns, self.index, candidates, ordered)
        clock.lap("reasons")
        return Recommendation(
            picks=picks,
            counts=counts,
            relaxed=relaxed,
            index=self.index.name,
            certified=found.certified,
            n_candidates=len(rows),
            timings_ms=clock.laps,
            has_taste=turn.taste.known,
            for_group=bool(others),
        )

    def rank(self, query: Query, k: int) -> tuple[IntArray, FloatArray]:
        """Rank the whole catalogue as `recommend` ranks its candidates: rows and scores (k,), best first.

        Hard constraints filter; nothing is relaxed, capped or reordered, and no noise is added.
        """
        found = self.stand(query, k)
        return found.rows, found.scores

    def stand(self, query: Query, k: int) -> Standpoint:
        """Say where a query stands in the joint space, and what `rank` finds from there."""
        turn = self._prepare(query, self._reader.vector(query))
        allowed = self._allowed(turn)
        rows = np.flatnonzero(allowed)
        scores = self._rank_all(turn, self._retrieve(turn, np.where(allowed, 0, -1)))[rows]
        order = np.lexsort((rows, -scores))[:k]
        return Standpoint(turn.point, turn.taste.known, rows[order], scores[order])

    def place(self, query: Query, rows: IntArray) -> tuple[Place, ...]:
        """Say where tracks (n,) stand for a query as `recommend` ranks them, whether it shows them or not."""
        turn = self._prepare(self._with_examples(query), self._reader.vector(query))
        tiers, relaxable = self._tiers(turn)
        found = self._retrieve(turn, tiers, relaxable)
        noise = self._noise(query.seed)
        ranked = self._rank_all(turn, found, relaxable)
        scores = ranked + noise
        candidates = self._candidates(turn.query, rows, scores[rows], tiers)
        picks = self._picks(turn, candidates, list(range(len(rows))), found)
        extra = None if turn.extra is None else np.float32(self.ranker.weights.translation) * turn.extra[rows]
        terms = self.ranker.terms(
            turn.query,
            turn.taste,
            turn.checked,
            rows,
            noise[rows],
            turn.words,
            turn.company,
            turn.moment,
            relaxable,
            turn.following,
        )
        scale = self._translation.scale(turn.query) * self.ranker.weights.translation
        parts = split(self.index.explain(turn.point, rows), scale, extra, terms)
        if self.conversations:
            parts["session"] = ranked[rows] - np.sum(list(parts.values()), axis=0)
        parts["chance"] = noise[rows]
        against = turn.checked.against(np.arange(len(tiers)))
        steps = np.where(tiers < 0, -1, tiers * (len(query.constraints) + 1) + against)
        return place(picks, scores, steps, turn.checked, parts, self._banned(turn.query))

    def agreement(self, constraint: Constraint, rows: IntArray) -> Agreement:
        """Tell for each of some rows (K,) whether its track meets a constraint: YES, NO or UNKNOWN."""
        return agreement(self.catalogue, self.vocabulary, constraint)[rows]

    def counts(self, constraints: Sequence[Constraint], rows: IntArray) -> tuple[ConstraintCount, ...]:
        """Count how many of some rows (K,) meet each of the constraints."""
        return count_all(self.catalogue, check(self.catalogue, self.vocabulary, constraints).pairs(), rows)

    # --- the turn's point and constraints ---

    def _with_examples(self, query: Query) -> Query:
        """Let artists that were asked for but cannot fill the slate stand as examples of what fills it up."""
        wanted = [c for c in query.constraints if c.facet is Facet.ARTIST and c.wanted and c.hard]
        rows = [row for c in wanted for key in c.values for row in self.catalogue.postings(Facet.ARTIST, key).tolist()]
        if not rows or len(rows) >= usual_size(query):
            return query
        return replace(query, like_rows=(*query.like_rows, *(r for r in rows if r not in query.like_rows)))

    def _with_session(self, query: Query) -> Query:
        """Let what was played to its end in this session speak for it as what was liked in it does."""
        own = Past.of(query.listener_events).own
        played = [e.track_id for e in own if e.session_id == query.session_id and was_heard_out(e)]
        rows = self.catalogue.rows(played if query.session_id is not None else [])
        new = tuple(dict.fromkeys(row for row in rows.tolist() if row not in (*query.liked_rows, *query.dislike_rows)))
        return replace(query, liked_rows=(*query.liked_rows, *new)) if new else query

    def beside(
        self, conversations: ConversationRanking | None, *, weights: RankingWeights | None = None, onward: bool = True
    ) -> Recommender:
        """The same, ranking conversations in another way or not at all, by other weights, or not by what comes next."""
        other = object.__new__(Recommender)
        other.__dict__.update(self.__dict__)
        other.conversations, other.following = conversations, self.following if onward else None
        if weights is not None:
            other.ranker = Ranker(self.catalogue, self.vocabulary, self._vectors, weights)
        return other

    def has_words(self, text: str) -> bool:
        """Tell whether any track has any of a text's words in its title, artists, album or tags."""
        return self._reader.knows(text)

    def _prepare(self, query: Query, text_vector: FloatArray) -> Turn:
        query = unjudged(self.catalogue, cleaned(self.catalogue, self._with_session(query)))
        taste = self._taste(query)
        query = replace(query, taste_first=query.taste_first and self._continuing is not None and len(taste.rows) > 0)
        liked = np.array(query.liked_rows, dtype=np.int64)
        point = self._translation.point(query, text_vector, taste.vector)
        said = np.float32(self.ranker.share_of_words(query))
        checked = self._reader.heed(check(self.catalogue, self.vocabulary, query.constraints))
        query = replace(query, constraints=checked.telling())
        return Turn(
            query=query,
            checked=checked,
            taste=taste,
            point=replace(point, query=said * point.query),
            extra=self._translation.extra(query, text_vector),
            lexical=self._reader.shares(query),
            lyrics=self._reader.lyrics(checked),
            company=(self._continuing or self.company).scores(taste.liked_rows, taste.weights[taste.weights > 0]),
            moment=self.company.scores(liked, np.ones(len(liked), dtype=np.float32)),
            evidence=self.conversations.evidence(query) if self.conversations and not query.taste_first else None,
            following=None if self.following is None else self.following.next_of(self.catalogue, query),
        )

    def _noise(self, seed: int) -> FloatArray:
        """What chance adds to every score (N,), so that near equals take turns."""
        noise = np.random.default_rng(seed).standard_normal(len(self.catalogue), dtype=np.float32)
        return np.float32(self.ranker.weights.jitter) * noise

    def _taste(self, query: Query) -> Taste:
        now = time.time() if query.now is None else query.now
        weights = track_weights(
            query.listener_events, now=now, half_life_days=self._half_life_days, session_id=query.session_id
        )
        rows = self.catalogue.rows(weights)
        signed = np.array([weights[self.catalogue.track_ids[row]] for row in rows.tolist()], dtype=np.float32)
        return Taste(rows, signed, self._translation.user_vector(query, rows, signed))

    def _score(self, turn: Turn, rows: IntArray, relaxed: Collection[Constraint] = ()) -> FloatArray:
        translation = self.index.score(turn.point, rows) * np.float32(self._translation.scale(turn.query))
        if turn.extra is not None:
            translation += turn.extra[rows]
        return self.ranker.scores(
            turn.query,
            turn.taste,
            turn.checked,
            rows,
            translation,
            turn.words,
            turn.company,
            turn.moment,
            relaxed,
            turn.following,
        )

    def _rank(self, turn: Turn, found: Found, relaxed: Collection[Constraint] = ()) -> FloatArray:
        """Score candidates (C,): by hand-set weights, and by what was learnt of how sessions go."""
        scores = self._score(turn, found.rows, relaxed)
        if self.conversations is None or turn.evidence is None:
            return scores
        jam = self.index.explain(turn.point, found.rows)
        return self.conversations.scores(turn.query, turn.evidence, found.rows, scores, jam, found.by)

    def _rank_all(self, turn: Turn, found: Found, relaxed: Collection[Constraint] = ()) -> FloatArray:
        """Score every track (N,); what is no candidate adds what the worst of them does to its hand-set score."""
        scores = self._score(turn, np.arange(len(self.catalogue)), relaxed)
        if self.conversations is None:
            return scores
        ranked = self._rank(turn, found, relaxed)
        scores *= self.conversations.share_of_hand_set(turn.query)
        scores += (ranked - scores[found.rows]).min(initial=0)
        scores[found.rows] = ranked
        return scores

    def candidates(self, query: Query, conversations: ConversationRanking, *, without: int | None = None) -> Candidacy:
        """Return what would be ranked for a query, to learn from; `without` is a playlist that must not count."""
        evidence = conversations.evidence(query, without=without)
        turn = replace(self.beside(None)._prepare(query, self._reader.vector(query)), evidence=evidence)
        rows = self._retrieve(turn, np.where(self._allowed(turn), 0, -1)).rows
        names = (*sorted(evidence), *OF_RANKING)
        jam = self.index.explain(turn.point, rows)
        return Candidacy(rows, names, features_of(evidence, rows, self._score(turn, rows), jam, names))

    # --- what may be shown ---

    def _allowed(self, turn: Turn, without: frozenset[int] = frozenset()) -> BoolArray:
        allowed = turn.checked.allowed(without) & ~self._banned(turn.query)
        allowed[[row for _, row in turn.query.fixed] + list(turn.query.must_rows)] = True
        return allowed

    def _banned(self, query: Query) -> BoolArray:
        """Mask the tracks (N,) that are kept out whatever is asked for: excluded or disliked ones, in any version."""
        banned = np.array([*query.exclude, *query.dislike_rows], dtype=np.int64)
        mask = np.isin(self.catalogue.work, self.catalogue.work[banned])
        return mask | (self.catalogue.explicit == 1) if query.clean else mask

    def _tiers(self, turn: Turn) -> tuple[IntArray, list[Constraint]]:
        """Number the tracks: 0 meets all hard constraints, t only after the first t relaxations, -1 never.

        Relaxes one more constraint, least important first, until the slate can be filled.
        """
        allowed = self._allowed(turn)
        tiers = np.where(allowed, 0, -1)
        relaxed: list[Constraint] = []
        without: frozenset[int] = frozenset()
        for number in turn.checked.relaxation_steps():
            if fills(self.catalogue, allowed, turn.query):
                break
            without |= {number}
            relaxed.append(turn.checked.constraints[number])
            allowed = self._allowed(turn, without)
            tiers[allowed & (tiers < 0)] = len(relaxed)
        return tiers, relaxed

    # --- candidates and picks ---

    def _retrieve(self, turn: Turn, tiers: IntArray, relaxed: Collection[Constraint] = ()) -> Found:
        """Unite the retrievers' candidates among the tracks of any tier from 0 on."""
        allowed = tiers >= 0
        k = self._n_candidates if turn.evidence is None else _BESIDE_CONVERSATIONS
        found: dict[str, IntArray] = {"translation": np.empty(0, dtype=np.int64)}
        certified = True
        with_jam = self.ranker.weights.translation != 0
        for tier in range(int(tiers.max(initial=0)) + 1 if with_jam else 0):
            result = self.index.search(turn.point, k, tiers == tier)
            certified &= result.certified
            found["translation"] = np.concatenate([found["translation"], result.rows])
        soft = [
            met == YES for c, met in turn.checked.pairs() if c.wanted and not c.hard and c in turn.query.constraints
        ]
        given_way = [met == YES for c, met in turn.checked.pairs() if c in relaxed]
        # What gave way is still looked for, one by one: only together was it too much.
        for wanted in ([np.logical_and.reduce(soft)] if soft else []) + given_way:
            result = self.index.search(turn.point, k, allowed & wanted)
            certified &= result.certified
            found["constraint"] = np.union1d(found.get("constraint", result.rows), result.rows)
        beside_the_space(found, turn, self.ranker, allowed, k)
        return Found(np.unique(np.concatenate(list(found.values()))), found, certified)

    def _candidates(self, query: Query, rows: IntArray, scores: FloatArray, tiers: IntArray) -> Candidates:
        titles = set(query.title_rows)
        places = {row: place for place, row in query.fixed}
        return Candidates(
            rows=rows,
            scores=scores,
            tiers=tiers[rows],
            works=self.catalogue.work[rows],
            artists=self.catalogue.artist_rows[rows],
            durations_s=self.catalogue.durations_s[rows],
            vectors=self._vectors[rows],
            energy=self.catalogue.numeric["energy"][rows],
            first=frozenset(p for p, row in enumerate(rows.tolist()) if row in titles),
            fixed={p: places[row] for p, row in enumerate(rows.tolist()) if row in places},
            must=frozenset(p for p, row in enumerate(rows.tolist()) if row in query.must_rows),
        )

    def _picks(self, turn: Turn, candidates: Candidates, ordered: list[int], found: Found) -> tuple[Pick, ...]:
        if not len(rows := candidates.rows[ordered]):
            return ()
        liked = turn.taste.liked_rows[: None if candidates.fits is None else 0]  # a group is not told whose tracks
        picks = picks_of(
            self.catalogue,
            rows,
            candidates.scores[ordered],
            parts=self.index.explain(turn.point, rows),
            average=self.index.explain(turn.point, found.rows),
            modalities=self._translation.modalities,
            found=found.by,
            pairs=turn.checked.pairs(),
            examples=np.concatenate([liked, np.array(turn.query.like_rows, dtype=np.int64)]),
            vectors=self._vectors,
            predicted=self._predicted,
        )
        return picks if self.following is None else self.following.told(self.catalogue, turn.query, picks)
