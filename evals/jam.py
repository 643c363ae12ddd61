"""Which items answer a listener's request? Every variant of JAM, its baselines and the product, on one data set.

Task. A data set in the JAM file format holds requests in the order of time, each by one listener and with the items
that answered it. Systems are fitted on `train`, of which the last tenth is for choosing (stopping early, weighing); a
system may refit on both, and one that chooses nothing is fitted on all of it. Then every query of the split asked for
is scored against all N items.

Conventions. Rankings are by score, ties by item row. Metrics are those of `evals.metrics`: Recall and NDCG @10 and @100
with binary gains, means over queries; a query's seeds are resampled together. Subsets:

    all         as given: every item is a candidate. The published masking removes the training items of the *same*
                query index, which masks nothing, for no query stands in two splits.
    discovery   the items of the listener's undated play history are taken out of candidates and targets; queries with
                no target left are skipped. There is no such subset without `listening.tsv`.

The play history is undated and holds many of the answers, so both are always reported; claims about personalisation
rest on discovery. A - B is the paired difference of two systems, query by query.

Beside accuracy, under `all`: `coverage@10`, the share of all items that some list shows; `popularity@10`, the mean
popularity percentile of what is shown, by training answers; `personalisation@10`, one minus the mean overlap (Jaccard)
of the lists of two listeners with the same request; `own_choice@10`, by how much more of a listener's answers their own
list finds than the other's does.

Shapes: Q queries of the split, N items, B a block of queries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.errors import EvaluationDataError, UnknownSystemError
from evals.metrics import summarise
from evals.report import Report
from recsys.encoders.text import TextEncoder
from recsys.jam.dataset import JamDataset, JamSplit, statistics
from recsys.jam.files import encode_queries, read_jam
from recsys.jam.systems import SYSTEMS as TRAINED
from recsys.jam.systems import open_system
from recsys.jam.task import JamSystem, JamTask
from recsys.types import FloatArray, IntArray, Progress

METRICS = ("ndcg@10", "recall@10", "ndcg@100", "recall@100")
#: What nothing random enters, so that one seed stands for all, and what chooses nothing.
UNSEEDED = ("pop", "memory", "ease", "counting")
#: What a learned system has to beat: the best of these that ran.
BASELINES = ("pop", "memory", "ease", "counting", "segue-counts")
#: Share of the training requests, the latest, that is for choosing.
CHOOSE = 0.1
_DEPTH, _BLOCK = 100, 256


def _product() -> JamSystem:
    from evals.jam_product import ProductSystem

    return ProductSystem()


def _part(part: Any) -> Callable[[], JamSystem]:
    def make() -> JamSystem:
        from recsys.jam.joint_system import JointSystem

        return JointSystem(part)

    return make


#: Our own: the product as it ships, JAM's translation alone, and the counts alone.
OURS: Mapping[str, Callable[[], JamSystem]] = {
    "segue": _product,
    "segue-jam": _part("translation"),
    "segue-counts": _part("counts"),
}
SYSTEMS = (*OURS, *TRAINED)


def choose_systems(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of systems; "all" is everything, package.module:Class one of your own.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in (*SYSTEMS, "all") and ":" not in name:
            raise UnknownSystemError(name, SYSTEMS)
    return SYSTEMS if "all" in wanted else tuple(dict.fromkeys(wanted))


def open_named(name: str) -> JamSystem:
    """Make a system, not yet fitted."""
    return OURS[name]() if name in OURS else open_system(name)


def evaluate(
    folder: Path,
    seeds: Sequence[int],
    systems: Sequence[str],
    *,
    split: str,
    encoder: TextEncoder,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[dict[str, Any]]]:
    """Fit and score every system; return the report, and one line of figures per query, system and seed.

    Args:
        folder: the data set, or its `processed` subfolder.
        seeds: one fit each.
        systems: which systems.
        split: val or test.
        encoder: of the request texts.
        kept: where encoded texts and the state of killed runs are kept, if anywhere.
        progress: told about every stage.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it lacks the split, or training requests.
    """
    dataset = read_jam(folder)
    for name in ("train", split):
        if name not in dataset.splits:
            raise EvaluationDataError(
                f"{folder} has no {name}_split.tsv; it has {', '.join(dataset.splits)}: give --split one of those"
            )
    encode = _encoder(encoder, kept)
    task, asked = make_task(dataset, encode), dataset.splits[split]
    scores = _Scores(task.dataset, task, asked)
    for system in systems:
        for seed in seeds if system not in UNSEEDED else seeds[:1]:
            fitted = open_named(system)
            seen = replace(task, train=dataset.splits["train"], choose=None) if system in UNSEEDED else task
            fitted.fit(seen, seed=seed, folder=None if kept is None else kept / "jam", progress=progress)
            scores.add(system, seed, blocks(fitted, asked, progress, f"rank: {system}, seed {seed}"))
    said = {
        "data": folder,
        "split": split,
        "models": list(systems),
        "encoder": encoder.name,
        "history": "none" if dataset.plays is None else "listening.tsv",
        "statistics": statistics(dataset),
    }
    report = Report("segue eval jam", said, seeds)
    scores.fill(report, systems)
    return report, scores.lines


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON object per line."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def make_task(dataset: JamDataset, encode: Callable[[Sequence[str]], FloatArray]) -> JamTask:
    """Take what systems may see of a data set: its training requests, the last tenth for choosing."""
    train = dataset.splits["train"]
    cut = len(train) - max(int(len(train) * CHOOSE), 1)
    return JamTask(
        replace(dataset, splits={}), train.take(np.arange(cut)), train.take(np.arange(cut, len(train))), encode
    )


def blocks(
    system: JamSystem, asked: JamSplit, progress: Progress | None = None, stage: str = "rank"
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield positions of queries (B,) with their scores (B, N), block by block."""
    for start in range(0, len(asked), _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, len(asked)))
        yield numbers, system.score(asked.texts[start : start + _BLOCK], asked.users[numbers])
        if progress:
            progress(stage, int(numbers[-1]) + 1, len(asked))


def top(scores: FloatArray, k: int) -> IntArray:
    """Rank: the k best columns of every row (B, N), ties by column: (B, k)."""
    k = min(k, scores.shape[1])
    floor = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]  # (B, 1)
    best = np.empty((len(scores), k), np.int64)
    for line, row in enumerate(scores):
        among = np.flatnonzero(row >= floor[line])
        best[line] = among[np.argsort(-row[among], kind="stable")[:k]]
    return best


def ranked_metrics(ranking: IntArray, relevant: IntArray) -> dict[str, float]:
    """Compute `METRICS` of one ranking (k,) of item rows; `relevant` is not empty."""
    hits = np.isin(ranking, relevant)
    discounts = 1 / np.log2(np.arange(2, _DEPTH + 2))
    found = {}
    for k in (10, 100):
        gained = float((hits[:k] * discounts[: len(hits[:k])]).sum())
        found[f"ndcg@{k}"] = gained / float(discounts[: min(k, len(relevant))].sum())
        found[f"recall@{k}"] = float(hits[:k].sum()) / len(relevant)
    return found


@dataclass
class _Scores:
    """Figures per system, seed, subset and query."""

    dataset: JamDataset
    task: JamTask
    asked: JamSplit
    values: dict[str, dict[int, dict[str, dict[int, dict[str, float]]]]] = field(default_factory=dict)
    shown: dict[str, dict[int, IntArray]] = field(default_factory=dict)  # top 10 (Q, 10) by system and seed
    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, system: str, seed: int, scored: Iterator[tuple[IntArray, FloatArray]]) -> None:
        """Score one fitted system."""
        by_subset: dict[str, dict[int, dict[str, float]]] = {"all": {}}
        shown = []
        for numbers, scores in scored:
            shown.append(self._rank(numbers, scores, by_subset["all"]))
            if self.dataset.plays is not None:
                self._rank(numbers, scores.copy(), by_subset.setdefault("discovery", {}), masked=True)
        self.values.setdefault(system, {})[seed] = by_subset
        self.shown.setdefault(system, {})[seed] = np.concatenate(shown)
        for subset, by_query in by_subset.items():
            for number, found in by_query.items():
                query = {"query_idx": int(self.asked.query_idxs[number]), "system": system, "seed": seed}
                self.lines.append({**query, "subset": subset, **found})

    def fill(self, report: Report, systems: Sequence[str]) -> None:
        """Put means, paired differences to the best baseline, and what lies beyond accuracy into the report."""
        for system in systems:
            for subset in self._subsets(system):
                self._summaries(report, system, subset, system)
            for metric, values in self._beyond(system).items():
                report.add(system, "all", metric, summarise(values))
        rivals = [one for one in systems if one in BASELINES]
        if rivals:
            best = max(rivals, key=lambda one: self._mean(one))
            for system in systems:
                for subset in self._subsets(system) if system != best else ():
                    self._summaries(report, f"{system} - {best}", subset, system, best)

    def _summaries(self, report: Report, title: str, subset: str, system: str, minus: str | None = None) -> None:
        seeds = self.values[system]
        for metric in METRICS:
            values, groups = [], []
            for seed, by_subset in seeds.items():
                for number, found in by_subset[subset].items():
                    value = found[metric]
                    if minus is not None:
                        other = self.values[minus]
                        value -= other[seed if seed in other else next(iter(other))][subset][number][metric]
                    values.append(value)
                    groups.append(number)
            if values:
                report.add(title, subset, metric, summarise(values, groups=groups))
                if minus is None and len(seeds) > 1:
                    means = [float(np.mean([f[metric] for f in one[subset].values()])) for one in seeds.values()]
                    report.add(title, subset, f"{metric}_of_seeds", summarise(means))

    def _subsets(self, system: str) -> Sequence[str]:
        return tuple(next(iter(self.values[system].values())))

    def _mean(self, system: str) -> float:
        return float(np.mean([f["ndcg@10"] for one in self.values[system].values() for f in one["all"].values()]))

    def _rank(
        self, numbers: IntArray, scores: FloatArray, into: dict[int, dict[str, float]], *, masked: bool = False
    ) -> IntArray:
        heard: dict[int, IntArray] = {}
        if masked:
            for line, number in enumerate(numbers.tolist()):
                heard[number] = _heard(self.dataset, int(self.asked.users[number]))
                scores[line, heard[number]] = -np.inf
        best = top(scores, _DEPTH)
        for line, number in enumerate(numbers.tolist()):
            relevant, ranking = self.asked.relevant(number), best[line]
            if masked:
                relevant = np.setdiff1d(relevant, heard[number])
                ranking = ranking[np.isfinite(scores[line, ranking])]
            if len(relevant):
                into[number] = ranked_metrics(ranking, relevant)
        return best[:, :10]

    def _beyond(self, system: str) -> dict[str, list[float]]:
        given = np.bincount(self.task.train.items, minlength=self.dataset.n_items)
        percentile = given.argsort(kind="stable").argsort(kind="stable") / max(self.dataset.n_items - 1, 1)
        found: dict[str, list[float]] = {"coverage@10": [], "popularity@10": []}
        pairs = _same_requests(self.asked)
        for shown in self.shown[system].values():
            found["coverage@10"].append(len(np.unique(shown)) / self.dataset.n_items)
            found["popularity@10"].append(float(percentile[shown].mean()))
            if pairs:
                apart, own = zip(*(self._two(shown, *pair) for pair in pairs), strict=True)
                found.setdefault("personalisation@10", []).append(float(np.mean(apart)))
                found.setdefault("own_choice@10", []).append(float(np.mean(own)))
        return found

    def _two(self, shown: NDArray[np.int64], a: int, b: int) -> tuple[float, float]:
        lists = set(shown[a].tolist()), set(shown[b].tolist())
        apart = 1 - len(lists[0] & lists[1]) / len(lists[0] | lists[1])
        gains = []
        for query, own, other in ((a, *lists), (b, *reversed(lists))):
            relevant = set(self.asked.relevant(query).tolist())
            gains.append((len(own & relevant) - len(other & relevant)) / len(relevant))
        return apart, float(np.mean(gains))


def _same_requests(asked: JamSplit) -> list[tuple[int, int]]:
    """Pair each query with the next one that says the same by another listener."""
    last: dict[str, int] = {}
    pairs = []
    for number, text in enumerate(asked.texts):
        if text in last and asked.users[last[text]] != asked.users[number]:
            pairs.append((last[text], number))
        last[text] = number
    return pairs


def _heard(dataset: JamDataset, user: int) -> IntArray:
    plays = dataset.plays
    if plays is None:
        return np.empty(0, np.int64)
    rows: IntArray = plays.indices[plays.indptr[user] : plays.indptr[user + 1]].astype(np.int64)
    return rows


def _encoder(encoder: TextEncoder, kept: Path | None) -> Callable[[Sequence[str]], FloatArray]:
    """Encode texts, each distinct one once while the evaluation runs."""
    known: dict[str, FloatArray] = {}

    def encode(texts: Sequence[str]) -> FloatArray:
        new = sorted({text for text in texts if text not in known})
        if new:
            vectors = encode_queries(new, encoder, None if kept is None else kept / "cache" / "embeddings")
            known.update(zip(new, vectors, strict=True))
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, encoder.dim), np.float32)

    return encode
