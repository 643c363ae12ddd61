"""The loop of every training run here: epochs of steps, in one process or several, continued after SIGKILL.

State is written by atomic replacement every `state_every` steps and after each epoch. A run that was killed continues
to the same weights, bit for bit on a CPU with the same number of threads, whatever the order and the draws of its steps
are made of: they are functions of (seed, epoch or step), or the generators that they come from are part of the state.

Under `torchrun` each process takes its slice of every batch, and gradients are added up; losses are those of one
process up to rounding. All need the same state, or none.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor

from recsys.jam.errors import TrainingDataError
from recsys.jam.processes import Processes
from recsys.jam.training_state import StateFile, TrainingState, optimiser_state, restore_optimiser
from recsys.types import NOTE, Progress

#: Steps between two reports, since each waits for the device.
_REPORT_EVERY = 20
#: The numbers of some examples.
Units = TypeVar("Units")


@dataclass
class History:
    """What an epoch came to, one line each, and the best of them."""

    losses: list[float] = field(default_factory=list)  # mean loss of the epoch
    ndcg: list[float] = field(default_factory=list)  # NDCG@10 after it; empty without queries to choose by

    @property
    def best(self) -> int | None:
        """The epoch (from 0) of the highest NDCG@10, the first of equals; None without any."""
        return max(range(len(self.ndcg)), key=self.ndcg.__getitem__) if self.ndcg else None

    def stop(self, patience: int) -> bool:
        """Tell whether the best is `patience` epochs ago."""
        return self.best is not None and len(self.ndcg) - 1 - self.best >= patience


@dataclass(frozen=True)
class Pace:
    """How long a run is, and how often it keeps its state."""

    per_epoch: int  # steps
    epochs: int
    state_every: int  # steps
    patience: int | None = None  # epochs without a better NDCG@10; None runs all epochs

    @property
    def n_steps(self) -> int:
        """Steps of all epochs."""
        return self.per_epoch * self.epochs


class TrainingRun(ABC, Generic[Units]):
    """One training run and its state; what a step learns from is up to those who inherit."""

    def __init__(
        self,
        parameters: Sequence[Tensor],
        optimiser: torch.optim.Optimizer,
        pace: Pace,
        *,
        learning_rate: float,
        device: torch.device,
        state: StateFile,
        processes: Processes,
        progress: Progress | None,
        stage: str,
    ) -> None:
        """Take what is fitted, by what, for how long, where its state lies and who is told."""
        self.parameters, self.optimiser, self.pace = list(parameters), optimiser, pace
        self.learning_rate, self.device, self.state = learning_rate, device, state
        self.processes, self.stage = processes, stage
        self.progress = progress if processes.first else None
        self.step = 0  # of all epochs
        self.total = torch.zeros((), dtype=torch.float64, device=device)  # losses of this epoch
        self.history = History()

    @abstractmethod
    def order(self, epoch: int) -> Sequence[Units]:
        """Return the examples of each step of an epoch."""

    @abstractmethod
    def loss(self, units: Units, mine: slice) -> Tensor:
        """Return this process's part of a step's loss, which those of all processes add up to."""

    @abstractmethod
    def size(self, units: Units) -> int:
        """Return how many examples a step has."""

    @abstractmethod
    def held(self) -> TrainingState:
        """Return weights and whatever else the next step depends on, as tensors and facts."""

    @abstractmethod
    def take(self, state: TrainingState) -> None:
        """Take back what `held` returned."""

    def find_state(self) -> TrainingState | None:
        """Return where this run stood, if it was broken off."""
        return self.state.find(self.device)

    def before_step(self) -> None:
        """Set the learning rate of the step."""

    def after_step(self) -> None:
        """Set the learning rate of the next step."""

    def figure(self) -> float | None:
        """Return NDCG@10 as it now is, None where there is nothing to measure it on."""
        return None

    def after_epoch(self, epoch: int) -> None:
        """Keep what is best, if that is wanted; its figures are in the history."""

    def run(self) -> History:
        """Train to the end from wherever the state is."""
        self._restore()
        self.processes.wait()  # nobody writes while another still reads
        patience = self.pace.patience
        while len(self.history.losses) < self.pace.epochs and (patience is None or not self.history.stop(patience)):
            self._epoch(len(self.history.losses))
        return self.history

    def _epoch(self, epoch: int) -> None:
        order = self.order(epoch)
        while self.step < (epoch + 1) * self.pace.per_epoch:
            at = self.step - epoch * self.pace.per_epoch
            self._step(order[at])
            self.step += 1
            if self.step % _REPORT_EVERY == 0:
                self._report(at + 1)
            if self.step % self.pace.state_every == 0 and at + 1 < self.pace.per_epoch:
                self._keep()
        mean = float(self.total) / self.pace.per_epoch
        if not math.isfinite(mean):
            raise TrainingDataError(
                f"the mean loss of epoch {epoch + 1} is {mean}; lower the learning rate "
                f"{self.learning_rate} or bring the inputs to length one"
            )
        self.history.losses.append(mean)
        found = self.figure()
        if found is not None:
            self.history.ndcg.append(found)
        self.after_epoch(epoch)
        self._report(self.pace.per_epoch)
        self.total.zero_()
        self._keep()

    def _step(self, units: Units) -> None:
        self.before_step()
        self.optimiser.zero_grad()
        mine = self.processes.part(self.size(units))
        loss = torch.zeros((), device=self.device)
        if mine.stop > mine.start:  # the last batch of an epoch may have less examples than there are processes
            loss = self.loss(units, mine)
            loss.backward()  # type: ignore[no-untyped-call]
        loss = loss.detach()
        if self.processes.size > 1:
            for parameter in self.parameters:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            self.processes.add_up([loss, *(parameter.grad for parameter in self.parameters)])  # type: ignore[list-item]
        self.optimiser.step()
        self.after_step()
        self.total += loss

    def _report(self, n_done: int) -> None:
        if self.progress is not None:
            note = f"loss {float(self.total) / n_done:.4f}"
            if self.history.best is not None:
                note += f", NDCG@10 {self.history.ndcg[-1]:.4f} (best {self.history.ndcg[self.history.best]:.4f})"
            self.progress(f"{self.stage}{NOTE}{note}", self.step, self.pace.n_steps)

    def _keep(self) -> None:
        if self.state.path is None or not self.processes.first:
            return
        tensors, groups = optimiser_state(self.optimiser)
        held = self.held()
        facts = {
            **held.facts,
            "groups": groups,
            "step": self.step,
            "losses": self.history.losses,
            "ndcg": self.history.ndcg,
        }
        self.state.keep(TrainingState({**held.tensors, **tensors, "total": self.total}, facts))

    def _restore(self) -> None:
        state = self.find_state()
        if state is None:
            return
        try:
            self.take(state)
            restore_optimiser(self.optimiser, state, state.facts["groups"])
            self.step = int(state.facts["step"])
            self.total.copy_(state.tensors["total"])
            self.history = History(list(state.facts["losses"]), list(state.facts["ndcg"]))
        except (RuntimeError, KeyError, ValueError) as error:
            raise self.state.damaged(error) from error
