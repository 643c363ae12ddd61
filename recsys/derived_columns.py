"""Which values of a catalogue were not stated by its sources, from where they come and how sure they are.

N tracks. A column is there only where something in it was derived; its rows are sorted.
"""

from __future__ import annotations

import numpy as np

from recsys.snapshot import Snapshot
from recsys.types import HEARD, BoolArray, Derived, FloatArray


class DerivedColumns:
    """The derived values of a snapshot, by column."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Read the columns that there are."""
        told = snapshot.strings.get("derived", {"columns": [], "sources": []})
        self._sources: list[str] = told["sources"]
        self._heard = np.array([source.startswith(HEARD) for source in self._sources], np.bool_)
        self._columns = {
            column: tuple(snapshot.arrays[f"derived_{column}_{part}"] for part in ("rows", "sources", "confidence"))
            for column in told["columns"]
        }

    def mask(self, column: str, n_tracks: int, *, heard: bool) -> BoolArray:
        """Mark the rows (N,) of a column that were heard, or with `heard=False` derived otherwise."""
        marked = np.zeros(n_tracks, np.bool_)
        if column in self._columns:
            rows, sources, _ = self._columns[column]
            marked[rows[self._heard[sources] == heard]] = True
        return marked

    def doubt(self, column: str, n_tracks: int) -> FloatArray | None:
        """How unsure each value of a column is (N,): 0 where nothing is derived; None if nothing is anywhere."""
        if column not in self._columns:
            return None
        rows, _, confidence = self._columns[column]
        doubt = np.zeros(n_tracks, np.float32)
        doubt[rows] = 1 - confidence
        return doubt

    def of(self, row: int) -> dict[str, Derived]:
        """Return the derived values of one row, by column."""
        found = {}
        for column, (rows, sources, confidence) in self._columns.items():
            at = int(np.searchsorted(rows, row))
            if at < len(rows) and rows[at] == row:
                found[column] = Derived(self._sources[sources[at]], round(float(confidence[at]), 4))
        return found
