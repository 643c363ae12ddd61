"""Fit the head of a joint space: what the translation and the counts weigh, on requests later than both had seen.

Four heads: for requests that were made before and for new ones, of which nothing is counted; and both for listeners of
whom nothing is known, whose requests are those of the others with their histories taken away. The counts say other
things there: what everybody knows is a good answer to nobody in particular. Each head is held near the one before it,
the more so the fewer requests there are.

Shapes: Q requests, N items, F weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from recsys.jam.joint import FEATURES, BatchScorer, Joint, head_name
from recsys.jam.memory import COUNTED, History, stack
from recsys.jam.requests import Requests, kept_counts
from recsys.types import BoolArray, FloatArray, IntArray, Progress

if TYPE_CHECKING:
    import torch

#: The translation, and what is added to its weight for played items.
TRANSLATION = ("translation", "translation_if_played")
#: All that a head weighs, in the order of its columns.
WEIGHED = (*TRANSLATION, *FEATURES)
#: What the square of a weight costs, in requests.
_PRIOR = 2.0

Head = Mapping[str, float]


def fit_heads(
    fitted: Joint,
    earlier: Requests,
    later: Requests,
    later_new: Requests,
    *,
    counts_only: bool = False,
    progress: Progress | None = None,
) -> tuple[dict[str, Head], float]:
    """Fit the heads.

    Args:
        fitted: translation and counts of the earlier requests.
        earlier: what those had seen.
        later: requests made before, with their answers.
        later_new: requests that no earlier one was worded as.
        counts_only: weigh only what is counted.
        progress: told (stage, step, steps).

    Returns:
        The heads by `head_name`, and the spread of the translation's scores.
    """
    weights: dict[str, FloatArray] = {}
    spread = 1.0
    for new, requests in ((False, later), (True, later_new)):
        for nobody in (False, True):
            columns = _columns(fitted, earlier, requests, nobody=nobody, counts_only=counts_only, progress=progress)
            if not weights:
                spread = (float(columns[0].std(axis=1).mean()) if len(requests) else 1.0) or 1.0
            columns[: len(TRANSLATION)] /= spread
            near = weights.get(head_name(new=False, nobody=nobody), weights.get(head_name(new=False, nobody=False)))
            prior = np.zeros(len(WEIGHED), np.float32) if near is None else near
            weights[head_name(new=new, nobody=nobody)] = fit_weights(columns, _answers(requests), prior)
            del columns  # a gigabyte
    return {name: _named(one) for name, one in weights.items()}, spread


def fit_weights(columns: FloatArray, positive: BoolArray, prior: FloatArray) -> FloatArray:
    """Fit one weight per column (F, Q, N) so that the weighted sum ranks `positive` (Q, N) first: (F,).

    The loss is that of `recsys.jam.losses.listwise_softmax` over all items with a ridge towards `prior` (F,), the
    stronger the fewer requests there are; it is convex, so neither a start nor a seed matters. Without any request the
    prior is returned.
    """
    import torch

    from recsys.jam.losses import listwise_softmax

    if not columns.shape[1]:
        return prior
    scale = np.maximum(columns.std(axis=(1, 2)), 1e-6)  # (F,)
    x, right, unit = torch.from_numpy(columns), torch.from_numpy(positive), torch.from_numpy(scale)
    nothing, before = torch.zeros_like(right), torch.from_numpy(prior) * unit
    weights = before.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([weights], max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        scores = torch.einsum("f,fqn->qn", weights / unit, x)
        ridge = _PRIOR / columns.shape[1] * (weights - before).square().sum()
        loss: torch.Tensor = listwise_softmax(scores, right, nothing) + ridge
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    result: FloatArray = (weights.detach() / unit).numpy()
    return result


def _columns(
    fitted: Joint, earlier: Requests, later: Requests, *, nobody: bool, counts_only: bool, progress: Progress | None
) -> FloatArray:
    """All that a head weighs, of all items for all of the requests (F, Q, N); zero for what takes no part."""
    kept = kept_counts(earlier)
    scorer = BatchScorer(fitted)
    names = COUNTED if counts_only else FEATURES
    columns = np.zeros((len(WEIGHED), len(later), earlier.n_items), np.float32)
    users = later.split.users.tolist()
    histories = [History.empty() if nobody else later.history(kept, user) for user in users]
    if not counts_only and len(later):
        columns[0] = scorer.translations(later.split.texts, later.vectors, histories)
    for number, history in enumerate(histories):
        columns[1, number, history.played] = columns[0, number, history.played]
        found = stack(fitted.features(later.split.texts[number], later.vectors[number], history), names)
        columns[len(TRANSLATION) : len(TRANSLATION) + len(names), number] = found
        if progress:
            progress("weigh", number + 1, len(later))
    return columns


def evenly(requests: Requests, n_most: int) -> Requests:
    """Return at most so many requests, evenly spread."""
    numbers: IntArray = np.unique(np.linspace(0, len(requests) - 1, min(len(requests), n_most)).astype(np.int64))
    return requests.take(numbers)


def _answers(requests: Requests) -> BoolArray:
    """Which items answer the requests: (Q, N)."""
    positive = np.zeros((len(requests), requests.n_items), bool)
    for number in range(len(requests)):
        positive[number, requests.split.relevant(number)] = True
    return positive


def _named(weights: FloatArray) -> Head:
    return dict(zip(WEIGHED, weights.tolist(), strict=True))
