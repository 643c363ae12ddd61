"""How good is a ranking, and how sure is that? Pure functions on rankings and on lists of values.

Task. A system returns a *ranking*: catalogue rows or ids, best first, without duplicates. A non-empty set of
*relevant* items is known. With rel(i) = 1 if the item at rank i (from 1) is relevant and 0 otherwise, and R the
number of relevant items:

    hit@k     1 if any of the first k is relevant, else 0
    recall@k  Σ_{i≤k} rel(i) / R
    mrr@k     1 / rank of the first relevant item among the first k, 0 if there is none
    ndcg@k    DCG@k / IDCG@k,  DCG@k = Σ_{i≤k} rel(i) / log2(i + 1),  IDCG@k the same sum over the first min(k, R) ranks

Conventions. Gains are binary. Ranks are those given: a system breaks its own ties, deterministically. A ranking shorter
than k is one whose missing ranks are misses. Duplicates in a ranking, k < 1 and an empty relevant set are errors, for
each would make a number that means something else: who evaluates removes from ranking and relevant set alike what
the system was shown, and skips what then has nothing relevant. Recall divides by R, not by min(k, R), so recall@10 of a
playlist's remaining fifty tracks is at most .2.

Means and intervals. `summarise` gives the mean over units (playlists, dialogues, requests, turns), the sample standard
deviation (divisor n - 1; 0 for one unit) and the 95 % percentile-bootstrap interval of the mean: 2,000 resamples of the
units with replacement, seeded. Units that are not independent (one playlist under several seeds) are resampled together
by their group. A difference of two systems is summarised from its paired differences. `summarise_quantile`
does the same for a quantile, with linear interpolation between order statistics.

References: Järvelin & Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", with the discount
1 / log2(i + 1) of Burges et al. (2005); Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from evals.errors import MetricError

N_RESAMPLES = 2_000
_COVERAGE = 0.95
#: Resamples drawn at a time: bounds memory at about 50 MB for ten thousand units.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Summary:
    """A mean (or quantile) over n units with its 95 % interval and the units' standard deviation."""

    mean: float
    low: float
    high: float
    sd: float
    n: int

    def to_json(self) -> dict[str, float | int]:
        """The form in which `--json` holds it."""
        return asdict(self)


def hit(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Tell whether anything relevant is among the first k: 1 or 0."""
    return float(bool(_relevance(ranking, relevant, k).any()))


def recall(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return the share (0–1) of the relevant items that are among the first k."""
    return float(_relevance(ranking, relevant, k).sum()) / len(set(relevant))


def mrr(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return one over the rank of the first relevant item among the first k, 0 if there is none."""
    ranks = np.flatnonzero(_relevance(ranking, relevant, k))
    return 1.0 / (int(ranks[0]) + 1) if len(ranks) else 0.0


def ndcg(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return the discounted gain of the first k ranks (0–1), relative to the best that any ranking could reach."""
    gains = _relevance(ranking, relevant, k)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = discounts[: min(k, len(set(relevant)))].sum()
    return float((gains * discounts[: len(gains)]).sum() / ideal)


#: Metrics of a ranking by the name they have in reports, before "@k".
RANKING_METRICS = {"ndcg": ndcg, "recall": recall, "hit": hit, "mrr": mrr}


def ranking_metrics(
    ranking: Sequence[Hashable], relevant: Collection[Hashable], names: Sequence[str]
) -> dict[str, float]:
    """Compute metrics by name, such as "ndcg@10".

    Raises:
        MetricError: a name is not "metric@k", or the metric is not defined here (see the module's conventions).
    """
    values = {}
    for name in names:
        metric, _, k = name.partition("@")
        if metric not in RANKING_METRICS or not k.isdigit():
            raise MetricError(
                f"no metric {name!r}; expected one of {', '.join(RANKING_METRICS)} with @k, as in ndcg@10"
            )
        values[name] = RANKING_METRICS[metric](ranking, relevant, int(k))
    return values


def summarise(values: Sequence[float], *, seed: int = 0, groups: Sequence[Hashable] | None = None) -> Summary:
    """Summarise one value per unit by its mean.

    Args:
        values: one number per unit.
        seed: of the bootstrap.
        groups: the group of each unit; units of one group are drawn together. Every unit by itself when None.

    Raises:
        MetricError: there are no values, one is not finite, or `groups` has another length.
    """
    checked = _checked(values)
    if groups is None:
        sums, sizes = checked, np.ones(len(checked), dtype=np.float64)
    else:
        if len(groups) != len(checked):
            raise MetricError(f"{len(groups)} groups for {len(checked)} values; expected one group per value")
        numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
        index = np.array([numbers[group] for group in groups])
        sums = np.bincount(index, weights=checked, minlength=len(numbers)).astype(np.float64)
        sizes = np.bincount(index, minlength=len(numbers)).astype(np.float64)
    rng = np.random.default_rng(seed)
    means = []
    for first in range(0, N_RESAMPLES, _CHUNK):
        drawn = rng.integers(len(sums), size=(min(_CHUNK, N_RESAMPLES - first), len(sums)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    return _summary(float(checked.mean()), np.concatenate(means), checked)


def summarise_quantile(values: Sequence[float], q: float, *, seed: int = 0) -> Summary:
    """Summarise one value per unit by its quantile q (0–1), such as the median or the 99th percentile.

    Raises:
        MetricError: there are no values, one is not finite, or q is outside 0–1.
    """
    if not 0.0 <= q <= 1.0:
        raise MetricError(f"quantile {q} is not within 0–1; the 99th percentile is 0.99")
    checked = _checked(values)
    rng = np.random.default_rng(seed)
    resampled = []
    for first in range(0, N_RESAMPLES, _CHUNK):
        drawn = rng.integers(len(checked), size=(min(_CHUNK, N_RESAMPLES - first), len(checked)))
        resampled.append(np.quantile(checked[drawn], q, axis=1))
    return _summary(float(np.quantile(checked, q)), np.concatenate(resampled), checked)


def _relevance(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> NDArray[np.bool_]:
    """Mark which of the first k ranks hold something relevant: (min(k, len(ranking)),)."""
    if k < 1:
        raise MetricError(f"k is {k}; a ranking is looked at from rank 1 on, so expected k ≥ 1")
    wanted = set(relevant)
    if not wanted:
        raise MetricError("no relevant items; skip what has nothing to find, it has no score")
    top = list(ranking[:k])
    if len(set(top)) != len(top):
        raise MetricError(f"the first {k} ranks hold duplicates; remove them, keeping the first of each")
    return np.array([item in wanted for item in top], dtype=np.bool_)


def _checked(values: Sequence[float]) -> NDArray[np.float64]:
    checked = np.asarray(values, dtype=np.float64)
    if not checked.size:
        raise MetricError("no values to summarise; expected at least one unit")
    if not np.isfinite(checked).all():
        raise MetricError(f"{int((~np.isfinite(checked)).sum())} of {checked.size} values are not finite numbers")
    return checked


def _summary(estimate: float, resampled: NDArray[np.float64], values: NDArray[np.float64]) -> Summary:
    low, high = np.quantile(resampled, [(1 - _COVERAGE) / 2, (1 + _COVERAGE) / 2])
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Summary(estimate, float(low), float(high), sd, len(values))
