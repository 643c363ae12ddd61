"""Small things that are done with a catalogue's columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys.types import IntArray


def groups(numbers: IntArray, among: IntArray) -> Iterator[IntArray]:
    """Yield the rows of each number that has a row in `among`."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    for number in np.unique(numbers[among]):
        low, high = np.searchsorted(ordered, [number, number + 1])
        yield order[low:high]


def exact(value: np.float32) -> float | None:
    """Return the shortest decimal that float32 stores as `value`: 0.66, not 0.6600000262; None for NaN."""
    return None if np.isnan(value) else float(str(value))
