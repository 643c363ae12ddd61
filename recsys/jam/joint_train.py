"""Fit a joint space on real requests: the translation by a listwise loss, then the head on later requests.

What a request may know is what came before it: the kept history and the counts behind its profile are those of earlier
blocks of the requests, in the order of time. So a request never sees its own answers, nor those of the same evening.
The heads are fitted on requests later than everything that translation and counts had seen, some of them worded as
nothing that these had seen (`recsys.jam.joint_head`); then the translation is fitted anew on all requests with the same
settings, and the heads' weights are carried over.

Shapes: Q queries, B batch, C candidates, N items, d joint width, M modalities.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from recsys.jam.joint import FORMAT, REQUESTS, Joint, head_name, request_table, unit_rows
from recsys.jam.joint_head import WEIGHED, evenly, fit_heads
from recsys.jam.joint_model import JointSettings, TrainingInputs, TranslationModel
from recsys.jam.memory import request_key
from recsys.jam.requests import LEAST_REQUESTS, Requests, TooFewRequestsError
from recsys.types import NOTE, BoolArray, Progress

#: Requests that a head is fitted on at most.
_MOST = 2000
#: Of the loss that is shown, what one step leaves of the steps before.
_SMOOTHING = 0.95


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
    new = _new_texts(requests, settings.new_share, seed)  # (n,)
    numbers = np.arange(n)
    earlier = requests.take(numbers[(numbers < cut) & ~new])
    later, later_new = (requests.take(numbers[(numbers >= cut) & (new == made)]) for made in (False, True))
    used = replace(settings, epochs=0) if counts_only else settings
    first = fit_translation(earlier, used, seed=seed, progress=_staged(progress, "train, for the head"))
    heads, spread = fit_heads(
        first,
        earlier,
        evenly(later, _MOST),
        evenly(later_new, _MOST),
        counts_only=counts_only,
        progress=progress,
    )
    whole = fit_translation(requests, used, seed=seed, progress=_staged(progress, "train"))
    card = {
        **whole.card,
        **heads,
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
    step, recent = 0, 0.0
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
            recent = loss.item() if step == 1 else _SMOOTHING * recent + (1 - _SMOOTHING) * loss.item()
            if progress:
                progress(f"train{NOTE}loss {recent:.3f}", step, total)
    weights = {name: p.detach().numpy().copy() for name, p in model.parameters.items()}
    memory = requests.memory()
    bare = {**dict.fromkeys(WEIGHED, 0.0), "translation": 1.0}
    card = {
        "format": FORMAT,
        "modalities": list(tables),
        "dim": settings.dim,
        **{head_name(new=new, nobody=nobody): bare for new in (False, True) for nobody in (False, True)},
        "spread": 1.0,
    }
    return Joint(weights, tables, memory, card)


def _new_texts(requests: Requests, share: float, seed: int) -> BoolArray:
    """Draw a share of the distinct texts; tell which requests (n,) are worded so."""
    keys = [request_key(text) for text in requests.split.texts]
    distinct = sorted(set(keys))
    drawn = np.random.default_rng((seed, len(distinct))).choice(distinct, int(share * len(distinct)), replace=False)
    return np.isin(np.array(keys), drawn)


def _staged(progress: Progress | None, stage: str) -> Progress | None:
    if progress is None:
        return None
    return lambda _, done, total: progress(stage, done, total)
