"""JAM's trainable part: one linear map per input into the joint space, and the mixers' own maps.

Shapes: B queries, C candidate tracks, M modalities, D_m width of modality m, L width of the listeners' own spaces,
D joint width.
Source: Melchiorre et al., "Just Ask for Music" (RecSys 2025). The user map has no bias, so that a listener without
history (ũ = 0) is exactly u = 0; the paper's code has biased maps throughout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from recsys.types import FloatArray

#: Stands before a modality's name among the modules, since a name such as "train" is a method of theirs.
_KEY = "of_"
Mixer = Literal["cross", "average"]


class JamModel(nn.Module):
    """Score tracks for a listener and a request by translation: (u + q)·t, t mixed from the track's modalities."""

    def __init__(
        self,
        widths: Mapping[str, int],
        *,
        text_dim: int,
        listener_dim: int = 0,
        dim: int = 128,
        mixer: Mixer = "cross",
        seed: int = 0,
    ) -> None:
        """Start the maps.

        Args:
            widths: D_m by modality, in order.
            text_dim: width of the text encoder.
            listener_dim: L, the columns of ũ that are the listeners' own vectors, after those made of tracks.
            dim: D.
            mixer: how a track's modalities become one vector.
            seed: of the rotations to start from.
        """
        super().__init__()
        self.widths, self.modalities, self.dim, self.mixer = dict(widths), tuple(widths), dim, mixer
        self.text_dim, self.listener_dim = text_dim, listener_dim
        self.user = nn.Linear(sum(widths.values()) + listener_dim, dim, bias=False)
        self.query = nn.Linear(text_dim, dim)
        self.item = nn.ModuleDict({_KEY + m: nn.Linear(width, dim) for m, width in widths.items()})
        self.mixer_query = nn.Linear(text_dim, dim)
        self.mixer_key = nn.ModuleDict({_KEY + m: nn.Linear(width, dim) for m, width in widths.items()})
        self._start(seed)

    def _start(self, seed: int) -> None:
        """Start every map of the text encoder's width from one random rotation, every other modality from its own.

        So untrained scores are the encoder's own cosines: the paper starts Kaiming-uniform; queries and most of what is
        known of tracks come from one text encoder here, and training only has to improve on what it knows already.
        A modality of another width cannot be compared with words untrained, but tracks with tracks: its user columns
        start from its own rotation, so that a history already finds what is like it. The listeners' own columns start
        from zero: nothing says where their directions lead before a listener has shown it.
        """
        generator = torch.Generator().manual_seed(seed)
        words = _rotation(self.dim, self.text_dim, generator)
        basis = {
            m: words if width == self.text_dim else _rotation(self.dim, width, generator)
            for m, width in self.widths.items()
        }
        with torch.no_grad():
            for layer in (self.query, self.mixer_query):
                layer.weight.copy_(words)
                layer.bias.zero_()
            self.mixer_query.weight.mul_(0.5)
            for m in self.modalities:
                for maps in (self.item, self.mixer_key):
                    maps[_KEY + m].weight.copy_(basis[m])  # type: ignore[operator]
                    maps[_KEY + m].bias.zero_()  # type: ignore[operator]
            own = torch.zeros(self.dim, self.listener_dim)
            self.user.weight.copy_(torch.cat([*(0.35 * basis[m] for m in self.modalities), own], dim=1))

    def named_maps(self) -> dict[str, nn.Parameter]:
        """Return every parameter under the name that it has in a checkpoint, such as `item.text.weight`."""
        return {name.replace(f".{_KEY}", ".", 1): parameter for name, parameter in self.named_parameters()}

    def arrays(self) -> dict[str, FloatArray]:
        """Return a copy of the weights for a checkpoint."""
        return {name: parameter.detach().numpy().copy() for name, parameter in self.named_maps().items()}

    def forward(self, query: Tensor, user: Tensor, item: Sequence[Tensor], present: Tensor) -> Tensor:
        """Map (B, D_text), (B, Σ D_m + L), M of (C, D_m) and bool (C, M) or (B, C, M) to scores (B, C)."""
        q = self.query(query)
        point = q + self.user(user)  # (B, D)
        # Modalities lead: a softmax over a last axis of two is many times slower.
        similarity = torch.stack(
            [point @ self.item[_KEY + m](item[c]).T for c, m in enumerate(self.modalities)]
        )  # (M, B, C)
        here = present.movedim(-1, 0)  # (M, B, C) or (M, C)
        if here.ndim == 2:
            here = here[:, None, :]  # (M, 1, C)
        if self.mixer == "cross":
            keys = self.mixer_query(query) / math.sqrt(self.dim)  # (B, D)
            logit = torch.stack([keys @ self.mixer_key[_KEY + m](item[c]).T for c, m in enumerate(self.modalities)])
            # finfo.min, not -inf: a track with no modality at all must not become NaN.
            weights = logit.masked_fill(~here, torch.finfo(torch.float32).min).softmax(dim=0) * here  # (M, B, C)
        else:
            weights = here / here.sum(dim=0, keepdim=True).clamp(min=1)
        return (weights * similarity).sum(dim=0)


def _rotation(dim: int, width: int, generator: torch.Generator) -> Tensor:
    """A random map (dim, width) with orthogonal rows or columns, which doubles lengths on average."""
    basis = torch.empty(dim, width)
    nn.init.orthogonal_(basis, generator=generator)
    return basis * math.sqrt(max(width / dim, 1.0)) * 2.0
