"""What `segue bench jam` measures on one core: JAM's training and evaluation, ours beside the reference's way.

Every function runs in a child process of one thread (`evals.child`). Times are CPU seconds of that process: what a core
of its own would take, whatever else the machine does. Imports and the first step of each way are not counted.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from evals.reference_jam import Inputs, Mixing, ReferenceJam, evaluate_reference, train_reference
from recsys.jam.blocks import ItemInputs
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.files import read_jam
from recsys.jam.mixing import MixingModel
from recsys.jam.ranked import ranked_figures
from recsys.jam.sampling import Examples
from recsys.jam.trainer import LISTWISE, PAPER, TrainerSettings, train_model
from recsys.types import FloatArray, Progress
from recsys.unit import unit_rows

MIXERS: tuple[Mixing, ...] = ("avg", "cross")
DIM = 128
#: Epochs of the reference's recorded runs.
WHOLE = 25
#: With any loss: the fewest steps that reach the reference's NDCG@10, chosen on the last tenth of the training queries.
QUICK = replace(LISTWISE, size=DIM, batch=128, n_candidates=512, learning_rate=3e-3, epochs=4)

_SAMPLE_EVERY_S = 0.005
_N_BLAS = 15


@dataclass(frozen=True)
class _Data:
    """A data set with its encoded requests."""

    dataset: JamDataset
    vector_of: dict[str, FloatArray]

    @classmethod
    def read(cls, folder: str, encoded: str) -> _Data:
        """Read a folder in the JAM file format, and the vectors that `save_encoded` wrote."""
        with np.load(encoded) as arrays:
            texts, vectors = json.loads(str(arrays["texts"])), arrays["vectors"]
        return cls(read_jam(Path(folder)), dict(zip(texts, vectors, strict=True)))

    def encode(self, texts: Sequence[str]) -> FloatArray:
        return np.stack([self.vector_of[text] for text in texts])

    def users(self, *, unit: bool = False) -> FloatArray:
        tables = [unit_rows(table) if unit else table for table in self.dataset.user_features.values()]
        return np.concatenate([np.zeros((self.dataset.n_users, 0)), *tables], axis=1).astype(np.float32)

    def examples(self, split: JamSplit, *, unit: bool = False) -> Examples:
        return Examples.of(split, self.encode, self.users(unit=unit), self.dataset.n_items)

    def model(self, mixer: Mixing, settings: TrainerSettings, seed: int) -> MixingModel:
        items = ItemInputs.of(self.dataset.item_features, unit=settings.unit_inputs)
        widths = len(next(iter(self.vector_of.values()))), self.users().shape[1]
        return MixingModel(items, query_dim=widths[0], user_dim=widths[1], dim=DIM, mixer=mixer, seed=seed)

    def reference(self, mixing: Mixing, seed: int) -> ReferenceJam:
        torch.manual_seed(seed)
        widths = len(next(iter(self.vector_of.values()))), self.users().shape[1]
        return ReferenceJam(self.dataset.item_features, query_dim=widths[0], user_dim=widths[1], dim=DIM, mixing=mixing)

    def inputs(self, split: JamSplit) -> tuple[JamSplit, Inputs]:
        return split, Inputs(torch.from_numpy(self.encode(split.texts)), torch.from_numpy(self.users()))


def save_encoded(path: Path, texts: Sequence[str], vectors: FloatArray) -> None:
    """Write request texts with their vectors (n, D) for the children."""
    np.savez(path, texts=np.array(json.dumps(list(texts))), vectors=vectors)


def blas_gflops() -> float:
    """Measure this core: 10⁹ float32 operations a second in the product of one step's candidates with a projection."""
    x, weight = torch.randn(2560, 1216), torch.randn(1216, DIM)
    times = []
    for _ in range(_N_BLAS):
        started = time.process_time()
        x @ weight
        times.append(time.process_time() - started)
    return 2 * x.shape[0] * x.shape[1] * DIM / statistics.median(times) / 1e9


def training(*, folder: str, encoded: str, split: str, seed: int, epochs: int, progress: Progress) -> dict[str, Any]:
    """Train AvgMixing and CrossMixing both ways with the paper's protocol, and once with any loss.

    Returns:
        `blas_gflops`; and for "avg" and "cross", with times of one epoch in seconds, `reference` and `ours`: `train_s`,
        `whole_s` with validation, `n_triples`, `ndcg@10` (the best epoch's on the split to report). `quick` holds
        `epoch_s`, validation included, and `ndcg@10` epoch by epoch.
    """
    data = _Data.read(folder, encoded)
    train, validation = data.dataset.splits["train"], data.dataset.splits["val"]
    reported = data.dataset.splits[split]
    _warm(data, train, validation, seed)
    blas = [blas_gflops()]
    found: dict[str, Any] = {}
    for mixer in MIXERS:
        found[mixer] = {
            "ours": _train_ours(data, mixer, train, validation, seed, epochs, progress),
            "reference": _train_reference(data, mixer, train, validation, reported, seed, epochs, progress),
        }
        blas.append(blas_gflops())
    settings = replace(QUICK, threads=1)
    started = time.process_time()
    model = data.model("cross", settings, seed)
    history = train_model(
        model,
        data.examples(train, unit=settings.unit_inputs),
        data.examples(validation, unit=settings.unit_inputs),
        settings,
        seed=seed,
        progress=_renamed(progress, "train with any loss"),
    )
    quick = {"epoch_s": (time.process_time() - started) / settings.epochs, "ndcg@10": history.ndcg}
    return {"blas_gflops": statistics.median(blas), "quick": quick, **found}


def evaluation(*, folder: str, encoded: str, split: str, seed: int, progress: Progress) -> dict[str, Any]:
    """Rank the whole catalogue for a split both ways.

    Returns:
        For "avg" and "cross", `ours` and `reference`: `seconds`, and `peak_mb` beyond what was held before. And
        `n_queries`.
    """
    data = _Data.read(folder, encoded)
    asked = data.dataset.splits[split]
    _warm(data, data.dataset.splits["train"], asked, seed)
    queries, inputs = data.examples(asked), data.inputs(asked)
    found: dict[str, Any] = {"n_queries": len(asked)}
    for mixer in MIXERS:
        model, reference = data.model(mixer, PAPER, seed), data.reference(mixer, seed)
        ways: dict[str, Callable[[], object]] = {
            "ours": partial(ranked_figures, model, queries),
            "reference": partial(evaluate_reference, reference, *inputs),
        }
        found[mixer] = {}
        for number, (way, evaluate) in enumerate(ways.items()):
            runs = []
            for _ in range(3 if way == "ours" else 1):
                with watched() as peak:
                    started = time.process_time()
                    evaluate()
                    runs.append({"seconds": time.process_time() - started, "peak_mb": 0.0})
                runs[-1]["peak_mb"] = peak[0]
            found[mixer][way] = {
                "seconds": statistics.median(run["seconds"] for run in runs),
                "peak_mb": max(run["peak_mb"] for run in runs),
            }
            progress(f"evaluate {mixer}", number + 1, len(ways))
    return found


def _train_ours(
    data: _Data, mixer: Mixing, train: JamSplit, validation: JamSplit, seed: int, epochs: int, progress: Progress
) -> dict[str, Any]:
    settings = replace(PAPER, size=DIM, epochs=epochs, patience=epochs, threads=1)
    examples, choose = data.examples(train), data.examples(validation)
    times = []
    ndcg: list[float] = []
    for watched in (None, choose):
        model = data.model(mixer, settings, seed)
        started = time.process_time()
        told = _renamed(progress, f"train {mixer}" if watched is None else f"train {mixer} with validation")
        history = train_model(model, examples, watched, settings, seed=seed, progress=told)
        times.append((time.process_time() - started) / epochs)
        ndcg = history.ndcg
    return {"train_s": times[0], "whole_s": times[1], "n_triples": examples.n_pairs, "ndcg@10": max(ndcg)}


def _train_reference(
    data: _Data,
    mixer: Mixing,
    train: JamSplit,
    validation: JamSplit,
    reported: JamSplit,
    seed: int,
    epochs: int,
    progress: Progress,
) -> dict[str, Any]:
    model = data.reference(mixer, seed)
    run = train_reference(
        model,
        data.inputs(train),
        data.inputs(validation),
        epochs=epochs,
        cosine_over=WHOLE,
        seed=seed,
        progress=progress,
    )
    validated = best = max(one["ndcg@10"] for one in run.metrics)
    if reported is not validation:
        best = evaluate_reference(model, *data.inputs(reported))["ndcg@10"]
    train_s, validate_s = statistics.fmean(run.train_s), statistics.fmean(run.validate_s)
    return {
        "train_s": train_s,
        "whole_s": train_s + validate_s,
        "n_triples": run.n_triples,
        "ndcg@10": best,
        "validated": validated,
    }


def _warm(data: _Data, train: JamSplit, validation: JamSplit, seed: int) -> None:
    """Take the first step both ways: it imports and initialises what later ones find there."""
    few, some = train.take(np.arange(min(len(train), 32))), validation.take(np.arange(min(len(validation), 32)))
    for mixer in MIXERS:
        settings = replace(PAPER, epochs=1, threads=1)
        train_model(data.model(mixer, settings, seed), data.examples(few), data.examples(some), settings, seed=seed)
        train_reference(data.reference(mixer, seed), data.inputs(few), data.inputs(some), epochs=1, seed=seed)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Lend a list that holds, afterwards, by how many MB (10⁶ bytes) memory grew at most, sampled every 5 ms."""
    process = psutil.Process()
    before = most = process.memory_info().rss
    over = threading.Event()
    peak = [0.0]

    def watch() -> None:
        nonlocal most
        while not over.wait(_SAMPLE_EVERY_S):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
        peak[0] = (most - before) / 1e6


def _renamed(progress: Progress, stage: str) -> Progress:
    return lambda _, done, total: progress(stage, done, total)
