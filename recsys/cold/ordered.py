"""BERT4Rec whose item vectors begin at the content's main directions (Tamm and Aljanaki, 2026).

For items with a history they are learnt on. For new ones they stay as they begin, all of them, so that a new item's
vector means the same as another's; the published code's flag is inverted, and they are learnt on there (`freeze`).

Shapes: L listeners, I items, B listeners at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.cold.port import Outcome, Problem
from recsys.sequential.bert4rec import Bert4Rec, Bert4RecSettings
from recsys.sequential.item_features import ItemFeatures
from recsys.sequential.sequences import Questions as Next
from recsys.sequential.sequences import Sequences
from recsys.types import FloatArray, IntArray

#: Of 300 and 600 the better on a cold validation part of Last.fm's sequences; all else is as that model has it, but for
#: the full softmax, since vectors that stay need no row updates.
STEPS = 600


class FrozenBert4Rec(Bert4Rec):
    """BERT4Rec whose item vectors stay as they begin."""

    def _build(self, counts: IntArray) -> None:
        super()._build(counts)
        self.table.learnt.requires_grad_(False)


@dataclass(frozen=True, eq=False)
class Ordered:
    """Listeners' histories in the order of time, and a model of what comes next."""

    model: Bert4Rec
    histories: Sequences  # of all listeners (L,)

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return the scores (B, I) of what is next."""
        return self.model.scores(self.histories.take(listeners))


def fit_ordered(problem: Problem, settings: Bert4RecSettings | None = None) -> Outcome:
    """Train it on histories; the step is chosen by the first of what each listener has in the validation part.

    Raises:
        ColdStartError: nothing is known of the order.
    """
    split = problem.split
    histories = split.interactions.sequences(split.train)
    frozen = split.protocol == "cold" and "freeze" not in problem.faults
    chosen = settings or Bert4RecSettings(
        loss="softmax", steps=STEPS, validate_every=100, patience=2, seed=problem.seed, fusion="initialise"
    )
    features = ItemFeatures(problem.content.vectors, problem.content.present)
    model = (FrozenBert4Rec if frozen else Bert4Rec)(chosen, features=features)
    asked = split.choosing
    next_ones = Next(histories.take(asked.listeners), asked.targets[asked.offsets[:-1]])
    kept = np.flatnonzero(histories.lengths > 1)
    model.fit(histories.take(kept), validation=next_ones, progress=problem.progress)
    return Outcome(Ordered(model, histories), {"steps": len(model.losses), "frozen": frozen})
