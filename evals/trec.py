"""Rankings and answers in the files that other evaluation tools read (TREC).

    <folder>/<subset>/<system>-<seed>.run    query Q0 item rank score tag, rank from 1, at most 100 items a query
    <folder>/<subset>/qrels                  query 0 item 1, one line for each answer

A query is its `query_idx`, an item its row. Tools rank by score alone and break ties in ways of their own, and some
hold scores as 32-bit floats: so scores are written as such, and an item that ties with the one before it is given the
next smaller float. Format: Voorhees & Harman (2005), "TREC: Experiment and Evaluation in Information Retrieval".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class TrecFolder:
    """Writes run files, and qrels once per subset."""

    folder: Path
    _with_answers: set[str] = field(default_factory=set)

    def write(self, subset: str, system: str, seed: int, rankings: Sequence[Ranked]) -> None:
        """Write the run of a system; the folder is made where there is none."""
        folder = self.folder / safe_name(subset)
        folder.mkdir(parents=True, exist_ok=True)
        name = safe_name(system)
        lines = []
        for one in rankings:
            for rank, (row, score) in enumerate(zip(one.rows.tolist(), strict_scores(one.scores), strict=True), 1):
                lines.append(f"{one.query_idx} Q0 {row} {rank} {score:.9g} {name}\n")
        (folder / f"{name}-{seed}.run").write_text("".join(lines), encoding="utf-8")
        if subset not in self._with_answers:
            self._with_answers.add(subset)
            answers = [f"{one.query_idx} 0 {row} 1\n" for one in rankings for row in one.relevant.tolist()]
            (folder / "qrels").write_text("".join(answers), encoding="utf-8")


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
