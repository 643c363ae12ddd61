"""Figures of every system on every set of queries: rankings scored, means, paired differences, what lies beyond.

Definitions and conventions are those of `evals.metrics` and `evals.jam`; here they are computed in bulk. A score of
minus infinity means that a system refuses to rank an item: such an item counts as not ranked.

Shapes: Q queries of a set, U listeners, N items, B a block of queries, k ranks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from evals.jam_beyond import Beyond
from evals.metrics import summarise
from evals.report import Report
from evals.trec import Ranked, TrecFolder
from recsys.jam.dataset import JamSplit
from recsys.types import FloatArray, IntArray

METRICS = ("ndcg@10", "recall@10", "ndcg@100", "recall@100")
_DEPTH = 100


@dataclass(frozen=True, eq=False)
class Questions:
    """Queries that are scored together, and what is neither candidate nor target of them."""

    name: str  # of the subset
    asked: JamSplit  # (Q,)
    heard: csr_array | None = None  # (U, N) play history; with it the subset comes a second time, for discovery
    ruled_out: csr_array | None = None  # (Q, N)

    @property
    def subsets(self) -> tuple[tuple[str, bool], ...]:
        """The names under which the queries are reported, and whether what was heard is left out there."""
        if self.heard is None:
            return ((self.name, False),)
        return (self.name, False), ("discovery" if self.name == "all" else f"{self.name}-discovery", True)

    def left_out(self, query: int, *, discovery: bool) -> IntArray:
        """Return the items that are neither candidates nor targets of a query."""
        out = [np.empty(0, np.int64)]
        if self.ruled_out is not None:
            out.append(_columns(self.ruled_out, query))
        if discovery and self.heard is not None:
            out.append(_columns(self.heard, int(self.asked.users[query])))
        return np.concatenate(out)


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
class Scores:
    """Figures per system, seed, subset and query."""

    beyond: Beyond
    trec: TrecFolder | None = None
    values: dict[str, dict[int, dict[str, dict[int, dict[str, float]]]]] = field(default_factory=dict)
    shown: dict[str, dict[int, IntArray]] = field(default_factory=dict)  # top 10 (Q, 10) by system and seed
    lines: list[dict[str, Any]] = field(default_factory=list)  # one per query, system, seed and subset

    def add(self, system: str, seed: int, questions: Questions, scored: Iterable[tuple[IntArray, FloatArray]]) -> None:
        """Score one fitted system, given positions of queries (B,) with their scores (B, N), block by block."""
        ranked: dict[str, list[Ranked]] = {name: [] for name, _ in questions.subsets}
        shown = []
        for numbers, scores in scored:
            for name, discovery in questions.subsets:
                ranked[name] += _rank(questions, numbers, scores, discovery=discovery)
            shown.append(top(scores, 10))
        if questions.name == "all":
            self.shown.setdefault(system, {})[seed] = np.concatenate(shown)
        by_subset = self.values.setdefault(system, {}).setdefault(seed, {})
        for subset, rankings in ranked.items():
            by_subset[subset] = {}
            for one in rankings:
                found = ranked_metrics(one.rows, one.relevant)
                by_subset[subset][one.number] = found
                query = {"query_idx": one.query_idx, "system": system, "seed": seed, "subset": subset}
                self.lines.append(query | found)
            if self.trec is not None:
                self.trec.write(subset, system, seed, rankings)

    def fill(
        self, report: Report, systems: Sequence[str], *, baselines: Sequence[str], against: Sequence[str] = ()
    ) -> None:
        """Put means, paired differences and what lies beyond accuracy into the report.

        Args:
            report: to fill.
            systems: in the order of the report.
            baselines: the best of them that ran is what every other system is compared with,
            against: unless these are named.
        """
        for system in systems:
            for subset in self._subsets(system):
                self._summaries(report, system, subset, system)
            for metric, (values, groups) in self.beyond.of(self.shown[system]).items():
                report.add(system, "all", metric, summarise(values, groups=groups))
        rivals = [one for one in systems if one in baselines]
        others = against or ([max(rivals, key=self._mean)] if rivals else [])
        for other in others:
            for system in systems:
                for subset in self._subsets(system) if system != other else ():
                    self._summaries(report, f"{system} - {other}", subset, system, other)

    def _summaries(self, report: Report, title: str, subset: str, system: str, minus: str | None = None) -> None:
        seeds = self.values[system]
        for metric in METRICS:
            values, groups = [], []
            for seed, by_subset in seeds.items():
                for number, found in by_subset[subset].items():
                    value = found[metric]
                    if minus is not None:
                        value -= self._of_seed(minus, seed)[subset][number][metric]
                    values.append(value)
                    groups.append(number)
            if values:
                report.add(title, subset, metric, summarise(values, groups=groups))
                if minus is None and len(seeds) > 1:
                    means = [float(np.mean([f[metric] for f in one[subset].values()])) for one in seeds.values()]
                    report.add(title, subset, f"{metric}_of_seeds", summarise(means))

    def _of_seed(self, system: str, seed: int) -> Mapping[str, Mapping[int, Mapping[str, float]]]:
        """Figures of a seed; of the only one where nothing random enters a system."""
        seeds = self.values[system]
        return seeds[seed if seed in seeds else next(iter(seeds))]

    def _subsets(self, system: str) -> Sequence[str]:
        return tuple(next(iter(self.values[system].values())))

    def _mean(self, system: str) -> float:
        return float(np.mean([f["ndcg@10"] for one in self.values[system].values() for f in one["all"].values()]))


def _rank(questions: Questions, numbers: IntArray, scores: FloatArray, *, discovery: bool) -> Iterator[Ranked]:
    """Rank candidates (B, N) for every query that has a target left."""
    asked, allowed = questions.asked, scores.copy()
    targets = []
    for line, number in enumerate(numbers.tolist()):
        out = questions.left_out(number, discovery=discovery)
        allowed[line, out] = -np.inf
        targets.append(np.setdiff1d(asked.relevant(number), out))
    for line, rows in enumerate(top(allowed, _DEPTH)):
        values = allowed[line, rows]
        ranked = np.isfinite(values)
        if len(targets[line]):
            number = int(numbers[line])
            yield Ranked(number, int(asked.query_idxs[number]), rows[ranked], values[ranked], targets[line])


def _columns(matrix: csr_array, row: int) -> IntArray:
    columns: IntArray = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].astype(np.int64)
    return columns
