"""How near are predicted values to true ones, and how sure is that? Pure functions on arrays.

    mse, mae     mean squared and mean absolute error, in the target's own unit
    pearson      correlation of values
    spearman     correlation of ranks, ties share their middle rank
    auc          of a binary target: the share of (1, 0) pairs in which the 1 is predicted higher, ties count half
    slope        of the straight line true = a + b·predicted: b is 1 where differences are predicted in their true size
    gap          expected calibration error: tenths by prediction, the mean absolute difference of their mean prediction
                 and their mean truth, weighted by size

Intervals are 95 % percentile-bootstrap intervals over *artists* (or whatever the groups are): 500 resamples, seeded.
A difference of two systems is that of the same resamples, so it is paired. A resample on which a figure is not defined
(one class, one value) is drawn anew.

Shapes: n predictions of rows that no part of the system was fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.errors import MetricError
from evals.metrics import Summary
from recsys.appeal.ranks import pearson, ranks, spearman

Values = NDArray[np.float64]
Metric = Callable[[Values, Values], float]
N_RESAMPLES = 500
_TENTHS = 10


def mse(true: Values, said: Values) -> float:
    """Return the mean squared error."""
    return float(np.mean((true - said) ** 2))


def mae(true: Values, said: Values) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(true - said)))


def auc(true: Values, said: Values) -> float:
    """Return the area under the ROC curve of a target that is 0 or 1; NaN where there is one class alone."""
    n_ones = float(true.sum())
    n_zeros = len(true) - n_ones
    if not n_ones or not n_zeros:
        return float("nan")
    return (float(ranks(said)[true > 0].sum()) - n_ones * (n_ones + 1) / 2) / (n_ones * n_zeros)


def slope(true: Values, said: Values) -> float:
    """Return the slope of the truth on the prediction; 0 where the prediction is constant."""
    centred = said - said.mean()
    size = float(centred @ centred)
    return float(centred @ true) / size if size > 0 else 0.0


def gap(true: Values, said: Values) -> float:
    """Return the expected calibration error over tenths of the predictions."""
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, min(_TENTHS, len(order)))
    return float(sum(abs(true[part].mean() - said[part].mean()) * len(part) for part in parts) / len(order))


#: What is told of a target on a scale, and of one that is 0 or 1.
ON_A_SCALE: Mapping[str, Metric] = {
    "spearman": spearman,
    "pearson": pearson,
    "mse": mse,
    "mae": mae,
    "slope": slope,
    "gap": gap,
}
BINARY: Mapping[str, Metric] = {"auc": auc, "mse": mse, "slope": slope, "gap": gap}


class Resamples:
    """The same resamples of groups for every figure, so that differences are paired."""

    def __init__(self, groups: Sequence[str], *, seed: int, n: int = N_RESAMPLES) -> None:
        """Draw them.

        Raises:
            MetricError: there is no group.
        """
        names, which = np.unique(np.asarray(groups, str), return_inverse=True)
        if not len(names):
            raise MetricError("no rows to resample; expected at least one prediction")
        rows = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
        rng = np.random.default_rng(seed)
        self.n_rows = len(which)
        self._rows, self._rng = [one.astype(np.int32) for one in rows], rng
        self._kept: list[NDArray[np.int32]] = []
        self._n = n

    def _draw(self, number: int) -> NDArray[np.int32]:
        while len(self._kept) <= number:
            chosen = self._rng.integers(len(self._rows), size=len(self._rows))
            self._kept.append(np.concatenate([self._rows[one] for one in chosen]))
        return self._kept[number]

    def figure(self, metric: Metric, true: Values, said: Values) -> Summary:
        """Return a figure with its interval."""
        return self._summary(metric(true, said), lambda rows: metric(true[rows], said[rows]))

    def difference(self, metric: Metric, true: Values, said: Values, other: Values) -> Summary:
        """Return by how much the figure of `said` is above that of `other`, with its paired interval."""
        return self._summary(
            metric(true, said) - metric(true, other),
            lambda rows: metric(true[rows], said[rows]) - metric(true[rows], other[rows]),
        )

    def _summary(self, estimate: float, measure: Callable[[NDArray[np.int32]], float]) -> Summary:
        if not np.isfinite(estimate):
            raise MetricError(f"the figure is {estimate}: the true values are all alike, so nothing can be compared")
        found: list[float] = []
        number = 0
        while len(found) < self._n and number < 2 * self._n:
            value = measure(self._draw(number))
            number += 1
            if np.isfinite(value):
                found.append(value)
        if not found:
            raise MetricError("no resample has both classes or any variance; give more rows")
        low, high = np.quantile(found, [0.025, 0.975])
        return Summary(estimate, float(low), float(high), float(np.std(found, ddof=1)), self.n_rows)
