"""The trainer of JAM's models: the paper's protocol as it stands, and a listwise loss beside it.

Protocol of Melchiorre et al. (RecSys 2025): AdamW with weight decay .1, batches of 512 (query, listener, item) triples
with 4 negatives each that do not answer the same query, BPR, 50 epochs, a cosine from the learning rate to 0, patience
of 10 epochs on NDCG@10 of the queries to choose by, the best epoch's weights kept. Where there are none to choose by,
all epochs are run and the last weights kept.

NDCG@10 ranks all items and masks none. (The published masking removes the training items of the same query, and a query
is in one split only, so it removes none either.)

Frozen inputs lie on the device once. A step maps points back into the inputs' spaces instead of mapping every candidate
forth (`LinearMaps.products`), which is exact and the cheaper way whenever candidates are not shared.

Stopping, going on and several processes are those of `recsys.jam.training_run`; batch, negatives and all other
randomness are functions of (seed, epoch or step). All processes need the same `folder`, or none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from recsys.jam.blocks import Batch, Chance, JamNet, drawn_hidden
from recsys.jam.errors import TrainingDataError
from recsys.jam.processes import Processes
from recsys.jam.ranked import ranked_figures
from recsys.jam.sampling import ORDER, STEP, Examples, seeded
from recsys.jam.training_run import History, Pace, TrainingRun
from recsys.jam.training_state import STATE_FILE, StateFile, TrainingState
from recsys.types import Progress

Loss = Literal["bpr", "listwise"]
#: d, or the widths of a tower's layers.
Size = int | tuple[int, ...]

#: The grid of the paper, beside the sizes of each model.
LEARNING_RATES = (1e-3, 5e-4, 3e-4)

_MODEL, _BEST = "model.", "best."
_CUT = 10


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
    modality_dropout: float = 0.0  # listwise: share of the candidates' modalities that are taken for absent
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
        if not 0 <= self.modality_dropout < 1 or (self.modality_dropout and self.loss != "listwise"):
            raise TrainingDataError(
                f"modality_dropout {self.modality_dropout} with the loss {self.loss}, expected a share from 0 to "
                "below 1 and, if it is not 0, the loss listwise"
            )

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
    state = StateFile(None if folder is None else folder / STATE_FILE, identity)
    return _Run(model, examples, choose, settings, seed, state, progress, stage).run()


def choose_ndcg(model: JamNet, queries: Examples, processes: Processes | None = None) -> float:
    """Return the mean NDCG@10 over queries, all items ranked and none masked; ties go as `topk` has them."""
    return ranked_figures(model, queries, (_CUT,), processes)[f"ndcg@{_CUT}"]


class _Run(TrainingRun[Tensor]):
    """One training run of a model of the paper."""

    def __init__(
        self,
        model: JamNet,
        examples: Examples,
        choose: Examples | None,
        settings: TrainerSettings,
        seed: int,
        state: StateFile,
        progress: Progress | None,
        stage: str,
    ) -> None:
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        self.model, self.examples, self.choose, self.settings, self.seed = model, examples, choose, settings, seed
        parameters = list(model.parameters())
        self.n_units = examples.n_pairs if settings.loss == "bpr" else examples.n_queries
        pace = Pace(math.ceil(self.n_units / settings.batch), settings.epochs, settings.state_every, settings.patience)
        super().__init__(
            parameters,
            torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True),
            pace,
            learning_rate=settings.learning_rate,
            device=examples.device,
            state=state,
            processes=Processes.join(examples.device),
            progress=progress,
            stage=stage,
        )
        self.best: dict[str, Tensor] = {}

    def run(self) -> History:
        """Train to the end, and give the model the weights of the best epoch."""
        history = super().run()
        if self.best:
            self.model.load_state_dict(self.best)
        self.model.eval()
        return history

    def order(self, epoch: int) -> Sequence[Tensor]:
        order = torch.randperm(self.n_units, generator=seeded(self.seed, ORDER, epoch)).to(self.device)
        self.model.train()
        return torch.split(order, self.settings.batch)

    def size(self, units: Tensor) -> int:
        return len(units)

    def before_step(self) -> None:
        rate = self.settings.learning_rate * 0.5 * (1 + math.cos(math.pi * self.step / self.pace.n_steps))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def loss(self, units: Tensor, mine: slice) -> Tensor:
        return self.model.loss(self._batch(units, mine))

    def figure(self) -> float | None:
        return None if self.choose is None else choose_ndcg(self.model, self.choose, self.processes)

    def after_epoch(self, epoch: int) -> None:
        if self.history.best == epoch:
            self.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def held(self) -> TrainingState:
        best = {f"{_BEST}{name}": value for name, value in self.best.items()}
        return TrainingState({f"{_MODEL}{name}": one for name, one in self.model.state_dict().items()} | best, {})

    def take(self, state: TrainingState) -> None:
        self.model.load_state_dict(state.part(_MODEL))
        self.best = state.part(_BEST)

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
        positive = negative = candidates = answers = hidden = None
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
            if settings.modality_dropout:
                _, present = self.model.items.take(candidates)
                hidden = drawn_hidden(present, settings.modality_dropout, generator)
        chance = Chance(generator, len(units), mine)
        vectors = examples.query_vectors[text]
        return Batch(text, vectors, users, chance, positive, negative, candidates, answers, hidden)
