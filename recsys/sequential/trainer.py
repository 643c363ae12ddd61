"""One trainer for all neural models of sequences: seeded, resumable after a kill, stopping early.

Step s draws from `default_rng((seed, s))` and the order of epoch e from `default_rng((seed, e, 0))`, so that a run that
is continued draws what it would have drawn. Where a loss needs a few items at a time, their vectors alone are updated
(`row_adam`), at the steps of dense Adam.

Shapes: U items that a step uses, D width, I items.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from recsys.jam.training_state import StateFile, TrainingState, optimiser_state, restore_optimiser
from recsys.sequential.item_features import ItemTable
from recsys.sequential.row_adam import RowAdam
from recsys.types import NOTE, IntArray, Progress

STATE_FILE = "training.safetensors"
#: Steps between two states kept on disk.
_KEEP_EVERY = 200
#: Steps whose mean loss is shown.
_RECENT = 50
_BETAS = (0.9, 0.98)  # as SASRec's public implementations have them


class Batch(Protocol):
    """What one step learns from."""

    @property
    def items(self) -> IntArray | None:
        """The items (U,) whose vectors the loss needs, each once; None for all."""


class Learner(Protocol):
    """A network with what it learns from."""

    @property
    def network(self) -> nn.Module:
        """All that is learnt."""

    @property
    def table(self) -> ItemTable:
        """The part of it that holds the vectors of the items."""

    def batch(self, step: int) -> Batch:
        """Draw what a step learns from, the same whenever it is asked."""

    def loss(self, batch: Any, vectors: Tensor) -> Tensor:
        """Return the loss of a batch, from the vectors (U, D) of the items it names, or (I, D) of all."""

    def reseed(self, step: int) -> None:
        """Make the dropout of a step the same whenever it is drawn."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn."""

    steps: int
    learning_rate: float
    warmup: int = 0  # steps over which the rate rises
    decay: bool = True  # whether it then falls to 0 as a cosine
    weight_decay: float = 0.0  # of the maps, decoupled; the item vectors have none
    max_norm: float = 0.0  # of the maps' gradient, longer ones are cut; 0 for none
    validate_every: int = 200  # steps
    patience: int = 5  # validations without a better one before it ends

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, from 0 on."""
        rising = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        if not self.decay:
            return self.learning_rate * rising
        return self.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class Trainer:
    """Trains a learner step by step."""

    def __init__(self, learner: Learner, schedule: Schedule, *, by_rows: bool) -> None:
        """Begin with the network as it is.

        Args:
            learner: what is trained.
            schedule: how long and how fast.
            by_rows: its batches name the items they use, so that only those are updated.
        """
        self.learner, self.schedule = learner, schedule
        learnt = learner.table.learnt
        self.rows = RowAdam(learnt.data, _BETAS) if by_rows else None
        learner.network.train()
        maps = [one for one in learner.network.parameters() if one is not learnt]
        groups: list[dict[str, Any]] = [{"params": maps, "weight_decay": schedule.weight_decay}]
        if self.rows is None:
            groups.append({"params": [learnt], "weight_decay": 0.0})
        self._maps = maps
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=_BETAS, fused=True)

    def step(self, step: int, batch: Batch | None = None) -> float:
        """Make one step and return its loss; the batch is drawn where none is given."""
        learner = self.learner
        learner.reseed(step)
        drawn = learner.batch(step) if batch is None else batch
        rate = self.schedule.rate(step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        if self.rows is None or drawn.items is None:
            loss = learner.loss(drawn, learner.table())
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            items = torch.from_numpy(drawn.items)
            learnt = self.rows.rows(items).requires_grad_()
            loss = learner.loss(drawn, learner.table(learnt, items))
            loss.backward()  # type: ignore[no-untyped-call]
            if learnt.grad is not None:
                self.rows.update(items, learnt.grad, rate)
        if self.schedule.max_norm:
            nn.utils.clip_grad_norm_(self._maps, self.schedule.max_norm)
        self.optimiser.step()
        return float(loss.detach())

    def run(
        self,
        *,
        validate: Callable[[], float] | None,
        progress: Progress,
        state: Path | None,
        identity: str,
    ) -> list[float]:
        """Train to the end, or until validation gets no better, and leave the best weights in the network.

        Args:
            validate: the higher the better, of the network as it is; without it all steps are made.
            progress: told about each step.
            state: folder where the run is kept as it goes, so that it can be continued.
            identity: of the data and the settings; a run of another identity is never continued.

        Returns:
            the loss of each step.
        """
        network = self.learner.network
        file = StateFile(None if state is None else state / STATE_FILE, hashlib.sha256(identity.encode()).hexdigest())
        best, best_weights, since, losses, first = -math.inf, None, 0, list[float](), 0
        found = file.find(torch.device("cpu"))
        if found is not None:
            try:
                self._restore(found)
                facts = found.facts
                first, losses, since = int(facts["step"]), list(facts["losses"]), int(facts["since"])
                best = -math.inf if facts["best"] is None else float(facts["best"])
                best_weights = found.part("best.") or None
            except (KeyError, RuntimeError, TypeError, ValueError) as error:
                raise file.damaged(error) from error
        for step in range(first, self.schedule.steps):
            losses.append(self.step(step))
            done = step + 1
            progress(f"train{NOTE}loss {np.mean(losses[-_RECENT:]):.3f}", done, self.schedule.steps)
            last = done == self.schedule.steps
            if validate is not None and (done % self.schedule.validate_every == 0 or last):
                self.settle()
                network.eval()
                value = validate()
                network.train()
                since = 0 if value > best else since + 1
                if value > best:
                    best, best_weights = value, {name: one.clone() for name, one in network.state_dict().items()}
                if since >= self.schedule.patience:
                    break
            if done % _KEEP_EVERY == 0 and not last:
                kept, groups = optimiser_state(self.optimiser)
                kept |= {f"network.{name}": value for name, value in network.state_dict().items()}
                kept |= {f"best.{name}": value for name, value in (best_weights or {}).items()}
                kept |= {f"rows.{name}": one for name, one in (self.rows.state() if self.rows else {}).items()}
                facts = {"step": done, "losses": losses, "since": since, "groups": groups}
                file.keep(TrainingState(kept, facts | {"best": None if best == -math.inf else best}))
        self.settle()
        if best_weights is not None:
            network.load_state_dict(best_weights)
        network.eval()
        file.drop()
        return losses

    def settle(self) -> None:
        """Bring the vectors of all items up to date."""
        if self.rows is not None:
            self.rows.flush()

    def _restore(self, state: TrainingState) -> None:
        self.learner.network.load_state_dict(state.part("network."))
        restore_optimiser(self.optimiser, state, state.facts["groups"])
        if self.rows is not None:
            self.rows.restore(state.part("rows."))
