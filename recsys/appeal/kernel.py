"""Ridge with one Gaussian kernel made of several likenesses: words, letters, vectors and features side by side.

Each part gives inner products of its rows, divided by their mean on the diagonal; their weighted mean is a likeness, of
which exp(−width·distance²) is taken. How much each part counts, how wide the kernel is and how much is smoothed are
tried out on inner folds, by artist; the few settings with the least squared error over all heads are fitted, and their
mean is what is predicted: some hundred ratings cannot tell one best setting, still less one for each head.

For some hundred rated tracks; the work grows with the cube of their number. Shapes: n rows, H heads, P penalties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.inputs import ContentInput, Matrix
from recsys.appeal.learners import Predict, inner_folds
from recsys.appeal.targets import Targets
from recsys.types import IntArray


@dataclass(frozen=True)
class KernelLearner:
    """Ridge with a Gaussian kernel of several likenesses."""

    parts: tuple[tuple[ContentInput, tuple[float, ...]], ...]  # what is looked at, and how much it may count
    widths: tuple[float, ...] = (0.5, 1.0)
    penalties: tuple[float, ...] = (0.1, 0.2, 0.4)
    n_best: int = 5
    called: str = "kernel"

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.called

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Choose weights, width and penalty by inner folds, and learn."""
        learnt = [part.learn(rows) for part, _ in self.parts]
        known = [one(rows) for one in learnt]
        products = [_product(one, one) for one in known]
        scales = [float(np.mean(np.diag(one))) or 1.0 for one in products]
        inner = list(inner_folds(rows, groups, seed))
        values = targets.values[rows]
        tried: list[_Choice] = []
        for weights in self._weights():
            parts = (w * one / scale for w, one, scale in zip(weights, products, scales, strict=True))
            summed = np.sum(list(parts), axis=0) / sum(weights)
            diagonal = np.diag(summed)
            distance = diagonal[:, None] + diagonal[None] - 2 * summed
            for width in self.widths:
                errors = _errors(np.exp(-width * distance), values, inner, self.penalties)  # (P,)
                tried += [
                    _Choice(error, weights, width, penalty)
                    for error, penalty in zip(errors.tolist(), self.penalties, strict=True)
                ]
        best = sorted(tried)[: self.n_best]
        heads = [
            [_Solved.of(known, scales, choice, values[:, column]) for choice in best]
            for column in range(values.shape[1])
        ]

        def predict(wanted: IntArray) -> NDArray[np.float64]:
            asked = [one(wanted) for one in learnt]
            return np.column_stack([np.mean([one.predict(asked) for one in head], axis=0) for head in heads])

        return predict

    def _weights(self) -> Iterator[tuple[float, ...]]:
        yield from product(*(allowed for _, allowed in self.parts))


def _product(left: Matrix, right: Matrix) -> NDArray[np.float64]:
    """Inner products of rows (n, m)."""
    from scipy import sparse

    found = left @ right.T
    return np.asarray(found.toarray() if sparse.issparse(found) else found, np.float64)


def _errors(
    kernel: NDArray[np.float64],
    values: NDArray[np.float64],
    inner: Sequence[tuple[IntArray, IntArray]],
    penalties: Sequence[float],
) -> NDArray[np.float64]:
    """Return the squared error of inner folds by penalty (P,), each head's in units of its variance."""
    sums = np.zeros(len(penalties))
    variance = np.nanvar(values, axis=0)
    variance[variance == 0] = 1.0
    for learn, ask in inner:
        for columns in _alike(np.isnan(values)):
            there = learn[~np.isnan(values[learn, columns[0]])]
            means = values[np.ix_(there, columns)].mean(axis=0)
            roots, vectors = np.linalg.eigh(kernel[np.ix_(there, there)])
            turned = vectors.T @ (values[np.ix_(there, columns)] - means)
            across = kernel[np.ix_(ask, there)] @ vectors
            for number, penalty in enumerate(penalties):
                told = means + across @ (turned / (np.maximum(roots, 0) + penalty)[:, None])
                wrong = (told - values[np.ix_(ask, columns)]) ** 2 / variance[columns]
                sums[number] += float(np.nansum(wrong))
    return sums


def _alike(missing: NDArray[np.bool_]) -> list[IntArray]:
    """Group columns that are known for the same rows."""
    found: dict[bytes, list[int]] = {}
    for column in range(missing.shape[1]):
        found.setdefault(missing[:, column].tobytes(), []).append(column)
    return [np.array(columns) for columns in found.values()]


class _Choice(NamedTuple):
    """A setting, with its error on inner folds."""

    error: float
    weights: tuple[float, ...]
    width: float
    penalty: float


@dataclass(frozen=True)
class _Solved:
    """One head, fitted."""

    known: list[Matrix]
    scales: list[float]
    weights: tuple[float, ...]
    width: float
    dual: NDArray[np.float64]
    mean: float

    @classmethod
    def of(
        cls,
        known: list[Matrix],
        scales: list[float],
        choice: _Choice,
        values: NDArray[np.float64],
    ) -> _Solved:
        there = np.flatnonzero(~np.isnan(values))
        kept = [one[there] for one in known]
        mean = float(values[there].mean())
        blank = cls(kept, scales, choice.weights, choice.width, np.zeros(0), mean)
        kernel = blank._kernel(kept)
        dual = np.linalg.solve(kernel + choice.penalty * np.eye(len(there)), values[there] - mean)
        return cls(kept, scales, choice.weights, choice.width, np.asarray(dual, np.float64), mean)

    def predict(self, asked: list[Matrix]) -> NDArray[np.float64]:
        return np.asarray(self.mean + self._kernel(asked) @ self.dual)

    def _kernel(self, asked: list[Matrix]) -> NDArray[np.float64]:
        total = sum(self.weights)
        distance: Any = 0.0
        for one, other, scale, weight in zip(asked, self.known, self.scales, self.weights, strict=True):
            if weight:
                left, right = _squares(one), _squares(other)
                distance = distance + weight / scale / total * (left[:, None] + right[None] - 2 * _product(one, other))
        return np.exp(-self.width * np.asarray(distance))


def _squares(rows: Matrix) -> NDArray[np.float64]:
    """Squared lengths of rows (n,)."""
    from scipy import sparse

    squared = rows.multiply(rows) if sparse.issparse(rows) else rows * rows
    return np.asarray(squared.sum(axis=1), np.float64).ravel()
