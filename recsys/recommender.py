"""Retrieve, rank, slate: the only door through which the conversation asks for tracks.

Shapes: N tracks of the catalogue, C candidates, d joint width.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from recsys.catalogue import Catalogue
from recsys.constraints import UNKNOWN, YES, Agreement, Checked, check
from recsys.encoders.text import TextEncoder
from recsys.index.base import JointPoint, TrackIndex
from recsys.listeners import track_weights
from recsys.portrait import Standpoint, lift_shares
from recsys.ranking import Ranker, RankingWeights, Taste
from recsys.recommendation import ConstraintCount, Pick, Query, Recommendation
from recsys.retrieval.company import Company
from recsys.retrieval.lexical import LexicalIndex
from recsys.slate import Candidates, arrange, choose
from recsys.translation import Translation
from recsys.types import BoolArray, Constraint, Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

__all__ = ["ConstraintCount", "Pick", "Query", "RankingWeights", "Recommendation", "Recommender"]

_DEFAULT_SIZE = 20
_REMEMBERED_TEXTS = 256


@dataclass(frozen=True, slots=True)
class _Turn:
    """Everything one turn knows before candidates are drawn."""

    query: Query
    checked: Checked
    taste: Taste
    point: JointPoint
    lexical: FloatArray  # (N,)
    company: FloatArray  # (N,)
    extra: FloatArray | None  # (N,) what is added to the joint-space scores, if anything


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
    ) -> None:
        """Put the parts of a generation together; `recsys.pipeline.open_recommender` does it from a folder."""
        self.catalogue, self.vocabulary, self.index = catalogue, vocabulary, index
        self._company = Company(catalogue)
        self.ranker = Ranker(catalogue, vocabulary, vectors, weights or RankingWeights())
        self._encoder, self._translation = encoder, translation
        self._vectors, self._lexical = vectors, lexical
        self._half_life_days, self._n_candidates = half_life_days, n_candidates
        self._encoded: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = Lock()

    def recommend(self, query: Query) -> Recommendation:
        """Answer one turn with a slate, or with the nearest possible one and what was relaxed for it."""
        clock = _Clock()
        text_vector = self._encode(query.text)
        clock.lap("encode")
        turn = self._prepare(self._with_examples(query), text_vector)
        tiers, relaxable = self._tiers(turn)
        rows, sources, certified = self._retrieve(turn, tiers, relaxable)
        clock.lap("retrieve")
        scores = self._score(turn, rows, relaxable)
        noise = np.random.default_rng(query.seed).standard_normal(len(self.catalogue), dtype=np.float32)
        scores += np.float32(self.ranker.weights.jitter) * noise[rows]
        order = np.lexsort((rows, -scores, tiers[rows]))
        clock.lap("rank")
        query = turn.query
        candidates = self._candidates(query, rows[order], scores[order], tiers)
        picked = choose(
            candidates,
            size=query.size or _DEFAULT_SIZE,
            minutes=query.minutes,
            caps=self._caps(query),
            max_per_artist=query.max_per_artist,
        )
        ordered = arrange(candidates, picked)
        clock.lap("slate")
        slate_rows = candidates.rows[ordered]
        deepest = int(tiers[slate_rows].max(initial=0))
        relaxed = tuple(relaxable[:deepest])
        counts = tuple(_count(c, met[slate_rows], c in relaxed) for c, met in turn.checked.pairs())
        picks = self._picks(turn, candidates, ordered, rows, sources)
        clock.lap("reasons")
        return Recommendation(
            picks=picks,
            counts=counts,
            relaxed=relaxed,
            index=self.index.name,
            certified=certified,
            n_candidates=len(rows),
            timings_ms=clock.laps,
            has_taste=turn.taste.known,
        )

    def rank(self, query: Query, k: int) -> tuple[IntArray, FloatArray]:
        """Rank the whole catalogue as `recommend` ranks its candidates: rows and scores (k,), best first.

        Hard constraints filter; nothing is relaxed, capped or reordered, and no noise is added.
        """
        found = self.stand(query, k)
        return found.rows, found.scores

    def stand(self, query: Query, k: int) -> Standpoint:
        """Say where a query stands in the joint space, and what `rank` finds from there."""
        turn = self._prepare(query, self._encode(query.text))
        rows = np.flatnonzero(self._allowed(turn))
        scores = self._score(turn, rows)
        order = np.lexsort((rows, -scores))[:k]
        return Standpoint(turn.point, turn.taste.known, rows[order], scores[order])

    # --- the turn's point and constraints ---

    def _with_examples(self, query: Query) -> Query:
        """Let artists that were asked for but cannot fill the slate stand as examples of what fills it up."""
        wanted = [c for c in query.constraints if c.facet is Facet.ARTIST and c.wanted and c.hard]
        rows = [row for c in wanted for key in c.values for row in self.catalogue.postings(Facet.ARTIST, key).tolist()]
        size = query.size or int((query.minutes or _DEFAULT_SIZE * 4.0) / 4.0)
        if not rows or len(rows) >= size:
            return query
        return replace(query, like_rows=(*query.like_rows, *(r for r in rows if r not in query.like_rows)))

    def has_words(self, text: str) -> bool:
        """Tell whether any track has any of a text's words in its title, artists, album or tags."""
        return bool(np.any(self._lexical.scores(text)))

    def _encode(self, text: str) -> FloatArray:
        with self._lock:
            if text in self._encoded:
                self._encoded.move_to_end(text)
                return self._encoded[text]
        vector = self._encoder.encode([text])[0] if text.strip() else np.zeros(self._encoder.dim, dtype=np.float32)
        with self._lock:
            self._encoded[text] = vector
            if len(self._encoded) > _REMEMBERED_TEXTS:
                self._encoded.popitem(last=False)
        return vector

    def _prepare(self, query: Query, text_vector: FloatArray) -> _Turn:
        taste = self._taste(query)
        return _Turn(
            query=query,
            checked=check(self.catalogue, self.vocabulary, query.constraints),
            taste=taste,
            point=self._translation.point(query, text_vector, taste.vector),
            extra=self._translation.extra(query, text_vector),
            lexical=self._lexical.scores(query.text),
            company=self._company.scores(taste.liked_rows, taste.weights[taste.weights > 0]),
        )

    def _taste(self, query: Query) -> Taste:
        now = time.time() if query.now is None else query.now
        weights = track_weights(
            query.listener_events, now=now, half_life_days=self._half_life_days, session_id=query.session_id
        )
        known = [(int(row), w) for t, w in weights.items() for row in self.catalogue.rows([t])]
        rows = np.array([row for row, _ in known], dtype=np.int64)
        signed = np.array([w for _, w in known], dtype=np.float32)
        here = {e.track_id for e in query.listener_events if query.session_id and e.session_id == query.session_id}
        moment = tuple(row for row in rows[signed > 0].tolist() if self.catalogue.track_ids[row] in here)
        return Taste(rows, signed, self._translation.user_vector(query, rows, signed), moment)

    def _score(self, turn: _Turn, rows: IntArray, relaxed: Collection[Constraint] = ()) -> FloatArray:
        translation = self.index.score(turn.point, rows) * np.float32(self._translation.scale(turn.query))
        if turn.extra is not None:
            translation += turn.extra[rows]
        return self.ranker.scores(
            turn.query, turn.taste, turn.checked, rows, translation, turn.lexical, turn.company, relaxed
        )

    # --- what may be shown ---

    def _allowed(self, turn: _Turn, without: frozenset[int] = frozenset()) -> BoolArray:
        allowed = turn.checked.allowed(without)
        banned = [*turn.query.exclude, *turn.query.dislike_rows]
        if banned:
            allowed &= ~np.isin(self.catalogue.work, self.catalogue.work[np.array(banned)])
        return allowed

    def _tiers(self, turn: _Turn) -> tuple[IntArray, list[Constraint]]:
        """Number the tracks: 0 meets all hard constraints, t only after the first t relaxations, -1 never.

        Relaxes one more constraint, least important first, until the slate can be filled.
        """
        allowed = self._allowed(turn)
        tiers = np.where(allowed, 0, -1)
        relaxed: list[Constraint] = []
        without: frozenset[int] = frozenset()
        for number in turn.checked.relaxation_steps():
            if self._enough(allowed, turn.query):
                break
            without |= {number}
            relaxed.append(turn.query.constraints[number])
            allowed = self._allowed(turn, without)
            tiers[allowed & (tiers < 0)] = len(relaxed)
        return tiers, relaxed

    def _enough(self, allowed: BoolArray, query: Query) -> bool:
        """Whether the allowed tracks, one version a work and capped by artist, fill what was asked for."""
        rows = np.flatnonzero(allowed)
        _, first = np.unique(self.catalogue.work[rows], return_index=True)
        rows = rows[first]
        artists, counts = np.unique(self.catalogue.artist_rows[rows], return_counts=True)
        caps = self._caps(query)
        limits = np.array([caps.get(int(a), query.max_per_artist) for a in artists], dtype=np.int64)
        n_usable = int(np.minimum(counts, limits).sum())
        if query.minutes is None or not n_usable:
            return n_usable >= (query.size or _DEFAULT_SIZE)
        return n_usable * float(self.catalogue.durations_s[rows].mean()) >= query.minutes * 60.0

    def _caps(self, query: Query) -> dict[int, int]:
        """Lift the cap of artists that were asked for, who share the slate evenly; one track of each example's."""
        keys = [v for c in query.constraints if c.facet is Facet.ARTIST and c.wanted for v in c.values]
        size = query.size or int((query.minutes or 60.0) / 2) + 1
        share = size if len(keys) == 1 else -(-size // max(len(keys), 1)) + 1
        caps = {int(self.catalogue.artist_rows[row]): 1 for row in query.like_rows}
        for key in keys:
            for row in self.catalogue.postings(Facet.ARTIST, key):
                caps[int(self.catalogue.artist_rows[row])] = max(share, query.max_per_artist)
        return caps

    # --- candidates and picks ---

    def _retrieve(
        self, turn: _Turn, tiers: IntArray, relaxed: Collection[Constraint]
    ) -> tuple[IntArray, dict[str, BoolArray], bool]:
        """Unite the retrievers' candidates: rows (C,), for each retriever a mask (N,), and the certificate."""
        allowed = tiers >= 0
        k = self._n_candidates
        found: dict[str, IntArray] = {"translation": np.empty(0, dtype=np.int64)}
        certified = True
        for tier in range(int(tiers.max(initial=0)) + 1):
            result = self.index.search(turn.point, k, tiers == tier)
            certified &= result.certified
            found["translation"] = np.concatenate([found["translation"], result.rows])
        soft = [met == YES for c, met in turn.checked.pairs() if c.wanted and not c.hard]
        given_way = [met == YES for c, met in turn.checked.pairs() if c in relaxed]
        # What gave way is still looked for, one by one: only together was it too much.
        for wanted in ([np.logical_and.reduce(soft)] if soft else []) + given_way:
            result = self.index.search(turn.point, k, allowed & wanted)
            certified &= result.certified
            found["constraint"] = np.union1d(found.get("constraint", result.rows), result.rows)
        found["lexical"] = _top(np.where(allowed, turn.lexical, 0), k // 3)
        if turn.query.how_much_me:
            found["company"] = _top(np.where(allowed, turn.company, 0), k // 3)
        if turn.extra is not None:
            above = turn.extra - turn.extra.min()
            found["memory"] = _top(np.where(allowed, above, 0), k)
        if near_to := [*turn.query.like_rows, *(turn.taste.moment if turn.query.how_much_me else ())]:
            near = self.ranker.nearness(np.array(near_to))
            found["neighbours"] = _top(np.where(allowed, near, 0), k // 3)
        titles = np.array(turn.query.title_rows, dtype=np.int64)
        found["title"] = titles[allowed[titles]]
        masks = {}
        for name, rows in found.items():
            masks[name] = np.zeros(len(tiers), dtype=bool)
            masks[name][rows] = True
        return np.flatnonzero(np.logical_or.reduce(list(masks.values()))), masks, certified

    def _candidates(self, query: Query, rows: IntArray, scores: FloatArray, tiers: IntArray) -> Candidates:
        titles = set(query.title_rows)
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
        )

    def _picks(
        self,
        turn: _Turn,
        candidates: Candidates,
        ordered: list[int],
        all_rows: IntArray,
        sources: dict[str, BoolArray],
    ) -> tuple[Pick, ...]:
        rows = candidates.rows[ordered]
        if not len(rows):
            return ()
        parts, average = self.index.explain(turn.point, rows), self.index.explain(turn.point, all_rows)
        query_share, user_share = lift_shares(parts, average)
        examples = np.concatenate([turn.taste.liked_rows, np.array(turn.query.like_rows, dtype=np.int64)])
        nearest = self._nearest(rows, examples)
        picks = []
        for number, (position, row) in enumerate(zip(ordered, rows.tolist(), strict=True)):
            seconds, estimated = self.catalogue.duration_s(row)
            weights = zip(self._translation.modalities, parts.weights[number], strict=True)
            picks.append(
                Pick(
                    row=row,
                    track=self.catalogue.track(row),
                    duration_s=seconds,
                    duration_estimated=estimated,
                    score=float(candidates.scores[position]),
                    query_share=float(query_share[number]),
                    user_share=float(user_share[number]),
                    modality_weights={modality: float(weight) for modality, weight in weights},
                    retrievers=tuple(name for name, mask in sources.items() if mask[row]),
                    matched=tuple(c for c, met in turn.checked.pairs() if c.wanted and met[row] == YES),
                    nearest_liked=nearest[number],
                )
            )
        return tuple(picks)

    def _nearest(self, rows: IntArray, examples: IntArray) -> list[tuple[int, float] | None]:
        """For each row, the closest of the examples other than itself and its cosine, where that is positive."""
        if not len(examples):
            return [None] * len(rows)
        cosines = np.where(examples == rows[:, None], -1.0, self._vectors[rows] @ self._vectors[examples].T)
        best = cosines.argmax(axis=1)
        return [(int(examples[b]), float(c[b])) if c[b] > 0 else None for b, c in zip(best, cosines, strict=True)]


def _top(values: FloatArray, k: int) -> IntArray:
    """Rows of the k largest positive values, ties by row."""
    k = min(k, len(values))
    if k < len(values):
        floor = np.partition(values, len(values) - k)[len(values) - k]
        rows = np.flatnonzero(values >= max(float(floor), 1e-12))
    else:
        rows = np.flatnonzero(values > 0)
    return rows[np.argsort(-values[rows], kind="stable")][:k]


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
