"""Reading a table of tracks, whatever its format and headers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsys.errors import SourceError
from recsys.sources import cpcd
from recsys.sources.base import BadRow, SourceContent, files_fingerprint
from recsys.sources.build import TrackBuilder
from recsys.sources.headers import recognise
from recsys.sources.tables import Position, open_table
from recsys.types import Progress

_ROWS_PER_PROGRESS = 1_000


def read_table(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    *,
    steps: int | None = None,
) -> SourceContent:
    """Read the tracks of a table.

    Args:
        path: a CSV, TSV, JSONL, JSON or Parquet file; text ones may be gzipped.
        mapping: field → column, where the headers do not say it.
        progress: called with ("reading", bytes done, bytes of the file).
        steps: the scale of energy and popularity where it is known, such as 5 for 1–5.

    Raises:
        SourceError: the file as a whole cannot be read, has no title or artist column, or no usable row.
    """
    fingerprint = files_fingerprint(path, [path], mapping)
    bad_rows: list[BadRow] = []
    n_rows = 0
    position = Position()
    with open_table(path, position) as table:
        columns = recognise(table.columns, mapping, path)
        table.wanted.extend(column for names in columns.of_field.values() for column in names)
        is_cpcd = cpcd.is_cpcd(table.columns)
        builder = TrackBuilder(columns, path, youtube_ids=is_cpcd, steps=steps)
        for row in table.rows:
            n_rows += 1
            bad = row if isinstance(row, BadRow) else builder.add(*row)
            if bad is not None:
                bad_rows.append(bad)
            if progress is not None and n_rows % _ROWS_PER_PROGRESS == 0:
                progress("reading", position.done, position.total)
    if len(bad_rows) == n_rows:
        first = f"; the first: line {bad_rows[0].line} {bad_rows[0].reason}" if bad_rows else ""
        raise SourceError(path, f"none of its {n_rows} rows is a track{first}", "check the columns or use --map")
    if progress is not None:
        progress("reading", position.total, position.total)
    return SourceContent(
        kind=cpcd.KIND if is_cpcd else table.kind,
        tracks=builder.tracks(),
        collections=builder.collections(),
        bad_rows=bad_rows,
        n_rows=n_rows,
        fingerprint=fingerprint,
        columns=columns.of_field,
        ignored_columns=columns.ignored,
        lyrics=builder.lyrics,
    )
