"""The systems of `segue eval cpcd`, by the name that the command line knows them by.

The product's are its recommender with its defaults, asked as a session asks it; what differs between them is what the
ranker learnt from, or that a single retriever ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from evals.cpcd_baselines import BASELINES
from evals.cpcd_context import Context, Factory
from recsys.conversation_ranking import BESIDE_FUSION, ConversationRanking
from recsys.dialogues import Dialogue, Heard
from recsys.lambdarank import HAND_SET, RISING, LambdaRank, RankerSettings
from recsys.ranker_training import beside_goals, fit_ranker, ranked_turns
from recsys.ranking import RankingWeights
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.retrieval.fusion import RETRIEVERS, scores_of
from recsys.types import IntArray, TrackId
from recsys.walk_talk import WalkSettings
from recsys.walks import walk_dialogues

#: How the names of features begin that come from the facts of well-known artists, and from what was rated.
OF_FACTS = ("fame", "song_rank", "known", "genre_", "decade_", "years_", "facts_")
OF_RATINGS = ("liked_", "disliked_")
#: Made conversations that the synthetic ranker learns from.
N_WALKS = 400
MADE = WalkSettings(say_names=False)
#: What made conversations are made of, each left out by itself.
WITHOUT = {
    "walks": replace(MADE, stops=(1.0,)),  # one place from the first turn to the last
    "bias": replace(MADE, bias=0.0),  # on the way to the target over any places
    "slips": replace(MADE, words=replace(MADE.words, typo=0.0, name_typo=0.0, short=0.0, run_together=0.0)),
    "chat": replace(MADE, words=replace(MADE.words, reaction=0.0, chat=0.0, chat_first=0.0)),
    "artists": replace(MADE, more_of_artist=0.0),  # liked beyond a stop because their artist is
}


class _Product:
    """The product's recommender over the catalogue of a run, and the queries of what was heard."""

    def __init__(self, context: Context) -> None:
        self.agent = context.assistant.serving()
        self._queries: dict[Heard, Query] = {}

    @property
    def recommender(self) -> Recommender:
        return self.agent.recommender

    @property
    def conversations(self) -> ConversationRanking:
        conversations = self.recommender.conversations
        if conversations is None:
            raise RuntimeError("the catalogue has no text vectors; conversations cannot be read")
        return conversations

    def ask(self, heard: Heard) -> Query:
        """The query of a turn."""
        if heard not in self._queries:
            self._queries[heard] = self.agent.hear(heard)
        return self._queries[heard]

    def ids(self, rows: IntArray) -> list[TrackId]:
        ids = self.recommender.catalogue.track_ids
        return [ids[row] for row in rows.tolist()]


def _product(context: Context) -> _Product:
    return context.once("product", lambda: _Product(context))


class Segue:
    """The product: its ranker learnt from the training dialogues, their goals as the catalogue's playlists."""

    def __init__(self, context: Context, seed: int, *, name: str = "segue", without: Sequence[str] = ()) -> None:
        """Stand for the product, without the features whose names begin so."""
        self.name, self._seed, self._without = name, seed, tuple(without)
        self._context, self._product = context, _product(context)
        self._recommender = self._base()

    def _base(self) -> Recommender:
        """The product's recommender, or that without anything of JAM's."""
        recommender = self._product.recommender
        if "jam_" not in self._without:
            return recommender
        return recommender.beside(
            recommender.conversations, weights=replace(recommender.ranker.weights, translation=0.0)
        )

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Learn the ranker."""
        product, base = self._product, self._base()
        conversations = product.conversations.beside(beside_goals(product.conversations.conversing, dialogues))
        turns = self._context.once(
            f"turns of {base.ranker.weights.translation} " + " ".join(one.id for one in dialogues),
            lambda: list(ranked_turns(base, conversations, dialogues, product.ask, self._context.progress)),
        )
        ranker = fit_ranker(turns, RankerSettings(seed=self._seed), {}, keep=self._keeps)
        self._recommender = base.beside(conversations.beside(learned=ranker))

    def _keeps(self, name: str) -> bool:
        return not (self._without and name.startswith(self._without))

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Rank as the product does before it fills a slate."""
        rows, _ = self._recommender.rank(self._product.ask(heard), k)
        return self._product.ids(rows)

    def unite(self, heard: Heard) -> list[TrackId]:
        """All candidates of the turn."""
        conversations = self._recommender.conversations
        if conversations is None:
            return []
        return self._product.ids(self._recommender.candidates(self._product.ask(heard), conversations).rows)

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """The slate as shown."""
        result = self._recommender.recommend(replace(self._product.ask(heard), size=n))
        return [pick.track.track_id for pick in result.picks]


class Synthetic(Segue):
    """The product with a ranker that saw no real dialogue: learnt from walks over the catalogue alone."""

    def __init__(self, context: Context, seed: int, *, name: str, walks: WalkSettings = MADE) -> None:
        """Stand for the product, taught by conversations that are made like this."""
        super().__init__(context, seed, name=name)
        self._walks = walks

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Learn from made conversations; the real ones are not looked at."""
        ranker = self._context.once(f"{self.name} {self._seed}", self._learn)
        product = self._product
        self._recommender = product.recommender.beside(product.conversations.beside(learned=ranker))

    def _learn(self) -> LambdaRank:
        product = self._product
        conversing = product.conversations.conversing
        made = walk_dialogues(
            product.recommender.catalogue,
            N_WALKS,
            np.random.default_rng(self._seed),
            vectors=conversing.texts,
            settings=self._walks,
        )
        turns = ranked_turns(
            product.recommender, product.conversations, made, product.ask, self._context.progress, own_goals=False
        )
        card = {BESIDE_FUSION: 0.5}  # all are made
        return fit_ranker(turns, RankerSettings(seed=self._seed), card, keep=lambda name: name not in RISING)


class Fusion(Segue):
    """The product with reciprocal rank fusion in the place of the learnt ranker."""

    def __init__(self, context: Context, seed: int, *, name: str, with_goals: bool = True) -> None:
        """Stand for the product; without goals it sees no dialogue at all."""
        super().__init__(context, seed, name=name)
        self._with_goals = with_goals

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Take the goals as playlists, or nothing."""
        product = self._product
        goals = beside_goals(product.conversations.conversing, dialogues) if self._with_goals else None
        conversations = product.conversations.beside(goals)
        self._recommender = product.recommender.beside(conversations.without_trees())


class One:
    """One retriever alone."""

    def __init__(self, context: Context, retriever: str) -> None:
        """Rank by a retriever's own scores."""
        self.name = retriever
        self._product = _product(context)
        self._conversations = self._product.conversations

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Take the goals as playlists."""
        conversing = self._product.conversations.conversing
        self._conversations = self._product.conversations.beside(beside_goals(conversing, dialogues))

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Rank by the retriever's scores."""
        query = self._product.ask(heard)
        scores = scores_of(self.name, self._conversations.evidence(query))
        scores[list(query.exclude)] = 0
        return self._product.ids(np.argsort(-scores, kind="stable")[:k])

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """A retriever shows nothing."""
        return None


class Jam(Segue):
    """The translation in the joint space alone: what was said from where the listener of the session stands."""

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Nothing is learnt from dialogues."""
        recommender = self._product.recommender
        alone = {one.name: 0.0 for one in fields(RankingWeights)} | {"translation": 1.0}
        newest = recommender.ranker.weights.newest
        self._recommender = recommender.beside(None, weights=RankingWeights(**alone | {"newest": newest}))


def _one(name: str) -> Factory:
    return lambda context, _: One(context, name)


def _variant(name: str, *without: str) -> Factory:
    return lambda context, seed: Segue(context, seed, name=name, without=without)


def _synthetic(without: str) -> Factory:
    name = f"segue-synthetic-without-{without}"
    return lambda context, seed: Synthetic(context, seed, name=name, walks=WITHOUT[without])


SYSTEMS: dict[str, Factory] = {
    **BASELINES,
    "segue": _variant("segue"),
    "segue-without-jam": _variant("segue-without-jam", "jam_"),
    "segue-without-playlists": _variant("segue-without-playlists", *sorted(RISING)),
    "segue-without-facts": _variant("segue-without-facts", *OF_FACTS),
    "segue-without-ratings": _variant("segue-without-ratings", *OF_RATINGS),
    "segue-without-hand-set": _variant("segue-without-hand-set", HAND_SET),
    "segue-synthetic": lambda context, seed: Synthetic(context, seed, name="segue-synthetic"),
    **{f"segue-synthetic-without-{name}": _synthetic(name) for name in WITHOUT},
    "fusion": lambda context, seed: Fusion(context, seed, name="fusion"),
    "fusion-without-goals": lambda context, seed: Fusion(context, seed, name="fusion-without-goals", with_goals=False),
    "jam": lambda context, seed: Jam(context, seed, name="jam"),
    **{name: _one(name) for name in RETRIEVERS if name != "popularity"},
}
