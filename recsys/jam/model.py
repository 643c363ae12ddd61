"""JAM's trainable part: one linear map per input into the joint space, and the mixers' own maps.

Shapes: B queries, C candidate tracks, M modalities, D_in encoder width, D joint width.
Source: Melchiorre et al., "Just Ask for Music" (RecSys 2025). The user map has no bias, so that a listener without
history (ũ = 0) is exactly u = 0; the paper's code has biased maps throughout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Mixer = Literal["cross", "average"]


class JamModel(nn.Module):
    """Score tracks for a listener and a request by translation: (u + q)·t, t mixed from the track's modalities."""

    def __init__(
        self,
        modalities: Sequence[str],
        *,
        text_dim: int,
        item_dim: int,
        dim: int = 128,
        mixer: Mixer = "cross",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.modalities, self.dim, self.mixer = tuple(modalities), dim, mixer
        self.text_dim, self.item_dim = text_dim, item_dim
        self.user = nn.Linear(len(self.modalities) * item_dim, dim, bias=False)
        self.query = nn.Linear(text_dim, dim)
        self.item = nn.ModuleDict({m: nn.Linear(item_dim, dim) for m in self.modalities})
        self.mixer_query = nn.Linear(text_dim, dim)
        self.mixer_key = nn.ModuleDict({m: nn.Linear(item_dim, dim) for m in self.modalities})
        self._start_from_encoder(seed)

    def _start_from_encoder(self, seed: int) -> None:
        """Start every map from one random rotation, so that untrained scores are the encoder's own cosines.

        The paper starts Kaiming-uniform; queries and tracks come from one text encoder here, and training only has
        to improve on what it knows already.
        """
        generator = torch.Generator().manual_seed(seed)
        basis = torch.empty(self.dim, max(self.item_dim, self.text_dim))
        nn.init.orthogonal_(basis, generator=generator)
        basis = basis * math.sqrt(self.item_dim / self.dim) * 2.0
        with torch.no_grad():
            maps = [m for name, m in self.named_modules() if isinstance(m, nn.Linear) and name != "user"]
            for layer in maps:
                layer.weight.copy_(basis[:, : layer.in_features])
                layer.bias.zero_()
            self.mixer_query.weight.mul_(0.5)
            self.user.weight.copy_(basis[:, : self.item_dim].repeat(1, len(self.modalities)) * 0.35)

    def forward(self, query: Tensor, user: Tensor, item: Tensor, present: Tensor) -> Tensor:
        """Map (B, D_text), (B, M·D_in), (C, M, D_in) and bool (C, M) or (B, C, M) to scores (B, C)."""
        q = self.query(query)
        point = q + self.user(user)  # (B, D)
        x = [item[:, column] for column in range(len(self.modalities))]  # M of (C, D_in)
        # Modalities lead: a softmax over a last axis of two is many times slower.
        similarity = torch.stack([point @ self.item[m](x[c]).T for c, m in enumerate(self.modalities)])  # (M, B, C)
        here = present.movedim(-1, 0)  # (M, B, C) or (M, C)
        if here.ndim == 2:
            here = here[:, None, :]  # (M, 1, C)
        if self.mixer == "cross":
            keys = self.mixer_query(query) / math.sqrt(self.dim)  # (B, D)
            logit = torch.stack([keys @ self.mixer_key[m](x[c]).T for c, m in enumerate(self.modalities)])  # (M, B, C)
            # finfo.min, not -inf: a track with no modality at all must not become NaN.
            weights = logit.masked_fill(~here, torch.finfo(torch.float32).min).softmax(dim=0) * here
        else:
            weights = here / here.sum(dim=0, keepdim=True).clamp(min=1)
        return (weights * similarity).sum(dim=0)
