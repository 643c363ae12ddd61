"""JAM's trained models as systems: fitted on a task, they score requests by listeners.

Every model is a `Blueprint`: how to build it for a data set, and in which sizes. The grid of the paper tries all sizes
and learning rates and keeps what is best on the queries to choose by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recsys.errors import CatalogueMismatchError
from recsys.jam import checkpoint
from recsys.jam.blocks import ItemInputs, JamNet, Projected, score_all
from recsys.jam.cards import card_of, of_result, settings_of, size_of, summary_of, width_of
from recsys.jam.checked import check_features, check_task
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.errors import NOBODY, NotFittedError, TrainingDataError, checked_users
from recsys.jam.mixing import KeptPer, Mixer, MixingModel
from recsys.jam.processes import Processes
from recsys.jam.sampling import Examples
from recsys.jam.talkrec import Contrast, TalkRec
from recsys.jam.task import JamTask
from recsys.jam.trainer import LEARNING_RATES, PAPER, Size, TrainerSettings, train_model
from recsys.jam.training_state import STATE_FILE
from recsys.jam.two_tower import LAYERS, TwoTower
from recsys.types import FloatArray, IntArray, Progress
from recsys.unit import unit_rows

#: The joint widths that the paper tries.
DIMS = (64, 128, 512)


@dataclass(frozen=True)
class Shapes:
    """What a model is built for."""

    items: ItemInputs
    query_dim: int
    user_dim: int


@dataclass(frozen=True)
class Blueprint:
    """A model that can be trained."""

    name: str
    build: Callable[[Shapes, TrainerSettings, Size, int], JamNet]  # for what, how, of which size, from which seed
    sizes: tuple[Size, ...] = DIMS
    size: Size = 128


def mixing(name: str, mixer: Mixer, *, n_kept: int = 2, kept_per: KeptPer = "pair") -> Blueprint:
    """Return one of the paper's mixing models."""

    def build(shapes: Shapes, settings: TrainerSettings, size: Size, seed: int) -> JamNet:
        return MixingModel(
            shapes.items,
            query_dim=shapes.query_dim,
            user_dim=shapes.user_dim,
            dim=width_of(name, size),
            mixer=mixer,
            n_kept=n_kept,
            kept_per=kept_per,
            bias=settings.bias,
            seed=seed,
        )

    return Blueprint(name, build)


def talkrec(name: str, contrast: Contrast) -> Blueprint:
    """Return TalkRec with one of its losses."""

    def build(shapes: Shapes, settings: TrainerSettings, size: Size, seed: int) -> JamNet:
        width = width_of(name, size)
        return TalkRec(shapes.items, query_dim=shapes.query_dim, dim=width, contrast=contrast, seed=seed)

    return Blueprint(name, build)


def two_tower(name: str) -> Blueprint:
    """Return TwoTower, whose sizes are the layers of its towers."""

    def build(shapes: Shapes, settings: TrainerSettings, size: Size, seed: int) -> JamNet:
        layers = (size,) if isinstance(size, int) else size
        return TwoTower(shapes.items, user_dim=shapes.user_dim, layers=layers, seed=seed)

    return Blueprint(name, build, LAYERS, (128, 64))


class TrainedSystem:
    """A trained model behind the port `JamSystem`."""

    def __init__(self, blueprint: Blueprint, settings: TrainerSettings = PAPER, *, grid: bool = False) -> None:
        """Take what to train and how.

        Args:
            blueprint: the model.
            settings: how it is trained; `recsys.jam.trainer.PRESETS` names some.
            grid: whether all sizes of the blueprint and all learning rates of the paper are tried, and the best on the
                queries to choose by is kept.
        """
        self.blueprint, self.settings, self.grid = blueprint, settings, grid
        self.card: dict[str, Any] = {}
        self._fitted: _Fitted | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Train, or take over what was trained on the same task with the same settings and seed.

        Args:
            task: what may be seen.
            seed: of weights, order, negatives, dropout and noise.
            folder: where each run keeps its state and then its checkpoint, in a folder named by what the run depends
                on; nothing is kept without one.
            progress: told (stage · loss and NDCG@10, steps done, steps of all epochs).

        Raises:
            TrainingDataError: the task has no features or other ones than it needs (`check_task`), an empty split or a
                query that no item or all items answer; or a grid is asked for and there is nothing to choose by.
            CheckpointError: what `folder` holds of this very run is damaged.
        """
        if self.grid and task.choose is None:
            raise TrainingDataError("a grid needs queries to choose by and the task has none; train without the grid")
        check_task(task)
        device = self.settings.resolved_device()
        inputs = _Inputs.of(task.dataset, self.settings, device)
        examples = inputs.examples(task.train, task)
        choose = None if task.choose is None else inputs.examples(task.choose, task)
        data = _digest_of(inputs, examples, choose)
        best: tuple[float, JamNet, dict[str, Any]] | None = None
        for settings in self._candidates():
            model, card = self._train(inputs, examples, choose, settings, seed, data, folder, progress)
            reached = card["ndcg@10"] if card["ndcg@10"] is not None else 0.0
            tried = [*best[2]["grid"], summary_of(card)] if best is not None else [summary_of(card)]
            if best is None or reached > best[0]:
                best = (reached, model, card)
            best[2]["grid"] = tried
        assert best is not None  # there is always one candidate
        self.card = best[2]
        self._fitted = _Fitted(best[1], inputs, task.encode, None)

    def score(self, texts: Sequence[str], users: IntArray, *, how_much_me: float = 1.0) -> FloatArray:
        """Return scores (B, N) of all items.

        Args:
            texts: (B,) requests.
            users: (B,) rows of listeners; `NOBODY` is a listener without features.
            how_much_me: how much the listener counts, 1 as trained.

        Raises:
            NotFittedError: `fit` or `load` comes first.
            UnknownListenerError: a user is neither `NOBODY` nor a row of the data set.
        """
        if self._fitted is None:
            raise NotFittedError(self)
        fitted = self._fitted
        rows = checked_users(users, len(fitted.inputs.users))
        if not len(texts):
            return np.empty((0, fitted.inputs.items.n_items), np.float32)
        device = fitted.inputs.items.device
        vectors = torch.from_numpy(np.array(fitted.encode(texts), np.float32)).to(device)
        somebody = (rows != NOBODY)[:, None]
        listeners = torch.from_numpy(np.where(somebody, fitted.inputs.users[np.maximum(rows, 0)], 0)).to(device)
        scores: FloatArray = (
            score_all(fitted.model, vectors, listeners, projected=fitted.projections(), how_much_me=how_much_me)
            .cpu()
            .numpy()
        )
        return scores

    def without(self, modality: str) -> TrainedSystem:
        """Return the same system as if no item had a modality.

        Raises:
            NotFittedError: `fit` or `load` comes first.
            TrainingDataError: the items have no such modality, or the model weighs none by the query.
        """
        if self._fitted is None:
            raise NotFittedError(self)
        fitted, names = self._fitted, self._fitted.inputs.items.names
        if modality not in names:
            raise TrainingDataError(f"the items have no modality {modality!r}; they have {', '.join(names)}")
        items = fitted.projections()
        gone = torch.zeros_like(items.present)
        gone[names.index(modality)] = True
        other = TrainedSystem(self.blueprint, self.settings)
        other.card, other._fitted = self.card, replace(fitted, projected=items.hiding(gone))
        return other

    def fold_in(self, listeners: JamDataset) -> None:
        """Take listeners' features from `listeners`.

        Raises:
            NotFittedError: `fit` or `load` comes first.
            TrainingDataError: they have another width than those that were learnt from.
        """
        if self._fitted is None:
            raise NotFittedError(self)
        check_features(listeners.user_features, listeners.n_users, "listener")
        users, known = _listener_inputs(listeners, self.settings), self._fitted.inputs.users
        if users.shape != known.shape:
            raise TrainingDataError(f"listeners' features are {users.shape}, expected {known.shape} as in training")
        self._fitted.inputs = replace(self._fitted.inputs, users=users)

    @property
    def model(self) -> JamNet:
        """The trained model.

        Raises:
            NotFittedError: `fit` or `load` comes first.
        """
        if self._fitted is None:
            raise NotFittedError(self)
        return self._fitted.model

    def save(self, folder: Path) -> None:
        """Write weights (safetensors) and card (JSON) into a folder, whole or not at all."""
        checkpoint.save(folder, self.model.exported(), self.card)

    def load(self, folder: Path, dataset: JamDataset, encode: Callable[[Sequence[str]], FloatArray]) -> None:
        """Take over what `save` wrote.

        Args:
            folder: of the checkpoint.
            dataset: the one it was trained on.
            encode: texts to vectors, as in training.

        Raises:
            CheckpointError: there is no readable checkpoint.
            CatalogueMismatchError: it was trained on other items.
            TrainingDataError: it holds another model.
        """
        found = checkpoint.load(folder)
        card = dict(found.card)
        if card.get("model") != self.blueprint.name:
            raise TrainingDataError(f"{folder} holds the model {card.get('model')!r}, expected {self.blueprint.name!r}")
        settings = settings_of(card["settings"])
        inputs = _Inputs.of(dataset, settings, self.settings.resolved_device())
        if card["items"] != inputs.fingerprint:
            raise CatalogueMismatchError(f"the model in {folder}", found=card["items"], expected=inputs.fingerprint)
        model = self.blueprint.build(inputs.shapes(int(card["query_dim"])), settings, size_of(card["size"]), 0)
        model.load_exported(found.weights)
        self.card, self._fitted = card, _Fitted(model.to(inputs.items.device).eval(), inputs, encode, None)

    def _candidates(self) -> Iterator[TrainerSettings]:
        size = self.blueprint.size if self.settings.size is None else self.settings.size
        if not self.grid:
            yield replace(self.settings, size=size)
            return
        for one in self.blueprint.sizes:
            for rate in LEARNING_RATES:
                yield replace(self.settings, size=one, learning_rate=rate)

    def _train(
        self,
        inputs: _Inputs,
        examples: Examples,
        choose: Examples | None,
        settings: TrainerSettings,
        seed: int,
        data: str,
        folder: Path | None,
        progress: Progress | None,
    ) -> tuple[JamNet, dict[str, Any]]:
        """Train one candidate, or take it over."""
        name = self.blueprint.name
        assert settings.size is not None
        what = {"model": name, "settings": of_result(settings), "seed": seed, "data": data}
        identity = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
        own = None if folder is None else folder / f"{name}-{identity}"
        shapes = inputs.shapes(examples.query_vectors.shape[1])
        model = self.blueprint.build(shapes, settings, settings.size, seed).to(examples.device)
        processes = Processes.join(examples.device)
        done = own is not None and (own / checkpoint.CARD_FILE).exists()
        processes.wait()  # nobody has finished before all have looked
        if done and own is not None:
            found = checkpoint.load(own)
            model.load_exported(found.weights)
            return model.eval(), dict(found.card)
        sizes = "×".join(map(str, settings.size)) if isinstance(settings.size, tuple) else str(settings.size)
        stage = f"train {name} {sizes} at {settings.learning_rate:g}" if self.grid else f"train {name}"
        history = train_model(
            model, examples, choose, settings, seed=seed, identity=identity, folder=own, progress=progress, stage=stage
        )
        names, width = shapes.items.names, shapes.query_dim
        card = card_of(
            *(what, identity, settings, names, width, inputs.fingerprint),
            *(examples.n_queries, examples.n_pairs, history),
        )
        if own is not None and processes.first:
            checkpoint.save(own, model.exported(), card)
            (own / STATE_FILE).unlink(missing_ok=True)
        processes.wait()
        return model, card


@dataclass(frozen=True, eq=False)
class _Inputs:
    """The frozen inputs of a data set."""

    items: ItemInputs
    users: FloatArray  # (U, D_u), modalities side by side
    fingerprint: str  # of the items

    @classmethod
    def of(cls, dataset: JamDataset, settings: TrainerSettings, device: torch.device) -> _Inputs:
        items = ItemInputs.of(dataset.item_features, unit=settings.unit_inputs, device=device)
        users = _listener_inputs(dataset, settings)
        digest = hashlib.sha256("\n".join(items.names).encode("utf-8", "surrogatepass"))
        for table in items.tables:
            digest.update(table.cpu().numpy().tobytes())
        return cls(items, users, digest.hexdigest()[:16])

    def examples(self, split: JamSplit, task: JamTask) -> Examples:
        return Examples.of(split, task.encode, self.users, self.items.n_items, self.items.device)

    def shapes(self, query_dim: int) -> Shapes:
        return Shapes(self.items, query_dim, self.users.shape[1])


@dataclass(eq=False)
class _Fitted:
    """A trained model with what it scores, mapped when first asked."""

    model: JamNet
    inputs: _Inputs
    encode: Callable[[Sequence[str]], FloatArray]
    projected: Projected | None

    def projections(self) -> Projected:
        if self.projected is None:
            with torch.no_grad():
                self.projected = self.model.project()
        return self.projected


def _listener_inputs(dataset: JamDataset, settings: TrainerSettings) -> FloatArray:
    """Put the listeners' modalities side by side: (U, D_u)."""
    tables = [unit_rows(table) if settings.unit_inputs else table for table in dataset.user_features.values()]
    return np.concatenate([np.zeros((dataset.n_users, 0)), *tables], axis=1).astype(np.float32)


def _digest_of(inputs: _Inputs, examples: Examples, choose: Examples | None) -> str:
    """Fingerprint everything that is learnt from or chosen by."""
    digest = hashlib.sha256(inputs.fingerprint.encode())
    digest.update(inputs.users.tobytes())
    for one in (examples, choose):
        if one is not None:
            for tensor in (one.query_vectors, one.text, one.user, one.starts, one.items):
                digest.update(tensor.cpu().numpy().tobytes())
        digest.update(b"|")
    return digest.hexdigest()[:16]
