"""SASRec: self-attention to the steps so far (Kang and McAuley, 2018), with the losses that came after it.

Binary cross-entropy with one negative per step is as published; the full softmax (Klenitskiy and Vasilev, 2023), the
sampled softmax and gBCE (Petrov and Macdonald, 2023) are the same network with another `loss`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from recsys.sequential.attention import AttentionSettings
from recsys.sequential.blocks import Noise
from recsys.sequential.neural import NeuralModel
from recsys.sequential.objective import Drawn
from recsys.types import IntArray


@dataclass(frozen=True)
class SasRecSettings(AttentionSettings):
    """How SASRec is made and trained."""

    dim: int = 128


class SasRec(NeuralModel):
    """Predicts at each step the one after it."""

    name = "sasrec"
    settings_class = SasRecSettings
    settings: SasRecSettings

    def body(self, noise: Noise) -> nn.Module:
        """Make blocks in which a step sees none behind it."""
        return self.settings.blocks(noise, causal=True)

    def drawn(self, items: IntArray, lengths: IntArray, generator: np.random.Generator) -> Drawn:
        """Show all steps of each window but the last, and ask for the one after each."""
        return next_steps(items, lengths)


def next_steps(items: IntArray, lengths: IntArray) -> Drawn:
    """Take windows of at least two steps as inputs and, one step on, targets."""
    ends = np.cumsum(lengths)
    shown, asked = np.ones(len(items), dtype=np.bool_), np.ones(len(items), dtype=np.bool_)
    shown[ends - 1] = False
    asked[ends - lengths] = False
    return Drawn(lengths - 1, items[shown], None, items[asked])
