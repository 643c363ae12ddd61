"""BERT4Rec: steps are hidden and found again from both sides (Sun et al., 2019).

What comes next is asked as it is learnt: a hidden step is put behind the last one, and predicted. So that learning also
meets that, a share of the windows has its last step hidden and no other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from recsys.sequential.attention import AttentionSettings
from recsys.sequential.batches import Packed
from recsys.sequential.blocks import Layout, Noise, Transformer
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.neural import NeuralModel
from recsys.sequential.objective import Drawn, NextBatch
from recsys.types import IntArray


@dataclass(frozen=True)
class Bert4RecSettings(AttentionSettings):
    """How BERT4Rec is made and trained."""

    dropout: float = 0.4
    deviation: float = 0.05
    steps: int = 1200
    layout: Layout = "published"
    hidden_share: float = 0.2  # of a window's steps
    last_share: float = 0.3  # of the windows that have their last step hidden alone


class Cloze(nn.Module):
    """Blocks in which each step sees all others, the vector of a hidden step, and the map its state is read by.

    That vector is zero to begin with, so that what a hidden step is read from is what it attends to.
    """

    def __init__(self, blocks: Transformer, dim: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.hidden = nn.Parameter(torch.zeros(dim))
        self.read, self.norm = nn.Linear(dim, dim), nn.LayerNorm(dim)
        nn.init.eye_(self.read.weight)

    def forward(self, vectors: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Map item vectors (T, D), and which steps (A,) are hidden, to the states (A, D) of those."""
        seen = vectors.index_copy(0, hidden, self.hidden.expand(len(hidden), -1))
        return self.norm(self.read(self.blocks(seen, packed)[hidden]))  # type: ignore[no-any-return]


class Bert4Rec(NeuralModel):
    """Predicts hidden steps from all others."""

    name = "bert4rec"
    settings_class = Bert4RecSettings
    settings: Bert4RecSettings
    _overlap = 0

    def body(self, noise: Noise) -> nn.Module:
        """Make blocks in which a step sees all others."""
        return Cloze(self.settings.blocks(noise, causal=False), self.settings.dim)

    def drawn(self, items: IntArray, lengths: IntArray, generator: np.random.Generator) -> Drawn:
        """Hide some steps of each window, at least one, or its last one alone."""
        ends = np.cumsum(lengths)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        hidden = generator.random(len(items)) < self.settings.hidden_share
        none = np.bincount(rows[hidden], minlength=len(lengths)) == 0
        hidden[(ends - lengths + generator.integers(0, lengths))[none]] = True
        # Something must be left to find it from.
        full = np.bincount(rows[hidden], minlength=len(lengths)) == lengths
        hidden[(ends - lengths)[full]] = False
        last = generator.random(len(lengths)) < self.settings.last_share
        hidden[last[rows]] = False
        hidden[(ends - 1)[last]] = True
        asked = np.flatnonzero(hidden)
        return Drawn(lengths, items, asked, items[asked])

    def states(self, batch: NextBatch, vectors: Tensor) -> Tensor:
        """Return the states (A, D) of the hidden steps."""
        assert batch.asked is not None
        return self._cloze(vectors[batch.inputs], batch.asked, batch.packed)

    def last_states(self, vectors: Tensor, lengths: IntArray) -> Tensor:
        """Return the states (B, D) of a hidden step behind each sequence."""
        packed = Packed.of(lengths + 1)
        hidden = packed.ends
        shown = vectors.new_zeros(len(packed.slots), vectors.shape[1])
        shown[torch.isin(torch.arange(len(shown)), hidden, invert=True)] = vectors
        return self._cloze(shown, hidden, packed)

    @property
    def _longest_seen(self) -> int:
        return self.settings.max_length - 1

    def _cloze(self, vectors: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        return self.network.get_submodule("body")(vectors, hidden, packed)  # type: ignore[no-any-return]

    def _check(self) -> None:
        super()._check()
        for what in ("hidden_share", "last_share"):
            share = getattr(self.settings, what)
            if not 0 <= share <= 1:
                raise SequentialModelError(self.name, f"{what} is {share}", "give a share from 0 to 1")
