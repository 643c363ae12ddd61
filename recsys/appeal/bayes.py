"""Bayesian linear regression: of every prediction a mean and a standard deviation.

Weights have a Gaussian prior, noise is Gaussian; both variances are those under which the data is likeliest (MacKay
1992, "Bayesian interpolation", the fixed point of the evidence). What lies in directions that the training rows never
took is not learnt: there the mean stays the mean of the training values, and the deviation grows. A row that is further
from the training rows than 95 % of held-out ones are (mean square over the directions, in units of each) is drawn back
to that mean by as many times as it is further, since a line learnt there says nothing of where it is. Deviations are
then widened or narrowed by what held-out groups say of them, so that 80 % of their values lie within 80 % intervals.

Shapes: n rows, D content numbers, H heads, r directions that are kept (r ≤ D).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealError
from recsys.appeal.learners import folds_by_group
from recsys.types import FloatArray

#: Half the width of an 80 % interval of a normal variable, in deviations.
Z80 = 1.2816
#: Directions that are kept: what the others would add to a mean is lost, and is counted as not learnt.
N_DIRECTIONS = 160
_N_FOLDS = 5
_USUAL = 0.95
_STEPS = 60
_LEAST_ROWS = 10
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Prediction:
    """What is predicted of rows."""

    mean: NDArray[np.float64]  # (n, H)
    deviation: NDArray[np.float64]  # (n, H)


@dataclass(frozen=True)
class Posterior:
    """What was learnt."""

    heads: tuple[str, ...]
    centre: FloatArray  # (D,)
    basis: FloatArray  # (D, r) orthonormal columns
    learnt: NDArray[np.float64]  # (r,) squares of the singular values of the training rows
    weights: NDArray[np.float64]  # (r, H)
    average: NDArray[np.float64]  # (H,) of the training values
    noise: NDArray[np.float64]  # (H,) variance
    prior: NDArray[np.float64]  # (H,) variance of each weight before anything was seen
    widened: NDArray[np.float64]  # (H,) what deviations are multiplied by
    n_rows: int  # that were learnt from
    usual: float = np.inf  # how far 95 % of held-out rows are from what was learnt

    def predict(self, content: FloatArray) -> Prediction:
        """Predict rows (n, D), each by itself.

        Raises:
            AppealError: the rows are of another width.
        """
        if content.ndim != 2 or content.shape[1] != len(self.centre):
            raise AppealError(f"content of the shape {content.shape}; expected rows of {len(self.centre):,} numbers")
        means, deviations = [], []
        unlearnt = 1 / (1 / self.prior + self.learnt[:, None] / self.noise)  # (r, H)
        for start in range(0, len(content), _AT_ONCE):
            rows = np.asarray(content[start : start + _AT_ONCE], np.float32) - self.centre
            along = (rows @ self.basis).astype(np.float64)
            beyond = np.maximum(np.square(rows).sum(axis=1) - np.square(along).sum(axis=1), 0.0)
            near = np.minimum(self.usual / np.maximum(self._distance(along), 1e-12), 1.0)
            means.append(self.average + near[:, None] * (along @ self.weights))
            variance = self.noise + np.square(along) @ unlearnt + beyond[:, None] * self.prior
            deviations.append(self.widened * np.sqrt(variance))
        none = np.zeros((0, len(self.heads)))
        return Prediction(np.concatenate([none, *means]), np.concatenate([none, *deviations]))

    def distance(self, content: FloatArray) -> NDArray[np.float64]:
        """How far rows (n, D) are from what was learnt: (n,), about 1 for the rows that were learnt from."""
        return self._distance(((np.asarray(content, np.float32) - self.centre) @ self.basis).astype(np.float64))

    def _distance(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        usual = np.maximum(self.learnt / self.n_rows, 1e-12)
        return np.asarray((np.square(along) / usual).mean(axis=1), np.float64)


def fit_posterior(
    heads: Sequence[str],
    content: FloatArray,
    values: NDArray[np.float64],
    groups: NDArray[np.str_],
    seed: int,
    n_directions: int = N_DIRECTIONS,
) -> Posterior:
    """Learn.

    Args:
        heads: names (H).
        content: rows (n, D), no NaN.
        values: (n, H), no NaN.
        groups: of each row (n,), such as its artist: none is both learnt from and asked about when deviations are
            judged.
        seed: of the folds.
        n_directions: most directions that are kept.

    Raises:
        AppealError: there are too few rows, or all of one group.
    """
    if len(content) < _LEAST_ROWS or len(set(groups.tolist())) < 2:
        raise AppealError(f"{len(content):,} tracks are too few to learn from; expected {_LEAST_ROWS}, by two artists")
    whole = _fit(heads, content, values, n_directions)
    if not len(whole.learnt):
        raise AppealError(f"all {len(content):,} tracks have the same content; expected some that differ")
    parts = []
    for held in folds_by_group(groups, min(_N_FOLDS, len(set(groups.tolist()))), seed):
        rest = np.setdiff1d(np.arange(len(content)), held)
        parts.append((held, _fit(heads, content[rest], values[rest], n_directions)))
    far = np.concatenate([one.distance(content[held]) for held, one in parts])
    usual = float(np.quantile(far, _USUAL))
    off = []
    for held, one in parts:
        told = replace(one, usual=usual).predict(content[held])
        off.append(np.abs(values[held] - told.mean) / told.deviation)
    return replace(whole, usual=usual, widened=np.quantile(np.concatenate(off), 0.8, axis=0) / Z80)


def _fit(heads: Sequence[str], content: FloatArray, values: NDArray[np.float64], n_directions: int) -> Posterior:
    centre = content.mean(axis=0, dtype=np.float64).astype(np.float32)
    rows = content - centre
    squares, basis = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    order = [one for one in np.argsort(-squares)[:n_directions] if squares[one] > 1e-9 * max(squares.max(), 1e-9)]
    squares, basis = squares[order], basis[:, order]
    average = values.mean(axis=0)
    missed = values - average
    projected = basis.T @ (rows.T.astype(np.float64) @ missed)  # (r, H)
    found = [_evidence(squares, projected[:, head], missed[:, head]) for head in range(values.shape[1])]
    return Posterior(
        tuple(heads),
        centre,
        basis.astype(np.float32),
        squares,
        np.column_stack([weights for weights, _, _ in found]),
        average,
        np.array([noise for _, noise, _ in found]),
        np.array([prior for _, _, prior in found]),
        np.ones(values.shape[1]),
        len(content),
    )


def _evidence(
    squares: NDArray[np.float64], projected: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    """Find weights (r,), the variance of the noise and that of the weights, under which values (n,) are likeliest."""
    total = max(float(values @ values), 1e-12)
    noise = total / len(values) / 2
    prior = noise / max(float(squares.sum()) / len(values), 1e-12)
    for _ in range(_STEPS):
        weights = projected / (squares + noise / prior)
        known = float((squares / (squares + noise / prior)).sum())  # so many weights were learnt, and not the prior's
        left = total - 2 * float(weights @ projected) + float(squares @ np.square(weights))
        prior = max(float(weights @ weights) / max(known, 1e-9), 1e-12)
        noise = max(left / max(len(values) - known, 1.0), 1e-9)
    return projected / (squares + noise / prior), noise, prior
