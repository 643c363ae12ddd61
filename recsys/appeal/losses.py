"""APEX's three ways to make one loss of several heads' (arXiv 2605.03395, section 3), with missing targets left out.

Each head's own loss is the mean squared error over the rows whose target is known (NaN is unknown); a binary head's is
the same, the Brier score. A head without any known target in a batch takes no part in that batch.

    equal         Σ_h L_h
    weighted      Σ_h w_h·L_h, with the weights of `recsys.appeal.heads` (popularity 5, aesthetics 1)
    uncertainty   Σ_h L_h / (2·σ_h²) + log σ_h, with log σ_h learnt (after Kendall et al. 2018, as the authors write it)

The published losses are of values on 0–100 and 1–5 as they are, so that under `equal` popularity outweighs aesthetics
some six-hundredfold. `scaled` divides each head's error by its range first: ours, not published.

Shapes: B rows, H heads.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Head

LOSSES = ("equal", "weighted", "uncertainty")


def head_losses(predicted: Tensor, targets: Tensor, spans: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return each head's mean squared error over its known targets.

    Args:
        predicted: (B, H).
        targets: (B, H), NaN where unknown.
        spans: (H,) what errors are divided by first; 1 without.

    Returns:
        Losses (H,), 0 where nothing is known, and which heads have any known target (H,).
    """
    known = ~targets.isnan()
    # A NaN times 0 is NaN, in the gradient as well; so unknown targets are replaced before anything is computed.
    errors = predicted - torch.where(known, targets, predicted.detach())
    if spans is not None:
        errors = errors / spans
    counts = known.sum(dim=0)
    return (errors.square() * known).sum(dim=0) / counts.clamp_min(1), counts > 0


class CombinedLoss(nn.Module):
    """Makes one loss of all heads'."""

    def __init__(self, heads: Sequence[Head], how: str = "uncertainty", *, scaled: bool = False) -> None:
        """Choose how.

        Args:
            heads: in the order of the columns of predictions.
            how: of `LOSSES`.
            scaled: whether errors are divided by the heads' ranges first.

        Raises:
            AppealError: there is no such way.
        """
        super().__init__()
        if how not in LOSSES:
            raise AppealError(f"losses cannot be combined by {how!r}; expected one of {', '.join(LOSSES)}")
        self.how = how
        self.log_sigmas = nn.Parameter(torch.zeros(len(heads)), requires_grad=how == "uncertainty")
        self.weights: Tensor
        self.spans: Tensor
        self.register_buffer("weights", torch.tensor([head.weight for head in heads]), persistent=False)
        spans = [head.span if scaled else 1.0 for head in heads]
        self.register_buffer("spans", torch.tensor(spans), persistent=False)

    def forward(self, predicted: Tensor, targets: Tensor) -> Tensor:
        """Map predictions and targets (B, H) to one number."""
        losses, there = head_losses(predicted, targets, self.spans)
        if self.how == "weighted":
            losses = losses * self.weights
        elif self.how == "uncertainty":
            losses = losses / (2 * torch.exp(2 * self.log_sigmas)) + self.log_sigmas
        return (losses * there).sum()
