"""Attributes by ridge regression from vectors of how tracks sound, fitted to tracks that are annotated already.

For every attribute a line of its own is fitted to standardised vectors, with the penalty that generalised
cross-validation finds best on the tracks that it is fitted to (Golub, Heath and Wahba, Technometrics 21(2), 1979). How
good that is, is told by folds over artists: no artist's tracks are on both sides, and the penalty is chosen anew in
each fold. An attribute that does not beat its own mean there, with a 95 % interval over artists, is not filled.

How sure a value is, is the share of held-out tracks with that value for that attribute whose annotation was within one
step of 0–5, drawn to the attribute's share where few were seen.

Shapes: n annotated tracks, D width of the vectors, A attributes, k singular values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.attributes.scales import Scale, in_five, levels
from recsys.attributes.table import load_attributes
from recsys.attributes.values import is_right
from recsys.enrich.calibration import Calibration
from recsys.errors import RecsysError
from recsys.types import FloatArray, IntArray

#: Annotated tracks with a vector, and artists among them, that a regression takes at least.
LEAST_TRACKS, LEAST_ARTISTS = 40, 10
N_FOLDS = 5
_PENALTIES = tuple(10.0**exponent for exponent in np.arange(-1.0, 5.01, 0.5))
#: What is expected of an attribute of which nothing was held out yet.
_EXPECTED = 0.5
_Z95 = 1.959964


class TooFewAnnotatedError(RecsysError, ValueError):
    """There are too few annotated tracks with vectors to fit a regression to."""

    def __init__(self, n_tracks: int, n_artists: int) -> None:
        super().__init__(
            f"{n_tracks:,} annotated tracks of {n_artists:,} artists have a vector; a regression takes at least "
            f"{LEAST_TRACKS} tracks of {LEAST_ARTISTS} artists: first read a file of attributes of your tracks"
        )
        self.n_tracks, self.n_artists = n_tracks, n_artists


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well one attribute is found on artists that were not fitted to."""

    key: str
    n: int  # tracks
    mae: float  # mean absolute error, 0–1
    mean_mae: float  # of always saying the mean of the tracks that were fitted to
    within: float  # share within one step of 0–5
    gain: float  # share of the squared error that it takes away (R²), may be negative
    gain_low: float  # bounds of its 95 % interval over artists
    gain_high: float

    @property
    def beats_mean(self) -> bool:
        """Whether it is surely better than saying the mean."""
        return self.gain_low > 0


@dataclass(frozen=True)
class Regression:
    """A fitted regression; `held_out` is of the same tracks by folds, in the order of the table."""

    centre: FloatArray  # (D,)
    spread: FloatArray  # (D,)
    weights: FloatArray  # (D, A)
    bias: FloatArray  # (A,)
    held_out: tuple[HeldOut, ...]
    folded: FloatArray  # (n, A) what each track was found to be by the folds that did not see its artist; NaN: none
    _calibration: Calibration

    def predict(self, vectors: FloatArray) -> FloatArray:
        """Find all attributes (m, A), 0–1, of tracks with vectors (m, D)."""
        found = ((vectors - self.centre) / self.spread) @ self.weights + self.bias
        return np.clip(found, 0.0, 1.0).astype(np.float32)

    def confidence(self, key: str, value: float) -> float:
        """How sure a found value of an attribute is, 0–1."""
        expected = self._calibration.confidence(key, _EXPECTED)
        return self._calibration.confidence(f"{key}:{in_five(value)}", expected)


def fit_regression(vectors: FloatArray, values: FloatArray, artists: Sequence[str], *, seed: int = 64) -> Regression:
    """Fit every attribute, and find out on held-out artists how well that works.

    Args:
        vectors: (n, D), no row of zeros.
        values: (n, A) 0–1 in the order of the table; NaN where nothing is known.
        artists: (n,) whose tracks must not be on both sides of a fold.
        seed: of the folds.

    Raises:
        TooFewAnnotatedError: there are too few tracks or artists.
    """
    numbers: IntArray = np.unique(np.asarray(artists), return_inverse=True)[1].astype(np.int64)
    n_artists = int(numbers.max()) + 1 if len(numbers) else 0
    if len(vectors) < LEAST_TRACKS or n_artists < LEAST_ARTISTS:
        raise TooFewAnnotatedError(len(vectors), n_artists)
    fold_of = np.random.default_rng(seed).permutation(n_artists)[numbers] % N_FOLDS
    folded = np.full(values.shape, np.nan, np.float32)
    means = np.full(values.shape, np.nan, np.float32)
    for fold in range(N_FOLDS):
        inside = fold_of != fold
        centre, spread, weights, bias = _fit(vectors[inside], values[inside])
        out = ~inside
        folded[out] = np.clip(((vectors[out] - centre) / spread) @ weights + bias, 0.0, 1.0)
        with np.errstate(invalid="ignore"):
            means[out] = _means(values[inside])
    keys = load_attributes().keys
    calibration = Calibration()
    held_out = tuple(
        _judge(key, values[:, a], folded[:, a], means[:, a], numbers, calibration) for a, key in enumerate(keys)
    )
    return Regression(*_fit(vectors, values), held_out=held_out, folded=folded, _calibration=calibration)


def _judge(
    key: str, true: FloatArray, found: FloatArray, mean: FloatArray, artists: IntArray, calibration: Calibration
) -> HeldOut:
    there = ~(np.isnan(true) | np.isnan(found) | np.isnan(mean))
    t, f, m = (column[there].astype(np.float64) for column in (true, found, mean))
    if not len(t):
        return HeldOut(key, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    right = [is_right(float(one), float(other)) for one, other in zip(f, t, strict=True)]
    for step, is_so in zip(levels(f.astype(np.float32), Scale.FIVE).tolist(), right, strict=True):
        calibration.learn(key, is_so)
        calibration.learn(f"{key}:{step}", is_so)
    before, after = np.square(t - m), np.square(t - f)
    gain, low, high = _gain(before, after, artists[there])
    return HeldOut(
        key,
        len(t),
        float(np.abs(t - f).mean()),
        float(np.abs(t - m).mean()),
        float(np.mean(right)),
        gain,
        low,
        high,
    )


def _gain(before: np.ndarray, after: np.ndarray, artists: IntArray) -> tuple[float, float, float]:
    """The share of squared error taken away, with its interval over artists (delta method of a ratio of sums)."""
    total = float(before.sum())
    if total <= 0:
        return 0.0, 0.0, 0.0
    numbers = np.unique(artists, return_inverse=True)[1]
    b, a = np.bincount(numbers, weights=before), np.bincount(numbers, weights=after)
    gain = 1.0 - float(a.sum()) / total
    residual = (b - a) - gain * b
    n = len(b)
    error = float(np.sqrt(n / max(n - 1, 1) * np.square(residual).sum())) / total
    return gain, gain - _Z95 * error, gain + _Z95 * error


def _means(values: FloatArray) -> FloatArray:
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    sums = np.where(there, values, 0.0).sum(axis=0)
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan).astype(np.float32)


def _fit(vectors: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Fit all attributes; those of which nothing is known have weights and bias of NaN."""
    centre = vectors.mean(axis=0)
    spread = vectors.std(axis=0)
    spread = np.where(spread > 1e-8, spread, 1.0)
    x = ((vectors - centre) / spread).astype(np.float64)  # (n, D)
    weights = np.full((x.shape[1], values.shape[1]), np.nan)
    bias = np.full(values.shape[1], np.nan)
    there = ~np.isnan(values)
    patterns: dict[bytes, list[int]] = {}
    for column in range(values.shape[1]):
        patterns.setdefault(there[:, column].tobytes(), []).append(column)
    for columns in patterns.values():
        rows = there[:, columns[0]]
        if rows.sum() < 2:
            continue
        weights[:, columns], bias[columns] = _ridge(x[rows], values[rows][:, columns].astype(np.float64))
    return (
        centre.astype(np.float32),
        spread.astype(np.float32),
        weights.astype(np.float32),
        bias.astype(np.float32),
    )


def _ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression of several columns (n, a), each with the penalty of the least generalised error."""
    n = len(x)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    u, s, vt = np.linalg.svd(x - x_mean, full_matrices=False)  # (n, k), (k,), (k, D)
    uy = u.T @ (y - y_mean)  # (k, a)
    total = np.square(y - y_mean).sum(axis=0)  # (a,)
    best = np.full(y.shape[1], np.inf)
    shrunk = np.zeros_like(uy)
    for penalty in _PENALTIES:
        kept = s**2 / (s**2 + penalty)  # (k,)
        left = total - ((2 * kept - kept**2)[:, None] * uy**2).sum(axis=0)  # (a,)
        free = n - 1 - kept.sum()
        error = n * np.maximum(left, 0.0) / max(free, 1e-9) ** 2
        better = error < best
        best = np.where(better, error, best)
        factor = np.divide(s, s**2 + penalty)
        shrunk = np.where(better[None, :], factor[:, None] * uy, shrunk)
    weights = vt.T @ shrunk  # (D, a)
    return weights, y_mean - x_mean @ weights
