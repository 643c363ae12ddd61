"""The items that are listened to most, whatever came before.

    score(i) = steps of i,   each weighted by .5^((S - 1 - s) / (half_life · S)) in sequence s of S

Without `half_life` every step counts 1. With it, later sequences of the file count more: files of sessions are in the
order of time.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from recsys.sequential.counted import CountingModel, require_steps
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress


class Popularity(CountingModel):
    """Ranks all items by how often they were listened to."""

    name = "popularity"

    def __init__(self, *, half_life: float | None = None) -> None:
        """Take the share of the sequences after which one counts half; None for no difference."""
        super().__init__(half_life=half_life)

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count; `validation` changes nothing."""
        require_steps(self.name, train)
        weights = recency(train, self.settings["half_life"])[train.sequence_rows]
        counts = np.bincount(train.items, weights, train.n_items).astype(np.float32)
        return self.learn(train, {"counts": counts})

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the counts (B, I), the same row for every prefix."""
        return np.tile(self.fitted(prefixes)["counts"], (len(prefixes), 1))


def recency(train: Sequences, half_life: float | None) -> FloatArray:
    """Return how much each sequence counts (S,): 1 for the last, half of it `half_life` of all sequences before."""
    if half_life is None:
        return np.ones(len(train), dtype=np.float32)
    before = np.arange(len(train) - 1, -1, -1) / len(train)
    return np.power(0.5, before / half_life).astype(np.float32)
