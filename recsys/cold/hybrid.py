"""ELSA whose item factors are a map of content, so that new items have them too.

    A = rows of MLP(content) at length 1,   x̂ = x (A Aᵀ − I),   ELSA's loss      (Tamm and Aljanaki, 2026)

Shapes: L listeners, I items, F width of the content, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from recsys.cold.elsa import descend, factors_of, reconstruction
from recsys.cold.measure import ndcg
from recsys.cold.port import Outcome, Problem
from recsys.cold.training import Schedule, batches, dense, perceptron, seeded, train

_SCHEDULE = Schedule(epochs=24, learning_rate=4e-3, every=2, patience=2)


@dataclass(frozen=True)
class HybridSettings:
    """How it is made and trained; the rate is chosen on hot and cold validation parts of Last.fm's listening."""

    dim: int = 128
    hidden: int = 256
    batch: int = 256
    schedule: Schedule = _SCHEDULE


def fit_hybrid(problem: Problem, settings: HybridSettings | None = None) -> Outcome:
    """Train it on items that have both a history and content; the epoch is chosen by the validation part."""
    chosen, split = settings or HybridSettings(), problem.split
    content, history = torch.from_numpy(problem.content.standardised), split.history
    present = torch.from_numpy(problem.content.present[:, None].astype(np.float32))
    # New items are in nobody's history: reconstructing them would only teach that they are not.
    taught = np.flatnonzero(split.warm & problem.content.present)
    listened = history[:, taught]
    rows_with = np.flatnonzero(np.diff(listened.indptr))
    with seeded(problem.seed) as generator:
        network = perceptron(content.shape[1], chosen.hidden, chosen.dim)

        def items() -> Tensor:
            return normalize(network(content), dim=1) * present

        def epoch(optimiser: torch.optim.Optimizer) -> float:
            losses = []
            known = content[torch.from_numpy(taught)]
            for rows in batches(len(rows_with), chosen.batch, generator):
                factors = normalize(network(known), dim=1)
                losses.append(descend(optimiser, reconstruction(dense(listened, rows_with[rows]), factors)))
            return float(np.mean(losses))

        found, best = train(
            network,
            epoch,
            lambda: factors_of(history, items().numpy()),
            lambda fitted: ndcg(fitted, split.choosing),
            chosen.schedule,
            stage="hybrid",
            progress=problem.progress,
        )
    return Outcome(found, {"ndcg@10": best.figure, "epoch": best.epoch})
