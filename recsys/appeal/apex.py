"""The network of APEX (Husain and Herremans 2026, arXiv 2605.03395): a shared trunk and one branch per head.

    trunk     D → 512 → 256, or D → 512 → 384 → 256; each layer Linear, BatchNorm, GELU, dropout .3
    branch    256 → 128 → 64 → 1; both hidden layers Linear, BatchNorm, GELU, dropout .1; the last is linear
    output    low + (high − low)·σ(z), by the range of the head

The names of parameters are those of the published checkpoint (`shared.0.block.0.weight`,
`branch_score_streams.branch.0.block.1.running_mean`, `branch_score_streams.branch.2.bias`), so its file fits as it is.
D is 768 there, the width of MERT-v1-95M; any width and any heads of `recsys.appeal.heads` will do here.

**Song or segment.** Trained on *songs*, a row is the mean of a track's segments; trained on *segments*, each 30 s are a
row with the track's targets, and a track is predicted by the mean of what is said of its segments
(`recsys.appeal.published`).

Shapes: B tracks, D content numbers, H heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Head

PUBLISHED_WIDTH = 768
#: Widths of the trunk by its depth.
TRUNKS = {2: (512, 256), 3: (512, 384, 256)}
_BRANCH = (128, 64)
_TRUNK_DROPOUT, _BRANCH_DROPOUT = 0.3, 0.1


class Block(nn.Module):
    """Linear, BatchNorm, GELU, dropout."""

    def __init__(self, n_inputs: int, n_outputs: int, dropout: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Linear(n_inputs, n_outputs), nn.BatchNorm1d(n_outputs), nn.GELU(), nn.Dropout(dropout)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (B, n_inputs) to (B, n_outputs)."""
        result: Tensor = self.block(inputs)
        return result


class Branch(nn.Module):
    """What is one head's own."""

    def __init__(self, head: Head, n_inputs: int) -> None:
        super().__init__()
        wide, narrow = _BRANCH
        self.branch = nn.Sequential(
            Block(n_inputs, wide, _BRANCH_DROPOUT), Block(wide, narrow, _BRANCH_DROPOUT), nn.Linear(narrow, 1)
        )
        self.low, self.span = head.low, head.span

    def forward(self, shared: Tensor) -> Tensor:
        """Map (B, n_inputs) to values within the head's range (B,)."""
        logits: Tensor = self.branch(shared)
        return torch.sigmoid(logits).squeeze(1) * self.span + self.low


class Apex(nn.Module):
    """Predicts every head of a track from its content."""

    def __init__(self, heads: Sequence[Head], *, n_inputs: int = PUBLISHED_WIDTH, n_shared: int = 2) -> None:
        """Build it, with torch's own initial weights.

        Args:
            heads: what it predicts, in the order of the columns of its output.
            n_inputs: D.
            n_shared: layers of the trunk, 2 or 3.

        Raises:
            AppealError: there is no head, or no trunk of that depth.
        """
        super().__init__()
        if not heads:
            raise AppealError("a model without heads predicts nothing; name at least one target")
        if n_shared not in TRUNKS:
            raise AppealError(f"there is no trunk of {n_shared} layers; expected one of {sorted(TRUNKS)}")
        self.heads, self.n_inputs, self.n_shared = tuple(heads), n_inputs, n_shared
        widths = (n_inputs, *TRUNKS[n_shared])
        self.shared = nn.Sequential(*(Block(before, after, _TRUNK_DROPOUT) for before, after in pairwise(widths)))
        for head in heads:
            self.add_module(f"branch_{head.name}", Branch(head, widths[-1]))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map content (B, D) to predictions (B, H), each within its head's range."""
        shared = self.shared(inputs)  # (B, 256)
        return torch.stack([self.get_submodule(f"branch_{head.name}")(shared) for head in self.heads], dim=1)
