"""Published index generations: one folder each, never written again, one of them named by `CURRENT`.

    HOME/generations/<key>/            catalogue, embeddings, checkpoint, projections, Chroma, lexical index
    HOME/generations/<key>.building/   the same while it is being made; continued by the next run if killed
    HOME/CURRENT                       the key being served, replaced atomically

A key is a digest of everything that decides the content, so an unchanged catalogue leads to the folder that exists.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.errors import NotIndexedError

MANIFEST = "manifest.json"
_KEPT = 2  # the current generation, and the one before it for readers that still hold it


@dataclass(frozen=True)
class Generation:
    """One published folder and its manifest."""

    key: str
    folder: Path
    manifest: dict[str, Any]


def current_key(home: Path) -> str | None:
    """Name the generation being served, or None before the first one."""
    try:
        return (home / "CURRENT").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def stamp(home: Path) -> tuple[str, int] | None:
    """What changes with every publication: the key being served, and when its folder was made, since keys return."""
    key = current_key(home)
    if key is None:
        return None
    try:
        return key, (home / "generations" / key / MANIFEST).stat().st_mtime_ns
    except OSError:
        return key, 0  # replaced between the two reads


def current(home: Path) -> Generation:
    """Open the generation being served.

    Raises:
        NotIndexedError: nothing has been published yet.
    """
    for _ in range(3):
        key = current_key(home)
        if key is None:
            break
        folder = home / "generations" / key
        try:
            return Generation(key, folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        except OSError:
            continue  # replaced between the two reads: look again
    raise NotIndexedError(home)


def publish(home: Path, building: Path, key: str, manifest: dict[str, Any]) -> Generation:
    """Make a finished building folder the generation being served, and drop those that nobody needs."""
    folder = home / "generations" / key
    if building.exists():
        (building / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(building, folder)
    previous = current_key(home)
    scratch = home / "CURRENT.part"
    scratch.write_text(key + "\n", encoding="utf-8")
    os.replace(scratch, home / "CURRENT")
    _prune(home, {key, previous or key})
    return current(home)


def discard(building: Path) -> None:
    """Drop a finished building folder that is not to be served; what a kill leaves of it is never taken for whole."""
    gone = building.with_suffix(".discarded")
    shutil.rmtree(gone, ignore_errors=True)
    os.replace(building, gone)
    shutil.rmtree(gone)


def drop_earlier(home: Path) -> None:
    """Drop every generation but the one being served: what was forgotten is in those before it."""
    _prune(home, {current(home).key}, kept_at_most=1)


def _prune(home: Path, kept: set[str], kept_at_most: int = _KEPT) -> None:
    folders = sorted((home / "generations").iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)
    spare = [f for f in folders if f.name not in kept]
    for folder in spare[max(0, kept_at_most - len(kept)) :]:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Let one process at a time index or train in a data folder; others wait."""
    from filelock import FileLock

    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "index.lock"):
        yield
