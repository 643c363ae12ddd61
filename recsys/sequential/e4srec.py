"""Multimodal E4SRec: a language model that reads frozen item vectors and says what comes next.

Source: Li et al. (2023), "E4SRec"; its multimodal successor (arXiv 2606.00125). As published: item vectors of a
sequential model, a linear map into a causal language model, low-rank adapters, a linear head over the catalogue. Ours
beside it, all by settings: every step of a history may be read and not only the response, the head may score the items'
own vectors, absent signals are masked, and the language model may be a small one that is trained from scratch.

Shapes: B prefixes, I items, D_m width of a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from recsys.sequential import measure
from recsys.sequential.backbones import item_vectors, open_backbone, require_backbone
from recsys.sequential.e4srec_net import Answers, E4SRecNet, ItemSignals, opened
from recsys.sequential.e4srec_settings import E4SRecSettings, settings_from
from recsys.sequential.e4srec_training import recent, train
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.language_models import require_for
from recsys.sequential.port import silent
from recsys.sequential.saved import read_card, write_card, write_weights
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress

_WEIGHTS = "e4srec.safetensors"
#: Behind which of the questions a validation's NDCG is cut.
_CUT = 10


class E4SRec:
    """Scores the next item with a language model over fused item vectors."""

    settings_class: ClassVar[type[E4SRecSettings]] = E4SRecSettings

    def __init__(self, settings: E4SRecSettings | None = None, signals: Mapping[str, FloatArray] | None = None) -> None:
        """Choose what it is made of.

        Args:
            settings: see `e4srec_settings`, which holds the papers' as presets.
            signals: frozen vectors (I, D_m) by name, the leading one first; a row of zeros is absent. Without any,
                `fit` trains the settings' backbone and takes its item vectors as the ID.

        Raises:
            SequentialModelError: this machine lacks what the language model needs, or there is no such backbone.
        """
        self.settings = settings or E4SRecSettings()
        require_for(self.settings.language_model, self.settings.device)
        if signals is None:
            require_backbone(self.settings.backbone)
        self._given = dict(signals) if signals is not None else None
        self._net: E4SRecNet | None = None
        self._answers: Answers | None = None
        #: Mean loss of each epoch, and NDCG@10 on the validation questions where there were any.
        self.history: list[dict[str, float]] = []

    @property
    def name(self) -> str:
        """What `--models` calls it."""
        return "e4srec"

    @property
    def n_trained(self) -> int:
        """How many weights are trained."""
        return sum(weight.numel() for weight in self._weights().values())

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Learn from sequences; with validation questions the epoch with the best NDCG@10 is kept.

        Raises:
            SequentialModelError: there is nothing to learn from, or the model cannot be made as the settings ask.
        """
        settings = self.settings
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            # First of all: a backbone takes minutes to train, and a language model that is not there takes none.
            language_model = opened(settings)
            signals = self._given if self._given is not None else {"id": self._ids(train, validation, progress)}
            items = ItemSignals.of(signals, train.n_items, settings.device)
            self._net = E4SRecNet(items, settings, language_model)
            if settings.trained:
                self._train(self._net, train, validation, progress)
        self._ready()
        return self

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Score every item as what comes next, (B, I); an empty prefix is answered by the instruction alone.

        Raises:
            SequentialModelError: it is not fitted, or the prefixes are of another catalogue.
        """
        net = self._fitted()
        if prefixes.n_items != len(net.signals.present):
            raise SequentialModelError(
                self.name,
                f"the prefixes are of {prefixes.n_items:,} items and the model of {len(net.signals.present):,}",
                "fit it on sequences of the same items",
            )
        out = np.empty((len(prefixes), prefixes.n_items), np.float32)
        size = self.settings.micro_batch or self.settings.batch
        histories = recent(prefixes, self.settings.history)
        by_length = np.argsort(histories.lengths, kind="stable")  # little is padded so
        with torch.inference_mode():
            for begin in range(0, len(prefixes), size):
                rows = by_length[begin : begin + size]
                part = histories.take(rows)
                states = net.states(part, net.prompt.lay_out(part, last=True))
                out[rows] = net.logits(states, self._answers or net.answers()).float().cpu().numpy()
        return out

    def save(self, folder: Path) -> None:
        """Write the trained weights and the frozen vectors as safetensors, the settings as JSON.

        A language model with a name is kept by its name, with its adapters alone.
        """
        net = self._fitted()
        tensors: dict[str, Tensor] = {f"net.{name}": weight for name, weight in self._kept().items()}
        tensors |= {f"signal.{number}": table for number, table in enumerate(net.signals.tables)}
        write_weights(folder / _WEIGHTS, tensors | {"present": net.signals.present})
        settings = {"settings": asdict(self.settings), "signals": list(net.signals.names)}
        write_card(folder, self.name, settings, len(net.signals.present))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model, or its language model cannot be opened.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            card = read_card(folder, "e4srec")["settings"]
            tensors = load_file(folder / _WEIGHTS)
            settings, names = settings_from(card["settings"]), tuple(card["signals"])
            tables = tuple(tensors[f"signal.{number}"].to(settings.device) for number in range(len(names)))
            items = ItemSignals(names, tables, tensors["present"].to(settings.device))
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise SequentialModelError(
                "e4srec", f"no readable model in {folder} ({error})", "fit and save one there"
            ) from error
        model = cls(settings)
        with torch.random.fork_rng():
            model._net = E4SRecNet(items, settings, opened(settings))
        for name, weight in model._kept().items():
            saved = tensors.get(f"net.{name}")
            if saved is None or saved.shape != weight.shape:
                raise SequentialModelError(
                    "e4srec", f"{folder / _WEIGHTS} has no weights {name} of the right shape", "fit and save it anew"
                )
            with torch.no_grad():
                weight.copy_(saved)
        model._ready()
        return model

    def _train(self, net: E4SRecNet, train_on: Sequences, validation: Questions | None, progress: Progress) -> None:
        settings = self.settings
        weights = self._weights()
        optimiser = torch.optim.AdamW(weights.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        repeats = train_on.has_repeats()
        best, kept, waited = -1.0, None, 0
        self.history = []
        progress("training", 0, settings.epochs)
        for epoch, loss in enumerate(train(net, train_on, optimiser, np.random.default_rng(settings.seed)), start=1):
            self.history.append({"loss": loss})
            progress("training", epoch, settings.epochs)
            if validation is None:
                continue
            self._ready()
            places = measure.ranks(self, validation, repeats=repeats)
            found = float(np.where(places <= _CUT, 1 / np.log2(places + 1), 0).mean())
            self.history[-1]["ndcg@10"] = found
            waited += 1
            if found > best:
                best, waited = found, 0
                kept = {name: weight.detach().clone() for name, weight in weights.items()}
            if waited >= settings.patience:
                break
        if kept is not None:
            with torch.no_grad():
                for name, weight in weights.items():
                    weight.copy_(kept[name])

    def _ids(self, train_on: Sequences, validation: Questions | None, progress: Progress) -> FloatArray:
        backbone = open_backbone(
            self.settings.backbone, **{"seed": self.settings.seed, **self.settings.backbone_settings}
        )
        return item_vectors(backbone.fit(train_on, validation=validation, progress=progress))

    def _ready(self) -> None:
        """Make what scoring shares."""
        net = self._fitted().eval()
        with torch.inference_mode():
            self._answers = net.answers()

    def _fitted(self) -> E4SRecNet:
        if self._net is None:
            raise SequentialModelError(self.name, "it is not fitted", "call fit, or load one that was saved")
        return self._net

    def _weights(self) -> dict[str, torch.nn.Parameter]:
        """Every weight that is trained."""
        return {name: weight for name, weight in self._fitted().named_parameters() if weight.requires_grad}

    def _kept(self) -> dict[str, torch.nn.Parameter]:
        """Every weight that a file must have: not the frozen ones of a language model that its name brings back."""
        return dict(self._fitted().named_parameters()) if self.settings.language_model.name is None else self._weights()
