"""Is a new model better than the one being served? NDCG@10 on the same held-out requests, compared pair by pair.

NDCG@k is binary: Σ_{i ≤ k} rel(i) / log2(i + 1) over the same sum with all relevant tracks first. The interval is the
95 % percentile bootstrap of the mean difference: 2,000 seeded resamples, turns of one session drawn together, since
they are not independent (Efron & Tibshirani 1993, chapter 13). Better means that the whole interval is above zero.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.types import IntArray

DEPTH = 10
_N_RESAMPLES = 2_000
_TAIL = 0.025


@dataclass(frozen=True)
class Verdict:
    """What a comparison found; means over requests."""

    served: float  # NDCG@10
    new: float
    difference: float
    low: float  # of the 95 % interval of the difference
    high: float
    n_requests: int

    @property
    def better(self) -> bool:
        """Whether the new model is surely better."""
        return self.low > 0


def ndcg(ranking: IntArray, relevant: Collection[int], k: int = DEPTH) -> float:
    """Return the discounted gain (0–1) of a ranking of distinct rows, best first; `relevant` is not empty."""
    wanted = set(relevant)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = np.array([row in wanted for row in ranking[:k].tolist()], dtype=np.float64)
    return float((gains * discounts[: len(gains)]).sum() / discounts[: min(k, len(wanted))].sum())


def compare(served: Sequence[float], new: Sequence[float], groups: Sequence[Hashable], seed: int) -> Verdict:
    """Compare two models by their figures on the same requests.

    Args:
        served: one figure per request, at least one.
        new: the same of the new model.
        groups: the session of each request; those of one are drawn together.
        seed: of the bootstrap.
    """
    before, after = np.asarray(served, dtype=np.float64), np.asarray(new, dtype=np.float64)
    number_of = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    numbers = np.array([number_of[group] for group in groups])
    sums, sizes = np.bincount(numbers, weights=after - before), np.bincount(numbers)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(sums), size=(_N_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [_TAIL, 1 - _TAIL]).tolist()
    return Verdict(float(before.mean()), float(after.mean()), float((after - before).mean()), low, high, len(before))
