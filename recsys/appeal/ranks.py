"""How alike are two columns of values? Pure functions on arrays (n,).

pearson    correlation of values
spearman   correlation of ranks, ties share their middle rank
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def pearson(true: Values, said: Values) -> float:
    """Return the correlation: 0 where the prediction is constant, for that tells nothing; NaN where the truth is."""
    a, b = true - true.mean(), said - said.mean()
    if not (a @ a) > 0:
        return float("nan")
    return float(a @ b) / float(np.sqrt((a @ a) * (b @ b))) if b @ b > 0 else 0.0


def spearman(true: Values, said: Values) -> float:
    """Return the correlation of ranks, in constant cases as `pearson`."""
    return pearson(ranks(true), ranks(said))


def ranks(values: Values) -> Values:
    """Return ranks from 1, ties share their middle one."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), np.float64)
