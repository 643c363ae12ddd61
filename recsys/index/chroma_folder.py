"""What lies in a folder of the Chroma index, shared by those who build and those who serve it.

Where a server keeps the collections, all but Chroma's own files is here all the same.

`chroma.sqlite3` and Chroma's own files: one collection per modality. `<modality>.npz`: which tracks share a
stored vector. `{directions,table,rest}-*.npy`: what bounds each track's score. `building.json`: which vectors the
folder is being filled with. `complete.json`, written last: that all are in, which ids the rows have, and how well each
collection finds what it holds.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import RecsysError
from recsys.index.base import Projections
from recsys.types import BoolArray, FloatArray, IntArray, Modality

BUILDING = "building.json"
COMPLETE = "complete.json"
#: Names under which one folder is opened in turn.
_N_NAMES = 32
_N_OPENED = count()


class ChromaFolderError(RecsysError, ValueError):
    """A Chroma folder is missing or unfinished. For one of another catalogue see `CatalogueMismatchError`."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"cannot search the Chroma folder {folder}: {problem}; run `segue train`")
        self.folder, self.problem = folder, problem


@dataclass(frozen=True)
class Groups:
    """The tracks of one modality, grouped by equal vectors. G groups, n tracks that have the modality."""

    members: IntArray  # (n,) rows, group after group, ascending within each
    starts: IntArray  # (G + 1,) where each group begins in `members`; groups ascend by norm

    @property
    def first(self) -> IntArray:
        """The first row of every group (G,), under whose track id its vector is stored."""
        return self.members[self.starts[:-1]]

    def rows(self, group: IntArray) -> IntArray:
        """The rows of the given groups, group after group."""
        sizes = self.starts[group + 1] - self.starts[group]
        # Positions in `members`: where each group starts, then counting up to its size.
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows: IntArray = self.members[np.repeat(self.starts[group], sizes) + within]
        return rows

    @classmethod
    def of(cls, vectors: FloatArray, present: BoolArray) -> Groups:
        """Group the rows of `vectors` (N, d) that are present."""
        rows = np.flatnonzero(present)
        table = np.ascontiguousarray(vectors[rows])
        _, first, inverse = np.unique(
            table.view(np.dtype((np.void, table.dtype.itemsize * table.shape[1]))).ravel(),
            return_index=True,
            return_inverse=True,
        )
        order = np.lexsort((first, np.linalg.norm(table[first], axis=1)))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        group = rank[inverse.ravel()]  # (n,)
        sizes = np.bincount(group, minlength=len(order))
        starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        return cls(members=rows[np.argsort(group, kind="stable")], starts=starts)


def open_client(folder: Path) -> Any:
    """Open Chroma on the folder, apart from whatever else is open; the caller closes it."""
    import chromadb
    from chromadb.config import Settings

    # Chroma shares what is open under one name, and a folder that was made anew has the name of the one that is gone.
    name = f"{folder}{'/.' * (next(_N_OPENED) % _N_NAMES)}"
    return chromadb.PersistentClient(path=name, settings=Settings(anonymized_telemetry=False))


def sample_digest(projections: Projections) -> str:
    """Enough of the vectors to tell one generation from another, without reading all of them at every start."""
    rows = np.unique(np.linspace(0, projections.n_tracks - 1, 64).astype(np.int64))
    digest = hashlib.sha256(f"{projections.n_tracks} {projections.dim}".encode())
    for modality, table in projections.item.items():
        digest.update(modality.value.encode())
        digest.update(table[rows].tobytes())
    return digest.hexdigest()[:16]


def read_card(path: Path) -> dict[str, Any] | None:
    """Read a card; None where there is none."""
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write a card, complete or not at all."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(json.dumps(card), encoding="utf-8")
    os.replace(unfinished, path)


def collection_name(modality: Modality, prefix: str = "") -> str:
    """Name a modality's collection: by itself, but for names that Chroma refuses (under three characters, "_" last)."""
    name = f"{prefix}{modality.value}"
    return name if len(name) >= 3 and not name.endswith("_") else f"space-{name}-0"
