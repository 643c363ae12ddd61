"""How well models say what comes next, on a file of sequences.

Task. A model learns from sequences of items and is asked, for a prefix, which item came next. All items of the data are
ranked, and the rank r of the one that did is counted; items that score the same as it count against it. With
`repeats exclude` the items of the prefix are left out of the ranking, but for the target itself.

    hr@k     1 if r ≤ k             ndcg@k   1 / log2(1 + r) if r ≤ k             mrr@k   1 / r if r ≤ k

Questions. With a file of targets, its lines; models learn from the whole file of data. Without one, the last item of
each listener's sequence (`positions` 3 pools the last three, each asked with the models fitted on nothing from it on),
or every step but the first of the last tenth of the sessions; of logs and benchmarks, see `evals.sequential_tasks`. A
target that is not in the data counts as missed. Questions of one sequence are no independent units: the bootstrap draws
whole sequences, and whole listeners where these are known. `A - B` are paired differences.

Candidates. A benchmark brings 199 items that were drawn for each question. The place among them and the target is
counted in `hr@k_of_200` and so on, beside the full ranking, since published figures are such; sampled metrics reorder
models (Krichene & Rendle, 2020). `chance` is what a ranking at random reaches on average, exactly: of n that are ranked
hr@k is min(k / n, 1), ndcg@k is Σ_{r ≤ min(k, n)} 1 / log2(1 + r) / n, and mrr@k Σ_{r ≤ min(k, n)} 1 / r / n.

Subsets: `new`, targets that are not in their prefix (the first-listen variant), and `again`, those that are; where
several positions are pooled, each of them.

`p50_ms` is how long a model takes over a single prefix, asked one at a time, by the clock; `p50_cpu_ms` is what of it
the processor works for this process, which does not grow when others share the machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from evals.errors import UnknownSystemError
from evals.metrics import Summary, summarise, summarise_quantile
from evals.report import Report
from evals.sequential_order import order_of_neighbours
from evals.sequential_tasks import LOGS, Material, Options, Task, has_vectors, read_content, read_material
from recsys.sequential.benchmark_reading import is_benchmark
from recsys.sequential.measure import both_ranks
from recsys.sequential.mixture import Mixture
from recsys.sequential.port import SequentialModel
from recsys.sequential.registry import FUSED, NAMES, known_name, open_model
from recsys.sequential.sequences import Questions
from recsys.types import FloatArray, IntArray, Progress

CUTS = (5, 10, 20)
_N_TIMED = 200
#: The rank of a target that is not in the data: behind every cut, however few items there are.
_NOWHERE = np.iinfo(np.int32).max
#: Places of all questions (Q,) by what metrics of them end in: "" for the full ranking.
Places = dict[str, IntArray]
Values = dict[str, Any]


def choose_models(names: str, against: str | None) -> tuple[tuple[str, ...], str | None]:
    """Read `--models a,b+c` and `--against`.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    chosen = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for part in (part for name in chosen for part in name.split("+")):
        if not known_name(part):
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
        data: file of sequences, log, data folder or benchmark.
        models: names, as `choose_models` returns them.
        seeds: of the bootstrap, of drawing questions and of models that draw; the first is used.
        targets: file of targets, beside a file of sequences.
        options: how files are read.
        against: the model that all others are compared with; the last one named by default.
        progress: told (stage, done, total).

    Raises:
        SequenceDataError: a file cannot be used.
        SequentialDataError: nothing is left to ask.
    """
    chosen, seed = options or Options(), seeds[0]
    material = read_material(data, targets, chosen, seed, progress)
    sequences, tasks = material.sequences, material.tasks
    vectors = chosen.vectors or (data if has_vectors(data) else None)
    described = read_content(vectors, sequences) if _need_content(models) else {}
    repeats = sequences.has_repeats() if chosen.repeats is None else chosen.repeats
    other = against or models[-1]
    stated: dict[str, Any] = {
        "data": data,
        "targets": targets,
        "models": list(models),
        "against": other,
        "format": "benchmark" if is_benchmark(data) else chosen.form,
        "repeats": "allow" if repeats else "exclude",
        "positions": chosen.positions,
        "sequences": len(sequences),
        "items": sequences.n_items,
        "vectors": vectors if described else None,
        "intervals draw": f"whole {material.together}",
    }
    if chosen.form in LOGS or is_benchmark(data):
        stated["part"] = chosen.part
    if chosen.form in LOGS:
        stated["sessions"] = asdict(chosen.sessions)
    report = Report("segue eval sequential", stated, seeds)
    placed: dict[str, list[Places]] = {}
    for name in models:
        seconds = 0.0
        for number, task in enumerate(tasks, 1):
            model, began = _made(name, material, described, seed), time.perf_counter()
            model.fit(task.train, progress=progress)
            seconds += time.perf_counter() - began
            placed.setdefault(name, []).append(_placed(model, task, repeats))
            progress(f"asking {name}", number, len(tasks))
        timed = _timed(model, tasks[-1].questions) if len(tasks[-1].questions) else {}
        _add(report, name, tasks, [_values(one) for one in placed[name]], seed)
        for metric, each in timed.items():
            report.add(name, "all", metric, summarise_quantile(each, 0.5, seed=seed))
        report.details[name] = {"fit_s": round(seconds, 2), **_told(model)}
    for name in models:
        if name != other:
            pairs = zip(placed[name], placed[other], strict=True)
            _add(report, f"{name} - {other}", tasks, [_differences(*pair) for pair in pairs], seed)
    _add_chance(report, tasks, repeats)
    n_missed = sum(len(task.missed) for task in tasks)
    report.details["order"] = order_of_neighbours(sequences, seed)
    report.details["questions"] = {"targets_not_in_data": n_missed, "steps_not_in_data": material.n_left_out}
    if material.split:
        report.details["split"] = dict(material.split)
    return report


def _need_content(models: Sequence[str]) -> bool:
    parts = [part for name in models for part in name.split("+")]
    return any(part in ("content", "mixture", "ensemble") or part.partition(":")[2] in FUSED for part in parts)


def _placed(model: SequentialModel, task: Task, repeats: bool) -> Places:
    """Return the places of all targets, those that the data does not have behind every cut."""
    found = both_ranks(model, task.questions, task.candidates, repeats=repeats)
    missed = np.full(len(task.missed), _NOWHERE, dtype=np.int64)
    full, among = (np.concatenate([one, missed]) for one in found)
    return {"": full} if task.candidates is None else {"": full, _suffix(task.candidates): among}


def _suffix(candidates: IntArray) -> str:
    """Return what metrics among candidates end in: how many are ranked, the target among them."""
    return f"_of_{1 + candidates.shape[1]}"


def _made(name: str, material: Material, described: Mapping[str, FloatArray], seed: int) -> SequentialModel:
    """Make a model for such data, with the content of items where vectors are given."""
    return open_model(name, seed=seed, by="lines" if material.by_lines else "steps", content=described)


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


def _values(placed: Places) -> Values:
    """Return the metrics of each question by name; those among candidates end in how many are ranked."""
    return {f"{name}{suffix}": each for suffix, one in placed.items() for name, each in scored(one).items()}


def _differences(one: Places, other: Places) -> Values:
    less = _values(other)
    return {name: each - less[name] for name, each in _values(one).items()}


def _add(report: Report, title: str, tasks: Sequence[Task], of: Sequence[Values], seed: int) -> None:
    """Put the means of values, one for each question of each task, into the report."""
    owners = [(*task.owners, *task.missed) for task in tasks]
    again = [np.append(_is_again(task.questions), np.zeros(len(task.missed), dtype=np.bool_)) for task in tasks]
    everything = np.concatenate(again)
    subsets = {"all": np.ones(len(everything), dtype=np.bool_)}
    if len(tasks) > 1:
        numbers = np.repeat(np.arange(len(tasks)), [len(one) for one in owners])
        subsets |= {task.subset: numbers == number for number, task in enumerate(tasks)}
    if everything.any() and not everything.all():
        subsets |= {"new": ~everything, "again": everything}
    groups = np.array([owner for part in owners for owner in part], dtype=object)
    values: Values = {metric: np.concatenate([one[metric] for one in of]) for metric in of[0]}
    for subset, kept in subsets.items():
        for metric, each in values.items():
            report.add(title, subset, metric, summarise(each[kept], seed=seed, groups=groups[kept].tolist()))


def _add_chance(report: Report, tasks: Sequence[Task], repeats: bool) -> None:
    """Put what a ranking at random reaches into the report: the mean over the questions, exactly."""
    ranked: dict[str, list[IntArray]] = {}
    for task in tasks:
        prefixes, n_items = task.questions.prefixes, task.train.n_items
        n_ranked = np.full(len(prefixes), n_items)
        if not repeats:
            seen = np.unique(prefixes.sequence_rows * n_items + prefixes.items) // n_items
            n_ranked -= np.bincount(seen, minlength=len(prefixes)) - _is_again(task.questions)
        ranked.setdefault("", []).append(np.append(n_ranked, np.full(len(task.missed), n_items)))
        if task.candidates is not None:
            n_drawn = 1 + (task.candidates >= 0).sum(axis=1)
            most = np.full(len(task.missed), 1 + task.candidates.shape[1])
            ranked.setdefault(_suffix(task.candidates), []).append(np.append(n_drawn, most))
    for suffix, counts in ranked.items():
        of = np.concatenate(counts)
        for metric, each in by_chance(of).items():
            mean = float(each.mean())
            report.add("chance", "all", f"{metric}{suffix}", Summary(mean, mean, mean, 0.0, len(of)))


def by_chance(n_ranked: IntArray) -> Values:
    """Return what a ranking of so many items (Q,) at random reaches on average, by metric."""
    place = np.arange(1, max(CUTS) + 1)
    gains = {"hr": np.ones(len(place)), "ndcg": 1 / np.log2(1 + place), "mrr": 1 / place}
    sums = {name: np.concatenate([[0.0], np.cumsum(gain)]) for name, gain in gains.items()}
    return {f"{name}@{cut}": one[np.minimum(cut, n_ranked)] / n_ranked for name, one in sums.items() for cut in CUTS}


def scored(placed: IntArray) -> dict[str, Any]:
    """Return hr, ndcg and mrr at 5, 10 and 20 by name, one value for each rank (Q,)."""
    gains = {"hr": np.ones(len(placed)), "ndcg": 1 / np.log2(1 + placed), "mrr": 1 / placed}
    return {f"{name}@{cut}": np.where(placed <= cut, gain, 0.0) for name, gain in gains.items() for cut in CUTS}


def _is_again(questions: Questions) -> Any:
    """Say which targets (Q,) are in their prefix."""
    prefixes = questions.prefixes
    same = prefixes.items == questions.targets[prefixes.sequence_rows]
    return np.bincount(prefixes.sequence_rows, same, len(questions)) > 0
