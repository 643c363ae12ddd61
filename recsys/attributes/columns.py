"""The attributes of a catalogue's tracks as columns: packing them into a snapshot, and reading them from it.

N tracks, A attributes in the table's order. Three matrices (N, A) of bytes: values and confidences in hundredths, 255
where nothing is known, and the number of the source. A snapshot of tracks without any attribute holds none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.attributes.table import load_attributes
from recsys.types import HEARD, AttributeValue, BoolArray, Derived, FloatArray, Track

if TYPE_CHECKING:
    from recsys.snapshot import Snapshot

_PARTS = ("attribute_values", "attribute_confidences", "attribute_sources")
_UNKNOWN = 255


def pack_attributes(tracks: Sequence[Track], arrays: dict[str, NDArray[Any]], strings: dict[str, Any]) -> None:
    """Add what some of the tracks have of attributes to a snapshot's columns; nothing where none has any."""
    if not any(track.attributes for track in tracks):
        return
    table = load_attributes()
    values, confidences, sources = (
        np.full((len(tracks), len(table.keys)), _UNKNOWN, np.uint8) for _ in range(len(_PARTS))
    )
    numbers: dict[str, int] = {}
    for row, track in enumerate(tracks):
        for key, one in track.attributes.items():
            column = table.number[key]
            values[row, column] = round(one.value * 100)
            confidences[row, column] = round(one.derived.confidence * 100)
            sources[row, column] = numbers.setdefault(one.derived.source, len(numbers))
    arrays.update(zip(_PARTS, (values, confidences, sources), strict=True))
    strings["attributes"] = {"keys": list(table.keys), "sources": list(numbers)}


class AttributeColumns:
    """The attributes of a catalogue's tracks, by attribute and by row."""

    def __init__(self, snapshot: Snapshot, n_tracks: int) -> None:
        """Read them from a snapshot, which may have none."""
        self._n = n_tracks
        self._cached: dict[str, FloatArray] = {}
        self._told = snapshot.strings.get("attributes")
        if self._told is not None:
            self._values, self._confidences, self._sources = (snapshot.arrays[part] for part in _PARTS)
            self._number = {key: number for number, key in enumerate(self._told["keys"])}
            self._heard = np.array([source.startswith(HEARD) for source in self._told["sources"]], np.bool_)

    @property
    def known(self) -> bool:
        """Whether any track has any attribute."""
        return self._told is not None

    def any(self) -> BoolArray:
        """Mark the rows (N,) that have any attribute."""
        if self._told is None:
            return np.zeros(self._n, np.bool_)
        return np.asarray((self._values != _UNKNOWN).any(axis=1), np.bool_)

    def values(self, key: str) -> FloatArray:
        """The values (N,) of an attribute, 0–1; NaN is unknown. Shared: it must not be changed."""
        if key not in self._cached:
            known = self._column(self._values, key) if self._told is not None else np.full(self._n, np.nan, np.float32)
            known.setflags(write=False)
            self._cached[key] = known
        return self._cached[key]

    def doubt(self, key: str) -> FloatArray:
        """How unsure each value of an attribute is (N,), 0–1; 0 where nothing is known."""
        if self._told is None:
            return np.zeros(self._n, np.float32)
        return np.nan_to_num(1 - self._column(self._confidences, key), nan=0.0).astype(np.float32)

    def derived(self, key: str, *, heard: bool) -> BoolArray:
        """Mark the rows (N,) whose value of an attribute was heard, or with `heard=False` is known otherwise."""
        marked = np.zeros(self._n, np.bool_)
        if self._told is not None and key in self._number:
            sources = self._sources[:, self._number[key]]
            there = sources != _UNKNOWN
            marked[there] = self._heard[sources[there]] == heard
        return marked

    def of(self, row: int) -> dict[str, AttributeValue]:
        """Return the attributes of one row, by key."""
        if self._told is None:
            return {}
        found = {}
        for key, number in self._number.items():
            if self._values[row, number] != _UNKNOWN:
                derived = Derived(
                    self._told["sources"][self._sources[row, number]], int(self._confidences[row, number]) / 100
                )
                found[key] = AttributeValue(int(self._values[row, number]) / 100, derived)
        return found

    def _column(self, matrix: NDArray[np.uint8], key: str) -> FloatArray:
        if key not in self._number:
            return np.full(self._n, np.nan, np.float32)
        column = matrix[:, self._number[key]].astype(np.float32)
        return np.where(column == _UNKNOWN, np.float32(np.nan), column / np.float32(100)).astype(np.float32)
