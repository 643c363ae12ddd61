"""SASRec in the plain way, to compare with: written after the structure of its best-known public implementation.

That is pmixer/SASRec.pytorch, after Kang and McAuley (2018). As there: each sequence is padded on the left to the same
length; sequences and one negative per step are drawn one by one in Python; places are counted from the padded
beginning; only what asks is normed before attention; the loss is binary cross-entropy over the steps that are there;
Adam updates every row of the item table at every step. Unlike there, and as in the paper, padding is masked among what
is attended to, and batches are drawn in this process rather than in three others.

Shapes: B sequences of a batch, L padded length, D width, I items. Item 0 is padding, so that item row r is r + 1.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.sequential.sequences import Sequences
from recsys.types import IntArray


@dataclass(frozen=True)
class PlainSettings:
    """As the public implementation has them, but for the width."""

    dim: int = 64
    max_length: int = 50
    n_blocks: int = 2
    n_heads: int = 1
    dropout: float = 0.2
    batch: int = 128
    learning_rate: float = 1e-3
    seed: int = 64


@dataclass(frozen=True)
class PlainBatch:
    """Sequences of a batch, all (B, L)."""

    rows: list[int]  # of the sequences
    inputs: IntArray
    positives: IntArray
    negatives: IntArray


class PlainSampler:
    """Draws batches sequence by sequence."""

    def __init__(self, train: Sequences, settings: PlainSettings) -> None:
        """Take sequences of which each has at least two steps."""
        self._sequences = {row: [int(item) + 1 for item in items] for row, items in enumerate(train)}
        self._n_items, self._settings = train.n_items, settings
        self._random = random.Random(settings.seed)

    def batch(self) -> PlainBatch:
        """Draw the next batch."""
        drawn = [self._sample() for _ in range(self._settings.batch)]
        rows, inputs, positives, negatives = zip(*drawn, strict=True)
        return PlainBatch(list(rows), np.array(inputs), np.array(positives), np.array(negatives))

    def _sample(self) -> tuple[int, IntArray, IntArray, IntArray]:
        row = self._random.randrange(len(self._sequences))
        sequence = self._sequences[row]
        length = self._settings.max_length
        inputs, positives, negatives = (np.zeros(length, dtype=np.int64) for _ in range(3))
        following, place, own = sequence[-1], length - 1, set(sequence)
        for item in reversed(sequence[:-1]):
            inputs[place], positives[place] = item, following
            negative = self._random.randint(1, self._n_items)
            while negative in own:
                negative = self._random.randint(1, self._n_items)
            negatives[place] = negative
            following = item
            place -= 1
            if place < 0:
                break
        return row, inputs, positives, negatives


class _FeedForward(nn.Module):
    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.inner, self.outer = nn.Conv1d(dim, dim, kernel_size=1), nn.Conv1d(dim, dim, kernel_size=1)
        self.dropout = dropout

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (B, L, D) to (B, L, D)."""
        dropped = functional.dropout(self.inner(inputs.transpose(-1, -2)), self.dropout, self.training)
        outputs = functional.dropout(self.outer(functional.relu(dropped)), self.dropout, self.training)
        return outputs.transpose(-1, -2) + inputs


class PlainSasRec(nn.Module):
    """The network."""

    def __init__(self, n_items: int, settings: PlainSettings) -> None:
        super().__init__()
        torch.manual_seed(settings.seed)
        dim = settings.dim
        self.settings = settings
        self.items = nn.Embedding(n_items + 1, dim, padding_idx=0)
        self.places = nn.Embedding(settings.max_length + 1, dim, padding_idx=0)
        self.attention_norms = nn.ModuleList(nn.LayerNorm(dim, eps=1e-8) for _ in range(settings.n_blocks))
        self.attentions = nn.ModuleList(
            nn.MultiheadAttention(dim, settings.n_heads, settings.dropout) for _ in range(settings.n_blocks)
        )
        self.forward_norms = nn.ModuleList(nn.LayerNorm(dim, eps=1e-8) for _ in range(settings.n_blocks))
        self.forwards = nn.ModuleList(_FeedForward(dim, settings.dropout) for _ in range(settings.n_blocks))
        self.last_norm = nn.LayerNorm(dim, eps=1e-8)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_normal_(parameter)
        with torch.no_grad():
            self.items.weight[0] = 0
            self.places.weight[0] = 0

    def states(self, inputs: Tensor) -> Tensor:
        """Map items (B, L) to states (B, L, D)."""
        length = inputs.shape[1]
        places = torch.arange(1, length + 1).expand_as(inputs) * (inputs != 0)
        states = self.items(inputs) * self.settings.dim**0.5 + self.places(places)
        states = functional.dropout(states, self.settings.dropout, self.training)
        seen = torch.tril(torch.ones(length, length, dtype=torch.bool)) & (inputs != 0)[:, None, :]
        # Padding sees itself: with nothing at all to see it would be no number.
        masked = ~(seen | torch.eye(length, dtype=torch.bool)).repeat_interleave(self.settings.n_heads, dim=0)
        layers = zip(self.attention_norms, self.attentions, self.forward_norms, self.forwards, strict=True)
        for attention_norm, attention, forward_norm, forward in layers:
            states = states.transpose(0, 1)
            queries = attention_norm(states)
            mixed, _ = attention(queries, states, states, attn_mask=masked)
            states = (queries + mixed).transpose(0, 1)
            states = forward(forward_norm(states))
        return self.last_norm(states)  # type: ignore[no-any-return]

    def forward(self, batch: PlainBatch) -> tuple[Tensor, Tensor]:
        """Return the logits (B, L) of the positives and of the negatives."""
        states = self.states(torch.from_numpy(batch.inputs))
        positives = self.items(torch.from_numpy(batch.positives))
        negatives = self.items(torch.from_numpy(batch.negatives))
        return (states * positives).sum(dim=-1), (states * negatives).sum(dim=-1)


class PlainTraining:
    """Trains the network batch by batch."""

    def __init__(self, n_items: int, settings: PlainSettings) -> None:
        """Make a network and its optimiser."""
        self.network = PlainSasRec(n_items, settings)
        self.network.train()
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98))

    def step(self, batch: PlainBatch) -> float:
        """Make one step and return its loss."""
        positive, negative = self.network(batch)
        there = np.nonzero(batch.positives)
        self._optimiser.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(positive[there], torch.ones_like(positive[there]))
        loss = loss + functional.binary_cross_entropy_with_logits(negative[there], torch.zeros_like(negative[there]))
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return float(loss.detach())


def weights_for_ours(plain: PlainSasRec) -> dict[str, Tensor]:
    """Return the weights by the names that `recsys.sequential.sasrec.SasRec` has for them in its published layout."""
    dim = plain.settings.dim
    ours = {
        "table.learnt": plain.items.weight[1:],
        "body.places.weight": plain.places.weight[1:],
        "body.last.weight": plain.last_norm.weight,
        "body.last.bias": plain.last_norm.bias,
    }
    layers = zip(plain.attention_norms, plain.attentions, plain.forward_norms, plain.forwards, strict=True)
    for number, (before, attention, between, forward) in enumerate(layers):
        block = f"body.blocks.{number}"
        state = attention.state_dict()
        for kind in ("weight", "bias"):
            ours[f"{block}.before.{kind}"] = before.state_dict()[kind]
            ours[f"{block}.between.{kind}"] = between.state_dict()[kind]
            joined = state[f"in_proj_{kind}"]
            ours[f"{block}.attention.to_query.{kind}"] = joined[:dim]
            ours[f"{block}.attention.to_key_value.{kind}"] = joined[dim:]
            ours[f"{block}.attention.out.{kind}"] = state[f"out_proj.{kind}"]
            for layer in ("inner", "outer"):
                value = forward.state_dict()[f"{layer}.{kind}"]
                ours[f"{block}.{layer}.{kind}"] = value[:, :, 0] if kind == "weight" else value
    return {name: value.detach().clone() for name, value in ours.items()}


def unpadded(batch: PlainBatch) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Return lengths (B,) and, per step (T,) that is there, the rows of inputs, targets and negatives, and its place.

    The place is counted from the padded beginning, as `PlainSasRec` counts it.
    """
    there = batch.inputs != 0
    places = np.broadcast_to(np.arange(there.shape[1]), there.shape)[there]
    columns: Sequence[IntArray] = (batch.inputs[there] - 1, batch.positives[there] - 1, batch.negatives[there] - 1)
    return there.sum(axis=1), columns[0], columns[1], columns[2], places
