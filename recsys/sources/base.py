"""What reading a source gives: tracks, playlists, and an account of the rows that could not be used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from recsys.errors import SourceError
from recsys.types import Collection, Track

#: Raised whenever the same file would be read to other tracks, so that sources are read again.
READER_VERSION = 2

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was skipped: the line on which it starts (row number in Parquet), from 1, and why.

    Of a folder it is a file, by its path as `name`, and the line is 0.
    """

    line: int
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceContent:
    """A source as read.

    `columns` names the column that each recognised field was read from, `ignored_columns` those that no field
    was read from. Track ids are the source's own ("native") and unique; `Track.source` is empty until stored.
    """

    kind: str
    tracks: list[Track]
    collections: list[Collection]
    bad_rows: list[BadRow]
    n_rows: int  # data rows, bad ones included
    fingerprint: str
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    lyrics: Mapping[str, str] = field(default_factory=dict)  # native id → words, of tracks that have any


def files_fingerprint(path: Path, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> str:
    """Return what changes whenever reading a source would give something else, without reading its rows.

    Args:
        path: of the source.
        files: all that it is read from; the source itself if it is one file.
        mapping: field → column, as it will be read with.

    Raises:
        SourceError: one of the files cannot be read.
    """
    vocabulary = resources.files("recsys").joinpath("data/vocabulary.toml").read_bytes()
    settings = [READER_VERSION, path.name, sorted((mapping or {}).items())]
    digest = hashlib.sha256(json.dumps(settings).encode() + vocabulary)
    for file_path in files:
        require_file(file_path)
        if file_path != path:
            digest.update(f"{file_path.name} {file_path.stat().st_size}\n".encode())
        try:
            with file_path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise unreadable(file_path, error) from error
    return digest.hexdigest()


def require_file(path: Path) -> None:
    """Check that `path` is a file with something in it.

    Raises:
        SourceError: it is missing, a folder or empty.
    """
    if path.is_dir():
        raise SourceError(
            path,
            "it is a folder",
            "give one CSV, TSV, JSONL or Parquet file; `segue index` also takes a folder of music or of JAM files",
        )
    if not path.exists():
        raise SourceError(path, "there is no such file", "check the path")
    if path.is_file() and path.stat().st_size == 0:
        raise SourceError(path, "it is empty", "give a file with a header and rows")


def unreadable(path: Path, error: BaseException) -> SourceError:
    """Word a failure of the operating system or of a decompressor."""
    problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SourceError(path, problem, "check that the file is complete and readable")
