"""One loop for all that is learnt by gradient here: seeded, and ending with the weights that were best to choose by.

Shapes: L listeners, I items, B of a batch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

from recsys.cold.measure import Scorer
from recsys.types import NOTE, IntArray, Progress

Fitted = TypeVar("Fitted", bound=Scorer)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn."""

    epochs: int
    learning_rate: float
    every: int = 1  # epochs between two looks at what is chosen by
    patience: int = 4  # looks without a better one before it ends
    weight_decay: float = 0.0


@dataclass(frozen=True, eq=False)
class Best:
    """How training went."""

    figure: float  # of what is chosen by, at its best
    epoch: int  # when that was
    figures: tuple[float, ...]  # of each look


def train(
    network: nn.Module,
    epoch: Callable[[torch.optim.Optimizer], float],
    now: Callable[[], Fitted],
    judge: Callable[[Fitted], float],
    schedule: Schedule,
    *,
    stage: str,
    progress: Progress,
) -> tuple[Fitted, Best]:
    """Train until it gets no better, and return what was best.

    Args:
        network: is left with its best weights.
        epoch: makes one pass over the data and returns its mean loss.
        now: makes what is judged of the network as it is.
        judge: the higher the better.
        schedule: how long and how fast.
        stage: what progress is told of.
        progress: told epochs.
    """
    learnt = [one for one in network.parameters() if one.requires_grad]
    optimiser = torch.optim.Adam(learnt, lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
    best, figures, since, found, weights = -np.inf, list[float](), 0, None, None
    best_epoch = 0
    for number in range(1, schedule.epochs + 1):
        network.train()
        loss = epoch(optimiser)
        progress(f"{stage}{NOTE}loss {loss:.3g}", number, schedule.epochs)
        if number % schedule.every and number != schedule.epochs:
            continue
        network.eval()
        with torch.inference_mode():
            fitted = now()
        figures.append(judge(fitted))
        since += 1
        if figures[-1] > best or found is None:
            best, best_epoch, since, found = figures[-1], number, 0, fitted
            weights = copy.deepcopy(network.state_dict())
        if since >= schedule.patience:
            break
    assert found is not None
    assert weights is not None
    network.load_state_dict(weights)
    network.eval()
    return found, Best(best, best_epoch, tuple(figures))


@contextmanager
def seeded(seed: int) -> Iterator[np.random.Generator]:
    """Draw weights by a seed, and leave torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield np.random.default_rng((seed, 6))


def batches(n: int, size: int, generator: np.random.Generator) -> Iterator[IntArray]:
    """Draw an order, and cut it to batches."""
    order = generator.permutation(n)
    for begin in range(0, n, size):
        yield order[begin : begin + size]


def dense(matrix: csr_array, rows: IntArray) -> Tensor:
    """Return some rows (B, I) of a sparse matrix."""
    return torch.from_numpy(matrix[rows].toarray())


def perceptron(width: int, hidden: int, dim: int) -> nn.Sequential:
    """Make the map that all of the study's content goes through: two layers with a ReLU between."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, dim))
