"""Learning the ranker from the conversations held here, and serving it only if it is not worse.

A fifth of the real conversations is held out. The ranker that serves and the new one rank the whole catalogue for each
of their turns as the product does: MRR@10 is the mean of 1 / rank of the first track of the goal that was not liked
before, in any version, and 0 where there is none among the first ten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.agent import Agent
from assistant.errors import NoConversationsError, TooFewConversationsError
from recsys.catalogue import Catalogue
from recsys.conversation_ranking import BESIDE_FUSION
from recsys.dialogues import Dialogue, Heard, heard
from recsys.lambdarank import RISING, LambdaRank, RankerSettings
from recsys.ranker_training import fit_ranker, ranked_turns
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.trial import Verdict, compare
from recsys.types import Progress
from recsys.walk_talk import WalkSettings
from recsys.walks import NoGroundError, walk_dialogues

#: Real conversations: with fewer, a fifth of them tells nothing.
LEAST = 20
#: Conversations to learn from, below which made ones are added.
ENOUGH = 300
_HELD_OUT = 5  # one of so many
_DEPTH = 10


@dataclass(frozen=True)
class Lesson:
    """Real conversations, divided into those that teach and those that test."""

    teach: list[Dialogue]
    test: list[Dialogue]
    n_own: int
    n_given: int


def prepare(own: Sequence[Dialogue], given: Sequence[Dialogue], catalogue: Catalogue) -> Lesson:
    """Divide conversations by a digest of their ids, so that what tests once hardly ever teaches later.

    A conversation of the file that was exported from here is one of the own.

    Args:
        own: those held here.
        given: those of a file; the ones whose goal has no track of the catalogue are left out.
        catalogue: what is served.

    Raises:
        TooFewConversationsError: there are fewer than `LEAST`.
    """
    here = {one.id: one for one in own if len(catalogue.rows(one.goal))}
    others = [one for one in given if one.id not in here and len(catalogue.rows(one.goal))]
    if len(here) + len(others) < LEAST:
        raise TooFewConversationsError(len(here), len(others), least=LEAST)
    divided = sorted((*here.values(), *others), key=lambda one: hashlib.sha256(one.id.encode()).digest())
    n_test = len(divided) // _HELD_OUT
    return Lesson(divided[n_test:], divided[:n_test], len(here), len(others))


class RankerLearner:
    """Learns rankers for what an agent serves, and compares them."""

    def __init__(self, agent: Agent, *, seed: int, threads: int, progress: Progress | None = None) -> None:
        """Take the agent, whose understanding reads the conversations.

        Raises:
            NoConversationsError: what it serves reads no conversations.
        """
        conversations = agent.recommender.conversations
        if conversations is None:
            raise NoConversationsError
        self._agent, self._recommender, self._conversations = agent, agent.recommender, conversations
        self._seed, self._threads, self._progress = seed, threads, progress

    def walks(self, n: int | None, n_real: int) -> list[Dialogue]:
        """Make n conversations over the catalogue, or as many as are missing to have `ENOUGH`.

        Raises:
            NoGroundError: n was given, and the catalogue has nothing to walk on.
        """
        wanted = max(0, ENOUGH - n_real) if n is None else n
        try:
            return walk_dialogues(
                self._recommender.catalogue,
                wanted,
                np.random.default_rng(self._seed),
                vectors=self._conversations.conversing.texts,
                settings=WalkSettings(say_names=False),
            )
        except NoGroundError:
            if n:
                raise
            return []

    def learn(self, real: Sequence[Dialogue], made: Sequence[Dialogue], card: dict[str, object]) -> LambdaRank:
        """Learn a ranker, but not how much playlists count: the goals are no playlists of the catalogue.

        Raises:
            RankerError: no turn has a right candidate.
        """
        turns = ranked_turns(
            self._recommender, self._conversations, [*real, *made], self._agent.hear, self._progress, own_goals=False
        )
        settings = RankerSettings(seed=self._seed, threads=self._threads)
        card = {**card, BESIDE_FUSION: len(made) / (len(real) + len(made)) / 2}
        return fit_ranker(turns, settings, card, keep=lambda name: name not in RISING)

    def judge(self, new: LambdaRank, tests: Sequence[Dialogue]) -> Verdict:
        """Compare a ranker with the one that serves; turns of one conversation are drawn together."""
        beside = self._recommender.beside(self._conversations.beside(learned=new))
        was, would_be, groups = [], [], []
        for number, dialogue in enumerate(tests):
            for turn in range(len(dialogue.turns)):
                what = heard(dialogue, turn)
                missing = self._missing(dialogue, what)
                if missing:
                    query = self._agent.hear(what)
                    was.append(self._found(self._recommender, query, missing))
                    would_be.append(self._found(beside, query, missing))
                    groups.append(dialogue.id)
            if self._progress:
                self._progress("compare", number + 1, len(tests))
        return compare(was, would_be, groups, self._seed)

    def _missing(self, dialogue: Dialogue, what: Heard) -> set[int]:
        """The works of a goal that were not liked so far."""
        catalogue = self._recommender.catalogue
        liked = catalogue.rows([one for ids in what.liked for one in ids])
        return set(catalogue.work[catalogue.rows(dialogue.goal)].tolist()) - set(catalogue.work[liked].tolist())

    def _found(self, recommender: Recommender, query: Query, missing: set[int]) -> float:
        """1 / rank of the first track that is right, 0 if it is not among the first ten."""
        works = recommender.catalogue.work[recommender.rank(query, _DEPTH)[0]].tolist()
        return next((1 / rank for rank, work in enumerate(works, start=1) if work in missing), 0.0)
