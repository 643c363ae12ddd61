"""JSON as a stream: the rows of an array however long it is, or of lines with an object each.

Never more than one row is in memory. A row larger than `MAX_ROW_BYTES` is refused, since what looks like a history may
be one endless text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from assistant.heard import Broken
from assistant.labels import plain
from connectors.histories.base import Context, HistoryFile
from connectors.histories.errors import HistoryError
from connectors.histories.nesting import Depth

MAX_ROW_BYTES = 16 << 20
_READ_BYTES = 1 << 18


class _Metered:
    """A file that refuses to be read on when it has given too much since the last row."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self._since_row = 0
        self._first = True
        self._depth = Depth()

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, without the mark that some programs begin a file with."""
        data = self._file.read(_READ_BYTES if size < 0 else size)
        if self._first and data:
            data, self._first = data.removeprefix(b"\xef\xbb\xbf"), False
        self._since_row += len(data)
        if self._since_row > MAX_ROW_BYTES:
            raise HistoryError(
                self._name, f"one entry is larger than {MAX_ROW_BYTES >> 20} MB", "give the export as it was made"
            )
        if self._depth.too_deep(data):
            raise HistoryError(self._name, "it is nested too deeply", "give the export as it was made")
        return data

    def row_ended(self) -> None:
        """Begin to count anew."""
        self._since_row = 0


def array_rows(file: HistoryFile, prefix: str, context: Context) -> Iterator[tuple[int, Any]]:
    """Yield the rows at a place of a JSON document, numbered from 1; see `rows_of_arrays`."""
    return ((number, row) for _, number, row in rows_of_arrays(file, (prefix,), context))


def rows_of_arrays(file: HistoryFile, prefixes: Sequence[str], context: Context) -> Iterator[tuple[str, int, Any]]:
    """Yield the rows at some places of a JSON document in one pass: (place, number from 1 of its rows, row).

    A document that is broken off ends with a `Broken`.

    Args:
        file: the document.
        prefixes: where the rows are, as ijson names places: "item" for those of an array.
        context: how to call the file.
    """
    import ijson

    numbers = dict.fromkeys(prefixes, 0)
    found: list[Any] = [ijson.sendable_list() for _ in prefixes]
    # Without use_float, which gives up at a number of more than 64 bits: fractions are Decimals.
    readers = [ijson.items_coro(rows, prefix) for rows, prefix in zip(found, prefixes, strict=True)]
    broken = ""
    with file.open() as opened:
        metered = _Metered(opened, context.name)
        while not broken:
            data = metered.read()
            try:
                for reader in readers:
                    reader.send(data) if data else reader.close()
            except (ijson.JSONError, ValueError, RecursionError) as error:
                if isinstance(error, HistoryError):
                    raise
                broken = plain(f"it breaks off or is no JSON here: {error}", 160)
            for prefix, rows in zip(prefixes, found, strict=True):
                for row in rows:
                    numbers[prefix] += 1
                    yield prefix, numbers[prefix], row
                if rows:
                    metered.row_ended()
                    rows.clear()
            if not data:
                break
    if broken:
        number = numbers[prefixes[0]] + 1
        why = f"{broken}; what follows in this file was not read"
        yield prefixes[0], number, Broken(context.place(number), why)


def line_rows(file: HistoryFile, context: Context) -> Iterator[tuple[int, Any]]:
    """Yield the objects of a file with one on each line, numbered by line; empty lines are none."""
    with file.open() as opened:
        number = 0
        while line := opened.readline(MAX_ROW_BYTES + 1):
            number += 1
            if len(line) > MAX_ROW_BYTES:
                raise HistoryError(
                    context.name, f"one entry is larger than {MAX_ROW_BYTES >> 20} MB", "give the export as it was made"
                )
            said = line.strip() if number > 1 else line.removeprefix(b"\xef\xbb\xbf").strip()
            if not said:
                continue
            try:
                yield number, json.loads(said)
            except (ValueError, RecursionError) as error:
                yield number, Broken(context.place(number, "line"), plain(f"it is no JSON: {error}", 120))


@dataclass(frozen=True)
class Outline:
    """What the start of a JSON document shows."""

    kind: str  # "array", "nested" (an array of arrays), "object", or "" for no JSON
    keys: frozenset[str] = frozenset()  # of the object, as far as it was seen
    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)  # place of rows → keys of the first one


def outline(start: bytes) -> Outline:
    """Look at the start of a JSON document."""
    import ijson

    kind = ""
    keys: set[str] = set()
    rows: dict[str, set[str]] = {}
    done: set[str] = set()
    if Depth().too_deep(start):
        return Outline("")
    try:
        for prefix, event, value in ijson.parse(start.removeprefix(b"\xef\xbb\xbf")):
            if not kind:
                kind = {"start_array": "array", "start_map": "object"}.get(event, "none")
            if kind == "array" and prefix == "item" and event == "start_array":
                kind = "nested"
            if event == "map_key" and not prefix:
                keys.add(value)
            if event == "map_key" and prefix.endswith("item") and prefix not in done:
                rows.setdefault(prefix, set()).add(value)
            if event == "end_map":
                done.add(prefix)
    except (ijson.JSONError, ValueError, RecursionError):
        pass  # a start is not all of it
    known = {place: frozenset(found) for place, found in rows.items()}
    return Outline("" if kind == "none" else kind, frozenset(keys), known)
