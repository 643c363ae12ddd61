"""TwoTower: a listener's tower times an item's tower, without the query.

    score = f(ũ)·g([x_1, …, x_M])

Both towers are multi-layer perceptrons: linear, layer normalisation without gain and offset, GELU, and a bare linear
map last. The item's tower takes the modalities side by side, absent ones as zeros. Trained by BPR.

Letters as in `recsys.jam.blocks`. Source: the baseline of Melchiorre et al. (RecSys 2025), with the layers
[512, 128, 64], [128, 64] or [128]. That the last map is bare is our reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.jam.blocks import Chance, InputMap, ItemInputs, JamNet, Projected

#: The layers of both towers that the paper tries.
LAYERS = ((512, 128, 64), (128, 64), (128,))


class Tower(nn.Module):
    """A multi-layer perceptron: (n, D) to (n, last of `layers`)."""

    def __init__(self, width: int, layers: Sequence[int], generator: torch.Generator) -> None:
        super().__init__()
        widths = (width, *layers)
        maps = [InputMap(a, b, bias=True, generator=generator) for a, b in pairwise(widths)]
        self.layers = nn.ModuleList(maps)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, D) to (n, d)."""
        for number, layer in enumerate(self.layers):
            if number:
                x = functional.gelu(functional.layer_norm(x, x.shape[-1:]))
            x = layer(x)
        return x


class TwoTower(JamNet):
    """Score items for a listener, whatever was asked. A listener without inputs scores every item 0."""

    def __init__(self, items: ItemInputs, *, user_dim: int, layers: Sequence[int] = (128,), seed: int = 0) -> None:
        """Make untrained towers.

        Args:
            items: the frozen inputs of the catalogue.
            user_dim: D_u; 0 where nothing is known of any listener, which leaves nothing to score by.
            layers: widths of both towers' layers, the last being d.
            seed: of the weights.
        """
        super().__init__(items)
        generator = torch.Generator().manual_seed(seed)
        self.user = Tower(user_dim, layers, generator)
        self.item = Tower(sum(items.widths), layers, generator)

    def project(self, rows: Tensor | None = None) -> Projected:
        """Run the item tower over the given rows (C,), by default all: one vector each."""
        x, present = self.items.take(rows)
        return Projected(self.item(torch.cat(list(x), dim=1))[None], present)

    def scores(
        self,
        query: Tensor,
        user: Tensor,
        items: Projected,
        *,
        how_much_me: float = 1.0,
        chance: Chance | None = None,
    ) -> Tensor:
        """Score projected items: (B, D_u) to (B, C); the query changes nothing."""
        return how_much_me * self._listeners(user) @ items.vectors[0].T

    def pair_scores(self, query: Tensor, user: Tensor, rows: Tensor, *, chance: Chance | None = None) -> Tensor:
        """Score each request's own candidates, rows (B, K): (B, K). The tower runs once per distinct item."""
        distinct, place = torch.unique(rows, return_inverse=True)
        vectors = self.project(distinct).vectors[0][place]  # (B, K, d)
        return torch.bmm(vectors, self._listeners(user)[:, :, None]).squeeze(-1)

    def _listeners(self, user: Tensor) -> Tensor:
        vectors: Tensor = self.user(user) * user.any(dim=1, keepdim=True)
        return vectors
