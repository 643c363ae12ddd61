"""The trainer of JAM's models: the paper's protocol as it stands, and a listwise loss beside it.

Protocol of Melchiorre et al. (RecSys 2025): AdamW with weight decay .1, batches of 512 (query, listener, item) triples
with 4 negatives each that do not answer the same query, BPR, 50 epochs, a cosine from the learning rate to 0, patience
of 10 epochs on NDCG@10 of the queries to choose by, the best epoch's weights kept. Where there are none to choose by,
all epochs are run and the last weights kept.

NDCG@10 ranks all items and masks none. (The published masking removes the training items of the same query, and a query
is in one split only, so it removes none either.)

Frozen inputs lie on the device once. A step maps points back into the inputs' spaces instead of mapping every candidate
forth (`LinearMaps.products`), which is exact and the cheaper way whenever candidates are not shared.

Stopping and going on. State is written by atomic replacement every `state_every` steps and after each epoch; batch,
negatives and all other randomness are functions of (seed, epoch or step). A run that was killed continues to the same
weights, bit for bit on a CPU with the same number of threads.

Several processes. Under `torchrun` each takes its slice of every batch, and gradients are added up; losses are those of
one process up to rounding. All need the same `folder`, or none.
"""

from __future__ import annotations

import math
import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from recsys.jam.blocks import Batch, Chance, JamNet
from recsys.jam.checkpoint import CheckpointError
from recsys.jam.errors import TrainingDataError
from recsys.jam.processes import Processes
from recsys.jam.ranked import ranked_figures
from recsys.jam.sampling import ORDER, STEP, Examples, seeded
from recsys.types import NOTE, Progress

Loss = Literal["bpr", "listwise"]
#: d, or the widths of a tower's layers.
Size = int | tuple[int, ...]

#: The grid of the paper, beside the sizes of each model.
LEARNING_RATES = (1e-3, 5e-4, 3e-4)

_STATE_FILE = "training.pt"
_CUT = 10
#: Steps between two reports, since each waits for the device.
_REPORT_EVERY = 20


@dataclass(frozen=True)
class TrainerSettings:
    """How a model is trained. The defaults are the paper's protocol."""

    size: Size | None = None  # None is the model's default, d = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    batch: int = 512  # triples; queries where the loss is listwise
    epochs: int = 50
    patience: int = 10  # epochs without a better NDCG@10
    n_negatives: int = 4
    loss: Loss = "bpr"
    n_candidates: int | None = None  # listwise: items drawn beside the batch's answers; None scores all items
    user_dropout: float = 0.0  # share of listeners who are taken for unknown
    unit_inputs: bool = False  # whether item and listener inputs are brought to length one
    bias: bool = True  # whether the maps of the mixing models have one
    state_every: int = 200  # steps between two states
    device: str = "auto"
    threads: int | None = None  # of one process; None leaves torch as it is

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with.

        Raises:
            TrainingDataError: a setting is out of range.
        """
        for name in ("batch", "epochs", "patience", "n_negatives", "state_every"):
            if getattr(self, name) < 1:
                raise TrainingDataError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not self.learning_rate > 0 or not 0 <= self.user_dropout < 1:
            given = f"learning_rate {self.learning_rate} and user_dropout {self.user_dropout}"
            raise TrainingDataError(f"{given}, expected a positive rate and a share from 0 to below 1")

    def resolved_device(self) -> torch.device:
        """Return the device: a GPU where there is one, unless it is named."""
        if self.device != "auto":
            return torch.device(self.device)
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", torch.distributed.get_node_local_rank(fallback_rank=0))


PAPER = TrainerSettings()
#: One softmax over all items for all answers of a query, which learns more from each query than four negatives do.
LISTWISE = TrainerSettings(loss="listwise", unit_inputs=True, user_dropout=0.1, weight_decay=0.02)
PRESETS = {"paper": PAPER, "listwise": LISTWISE}


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


def train_model(
    model: JamNet,
    examples: Examples,
    choose: Examples | None,
    settings: TrainerSettings,
    *,
    seed: int,
    identity: str = "",
    folder: Path | None = None,
    progress: Progress | None = None,
    stage: str = "train",
) -> History:
    """Fit a model in place; afterwards it holds the weights of the best epoch.

    Args:
        model: untrained, on the device of the examples.
        examples: to learn from.
        choose: to stop by, never learnt from.
        settings: how.
        seed: of order, negatives, dropout and noise.
        identity: of everything the result depends on; a state of another identity is not continued.
        folder: where the state is kept while the run lasts; None keeps none.
        progress: told (stage · loss and NDCG@10, steps done, steps of all epochs).
        stage: name of the stage.

    Raises:
        TrainingDataError: a query leaves no negative, or the loss is no number any more.
        CheckpointError: the state in `folder` is damaged.
    """
    if settings.loss == "bpr":
        examples.require_negatives()
    return _Run(model, examples, choose, settings, seed, identity, folder, progress, stage).run()


def choose_ndcg(model: JamNet, queries: Examples, processes: Processes | None = None) -> float:
    """Return the mean NDCG@10 over queries, all items ranked and none masked; ties go as `topk` has them."""
    return ranked_figures(model, queries, (_CUT,), processes)[f"ndcg@{_CUT}"]


class _Run:
    """One training run and its state."""

    def __init__(
        self,
        model: JamNet,
        examples: Examples,
        choose: Examples | None,
        settings: TrainerSettings,
        seed: int,
        identity: str,
        folder: Path | None,
        progress: Progress | None,
        stage: str,
    ) -> None:
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        self.model, self.examples, self.choose, self.settings = model, examples, choose, settings
        self.seed, self.identity, self.stage = seed, identity, stage
        self.processes = Processes.join(examples.device)
        self.progress = progress if self.processes.first else None
        self.file = folder / _STATE_FILE if folder is not None else None
        self.parameters = list(model.parameters())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.n_units = examples.n_pairs if settings.loss == "bpr" else examples.n_queries
        self.per_epoch = math.ceil(self.n_units / settings.batch)
        self.n_steps = self.per_epoch * settings.epochs
        self.step = 0  # of all epochs
        self.total = torch.zeros((), dtype=torch.float64, device=examples.device)  # losses of this epoch
        self.history = History()
        self.best: dict[str, Tensor] = {}

    def run(self) -> History:
        """Train to the end from wherever the state is."""
        self._restore()
        self.processes.wait()  # nobody writes while another still reads
        epochs = self.settings.epochs
        while len(self.history.losses) < epochs and not self.history.stop(self.settings.patience):
            self._epoch(len(self.history.losses))
        if self.best:
            self.model.load_state_dict(self.best)
        self.model.eval()
        return self.history

    def _epoch(self, epoch: int) -> None:
        order = torch.randperm(self.n_units, generator=seeded(self.seed, ORDER, epoch)).to(self.examples.device)
        self.model.train()
        while self.step < (epoch + 1) * self.per_epoch:
            at = self.step - epoch * self.per_epoch
            self._step(order[at * self.settings.batch : (at + 1) * self.settings.batch])
            self.step += 1
            if self.step % _REPORT_EVERY == 0:
                self._report(at + 1)
            if self.step % self.settings.state_every == 0 and at + 1 < self.per_epoch:
                self._keep()
        mean = float(self.total) / self.per_epoch
        if not math.isfinite(mean):
            raise TrainingDataError(
                f"the mean loss of epoch {epoch + 1} is {mean}; lower the learning rate "
                f"{self.settings.learning_rate} or bring the inputs to length one"
            )
        self.history.losses.append(mean)
        if self.choose is not None:
            self.history.ndcg.append(choose_ndcg(self.model, self.choose, self.processes))
            if self.history.best == epoch:
                self.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self._report(self.per_epoch)
        self.total.zero_()
        self._keep()

    def _step(self, units: Tensor) -> None:
        rate = self.settings.learning_rate * 0.5 * (1 + math.cos(math.pi * self.step / self.n_steps))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        mine = self.processes.part(len(units))
        loss = torch.zeros((), device=self.examples.device)
        if mine.stop > mine.start:  # the last batch of an epoch may have less examples than there are processes
            loss = self.model.loss(self._batch(units, mine))
            loss.backward()  # type: ignore[no-untyped-call]
        loss = loss.detach()
        if self.processes.size > 1:
            for parameter in self.parameters:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            self.processes.add_up([loss, *(parameter.grad for parameter in self.parameters)])  # type: ignore[list-item]
        self.optimiser.step()
        self.total += loss

    def _batch(self, units: Tensor, mine: slice) -> Batch:
        """The examples of a step: pairs, or queries where the loss is listwise. The same in every process."""
        examples, settings = self.examples, self.settings
        generator = seeded(self.seed, STEP, self.step, examples.device)
        queries = examples.query[units] if settings.loss == "bpr" else units
        users = examples.user_inputs[examples.user[queries]]
        if settings.user_dropout:
            drawn = torch.rand(len(units), 1, generator=generator, device=examples.device)
            users = users * (drawn >= settings.user_dropout)
        text = examples.text[queries]
        positive = negative = candidates = answers = None
        if settings.loss == "bpr":
            positive = examples.items[units]
            negative = examples.negatives(queries, settings.n_negatives, generator)
        else:
            if settings.n_candidates is not None and settings.n_candidates < examples.n_items:
                drawn = torch.randint(
                    examples.n_items, (settings.n_candidates,), generator=generator, device=examples.device
                )
                candidates = torch.unique(torch.cat([examples.pairs_of(queries)[1], drawn]))
            answers = examples.answers(queries, candidates)
        chance = Chance(generator, len(units), mine)
        vectors = examples.query_vectors[text]
        return Batch(text, vectors, users, chance, positive, negative, candidates, answers)

    def _report(self, n_done: int) -> None:
        if self.progress is not None:
            note = f"loss {float(self.total) / n_done:.4f}"
            if self.history.best is not None:
                note += f", NDCG@10 {self.history.ndcg[-1]:.4f} (best {self.history.ndcg[self.history.best]:.4f})"
            self.progress(f"{self.stage}{NOTE}{note}", self.step, self.n_steps)

    def _keep(self) -> None:
        if self.file is None or not self.processes.first:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.file.with_suffix(".part")
        state = {
            "identity": self.identity,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "total": self.total,
            "losses": self.history.losses,
            "ndcg": self.history.ndcg,
            "best": self.best,
        }
        torch.save(state, scratch)
        os.replace(scratch, self.file)

    def _restore(self) -> None:
        if self.file is None or not self.file.exists():
            return
        try:
            state: dict[str, Any] = torch.load(self.file, map_location=self.examples.device, weights_only=True)
            if state["identity"] != self.identity:
                return
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise CheckpointError(f"cannot continue from {self.file} ({error}); delete it to train anew") from error
        self.step, self.best = int(state["step"]), state["best"]
        self.total.copy_(state["total"])
        self.history = History(list(state["losses"]), list(state["ndcg"]))
