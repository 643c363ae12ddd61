"""How fast does SASRec train here, beside the plain way, and does it learn the same?

Task. Both ways train SASRec (d 64, two blocks, binary cross-entropy with one negative per step, batches of 128
sequences, dropout .2) on the same sessions. `plain` is `evals.sasrec_plain`; `segue` is `recsys.sequential.sasrec`.

Conventions. Steps of both ways are timed in turns in one process, so that what else the machine does meets both, and
summed over rounds of so many steps. `all` of each way holds the median over the rounds of `sequences_per_s`, drawing
batches included; `times` is the median of the rounds' ratios; `cpu` the same by processor seconds of all threads, which
other work on the machine changes less. `unpadded lengths` is the plain way padded to the longest session only, and
how many times faster ours is than that. `epoch` of ours is one whole pass over all sessions, timed; of the plain way,
its steps at the median rate. `curve`: both from the same weights, on the same batches with the same negatives, without
dropout; `largest` and `mean` are of the differences between the two losses of a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.child import run_child
from evals.metrics import Summary, summarise, summarise_quantile
from evals.report import Report
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.reading import read_sequences
from recsys.sequential.sequences import Sequences
from recsys.types import Progress

if TYPE_CHECKING:
    from evals.sasrec_plain import PlainSettings
    from recsys.sequential.sasrec import SasRecSettings

_MAX_LENGTH = 50
#: Steps before the first that is timed.
_WARM_UP = 5


def bench_sequential(
    data: Path,
    seeds: Sequence[int],
    *,
    n_steps: int = 40,
    n_rounds: int = 5,
    n_curve: int = 200,
    threads: int = 2,
    progress: Progress | None = None,
) -> Report:
    """Measure both ways.

    Args:
        data: sessions, one per line, items separated by spaces; `.gz` is unpacked.
        seeds: of weights, batches and negatives.
        n_steps: that are timed at a time.
        n_rounds: how often.
        n_curve: steps whose losses are compared.
        threads: of torch.
        progress: told about every stage.

    Raises:
        SequenceDataError: the file cannot be read, or holds no session of two items.
        CommandFailedError: a way ended badly.
    """
    learnable(data)
    said = {"data": data, "threads": threads, "steps": n_steps, "rounds": n_rounds, "curve": n_curve}
    asked: dict[str, Any] = {"data": str(data.absolute()), "n_steps": n_steps, "n_rounds": n_rounds, "threads": threads}
    runs: list[Mapping[str, Any]] = [
        run_child(
            "evals.sequential_speed:measure",
            {**asked, "n_curve": n_curve, "seed": seed},
            threads=threads,
            progress=progress,
        )
        for seed in seeds
    ]
    said |= {name: runs[0][name] for name in ("sessions", "items", "longest")}
    report = Report("segue bench sequential", said, seeds)
    ways = ("plain", "short", "segue", "plain_cpu", "segue_cpu")
    joined = {name: [value for run in runs for value in run[name]] for name in ways}
    rates = {name: summarise_quantile(values, 0.5) for name, values in joined.items()}
    for subset, plain, own in (
        ("all", "plain", "segue"),
        ("cpu", "plain_cpu", "segue_cpu"),
        ("unpadded lengths", "short", "segue"),
    ):
        ratios = [ours / theirs for ours, theirs in zip(joined[own], joined[plain], strict=True)]
        report.add("plain", subset, "sequences_per_s", rates[plain])
        report.add("segue", subset, "sequences_per_s", rates[own])
        report.add("segue", subset, "times", summarise_quantile(ratios, 0.5))
    report.add("plain", "epoch", "seconds", _figure(runs[0]["sessions"] / rates["plain"].mean))
    report.add("segue", "epoch", "seconds", summarise([run["epoch_s"] for run in runs]))
    if n_curve:
        apart = [np.abs(np.subtract(run["curve"]["plain"], run["curve"]["segue"])) for run in runs]
        for name in ("plain", "segue"):
            report.add(name, "curve", "first_loss", summarise([run["curve"][name][0] for run in runs]))
            last = [float(np.mean(run["curve"][name][-20:])) for run in runs]
            report.add(name, "curve", "last_20_loss", summarise(last))
        report.add("segue", "curve", "largest", summarise([float(one.max()) for one in apart]))
        report.add("segue", "curve", "mean", summarise([float(one.mean()) for one in apart]))
        report.details["curves"] = [run["curve"] for run in runs]
    return report


def learnable(path: Path) -> Sequences:
    """Read sessions, one per line, and leave out those of one item, which teach nothing.

    Raises:
        SequenceDataError: the file cannot be read, or there is no session of two items.
    """
    sessions = read_sequences(path, "session")
    longer = np.flatnonzero(sessions.lengths > 1)
    if not len(longer):
        raise SequenceDataError(path, None, "it holds no session of two items", "give one session per line")
    return sessions.take(longer)


def measure(
    data: str, n_steps: int, n_rounds: int, n_curve: int, threads: int, seed: int, progress: Progress
) -> dict[str, Any]:
    """Measure both ways in this process; see the module's docstring."""
    import torch

    from evals.sasrec_plain import PlainSampler, PlainSettings, PlainTraining
    from recsys.sequential.sasrec import SasRec

    torch.set_num_threads(threads)
    train = learnable(Path(data))
    longest = int(train.lengths.max())
    rates: dict[str, list[float]] = {}
    settings = {
        "plain": PlainSettings(seed=seed, max_length=_MAX_LENGTH),
        "short": PlainSettings(seed=seed, max_length=min(_MAX_LENGTH, longest)),
    }
    ways: dict[str, Callable[[], object]] = {}
    for name, one in settings.items():
        sampler, training = PlainSampler(train, one), PlainTraining(train.n_items, one)
        ways[name] = lambda sampler=sampler, training=training: training.step(sampler.batch())  # type: ignore[misc]
    plain = settings["plain"]
    ours = SasRec(_as_plain(plain))
    trainer = ours.trainer(train)
    numbers = iter(range(10**9))
    ways["segue"] = lambda: trainer.step(next(numbers))
    for way in ways.values():
        for _ in range(_WARM_UP):
            way()
    for number in range(n_rounds):
        took = {name: [0.0, 0.0] for name in ways}
        for _ in range(n_steps):
            for name, way in ways.items():
                began, began_cpu = time.perf_counter(), time.process_time()
                way()
                took[name][0] += time.perf_counter() - began
                took[name][1] += time.process_time() - began_cpu
        for name, (wall, cpu) in took.items():
            rates.setdefault(name, []).append(n_steps * plain.batch / wall)
            rates.setdefault(f"{name}_cpu", []).append(n_steps * plain.batch / cpu)
        progress("rounds", number + 1, n_rounds)
    began = time.perf_counter()
    for number in range(ours.steps_per_epoch):
        ways["segue"]()
        progress("epoch", number + 1, ours.steps_per_epoch)
    epoch_s = time.perf_counter() - began
    curve = compare_curves(train, n_curve, seed, progress) if n_curve else {}
    said = {"sessions": len(train), "items": train.n_items, "longest": longest, "epoch_s": epoch_s, "curve": curve}
    return {**rates, **said}


def compare_curves(train: Sequences, n_steps: int, seed: int, progress: Progress) -> dict[str, list[float]]:
    """Train both ways from the same weights on the same batches without dropout; return the losses of each step."""
    from evals.sasrec_plain import PlainSampler, PlainSettings, PlainTraining, unpadded, weights_for_ours
    from recsys.sequential.objective import Drawn
    from recsys.sequential.sasrec import SasRec

    settings = PlainSettings(dropout=0.0, seed=seed, max_length=_MAX_LENGTH)
    sampler, training = PlainSampler(train, settings), PlainTraining(train.n_items, settings)
    ours = SasRec(_as_plain(settings))
    trainer = ours.trainer(train)
    ours.network.load_state_dict(ours.network.state_dict() | weights_for_ours(training.network))
    losses: dict[str, list[float]] = {"plain": [], "segue": []}
    generator = np.random.default_rng(seed)
    for step in range(n_steps):
        batch = sampler.batch()
        lengths, inputs, targets, negatives, places = unpadded(batch)
        drawn = Drawn(lengths, inputs, None, targets)
        losses["plain"].append(training.step(batch))
        own = ours.objective.batch_of(drawn, generator, own=negatives[:, None], places=places)
        losses["segue"].append(trainer.step(step, own))
        progress("curve", step + 1, n_steps)
    return losses


def _as_plain(plain: PlainSettings) -> SasRecSettings:
    """Return settings of ours that mean the same."""
    from recsys.sequential.sasrec import SasRecSettings

    return SasRecSettings(
        loss="bce",
        dim=plain.dim,
        max_length=plain.max_length,
        dropout=plain.dropout,
        batch=plain.batch,
        n_heads=plain.n_heads,
        n_blocks=plain.n_blocks,
        layout="published",
        by_distance=False,
        learning_rate=plain.learning_rate,
        warmup=0,
        decay=False,
        seed=plain.seed,
    )


def _figure(value: float) -> Summary:
    return Summary(value, value, value, 0.0, 1)
