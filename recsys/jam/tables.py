"""The delimited text of the JAM file format into columns, numbers and lists, with the line of whatever is wrong.

Conventions: UTF-8, a byte order mark and CRLF allowed, one header line, empty lines skipped. Where the header holds
a tab, cells are what lies between tabs and quotes are text; else cells lie between commas, quoted where needed.
"""

from __future__ import annotations

import ast
import codecs
import csv
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from recsys.jam.dataset import JamFormatError
from recsys.types import FloatArray, IntArray

#: What fits into int64 however it is written.
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_INTEGERS = re.compile(r"\[(?:0|[1-9][0-9]{0,17})(?:, ?(?:0|[1-9][0-9]{0,17}))*\]")

#: Longest list given to the real parser, in characters: its syntax tree takes some hundred times the memory.
_MAX_LITERAL = 1_000_000


@dataclass(frozen=True)
class Table:
    """The rows of a file, column by column."""

    path: Path
    columns: Mapping[str, Sequence[str]]  # header -> cells (R,), in the order of the file
    lines: Sequence[int]  # (R,) the line of each row, from 1

    def __len__(self) -> int:
        return len(self.lines)

    def cells(self, column: str) -> Sequence[str]:
        """Return a column.

        Raises:
            JamFormatError: there is none of this name.
        """
        if column not in self.columns:
            has = ", ".join(map(shown, list(self.columns)[:8]))
            problem = f"the header has no column {column!r}, only {has}"
            raise JamFormatError(self.path, 1, problem, "name the columns in line 1")
        return self.columns[column]

    def integers(self, column: str) -> IntArray:
        """Return a column of integers (R,).

        Raises:
            JamFormatError: there is no such column, or a cell is no integer.
        """
        cells = self.cells(column)
        for row, cell in enumerate(cells):
            if not _INTEGER.fullmatch(cell.strip()):
                self.fail(row, f"{column} is {shown(cell)}, expected an integer", "correct the cell")
        return np.array([int(cell) for cell in cells], np.int64)

    def rows_of(self, column: str, n_rows: int, index: str) -> IntArray:
        """Return a column of rows (R,) of an index with `n_rows` rows, the file `index`.

        Raises:
            JamFormatError: there is no such column, or a cell is no integer from 0 to `n_rows` - 1.
        """
        rows = self.integers(column)
        outside = np.flatnonzero((rows < 0) | (rows >= n_rows))
        if len(outside):
            self.fail(int(outside[0]), *outside_index(column, int(rows[outside[0]]), n_rows, index))
        return rows

    def amounts(self, column: str) -> FloatArray:
        """Return a column of finite numbers (R,) that are not negative.

        Raises:
            JamFormatError: there is no such column, or a cell is something else.
        """
        cells = self.cells(column)
        numbers = np.empty(len(cells), np.float32)
        with np.errstate(over="ignore"):
            for row, cell in enumerate(cells):
                try:
                    numbers[row] = float(cell)
                except ValueError:
                    numbers[row] = np.nan
        bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0)))
        if len(bad):
            problem = f"{column} is {shown(cells[bad[0]])}, expected a finite number from 0 on"
            self.fail(int(bad[0]), problem, "correct the cell")
        return numbers

    def fail(self, row: int, problem: str, remedy: str) -> NoReturn:
        """Raise the error about a row that names its line."""
        raise JamFormatError(self.path, self.lines[row], problem, remedy)


def shown(text: str) -> str:
    """Quote a value for a message, cut to sixty characters."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def outside_index(column: str, row: int, n_rows: int, index: str) -> tuple[str, str]:
    """Return problem and remedy of a row that an index does not have."""
    number = str(row) if abs(row) < 10**18 else "a number of more than 18 digits"
    problem = f"{column} names {number}, expected 0 to {n_rows - 1:,}, the rows of {index}"
    return problem, f"add the row to {index} or drop the line"


def read_table(path: Path) -> Table:
    """Read a delimited file.

    Raises:
        JamFormatError: it cannot be read, is empty, is not UTF-8, or a line has other cells than the header.
    """
    text = _decoded(path)
    lines = [line[:-1] if line.endswith("\r") else line for line in text.split("\n")]
    if not lines[0].strip():
        raise JamFormatError(path, 1, "it is empty, expected a header line", "write the columns in line 1")
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line]
    split: Callable[[str], list[str]] = _tabs if "\t" in lines[0] or "," not in lines[0] else _commas
    header = [name.strip() for name in split(lines[0])]
    rows: list[list[str]] = []
    for number, line in numbered[1:]:
        try:
            row = split(line)
        except csv.Error as error:
            raise JamFormatError(path, number, str(error), "check the quotes of the line") from error
        if len(row) != len(header):
            problem = f"{len(row)} cells, expected {len(header)} as in the header: {shown(line)}"
            raise JamFormatError(
                path, number, problem, "separate the cells as the header does, with none inside a cell"
            )
        rows.append(row)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    by_name = dict(reversed(list(zip(header, columns, strict=True))))  # of two columns of one name the first counts
    return Table(path, {name: by_name[name] for name in header}, [number for number, _ in numbered[1:]])


def item_lists(table: Table, column: str, item_ids: Sequence[str], index: str) -> tuple[IntArray, IntArray]:
    """Read a column of Python list literals of items.

    Args:
        table: of R rows.
        column: its cells hold lists such as `[3, 14]` (rows of items) or `['USRC17607839']` (their ids).
        item_ids: (N,) the ids that strings are looked up in.
        index: name of the file that `item_ids` come from, for messages.

    Returns:
        Offsets (R+1,) and rows of items (P,). An item that a list names twice is kept once, where it comes first:
        the items of a query are a set.

    Raises:
        JamFormatError: a cell is no such list or an empty one, or names an item that is not in the index.
    """
    row_of: dict[str, int] | None = None
    bodies: list[str] = []
    counts = np.empty(len(table), np.int64)
    for row, written in enumerate(table.cells(column)):
        cell = written
        if not _INTEGERS.fullmatch(cell):
            # A list cannot start with a quote: this one was quoted as a cell, which some writers do for quotes in it.
            if cell[:1] == cell[-1:] == '"' and cell[1:2] == "[":
                cell = cell[1:-1].replace('""', '"')
            row_of = _row_of(item_ids) if row_of is None else row_of
            rows = _plain_ids(cell, row_of)
            if min(rows, default=-1) < 0:
                values = _literal(table, row, column, cell)
                rows = [_item(table, row, column, value, row_of, len(item_ids), index) for value in values]
            cell = str(rows)
        bodies.append(cell[1:-1])
        counts[row] = cell.count(",") + 1
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    # One call for all lists: about ten times faster than parsing list by list.
    items = np.fromstring(",".join(bodies), np.int64, sep=",") if bodies else np.empty(0, np.int64)
    outside = np.flatnonzero(items >= len(item_ids))
    if len(outside):
        row = int(np.searchsorted(starts, outside[0], side="right")) - 1
        table.fail(row, *outside_index(column, int(items[outside[0]]), len(item_ids), index))
    queries = np.repeat(np.arange(len(table)), counts)
    first = np.unique(queries * max(len(item_ids), 1) + items, return_index=True)[1]
    if len(first) < len(items):
        first.sort()
        items, counts = items[first], np.bincount(queries[first], minlength=len(table))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return starts, items


def _row_of(item_ids: Sequence[str]) -> dict[str, int]:
    """Return id → row, -1 for an id that several rows have."""
    row_of: dict[str, int] = {}
    for row, id_ in enumerate(item_ids):
        row_of[id_] = -1 if id_ in row_of else row
    return row_of


def _plain_ids(cell: str, row_of: Mapping[str, int]) -> list[int]:
    """Return the rows of a list such as `['a', 'b']`: -1 for an unknown id, none of a list that is not so plain."""
    ids = cell[2:-2].split("', '")
    if cell[:2] != "['" or cell[-2:] != "']" or "\\" in cell or cell.count("'") != 2 * len(ids):
        return []
    return [row_of.get(id_, -1) for id_ in ids]


def _literal(table: Table, row: int, column: str, cell: str) -> Sequence[object]:
    """Parse what is no plain list, without ever running it as code."""
    parsed: object = None
    why = f"it has {len(cell):,} characters"
    if len(cell) <= _MAX_LITERAL:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the parser's remarks on odd escapes
                parsed = ast.literal_eval(cell.strip())
            why = f"it is a {type(parsed).__name__}"
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            why = type(error).__name__
    if not isinstance(parsed, list):
        problem = f"{column} is {shown(cell)}, expected a Python list such as [3, 14] or ['id'] ({why})"
        table.fail(row, problem, "write the items as a list literal")
    if not parsed:
        table.fail(row, f"{column} is [], expected at least one item", "drop the query: it has no relevant item")
    return parsed


def _item(
    table: Table, row: int, column: str, value: object, row_of: Mapping[str, int], n_items: int, index: str
) -> int:
    """Return the row of an item that a list names by row or by id."""
    if isinstance(value, str):
        if value not in row_of:
            table.fail(row, f"{column} names the id {shown(value)}, which {index} lacks", f"add it to {index}")
        if row_of[value] < 0:
            table.fail(row, f"{column} names the id {shown(value)}, which {index} gives twice", "name the item's row")
        return row_of[value]
    if not isinstance(value, int) or isinstance(value, bool):
        problem = f"{column} holds a {type(value).__name__}, expected integers or ids"
        table.fail(row, problem, "write the items as rows or ids of the index")
    if not 0 <= value < n_items:
        table.fail(row, *outside_index(column, value, n_items, index))
    return value


def _tabs(line: str) -> list[str]:
    return line.split("\t")


def _commas(line: str) -> list[str]:
    return next(csv.reader([line]))


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise JamFormatError(path, None, problem, "check that the file is there and readable") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte {data[error.start]:#04x} is not UTF-8"
        raise JamFormatError(path, line, problem, "save the file as UTF-8") from error
