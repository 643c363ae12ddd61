"""Losses over score matrices: pure functions. B queries, C candidate tracks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def listwise_softmax(scores: Tensor, positive: Tensor, ignored: Tensor) -> Tensor:
    """Average, over queries, of the mean negative log-likelihood of each positive against all negatives.

    Each positive competes with the negatives only, not with the query's other positives, so that several right
    answers do not push each other down (a multi-positive softmax; the paper's loss is BPR with 4 negatives).

    Args:
        scores: (B, C).
        positive: bool (B, C), at least one per row.
        ignored: bool (B, C), neither positive nor negative (known answers that were not drawn as positives).

    Returns:
        A scalar.
    """
    floor = torch.finfo(scores.dtype).min
    negatives = scores.masked_fill(positive | ignored, floor).logsumexp(dim=1, keepdim=True)  # (B, 1)
    per_pair = functional.softplus(negatives - scores) * positive  # (B, C)
    return (per_pair.sum(dim=1) / positive.sum(dim=1)).mean()


def bpr(positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking (Rendle et al., 2009): the mean of −log σ(s⁺ − s⁻) over all pairs.

    Args:
        positive: (B,) scores of the right answers.
        negative: (B, n) scores of each one's negatives.

    Returns:
        A scalar.
    """
    return functional.softplus(negative - positive[:, None]).mean()
