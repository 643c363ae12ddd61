"""A shallow network: listeners and items through one map, and their cosine.

    s(u, i) = cos(relu(W e_u + b), relu(W c_i + b)),   loss max(0, .2 − s(u, i) + s(u′, i)),  20 negatives u′ for a pair

e_u is learnt and begins at the mean content of what the listener listened to; c_i is the content, which stays as it is.
As published, what is drawn for each pair are listeners. All their cosines are one product, of which those drawn are
taken.

Shapes: L listeners, I items, F width of the content, D width, B pairs of a batch, U different items of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from recsys.cold.content import means
from recsys.cold.elsa import descend
from recsys.cold.measure import Factors, ndcg
from recsys.cold.port import Outcome, Problem
from recsys.cold.training import Schedule, batches, seeded, train

#: Of the published code, which draws negatives below the first of these, though there are the second of listeners.
_DRAWN_BELOW, _OF = 17_052, 21_018


_SCHEDULE = Schedule(epochs=16, learning_rate=2e-3, every=2, patience=2)


@dataclass(frozen=True)
class ShallowSettings:
    """How it is made and trained; margin and negatives as published."""

    dim: int = 128
    margin: float = 0.2
    n_negatives: int = 20
    batch: int = 10_000
    schedule: Schedule = _SCHEDULE


class Shallow(nn.Module):
    """Both sides' vectors, and the map they share."""

    def __init__(self, listeners: Tensor, items: Tensor, dim: int, *, train_items: bool) -> None:
        super().__init__()
        self.listeners = nn.Parameter(listeners, requires_grad=not train_items)
        self.items = nn.Parameter(items, requires_grad=train_items)
        self.shared = nn.Sequential(nn.Linear(items.shape[1], dim), nn.ReLU())

    def listener_vectors(self) -> Tensor:
        """Return unit rows (L, D)."""
        return normalize(self.shared(self.listeners), dim=1)

    def item_vectors(self, rows: Tensor | None = None) -> Tensor:
        """Return unit rows (U, D) of some items, or (I, D) of all."""
        return normalize(self.shared(self.items if rows is None else self.items[rows]), dim=1)


def fit_shallow(problem: Problem, settings: ShallowSettings | None = None) -> Outcome:
    """Train it; the epoch is chosen by the validation part."""
    chosen, split = settings or ShallowSettings(), problem.split
    content = problem.content.standardised
    history = split.history
    begin = means(content, history.indices, history.indptr)
    coo = history.tocoo()
    rows_of, items_of = coo.row.astype(np.int64), coo.col.astype(np.int64)
    n_drawn = len(begin)
    if "negatives" in problem.faults:
        n_drawn = max(1, round(n_drawn * _DRAWN_BELOW / _OF))
    with seeded(problem.seed) as generator:
        network = Shallow(
            torch.from_numpy(begin), torch.from_numpy(content), chosen.dim, train_items="freeze" in problem.faults
        )

        def epoch(optimiser: torch.optim.Optimizer) -> float:
            losses = []
            for pairs in batches(len(rows_of), chosen.batch, generator):
                used, places = np.unique(items_of[pairs], return_inverse=True)
                cosines = network.item_vectors(torch.from_numpy(used)) @ network.listener_vectors().T  # (U, L)
                drawn = generator.integers(n_drawn, size=(len(pairs), chosen.n_negatives))
                own = torch.from_numpy(places)
                positive = cosines[own, torch.from_numpy(rows_of[pairs])]
                negative = cosines[own[:, None], torch.from_numpy(drawn)]
                loss = (chosen.margin - positive[:, None] + negative).clamp(min=0).mean()
                losses.append(descend(optimiser, loss))
            return float(np.mean(losses))

        found, best = train(
            network,
            epoch,
            lambda: Factors(network.listener_vectors().numpy(), network.item_vectors().numpy()),
            lambda fitted: ndcg(fitted, split.choosing),
            chosen.schedule,
            stage="shallow",
            progress=problem.progress,
        )
    return Outcome(found, {"ndcg@10": best.figure, "epoch": best.epoch})
