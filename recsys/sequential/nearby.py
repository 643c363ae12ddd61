"""What is listened to near the steps of a prefix: before or after them, the nearer the more.

    score(i | prefix) = Σ_p decay^age(p) · n(p, i) / (n(p)^β · n(i)^α)
    n(p, i) = Σ w(d) over the pairs of steps (p, i) of one sequence, d steps apart;  w(d) = e^(-(d - 1)/reach) / d^slope

and what lies before p counts `back` of what lies after it. It unites the successor counts (reach small) with item-kNN
(reach large, back 1); the form is ours. Both sets agree on what they want: far steps matter much less than near ones,
and what follows matters more than what precedes.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, item_counts, powered, require_steps, weighted_rows
from recsys.sequential.popularity import recency
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.sequential.successors import pairs_at
from recsys.types import Progress

#: Pairs at distances whose weight is below this share of the nearest are not counted.
_LEAST_WEIGHT = 0.01


class Nearby(CountingModel):
    """Ranks by what was listened to a few steps from the items of the prefix."""

    name = "nearby"

    def __init__(
        self,
        *,
        reach: float = 1000.0,
        slope: float = 1.0,
        back: float = 0.5,
        decay: float = 0.8,
        beta: float = 0.5,
        alpha: float = 0.2,
        furthest: int = 60,
        half_life: float | None = None,
    ) -> None:
        """Say what counts how much; the defaults were chosen on Nowplaying's sessions before the last tenth.

        Args:
            reach: steps over which the weight falls to a third.
            slope: exponent of the distance by which the weight is divided.
            back: weight of what came before, as a share of the weight of what came after.
            decay: how much less a step of the prefix counts than the one after it.
            beta: exponent of the count of the prefix's item that its row is divided by.
            alpha: exponent of the count of the scored item that its column is divided by.
            furthest: distance in steps from which on pairs are not counted.
            half_life: share of the sequences after which one counts half (see `popularity`); None for no difference.
        """
        super().__init__(
            reach=reach,
            slope=slope,
            back=back,
            decay=decay,
            beta=beta,
            alpha=alpha,
            furthest=furthest,
            half_life=half_life,
        )

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count pairs of steps; `validation` changes nothing."""
        require_steps(self.name, train)
        counts, near = item_counts(train), self._pairs(train, progress)
        back = float(self.settings["back"])
        both = near + back * near.T if back else near
        scaled = powered(counts, float(self.settings["beta"])) @ both @ powered(counts, float(self.settings["alpha"]))
        return self.learn(train, {"near": sp.csr_array(scaled, dtype=np.float32)})

    def _pairs(self, train: Sequences, progress: Progress) -> sp.csr_array:
        """Add up the weights of what came after (I, I)."""
        longest = int(train.lengths.max(initial=0))
        weights = [self._weight(distance) for distance in range(1, min(longest, int(self.settings["furthest"]) + 1))]
        shape = (train.n_items, train.n_items)
        near, of_sequence = sp.csr_array(shape, dtype=np.float32), recency(train, self.settings["half_life"])
        rows = train.sequence_rows
        for distance, weight in enumerate(weights, 1):
            if weight < _LEAST_WEIGHT:
                break
            first = pairs_at(train, distance)
            values = np.asarray(weight * of_sequence[rows[first]], dtype=np.float32)
            near = near + sp.csr_array((values, (train.items[first], train.items[first + distance])), shape=shape)
            progress("counting what is near", distance, len(weights))
        return near

    def _weight(self, distance: int) -> float:
        reach, slope = float(self.settings["reach"]), float(self.settings["slope"])
        return math.exp(-(distance - 1) / reach) / math.pow(distance, slope)

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the weighted counts (B, I)."""
        return weighted_rows(prefixes, float(self.settings["decay"])) @ self.fitted(prefixes)["near"]
