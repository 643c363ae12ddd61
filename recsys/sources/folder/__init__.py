"""A folder of music as a source: every audio file in it a track, read once and known again.

`read_folder` walks it, reads what is new or changed, and hands it on in batches, so that a run that is killed has lost
seconds of its work. A file is known by its path, size and time; a file whose sound is known keeps its track.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from recsys.errors import SourceError
from recsys.paths import written
from recsys.sources.base import BadRow, SourceContent
from recsys.sources.folder.identity import GONE, Identities, KnownFile
from recsys.sources.folder.reading import ReadFile, read_file
from recsys.sources.folder.walk import FoundFile, Walk, under, walk_folder
from recsys.types import NOTE, Progress, Track

__all__ = ["KIND", "Batch", "FolderContent", "KnownFile", "folder_source", "read_folder", "reader_version"]

KIND = "folder"

#: Raised whenever the same file would be read to another track, so that all are read again.
_READER_VERSION = 1

#: Seconds between two batches: what a run that is killed loses.
BATCH_S = 3.0
_PER_PROGRESS = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that were read, their tracks under their own ids, and the lyrics of those that have any (text, source)."""

    files: list[KnownFile] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    lyrics: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a folder holds now. `problems` are files that are no tracks, `remarks` files that are and are odd."""

    read: Batch  # what was new or changed; tracks and lyrics only where no `keep` took them
    unchanged: list[KnownFile]
    gone: list[KnownFile]  # of earlier runs
    problems: list[BadRow]
    remarks: list[BadRow]
    n_files: int

    @property
    def files(self) -> list[KnownFile]:
        """All files that are there."""
        return [*self.unchanged, *self.read.files]


def reader_version() -> str:
    """Return what changes whenever the same files would be read to other tracks."""
    vocabulary = resources.files("recsys").joinpath("data/vocabulary.toml").read_bytes()
    return hashlib.sha256(f"{_READER_VERSION}".encode() + vocabulary).hexdigest()[:16]


def read_folder(
    path: Path,
    known: Mapping[str, KnownFile] | None = None,
    progress: Progress | None = None,
    keep: Callable[[Batch], None] | None = None,
) -> FolderContent:
    """Read what is new or changed in a folder.

    Args:
        path: the folder; links are followed, hidden files left out.
        known: files of earlier runs by `KnownFile.path`, those gone among them.
        progress: called with ("looking for files", …) and ("reading files", done, total).
        keep: given what was read every few seconds, and at the end; it is stored there.

    Raises:
        SourceError: it is no folder, cannot be opened, or holds no audio file.
    """
    root = os.path.abspath(path)
    walked = walk_folder(Path(root), progress)
    known = known or {}
    _require_files(path, walked, known)
    at = {written(file.path): file for file in walked.files}
    unchanged = {place for place, file in at.items() if (row := known.get(place)) and _same(row, file)}
    # A folder that cannot be opened today is not an empty one.
    kept = {
        place for place in known.keys() - at.keys() if any(under(place, walked.closed)) and known[place].size != GONE
    }
    run = _Run(Identities(known, at.keys(), unchanged | kept), keep)
    # Those in known places first, so that a copy does not take the id of its original.
    new = [file for place, file in at.items() if place not in unchanged]
    new.sort(key=lambda file: written(file.path) not in known)
    arrived = any(written(file.path) not in known for file in new)
    started = time.monotonic()
    for number, file in enumerate(new, start=1):
        run.take(read_file(file, root), known, wait=arrived)
        if progress is not None and (number % _PER_PROGRESS == 0 or number == len(new)):
            rate = number / max(time.monotonic() - started, 1e-6)
            progress(f"reading files{NOTE}{rate:,.0f} a second", number, len(new))
    run.finish()
    rows = [known[place] for place in sorted(unchanged | kept)]
    gone = [row for place, row in known.items() if place not in at and place not in kept]
    problems, remarks = _told([*rows, *run.all.files], walked)
    return FolderContent(run.all, rows, gone, problems, remarks, len(walked.files) + len(walked.problems))


def folder_source(path: Path, progress: Progress | None = None) -> SourceContent:
    """Read a folder as any other source, from its beginning.

    Raises:
        SourceError: it is no folder, cannot be opened, or holds no audio file.
    """
    content = read_folder(path, None, progress)
    return SourceContent(
        KIND, content.read.tracks, [], content.problems, content.n_files, folder_fingerprint(content.read.files)
    )


def folder_fingerprint(files: list[KnownFile]) -> str:
    """Return what changes whenever a folder's tracks do."""
    digest = hashlib.sha256()
    for row in sorted(files, key=lambda row: row.path):
        digest.update(f"{row.path}\0{row.size}\0{row.mtime_ns}\0{row.native_id}\n".encode())
    return f"{reader_version()}:{digest.hexdigest()}"


class _Run:
    """Reading in progress: ids are given as soon as they are sure, and batches handed on as time goes by."""

    def __init__(self, identities: Identities, keep: Callable[[Batch], None] | None) -> None:
        self.all = Batch()
        self._identities, self._keep = identities, keep
        self._batch, self._began = Batch(), time.monotonic()
        self._waiting: list[ReadFile] = []

    def take(self, one: ReadFile, known: Mapping[str, KnownFile], *, wait: bool) -> None:
        """Take a file; with `wait` one whose sound is new in a known place waits: the old may turn up elsewhere."""
        place = written(one.found.path)
        if one.track is None:
            self._add(one, None)
        elif (native_id := self._identities.of_sound(place, one.digest)) is not None:
            self._add(one, native_id)
        elif place in known and wait:
            self._waiting.append(one)
        else:
            self._add(one, self._identities.of_place(place) or self._identities.new(one.digest))

    def finish(self) -> None:
        for one in self._waiting:
            place = written(one.found.path)
            self._add(one, self._identities.of_place(place) or self._identities.new(one.digest))
        self._hand_on()

    def _add(self, one: ReadFile, native_id: str | None) -> None:
        found = one.found
        row = KnownFile(written(found.path), found.size, found.mtime_ns, one.digest, native_id, one.problem)
        self.all.files.append(row)
        if self._keep is not None:  # what is stored need not be held in memory, too
            self._batch.files.append(row)
        batch = self.all if self._keep is None else self._batch
        if one.track is not None and native_id is not None:
            batch.tracks.append(replace(one.track, track_id=native_id))
            if one.lyrics is not None:
                batch.lyrics[native_id] = one.lyrics
        if time.monotonic() - self._began >= BATCH_S:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._keep is not None and self._batch.files:
            self._keep(self._batch)
        self._batch, self._began = Batch(), time.monotonic()


def _same(row: KnownFile, file: FoundFile) -> bool:
    return (row.size, row.mtime_ns) == (file.size, file.mtime_ns)


def _require_files(path: Path, walked: Walk, known: Mapping[str, KnownFile]) -> None:
    if walked.files:
        return
    if str(path) in walked.problems or os.path.abspath(path) in walked.problems:
        raise SourceError(path, "it is a folder that cannot be opened", "check that it is there and may be read")
    lost = f", and {len(known):,} files of it are known: is its drive there?" if known else ""
    raise SourceError(
        path,
        f"it is a folder without audio files{lost}",
        "give a folder with music, a folder of JAM files, or one CSV, TSV, JSONL or Parquet file",
    )


def _told(rows: list[KnownFile], walked: Walk) -> tuple[list[BadRow], list[BadRow]]:
    """Return the problems and the remarks, by path."""

    def all_problems() -> Iterator[BadRow]:
        yield from (BadRow(0, reason, written(path)) for path, reason in walked.problems.items())
        yield from (BadRow(0, row.problem, row.path) for row in rows if row.problem and row.native_id is None)

    remarks = [BadRow(0, row.problem, row.path) for row in rows if row.problem and row.native_id is not None]
    return sorted(all_problems(), key=lambda bad: bad.name), sorted(remarks, key=lambda bad: bad.name)
