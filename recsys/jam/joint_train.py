"""Fit a joint space on real requests: the translation by a listwise loss, then the head on later requests.

What a request may know is what came before it: the kept history and the counts behind its profile are those of earlier
blocks of the requests, in the order of time. So a request never sees its own answers, nor those of the same evening.
The head is fitted on requests later than everything that translation and counts had seen; then the translation is
fitted anew on all requests with the same settings, and the head's weights are carried over.

Shapes: Q queries, B batch, C candidates, N items, d joint width, M modalities.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from recsys.jam.joint import REQUESTS, BatchScorer, Joint, request_table, unit_rows
from recsys.jam.joint_model import JointSettings, TrainingInputs, TranslationModel
from recsys.jam.memory import FEATURES, stack
from recsys.jam.requests import LEAST_REQUESTS, Requests, TooFewRequestsError, kept_counts
from recsys.types import BoolArray, FloatArray, IntArray, Progress

if TYPE_CHECKING:
    import torch


def fit_joint(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    counts_only: bool = False,
    progress: Progress | None = None,
) -> Joint:
    """Fit translation, memory and head; with `counts_only` no translation, which then weighs nothing.

    Raises:
        TooFewRequestsError: fewer than a hundred requests.
    """
    n = len(requests.split)
    if n < LEAST_REQUESTS:
        raise TooFewRequestsError(n)
    cut = n - max(int(n * settings.head_share), 1)
    earlier, later = requests.take(np.arange(cut)), requests.take(np.arange(cut, n))
    used = replace(settings, epochs=0) if counts_only else settings
    first = fit_translation(earlier, used, seed=seed, progress=_staged(progress, "train, for the head"))
    head, spread = fit_head(first, earlier, later, counts_only=counts_only, progress=progress)
    whole = fit_translation(requests, used, seed=seed, progress=_staged(progress, "train"))
    card = {
        **whole.card,
        "head": head,
        "spread": spread,
        "n_requests": n,
        "seed": seed,
        "settings": asdict(used) | {"steps": used.epochs * max(n // used.batch, 1)},
    }
    return Joint(whole.weights, whole.tables, whole.memory, card)


def fit_translation(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Joint:
    """Fit the translation; the head of the result is the bare translation.

    Args:
        requests: what to learn from.
        settings: how.
        seed: of weights, order, negatives and dropout.
        progress: told (stage, step, steps).
    """
    import torch

    torch.set_num_threads(settings.threads)
    tables = {m: unit_rows(table) for m, table in requests.tables.items()}
    split = requests.split
    tables[REQUESTS] = request_table(split.texts, requests.vectors, split.starts, split.items, requests.n_items)
    inputs = TrainingInputs.prepare(requests, tables, settings.n_blocks) if settings.epochs else None
    model = TranslationModel(tables, requests.vectors.shape[1], settings, seed)
    rng = np.random.default_rng(seed)
    torch_rng = torch.Generator().manual_seed(seed)
    n, n_steps = len(split), max(len(split) // settings.batch, 1)
    total = settings.epochs * n_steps
    optimiser = torch.optim.AdamW(
        model.parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=max(total, 1) + 1, pct_start=0.1
    )
    step = 0
    for _ in range(settings.epochs):
        order = rng.permutation(n)
        for k in range(n_steps):
            batch = order[k * settings.batch : (k + 1) * settings.batch]
            assert inputs is not None  # there are epochs
            loss = model.loss(inputs, batch, rng, torch_rng)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            step += 1
            if progress:
                progress("train", step, total)
    weights = {name: p.detach().numpy().copy() for name, p in model.parameters.items()}
    memory = requests.memory()
    card = {
        "modalities": list(tables),
        "dim": settings.dim,
        "head": {"translation": 1.0, "translation_if_played": 0.0, **dict.fromkeys(FEATURES, 0.0)},
        "spread": 1.0,
    }
    return Joint(weights, tables, memory, card)


def fit_head(
    fitted: Joint,
    earlier: Requests,
    later: Requests,
    *,
    counts_only: bool = False,
    progress: Progress | None = None,
    n_most: int = 2000,
) -> tuple[dict[str, float], float]:
    """Fit the weights of translation and features on later requests; return them and the translation's spread."""
    numbers = _evenly(len(later.split), n_most)
    kept = kept_counts(earlier)
    scorer = BatchScorer(fitted)
    columns = np.zeros((len(FEATURES) + 2, len(numbers), earlier.n_items), np.float32)
    for line, number in enumerate(numbers.tolist()):
        history = later.history(kept, int(later.split.users[number]))
        text, vector = later.split.texts[number], later.vectors[number]
        if not counts_only:
            columns[0, line] = scorer.translation(text, vector, history)
            columns[1, line, history.played] = columns[0, line, history.played]
        columns[2:, line] = stack(fitted.memory.features(text, vector, history))
        if progress:
            progress("weigh", line + 1, len(numbers))
    spread = float(columns[0].std(axis=1).mean()) or 1.0
    columns[:2] /= spread
    weights = fit_weights(columns, _answers(later, numbers))
    return dict(zip(("translation", "translation_if_played", *FEATURES), weights.tolist(), strict=True)), spread


def fit_weights(columns: FloatArray, positive: BoolArray) -> FloatArray:
    """Fit one weight per column (F, B, N) so that the weighted sum ranks `positive` (B, N) first: (F,).

    The loss is that of `recsys.jam.losses.listwise_softmax` over all items with a small ridge; it is convex, so
    neither a start nor a seed matters.
    """
    import torch

    from recsys.jam.losses import listwise_softmax

    scale = np.maximum(columns.std(axis=(1, 2)), 1e-6)  # (F,)
    x, right, unit = torch.from_numpy(columns), torch.from_numpy(positive), torch.from_numpy(scale)
    nothing = torch.zeros_like(right)
    weights = torch.zeros(len(columns), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        scores = torch.einsum("f,fqn->qn", weights / unit, x)
        loss = listwise_softmax(scores, right, nothing) + 1e-3 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    result: FloatArray = (weights.detach() / unit).numpy()
    return result


def _answers(requests: Requests, numbers: IntArray) -> BoolArray:
    """Which items answer the requests at these positions: (B, N)."""
    positive = np.zeros((len(numbers), requests.n_items), bool)
    for line, number in enumerate(numbers.tolist()):
        positive[line, requests.split.relevant(number)] = True
    return positive


def _evenly(n: int, n_most: int) -> IntArray:
    """At most so many positions of n, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, n_most)).astype(np.int64))


def _staged(progress: Progress | None, stage: str) -> Progress | None:
    if progress is None:
        return None
    return lambda _, done, total: progress(stage, done, total)
