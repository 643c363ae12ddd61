"""The vectors of what lyrics say, stretch by stretch, kept so that a request can be compared with them.

    HOME/lyrics/card.json     what there is; replaced atomically
    HOME/lyrics/<folder>/     vectors.f32 (c, D) unit rows, starts.npy (n + 1), ids.json (n)

The words themselves are not here. Shapes: n tracks with lyrics, c their stretches in all, D width, N tracks of a
catalogue.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from recsys.types import BoolArray, FloatArray, IntArray

FOLDER = "lyrics"
_CARD, _VECTORS = "card.json", "vectors.f32"


@dataclass(frozen=True)
class PassagesCard:
    """What is known of the stretches without opening them."""

    fingerprint: str  # of all that decides them
    encoder: str
    n_tracks: int
    n_chunks: int
    width: int


class Passages:
    """The stretches of the lyrics of a catalogue's tracks."""

    def __init__(self, vectors: FloatArray, starts: IntArray, rows: IntArray, n_tracks: int) -> None:
        """Lay stretches along a catalogue: those of `rows[i]` (-1 is no track of it) begin at `starts[i]`."""
        self._vectors, self._n_tracks = vectors, n_tracks
        here = (rows >= 0) & (np.diff(starts) > 0)
        self._rows, self._first, self._end = rows[here], starts[:-1][here], starts[1:][here]
        self.read: BoolArray = np.zeros(n_tracks, dtype=np.bool_)  # (N,) whether lyrics were read
        self.read[self._rows] = True

    def nearest(self, vectors: FloatArray) -> FloatArray:
        """Return the cosines of q unit vectors (q, D) to the nearest stretch of each track: (N, q).

        Zero where there is none.
        """
        cosines = self._vectors @ vectors.T  # (c, q)
        nearest = np.zeros((self._n_tracks, len(vectors)), dtype=np.float32)
        # Of each track its own stretches, and what lies between them and the next one's apart.
        bounds = np.stack([self._first, self._end], axis=1).ravel()
        padded = np.concatenate([cosines, np.full((1, len(vectors)), -1.0, dtype=np.float32)])
        nearest[self._rows] = np.maximum.reduceat(padded, bounds, axis=0)[::2]
        return nearest


class PassageWriter:
    """Takes the stretches of track after track, and puts them in place of those that were there, all or none."""

    def __init__(self, home: Path) -> None:
        """Begin; what an interrupted run left is dropped."""
        self._space, self._unfinished = home / FOLDER, home / FOLDER / "unfinished"
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(parents=True)
        self.ids: list[str] = []
        self._starts = [0]

    @property
    def n_chunks(self) -> int:
        """How many stretches there are so far."""
        return self._starts[-1]

    def add(self, ids: Sequence[str], vectors: Sequence[FloatArray]) -> None:
        """Add tracks, each with the vectors (k, D) of its stretches."""
        self.ids += ids
        with (self._unfinished / _VECTORS).open("ab") as file:
            for one in vectors:
                self._starts.append(self._starts[-1] + len(one))
                file.write(np.ascontiguousarray(one, dtype="<f4").tobytes())

    def publish(self, fingerprint: str, encoder: str, width: int) -> None:
        """Put the stretches in place; `fingerprint` is of all that decides them."""
        (self._unfinished / "ids.json").write_text(json.dumps(self.ids), encoding="utf-8")
        np.save(self._unfinished / "starts.npy", np.array(self._starts, dtype=np.int64))
        to = self._space / fingerprint
        shutil.rmtree(to, ignore_errors=True)
        os.replace(self._unfinished, to)
        card = PassagesCard(fingerprint, encoder, len(self.ids), self.n_chunks, width)
        part = self._space / f"{_CARD}.part"
        part.write_text(json.dumps(asdict(card)), encoding="utf-8")
        os.replace(part, self._space / _CARD)
        for left in self._space.iterdir():
            if left.is_dir() and left != to:
                shutil.rmtree(left, ignore_errors=True)


def drop_passages(home: Path) -> None:
    """Forget all stretches."""
    (home / FOLDER / _CARD).unlink(missing_ok=True)
    shutil.rmtree(home / FOLDER, ignore_errors=True)


def passages_card(home: Path) -> PassagesCard | None:
    """Return what is known of the stretches; None where there are none, or they are damaged."""
    try:
        return PassagesCard(**json.loads((home / FOLDER / _CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def open_passages(home: Path, track_ids: Sequence[str], encoder: str) -> Passages | None:
    """Lay the stretches along a catalogue's rows; None where no lyrics were read by the encoder that reads requests."""
    card = passages_card(home)
    if card is None or card.encoder != encoder:
        return None
    folder = home / FOLDER / card.fingerprint
    try:
        ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
        starts = np.load(folder / "starts.npy")
        vectors = np.memmap(folder / _VECTORS, dtype="<f4", mode="r", shape=(card.n_chunks, card.width))
    except (OSError, ValueError):
        # Replaced between the two reads: look again. Damaged: there are none until the next indexing.
        return None if passages_card(home) == card else open_passages(home, track_ids, encoder)
    row_of = {track_id: row for row, track_id in enumerate(track_ids)}
    rows: IntArray = np.array([row_of.get(one, -1) for one in ids], dtype=np.int64)
    passages = Passages(np.asarray(vectors), starts, rows, len(track_ids))
    return passages if passages.read.any() else None
