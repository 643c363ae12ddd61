"""Content and collaborative vectors brought into one space, in which an item's two vectors are each other's nearest.

    z_c = MLP(content), z_b = MLP(collaborative), rows of length 1
    loss(z, w) = mean_i [ −z_i·w_i/τ + log( Σ_{j≠i} exp(z_i·z_j/τ) + Σ_{j≠i} exp(z_i·w_j/τ) ) ]
    L = loss(z_c, z_b) + loss(z_b, z_c),   τ = .1        (Yeh et al., 2022, as Tamm and Aljanaki, 2026, use it)

A listener is the mean of what they listened to: by its content, by its collaborative vectors, or by the mean of both,
whichever is best on the validation part. A new item has its content alone.

Shapes: I items, F and G widths of content and of collaborative vectors, D of the space, B of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from recsys.cold.content import means
from recsys.cold.elsa import descend
from recsys.cold.errors import ColdStartError
from recsys.cold.measure import Factors, ndcg
from recsys.cold.port import Outcome, Problem, silent
from recsys.cold.training import Best, Fitted, Schedule, batches, perceptron, seeded, train
from recsys.types import BoolArray, FloatArray, IntArray, Progress
from recsys.unit import unit_rows

#: What a warm item, and so a listener, is made of.
SIDES = ("content", "collaborative", "both")


_SCHEDULE = Schedule(epochs=40, learning_rate=5e-4, every=4, patience=3)


@dataclass(frozen=True)
class ProjectionSettings:
    """How it is made and trained; the temperature as published.

    Rate and batch are chosen on Last.fm's listening, on hot and cold validation parts of a seed of its own.
    """

    dim: int = 128
    hidden: int = 256
    temperature: float = 0.1
    batch: int = 512
    schedule: Schedule = _SCHEDULE


class Projection(nn.Module):
    """The two maps into one space."""

    def __init__(self, content_width: int, collaborative_width: int, settings: ProjectionSettings) -> None:
        super().__init__()
        self.settings = settings
        self.content = perceptron(content_width, settings.hidden, settings.dim)
        self.collaborative = perceptron(collaborative_width, settings.hidden, settings.dim)

    def of_content(self, vectors: Tensor) -> Tensor:
        """Map content (B, F) to unit rows (B, D)."""
        return normalize(self.content(vectors), dim=1)

    def of_collaborative(self, vectors: Tensor) -> Tensor:
        """Map collaborative vectors (B, G) to unit rows (B, D)."""
        return normalize(self.collaborative(vectors), dim=1)

    def loss(self, content: Tensor, collaborative: Tensor) -> Tensor:
        """Return the loss of a batch."""
        one, other = self.of_content(content), self.of_collaborative(collaborative)
        return decoupled(one, other, self.settings.temperature) + decoupled(other, one, self.settings.temperature)


def decoupled(ones: Tensor, others: Tensor, temperature: float) -> Tensor:
    """Return the decoupled contrastive loss of rows (B, D) against those of the same items on the other side."""
    across = ones @ others.T / temperature
    within = ones @ ones.T / temperature
    itself = torch.eye(len(ones), dtype=torch.bool)
    lowest = torch.finfo(across.dtype).min
    against = torch.cat([within.masked_fill(itself, lowest), across.masked_fill(itself, lowest)], dim=1)
    return (against.logsumexp(dim=1) - across.diagonal()).mean()


@dataclass(frozen=True, eq=False)
class Sides:
    """All items by what they are made of, zero where there is none; judged as the best way to put listeners there."""

    content: FloatArray  # (I, D)
    collaborative: FloatArray  # (I, D)
    problem: Problem

    def factors(self, side: str) -> Factors:
        """Return listeners and items; items without a history are made of content whatever the side."""
        warm = {
            "content": self.content,
            "collaborative": self.collaborative,
            "both": unit_rows(self.content + self.collaborative),
        }[side]
        items = np.where(self.collaborative.any(axis=1, keepdims=True), warm, self.content)
        history = self.problem.split.history
        return Factors(unit_rows(means(items, history.indices, history.indptr)), items)

    def best(self) -> tuple[str, float]:
        """Return the side that is best on the validation part, and its figure."""
        found = {side: ndcg(self.factors(side), self.problem.split.choosing) for side in SIDES}
        side = max(SIDES, key=lambda one: found[one])
        return side, found[side]

    def scores(self, listeners: IntArray) -> FloatArray:
        """Return the scores (B, I) of the best side."""
        return self.factors(self.best()[0]).scores(listeners)


def fit_projection(problem: Problem, settings: ProjectionSettings | None = None) -> Outcome:
    """Train on items that have both a history and content; epoch and side are chosen by the validation part.

    Raises:
        ColdStartError: there are no collaborative vectors to aim at.
    """
    if problem.collaborative is None:
        raise ColdStartError("contrastive", "it has no collaborative vectors", "fit ELSA on the training part first")
    content, split = problem.content, problem.split
    known = split.warm[:, None]
    collaborative = np.where(known, problem.collaborative, np.float32(0))

    def now(network: Projection) -> Sides:
        of_content = network.of_content(torch.from_numpy(content.standardised)).numpy()
        of_both = network.of_collaborative(torch.from_numpy(collaborative)).numpy()
        return Sides(
            np.where(content.present[:, None], of_content, np.float32(0)),
            np.where(known, of_both, np.float32(0)),
            problem,
        )

    def judge(found: Sides) -> float:
        return found.best()[1]

    _, found, best = learn(
        content.standardised,
        collaborative,
        np.asarray(split.warm & content.present),
        now,
        judge,
        settings or ProjectionSettings(),
        seed=problem.seed,
        progress=problem.progress,
    )
    side, figure = found.best()
    return Outcome(found.factors(side), {"ndcg@10": figure, "epoch": best.epoch, "side": side})


def learn(
    content: FloatArray,
    collaborative: FloatArray,
    taught: BoolArray,
    now: Callable[[Projection], Fitted],
    judge: Callable[[Fitted], float],
    settings: ProjectionSettings,
    *,
    seed: int,
    progress: Progress = silent,
) -> tuple[Projection, Fitted, Best]:
    """Train both maps.

    Args:
        content: (I, F), columns standardised.
        collaborative: (I, G).
        taught: (I,) which items have both.
        now: makes what is judged of the network as it is.
        judge: the higher the better.
        settings: how.
        seed: of the weights and of the order.
        progress: told epochs.

    Raises:
        ColdStartError: fewer than two items have both.
    """
    rows_with = np.flatnonzero(taught)
    if len(rows_with) < 2:
        problem = f"{len(rows_with)} items have both a history and content"
        raise ColdStartError("contrastive", problem, "give content of more items that were listened to")
    of_content, of_listening = torch.from_numpy(content), torch.from_numpy(collaborative)
    with seeded(seed) as generator:
        network = Projection(content.shape[1], collaborative.shape[1], settings)

        def epoch(optimiser: torch.optim.Optimizer) -> float:
            losses = []
            for rows in batches(len(rows_with), settings.batch, generator):
                if len(rows) > 1:
                    drawn = torch.from_numpy(rows_with[rows])
                    losses.append(descend(optimiser, network.loss(of_content[drawn], of_listening[drawn])))
            return float(np.mean(losses))

        found, best = train(
            network, epoch, lambda: now(network), judge, settings.schedule, stage="contrastive", progress=progress
        )
    return network, found, best
