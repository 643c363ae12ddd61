"""What this listener has listened to most, and behind it what everybody has.

    score(i | prefix) = (1 - ε) · c(i) / Σ c + ε · p(i)

with c(i) = Σ decay^age over the steps of i in the prefix and p the share of i among all steps of training. The own
counts and ε = .01 are the personalised popularity of Abbattista et al. (2024), "Enhancing Sequential Music
Recommendation with Personalized Popularity Awareness". What ε falls on is ours: there it is the same for all items
(ε / I), which leaves those that the listener never heard in no order. The neural models (`own_counts`,
`recsys.sequential.batches.OwnCounts`) add the logarithm of the published form to their logits, where an order of what
was never heard is the model's own to learn. Where all items are listened to equally often both are the same.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from recsys.sequential.counted import CountingModel, item_counts, require_steps, weighted_rows
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress


class PersonalPopularity(CountingModel):
    """Ranks by the listener's own counts, mixed with everybody's."""

    name = "personal-popularity"

    def __init__(self, *, epsilon: float = 0.01, decay: float = 1.0) -> None:
        """Take ε, the share of everybody's counts, and how much less a step counts than the one after it."""
        super().__init__(epsilon=epsilon, decay=decay)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count what everybody listens to; `validation` changes nothing."""
        require_steps(self.name, train)
        counts = item_counts(train)
        return self.learn(train, {"share": counts / counts.sum()})

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the shares (B, I); those of an empty prefix are everybody's."""
        share, epsilon = self.fitted(prefixes)["share"], float(self.settings["epsilon"])
        own = weighted_rows(prefixes, float(self.settings["decay"])).toarray()
        own /= np.maximum(own.sum(axis=1, keepdims=True), 1e-9)
        return np.asarray((1 - epsilon) * own + epsilon * share, dtype=np.float32)
