"""A benchmark's folder (`recsys.sequential.benchmark`), read back: sessions, questions, candidates and vectors.

Items are those of `items.json`, in the order of their numbers, with names; those that train never has are among them,
since they are asked for, or drawn as negatives. Of each session of validation or test the last step is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys.sequential.benchmark import CARD, PARTS
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.reading import lines_of
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, IntArray

ASKED_PARTS = PARTS[1:]
_WHOLE = "check the folder with `segue benchmark check`, or build it anew"


@dataclass(frozen=True)
class Benchmark:
    """What is learnt from and what is asked."""

    train: Sequences
    questions: Questions  # one for each session of the part; Q of them
    listeners: tuple[str, ...]  # (Q,) whose sessions they are
    candidates: IntArray | None  # (Q, C) negatives of each question, -1 for none


def is_benchmark(path: Path) -> bool:
    """Say whether a path is a benchmark's folder."""
    return (path / CARD).is_file() and (path / "train.txt").is_file()


def read_benchmark(folder: Path, part: str = "test") -> Benchmark:
    """Read what is learnt from and what is asked.

    Args:
        folder: as `segue benchmark build` writes it.
        part: "validation" or "test".

    Raises:
        SequenceDataError: a file is missing, or is not as it was written.
    """
    names = _item_names(folder)
    train, asked = (_sessions(folder, name, names) for name in ("train", part))
    if not len(train) or (asked.lengths < 1).any():
        raise SequenceDataError(folder, None, "train or a session is empty", _WHOLE)
    questions = Questions(asked.shortened(asked.lengths - 1), asked.items[asked.offsets[1:] - 1])
    listeners = tuple(owner.rpartition("/")[0] or owner for owner in asked.owners)
    return Benchmark(train, questions, listeners, _candidates(folder / f"{part}.candidates.npy", questions))


def read_vectors(folder: Path, names: Sequence[str]) -> dict[str, FloatArray]:
    """Return the vectors of items by what they are called, and those of the attributes, (I, D) each.

    Args:
        folder: as `segue benchmark build` writes it.
        names: of the items (I,), or their numbers as the benchmark's files of sessions have them.

    Raises:
        SequenceDataError: a file is missing, is not as it was written, or knows none of the items.
    """
    called = _item_names(folder)
    rows = {str(row + 1): row for row in range(len(called))} | {name: row for row, name in enumerate(called)}
    places = np.array([rows.get(name, -1) for name in names], dtype=np.int64)
    if not (places >= 0).any():
        raise SequenceDataError(folder / "items.json", None, "it has none of the items", "name their own benchmark")
    found = {path.stem: _array(path, len(called)) for path in sorted((folder / "vectors").glob("*.npy"))}
    if (path := folder / "attributes.npy").is_file():
        values = _array(path, len(called), unknown=True)
        # An unknown value is neither end, as in the product's space of attributes.
        found["attributes"] = np.nan_to_num(np.concatenate([values, 1 - values], axis=1), nan=0.0)
    if not found:
        raise SequenceDataError(folder, None, "it has no vectors", "build it with --embeddings or --attributes")
    joined = {name: np.where((places >= 0)[:, None], one[places], 0) for name, one in found.items()}
    return {name: one.astype(np.float32) for name, one in joined.items() if one.any()}


def _item_names(folder: Path) -> tuple[str, ...]:
    path = folder / "items.json"
    try:
        called = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(str(called[str(number)]) for number in range(1, len(called) + 1))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SequenceDataError(path, None, f"it cannot be read ({type(error).__name__})", _WHOLE) from error
    if not found:
        raise SequenceDataError(path, None, "it names no item", _WHOLE)
    return found


def _sessions(folder: Path, part: str, names: tuple[str, ...]) -> Sequences:
    """Read the sessions of a part, with completion where that is known."""
    path, owners, sessions = folder / f"{part}.txt", list[str](), list[list[int]]()
    for number, line in lines_of(path):
        owner, *items = line.split()
        if not all(item.isdecimal() and 0 < int(item) <= len(names) for item in items):
            raise SequenceDataError(path, number, f"an item is no number from 1 to {len(names):,}", _WHOLE)
        owners.append(owner)
        sessions.append([int(item) - 1 for item in items])
    read = Sequences.of(sessions, names, owners)
    if not (known := folder / f"{part}.completion.txt").is_file():
        return read
    try:
        cells = [float("nan" if cell == "-" else cell) for _, line in lines_of(known) for cell in line.split()]
        return replace(read, completion=np.array(cells, dtype=np.float32))
    except ValueError as error:
        problem = str(error) if isinstance(error, SequenceDataError) else "it has not one value for each step"
        raise SequenceDataError(known, None, problem, _WHOLE) from error


def _candidates(path: Path, questions: Questions) -> IntArray | None:
    """Read the negatives of each question; None where the benchmark has none for this part."""
    if not path.is_file():
        return None
    numbers = _array(path, len(questions), numbers=True).astype(np.int64)
    largest = questions.prefixes.n_items
    if (numbers[:, 0] != questions.targets + 1).any() or not 0 <= numbers.min() <= numbers.max() <= largest:
        raise SequenceDataError(path, None, "its first column is not the targets", _WHOLE)
    return np.asarray(numbers[:, 1:] - 1)


def _array(path: Path, n_rows: int, *, numbers: bool = False, unknown: bool = False) -> FloatArray:
    """Read a table with one row for each item or question."""
    try:
        table: FloatArray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SequenceDataError(path, None, f"it cannot be read ({type(error).__name__})", _WHOLE) from error
    kind = np.integer if numbers else np.floating
    if table.ndim != 2 or len(table) != n_rows or not table.shape[1] or not np.issubdtype(table.dtype, kind):
        problem = f"it is {table.dtype} of shape {table.shape}, and {n_rows:,} rows were expected"
        raise SequenceDataError(path, None, problem, _WHOLE)
    if not numbers and not unknown and not np.isfinite(table).all():
        raise SequenceDataError(path, None, "some of its values are no finite numbers", _WHOLE)
    return table
