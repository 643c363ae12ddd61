"""Who wins? Logistic regression on differences of features, and Bradley–Terry strengths of systems.

    P(A wins) = σ(w·(f_A − f_B))

There is no constant, and differences are scaled but not centred: if A and B change places, the probability turns round
exactly, and which side a piece was on can say nothing. A *rule* has no weights: the larger value wins.

How much is smoothed is chosen by inner folds by prompt, by log loss. Ties and "both bad" are learnt from by nobody but
Bradley–Terry, for which each is half a win for either side (Bradley and Terry 1952; Davidson's tie model would add a
parameter that ranks nothing).

Shapes: n battles, D features, S systems.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Values = NDArray[np.float64]
Rows = NDArray[np.int64]
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_SYSTEM_PENALTY = 1.0
_N_INNER = 3
#: More features than this are fitted without second derivatives.
_MOST_BY_NEWTON = 64
_MOST_STEPS, _LEAST_STEP = 50, 1e-7


def fit_difference(differences: Values, won: Values, penalty: float) -> Values:
    """Return weights (D,) of differences (n, D) for shares of a win of A (n,), smoothed by penalty·|w|²/2."""
    if differences.shape[1] > _MOST_BY_NEWTON:
        start = np.zeros(differences.shape[1])
        found = minimize(_loss, start, (differences, won, penalty), jac=True, method="L-BFGS-B")
        return np.asarray(found.x, np.float64)
    weights = np.zeros(differences.shape[1])
    loss, slope = _loss(weights, differences, won, penalty)
    for _ in range(_MOST_STEPS):
        sure = _sigmoid(differences @ weights)
        bend = (differences * (sure * (1 - sure))[:, None]).T @ differences + penalty * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while size > _LEAST_STEP:  # a whole step can overshoot where battles are told apart without any doubt
            tried = weights - size * step
            found_loss, found_slope = _loss(tried, differences, won, penalty)
            if found_loss <= loss:
                break
            size /= 2
        else:
            break
        weights, loss, slope = tried, found_loss, found_slope
        if np.abs(size * step).max() < _LEAST_STEP:
            break
    return weights


def _loss(weights: Values, differences: Values, won: Values, penalty: float) -> tuple[float, Values]:
    """The loss and its slope (D,); log(1 + exp(m)) − y·m is written so that it cannot overflow."""
    margins = differences @ weights
    total = float(np.sum(np.logaddexp(0, margins) - won * margins) + penalty / 2 * weights @ weights)
    return total, differences.T @ (_sigmoid(margins) - won) + penalty * weights


def choose_and_fit(differences: Values, won: Values, prompts: NDArray[np.str_], seed: int) -> tuple[Values, Values]:
    """Choose the penalty by inner folds by prompt, and fit.

    Returns:
        Weights (D,), and what differences are to be divided by (D,).
    """
    from recsys.appeal.learners import folds_by_group

    scale = np.sqrt((differences**2).mean(axis=0))
    scale[scale == 0] = 1.0
    scaled = differences / scale
    losses = np.zeros(len(PENALTIES))
    for held in folds_by_group(prompts, _N_INNER, seed):
        learn = np.setdiff1d(np.arange(len(won)), held)
        if not len(learn) or not len(held):
            continue
        for number, penalty in enumerate(PENALTIES):
            margins = scaled[held] @ fit_difference(scaled[learn], won[learn], penalty)
            losses[number] += float(np.sum(np.logaddexp(0, margins) - won[held] * margins))
    return fit_difference(scaled, won, PENALTIES[int(losses.argmin())]), scale


def system_differences(systems: Sequence[tuple[str, str]]) -> Values:
    """Return +1 for the system of A and −1 for that of B: (n, S), systems by the alphabet."""
    names = sorted({name for pair in systems for name in pair})
    number = {name: column for column, name in enumerate(names)}
    found = np.zeros((len(systems), len(names)))
    for row, (left, right) in enumerate(systems):
        found[row, number[left]] += 1
        found[row, number[right]] -= 1
    return found


def fit_strengths(differences: Values, won: Values) -> Values:
    """Return Bradley–Terry strengths (S,); a system without any battle has the mean strength, 0."""
    return fit_difference(differences, won, _SYSTEM_PENALTY)


def _sigmoid(values: Values) -> Values:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))
