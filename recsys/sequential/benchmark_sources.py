"""What is known of the items of a benchmark beside who listened to them, joined to LastFM-1K's names.

LastFM-1K's items are called "ARTIST – TITLE" (`recsys.sequential.reading_logs`). Everything else is joined by artist
and title, folded as the catalogue folds names; of several rows of one name the first counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.attributes.files import read_attributes
from recsys.attributes.scales import Scale
from recsys.attributes.table import load_attributes
from recsys.sequential.errors import SequenceDataError
from recsys.sources.base import BadRow
from recsys.sources.headers import FIELD_OF, squeeze
from recsys.sources.tables import Position, open_table
from recsys.text import artist_key, fold
from recsys.types import FloatArray

#: Beside FILE.npy, in which of these its rows are named.
_NAMED_BY = (".ids.txt", ".txt", ".csv", ".tsv")
_BETWEEN = " – "
#: Units of columns of durations, in seconds.
_UNITS = {"duration_s": 1.0, "duration_ms": 0.001}


def name_of(artist: str, title: str) -> str:
    """Fold an artist and a title into what they are joined by."""
    return f"{artist_key(artist)}|{fold(title)}"


def vectors_from(path: Path) -> Callable[[Sequence[str]], FloatArray]:
    """Open vectors of tracks (n, D): `FILE.npy`, and beside it `FILE.ids.txt` (or .txt, .csv, .tsv) for names.

    A text file has one "ARTIST – TITLE" or ARTIST<TAB>TITLE to a line, a table a column for each.

    Raises:
        SequenceDataError: a file is missing, cannot be read, or has another number of rows.
    """
    try:
        vectors = np.load(path, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise SequenceDataError(
            path, None, f"it cannot be read ({type(error).__name__})", "give a .npy file"
        ) from error
    beside = [path.with_suffix(suffix) for suffix in _NAMED_BY]
    names_file = next((one for one in beside if one.is_file()), None)
    if names_file is None:
        named = ", ".join(one.name for one in beside)
        raise SequenceDataError(path, None, "nothing beside it names its rows", f"put one of {named} there")
    names = _names(names_file)
    if vectors.ndim != 2 or len(vectors) != len(names) or not np.issubdtype(vectors.dtype, np.floating):
        problem = f"it is {vectors.dtype} of shape {vectors.shape}, and {names_file.name} names {len(names):,} rows"
        raise SequenceDataError(path, None, problem, "give one row of numbers for each name")
    rows = {name: row for row, name in reversed(list(enumerate(names)))}

    def of(items: Sequence[str]) -> FloatArray:
        found = np.zeros((len(items), vectors.shape[1]), np.float32)
        for place, item in enumerate(items):
            row = rows.get(_of_item(item))
            if row is not None:
                found[place] = vectors[row]
        if not np.isfinite(found).all():
            raise SequenceDataError(path, None, "it has NaN or infinity", "write zeros where nothing is known")
        return _some(path, found, np.asarray(found.any(axis=1)))

    return of


def attributes_from(path: Path, scale: Scale) -> Callable[[Sequence[str]], FloatArray]:
    """Open a file of attributes (`recsys.attributes.files`).

    Raises:
        SourceError: it cannot be read.
        ScaleError: a value is none of the scale.
    """
    rows = {name_of(row.artist, row.title): row.values for row in reversed(read_attributes(path, scale).rows)}
    keys = load_attributes().keys

    def of(items: Sequence[str]) -> FloatArray:
        found = np.array([[rows.get(_of_item(one), {}).get(key, np.nan) for key in keys] for one in items], np.float32)
        return _some(path, found, np.asarray(~np.isnan(found).all(axis=1)))

    return of


def durations_from(path: Path) -> Callable[[Sequence[str]], FloatArray]:
    """Open a table of durations with columns of artist, title, and `duration_s` or `duration_ms`.

    Raises:
        SourceError: it cannot be read.
        SequenceDataError: a column is missing.
    """
    rows: dict[str, float] = {}
    with open_table(path, Position()) as table:
        fields = {field: column for column in reversed(table.columns) if (field := FIELD_OF.get(squeeze(column)))}
        unit = next((one for one in _UNITS if one in fields), None)
        if unit is None or "artist" not in fields or "title" not in fields:
            problem = f"its columns are {', '.join(table.columns[:8])}"
            raise SequenceDataError(path, None, problem, "name them artist, title, and duration_s or duration_ms")
        for row in table.rows:
            if isinstance(row, BadRow):
                continue
            cells = row[1]
            try:
                seconds = float(cells.get(fields[unit]) or 0) * _UNITS[unit]
            except ValueError:
                continue
            if 0 < seconds < float("inf"):
                rows.setdefault(name_of(str(cells.get(fields["artist"])), str(cells.get(fields["title"]))), seconds)

    def of(items: Sequence[str]) -> FloatArray:
        found = np.array([rows.get(_of_item(one), np.nan) for one in items], np.float32)
        return _some(path, found, np.asarray(~np.isnan(found)))

    return of


def _names(path: Path) -> list[str]:
    if path.suffix == ".txt":
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        return [name_of(*line.split("\t", 1)) if "\t" in line else _of_item(line) for line in lines if line.strip()]
    with open_table(path, Position()) as table:
        fields = {field: column for column in reversed(table.columns) if (field := FIELD_OF.get(squeeze(column)))}
        if "artist" not in fields or "title" not in fields:
            raise SequenceDataError(path, None, "it has no columns of artist and title", "name them so in line 1")
        names = []
        for row in table.rows:
            if isinstance(row, BadRow):
                raise SequenceDataError(path, row.line, row.reason, "every row must name one")
            names.append(name_of(str(row[1].get(fields["artist"])), str(row[1].get(fields["title"]))))
        return names


def _of_item(item: str) -> str:
    artist, _, title = item.partition(_BETWEEN)
    return name_of(artist, title)


def _some(path: Path, found: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    if len(known) and not known.any():
        raise SequenceDataError(path, None, "none of its tracks is in the sessions", "name tracks as LastFM-1K does")
    return found
