"""What this listener has listened to most, and behind it what everybody has.

    score(i | prefix) = (1 - ε) · c(i) / Σ c + ε · p(i)

with c(i) = Σ decay^age over the steps of i in the prefix and p the share of i among all steps of training: personalised
popularity, with ε = .01 as published. A logarithm of it may be added to the logits of other models.
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
