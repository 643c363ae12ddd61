"""The audio tower of MuQ-MuLan: hidden states of MuQ → a transformer → a point in the space shared with text.

Agrees with `muq` 0.1.0 to 1e-5 (tests/golden/muq_tiny.json). Names of weights are those of the published checkpoint.

Shapes: B windows, S samples, T frames, H heads, K width of a head, D width of the tower, J width of the shared space.
Source: Zhu et al. (2025), MuQ; the tower is that of MuLan (Huang et al., 2022) with normalised queries and keys.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.audio.pretrained.conformer import MusicConformer

#: By which the cosines of queries and keys are multiplied.
_SCALE = 8.0


class Norm(nn.Module):
    """Layer norm with a gain and no shift."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.learned_gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, D) to (…, D)."""
        return functional.layer_norm(x, x.shape[-1:], self.learned_gamma)


class Gate(nn.Module):
    """One half of the channels, gated by the other."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, 2 E) to (…, E)."""
        values, gate = x.chunk(2, dim=-1)
        return functional.gelu(gate) * values


class Attention(nn.Module):
    """Self-attention over cosines."""

    def __init__(self, width: int, n_heads: int, head_width: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = Norm(width)
        self.to_q = nn.Linear(width, n_heads * head_width, bias=False)
        self.to_kv = nn.Linear(width, 2 * n_heads * head_width, bias=False)
        self.q_scale = nn.Parameter(torch.ones(head_width))
        self.k_scale = nn.Parameter(torch.ones(head_width))
        self.to_out = nn.Sequential(nn.Linear(n_heads * head_width, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        x = self.norm(x)
        query, key, value = (
            part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (B, H, T, K)
            for part in (self.to_q(x), *self.to_kv(x).chunk(2, dim=-1))
        )
        query = functional.normalize(query, dim=-1) * self.q_scale
        key = functional.normalize(key, dim=-1) * self.k_scale
        mixed = functional.scaled_dot_product_attention(query, key, value, scale=_SCALE)
        out: Tensor = self.to_out(mixed.transpose(1, 2).flatten(2))
        return out


def feed_forward(width: int, mult: float) -> nn.Sequential:
    """Return the second half of a layer, (…, D) → (…, D)."""
    inner = int(width * mult * 2 / 3)
    # The Identity stands where dropout was: names of weights count places.
    return nn.Sequential(
        Norm(width), nn.Linear(width, 2 * inner, bias=False), Gate(), nn.Identity(), nn.Linear(inner, width, bias=False)
    )


class MuLanTower(nn.Module):
    """Waveform → unit vector in the space shared with text."""

    def __init__(
        self,
        music: MusicConformer,
        *,
        layer: int,
        music_width: int,
        width: int,
        depth: int,
        n_heads: int,
        head_width: int,
        mult: float,
        shared_width: int,
    ) -> None:
        """Make the tower, without weights.

        Args:
            music: MuQ.
            layer: the hidden state of MuQ that is read.
            music_width: of MuQ.
            width: D.
            depth: layers of the transformer.
            n_heads: H.
            head_width: K.
            mult: how much wider than D a layer is inside.
            shared_width: J.
        """
        super().__init__()
        self.music, self.layer = music, layer
        self.proj = nn.Linear(music_width, width)
        self.transformer = nn.ModuleDict(
            {
                "layers": nn.ModuleList(
                    nn.ModuleList([Attention(width, n_heads, head_width), feed_forward(width, mult)])
                    for _ in range(depth)
                )
            }
        )
        self.audio_to_latents = nn.Linear(width, shared_width)

    def forward(self, waves: Tensor) -> Tensor:
        """Map (B, S) to unit vectors (B, J)."""
        states = self.proj(self.music(waves, self.layer))
        for layer in self.transformer["layers"]:  # type: ignore[attr-defined]
            attention, feed = layer
            states = states + attention(states)
            states = states + feed(states)
        return functional.normalize(self.audio_to_latents(states.mean(dim=1)), dim=-1)
