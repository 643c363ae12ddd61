"""GRU4Rec: gated recurrent units over the session (Hidasi et al., 2016), with the losses that all models here share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from recsys.sequential.blocks import Noise, Recurrent
from recsys.sequential.neural import NeuralModel, NeuralSettings
from recsys.sequential.objective import Drawn
from recsys.sequential.sasrec import next_steps
from recsys.types import IntArray


@dataclass(frozen=True)
class Gru4RecSettings(NeuralSettings):
    """How GRU4Rec is made and trained."""

    hidden: int = 128  # width of the state that is carried
    n_layers: int = 1


class Gru4Rec(NeuralModel):
    """Carries a state from step to step and predicts at each the one after it."""

    name = "gru4rec"
    settings_class = Gru4RecSettings
    settings: Gru4RecSettings

    def body(self, noise: Noise) -> nn.Module:
        """Make the recurrent layers."""
        chosen = self.settings
        return Recurrent(chosen.dim, chosen.hidden, chosen.n_layers, chosen.dropout, noise)

    def drawn(self, items: IntArray, lengths: IntArray, generator: np.random.Generator) -> Drawn:
        """Show all steps of each window but the last, and ask for the one after each."""
        return next_steps(items, lengths)
