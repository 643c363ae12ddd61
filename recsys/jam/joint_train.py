"""Fit a joint space on real requests: the translation by a listwise loss, then the head on later requests.

What a request may know is what came before it: the kept history and the counts behind its profile are those of earlier
blocks of the requests, in the order of time. So a request never sees its own answers, nor those of the same evening.
The heads are fitted on requests later than everything that translation and counts had seen, some of them worded as
nothing that these had seen (`recsys.jam.joint_head`); then the translation is fitted anew on all requests with the same
settings, and the heads' weights are carried over.

Shapes: Q queries, B batch, C candidates, N items, d joint width, M modalities.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.jam.joint import FORMAT, REQUESTS, BatchScorer, Joint, head_name, request_table
from recsys.jam.joint_head import WEIGHED, evenly, fit_heads
from recsys.jam.joint_model import JointSettings
from recsys.jam.memory import request_key
from recsys.jam.requests import LEAST_REQUESTS, Requests, TooFewRequestsError, kept_counts
from recsys.trial import DEPTH, ndcg
from recsys.types import BoolArray, FloatArray, Progress
from recsys.unit import unit_rows

if TYPE_CHECKING:
    from recsys.jam.processes import Processes

#: Requests that a head is fitted on at most, and that are watched while training at most.
_MOST, _WATCHED = 2000, 500
#: Steps between two states; each epoch ends with one, too.
STATE_EVERY = 50
#: The states of the translation that the heads are fitted on, and of the one that is served.
STATE_FILES = ("for-the-head.safetensors", "whole.safetensors")


def fit_joint(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    counts_only: bool = False,
    folder: Path | None = None,
    processes: Processes | None = None,
    progress: Progress | None = None,
) -> Joint:
    """Fit translation, memory and head; with `counts_only` no translation, which then weighs nothing.

    Args:
        requests: what to learn from.
        settings: how.
        seed: of weights, order, negatives and dropout.
        counts_only: leave the translation out.
        folder: where a run that is killed keeps its state, to be deleted when the result is safe (`drop_state`);
            nothing is kept without one.
        processes: that fit it together, each with the same requests; by default this one alone.
        progress: told (stage · loss and NDCG@10 of later requests, step, steps).

    Raises:
        TooFewRequestsError: fewer than a hundred requests.
        CheckpointError: the state in `folder` is damaged.
    """
    n = len(requests.split)
    if n < LEAST_REQUESTS:
        raise TooFewRequestsError(n)
    used = replace(settings, epochs=0) if counts_only else settings
    head_state, whole_state = (None if folder is None else folder / name for name in STATE_FILES)
    earlier, later, later_new = _divided(requests, settings, seed)
    first = fit_translation(
        earlier, used, seed=seed, state=head_state, processes=processes, progress=progress, watched=later
    )
    heads, spread = fit_heads(
        first,
        earlier,
        evenly(later, _MOST),
        evenly(later_new, _MOST),
        counts_only=counts_only,
        progress=progress,
    )
    whole = fit_translation(requests, used, seed=seed, state=whole_state, processes=processes, progress=progress)
    card = {
        **whole.card,
        **heads,
        "spread": spread,
        "n_requests": n,
        "seed": seed,
        "settings": asdict(used) | {"steps": used.epochs * max(n // used.batch, 1)},
    }
    return Joint(whole.weights, whole.tables, whole.memory, card)


def help_fit(requests: Requests, settings: JointSettings, *, seed: int, processes: Processes) -> None:
    """Take this process's part in a `fit_joint` of several that another one leads, which keeps result and state."""
    earlier, _, _ = _divided(requests, settings, seed)
    for part in (earlier, requests):
        fit_translation(part, settings, seed=seed, processes=processes)


def drop_state(folder: Path) -> None:
    """Delete the state that `fit_joint` kept, since its result is safe."""
    shutil.rmtree(folder, ignore_errors=True)


def fit_translation(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    state: Path | None = None,
    processes: Processes | None = None,
    progress: Progress | None = None,
    watched: Requests | None = None,
) -> Joint:
    """Fit the translation; the head of the result is the bare translation.

    Args:
        requests: what to learn from.
        settings: how.
        seed: of weights, order, negatives and dropout.
        state: the file by which a run that is killed goes on; of several processes, the first one's counts.
        processes: that fit it together.
        progress: told (stage · loss and NDCG@10, step, steps).
        watched: later requests whose NDCG@10 is told after each epoch; they decide nothing.
    """
    from recsys.jam.joint_run import train_translation

    tables = {m: unit_rows(table) for m, table in requests.tables.items()}
    split = requests.split
    tables[REQUESTS] = request_table(split.texts, requests.vectors, split.starts, split.items, requests.n_items)
    memory = requests.memory()
    bare = {**dict.fromkeys(WEIGHED, 0.0), "translation": 1.0}
    card = {
        "format": FORMAT,
        "modalities": list(tables),
        "dim": settings.dim,
        **{head_name(new=new, nobody=nobody): bare for new in (False, True) for nobody in (False, True)},
        "spread": 1.0,
    }

    def figure(weights: Mapping[str, FloatArray]) -> float:
        assert watched is not None
        return _ndcg(Joint(weights, tables, memory, card), requests, evenly(watched, _WATCHED))

    weights, losses = train_translation(
        requests,
        tables,
        settings,
        seed=seed,
        state=state,
        state_every=STATE_EVERY,
        processes=processes,
        progress=progress,
        stage="train" if watched is None else "train, for the head",
        figure=figure if watched is not None and len(watched) else None,
    )
    return Joint(weights, tables, memory, {**card, "losses": losses})


def _divided(requests: Requests, settings: JointSettings, seed: int) -> tuple[Requests, Requests, Requests]:
    """Return the requests that the heads' translation learns from, and later ones: made before, and new."""
    n = len(requests.split)
    cut = n - max(int(n * settings.head_share), 1)
    new = _new_texts(requests, settings.new_share, seed)  # (n,)
    numbers = np.arange(n)
    later, later_new = (requests.take(numbers[(numbers >= cut) & (new == made)]) for made in (False, True))
    return requests.take(numbers[(numbers < cut) & ~new]), later, later_new


def _ndcg(joint: Joint, earlier: Requests, later: Requests) -> float:
    """Mean NDCG@10 of the translation alone, of later requests by what was there before; no item is masked."""
    kept = kept_counts(earlier)
    histories = [later.history(kept, user) for user in later.split.users.tolist()]
    scores = BatchScorer(joint).translations(later.split.texts, later.vectors, histories)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return float(np.mean([ndcg(line, later.split.relevant(number)) for number, line in enumerate(best)]))


def _new_texts(requests: Requests, share: float, seed: int) -> BoolArray:
    """Draw a share of the distinct texts; tell which requests (n,) are worded so."""
    keys = [request_key(text) for text in requests.split.texts]
    distinct = sorted(set(keys))
    drawn = np.random.default_rng((seed, len(distinct))).choice(distinct, int(share * len(distinct)), replace=False)
    return np.isin(np.array(keys), drawn)
