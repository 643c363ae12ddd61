"""Where tracks come from: tables in files, folders of JAM files, and the starter catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsys.sources.base import BadRow, SourceContent, files_fingerprint
from recsys.sources.jam import is_jam, jam_fingerprint, read_jam_catalogue
from recsys.sources.starter import read_starter
from recsys.sources.tabular import read_table
from recsys.types import Progress

__all__ = ["BadRow", "SourceContent", "read_source", "read_starter", "source_fingerprint"]


def read_source(
    path: Path, mapping: Mapping[str, str] | None = None, progress: Progress | None = None
) -> SourceContent:
    """Read a catalogue; bad rows are listed and skipped.

    Args:
        path: a CSV, TSV, JSONL, JSON or Parquet file (text ones may be gzipped), CPCD's `tracks.jsonl`, or a folder
            in the JAM file format.
        mapping: field → column ("title" → "track_name"), where the headers do not say it.
        progress: called with ("reading", done, total), in bytes of a file or items of a folder.

    Raises:
        SourceError: the source as a whole cannot be read, has no title or artist column, or no usable row.
    """
    return read_jam_catalogue(path, mapping, progress) if is_jam(path) else read_table(path, mapping, progress)


def source_fingerprint(path: Path, mapping: Mapping[str, str] | None = None) -> str:
    """Return what changes whenever reading the source would give something else, without reading its rows.

    Raises:
        SourceError: the path is neither a file that can be read nor a folder in the JAM file format.
    """
    return jam_fingerprint(path, mapping) if is_jam(path) else files_fingerprint(path, [path], mapping)
