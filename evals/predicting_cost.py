"""What predicting costs on a catalogue that is served: collaborative vectors from content, and appeal.

Task. Of a data folder the catalogue and the vectors of names and of descriptions are read; nothing in it is changed.

    load           opening the catalogue, for comparison
    collaborative  a space made up for this (the descriptions turned at random, with noise) lacks a fifth of the
                   artists; what it lacks is predicted, as `segue index` does once for a generation
    appeal made    predicting appeal of every track, as the first opening after an index does
    appeal kept    opening predictions that were kept, as every later one does
    appeal learnt  learning from what the catalogue states, as `segue train --apex` does; where it states enough
    by learnt      predicting appeal of every track by that, too; memory that learning left free is used again

Conventions. Each part runs in a process of its own. `seconds` is by the clock, `cpu_s` by the processor, all threads
together; `peak_mb` is by how many 10⁶ bytes memory grew while it ran, at most. `appeal kept` is the median of twenty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from evals.child import run_child
from evals.jam_measure import watched
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from recsys import generations, predicted
from recsys.appeal.own import learn_own, save_own, stated_heads
from recsys.appeal.predicting import blocks_of, open_appeal, tables_of
from recsys.catalogue import Catalogue
from recsys.cold.weights import read_weights
from recsys.types import FloatArray, Modality, Progress

_WIDTH, _N_OPENED = 64, 20
PARTS = ("load", "collaborative", "appeal made", "appeal kept")
LEARNT = ("appeal learnt", "by learnt")


def bench_predicting(home: Path, seeds: Sequence[int], *, threads: int = 1, progress: Progress | None = None) -> Report:
    """Measure every part.

    Args:
        home: a data folder with an index.
        seeds: of the space that is made up, and of training.
        threads: of BLAS and torch.
        progress: told about every stage.

    Raises:
        NotIndexedError: nothing is indexed there.
        CommandFailedError: a part ended badly.
    """
    generation = generations.current(home)
    settings: dict[str, Any] = {"tracks": generation.manifest["n_tracks"], "threads": threads}
    report = Report("segue bench predicting", settings, seeds)
    stated = stated_heads(Catalogue.load(generation.folder / "catalogue"))
    for part in (*PARTS, *(LEARNT if stated else ())):
        asked = {"part": part, "folder": str(generation.folder.absolute()), "threads": threads}
        runs: list[Mapping[str, Any]] = [
            run_child("evals.predicting_cost:measure", {**asked, "seed": seed}, threads=threads, progress=progress)
            for seed in seeds
        ]
        seconds = [value for run in runs for value in run["seconds"]]
        report.add(part, "all", "seconds", summarise_quantile(seconds, 0.5))
        for metric in ("cpu_s", "peak_mb", "n_predicted"):
            report.add(part, "all", metric, summarise([run[metric] for run in runs]))
    return report


def measure(part: str, folder: str, threads: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Measure one part in this process; see the module's docstring."""
    with TemporaryDirectory(prefix="segue-") as scratch:
        act, n_times = _prepared(part, Path(folder), Path(scratch), threads, seed, progress)
        seconds, cpu = [], time.process_time()
        with watched() as peak:
            for _ in range(n_times):
                began = time.perf_counter()
                n_predicted = act()
                seconds.append(time.perf_counter() - began)
        cpu = (time.process_time() - cpu) / n_times
    return {"seconds": seconds, "cpu_s": cpu, "peak_mb": peak[0], "n_predicted": n_predicted}


def _prepared(
    part: str, folder: Path, scratch: Path, threads: int, seed: int, progress: Progress
) -> tuple[Callable[[], int], int]:
    """What is measured, and how often; it returns of how many tracks something is predicted."""
    if part == "load":
        return lambda: 0 * len(Catalogue.load(folder / "catalogue")), 1
    catalogue = Catalogue.load(folder / "catalogue")
    tables = tables_of(folder, catalogue)
    if part == "collaborative":
        # Read as they are while an index is made: in memory.
        contents = {modality: np.array(table.vectors) for modality, table in tables.items()}
        space = _made_up(contents[Modality.TAGS], catalogue, seed)

        def predict() -> int:
            how: dict[str, Any] = {"weights": read_weights(), "seed": seed, "threads": threads, "progress": progress}
            return int(predicted.make(scratch / "cf", space, contents, catalogue, **how).missing.sum())

        return predict, 1
    encoder = next(table.encoder for table in tables.values())

    def learn() -> int:
        own, _ = learn_own(catalogue, blocks_of(scratch, catalogue, tables), seed, progress)
        save_own(scratch, own, {})
        return len(catalogue)

    def opened() -> int:
        return int((~np.isnan(open_appeal(scratch, catalogue, tables, encoder).quality[0])).sum())

    if part == "appeal learnt":
        return learn, 1
    if part == "by learnt":
        learn()
    if part != "appeal kept":
        return opened, 1
    opened()
    return opened, _N_OPENED


def _made_up(tags: FloatArray, catalogue: Catalogue, seed: int) -> FloatArray:
    """A space of listening (N, 64) that follows descriptions (N, D), without a fifth of the artists."""
    rng = np.random.default_rng(seed)
    space = tags @ rng.standard_normal((tags.shape[1], _WIDTH)).astype(np.float32)
    space += (0.5 * rng.standard_normal(space.shape)).astype(np.float32)
    space[predicted.artists_of(catalogue) % 5 == 0] = 0
    return np.asarray(space, np.float32)
