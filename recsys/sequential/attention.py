"""What the models share whose network is blocks of attention: SASRec and BERT4Rec."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.sequential.blocks import Layout, Noise, Transformer
from recsys.sequential.neural import NeuralSettings


@dataclass(frozen=True)
class AttentionSettings(NeuralSettings):
    """How the blocks are made."""

    n_blocks: int = 2
    n_heads: int = 2
    layout: Layout = "pre-norm"
    by_distance: bool = True  # whether attention also learns how far steps are apart; as published it does not

    def blocks(self, noise: Noise, *, causal: bool) -> Transformer:
        """Make blocks in which a step sees none behind it, or all others."""
        return Transformer(
            self.dim,
            n_blocks=self.n_blocks,
            n_heads=self.n_heads,
            n_places=self.max_length,
            dropout=self.dropout,
            layout=self.layout,
            by_distance=self.by_distance,
            causal=causal,
            noise=noise,
        )
