"""One run of the translation's training: continued after SIGKILL, in one process or several.

Batches, negatives and dropout come from two generators that are drawn from in order, so they are part of the state.
Every process draws the same and takes its slice of the batch.

Shapes: Q queries, B batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys.jam.joint_model import JointSettings, TrainingInputs, TranslationModel
from recsys.jam.processes import Processes
from recsys.jam.requests import Requests
from recsys.jam.training_run import Pace, TrainingRun
from recsys.jam.training_state import StateFile, TrainingState
from recsys.types import FloatArray, IntArray, Progress

_MODEL = "model."


class _JointRun(TrainingRun[IntArray]):
    """A run of `TranslationModel`: AdamW, the learning rate up for a tenth of all steps, then down by a cosine."""

    def __init__(
        self,
        model: TranslationModel,
        prepare: Callable[[], TrainingInputs],
        n_queries: int,
        settings: JointSettings,
        seed: int,
        *,
        state_every: int,
        state: StateFile,
        processes: Processes,
        progress: Progress | None,
        stage: str,
        figure: Callable[[], float] | None = None,
    ) -> None:
        """Take the model and what it learns from.

        Args:
            model: untrained.
            prepare: collects the inputs of all requests; asked once, and only if there is a step to take.
            n_queries: how many requests there are.
            settings: how.
            seed: of order, negatives and dropout.
            state_every: steps between two states.
            state: where it is kept.
            processes: of this run.
            progress: told (stage · loss and NDCG@10, steps done, steps of all epochs).
            stage: name of the stage.
            figure: returns NDCG@10 of the model as it is, for the progress alone; None for none.
        """
        parameters = list(model.parameters.values())
        optimiser = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        pace = Pace(max(n_queries // settings.batch, 1), settings.epochs, state_every)
        super().__init__(
            parameters,
            optimiser,
            pace,
            learning_rate=settings.learning_rate,
            device=torch.device("cpu"),
            state=state,
            processes=processes,
            progress=progress,
            stage=stage,
        )
        self._model, self._prepare, self._settings, self._figure = model, prepare, settings, figure
        self._inputs: TrainingInputs | None = None
        self._n_queries = n_queries
        self._rng = np.random.default_rng(seed)
        self._torch_rng = torch.Generator().manual_seed(seed)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=max(pace.n_steps, 1) + 1, pct_start=0.1
        )
        self._order: IntArray | None = None  # of the epoch being trained

    def find_state(self) -> TrainingState | None:
        found = self.state.find(self.device) if self.processes.first else None
        return self.processes.from_first(found)

    def order(self, epoch: int) -> Sequence[IntArray]:
        if self._order is None or self.step == epoch * self.pace.per_epoch:
            self._order = self._rng.permutation(self._n_queries)
        batch = self._settings.batch
        return [self._order[k * batch : (k + 1) * batch] for k in range(self.pace.per_epoch)]

    def size(self, units: IntArray) -> int:
        return len(units)

    def loss(self, units: IntArray, mine: slice) -> Tensor:
        if self._inputs is None:
            self._inputs = self._prepare()
        return self._model.loss(self._inputs, units, self._rng, self._torch_rng, mine)

    def after_step(self) -> None:
        self._schedule.step()

    def figure(self) -> float | None:
        return self._figure() if self._figure is not None and self.progress is not None else None

    def held(self) -> TrainingState:
        tensors = {f"{_MODEL}{name}": value for name, value in self._model.parameters.items()}
        assert self._order is not None  # there was a step
        tensors |= {"torch_rng": self._torch_rng.get_state(), "order": torch.from_numpy(self._order)}
        facts: dict[str, Any] = {"rng": self._rng.bit_generator.state, "schedule": self._schedule.state_dict()}
        return TrainingState(tensors, facts)

    def take(self, state: TrainingState) -> None:
        kept = state.part(_MODEL)
        with torch.no_grad():
            for name, parameter in self._model.parameters.items():
                parameter.copy_(kept[name])
        self._torch_rng.set_state(state.tensors["torch_rng"])
        self._order = state.tensors["order"].numpy()
        self._rng.bit_generator.state = state.facts["rng"]
        self._schedule.load_state_dict(state.facts["schedule"])


def train_translation(
    requests: Requests,
    tables: Mapping[str, FloatArray],
    settings: JointSettings,
    *,
    seed: int,
    state: Path | None,
    state_every: int,
    processes: Processes | None,
    progress: Progress | None,
    stage: str,
    figure: Callable[[Mapping[str, FloatArray]], float] | None,
) -> tuple[dict[str, FloatArray], list[float]]:
    """Return the weights of a translation, without epochs those that it begins with, and each epoch's mean loss.

    Of several processes the first one's state is taken by all, so that only it needs the file.
    """
    together = processes or Processes()
    torch.set_num_threads(max(settings.threads // together.size, 1))
    model = TranslationModel(tables, requests.vectors.shape[1], settings, seed)

    def weights() -> dict[str, FloatArray]:
        return {name: p.detach().numpy().copy() for name, p in model.parameters.items()}

    losses: list[float] = []
    if settings.epochs:
        run = _JointRun(
            model,
            lambda: TrainingInputs.prepare(requests, tables, settings.n_blocks),
            len(requests),
            settings,
            seed,
            state_every=state_every,
            state=StateFile(state, "" if state is None else identity(requests, settings, seed)),
            processes=together,
            progress=progress,
            stage=stage,
            figure=None if figure is None else lambda: figure(weights()),
        )
        losses = run.run().losses
    torch.set_num_threads(settings.threads)
    return weights(), losses


def identity(requests: Requests, settings: JointSettings, seed: int) -> str:
    """Digest everything that the weights depend on, but for the number of threads."""
    chosen = {name: value for name, value in asdict(settings).items() if name != "threads"}
    digest = hashlib.sha256(json.dumps([chosen, seed, requests.split.texts, sorted(requests.tables)]).encode())
    split = requests.split
    arrays: list[np.ndarray[Any, Any]] = [split.users, split.starts, split.items, requests.vectors]
    arrays += [requests.tables[name] for name in sorted(requests.tables)]
    if requests.plays is not None:
        arrays += [requests.plays.indptr, requests.plays.indices, requests.plays.data]
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
