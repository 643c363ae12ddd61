"""Reading the files that a precomputed space comes in: a `.npy` table of numbers, and the ids of its rows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import RecsysError

#: Headers of the column of ids, the surest first.
_ID_COLUMNS = ("id", "track_id", "listener_id", "item_id", "user_id")


class SpaceError(RecsysError, ValueError):
    """Precomputed vectors cannot be taken in."""

    def __init__(self, what: object, problem: str, remedy: str) -> None:
        super().__init__(f"cannot take in {what}: {problem}; {remedy}")
        self.what, self.problem, self.remedy = what, problem, remedy


def read_ids(path: Path) -> list[str]:
    """Read ids, one per line, or from the id column of a CSV or TSV file.

    Raises:
        SpaceError: the file cannot be read, has no id column, or an id is empty or there twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(path, str(error), "give a text file of ids") from error
    while lines and not lines[-1].strip():
        lines.pop()
    delimiter = "\t" if lines and "\t" in lines[0] else ","
    header = [cell.strip().lower() for cell in next(csv.reader(lines[:1], delimiter=delimiter), [])]
    column = next((header.index(name) for name in _ID_COLUMNS if name in header), None)
    if column is not None:
        rows = [(number, row) for number, row in enumerate(csv.reader(lines[1:], delimiter=delimiter), start=2)]
        ids = [(number, row[column].strip() if column < len(row) else "") for number, row in rows]
    elif path.suffix.lower() in (".csv", ".tsv") and len(header) > 1:
        raise SpaceError(path, f"its columns are {', '.join(header)}", f"call the ids' column {_ID_COLUMNS[0]}")
    else:
        ids = [(number, line.strip()) for number, line in enumerate(lines, start=1)]
    first: dict[str, int] = {}
    for number, one in ids:
        if not one:
            raise SpaceError(path, f"line {number} has no id", "give one id for each row")
        if one in first:
            raise SpaceError(path, f"{one!r} is in lines {first[one]} and {number}", "give each id one row")
        first[one] = number
    return list(first)


def open_vectors(path: Path) -> np.ndarray[Any, Any]:
    """Map a `.npy` file (n, D) of numbers.

    Raises:
        SpaceError: it is none.
    """
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SpaceError(path, f"it is no .npy file ({error})", "write it with numpy.save, as numbers") from error
    if not isinstance(table, np.ndarray) or table.ndim != 2 or 0 in table.shape or table.dtype.kind not in "fiu":
        told = f"it is {table.dtype} of shape {table.shape}" if isinstance(table, np.ndarray) else "it is an archive"
        raise SpaceError(path, told, "give one array (rows, width) of numbers")
    return table
