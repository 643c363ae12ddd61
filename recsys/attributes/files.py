"""Reading attributes from files: MGPHot's own, the E4SRec paper's, and any table with a column per attribute.

Forms that are read (CSV, TSV, JSONL or Parquet; text ones also gzipped), told by their columns:
  list      the published `mgphot_gene_values.tsv`: `mgphot_track_id artist title year gene_values`, where `gene_values`
            is a JSON list of 58 numbers in the order of the table
  columns   one column per attribute, called as published ("Vocal Grittiness", "Sad Lyrics", "Focus on Riffs"), by
            Segue's key ("vocal_grittiness"), or with the category before or behind it ("Lyrics: Sad"); attributes
            without a column are unknown. The E4SRec paper's annotations are of this form
Beside them stand `artist` (or `artist_name`, …) and `title` (or `track_name`, …) as in any catalogue, and any of the
ids `track_id` (Segue's own), `isrc`, `spotify`, `mbid`, `youtube`. All other columns are left alone, and named.

The scale is said by whoever reads (`recsys.attributes.scales`): a value that is none of it ends the reading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.attributes.scales import Scale, read_value
from recsys.attributes.table import N_ATTRIBUTES, Attribute, load_attributes
from recsys.errors import SourceError
from recsys.sources.base import BadRow
from recsys.sources.headers import FIELD_OF, squeeze
from recsys.sources.tables import Position, open_table

#: The column of MGPHot's own form.
LIST_COLUMN = "gene_values"
#: Ids by which tracks can be found.
ID_FIELDS = ("id", "isrc", "spotify", "mbid", "youtube")


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One annotated track of a file."""

    line: int
    artist: str
    title: str
    ids: Mapping[str, str]
    values: Mapping[str, float]  # attribute key → 0–1; without those that are unknown


@dataclass(frozen=True, slots=True)
class AttributeFile:
    """What a file of attributes holds."""

    form: str  # list or columns
    scale: Scale
    rows: tuple[AttributeRow, ...]
    attributes: tuple[str, ...]  # keys of those that it has, in the table's order
    ignored: tuple[str, ...]  # columns that nothing was read from
    greatest: float  # value as written
    bad: tuple[str, ...] = ()  # rows that could not be read, and why


def read_attributes(path: Path, scale: Scale) -> AttributeFile:
    """Read a file of attributes.

    Args:
        path: the file.
        scale: that its values are written on.

    Raises:
        SourceError: it cannot be read, names no track, or has no attribute.
        ScaleError: a value is none of the scale.
    """
    table = load_attributes()
    with open_table(path, Position()) as opened:
        columns = opened.columns
        of_field = _fields(columns)
        listed = next((one for one in columns if squeeze(one) == squeeze(LIST_COLUMN)), None)
        named = {} if listed else {one: found for one in columns if (found := table.called(one)) is not None}
        _check(path, columns, of_field, listed, named)
        used = {*of_field.values(), *named, *([listed] if listed else [])}
        rows: list[AttributeRow] = []
        bad: list[str] = []
        greatest = 0.0
        for row in opened.rows:
            if isinstance(row, BadRow):
                bad.append(f"line {row.line}: {row.reason}")
                continue
            line, cells = row
            if listed:
                problem, given = _unlisted(cells.get(listed))
                if problem:
                    bad.append(f"line {line}: {problem}")
                    continue
            else:
                given = {one.key: cells.get(column) for column, one in named.items()}
            values = {}
            for key, value in given.items():
                read = read_value(value, scale, f"{path.name}, line {line}, {table.of_key[key].name}")
                if read is not None:
                    values[key] = read
                    greatest = max(greatest, read * (1 if scale is Scale.UNIT else 5))
            said = {field: str(cells.get(column) or "").strip() for field, column in of_field.items()}
            ids = {field: said[field] for field in ID_FIELDS if said.get(field)}
            if not (ids or said.get("title")):
                bad.append(f"line {line}: it names no track")
            elif values:
                rows.append(AttributeRow(line, said.get("artist", ""), said.get("title", ""), ids, values))
            else:
                bad.append(f"line {line}: it has no value")
    if not rows:
        raise SourceError(
            path, "no row of it names a track and has a value", bad[0] if bad else "give annotated tracks"
        )
    there = {key for row in rows for key in row.values}
    ignored = tuple(one for one in columns if one not in used)
    keys = tuple(key for key in table.keys if key in there)
    form = "list" if listed else "columns"
    return AttributeFile(form, scale, tuple(rows), keys, ignored, greatest, tuple(bad))


def _fields(columns: Sequence[str]) -> dict[str, str]:
    """Which columns name the track; "Tempo" and "Danceability" are attributes here, and no features."""
    found: dict[str, str] = {}
    for column in columns:
        field = FIELD_OF.get(squeeze(column))
        if field in ("title", "artist", *ID_FIELDS):
            found.setdefault(field, column)
    return found


def _check(
    path: Path,
    columns: Sequence[str],
    of_field: Mapping[str, str],
    listed: str | None,
    named: Mapping[str, Attribute],
) -> None:
    there = ", ".join(columns[:12])
    if "title" not in of_field and not any(field in of_field for field in ID_FIELDS):
        raise SourceError(path, f"no column names the track among {there}", "add title and artist, or an id")
    if listed is None and not named:
        raise SourceError(
            path,
            f"no column of {there} is an attribute of MGPHot",
            f'expected columns such as "Vocal Grittiness", or {LIST_COLUMN!r}; docs/attributes.md lists them',
        )
    seen: dict[str, str] = {}
    for column, one in named.items():
        if one.key in seen:
            raise SourceError(path, f"{seen[one.key]!r} and {column!r} are both {one.name}", "leave one of them out")
        seen[one.key] = column


def _unlisted(cell: Any) -> tuple[str, dict[str, Any]]:
    """Read a cell of 58 values; say what is wrong with it, if anything."""
    try:
        values = json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return f"{LIST_COLUMN} is no JSON list", {}
    if not isinstance(values, list | tuple) or len(values) != N_ATTRIBUTES:
        n = len(values) if isinstance(values, list | tuple) else 0
        return f"{LIST_COLUMN} has {n} values; expected {N_ATTRIBUTES}", {}
    return "", dict(zip(load_attributes().keys, values, strict=True))
