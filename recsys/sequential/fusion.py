"""One vector from several signals of an item: the four fusions of the multimodal E4SRec.

The first signal *leads* (the ID where there is one), the others are modalities. With x_m the input of signal m, v_m its
linear map to d, and everything that is absent left out:

    concatenation     W [x_1; …; x_M] + b, absent inputs zero
    weighted sum      Σ_m α_m v_m, α the softmax over present m of one learnt number per signal
    cross-attention   v_1 + attention of v_1 over the modalities' v_m, several heads (Vaswani et al., 2017, eq. 1)
    film              v_1 · (1 + Σ_m γ_m(x_m)) + Σ_m β_m(x_m), γ and β linear and zero at the start (Perez et al., 2018)

Where the leading signal is absent, cross-attention and film take a learnt vector for v_1. A single signal is mapped
alone, whichever fusion is named. The paper names the fusions and the number of heads; the masks, the residual of
cross-attention and the zero start of film are ours.

Shapes: N items or steps, M signals, D_m width of one, d joint width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.sequential.errors import SequentialModelError

Fusion = Literal["concatenation", "weighted-sum", "cross-attention", "film"]
FUSIONS: tuple[Fusion, ...] = get_args(Fusion)


class SignalFusion(nn.Module):
    """Fuse signals into one vector for each item; absent signals have no part in it."""

    def __init__(self, widths: Sequence[int], dim: int, fusion: Fusion, *, n_heads: int = 4) -> None:
        """Make an untrained fusion; the weights are drawn from torch's generator.

        Args:
            widths: the D_m, that of the leading signal first.
            dim: d.
            fusion: which of the four.
            n_heads: of cross-attention; must divide d.

        Raises:
            SequentialModelError: there is no signal, the fusion has no such name, or the heads do not divide d.
        """
        super().__init__()
        if not widths:
            raise SequentialModelError("fusion", "there is no signal to fuse", "give the vectors of at least one")
        if fusion not in FUSIONS:
            raise SequentialModelError("fusion", f"no fusion is called {fusion!r}", f"name one of {', '.join(FUSIONS)}")
        if fusion == "cross-attention" and dim % n_heads:
            raise SequentialModelError(
                "fusion", f"{n_heads} heads do not divide the width {dim}", "choose a width that is a multiple of them"
            )
        self.widths, self.dim, self.n_heads = tuple(widths), dim, n_heads
        self.fusion = fusion if len(widths) > 1 else None
        if self.fusion == "concatenation":
            self.joint = nn.Linear(sum(widths), dim)
            return
        mapped = widths if self.fusion in (None, "weighted-sum", "cross-attention") else widths[:1]
        self.maps = nn.ModuleList(nn.Linear(width, dim) for width in mapped)
        if self.fusion == "weighted-sum":
            self.weights = nn.Parameter(torch.zeros(len(widths)))
        elif self.fusion is not None:
            self.unknown = nn.Parameter(torch.zeros(dim))
        if self.fusion == "cross-attention":
            self.to_query, self.to_key, self.to_value, self.out = (nn.Linear(dim, dim) for _ in range(4))
        elif self.fusion == "film":
            self.modulations = nn.ModuleList(nn.Linear(width, 2 * dim) for width in widths[1:])
            for layer in self.modulations.parameters():
                nn.init.zeros_(layer)

    def forward(self, inputs: Sequence[Tensor], present: Tensor) -> Tensor:
        """Fuse inputs, M of (N, D_m), with bool presence (N, M) to (N, d)."""
        # What is absent may hold anything, NaN among it, and must reach no product.
        known = [x.masked_fill(~present[:, m, None], 0.0) for m, x in enumerate(inputs)]
        there = present.to(known[0].dtype)  # (N, M)
        if self.fusion == "concatenation":
            joined: Tensor = self.joint(torch.cat(known, dim=1))
            return joined
        if self.fusion is None:
            alone: Tensor = self.maps[0](known[0]) * there
            return alone
        if self.fusion == "weighted-sum":
            logits = self.weights.expand(len(there), -1)  # (N, M)
            return torch.einsum("nm,nmd->nd", _weights(logits, present), self._mapped(known))
        lead = torch.where(present[:, :1], self.maps[0](known[0]), self.unknown)  # (N, d)
        if self.fusion == "film":
            scale, shift = (
                torch.stack(
                    [
                        layer(x) * there[:, m + 1, None]
                        for m, (layer, x) in enumerate(zip(self.modulations, known[1:], strict=True))
                    ]
                )
                .sum(dim=0)
                .chunk(2, dim=1)
            )
            return lead * (1 + scale) + shift
        return lead + self._attended(lead, self._mapped(known)[:, 1:], present[:, 1:])

    def _mapped(self, known: Sequence[Tensor]) -> Tensor:
        return torch.stack([layer(x) for layer, x in zip(self.maps, known, strict=True)], dim=1)  # (N, M, d)

    def _attended(self, lead: Tensor, modalities: Tensor, present: Tensor) -> Tensor:
        """Attention of (N, d) over (N, M, d), present (N, M): (N, d), zero where no modality is present."""
        n, m, _ = modalities.shape
        width = self.dim // self.n_heads
        query = self.to_query(lead).view(n, self.n_heads, width)
        key = self.to_key(modalities).view(n, m, self.n_heads, width)
        value = self.to_value(modalities).view(n, m, self.n_heads, width)
        logits = torch.einsum("nhw,nmhw->nhm", query, key) / width**0.5
        weights = _weights(logits, present[:, None, :])  # (N, heads, M)
        mixed = torch.einsum("nhm,nmhw->nhw", weights, value).reshape(n, self.dim)
        return functional.linear(mixed, self.out.weight, self.out.bias) * present.any(dim=1, keepdim=True)


def _weights(logits: Tensor, present: Tensor) -> Tensor:
    """Softmax over what is present; zero everywhere where nothing is."""
    # finfo.min, not -inf: an item with no signal at all must not become NaN.
    return logits.masked_fill(~present, torch.finfo(logits.dtype).min).softmax(dim=-1) * present
