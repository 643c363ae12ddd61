"""Train JAM on triples, all of it or one space's part: seeded, resumable after SIGKILL, with the same result.

Every step draws its batch from `default_rng((seed, step))`, so a run resumed at step s continues exactly as one that
was never stopped. State (weights, optimiser, step) is written every `CHECKPOINT_STEPS` steps by atomic replacement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.jam.checkpoint import Checkpoint, column_slices
from recsys.listeners import fold_in
from recsys.synthesis import Triple
from recsys.types import NOTE, BoolArray, FloatArray, IntArray, Modality, Progress

CHECKPOINT_STEPS = 200
_MODEL = "model."
#: The modalities that every catalogue has: text and tags.
_STATED = 2
#: Steps whose mean loss is shown.
_RECENT = 20
#: Of so many first tracks is the recall of held-out answers: a small catalogue has hardly more than the second.
_DEPTHS = (10, 100)
#: Held-out triples that figures are computed from at most, of synthetic listeners and of real ones each.
_MAX_HELD_OUT = 400


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
    modality_dropout: float = 0.15  # of the candidates' modalities where there are more than text and tags
    seed: int = 64
    threads: int = 2
    tidy_names: bool = False  # names of playlists are written as queries before they are learnt from
    dialogue_share: float = 0.0  # of the examples learnt from, those that are turns of made conversations; below 1


@dataclass(frozen=True, eq=False)
class StandIns:
    """Vectors that tracks of a modality are shown with in place of their own, now and then."""

    vectors: FloatArray  # (N, D_m)
    rows: BoolArray  # (N,) which tracks have one
    share: float = 0.5  # of the times that such a track is a candidate


def train(
    triples: Sequence[Triple],
    query_vectors: FloatArray,
    tables: Mapping[Modality, FloatArray],
    present: BoolArray,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress | None = None,
    *,
    n_held_out: int | None = None,
    own: Mapping[str, FloatArray] | None = None,
    base: Checkpoint | None = None,
    only: str = "",
    stand_ins: Mapping[Modality, StandIns] | None = None,
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Fit the projections and the mixer.

    Args:
        triples: examples; the last of them are held out for the figures of the card.
        query_vectors: (len(triples), D_text), the requests' vectors.
        tables: per modality (N, D_m).
        present: bool (N, M).
        settings: hyper-parameters.
        folder: where the resumable state is kept while training runs.
        progress: told (stage, step, steps).
        n_held_out: how many are held out; a tenth by default.
        own: per space of listeners, the vectors (len(triples), width) of those whose history the triples are; zero
            where there is none.
        base: a fitted model whose maps stay as they are.
        only: with a base, the modality or space of listeners that is fitted: its maps and its columns of the user's.
        stand_ins: per modality, what candidates are shown with in place of their own vectors.

    Returns:
        The weights by name, and figures for the card.
    """
    import torch

    from recsys.jam.losses import listwise_softmax
    from recsys.jam.model import JamModel
    from recsys.jam.training_state import STATE_FILE, StateFile, TrainingState, optimiser_state, restore_optimiser

    torch.set_num_threads(settings.threads)
    own, stand_ins = own or {}, stand_ins or {}
    items = [torch.from_numpy(np.array(table, dtype=np.float32)) for table in tables.values()]  # M of (N, D_m)
    mask = torch.from_numpy(present)
    users = np.hstack([fold_in_all(triples, tables, present), *own.values()])  # (T, Σ D_m + L)
    n_train = max(1, len(triples) - (len(triples) // 10 if n_held_out is None else n_held_out))
    model = JamModel(
        {m.value: table.shape[1] for m, table in tables.items()},
        text_dim=query_vectors.shape[1],
        listener_dim=sum(vectors.shape[1] for vectors in own.values()),
        dim=settings.dim,
        mixer="cross" if settings.mixer == "cross" else "average",
        seed=settings.seed,
    )
    columns = column_slices([*((m.value, t.shape[1]) for m, t in tables.items()), *_widths(own)])
    if base is not None:
        _freeze(model, base, only, columns)
    fitted = {name: parameter for name, parameter in model.named_maps().items() if parameter.requires_grad}
    start = {name: parameter.detach().clone() for name, parameter in fitted.items()}
    optimiser = torch.optim.AdamW(fitted.values(), lr=settings.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    seen = f"{float(query_vectors.sum()):.6f}|{sum(float(table.sum()) for table in items):.6f}|{float(users.sum()):.6f}"
    identity = f"{asdict(settings)}|{len(triples)}|{seen}|{only}|{base.card['model_id'] if base else ''}"
    if stand_ins:
        identity += f"|{sum(float(one.vectors[one.rows].sum()) for one in stand_ins.values()):.6f}"
    first_step, losses = 0, []
    tags = list(tables).index(Modality.TAGS)
    file = StateFile(folder / STATE_FILE, identity)
    state = file.find(torch.device("cpu"))
    if state is not None:
        model.load_state_dict(state.part(_MODEL))
        restore_optimiser(optimiser, state, state.facts["groups"])
        schedule.load_state_dict(state.facts["schedule"])
        first_step, losses = int(state.facts["step"]), list(state.facts["losses"])
    for step in range(first_step, settings.steps):
        rng = np.random.default_rng((settings.seed, step))
        batch = _draw(triples, n_train, present, tags, settings, rng)
        query = torch.from_numpy(query_vectors[batch.numbers])
        user = torch.from_numpy(users[batch.numbers] * batch.keeps_user[:, None])
        candidates = torch.from_numpy(batch.candidates)
        shown = [table[candidates] for table in items]
        for column, modality in enumerate(tables):
            if modality in stand_ins:
                shown[column] = torch.from_numpy(_instead(stand_ins[modality], shown[column].numpy(), batch, rng))
        scores = model(query, user, shown, torch.from_numpy(batch.present))
        loss = listwise_softmax(scores, torch.from_numpy(batch.positive), torch.from_numpy(batch.ignored))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        pull = schedule.get_last_lr()[0] * settings.decay_to_start
        with torch.no_grad():
            for name, parameter in fitted.items():
                parameter.lerp_(start[name], pull)
        schedule.step()
        losses.append(float(loss.detach()))
        if progress:
            progress(f"train{NOTE}loss {np.mean(losses[-_RECENT:]):.3f}", step + 1, settings.steps)
        if (step + 1) % CHECKPOINT_STEPS == 0 and step + 1 < settings.steps:
            kept, groups = optimiser_state(optimiser)
            kept |= {f"{_MODEL}{name}": value for name, value in model.state_dict().items()}
            facts = {"groups": groups, "schedule": schedule.state_dict(), "step": step + 1, "losses": losses}
            file.keep(TrainingState(kept, facts))
    figures: dict[str, Any] = {"final_loss": round(float(np.mean(losses[-50:])), 4), "n_triples": n_train}
    for kind, real in (("held_out", False), ("held_out_listeners", True)):
        picked = [n for n in range(n_train, len(triples)) if bool(triples[n].listener_id) is real][:_MAX_HELD_OUT]
        if picked:
            figures[kind] = _held_out_figures(
                model, triples, picked, query_vectors, users, items, mask, list(tables), columns
            )
    file.drop()
    return model.arrays(), figures


def _widths(own: Mapping[str, FloatArray]) -> list[tuple[str, int]]:
    return [(name, vectors.shape[1]) for name, vectors in own.items()]


def _freeze(model: Any, base: Checkpoint, only: str, columns: Mapping[str, slice]) -> None:
    """Give a model the maps of a fitted one, and leave only one space's to be fitted."""
    import torch

    with torch.no_grad():
        for name, parameter in model.named_maps().items():
            mine = name == "user.weight" or f".{only}." in name
            parameter.requires_grad_(mine)
            if not mine:
                parameter.copy_(torch.from_numpy(np.array(base.weights[name])))
        fitted = torch.zeros(model.user.weight.shape[1])
        fitted[columns[only]] = 1
        for name, place in base.columns.items():
            if name != only and name in columns:
                model.user.weight[:, columns[name]] = torch.from_numpy(np.array(base.weights["user.weight"][:, place]))
    # Frozen columns get no gradient, so that neither the optimiser nor the pull to the start moves them.
    model.user.weight.register_hook(lambda gradient: gradient * fitted)


def fold_in_all(triples: Sequence[Triple], tables: Mapping[Modality, FloatArray], present: BoolArray) -> FloatArray:
    """Fold histories in with the code that serves: (T, Σ D_m), zero rows for empty ones."""
    width = sum(table.shape[1] for table in tables.values())
    users = np.zeros((len(triples), width), dtype=np.float32)
    tags = list(tables).index(Modality.TAGS)
    for number, triple in enumerate(triples):
        if len(triple.history):
            seen = present
            if len(triple.untagged):
                seen = present.copy()
                seen[triple.untagged, tags] = False
            weights = np.ones(len(triple.history), dtype=np.float32) if triple.weights is None else triple.weights
            vector = fold_in(triple.history, weights, tables, seen)
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
    if settings.modality_dropout and seen.shape[2] > _STATED:
        # The same for all examples of the step: answers and negatives lack things alike.
        hidden = rng.random(seen.shape[1:]) < settings.modality_dropout
        hidden &= (present[candidates] & ~hidden).any(axis=1, keepdims=True)
        seen &= ~hidden
    keeps = (rng.random(len(numbers)) >= settings.user_dropout).astype(np.float32)
    return _Batch(numbers, keeps, candidates, seen, positive, ignored)


def _instead(stand_ins: StandIns, own: FloatArray, batch: _Batch, rng: np.random.Generator) -> FloatArray:
    """Return the vectors (C, D_m) of a batch's candidates, some replaced by their stand-ins."""
    drawn = stand_ins.rows[batch.candidates] & (rng.random(len(batch.candidates)) < stand_ins.share)
    return np.where(drawn[:, None], stand_ins.vectors[batch.candidates], own)


def _held_out_figures(
    model: Any,
    triples: Sequence[Triple],
    picked: Sequence[int],
    query_vectors: FloatArray,
    users: FloatArray,
    items: Sequence[Any],
    mask: Any,
    modalities: Sequence[Modality],
    columns: Mapping[str, slice],
) -> dict[str, Any]:
    """Mean recall@10 and @100 of the held-out answers of the picked triples.

    Trained, without the user, by the encoder's own cosines, and without each space that was brought in. What a space
    adds comes with its 95 % interval over the same triples (`gain@10_<space>`; normal approximation of paired means).
    """
    import torch

    picked = list(picked)
    rows = torch.arange(len(mask)) if len(mask) <= 8000 else torch.randperm(
        len(mask), generator=torch.Generator().manual_seed(0)
    )[:8000].sort().values  # fmt: skip
    inside = {int(r): c for c, r in enumerate(rows)}
    query, user = torch.from_numpy(query_vectors[picked]), torch.from_numpy(users[picked])
    with torch.no_grad():
        x, seen = [table[rows] for table in items], mask[rows]
        stated = [table for table, m in zip(x, modalities, strict=True) if m in (Modality.TEXT, Modality.TAGS)]
        plain = (query @ sum(stated).T) if query.shape[1] == stated[0].shape[1] else None
        tables = {
            "both": model(query, user, x, seen),
            "request_only": model(query, torch.zeros_like(user), x, seen),
        }
        if plain is not None:
            tables["encoder_cosine"] = plain
        for name in list(columns)[len(stated) :]:
            known = [m != name for m in modalities]
            unaware = user.clone()
            unaware[:, columns[name]] = 0
            tables[f"without_{name}"] = model(query, unaware, x, seen & torch.tensor(known))
    wanted = [{inside[int(r)] for r in triples[number].answers if int(r) in inside} for number in picked]
    lines = [line for line, rows_wanted in enumerate(wanted) if rows_wanted]
    figures: dict[str, Any] = {"n": len(lines)}
    if not lines:
        return figures
    recalls: dict[tuple[int, str], FloatArray] = {}
    for name, scores in tables.items():
        top = scores.topk(min(max(_DEPTHS), scores.shape[1]), dim=1).indices.tolist()
        for depth in _DEPTHS:
            found = [len(wanted[line] & set(top[line][:depth])) / len(wanted[line]) for line in lines]
            recalls[depth, name] = np.array(found)
            figures[f"recall@{depth}_{name}"] = round(float(np.mean(found)), 4)
    for depth, name in list(recalls):
        if name.startswith("without_"):
            gains = recalls[depth, "both"] - recalls[depth, name]
            reach = 1.96 * float(gains.std(ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else 1.0
            interval = [round(float(gains.mean()) + sign * reach, 4) for sign in (-1, 1)]
            figures[f"gain@{depth}_{name.removeprefix('without_')}"] = interval
    return figures
