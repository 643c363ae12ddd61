"""Retrieve, rank, slate: the only door through which the conversation asks for tracks.

Shapes: N tracks of the catalogue, C candidates, d joint width.

Ranking (ours, weights in `RankingWeights`): joint-space score in units of its own spread over the catalogue, plus the
share of the request's words that a track carries (BM25), agreement with each soft constraint, nearness to tracks named
as examples, a mild prior for known tracks, and the dials. Ties and the order of equals depend on the seed alone.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from recsys.catalogue import Catalogue
from recsys.constraints import UNKNOWN, YES, Agreement, Checked, check, closeness
from recsys.encoders.text import TextEncoder
from recsys.index.base import JointPoint, TrackIndex
from recsys.jam.checkpoint import Checkpoint
from recsys.listeners import fold_in, track_weights
from recsys.recommendation import ConstraintCount, Pick, Query, Recommendation
from recsys.retrieval.lexical import LexicalIndex
from recsys.slate import Candidates, arrange, choose
from recsys.types import BoolArray, Constraint, Facet, FloatArray, IntArray, Modality
from recsys.vocabulary import Vocabulary

__all__ = ["ConstraintCount", "Pick", "Query", "RankingWeights", "Recommendation", "Recommender"]


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """What each part of the ranking counts for. `translation=0` is the pipeline without JAM."""

    translation: float = 1.0
    lexical: float = 1.5
    constraint: float = 1.2  # each soft constraint, fully met
    unwanted: float = 2.0  # each soft unwanted one, broken
    neighbours: float = 2.0
    disliked: float = 1.5
    popularity: float = 0.35
    fame: float = 2.5
    discovery: float = 1.0
    heard: float = 0.4  # tracks of the listener's own history step back a little
    jitter: float = 0.25  # standard deviation of the seeded noise among near equals


@dataclass(frozen=True, slots=True)
class _Taste:
    """A listener, as far as one turn needs it."""

    rows: IntArray  # (h,) tracks with a non-zero weight
    weights: FloatArray  # (h,)
    vector: FloatArray  # (d,) in the joint space; zero without history

    @property
    def known(self) -> bool:
        return bool(np.any(self.vector))


class Recommender:
    """One published generation of a catalogue, ready to answer."""

    def __init__(
        self,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        encoder: TextEncoder,
        checkpoint: Checkpoint,
        tables: dict[Modality, FloatArray],
        present: BoolArray,
        vectors: FloatArray,
        index: TrackIndex,
        lexical: LexicalIndex,
        *,
        half_life_days: float = 180.0,
        weights: RankingWeights | None = None,
        n_candidates: int = 600,
    ) -> None:
        """Put the parts of a generation together; `recsys.pipeline.open_recommender` does it from a folder."""
        self.catalogue, self.vocabulary, self.index = catalogue, vocabulary, index
        self._encoder, self._checkpoint = encoder, checkpoint
        self._tables, self._present, self._vectors, self._lexical = tables, present, vectors, lexical
        self._half_life_days, self._n_candidates = half_life_days, n_candidates
        self.weights = weights or RankingWeights()
        popularity = catalogue.numeric["popularity"]
        self._popularity = np.where(np.isnan(popularity), np.float32(0.4), popularity).astype(np.float32)
        self._encoded: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = Lock()

    def recommend(self, query: Query) -> Recommendation:
        """Answer one turn with a slate, or with the nearest possible one and what was relaxed for it."""
        clock = _Clock()
        text_vector = self._encode(query.text)
        clock.lap("encode")
        checked, soft = self._check(query.constraints)
        tiers, relaxed = self._tiers(query, checked)
        taste = self._taste(query)
        point = self._point(query, text_vector, taste)
        rows, sources, certified = self._retrieve(query, point, tiers, checked, soft)
        clock.lap("retrieve")
        noise = np.random.default_rng(query.seed).standard_normal(len(self.catalogue), dtype=np.float32)
        scores = self._rank(query, point, taste, rows, checked, soft)
        scores += np.float32(self.weights.jitter) * noise[rows]
        order = np.lexsort((rows, -scores, tiers[rows]))
        rows, scores = rows[order], scores[order]
        clock.lap("rank")
        candidates = self._candidates(query, rows, scores, tiers)
        caps = self._caps(query)
        picked = choose(
            candidates,
            size=query.size or 20,
            minutes=query.minutes,
            caps=caps,
            max_per_artist=query.max_per_artist,
        )
        ordered = arrange(candidates, picked)
        clock.lap("slate")
        slate_rows = candidates.rows[ordered]
        used = {int(t) for t in tiers[slate_rows]}
        gave_way = tuple(c for tier, c in relaxed if tier <= max(used, default=0))
        picks = self._picks(query, point, taste, candidates, ordered, rows, sources, checked)
        counts = tuple(_count(c, met[slate_rows], c in gave_way) for c, met in _pairs(checked))
        clock.lap("reasons")
        return Recommendation(
            picks=picks,
            counts=counts,
            relaxed=gave_way,
            index=self.index.name,
            certified=certified,
            n_candidates=len(rows),
            timings_ms=clock.laps,
            has_taste=taste.known,
        )

    def rank(self, query: Query, k: int) -> tuple[IntArray, FloatArray]:
        """Rank the whole catalogue as `recommend` ranks its candidates: rows and scores (k,), best first.

        Hard constraints filter; nothing is relaxed, capped or reordered, and no noise is added.
        """
        checked, soft = self._check(query.constraints)
        rows = np.flatnonzero(self._allowed(query, checked))
        taste = self._taste(query)
        point = self._point(query, self._encode(query.text), taste)
        scores = self._rank(query, point, taste, rows, checked, soft)
        order = np.lexsort((rows, -scores))[:k]
        return rows[order], scores[order]

    # --- parts of a turn ---

    def _encode(self, text: str) -> FloatArray:
        with self._lock:
            if text in self._encoded:
                self._encoded.move_to_end(text)
                return self._encoded[text]
        vector = self._encoder.encode([text])[0] if text.strip() else np.zeros(self._encoder.dim, dtype=np.float32)
        with self._lock:
            self._encoded[text] = vector
            if len(self._encoded) > 256:
                self._encoded.popitem(last=False)
        return vector

    def _check(self, constraints: Sequence[Constraint]) -> tuple[Checked | None, list[int]]:
        if not constraints:
            return None, []
        checked = check(self.catalogue, self.vocabulary, constraints)
        return checked, [n for n, c in enumerate(constraints) if not c.hard]

    def _allowed(self, query: Query, checked: Checked | None, without: frozenset[int] = frozenset()) -> BoolArray:
        allowed = np.ones(len(self.catalogue), dtype=bool) if checked is None else checked.allowed(without)
        banned = [*query.exclude, *query.dislike_rows]
        if banned:
            allowed = allowed & ~np.isin(self.catalogue.work, self.catalogue.work[np.array(banned)])
        return allowed

    def _tiers(self, query: Query, checked: Checked | None) -> tuple[IntArray, list[tuple[int, Constraint]]]:
        """Number the tracks: 0 meets all hard constraints, t only after t relaxations, -1 never.

        Relaxes one more constraint, least important first, until the slate can be filled.
        """
        tiers = np.full(len(self.catalogue), -1, dtype=np.int64)
        allowed = self._allowed(query, checked)
        tiers[allowed] = 0
        relaxed: list[tuple[int, Constraint]] = []
        without: frozenset[int] = frozenset()
        caps = self._caps(query)
        for number in checked.relaxation_steps() if checked else []:
            if self._enough(allowed, query, caps):
                break
            without |= {number}
            allowed = self._allowed(query, checked, without)
            tiers[allowed & (tiers < 0)] = len(relaxed) + 1
            relaxed.append((len(relaxed) + 1, query.constraints[number]))
        return tiers, relaxed

    def _enough(self, allowed: BoolArray, query: Query, caps: dict[int, int]) -> bool:
        """Whether the allowed tracks, one version a work and capped by artist, fill what was asked for."""
        rows = np.flatnonzero(allowed)
        if not len(rows):
            return False
        _, first = np.unique(self.catalogue.work[rows], return_index=True)
        rows = rows[first]
        artists, counts = np.unique(self.catalogue.artist_rows[rows], return_counts=True)
        capped = np.minimum(counts, query.max_per_artist)
        for artist, cap in caps.items():
            capped[artists == artist] = np.minimum(counts[artists == artist], cap)
        if query.minutes is None:
            return int(capped.sum()) >= (query.size or 20)
        if len(rows) > 2000:
            return True
        mean_s = float(np.mean([self.catalogue.duration_s(int(row))[0] for row in rows]))
        return float(capped.sum()) * mean_s >= query.minutes * 60.0 * 0.97

    def _caps(self, query: Query) -> dict[int, int]:
        """Lift the cap for artists that were asked for: they may fill the slate, shared evenly among them."""
        keys = [v for c in query.constraints if c.facet is Facet.ARTIST and c.wanted for v in c.values]
        numbers = {
            int(self.catalogue.artist_rows[row]) for key in keys for row in self.catalogue.postings(Facet.ARTIST, key)
        }
        size = query.size or (int((query.minutes or 60) / 3) + 1)
        share = size if len(keys) == 1 else max(query.max_per_artist, -(-size // max(len(keys), 1)) + 1)
        caps = dict.fromkeys(numbers, max(share, query.max_per_artist))
        for row in query.like_rows:
            caps.setdefault(int(self.catalogue.artist_rows[row]), 1)
        return caps

    def _taste(self, query: Query) -> _Taste:
        weights = track_weights(
            query.listener_events,
            now=time.time() if query.now is None else query.now,
            half_life_days=self._half_life_days,
        )
        pairs = [(int(self.catalogue.rows([t])[0]), w) for t, w in weights.items() if len(self.catalogue.rows([t]))]
        rows = np.array([row for row, _ in pairs], dtype=np.int64)
        signed = np.array([w for _, w in pairs], dtype=np.float32)
        return _Taste(rows, signed, self._user_vector(rows, signed))

    def _user_vector(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        raw = fold_in(rows, weights, self._tables, self._present) if len(rows) else None
        if raw is None:
            return np.zeros(self._vectors.shape[1], dtype=np.float32)
        return self._checkpoint.project("user", raw)

    def _point(self, query: Query, text_vector: FloatArray, taste: _Taste) -> JointPoint:
        """Translate: the listener's vector, with tracks named as examples as a listener of the moment, plus q."""
        user = np.float32(query.how_much_me) * taste.vector
        if query.like_rows:
            rows = np.array(query.like_rows, dtype=np.int64)
            moment = self._user_vector(rows, np.ones(len(rows), dtype=np.float32))
            user = np.float32(0.4) * user + moment
        silent = not np.any(text_vector)
        zero = np.zeros(self._vectors.shape[1], dtype=np.float32)
        return JointPoint(
            user=user.astype(np.float32),
            query=zero if silent else self._checkpoint.project("query", text_vector).astype(np.float32),
            key=self._checkpoint.project("mixer_query", text_vector).astype(np.float32),
        )

    def _retrieve(
        self, query: Query, point: JointPoint, tiers: IntArray, checked: Checked | None, soft: list[int]
    ) -> tuple[IntArray, dict[str, BoolArray], bool]:
        """Unite the retrievers' candidates: rows (C,), for each retriever a mask (N,), and the certificate."""
        allowed = tiers >= 0
        k = min(self._n_candidates, int(allowed.sum()))
        found: dict[str, IntArray] = {}
        certified = True
        for tier in range(int(tiers.max(initial=0)) + 1):
            result = self.index.search(point, k, tiers == tier)
            certified &= result.certified
            found["translation"] = np.union1d(found.get("translation", result.rows), result.rows)
        meets = allowed.copy()
        for number in soft:
            if checked is not None and query.constraints[number].wanted:
                meets &= checked.met[number] == YES
        if soft and meets.any():
            result = self.index.search(point, k, meets)
            certified &= result.certified
            found["constraint"] = result.rows
        lexical = np.where(allowed, self._lexical.scores(query.text), 0)
        best = np.argsort(-lexical, kind="stable")[: self._n_candidates // 3]
        found["lexical"] = best[lexical[best] > 0]
        if query.like_rows:
            near = np.where(allowed, self._nearness(np.array(query.like_rows)), -np.inf)
            best = np.argsort(-near, kind="stable")[: self._n_candidates // 3]
            found["neighbours"] = best[near[best] > 0]
        named = np.array(query.title_rows, dtype=np.int64)
        found["title"] = named[allowed[named]] if len(named) else named
        masks = {}
        for name, rows in found.items():
            masks[name] = np.zeros(len(tiers), dtype=bool)
            masks[name][rows] = True
        rows = np.flatnonzero(np.logical_or.reduce(list(masks.values())))
        return rows, masks, certified

    def _rank(
        self,
        query: Query,
        point: JointPoint,
        taste: _Taste,
        rows: IntArray,
        checked: Checked | None,
        soft: list[int],
    ) -> FloatArray:
        w, scale = self.weights, float(self._checkpoint.card["score_scale"])
        scores = np.zeros(len(rows), dtype=np.float32)
        if w.translation:
            scores += np.float32(w.translation / scale) * self.index.score(point, rows)
        scores += np.float32(w.lexical) * self._lexical.scores(query.text)[rows]
        for number in soft if checked is not None else []:
            constraint = query.constraints[number]
            worth = closeness(self.catalogue, constraint, checked.met[number])[rows]
            scores += np.float32(w.constraint if constraint.wanted else w.unwanted) * worth
        if query.like_rows:
            scores += np.float32(w.neighbours) * self._nearness(np.array(query.like_rows))[rows]
        if query.dislike_rows:
            scores -= np.float32(w.disliked) * np.maximum(self._nearness(np.array(query.dislike_rows))[rows], 0)
        popularity = self._popularity[rows]
        scores += np.float32(w.popularity) * popularity * (query.fame == 0)
        scores += np.float32(w.fame * query.fame) * (popularity - np.float32(0.5))
        if len(taste.rows):
            heard = np.isin(rows, taste.rows)
            artists = np.unique(self.catalogue.artist_rows[taste.rows[taste.weights > 0]])
            known = np.isin(self.catalogue.artist_rows[rows], artists)
            scores -= np.float32(w.heard) * heard * (query.discovery >= 0)
            scores -= np.float32(w.discovery * query.discovery) * known.astype(np.float32)
        return scores

    def _nearness(self, rows: IntArray) -> FloatArray:
        """Cosine (N,) of every track to the nearest of the given ones."""
        result: FloatArray = (self._vectors @ self._vectors[rows].T).max(axis=1)
        return result

    def _candidates(self, query: Query, rows: IntArray, scores: FloatArray, tiers: IntArray) -> Candidates:
        kept = self._keep(rows, tiers)
        rows, scores = rows[kept], scores[kept]
        titles = set(query.title_rows)
        return Candidates(
            rows=rows,
            scores=scores,
            tiers=tiers[rows],
            works=self.catalogue.work[rows],
            artists=self.catalogue.artist_rows[rows],
            durations_s=np.array([self.catalogue.duration_s(int(r))[0] for r in rows], dtype=np.float32),
            vectors=self._vectors[rows],
            energy=self.catalogue.numeric["energy"][rows],
            first=frozenset(p for p, row in enumerate(rows.tolist()) if row in titles),
        )

    def _keep(self, rows: IntArray, tiers: IntArray) -> slice:
        # What is ranked below this never reaches a slate of at most 200 tracks.
        return slice(0, self._n_candidates) if int(tiers.max()) == 0 else slice(0, 2 * self._n_candidates)

    def _picks(
        self,
        query: Query,
        point: JointPoint,
        taste: _Taste,
        candidates: Candidates,
        ordered: list[int],
        all_rows: IntArray,
        sources: dict[str, BoolArray],
        checked: Checked | None,
    ) -> tuple[Pick, ...]:
        rows = candidates.rows[ordered]
        if not len(rows):
            return ()
        parts = self.index.explain(point, rows)
        average = self.index.explain(point, all_rows)
        lift_query = np.maximum(parts.query - average.query.mean(), 0)
        lift_user = np.maximum(parts.user - average.user.mean(), 0)
        lift = lift_query + lift_user
        share = np.divide(lift_query, lift, out=np.zeros_like(lift), where=lift > 0)
        liked = np.concatenate([taste.rows[taste.weights > 0], np.array(query.like_rows, dtype=np.int64)])
        nearest = self._vectors[rows] @ self._vectors[liked].T if len(liked) else None
        picks = []
        for number, (position, row) in enumerate(zip(ordered, rows.tolist(), strict=True)):
            seconds, estimated = self.catalogue.duration_s(row)
            close = None
            if nearest is not None:
                line = np.where(liked == row, -1.0, nearest[number])
                best = int(np.argmax(line))
                close = (int(liked[best]), float(line[best])) if line[best] > 0 else None
            picks.append(
                Pick(
                    row=row,
                    track=self.catalogue.track(row),
                    duration_s=seconds,
                    duration_estimated=estimated,
                    score=float(candidates.scores[position]),
                    query_share=float(share[number]),
                    user_share=float(1 - share[number]) if lift[number] > 0 else 0.0,
                    modality_weights={
                        m.value: float(x) for m, x in zip(self._tables, parts.weights[number], strict=True)
                    },
                    retrievers=tuple(name for name, mask in sources.items() if mask[row]),
                    matched=tuple(c for c, met in _pairs(checked) if c.wanted and met[row] == YES),
                    nearest_liked=close,
                )
            )
        return tuple(picks)


def _pairs(checked: Checked | None) -> list[tuple[Constraint, Agreement]]:
    return [] if checked is None else list(zip(checked.constraints, checked.met, strict=True))


def _count(constraint: Constraint, met: Agreement, relaxed: bool) -> ConstraintCount:
    return ConstraintCount(
        constraint=constraint,
        n_met=int((met == YES).sum()),
        n_total=len(met),
        n_unknown=int((met == UNKNOWN).sum()),
        relaxed=relaxed,
    )


class _Clock:
    """Laps in milliseconds by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now
