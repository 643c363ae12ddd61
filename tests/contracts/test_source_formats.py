"""One table, written in every format that is read, gives the same tracks."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.sources import read_source
from recsys.types import Collection, Track

COLUMNS = ["track_id", "title", "artist", "year", "genres", "energy", "playlist_id", "playlist_name"]
ROWS = [
    ["t1", "Jóga", "Björk", 1997, "electronic; art", 0.5, "p", "Night; Drive"],
    ["t2", 'Say "Hi", ok', "A; B", None, None, None, None, None],
    ["t1", "Jóga", "Björk", None, "pop", 0.5, "q", "Day"],
]
TRACKS = [
    Track(
        "t1", "Jóga", ("Björk",), year=1997, genres=("electronic", "pop"), energy=0.5,
        tags=("art", "Night; Drive", "Day"),
    ),
    Track("t2", 'Say "Hi", ok', ("A", "B")),
]  # fmt: skip
COLLECTIONS = [Collection("p", "Night; Drive", ("t1",)), Collection("q", "Day", ("t1",))]


def as_delimited(delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([COLUMNS, *([("" if cell is None else cell) for cell in row] for row in ROWS)])
    return out.getvalue().encode()


def as_objects() -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def as_json_lines() -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in as_objects()).encode()


def as_parquet() -> bytes:
    import polars as pl

    out = io.BytesIO()
    pl.DataFrame(as_objects()).write_parquet(out)
    return out.getvalue()


FORMATS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a.csv": ("csv", lambda: as_delimited(",")),
    "a.tsv": ("tsv", lambda: as_delimited("\t")),
    "a.txt": ("csv", lambda: as_delimited("|")),
    "a.csv.gz": ("csv", lambda: gzip.compress(as_delimited(","))),
    "a.jsonl": ("jsonl", as_json_lines),
    "a.jsonl.gz": ("jsonl", lambda: gzip.compress(as_json_lines())),
    "a.json": ("json", lambda: json.dumps(as_objects(), indent=1).encode()),
    "a.parquet": ("parquet", as_parquet),
    "no-extension": ("jsonl", as_json_lines),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_tracks(tmp_path: Path, name: str) -> None:
    kind, make = FORMATS[name]
    path = tmp_path / name
    path.write_bytes(make())
    content = read_source(path)
    assert content.kind == kind
    assert content.tracks == TRACKS
    assert content.collections == COLLECTIONS
    assert (content.bad_rows, content.n_rows) == ([], 3)
