"""How well do two annotators agree on values with steps? Pure functions on columns of values.

Task. n tracks have values a and b of A attributes, each 0–1, NaN where one of the two says nothing; only pairs count.

    mae        mean of |a − b|, on 0–1
    kappa      quadratically weighted kappa of the two as whole steps of a scale (Cohen, Psychological Bulletin 70(4),
               1968): 1 − Σ (a_i − b_i)² / n  over  Σ_i Σ_j (a_i − b_j)² / n². 1 is agreement, 0 what chance gives
    within     share of the pairs whose steps are at most one apart

Conventions. Kappa is not defined where both annotators say one and the same value everywhere; NaN. A group of
attributes has the mean of its attributes' figures, each counting the same, without those that are not defined.
Intervals are percentiles of 1,000 resamples of the tracks, drawn with replacement and seeded; all attributes of a track
go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.metrics import Summary
from recsys.attributes.scales import Scale, levels
from recsys.types import FloatArray

N_RESAMPLES = 1_000
_AT_ONCE = 100
Figures = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures of some attributes, or of the mean of some, by metric."""

    figures: Mapping[str, Summary]


def metrics_of(scale: Scale) -> tuple[str, str]:
    """What kappa and the share within a step are called on a scale."""
    return f"kappa {scale.value}", f"within a step {scale.value}"


def agree(
    one: FloatArray, other: FloatArray, groups: Mapping[str, Sequence[int]], *, seed: int = 0
) -> dict[str, Agreement]:
    """Compare two annotators (n, A), and return the figures of every group of attributes that any pair is of.

    Args:
        one: values 0–1 of the first, NaN where it says nothing.
        other: those of the second.
        groups: columns of each group, by its name.
        seed: of the resampling.
    """
    there = ~(np.isnan(one) | np.isnan(other))
    columns = _columns(np.where(there, one, 0.0), np.where(there, other, 0.0), there)
    whole = _figures({name: column.sum(axis=0, keepdims=True) for name, column in columns.items()})
    rng = np.random.default_rng(seed)
    n = len(one)
    drawn: list[Figures] = []
    for first in range(0, N_RESAMPLES, _AT_ONCE):
        times = rng.multinomial(n, np.full(n, 1 / n), size=min(_AT_ONCE, N_RESAMPLES - first)).astype(np.float64)
        drawn.append(_figures({name: times @ column for name, column in columns.items()}))
    resampled = {name: np.concatenate([part[name] for part in drawn]) for name in whole}
    found = {}
    for name, members in groups.items():
        there_too = [column for column in members if there[:, column].any()]
        if there_too:
            n_tracks = int(there[:, there_too].any(axis=1).sum())
            figures = {
                metric: summary
                for metric, value in whole.items()
                if (summary := _summary(value[:, there_too], resampled[metric][:, there_too], n_tracks)) is not None
            }
            found[name] = Agreement(figures)
    return found


def _columns(one: FloatArray, other: FloatArray, there: NDArray[np.bool_]) -> Figures:
    """What the figures are sums of, for every track and attribute (n, A); 0 where there is no pair."""
    columns: Figures = {"n": there.astype(np.float64), "mae": np.abs(one - other).astype(np.float64) * there}
    for scale in Scale:
        a, b = (levels(values.astype(np.float32), scale).astype(np.float64) * there for values in (one, other))
        columns |= {
            f"{scale.value} a": a,
            f"{scale.value} b": b,
            f"{scale.value} aa": a * a,
            f"{scale.value} bb": b * b,
            f"{scale.value} apart": np.square(a - b),
            f"{scale.value} within": ((np.abs(a - b) <= 1) & there).astype(np.float64),
        }
    return columns


def _figures(sums: Figures) -> Figures:
    """The figures (r, A) of sums over tracks; NaN where they are not defined."""
    n = sums["n"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Figures = {"mae": sums["mae"] / n}
        for scale in Scale:
            kappa, within = metrics_of(scale)
            a, b, aa, bb, apart, near = (
                sums[f"{scale.value} {what}"] / n for what in ("a", "b", "aa", "bb", "apart", "within")
            )
            by_chance = aa + bb - 2 * a * b
            found[kappa] = np.where(by_chance > 1e-12, 1 - apart / by_chance, np.nan)
            found[within] = near
    return found


def _summary(value: NDArray[np.float64], resampled: NDArray[np.float64], n: int) -> Summary | None:
    """The mean over a group's attributes with its interval; None where none of them is defined."""
    defined = ~np.isnan(value[0])
    if not defined.any():
        return None
    kept = resampled[:, defined]
    known = ~np.isnan(kept)
    means = np.where(known, kept, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    means = means[known.any(axis=1)]
    low, high = np.quantile(means, [0.025, 0.975])
    spread = value[0][defined]
    sd = float(spread.std(ddof=1)) if len(spread) > 1 else 0.0
    return Summary(float(spread.mean()), float(low), float(high), sd, n)
