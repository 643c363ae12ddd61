"""Where tracks come from: tables in files, folders of music or of JAM files, and the starter catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsys.errors import SourceError
from recsys.sources.base import BadRow, SourceContent, files_fingerprint
from recsys.sources.jam import is_jam, jam_fingerprint, read_jam_catalogue
from recsys.sources.starter import read_starter
from recsys.sources.tabular import read_table
from recsys.types import Progress

__all__ = ["BadRow", "SourceContent", "is_music", "read_source", "read_starter", "source_fingerprint"]


def read_source(
    path: Path, mapping: Mapping[str, str] | None = None, progress: Progress | None = None
) -> SourceContent:
    """Read a catalogue; bad rows are listed and skipped.

    Args:
        path: a CSV, TSV, JSONL, JSON or Parquet file (text ones may be gzipped), CPCD's `tracks.jsonl`, or a folder
            in the JAM file format, or any other folder, whose audio files are read.
        mapping: field → column ("title" → "track_name"), where the headers do not say it.
        progress: called with ("reading", done, total), in bytes of a file or items of a folder.

    Raises:
        SourceError: the source as a whole cannot be read, has no title or artist column, or no usable row.
    """
    if is_jam(path):
        return read_jam_catalogue(path, mapping, progress)
    if is_music(path):
        from recsys.sources.folder import folder_source

        if mapping:
            raise SourceError(path, "a folder of music has no columns to map", "leave out --map")
        return folder_source(path, progress)
    return read_table(path, mapping, progress)


def is_music(path: Path) -> bool:
    """Tell whether a path is a folder whose audio files are its tracks: any that is not in the JAM file format."""
    return path.is_dir() and not is_jam(path)


def source_fingerprint(path: Path, mapping: Mapping[str, str] | None = None) -> str:
    """Return what changes whenever reading the source would give something else, without reading its rows.

    A folder of music has none: what changed in it is found file by file.

    Raises:
        SourceError: the path is neither a file that can be read nor a folder in the JAM file format.
    """
    return jam_fingerprint(path, mapping) if is_jam(path) else files_fingerprint(path, [path], mapping)
