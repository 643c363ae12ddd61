"""Losses of what comes next, as pure functions of logits.

Shapes: T steps, I items, N negatives.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def full_softmax(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the targets (T,) among all items, from logits (T, I)."""
    return functional.cross_entropy(logits, targets)


def sampled_softmax(positive: Tensor, negative: Tensor, log_chance: Tensor | None) -> Tensor:
    """Cross-entropy of each target against drawn negatives.

    The negatives' logits are lowered by the log of their chance to be drawn, which makes the sum over them an unbiased
    estimate of the sum over all items (Bengio and Senécal, 2008). The target is there for certain and is not corrected.

    Args:
        positive: logits (T,) of the targets.
        negative: logits (T, N); -inf where a negative is the target.
        log_chance: (N,), or None for no correction.
    """
    corrected = negative if log_chance is None else negative - log_chance
    everything = torch.cat([positive[:, None], corrected], dim=1)  # (T, 1 + N)
    return (everything.logsumexp(dim=1) - positive).mean()


def binary(positive: Tensor, negative: Tensor) -> Tensor:
    """Binary cross-entropy of each target (T,) against its own negatives (T, N), as in SASRec."""
    return functional.softplus(-positive).mean() + functional.softplus(negative).mean(dim=0).sum()


def generalised_binary(positive: Tensor, negative: Tensor, n_items: int, calibration: float) -> Tensor:
    """Binary cross-entropy with the target's probability to a power below 1, against being too sure (gBCE).

    Source: Petrov and Macdonald (2023), eq. 9 and 15: β = α (t (1 - 1/α) + 1/α), with α the share of items drawn.

    Args:
        positive: logits (T,) of the targets.
        negative: logits (T, N); -inf where a negative is the target.
        n_items: of the catalogue.
        calibration: t; 0 leaves the loss as it is, 1 makes the probabilities right.
    """
    alpha = negative.shape[1] / max(n_items - 1, 1)
    beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)
    return (beta * functional.softplus(-positive) + functional.softplus(negative).sum(dim=1)).mean()
