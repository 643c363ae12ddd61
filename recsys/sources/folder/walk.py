"""Walking a folder: every audio file in it once, whatever links lead where."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recsys.sources.folder.formats import EXTENSIONS
from recsys.types import Progress

_SIDECAR = ".lrc"
_PER_PROGRESS = 2_000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An audio file as the folder has it. Names that are not UTF-8 hold surrogates (PEP 383).

    `size` and `mtime_ns` are also those of a sidecar with lyrics, so that a changed one is noticed.
    """

    path: str  # absolute
    size: int
    mtime_ns: int
    sidecar: str | None = None
    numbered: bool = False  # whether the names in its folder begin with numbers


@dataclass(slots=True)
class Walk:
    """What a walk came upon: audio files, files that cannot be looked at (path → why), folders that cannot."""

    files: list[FoundFile] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)


def walk_folder(folder: Path, progress: Progress | None = None) -> Walk:
    """Find the audio files of a folder by their names, links followed, hidden files and folders left out.

    A folder that several links lead to, or that contains itself by one, is walked once.

    Args:
        folder: to walk.
        progress: called with ("looking for files", files so far, 0).
    """
    found, seen, said = Walk(), set[tuple[int, int]](), 0
    waiting = [os.fspath(folder)]
    while waiting:
        path = waiting.pop()
        try:
            here = os.stat(path)
            if (here.st_dev, here.st_ino) in seen:
                continue
            seen.add((here.st_dev, here.st_ino))
            with os.scandir(path) as listed:
                entries = sorted((one for one in listed if not one.name.startswith(".")), key=lambda one: one.name)
        except OSError as error:
            found.problems[path] = f"is a folder that cannot be opened: {_said(error)}"
            found.closed.append(path)
            continue
        folders = _look(entries, found)
        waiting.extend(reversed(folders))
        if progress is not None and len(found.files) - said >= _PER_PROGRESS:
            said = len(found.files)
            progress("looking for files", said, 0)
    return found


def _look(entries: list[os.DirEntry[str]], found: Walk) -> list[str]:
    """Take the audio files among the entries of a folder, and return its folders."""
    folders: list[str] = []
    audio: list[os.DirEntry[str]] = []
    sidecars: dict[str, os.DirEntry[str]] = {}
    for entry in entries:
        stem, extension = os.path.splitext(entry.name)
        try:
            if entry.is_dir():
                folders.append(entry.path)
                continue
        except OSError as error:  # a link that leads to itself
            if extension.lower() in EXTENSIONS:
                found.problems[entry.path] = _said(error)
            continue
        if extension.lower() == _SIDECAR:
            sidecars[stem] = entry
        elif extension.lower() in EXTENSIONS:
            audio.append(entry)
    n_numbered = sum(entry.name[0].isdigit() for entry in audio)
    numbered = len(audio) >= 3 and n_numbered >= 0.8 * len(audio)
    for entry in audio:
        try:
            state = entry.stat()
            sidecar = sidecars.get(os.path.splitext(entry.name)[0])
            beside = sidecar.stat() if sidecar is not None else None
        except OSError as error:
            found.problems[entry.path] = _said(error)
            continue
        if not stat.S_ISREG(state.st_mode):
            found.problems[entry.path] = "is no ordinary file"
            continue
        size, mtime_ns = state.st_size, state.st_mtime_ns
        if sidecar is not None and beside is not None and stat.S_ISREG(beside.st_mode):
            size, mtime_ns = size + beside.st_size, max(mtime_ns, beside.st_mtime_ns)
            found.files.append(FoundFile(entry.path, size, mtime_ns, sidecar.path, numbered))
        else:
            found.files.append(FoundFile(entry.path, size, mtime_ns, None, numbered))
    return folders


def _said(error: OSError) -> str:
    return f"cannot be opened: {error.strerror or type(error).__name__}"


def under(path: str, folders: list[str]) -> Iterator[str]:
    """Yield those of some folders that a path lies in."""
    return (folder for folder in folders if path.startswith(folder.rstrip(os.sep) + os.sep))
