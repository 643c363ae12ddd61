"""How well models say what comes next, on a file of sequences.

Task. A model learns from sequences of items and is asked, for a prefix, which item came next. All items of the data are
ranked, and the rank r of the one that did is counted; items that score the same as it count against it. With
`repeats exclude` the items of the prefix are left out of the ranking, but for the target itself.

    hr@k     1 if r ≤ k             ndcg@k   1 / log2(1 + r) if r ≤ k             mrr@k   1 / r if r ≤ k

Questions. With a file of targets, its lines; models learn from the whole file of data. Without one, the last item of
each listener's sequence (`positions` 3 pools the last three, each asked with the models fitted on nothing from it on),
or every step but the first of the last tenth of the sessions. A target that is not in the data counts as missed.
Questions of one sequence are no independent units: the bootstrap draws whole sequences. `A - B` are paired differences.

Subsets: `new`, targets that are not in their prefix (the first-listen variant), and `again`, those that are; where
several positions are pooled, each of them.

`p50_ms` is how long a model takes over a single prefix, asked one at a time, by the clock; `p50_cpu_ms` is what of it
the processor works for this process, which does not grow when others share the machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.errors import EvaluationError, UnknownSystemError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.sequential_order import order_of_neighbours
from recsys.sequential.held_out import LINES_HELD_OUT, every_step
from recsys.sequential.item_vectors import ALLOWED, read_item_vectors
from recsys.sequential.measure import ranks
from recsys.sequential.mixture import Mixture
from recsys.sequential.port import SequentialModel
from recsys.sequential.reading import Targets, last_lines, read_sequences, read_targets, read_tokens
from recsys.sequential.registry import NAMES, open_model
from recsys.sequential.sequences import Questions, Sequences, leave_one_out
from recsys.types import IntArray, Progress

CUTS = (5, 10, 20)
_N_TIMED = 200
#: The rank of a target that is not in the data: behind every cut, however few items there are.
_NOWHERE = np.iinfo(np.int32).max


class SequentialDataError(EvaluationError, ValueError):
    """A file of sequences leaves nothing to ask."""


@dataclass(frozen=True)
class Task:
    """What is learnt from and what is asked then; `owners` say which questions belong together."""

    subset: str
    train: Sequences
    questions: Questions
    owners: tuple[str, ...]
    missed: tuple[str, ...] = ()  # owners of questions whose target is not in the data


@dataclass(frozen=True)
class Options:
    """How a file is read and asked about."""

    form: str = "listener"
    repeats: bool | None = None  # whether items of the prefix are ranked; None: where a sequence has one twice
    positions: int = 1
    names: Path | None = None
    vectors: Path | None = None
    drawn: int | None = None  # questions of sessions to draw; all when None


def choose_models(names: str, against: str | None) -> tuple[tuple[str, ...], str | None]:
    """Read `--models a,b+c` and `--against`.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    chosen = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for part in (part for name in chosen for part in name.split("+")):
        if part not in NAMES:
            raise UnknownSystemError(part, NAMES, "model")
    if against is not None and against not in chosen:
        raise UnknownSystemError(against, chosen, "model to compare with")
    return chosen, against


def evaluate(
    data: Path,
    models: Sequence[str],
    seeds: Sequence[int],
    *,
    targets: Path | None = None,
    options: Options | None = None,
    against: str | None = None,
    progress: Progress,
) -> Report:
    """Fit models and ask them.

    Args:
        data: file of sequences.
        models: names, as `choose_models` returns them.
        seeds: of the bootstrap, of drawing questions and of models that draw; the first is used.
        targets: file of targets.
        options: how files are read.
        against: the model that all others are compared with; the last one named by default.
        progress: told (stage, done, total).

    Raises:
        SequenceDataError: a file cannot be used.
        SequentialDataError: nothing is left to ask.
    """
    chosen, seed = options or Options(), seeds[0]
    sequences = read_sequences(data, chosen.form, names=chosen.names)
    repeats = sequences.has_repeats() if chosen.repeats is None else chosen.repeats
    given = None
    if targets is not None:
        given = read_targets(targets, sequences, read_tokens(data, chosen.form), chosen.form)
    tasks = _tasks(sequences, given, chosen, seed)
    other = against or models[-1]
    stated = {
        "data": data,
        "targets": targets,
        "models": list(models),
        "against": other,
        "format": chosen.form,
        "repeats": "allow" if repeats else "exclude",
        "positions": chosen.positions,
        "sequences": len(sequences),
        "items": sequences.n_items,
        "vectors": chosen.vectors,
    }
    report = Report("segue eval sequential", stated, seeds)
    placed: dict[str, list[IntArray]] = {}
    for name in models:
        seconds = 0.0
        for number, task in enumerate(tasks, 1):
            model, began = _made(name, sequences, chosen, seed), time.perf_counter()
            model.fit(task.train, progress=progress)
            seconds += time.perf_counter() - began
            found = ranks(model, task.questions, repeats=repeats)
            missed = np.full(len(task.missed), _NOWHERE, dtype=np.int64)
            placed.setdefault(name, []).append(np.concatenate([found, missed]))
            progress(f"asking {name}", number, len(tasks))
        timed = _timed(model, tasks[-1].questions) if len(tasks[-1].questions) else {}
        _add(report, name, tasks, placed[name], None, seed)
        for metric, each in timed.items():
            report.add(name, "all", metric, summarise_quantile(each, 0.5, seed=seed))
        report.details[name] = {"fit_s": round(seconds, 2), **_told(model)}
    for name in models:
        if name != other:
            _add(report, f"{name} - {other}", tasks, placed[name], placed[other], seed)
    n_missed = sum(len(task.missed) for task in tasks)
    left_out = 0 if given is None else given.n_unknown_steps
    report.details["order"] = order_of_neighbours(sequences, seed)
    report.details["questions"] = {"targets_not_in_data": n_missed, "steps_not_in_data": left_out}
    return report


def _tasks(sequences: Sequences, given: Targets | None, options: Options, seed: int) -> list[Task]:
    if given is not None:
        return [Task("all", sequences, given.questions, given.owners, given.unknown)]
    if options.form == "session":
        train, asked = last_lines(sequences, LINES_HELD_OUT)
        questions = every_step(asked)
        owners = questions.prefixes.owners
        if options.drawn is not None and options.drawn < len(questions):
            rng = np.random.default_rng(seed)
            rows = np.sort(rng.choice(len(questions), options.drawn, replace=False))
            questions = Questions(questions.prefixes.take(rows), questions.targets[rows])
            owners = questions.prefixes.owners
        tasks = [Task("all", train, questions, owners)] if len(train) else []
    else:
        tasks = []
        for position in range(1, options.positions + 1):
            train, questions = leave_one_out(sequences, from_end=position)
            tasks.append(Task(f"from the end {position}", train, questions, questions.prefixes.owners))
    tasks = [task for task in tasks if len(task.questions) and len(task.train.items)]
    if not tasks:
        raise SequentialDataError(
            f"{len(sequences):,} sequences are too few or too short to hold any step out; give more, or --targets FILE"
        )
    return tasks


def _made(name: str, sequences: Sequences, options: Options, seed: int) -> SequentialModel:
    """Make a model for such data, with the content of items where vectors are given."""
    content = None
    if options.vectors is not None:
        content = {kind: read_item_vectors(options.vectors, sequences.names, kind) for kind in ALLOWED}
    return open_model(name, seed=seed, by="lines" if options.form == "session" else "steps", content=content)


def _told(model: SequentialModel) -> Mapping[str, Any]:
    """Return the weights that a mixture chose."""
    if isinstance(model, Mixture) and model.weights is not None:
        rounded = (round(float(weight), 3) for weight in model.weights)
        return {"weights": dict(zip(model.models, rounded, strict=True))}
    return {}


def _timed(model: SequentialModel, questions: Questions) -> dict[str, list[float]]:
    """Ask for one prefix at a time, spread over the questions; milliseconds of the clock and of the processor."""
    rows = np.unique(np.linspace(0, len(questions) - 1, min(_N_TIMED, len(questions))).astype(int))
    prefixes = [questions.prefixes.take([row]) for row in rows.tolist()]
    model.scores(prefixes[0])
    spent: dict[str, list[float]] = {"p50_ms": [], "p50_cpu_ms": []}
    for prefix in prefixes:
        began, began_cpu = time.perf_counter(), time.process_time()
        model.scores(prefix)
        spent["p50_ms"].append(1000 * (time.perf_counter() - began))
        spent["p50_cpu_ms"].append(1000 * (time.process_time() - began_cpu))
    return spent


def _add(
    report: Report,
    title: str,
    tasks: Sequence[Task],
    of: Sequence[IntArray],
    minus: Sequence[IntArray] | None,
    seed: int,
) -> None:
    """Put means, or those of paired differences, into the report."""
    owners = [(*task.owners, *task.missed) for task in tasks]
    again = [np.append(_is_again(task.questions), np.zeros(len(task.missed), dtype=np.bool_)) for task in tasks]
    everything = np.concatenate(again)
    subsets = {"all": np.ones(len(everything), dtype=np.bool_)}
    if len(tasks) > 1:
        numbers = np.repeat(np.arange(len(tasks)), [len(one) for one in owners])
        subsets |= {task.subset: numbers == number for number, task in enumerate(tasks)}
    if everything.any() and not everything.all():
        subsets |= {"new": ~everything, "again": everything}
    groups = np.array([owner for part in owners for owner in part])
    values, other = scored(np.concatenate(of)), scored(np.concatenate(minus)) if minus is not None else {}
    for subset, kept in subsets.items():
        for metric, each in values.items():
            differences = each - other[metric] if other else each
            report.add(title, subset, metric, summarise(differences[kept], seed=seed, groups=groups[kept].tolist()))


def scored(placed: IntArray) -> dict[str, Any]:
    """Return hr, ndcg and mrr at 5, 10 and 20 by name, one value for each rank (Q,)."""
    gains = {"hr": np.ones(len(placed)), "ndcg": 1 / np.log2(1 + placed), "mrr": 1 / placed}
    return {f"{name}@{cut}": np.where(placed <= cut, gain, 0.0) for name, gain in gains.items() for cut in CUTS}


def _is_again(questions: Questions) -> Any:
    """Say which targets (Q,) are in their prefix."""
    prefixes = questions.prefixes
    same = prefixes.items == questions.targets[prefixes.sequence_rows]
    return np.bincount(prefixes.sequence_rows, same, len(questions)) > 0
