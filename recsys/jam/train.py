"""Train JAM on synthetic triples: seeded, resumable after SIGKILL, the same result as an undisturbed run.

Every step draws its batch from `default_rng((seed, step))`, so a run resumed at step s continues exactly as one that
was never stopped. State (weights, optimiser, step) is written every `CHECKPOINT_STEPS` steps by atomic replacement.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.listeners import fold_in
from recsys.synthesis import Triple
from recsys.types import BoolArray, FloatArray, IntArray, Modality, Progress

CHECKPOINT_STEPS = 200
_STATE_FILE = "training.pt"


@dataclass(frozen=True)
class TrainingSettings:
    """How JAM is trained. Defaults chosen on held-out synthetic triples of the starter catalogue."""

    dim: int = 128
    mixer: str = "cross"
    steps: int = 800
    batch: int = 192
    n_negatives: int = 512
    positives_per_query: int = 3
    learning_rate: float = 2e-3
    decay_to_start: float = 2.0  # decoupled weight decay, towards the start and not towards zero
    user_dropout: float = 0.3
    seed: int = 64
    threads: int = 2


def train(
    triples: Sequence[Triple],
    query_vectors: FloatArray,
    tables: Mapping[Modality, FloatArray],
    present: BoolArray,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress | None = None,
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Fit the projections and the mixer.

    Args:
        triples: examples; the last tenth is held out for the figures of the card.
        query_vectors: (len(triples), D_text), the requests' vectors.
        tables: per modality (N, D_in).
        present: bool (N, M).
        settings: hyper-parameters.
        folder: where the resumable state is kept while training runs.
        progress: told (stage, step, steps).

    Returns:
        The weights by name, and figures for the card.
    """
    import torch

    from recsys.jam.losses import listwise_softmax
    from recsys.jam.model import JamModel

    torch.set_num_threads(settings.threads)
    items = torch.from_numpy(np.stack([np.asarray(t, dtype=np.float32) for t in tables.values()], axis=1))  # (N, M, D)
    mask = torch.from_numpy(present)
    users = fold_in_all(triples, tables, present)  # (T, M·D)
    n_train = max(1, len(triples) - len(triples) // 10)
    model = JamModel(
        [m.value for m in tables],
        text_dim=query_vectors.shape[1],
        item_dim=items.shape[2],
        dim=settings.dim,
        mixer="cross" if settings.mixer == "cross" else "average",
        seed=settings.seed,
    )
    start = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    identity = f"{asdict(settings)}|{len(triples)}|{float(query_vectors.sum()):.6f}|{float(items.sum()):.6f}"
    first_step, losses = 0, []
    tags = list(tables).index(Modality.TAGS)
    state_file = folder / _STATE_FILE
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        if state["identity"] == identity:
            model.load_state_dict(state["model"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            first_step, losses = int(state["step"]), list(state["losses"])
    for step in range(first_step, settings.steps):
        rng = np.random.default_rng((settings.seed, step))
        batch = _draw(triples, n_train, present, tags, settings, rng)
        query = torch.from_numpy(query_vectors[batch.numbers])
        user = torch.from_numpy(users[batch.numbers] * batch.keeps_user[:, None])
        candidates = torch.from_numpy(batch.candidates)
        scores = model(query, user, items[candidates], torch.from_numpy(batch.present))
        loss = listwise_softmax(scores, torch.from_numpy(batch.positive), torch.from_numpy(batch.ignored))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        pull = schedule.get_last_lr()[0] * settings.decay_to_start
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.lerp_(start[name], pull)
        schedule.step()
        losses.append(float(loss.detach()))
        if progress:
            progress("train", step + 1, settings.steps)
        if (step + 1) % CHECKPOINT_STEPS == 0 and step + 1 < settings.steps:
            folder.mkdir(parents=True, exist_ok=True)
            scratch = state_file.with_suffix(".part")
            torch.save(
                {
                    "identity": identity,
                    "model": model.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "step": step + 1,
                    "losses": losses,
                },
                scratch,
            )
            os.replace(scratch, state_file)
    held_out = range(n_train, len(triples))
    figures: dict[str, Any] = {"final_loss": round(float(np.mean(losses[-50:])), 4), "n_triples": n_train}
    if held_out:
        figures["held_out"] = _held_out_figures(model, triples, held_out, query_vectors, users, items, mask)
    weights = {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    state_file.unlink(missing_ok=True)
    return weights, figures


def fold_in_all(triples: Sequence[Triple], tables: Mapping[Modality, FloatArray], present: BoolArray) -> FloatArray:
    """Fold synthetic histories in with the code that serves: (T, M·D), zero rows for empty ones."""
    width = sum(table.shape[1] for table in tables.values())
    users = np.zeros((len(triples), width), dtype=np.float32)
    tags = list(tables).index(Modality.TAGS)
    for number, triple in enumerate(triples):
        if len(triple.history):
            seen = present
            if len(triple.untagged):
                seen = present.copy()
                seen[triple.untagged, tags] = False
            vector = fold_in(triple.history, np.ones(len(triple.history), dtype=np.float32), tables, seen)
            if vector is not None:
                users[number] = vector
    return users


@dataclass(frozen=True)
class _Batch:
    numbers: IntArray  # (B,) triple numbers
    keeps_user: FloatArray  # (B,) 0 where the user is dropped
    candidates: IntArray  # (C,) catalogue rows
    present: BoolArray  # (B, C, M)
    positive: BoolArray  # (B, C)
    ignored: BoolArray  # (B, C)


def _draw(
    triples: Sequence[Triple],
    n_train: int,
    present: BoolArray,
    tags: int,
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> _Batch:
    n_tracks = len(present)
    numbers = rng.choice(n_train, min(settings.batch, n_train), replace=False)
    drawn = [
        rng.choice(a, min(len(a), settings.positives_per_query), replace=False)
        for a in (triples[n].answers for n in numbers)
    ]
    negatives = rng.integers(n_tracks, size=min(settings.n_negatives, n_tracks))
    candidates = np.unique(np.concatenate([*drawn, negatives]))
    column = np.full(n_tracks, -1, dtype=np.int64)
    column[candidates] = np.arange(len(candidates))
    positive = np.zeros((len(numbers), len(candidates)), dtype=bool)
    seen = np.repeat(present[None, candidates], len(numbers), axis=0)
    ignored = np.zeros_like(positive)
    for line, (number, rows) in enumerate(zip(numbers, drawn, strict=True)):
        known = column[np.concatenate([triples[number].answers, triples[number].history])]
        ignored[line, known[known >= 0]] = True
        positive[line, column[rows]] = True
        untagged = column[triples[number].untagged]
        untagged = untagged[untagged >= 0]
        if len(untagged):
            # As many of the negatives lose their tags, or having none would give the answers away.
            hidden = rng.random(len(candidates)) < float(np.isin(column[rows], untagged).mean())
            hidden[column[rows]] = False
            hidden[untagged] = True
            seen[line, hidden, tags] = False
            ignored[line, untagged] = True
    ignored &= ~positive
    keeps = (rng.random(len(numbers)) >= settings.user_dropout).astype(np.float32)
    return _Batch(numbers, keeps, candidates, seen, positive, ignored)


def _held_out_figures(
    model: Any,
    triples: Sequence[Triple],
    numbers: range,
    query_vectors: FloatArray,
    users: FloatArray,
    items: Any,
    mask: Any,
) -> dict[str, float]:
    """Mean recall@100 of the held-out answers: trained, without the user, and by the encoder's own cosines."""
    import torch

    numbers = numbers[:400]
    picked = list(numbers)
    rows = torch.arange(len(items)) if len(items) <= 8000 else torch.randperm(
        len(items), generator=torch.Generator().manual_seed(0)
    )[:8000].sort().values  # fmt: skip
    inside = {int(r): c for c, r in enumerate(rows)}
    query, user = torch.from_numpy(query_vectors[picked]), torch.from_numpy(users[picked])
    with torch.no_grad():
        x, seen = items[rows], mask[rows]
        plain = (query @ x.sum(dim=1).T) if query.shape[1] == x.shape[2] else None
        tables = {
            "both": model(query, user, x, seen),
            "request_only": model(query, torch.zeros_like(user), x, seen),
        }
        if plain is not None:
            tables["encoder_cosine"] = plain
    figures = {}
    for name, scores in tables.items():
        top = scores.topk(min(100, scores.shape[1]), dim=1).indices
        recalls = []
        for line, number in enumerate(picked):
            wanted = {inside[int(r)] for r in triples[number].answers if int(r) in inside}
            if wanted:
                recalls.append(len(wanted & set(top[line].tolist())) / len(wanted))
        figures[f"recall@100_{name}"] = round(float(np.mean(recalls)), 4) if recalls else 0.0
    return figures
