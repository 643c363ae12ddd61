"""What the neural models of sequences have in common: settings, learning, scoring, and the files they are kept in.

Shapes: T steps of a batch, B sequences, U items that a batch uses, I items, D width.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar, Self, get_args

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from recsys.sequential.batches import Packed, Windows, cut
from recsys.sequential.blocks import Layout, Noise
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.item_features import Fusion, ItemFeatures, ItemTable
from recsys.sequential.measure import ranks
from recsys.sequential.objective import Drawn, Loss, LossSettings, NextBatch, Objective
from recsys.sequential.port import silent
from recsys.sequential.saved import read_card, write_card, write_weights
from recsys.sequential.sequences import Questions, Sequences
from recsys.sequential.trainer import Schedule, Trainer
from recsys.types import FloatArray, IntArray, Progress

WEIGHTS_FILE = "model.safetensors"
#: Prefixes that are scored at a time.
_AT_ONCE = 256
#: Of so many first places is the figure (NDCG) that training is stopped by.
_VALIDATED = 10
#: Questions that it is computed from at most, evenly over those given.
_MAX_QUESTIONS = 2_000


@dataclass(frozen=True)
class NeuralSettings(LossSettings):
    """How a neural model is made and trained; defaults chosen on a thousand listeners' histories of artists."""

    dim: int = 64
    max_length: int = 50  # steps of a sequence that are seen at once
    dropout: float = 0.5
    deviation: float = 0.1  # of the item vectors that learning begins with
    fusion: Fusion = "add"  # how features, where there are any, meet the item vectors
    steps: int = 700
    batch: int = 64  # windows of a step
    learning_rate: float = 5e-3
    warmup: int = 100  # steps
    decay: bool = True  # whether the rate falls to 0 as a cosine
    weight_decay: float = 0.0  # of the maps
    max_norm: float = 0.0  # that the maps' gradient is cut to; 0 for none
    validate_every: int = 100  # steps
    patience: int = 5  # validations without a better one before it ends
    seed: int = 64
    threads: int = 0  # of torch while training; 0 leaves what the process has

    def schedule(self) -> Schedule:
        """Return what the trainer goes by."""
        return Schedule(**{field.name: getattr(self, field.name) for field in fields(Schedule)})


class NeuralModel(ABC):
    """A model whose network turns the item vectors of a sequence into one state per step."""

    name: ClassVar[str]
    settings_class: ClassVar[type[NeuralSettings]]
    #: The fewest steps of a window that something can be learnt from.
    _shortest: ClassVar[int] = 2
    #: Steps that neighbouring windows of a long sequence share, so that each step but the first is a target.
    _overlap: ClassVar[int] = 1

    def __init__(
        self, settings: NeuralSettings | None = None, *, features: ItemFeatures | None = None, state: Path | None = None
    ) -> None:
        """Make a model that is to be fitted.

        Args:
            settings: of the model's own class.
            features: content vectors in the order of the items that it will be fitted on.
            state: folder where training is kept as it goes, so that it can be continued after a kill.

        Raises:
            SequentialModelError: a setting is out of its range.
        """
        self.settings = settings or self.settings_class()
        self.features, self._state = features, state
        self._check()
        self._noise = Noise()
        self.network: nn.Module = nn.Module()
        #: The loss of each step that was trained.
        self.losses: list[float] = []
        self._n_items = 0

    # What each model has of its own.

    @abstractmethod
    def body(self, noise: Noise) -> nn.Module:
        """Make the network that maps item vectors (T, D) and `Packed` to states (T, D)."""

    @abstractmethod
    def drawn(self, items: IntArray, lengths: IntArray, generator: np.random.Generator) -> Drawn:
        """Say what is shown and what is asked of windows of these items (T,) and lengths (B,)."""

    def states(self, batch: NextBatch, vectors: Tensor) -> Tensor:
        """Return the states (A, D) of the steps that a batch asks, from the vectors (U, D) of its items."""
        states = self.network.get_submodule("body")(vectors[batch.inputs], batch.packed)
        return states if batch.asked is None else states[batch.asked]  # type: ignore[no-any-return]

    def last_states(self, vectors: Tensor, lengths: IntArray) -> Tensor:
        """Return what is expected next (B, D) after sequences of item vectors (T, D), each of at least one step."""
        packed = Packed.of(lengths)
        return self.network.get_submodule("body")(vectors, packed)[packed.ends]  # type: ignore[no-any-return]

    # Learning.

    @property
    def table(self) -> ItemTable:
        """The vectors of the items."""
        table = self.network.get_submodule("table")
        assert isinstance(table, ItemTable)
        return table

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Learn what comes next; `validation` chooses the step whose weights are kept, and when to stop.

        Raises:
            SequentialModelError: no sequence is long enough, or the features are of other items.
        """
        trainer = self.trainer(train)
        validate = None if validation is None or not len(validation) else self._validate(train, validation)
        threads = torch.get_num_threads()
        torch.set_num_threads(self.settings.threads or threads)
        try:
            self.losses = trainer.run(
                validate=validate, progress=progress, state=self._state, identity=self._identity(train, validation)
            )
        finally:
            torch.set_num_threads(threads)
        return self

    def trainer(self, train: Sequences) -> Trainer:
        """Make the network anew for these sequences, and return what trains it.

        Raises:
            SequentialModelError: no sequence is long enough, or the features are of other items.
        """
        if int(train.lengths.max(initial=0)) < self._shortest:
            raise SequentialModelError(
                self.name, f"no sequence has {self._shortest} steps", "give sequences that something can be learnt from"
            )
        if self.features is not None and len(self.features.present) != train.n_items:
            raise SequentialModelError(
                self.name,
                f"features of {len(self.features.present):,} items for {train.n_items:,}",
                "give one row for each item of the sequences, in their order",
            )
        self._train = train
        self._windows: tuple[int, Windows, IntArray] = (-1, Windows(train.offsets[:0], train.offsets[:0]), train.items)
        self._per_epoch = -(-len(self._epoch(0)[0]) // self.settings.batch)
        self._build(np.bincount(train.items, minlength=train.n_items))
        return Trainer(self, self.settings.schedule(), by_rows=self.objective.by_rows)

    @property
    def steps_per_epoch(self) -> int:
        """How many steps it takes to see all windows once."""
        return self._per_epoch

    def batch(self, step: int) -> NextBatch:
        """Draw what a step learns from, the same whenever it is asked."""
        epoch, number = divmod(step, self._per_epoch)
        windows, order = self._epoch(epoch)
        # Another epoch may have a few more or fewer windows; they are shared out among as many steps.
        rows = order[len(order) * number // self._per_epoch : len(order) * (number + 1) // self._per_epoch]
        columns, lengths = windows.steps(rows)
        generator = np.random.default_rng((self.settings.seed, step))
        return self.objective.batch_of(self.drawn(self._train.items[columns], lengths, generator), generator)

    def loss(self, batch: NextBatch, vectors: Tensor) -> Tensor:
        """Return the loss of a batch, from the vectors (U, D) of the items it names, or (I, D) of all."""
        return self.objective.loss(batch, self.states(batch, vectors), vectors)

    def reseed(self, step: int) -> None:
        """Make the dropout of a step the same whenever it is drawn."""
        self._noise.reseed(self.settings.seed, step)

    def _epoch(self, epoch: int) -> tuple[Windows, IntArray]:
        """Return the windows of an epoch, and the order in which they are drawn."""
        if self._windows[0] != epoch:
            generator = np.random.default_rng((self.settings.seed, epoch, 0))
            longest = self.settings.max_length + self._overlap
            windows = cut(self._train.offsets, longest, self._shortest, self._overlap, generator)
            self._windows = (epoch, windows, generator.permutation(len(windows)))
        return self._windows[1:]

    def _build(self, counts: IntArray) -> None:
        """Make the network for items that occur so often (I,)."""
        self._n_items = len(counts)
        self.objective = Objective(self.settings, counts)
        # All that is random about a new network comes from torch's own generator, which is put back as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            table = ItemTable(
                len(counts), self.settings.dim, self.settings.deviation, self.features, self.settings.fusion
            )
            self.network = nn.ModuleDict({"table": table, "body": self.body(self._noise)})
        self.network.register_buffer("counts", torch.from_numpy(counts.astype(np.int64)))

    def _validate(self, train: Sequences, validation: Questions) -> Callable[[], float]:
        rows = np.unique(np.linspace(0, len(validation) - 1, _MAX_QUESTIONS).astype(np.int64))
        questions = Questions(validation.prefixes.take(rows), validation.targets[rows])
        repeats = train.has_repeats()

        def ndcg() -> float:
            places = ranks(self, questions, repeats=repeats)
            return float(np.where(places <= _VALIDATED, 1 / np.log2(1 + places), 0.0).mean())

        return ndcg

    def _check(self) -> None:
        chosen = self.settings
        for what in ("dim", "max_length", "steps", "batch", "n_negatives", "validate_every"):
            least = 2 if what == "max_length" else 1
            if getattr(chosen, what) < least:
                problem = f"{what} is {getattr(chosen, what)}"
                raise SequentialModelError(self.name, problem, f"give at least {least}")
        for what, known in (("loss", get_args(Loss)), ("fusion", get_args(Fusion)), ("layout", get_args(Layout))):
            value = getattr(chosen, what, known[0])
            if value not in known:
                raise SequentialModelError(self.name, f"{what} is {value!r}", f"give one of {', '.join(known)}")
        n_heads = getattr(chosen, "n_heads", 1)
        if n_heads < 1 or chosen.dim % n_heads:
            problem = f"dim {chosen.dim} cannot be shared by {n_heads} heads"
            raise SequentialModelError(self.name, problem, "give a dim that is a multiple of n_heads")
        if not 0 <= chosen.dropout < 1:
            raise SequentialModelError(self.name, f"dropout is {chosen.dropout}", "give a share below 1")
        if not 0 < chosen.own_epsilon < 1:
            raise SequentialModelError(
                self.name, f"own_epsilon is {chosen.own_epsilon}", "give a share above 0, below 1"
            )

    def _identity(self, train: Sequences, validation: Questions | None) -> str:
        digest = hashlib.sha256()
        columns = [train.items, train.offsets, *([] if validation is None else [validation.targets])]
        for column in columns + ([] if self.features is None else [self.features.vectors]):
            digest.update(np.ascontiguousarray(column).tobytes())
        return f"{self.name}|{json.dumps(asdict(self.settings), sort_keys=True)}|{train.n_items}|{digest.hexdigest()}"

    # Scoring.

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Score every item as what comes next, (B, I); an empty prefix is answered by how often items occur.

        Raises:
            SequentialModelError: it is not fitted, or on other items.
        """
        if not self._n_items or prefixes.n_items != self._n_items:
            raise SequentialModelError(
                self.name,
                f"fitted on {self._n_items:,} items and asked about {prefixes.n_items:,}",
                "fit it on sequences of the same items first",
            )
        with torch.inference_mode():
            answers = np.empty((len(prefixes), self._n_items), dtype=np.float32)
            if not prefixes.lengths.all():
                answers[prefixes.lengths == 0] = torch.log1p(self.network.get_buffer("counts").float()).numpy()
            vectors = self.table()
            asked = np.flatnonzero(prefixes.lengths)
            for begin in range(0, len(asked), _AT_ONCE):
                rows = asked[begin : begin + _AT_ONCE]
                columns, lengths = self._seen(prefixes, rows)
                states = self.last_states(vectors[torch.from_numpy(prefixes.items[columns])], lengths)
                answers[rows] = (states @ vectors.T).numpy()
        odds = self.objective.own_log_odds(prefixes.items, prefixes.lengths)
        if odds is not None:
            answers[odds.steps, odds.items] += odds.log_odds
        return answers

    def _seen(self, prefixes: Sequences, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return where the last steps (T,) of some prefixes are that are seen at once, and how many (B,)."""
        ends = prefixes.offsets[rows + 1]
        return Windows(np.maximum(prefixes.offsets[rows], ends - self._longest_seen), ends).steps(np.arange(len(rows)))

    @property
    def _longest_seen(self) -> int:
        return self.settings.max_length

    # Files.

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, and the settings as JSON after them; features are among the weights.

        Raises:
            SequentialModelError: it is not fitted.
        """
        if not self._n_items:
            raise SequentialModelError(self.name, "there is nothing to save before fitting", "fit it first")
        write_weights(folder / WEIGHTS_FILE, self.network.state_dict())
        write_card(folder, self.name, asdict(self.settings), self._n_items)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model.
        """
        card = read_card(folder, cls.name)
        try:
            weights = load_file(folder / WEIGHTS_FILE)
            model = cls(cls.settings_class(**card["settings"]), features=_stand_in(weights))
            model._build(weights["counts"].numpy())
            model.network.load_state_dict(weights)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise SequentialModelError(cls.name, f"{folder} cannot be read ({error})", "fit it anew") from error
        model.network.eval()
        return model


def _stand_in(weights: dict[str, Tensor]) -> ItemFeatures | None:
    """Return features in the shape of those among the weights, for a network to be made for them."""
    content, present = weights.get("table.content"), weights.get("table.present")
    if content is None or present is None:
        return None
    return ItemFeatures(content.numpy(), present.numpy()[:, 0] > 0)
