"""The port of an index, and what goes in and out of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from recsys.errors import RecsysError
from recsys.jam.score import ScoreParts
from recsys.types import BoolArray, FloatArray, IntArray, Modality


class ProjectionsError(RecsysError, ValueError):
    """Saved projections are missing, torn or of another shape than they state."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"cannot use the projections in {folder}: {problem}; run `segue train`")
        self.folder, self.problem = folder, problem


@dataclass(frozen=True, slots=True)
class JointPoint:
    """What a turn looks for, in the joint space of width d. All float32."""

    user: FloatArray  # (d,) u, already scaled by the *how much me* dial; zero without history
    query: FloatArray  # (d,) q
    key: FloatArray  # (d,) Q q̃, what the mixer compares with the tracks' keys
    n_constants: int = 0  # coordinates, the last ones, that hold constants of the tracks and no direction

    @property
    def n_directions(self) -> int:
        """How many coordinates, the first ones, say where the point lies."""
        return len(self.user) - self.n_constants

    def with_constant(self, weight: float) -> JointPoint:
        """Return the point (d + 1,) that weighs the constant of `Projections.with_constant` for the request."""
        # Logits are divided by the root of the width, which grows by one.
        key = self.key * np.sqrt((len(self.key) + 1) / len(self.key))
        return JointPoint(
            _appended(self.user, 0), _appended(self.query, weight), _appended(key, 0), self.n_constants + 1
        )


@dataclass(frozen=True)
class Projections:
    """Every track's modality vectors, projected once. N tracks, M modalities, d joint width.

    Rows are zero where the modality is absent. `keys` may be empty for a mixer that needs no logits.
    """

    item: dict[Modality, FloatArray]  # v_m (N, d)
    keys: dict[Modality, FloatArray]  # K_m x_m (N, d)
    present: BoolArray  # (N, M), columns in the order of `item`
    modalities: tuple[Modality, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "modalities", tuple(self.item))
        expected = (self.n_tracks, self.dim)
        for name, tables in (("item", self.item), ("keys", self.keys)):
            for modality, table in tables.items():
                if table.shape != expected or table.dtype != np.float32 or modality not in self.item:
                    raise ValueError(
                        f"{name}[{modality!s}] is {table.dtype} {table.shape}, expected float32 "
                        f"{expected} for one of {', '.join(self.item)}; project them all from one catalogue"
                    )
        if self.present.shape != (self.n_tracks, len(self.item)):
            raise ValueError(
                f"present is {self.present.shape}, expected {(self.n_tracks, len(self.item))}; "
                "give one column per modality in the order of `item`"
            )

    @property
    def n_tracks(self) -> int:
        """N, the number of rows."""
        return int(self.present.shape[0])

    @property
    def dim(self) -> int:
        """The width d of the joint space."""
        return int(next(iter(self.item.values())).shape[1])

    def with_constant(self, constant: FloatArray) -> Projections:
        """Append what every track has by itself (N,) as one more coordinate of each of its modality vectors.

        With `JointPoint.with_constant` every score grows by the constant times its weight, exactly, for tracks that
        have any modality: the weights of the modalities sum to 1.
        """
        item = {
            m: np.hstack([table, np.where(self.present[:, [column]], constant[:, None], 0)]).astype(np.float32)
            for column, (m, table) in enumerate(self.item.items())
        }
        nothing = np.zeros((self.n_tracks, 1), np.float32)
        return Projections(item, {m: np.hstack([table, nothing]) for m, table in self.keys.items()}, self.present)

    def save(self, folder: Path) -> None:
        """Write one `.npy` per array; `projections.json`, written last, makes the folder loadable."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "projections.json").unlink(missing_ok=True)
        np.save(folder / "present.npy", self.present)
        for name, tables in (("item", self.item), ("keys", self.keys)):
            for modality, table in tables.items():
                np.save(folder / f"{name}-{modality.value}.npy", table)
        meta = {
            "n_tracks": self.n_tracks,
            "dim": self.dim,
            "modalities": [modality.value for modality in self.modalities],
            "keys": [modality.value for modality in self.keys],
        }
        unfinished = folder / "projections.json.part"
        unfinished.write_text(json.dumps(meta), encoding="utf-8")
        os.replace(unfinished, folder / "projections.json")

    @classmethod
    def load(cls, folder: Path, *, mmap: bool = True) -> Projections:
        """Read what `save` wrote; with `mmap` the tables stay on disk until they are touched.

        Raises:
            ProjectionsError: the folder holds no complete set of tables.
        """
        try:
            meta = json.loads((folder / "projections.json").read_text(encoding="utf-8"))
            return cls(
                item=_load(folder, "item", meta["modalities"], mmap),
                keys=_load(folder, "keys", meta["keys"], mmap),
                present=np.load(folder / "present.npy"),
            )
        except (OSError, ValueError, KeyError) as error:
            raise ProjectionsError(folder, str(error)) from error


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best tracks for a point: score descending, ties by row.

    `certified` says that the top k is proven: every allowed track was scored, or no track outside the lists
    of an approximate index can score higher (given that the lists themselves are right).
    """

    rows: IntArray  # (k,) or fewer where fewer tracks are allowed
    scores: FloatArray  # (k,)
    certified: bool
    n_scored: int  # tracks whose exact score was computed


class TrackIndex(Protocol):
    """Finds the tracks whose vectors best match a point in the joint space."""

    @property
    def name(self) -> str:
        """What `status` and reports call it: "exact" or "chroma"."""

    def search(self, point: JointPoint, k: int, allowed: BoolArray | None = None) -> SearchResult:
        """Return the k best tracks among those `allowed` (N,), or among all."""

    def score(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the exact scores (n,) of the given rows."""

    def explain(self, point: JointPoint, rows: IntArray) -> ScoreParts:
        """Return where the scores of the given rows (n,) come from."""

    def vectors(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """Return the vectors (n, d) of the given rows as mixed for the point: their product with u + q is the score."""


def _appended(vector: FloatArray, last: float) -> FloatArray:
    return np.append(vector, last).astype(np.float32)


def best(rows: IntArray, scores: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k best of the given rows: score descending, ties by row."""
    order = np.lexsort((rows, -scores))[: max(k, 0)]
    return rows[order], scores[order]


def _load(folder: Path, name: str, modalities: list[str], mmap: bool) -> dict[Modality, FloatArray]:
    # asarray sheds the memmap subclass, whose bookkeeping slows every slice; the file stays mapped.
    return {
        Modality(modality): np.asarray(np.load(folder / f"{name}-{modality}.npy", mmap_mode="r" if mmap else None))
        for modality in modalities
    }
