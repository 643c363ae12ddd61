"""What the neural models of sequences are made of: dropout by one's own generator, attention, and blocks of layers.

Steps of all sequences of a batch lie one after the other without padding; only attention lays them side by side.

Shapes: T steps of a batch, B sequences, L steps of the longest, D width, H heads.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.sequential.batches import Packed

#: `published`: as in SASRec (Kang and McAuley, 2018). `pre-norm`: each layer behind a norm, GELU (Xiong et al., 2020).
Layout = Literal["published", "pre-norm"]
#: Of the places that learning begins with: small beside the items, whose vectors are scaled up.
_PLACES_STD = 0.02
#: The distance that a step begins at from itself where it may be hidden.
_AWAY_FROM_ITSELF = 5
#: Of the published blocks' norms.
_PUBLISHED_EPS = 1e-8


class Noise:
    """What the dropout of one network draws from, so that nothing else's draws change what is learnt."""

    def __init__(self) -> None:
        self.reseed(0, 0)

    def reseed(self, seed: int, step: int) -> None:
        """Make the draws of a step the same whenever it is made."""
        self._generator = np.random.Generator(np.random.SFC64((seed, step)))

    def kept(self, shape: torch.Size, rate: float) -> Tensor:
        """Draw which values are kept, bool; five times as fast as torch does."""
        drawn = self._generator.integers(0, 1 << 16, tuple(shape), dtype=np.uint16)
        return torch.from_numpy(drawn >= round(rate * (1 << 16)))


class Dropout(nn.Module):
    """Dropout of single values."""

    def __init__(self, rate: float, noise: Noise) -> None:
        super().__init__()
        self.rate, self._noise = rate, noise

    def forward(self, inputs: Tensor) -> Tensor:
        """Drop values of any shape while training, and scale up what is kept."""
        if not self.training or self.rate == 0:
            return inputs
        return inputs * (self._noise.kept(inputs.shape, self.rate) * (1 / (1 - self.rate)))


class Attention(nn.Module):
    """Attention of each step to the steps of its own sequence."""

    def __init__(self, dim: int, n_heads: int, *, causal: bool, n_distances: int = 0) -> None:
        """Make the maps.

        Args:
            dim: D, a multiple of the heads.
            n_heads: H.
            causal: whether a step sees none behind it.
            n_distances: greater than any distance of two steps: for each there is a learnt number per head that is
                added to the attention (Raffel et al., 2020), beginning at a fall with distance that is half as steep
                for each next head (Press et al., 2022); 0 for none.
        """
        super().__init__()
        self.n_heads, self.causal, self._n_distances = n_heads, causal, n_distances
        if n_distances:
            away = torch.arange(1 - n_distances, n_distances).abs()
            if not causal:
                # A step that is hidden has nothing to tell itself.
                away[n_distances - 1] = _AWAY_FROM_ITSELF
            self.by_distance = nn.Parameter(-(0.5 ** torch.arange(n_heads))[:, None] * away)  # (H, 2 × distances - 1)
        self.to_query, self.to_key_value = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)
        # What is attended to comes through as it is to begin with. Items are read from the same vectors that they are
        # shown by, so that the first thing learnt is which of them go together.
        with torch.no_grad():
            self.to_key_value.weight[dim:] = torch.eye(dim)
            self.out.weight.copy_(torch.eye(dim))

    def forward(self, queries: Tensor, inputs: Tensor, packed: Packed) -> Tensor:
        """Map (T, D) that ask and (T, D) that are asked to (T, D)."""
        dim = inputs.shape[1]
        keys, values = self.to_key_value(inputs).split(dim, dim=1)
        q, k, v = (self._laid_out(one, packed) for one in (self.to_query(queries), keys, values))  # (B, H, L, D / H)
        if self._n_distances:
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=self._bias(packed))
        elif self.causal:
            # What pads the shorter sequences is behind their last step, so that no step sees it.
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=packed.filled[:, None, None, :])
        flat = mixed.transpose(1, 2).reshape(-1, dim)  # (B × L, D)
        return self.out(flat[packed.slots])  # type: ignore[no-any-return]  # (T, D)

    def _bias(self, packed: Packed) -> Tensor:
        """Return what is added to the attention (B or 1, H, L, L)."""
        places = torch.arange(packed.filled.shape[1])
        apart = places[None, :] - places[:, None]
        bias = self.by_distance[:, apart + self._n_distances - 1]  # (H, L, L)
        if self.causal:
            return bias.masked_fill(apart > 0, -torch.inf)[None]
        return bias[None].masked_fill(~packed.filled[:, None, None, :], -torch.inf)

    def _laid_out(self, steps: Tensor, packed: Packed) -> Tensor:
        n_rows, longest = packed.filled.shape
        padded = steps.new_zeros(n_rows * longest, steps.shape[1]).index_copy(0, packed.slots, steps)
        return padded.view(n_rows, longest, self.n_heads, -1).transpose(1, 2)


class PublishedBlock(nn.Module):
    """A block of SASRec as its public implementations have it: only what asks is normed before attention."""

    def __init__(self, attention: Attention, dim: int, dropout: float, noise: Noise) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(dim, _PUBLISHED_EPS), nn.LayerNorm(dim, _PUBLISHED_EPS)
        self.attention = attention
        self.inner, self.outer = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.dropout = Dropout(dropout, noise)

    def forward(self, inputs: Tensor, packed: Packed) -> Tensor:
        """Map (T, D) to (T, D)."""
        queries = self.before(inputs)
        mixed = self.between(queries + self.attention(queries, inputs, packed))
        changed = self.outer(self.dropout(torch.relu(self.inner(mixed))))
        return mixed + self.dropout(changed)  # type: ignore[no-any-return]


class PreNormBlock(nn.Module):
    """Attention, then two layers four times as wide, each behind a norm and added to what came in."""

    def __init__(self, attention: Attention, dim: int, dropout: float, noise: Noise) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = attention
        self.inner, self.outer = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.dropout = Dropout(dropout, noise)

    def forward(self, inputs: Tensor, packed: Packed) -> Tensor:
        """Map (T, D) to (T, D)."""
        normed = self.before(inputs)
        mixed = inputs + self.dropout(self.attention(normed, normed, packed))
        changed = self.outer(functional.gelu(self.inner(self.between(mixed))))
        return mixed + self.dropout(changed)  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Item vectors of the steps and their places in, one state per step out."""

    def __init__(
        self,
        dim: int,
        *,
        n_blocks: int,
        n_heads: int,
        n_places: int,
        dropout: float,
        layout: Layout,
        causal: bool,
        by_distance: bool,
        noise: Noise,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.places = nn.Embedding(n_places, dim)
        nn.init.normal_(self.places.weight, std=_PLACES_STD)
        block = PublishedBlock if layout == "published" else PreNormBlock
        n_distances = n_places if by_distance else 0
        self.blocks = nn.ModuleList(
            block(Attention(dim, n_heads, causal=causal, n_distances=n_distances), dim, dropout, noise)
            for _ in range(n_blocks)
        )
        self.last = nn.LayerNorm(dim, _PUBLISHED_EPS if layout == "published" else 1e-5)
        self.dropout = Dropout(dropout, noise)

    def forward(self, vectors: Tensor, packed: Packed) -> Tensor:
        """Map the item vectors (T, D) of the steps to states (T, D)."""
        states = self.dropout(vectors * self.dim**0.5 + self.places(packed.places))
        for block in self.blocks:
            states = block(states, packed)
        return self.last(states)  # type: ignore[no-any-return]


class Recurrent(nn.Module):
    """Gated recurrent units over the steps (Cho et al., 2014), without a padded step."""

    def __init__(self, dim: int, hidden: int, n_layers: int, dropout: float, noise: Noise) -> None:
        super().__init__()
        self.dim = dim
        self.layers = nn.ModuleList(nn.GRU(dim if n == 0 else hidden, hidden) for n in range(n_layers))
        self.out, self.last = nn.Linear(hidden, dim), nn.LayerNorm(dim)
        self.dropout = Dropout(dropout, noise)

    def forward(self, vectors: Tensor, packed: Packed) -> Tensor:
        """Map the item vectors (T, D) of the steps to states (T, D)."""
        order, together = packed.by_place()
        states = self.dropout(vectors * self.dim**0.5)[order]
        for layer in self.layers:
            states = self.dropout(layer(nn.utils.rnn.PackedSequence(states, together))[0].data)
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return self.last(self.out(states[back]))  # type: ignore[no-any-return]
