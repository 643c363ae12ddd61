"""Ranking by how a session went: what a conversation says of every track, and the trees that learnt to weigh it.

    score = (hand-set score + w · LambdaRank(evidence, JAM's shares, hand-set score)) / (1 + w / 2)

The hand-set score (`recsys.ranking`) keeps what a listener sets outright: dials, demands, what was passed over. Where a
catalogue says of its tracks what genre and mood they are of, that score has facets to go by, and what was learnt on
bare names has not been shown to help; so w falls with the share of the tracks that are described, to nothing where all
are, and with how far the dials are turned. Without a learnt ranker the retrievers' weighted reciprocal ranks stand in
its place; beside one that learnt from made conversations they keep a share. Shapes: N tracks, C candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.catalogue import Catalogue
from recsys.jam.score import ScoreParts
from recsys.lambdarank import HAND_SET, LambdaRank
from recsys.recommendation import Conversation, Query
from recsys.retrieval.conversing import Conversing
from recsys.retrieval.fusion import fuse
from recsys.types import Facet, FloatArray, IntArray

#: What the ranking itself knows of a candidate, beside the evidence of the conversation.
OF_RANKING = (HAND_SET, "jam_words", "jam_taste")
#: Where a ranker's card says what share of the score fused reciprocal ranks keep beside it: half of that of the made
#: conversations among those that it learnt from.
BESIDE_FUSION = "beside_fusion"
#: What fused reciprocal ranks are multiplied with, to be of the size of the trees' scores.
_FUSED = 40.0
#: What the trees' scores are multiplied with on a catalogue of bare names.
FULL_WEIGHT = 20.0
#: The trees' scores differ by about twice less than hand-set ones; the sum is brought back to the size of these, which
#: the seeded noise and the variety of a slate are set against.
_LARGER = 2.0
#: A dial turned all the way divides the weight by one more than this.
_DIALS_FIRST = 4.0


@dataclass(frozen=True, slots=True)
class Candidacy:
    """What is ranked for one query."""

    rows: IntArray  # (C,)
    names: tuple[str, ...]  # of the features
    features: FloatArray  # (C, K)


class ConversationRanking:
    """Reads a query's conversation and scores candidates by it. Safe to share between threads."""

    def __init__(
        self, conversing: Callable[[], Conversing], learned: LambdaRank | None, weight: float = FULL_WEIGHT
    ) -> None:
        """Take what opens the reading of conversations when the first turn needs it, and the learnt ranker."""
        self._open, self.learned, self.weight = conversing, learned, weight

    @cached_property
    def conversing(self) -> Conversing:
        """What reads conversations."""
        return self._open()

    def beside(
        self, conversing: Conversing | None = None, learned: LambdaRank | None = None, weight: float | None = None
    ) -> ConversationRanking:
        """The same ranking with other playlists, another ranker, or another weight of it."""
        reads = conversing
        return ConversationRanking(
            self._open_once if reads is None else lambda: reads,
            self.learned if learned is None else learned,
            self.weight if weight is None else weight,
        )

    def without_trees(self) -> ConversationRanking:
        """The same ranking by reciprocal rank fusion."""
        return ConversationRanking(self._open_once, None, self.weight)

    def _open_once(self) -> Conversing:
        return self.conversing

    def weight_for(self, query: Query) -> float:
        """What the trees' scores are multiplied with for a query: nothing where its words are but a playlist's name."""
        if query.taste_first:
            return 0.0
        turned = abs(query.fame) + abs(query.discovery) + abs(query.how_much_me - 1.0)
        return self.weight / (1 + _DIALS_FIRST * turned)

    def evidence(self, query: Query, *, without: int | None = None) -> dict[str, FloatArray]:
        """Everything that a query's conversation says of every track, (N,) each by name."""
        said = query.conversation or Conversation((query.text,), (), (query.liked_rows,), (query.dislike_rows,))
        return self.conversing.turn(said, without=without).everything

    def scores(
        self,
        query: Query,
        evidence: Mapping[str, FloatArray],
        rows: IntArray,
        hand_set: FloatArray,
        jam: ScoreParts,
        found: Mapping[str, IntArray],
    ) -> FloatArray:
        """Score candidates (C,), whose hand-set scores (C,) are given; what comes out is of their size."""
        share = 1.0 if self.learned is None else float(self.learned.card.get(BESIDE_FUSION, 0.0))
        scores = np.zeros(len(rows), dtype=np.float32)
        if share:
            scores += np.float32(share * _FUSED) * fuse(found, len(next(iter(evidence.values()))))[rows]
        if self.learned is not None:
            trees = self.learned.scores(features_of(evidence, rows, hand_set, jam, self.learned.names))
            scores += np.float32(1 - share) * trees
        weight = self.weight_for(query)
        return (hand_set + np.float32(weight) * scores) * np.float32(self.share_of_hand_set(query))

    def share_of_hand_set(self, query: Query) -> float:
        """What is left of a hand-set score in the whole one."""
        return 1 / (1 + self.weight_for(query) / _LARGER)


def undescribed(catalogue: Catalogue) -> float:
    """The share of a catalogue's tracks whose sources state neither a genre nor a mood, whatever was inferred."""
    stated = [catalogue.stated(facet) & ~catalogue.derived(facet, heard=False) for facet in (Facet.GENRE, Facet.MOOD)]
    return float(np.mean(~(stated[0] | stated[1])))


def features_of(
    evidence: Mapping[str, FloatArray],
    rows: IntArray,
    hand_set: FloatArray,
    jam: ScoreParts,
    names: tuple[str, ...],
) -> FloatArray:
    """Put the features of candidates into a matrix (C, K), in the order of `names`.

    Scores whose scale is a catalogue's are given as distances from the candidates' best, in their own spread.
    """
    ranking = {HAND_SET: _standing(hand_set), "jam_words": _standing(jam.query), "jam_taste": _standing(jam.user)}
    columns = [ranking[name] if name in ranking else evidence[name][rows] for name in names]
    return np.stack(columns, axis=1).astype(np.float32)


def _standing(scores: FloatArray) -> FloatArray:
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.max(initial=-np.inf)) / np.float32(spread) if spread > 1e-6 else np.zeros_like(scores)
