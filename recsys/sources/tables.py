"""Tables as streams of rows: CSV, TSV, JSONL, JSON and Parquet, text ones also gzipped.

What a file is, is told from its first bytes; its name only decides where those leave it open. Text is UTF-8 (a
byte order mark is fine) or UTF-16 with a mark; bytes that are not UTF-8 are read as Windows-1252, one by one.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from recsys.errors import SourceError
from recsys.sources.base import BadRow, require_file, unreadable

#: A row with the line on which it starts, from 1; or the reason why it is none.
Row = tuple[int, dict[str, Any]] | BadRow

#: JSON objects looked at to learn which columns there are: not every object has every key.
_JSON_SAMPLE = 200

_SAMPLE_BYTES = 1 << 16
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is being read: its columns, and its rows as a stream. `kind` is csv, tsv, jsonl, …

    What is put into `wanted` before the first row is taken are the only columns that rows need to have.
    """

    kind: str
    columns: list[str]
    rows: Iterator[Row]
    wanted: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Position:
    """How far into the file reading has come, in bytes of the file."""

    done: int = 0
    total: int = 0


@contextmanager
def open_table(path: Path, position: Position) -> Iterator[Table]:
    """Open the table at `path`; `position` is kept up to date while rows are taken.

    Raises:
        SourceError: it is not a file, holds no table, or (also while rows are taken) breaks off.
    """
    require_file(path)
    position.total = path.stat().st_size
    try:
        with path.open("rb") as raw:
            head = raw.read(4)
            raw.seek(0)
            if head == b"PAR1":
                yield _parquet(path, position)
                return
            binary = gzip.GzipFile(fileobj=raw) if head[:2] == b"\x1f\x8b" else raw
            sample = binary.peek(_SAMPLE_BYTES)[:_SAMPLE_BYTES]
            encoding = _encoding(path, sample)
            with io.TextIOWrapper(binary, encoding=encoding, errors=_FALLBACK, newline="") as stream:
                lines = _Lines(stream, raw, position)
                yield _text_table(path, lines, sample.decode(encoding, _FALLBACK))
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


_FALLBACK = "segue-windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    return byte.decode("cp1252", "ignore") or byte.decode("latin-1"), error.start + 1


codecs.register_error(_FALLBACK, _as_windows_1252)


def _encoding(path: Path, sample: bytes) -> str:
    if not sample.strip():
        raise SourceError(path, "it is empty", "give a file with a header and rows")
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    n_nul = sample.count(0)
    n_control = sum(sample.count(byte) for byte in (*range(1, 9), *range(14, 32), 127))
    # Random bytes hold 10 % control characters; a text has none, a damaged one a few.
    if n_nul > 0.2 * len(sample) or n_control > 0.02 * len(sample):
        raise SourceError(path, "it is not a text table", "export it as CSV, TSV, JSONL or Parquet")
    return "utf-8-sig"


class _Lines:
    """Lines of a stream, to which lines that were taken by mistake can be given back."""

    def __init__(self, stream: io.TextIOWrapper, raw: BinaryIO, position: Position) -> None:
        self._stream, self._raw, self._position = stream, raw, position
        self._back: deque[str] = deque()
        self.number = 0  # of the line that was taken last, from 1
        self.taken: list[str] = []  # since `mark`

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._stream.readline()
        if not line:
            raise StopIteration
        self.number += 1
        if self.number % 1_000 == 0 and not self._raw.closed:
            self._position.done = self._raw.tell()
        line = line.replace("\0", "")
        self.taken.append(line)
        return line

    def mark(self) -> None:
        self.taken = []

    def give_back(self) -> None:
        """Keep only the first line that was taken since `mark`."""
        self._back.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def _text_table(path: Path, lines: _Lines, sample: str) -> Table:
    start = sample.lstrip("\ufeff \t\r\n")[:1]
    name = path.name.lower().removesuffix(".gz")
    if start == "[" and not name.endswith((".csv", ".tsv", ".txt", ".jsonl")):
        return _json_array(path, lines)
    if start == "{" or name.endswith((".jsonl", ".ndjson", ".json")):
        return _json_lines(lines)
    return _delimited(path, lines, name)


def _delimited(path: Path, lines: _Lines, name: str) -> Table:
    header_line = next((line for line in lines if line.strip()), "")
    outside_quotes = "".join(header_line.split('"')[::2])
    best = max(_DELIMITERS, key=outside_quotes.count)
    delimiter = "\t" if name.endswith(".tsv") and "\t" in header_line else best
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    columns: list[str] = []
    for number, column in enumerate(header, start=1):
        unique = column or f"column {number}"
        columns.append(unique if unique not in columns else f"{unique} ({number})")
    return Table("tsv" if delimiter == "\t" else "csv", columns, _records(lines, columns, delimiter))


def _records(lines: _Lines, columns: Sequence[str], delimiter: str) -> Iterator[Row]:
    """Parse records strictly; one that goes wrong is tried again as a single line.

    A quote that is never closed swallows the lines after it. Those are given back, so that it costs one row.
    """
    strict = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.mark()
        first = lines.number + 1
        try:
            fields = next(strict, None)
            if fields is None:
                return
            fault = _fault(fields, columns)
        except csv.Error as error:
            fields, fault = [], str(error)
        if fault:
            lines.give_back()
            strict = csv.reader(lines, delimiter=delimiter, strict=True)
            fields = next(csv.reader(lines.taken, delimiter=delimiter), [])
            fault = _fault(fields, columns) or (fault if fields and "\n" in fields[-1] else "")
        if fault:
            yield BadRow(first, fault)
        elif any(fields):
            yield first, dict(zip(columns, fields, strict=False))


def _fault(fields: list[str], columns: Sequence[str]) -> str:
    """Say what is wrong with a record; one that is too short only leaves its last columns unknown."""
    if len(fields) > len(columns) and any(fields[len(columns) :]):
        return f"has {len(fields)} fields but the header has {len(columns)}: a value with the delimiter needs quotes"
    return ""


def _json_lines(lines: _Lines) -> Table:
    def rows() -> Iterator[Row]:
        for line in lines:
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield BadRow(lines.number, f"is not JSON: {error}")
                continue
            finally:
                lines.mark()
            yield (lines.number, value) if isinstance(value, dict) else BadRow(lines.number, "is not an object")

    return _with_columns("jsonl", rows())


def _json_array(path: Path, lines: _Lines) -> Table:
    try:
        values = json.loads("".join(lines))
    except (ValueError, RecursionError) as error:
        raise SourceError(path, f"is not JSON: {error}", "export it as JSONL, one object per line") from error
    lines.mark()
    return _with_columns(
        "json",
        (
            (number, value) if isinstance(value, dict) else BadRow(number, "is not an object")
            for number, value in enumerate(values, start=1)
        ),
    )


def _with_columns(kind: str, rows: Iterator[Row]) -> Table:
    sample: list[Row] = []
    columns: dict[str, None] = {}
    for row in rows:
        sample.append(row)
        if not isinstance(row, BadRow):
            columns.update(dict.fromkeys(row[1]))
        if len(sample) == _JSON_SAMPLE:
            break

    def all_rows() -> Iterator[Row]:
        yield from sample
        yield from rows

    return Table(kind, list(columns), all_rows())


def _parquet(path: Path, position: Position) -> Table:
    import polars as pl

    try:
        frame = pl.scan_parquet(path)
        columns = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise unreadable(path, error) from error

    wanted: list[str] = []

    def rows() -> Iterator[Row]:
        try:
            taken = frame.select(wanted or columns).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise unreadable(path, error) from error
        yield from enumerate(taken.iter_rows(named=True), start=1)
        position.done = position.total

    return Table("parquet", columns, rows(), wanted)
