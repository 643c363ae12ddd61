"""Where tracks come from: tables in files, and the starter catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsys.sources.base import BadRow, SourceContent, source_fingerprint
from recsys.sources.starter import read_starter
from recsys.sources.tabular import read_table
from recsys.types import Progress

__all__ = ["BadRow", "SourceContent", "read_source", "read_starter", "source_fingerprint"]


def read_source(
    path: Path, mapping: Mapping[str, str] | None = None, progress: Progress | None = None
) -> SourceContent:
    """Read a catalogue file; bad rows are listed and skipped.

    Args:
        path: a CSV, TSV, JSONL, JSON or Parquet file (text ones may be gzipped), or CPCD's `tracks.jsonl`.
        mapping: field → column ("title" → "track_name"), where the headers do not say it.
        progress: called with ("reading", bytes done, bytes of the file).

    Raises:
        SourceError: the file as a whole cannot be read, has no title or artist column, or no usable row.
    """
    return read_table(path, mapping, progress)
