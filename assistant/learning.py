"""Learning from use: train on what listeners kept beside synthetic listeners, and serve that only if it is better.

The latest part of every listener's own requests is held out. The model being served and the new one rank the whole
catalogue for each of them as the product does, knowing what the listener had done by then and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.agent import Agent
from assistant.errors import TooFewOwnRequestsError
from assistant.reports import OwnReport, TrialReport
from assistant.usage import OwnTurn, Usage
from recsys.catalogue import Catalogue
from recsys.synthesis import Triple
from recsys.trial import DEPTH, Verdict, compare, ndcg
from recsys.types import Progress
from recsys.usage import before, hold_out, own_triples

#: Own requests to learn from, to test on, and sessions that the latter come from: with fewer, chance decides.
LEAST_TAUGHT, LEAST_TESTED, LEAST_SESSIONS = 30, 10, 5
#: Requests that are tested on at most: the latest.
_MOST_TESTED = 1_000


@dataclass(frozen=True)
class Lesson:
    """Own requests, divided into those that teach and those that test."""

    triples: list[Triple]
    tests: list[OwnTurn]
    usage: Usage

    @property
    def n_listeners(self) -> int:
        """How many listeners taught it."""
        return len({triple.listener_id for triple in self.triples})


def prepare(usage: Usage, catalogue: Catalogue, *, half_life_days: float) -> Lesson:
    """Divide what listeners taught.

    Raises:
        TooFewOwnRequestsError: there is too little to learn from, or to test on.
    """
    known = set(catalogue.track_ids)
    here = [own for own in usage.turns if known.intersection(own.answered.track_ids)]
    teach, test = hold_out([own.answered for own in here])
    of_shown = {own.answered.shown: own for own in here}
    tests = [of_shown[one.shown] for one in test][-_MOST_TESTED:]
    n_sessions = len({(one.shown.listener_id, one.shown.session_id) for one in test})
    if len(teach) < LEAST_TAUGHT or len(tests) < LEAST_TESTED or n_sessions < LEAST_SESSIONS:
        raise TooFewOwnRequestsError(
            len(teach),
            len(tests),
            n_sessions,
            least=(LEAST_TAUGHT, LEAST_TESTED, LEAST_SESSIONS),
        )
    triples = own_triples(teach, usage.events, catalogue, half_life_days=half_life_days)
    return Lesson(triples, tests, usage)


def judge(lesson: Lesson, served: Agent, new: Agent, *, seed: int, progress: Progress | None = None) -> Verdict:
    """Let two models answer the held-out requests and compare them."""
    was, would_be, sessions = [], [], []
    for number, own in enumerate(lesson.tests):
        was.append(_ndcg(served, own, lesson.usage))
        would_be.append(_ndcg(new, own, lesson.usage))
        sessions.append((own.answered.shown.listener_id, own.answered.shown.session_id))
        if progress:
            progress("compare", number + 1, len(lesson.tests))
    return compare(was, would_be, sessions, seed)


def own_report(lesson: Lesson, verdict: Verdict | None) -> OwnReport:
    """Word what came of it; without a verdict, the model being served had learnt from the same requests already."""
    return OwnReport(
        n_listeners=lesson.n_listeners,
        n_learnt=len(lesson.triples),
        n_held_out=len(lesson.tests),
        trial=None
        if verdict is None
        else TrialReport(
            served=verdict.served,
            new=verdict.new,
            difference=verdict.difference,
            low=verdict.low,
            high=verdict.high,
        ),
        deployed=verdict is not None and verdict.better,
    )


def _ndcg(agent: Agent, own: OwnTurn, usage: Usage) -> float:
    """NDCG@10 over the whole catalogue; nothing is found where it has none of the answers."""
    relevant = agent.recommender.catalogue.rows(own.answered.track_ids)
    if not len(relevant):
        return 0.0
    shown = own.answered.shown
    query = agent.replay(shown, own.turn.state, before(usage.events[shown.listener_id], shown.at))
    return ndcg(agent.recommender.rank(query, DEPTH)[0], relevant.tolist())
