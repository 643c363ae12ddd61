"""Rankings and answers in the files that other evaluation tools read (TREC).

    <folder>/<subset>/<system>-<seed>.run    query Q0 item rank score tag, rank from 1, at most 100 items a query
    <folder>/<subset>/qrels                  query 0 item 1, one line for each answer
    <folder>/<subset>/qrels-<seed>           the same where the seed draws the queries

In a data set a query is its `query_idx`, an item its row; elsewhere both are ids, white space in them written as in an
address (%20). Where only the order is known, the score is minus the rank. A query for which nothing is ranked has no
line in the run; `trec_eval -c` counts it as we do, as 0.

Tools rank by score alone and break ties in ways of their own, and some hold scores as 32-bit floats: so scores are
written as such, and an item that ties with the one before it is given the next smaller float. Format: Voorhees & Harman
(2005), "TREC: Experiment and Evaluation in Information Retrieval".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

from recsys.types import FloatArray, IntArray

#: What may not be in a file name or ends a column.
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, eq=False)
class Ranked:
    """One query's ranking and what answers it."""

    number: int  # position among the queries
    query_idx: int  # as in the data set's file
    rows: IntArray  # (k,) item rows, best first
    scores: FloatArray  # (k,) descending
    relevant: IntArray  # item rows, at least one


@dataclass(frozen=True)
class Entry:
    """One query's ranking and what answers it, by their names."""

    query: str
    items: Sequence[str]  # best first
    relevant: Sequence[str]  # at least one
    scores: FloatArray | None = None  # (k,) descending; by default minus the rank

    def __post_init__(self) -> None:
        """Write white space as in an address, for it ends a column."""
        object.__setattr__(self, "query", _column(self.query))
        object.__setattr__(self, "items", tuple(map(_column, self.items)))
        object.__setattr__(self, "relevant", tuple(map(_column, self.relevant)))


@dataclass
class TrecFolder:
    """Writes run files, and qrels once per subset, or per subset and seed."""

    folder: Path
    by_seed: bool = False  # whether the seed draws the queries
    _with_answers: set[str] = field(default_factory=set)

    def write(self, subset: str, system: str, seed: int, rankings: Sequence[Ranked]) -> None:
        """Write the run of a system on a data set; the folder is made where there is none."""
        entries = [Entry(str(one.query_idx), _names(one.rows), _names(one.relevant), one.scores) for one in rankings]
        self.write_entries(subset, system, seed, entries)

    def write_entries(self, subset: str, system: str, seed: int, entries: Sequence[Entry]) -> None:
        """Write the run of a system; the folder is made where there is none."""
        folder = self.folder / safe_name(subset)
        folder.mkdir(parents=True, exist_ok=True)
        name = safe_name(system)
        lines = []
        for one in entries:
            scores = -np.arange(1, len(one.items) + 1, dtype=np.float32) if one.scores is None else one.scores
            for rank, (item, score) in enumerate(zip(one.items, strict_scores(scores), strict=True), 1):
                lines.append(f"{one.query} Q0 {item} {rank} {score:.9g} {name}\n")
        (folder / f"{name}-{seed}.run").write_text("".join(lines), encoding="utf-8")
        qrels = f"qrels-{seed}" if self.by_seed else "qrels"
        if f"{subset}/{qrels}" not in self._with_answers:
            self._with_answers.add(f"{subset}/{qrels}")
            answers = [f"{one.query} 0 {item} 1\n" for one in entries for item in one.relevant]
            (folder / qrels).write_text("".join(answers), encoding="utf-8")


def _names(rows: IntArray) -> tuple[str, ...]:
    return tuple(map(str, rows.tolist()))


def _column(name: str) -> str:
    return re.sub(r"[\s%]", lambda found: quote(found[0]), name)


def safe_name(name: str) -> str:
    """Return a name as it may stand in a file name and in a column: `my.module:Class` is `my.module_Class`."""
    return _UNSAFE.sub("_", name)


def strict_scores(scores: FloatArray) -> list[float]:
    """Make descending scores (k,) strictly descending as 32-bit floats, which nine digits write exactly."""
    strict: list[float] = []
    for score in np.asarray(scores, np.float32):
        below = score if not strict else min(score, np.nextafter(np.float32(strict[-1]), np.float32(-np.inf)))
        strict.append(float(below))
    return strict
