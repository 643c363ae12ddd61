"""Which content vectors help to recommend, with and without listening history?

Task. Listeners' interactions are split by a protocol (`recsys.cold.splits`), and each recommender is fitted with each
encoder's vectors on the training part: nearest neighbours, the shallow network, the contrastive projection, ELSA with a
map of content as its factors (hybrid), and, where it is known what came after what, BERT4Rec. Everything that is chosen
is chosen on the validation part. All candidates are ranked for each listener (`recsys.cold.measure`).

Controls, without which the table says little:

    NAME shuffled   the same vectors given to other items: what their spread alone is worth
    random          vectors drawn from the normal distribution
    popularity      listeners in the training part; of new items there are none, and all of them tie
    elsa, ease      what was listened to together, without content; they know nothing of new items, so hot only

Figures are means over listeners; those of one listener under several seeds are resampled together. `A - B` are paired
differences over the same listeners and splits. The four faults of the published code (`recsys.cold.port.FAULTS`) are
avoided, and can be reproduced one by one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from evals.encoders_data import StudyData
from evals.errors import EvaluationDataError
from recsys.cold.measure import CUTS, Scorer, ndcg, place
from recsys.cold.port import FAULTS, Outcome, Problem, Recommender
from recsys.cold.splits import Protocol, Split
from recsys.types import FloatArray, IntArray, Progress

RECOMMENDERS = ("knn", "shallow", "contrastive", "hybrid", "bert4rec")
WITHOUT_CONTENT = ("popularity", "elsa", "ease")
#: Items of a listener's ranking that are kept, for looking at who is shown.
N_FIRST = 20
#: Raised whenever a figure would come out otherwise: what was kept before is computed anew.
_VERSION = 2


@dataclass(frozen=True)
class Cell:
    """One recommender with one encoder on one split."""

    protocol: Protocol
    seed: int
    recommender: str
    encoder: str = ""  # "" of those without content

    @property
    def system(self) -> str:
        """What reports call it."""
        return f"{self.recommender} of {self.encoder}" if self.encoder else self.recommender


@dataclass(frozen=True, eq=False)
class Measured:
    """What one cell came to."""

    cell: Cell
    listeners: IntArray  # (Q,)
    figures: Mapping[str, FloatArray]  # name -> (Q,)
    first: IntArray  # (Q, N_FIRST) items, -1 where there are fewer
    chosen: Mapping[str, Any]
    seconds: float  # of the processor


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    protocols: tuple[Protocol, ...]
    seeds: tuple[int, ...]
    recommenders: tuple[str, ...]
    encoders: tuple[str, ...]
    controls: tuple[str, ...] = ("shuffled", "random", *WITHOUT_CONTENT)
    faults: tuple[str, ...] = ()

    def cells(self, *, dated: bool, n_items: int) -> tuple[list[Cell], list[str]]:
        """Return the cells, those that others build upon first, and what is left out, in words."""
        from recsys.sequential.ease import MOST_ITEMS

        left_out = []
        recommenders = [one for one in self.recommenders if one != "bert4rec" or dated]
        if len(recommenders) < len(self.recommenders):
            left_out.append("bert4rec: these interactions have no times, so nothing comes next")
        controls = [one for one in WITHOUT_CONTENT if one in self.controls]
        if "ease" in controls and n_items > MOST_ITEMS:
            controls.remove("ease")
            left_out.append(f"ease: {n_items:,} items, at most {MOST_ITEMS:,} are inverted")
        tables = list(self.encoders)
        tables += [f"{one} shuffled" for one in self.encoders if "shuffled" in self.controls]
        tables += ["random"] if "random" in self.controls else []
        cells = []
        for protocol in self.protocols:
            alone = controls if protocol == "hot" else [one for one in controls if one == "popularity"]
            for seed in self.seeds:
                cells += [Cell(protocol, seed, one) for one in alone]
                cells += [Cell(protocol, seed, one, table) for one in recommenders for table in tables]
        return cells, left_out


def run_grid(data: StudyData, plan: Plan, *, kept: Path | None, workers: int, progress: Progress) -> Iterator[Measured]:
    """Measure all cells, in the order in which they are done; those that were kept come first.

    Args:
        data: what is recommended.
        plan: which cells.
        kept: folder of cells that are done; a run that was killed goes on from there.
        workers: processes at a time, each of one thread; 1 works in this one.
        progress: told cells.
    """
    cells, _ = plan.cells(dated=data.dated, n_items=len(data.interactions.item_ids))
    folder = None if kept is None else kept / digest(data, plan)
    marks = _marks(data, cells)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    todo, n_done = [], 0
    for cell in cells:
        found = None if folder is None else _read(folder, cell, marks[cell.encoder])
        if found is None:
            todo.append(cell)
        else:
            n_done += 1
            yield found
    progress("cells", n_done, len(cells))
    for found in _measure_all(data, plan, todo, workers, progress if workers == 1 else _quiet):
        if folder is not None:
            _write(folder, found, marks[found.cell.encoder])
        n_done += 1
        progress("cells", n_done, len(cells))
        yield found


def _measure_all(
    data: StudyData, plan: Plan, todo: Sequence[Cell], workers: int, progress: Progress
) -> Iterator[Measured]:
    """Measure cells of one split together, since they share it and what is learnt without content."""
    parts: dict[tuple[str, int, str], list[Cell]] = {}
    for cell in todo:
        # BERT4Rec takes longest, so that its cells are shared out one by one.
        part = cell.system if cell.recommender == "bert4rec" else cell.recommender
        parts.setdefault((cell.protocol, cell.seed, part), []).append(cell)
    ordered = sorted(parts.values(), key=lambda one: -_COST.get(one[0].recommender, 1) * len(one))
    if workers == 1:
        bench = _Bench(data, plan, progress)
        for cells in ordered:
            for cell in cells:
                yield bench.measure(cell)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(data, plan)
    ) as pool:
        running: list[Future[Measured]] = [pool.submit(_measure, cell) for cells in ordered for cell in cells]
        for done in as_completed(running):
            yield done.result()


#: How long a cell takes beside another, so that none is begun last that the others wait for.
_COST = {"bert4rec": 8, "hybrid": 4, "shallow": 3, "contrastive": 3, "elsa": 9, "ease": 9}
_BENCH: list[_Bench] = []


def _begin(data: StudyData, plan: Plan) -> None:
    import torch

    torch.set_num_threads(1)
    _BENCH.append(_Bench(data, plan, _quiet))


def _measure(cell: Cell) -> Measured:
    return _BENCH[0].measure(cell)


def _quiet(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


class _Bench:
    """Measures cells, keeping the last split and what was learnt on it without content."""

    def __init__(self, data: StudyData, plan: Plan, progress: Progress) -> None:
        self.data, self.plan, self.progress = data, plan, progress
        self._split: dict[tuple[Protocol, int], Split] = {}
        self._collaborative: dict[tuple[Protocol, int], Outcome] = {}

    def measure(self, cell: Cell) -> Measured:
        """Fit and ask."""
        began = time.process_time()
        split = self._of(cell)
        outcome = self._fit(cell, split)
        placed = place(outcome.scorer, split.asking, n_first=N_FIRST)
        told = {"ndcg@10": ndcg(outcome.scorer, split.choosing), **outcome.chosen}
        figures = placed.figures()
        if "k50" in self.plan.faults:
            figures = {name: figures[f"{name.partition('@')[0]}@50"] for name in figures}
        seconds = time.process_time() - began
        return Measured(cell, split.asking.listeners, figures, placed.first, told, seconds)

    def _of(self, cell: Cell) -> Split:
        key = (cell.protocol, cell.seed)
        if key not in self._split:
            self._split[key] = self.data.split(*key)
        return self._split[key]

    def _fit(self, cell: Cell, split: Split) -> Outcome:
        if cell.recommender == "elsa":
            return self._elsa(cell, split)
        if not cell.encoder:
            return Outcome(without_content(cell.recommender, split))
        content = self.data.content(cell.encoder, cell.seed)
        problem = Problem(split, content, cell.seed, faults=self.plan.faults, progress=self.progress)
        if cell.recommender == "contrastive":
            items = self._elsa(cell, split).scorer.items  # type: ignore[attr-defined]
            problem = replace(problem, collaborative=items)
        return open_recommender(cell.recommender)(problem)

    def _elsa(self, cell: Cell, split: Split) -> Outcome:
        from recsys.cold.elsa import fit_elsa

        key = (cell.protocol, cell.seed)
        if key not in self._collaborative:
            # New items are not in its space, so that what is chosen by cold items cannot choose its epochs.
            choosing = split.choosing if split.protocol == "hot" else None
            found, best = fit_elsa(split.history, choosing, seed=cell.seed, progress=self.progress)
            self._collaborative[key] = Outcome(found, {"ndcg@10": best.figure, "epoch": best.epoch})
        return self._collaborative[key]


def without_content(name: str, split: Split) -> Scorer:
    """Fit a control that learns from listening alone."""
    from recsys.cold.linear import Ease, Popularity

    return Popularity.fit(split.history) if name == "popularity" else Ease.fit(split.history)


def open_recommender(name: str) -> Recommender:
    """Return what fits a recommender of the study."""
    from recsys.cold.hybrid import fit_hybrid
    from recsys.cold.nearest import fit_nearest
    from recsys.cold.ordered import fit_ordered
    from recsys.cold.projection import fit_projection
    from recsys.cold.shallow import fit_shallow

    return {
        "knn": fit_nearest,
        "shallow": fit_shallow,
        "contrastive": fit_projection,
        "hybrid": fit_hybrid,
        "bert4rec": fit_ordered,
    }[name]


def choose_faults(text: str | None) -> tuple[str, ...]:
    """Read `--as-published knn-rows,k50`.

    Raises:
        EvaluationDataError: there is no such fault.
    """
    chosen = tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    for one in chosen:
        if one not in FAULTS:
            raise EvaluationDataError(f"no fault {one!r} of the published code; expected some of {', '.join(FAULTS)}")
    return chosen


def digest(data: StudyData, plan: Plan) -> str:
    """Tell apart what is kept of different data, faults and versions."""
    found = hashlib.sha256(json.dumps([_VERSION, data.name, plan.faults]).encode())
    pairs = data.interactions
    for column in (pairs.listeners, pairs.items, pairs.groups, *([] if pairs.times is None else [pairs.times])):
        found.update(np.ascontiguousarray(column).tobytes())
    return found.hexdigest()[:16]


def _marks(data: StudyData, cells: Sequence[Cell]) -> dict[str, str]:
    """Tell apart what is kept of tables of one name; a further encoder leaves what is kept of the others as it is."""
    found = {"": ""}
    for name in dict.fromkeys(cell.encoder for cell in cells if cell.encoder):
        vectors = np.ascontiguousarray(data.content(name.removesuffix(" shuffled"), 0).vectors)
        found[name] = hashlib.sha256(vectors.tobytes()).hexdigest()[:8]
    return found


def _file(folder: Path, cell: Cell, mark: str) -> Path:
    parts = [str(one).replace(" ", "_") for one in (*asdict(cell).values(), mark) if one != ""]
    return folder / ("-".join(parts) + ".npz")


def _write(folder: Path, found: Measured, mark: str) -> None:
    path = _file(folder, found.cell, mark)
    told = json.dumps({"chosen": found.chosen, "seconds": found.seconds, "cuts": list(CUTS)})
    columns: dict[str, Any] = {name.replace("@", "_at_"): value for name, value in found.figures.items()}
    columns |= {"listeners": found.listeners, "first": found.first}
    columns["told"] = np.frombuffer(told.encode(), dtype=np.uint8)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **columns)
    os.replace(part, path)


def _read(folder: Path, cell: Cell, mark: str) -> Measured | None:
    path = _file(folder, cell, mark)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as kept:
        told = json.loads(kept["told"].tobytes().decode())
        figures = {name.replace("_at_", "@"): kept[name] for name in kept.files if "_at_" in name}
        return Measured(cell, kept["listeners"], figures, kept["first"], told["chosen"], float(told["seconds"]))
