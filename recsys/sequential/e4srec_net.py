"""The network of E4SRec: signals → fusion → language model → head over the catalogue.

Shapes: B prefixes, E steps of all, L places, R places that are read, I items, C of them, M signals, D_m width of one, d
joint width, H width of the language model, A width in which answers are scored: H, or d.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.sequential.e4srec_prompt import Layout, Prompt, prompt_texts
from recsys.sequential.e4srec_settings import E4SRecSettings
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.fusion import SignalFusion
from recsys.sequential.language_models import Encode, last_hidden, open_language_model
from recsys.sequential.sequences import Sequences
from recsys.types import FloatArray


@dataclass(frozen=True, eq=False)
class ItemSignals:
    """The frozen vectors of all items, one table per signal, the leading one first."""

    names: tuple[str, ...]  # M
    tables: tuple[Tensor, ...]  # M of (I, D_m), zero where absent
    present: Tensor  # bool (I, M)

    @classmethod
    def of(cls, signals: Mapping[str, FloatArray], n_items: int, device: str = "cpu") -> ItemSignals:
        """Take tables (I, D_m); a row of zeros, or one that holds a NaN, is absent.

        Each table is divided by the root mean square of its present values, so that none drowns another.

        Raises:
            SequentialModelError: there is no signal, or a table has not one row per item.
        """
        if not signals:
            raise SequentialModelError("e4srec", "the items have no signal", "give the vectors of at least one")
        tables, present = [], []
        for name, given in signals.items():
            table = np.asarray(given, np.float32)
            if table.ndim != 2 or len(table) != n_items:
                raise SequentialModelError(
                    "e4srec",
                    f"the signal {name!r} has shape {table.shape}",
                    f"give it one row for each of {n_items} items",
                )
            there = np.asarray(np.isfinite(table).all(axis=1) & table.any(axis=1))
            known = np.where(there[:, None], table, 0)
            scale = float(np.sqrt(np.mean(known[there] ** 2))) if there.any() else 1.0
            tables.append(torch.from_numpy(np.ascontiguousarray(known / scale, np.float32)).to(device))
            present.append(there)
        return cls(tuple(signals), tuple(tables), torch.from_numpy(np.stack(present, axis=1)).to(device))

    @property
    def widths(self) -> tuple[int, ...]:
        """M, the D_m."""
        return tuple(table.shape[1] for table in self.tables)


class Answers(NamedTuple):
    """What items are scored by."""

    vectors: Tensor  # (C, A)
    biases: Tensor | None  # (C,)


OpenedModel = tuple[nn.Module, Encode]


def opened(settings: E4SRecSettings) -> OpenedModel:
    """Open the language model of settings, with what turns the prompt's text into its tokens.

    Raises:
        SequentialModelError: it cannot be had.
    """
    return open_language_model(settings.language_model, prompt_texts(settings), device=settings.device)


class E4SRecNet(nn.Module):
    """Scores the catalogue at each place that is read. The frozen vectors are no part of its state."""

    def __init__(self, signals: ItemSignals, settings: E4SRecSettings, opened_model: OpenedModel) -> None:
        """Make an untrained network around a language model; weights are drawn from torch's generator.

        Args:
            signals: of the items.
            settings: of the network.
            opened_model: what `opened` returns for these settings.

        Raises:
            SequentialModelError: the fusion cannot be made.
        """
        super().__init__()
        self.signals, self.settings = signals, settings
        n_items = len(signals.present)
        self.language_model, encode = opened_model
        self.prompt = Prompt(settings, encode)
        model: Any = self.language_model
        self.words: nn.Embedding = model.get_input_embeddings()
        hidden = self.words.weight.shape[1]
        # (c, 1 - c), since the zeros of what is absent must differ from a track that was not played at all.
        of_steps = (2,) if settings.completion == "scalar" else ()
        self.fusion = SignalFusion(
            (*signals.widths, *of_steps), settings.dim, settings.fusion, n_heads=settings.n_heads
        )
        self.to_language = nn.Linear(settings.dim, hidden)
        if settings.head == "linear":
            self.head = nn.Linear(hidden, n_items, bias=False)
        else:
            self.head = nn.Linear(hidden, settings.dim)
            self.item_bias = nn.Parameter(torch.zeros(n_items))
        for part in (self.fusion, self.to_language, self.head):
            part.to(settings.device)

    def fused(self, items: Tensor, completion: Tensor | None = None) -> Tensor:
        """Return the vectors (E, d) of items (E,) that were played so far, completion (E,), NaN where not known."""
        inputs: Sequence[Tensor] = [table[items] for table in self.signals.tables]
        present = self.signals.present[items]  # (E, M)
        if self.settings.completion == "scalar":
            unknown = torch.full(items.shape, torch.nan, device=items.device)
            share = (unknown if completion is None else completion)[:, None]
            inputs = [*inputs, torch.cat([share, 1 - share], dim=1)]
            present = torch.cat([present, ~share.isnan()], dim=1)
        vectors: Tensor = self.fusion(inputs, present)
        return vectors

    def states(self, histories: Sequences, layout: Layout) -> Tensor:
        """Return the language model's states (R, H) at the places that are read."""
        device = self.settings.device
        items = torch.from_numpy(histories.items).to(device)
        if self.settings.completion == "scalar" and histories.completion is not None:
            vectors = self.fused(items, torch.from_numpy(histories.completion.astype(np.float32)).to(device))
        else:
            distinct, place = torch.unique(items, return_inverse=True)  # what is the same is fused once
            vectors = self.fused(distinct)[place]
        vectors = functional.dropout(vectors, self.settings.dropout, self.training)
        embeds = self.words(layout.tokens.to(device))  # (B, L, H)
        told = self.to_language(vectors).to(embeds.dtype)
        embeds = embeds.masked_scatter(layout.is_item.to(device)[:, :, None], told)
        states = last_hidden(self.language_model, embeds)
        row, place = layout.reads.to(device).T
        return states[row, place].to(self.to_language.weight.dtype)

    def asked(self, states: Tensor) -> Tensor:
        """Map states (R, H) to the vectors (R, A) that answers are compared with."""
        if self.settings.head == "linear":
            return states
        wanted: Tensor = self.head(states) / self.settings.dim**0.5
        return wanted

    def answers(self, items: Tensor | None = None) -> Answers:
        """Return what items (C,), by default all, are scored by."""
        if self.settings.head == "linear":
            return Answers(self.head.weight if items is None else self.head.weight[items], None)
        if items is None:
            items = torch.arange(len(self.signals.present), device=self.signals.present.device)
        return Answers(self.fused(items), self.item_bias[items])

    def logits(self, states: Tensor, answers: Answers) -> Tensor:
        """Score answers at states (R, H): (R, C)."""
        return functional.linear(self.asked(states), answers.vectors, answers.biases)
