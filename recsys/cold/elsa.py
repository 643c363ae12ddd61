"""ELSA: a factorised model of what is listened to together, whose factors are collaborative vectors of items.

    x̂ = x (A Aᵀ − I),   ‖a_i‖ = 1,   loss ‖ x̂/‖x̂‖ − x/‖x‖ ‖²      (Vančura et al., 2022, equations 4 to 6)

The −I takes out what predicts an item by itself; it changes no ranking of what is not in the history, and training
needs it.

Shapes: L listeners, I items, D width, B of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn
from torch.nn.functional import normalize

from recsys.cold.measure import Factors, ndcg
from recsys.cold.port import silent
from recsys.cold.splits import Questions
from recsys.cold.training import Best, Schedule, batches, dense, seeded, train
from recsys.types import FloatArray, Progress

_SCHEDULE = Schedule(epochs=8, learning_rate=0.01, every=2, patience=2)


@dataclass(frozen=True)
class ElsaSettings:
    """How it is made and trained; the rate is chosen on a hot validation part of Last.fm's listening."""

    dim: int = 128
    batch: int = 128
    schedule: Schedule = _SCHEDULE


class Elsa(nn.Module):
    """The item factors."""

    def __init__(self, n_items: int, dim: int) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.empty(n_items, dim))
        nn.init.xavier_uniform_(self.factors)

    def forward(self) -> Tensor:
        """Return unit rows (I, D)."""
        return normalize(self.factors, dim=1)


def fit_elsa(
    history: csr_array,
    choosing: Questions | None,
    settings: ElsaSettings | None = None,
    *,
    seed: int,
    progress: Progress = silent,
) -> tuple[Factors, Best]:
    """Learn the factors of items with a history.

    Args:
        history: (L, I), 1 where listened.
        choosing: what the number of epochs is chosen by; None makes them all.
        settings: how.
        seed: of the start and of the order.
        progress: told epochs.
    """
    chosen = settings or ElsaSettings()
    with seeded(seed) as generator:
        network = Elsa(history.shape[1], chosen.dim)
        listened = np.flatnonzero(np.diff(history.indptr))

        def epoch(optimiser: torch.optim.Optimizer) -> float:
            losses = []
            for rows in batches(len(listened), chosen.batch, generator):
                loss = reconstruction(dense(history, listened[rows]), network())
                losses.append(descend(optimiser, loss))
            return float(np.mean(losses))

        schedule = chosen.schedule
        if choosing is None:
            schedule = Schedule(schedule.epochs, schedule.learning_rate, every=schedule.epochs)
        return train(
            network,
            epoch,
            lambda: factors_of(history, network().numpy()),
            lambda found: 0.0 if choosing is None else ndcg(found, choosing),
            schedule,
            stage="elsa",
            progress=progress,
        )


def factors_of(history: csr_array, items: FloatArray) -> Factors:
    """Put listeners where the items of their history add up to."""
    return Factors(np.asarray(history @ items, dtype=np.float32), items)


def reconstruction(listened: Tensor, factors: Tensor) -> Tensor:
    """Return ELSA's loss of listeners (B, I) from unit rows (I, D), as a mean over listeners."""
    predicted = (listened @ factors) @ factors.T - listened
    return (normalize(predicted, dim=1) - normalize(listened, dim=1)).square().sum(dim=1).mean()


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    """Make one step, and return the loss."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(loss.detach())
