"""Who listened to what when, as columns: what sessions are cut from (`recsys.sequential.sessions`).

Shapes: E plays, L listeners, I items.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.types import FloatArray

#: Plays after which progress is told.
TOLD_EVERY = 10_000


@dataclass(frozen=True)
class Plays:
    """Plays of all listeners, each listener's together and oldest first. Shared; must not be changed."""

    listeners: NDArray[np.int32]  # (E,) rows of `listener_ids`
    items: NDArray[np.int32]  # (E,) rows of `names`
    times: NDArray[np.float64]  # (E,) seconds since the epoch when each began
    listener_ids: tuple[str, ...]  # (L,)
    names: tuple[str, ...]  # (I,)
    durations: FloatArray | None = None  # (I,) seconds, NaN where not known
    stated: FloatArray | None = None  # (E,) completion that was recorded, NaN where it was not
    n_bad_rows: int = 0  # rows of the file that could not be read, and were left out

    def __len__(self) -> int:
        return len(self.items)

    def kept(self, plays: NDArray[np.bool_]) -> Plays:
        """Return some of the plays (E,)."""
        return Plays(
            self.listeners[plays],
            self.items[plays],
            self.times[plays],
            self.listener_ids,
            self.names,
            self.durations,
            None if self.stated is None else self.stated[plays],
            self.n_bad_rows,
        )


class PlaysBuilder:
    """Collects plays in 16 bytes each and every name once; putting them in order takes some 60 bytes each."""

    def __init__(self) -> None:
        self._listeners, self._items, self._times = array("i"), array("i"), array("d")
        self._stated = array("f")
        self._listener_rows: dict[str, int] = {}
        self._item_rows: dict[str, int] = {}
        self.n_bad_rows = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, listener: str, item: str, at: float, completion: float = float("nan")) -> None:
        """Add one play; `at` in seconds since the epoch."""
        self._listeners.append(self._listener_rows.setdefault(listener, len(self._listener_rows)))
        self._items.append(self._item_rows.setdefault(item, len(self._item_rows)))
        self._times.append(at)
        if completion == completion or self._stated:
            # Those before the first that is known are not known.
            self._stated.extend([float("nan")] * (len(self._items) - 1 - len(self._stated)))
            self._stated.append(completion)

    def build(self, durations_s: Mapping[str, float] | None = None) -> Plays:
        """Put plays in order; those at the same time stay as they came.

        Args:
            durations_s: item → seconds, where known.
        """
        listeners = np.frombuffer(self._listeners, dtype=np.int32)
        times = np.frombuffer(self._times, dtype=np.float64)
        order = np.lexsort((times, listeners))
        names = tuple(self._item_rows)
        lengths = None if durations_s is None else _columns(names, durations_s)
        stated = np.frombuffer(self._stated, dtype=np.float32) if self._stated else None
        return Plays(
            listeners[order],
            np.frombuffer(self._items, dtype=np.int32)[order],
            times[order],
            tuple(self._listener_rows),
            names,
            lengths,
            None if stated is None else stated[order],
            self.n_bad_rows,
        )


def _columns(names: Iterable[str], values: Mapping[str, float]) -> FloatArray:
    found = np.array([values.get(name, np.nan) for name in names], dtype=np.float32)
    return np.where(found > 0, found, np.float32(np.nan)).astype(np.float32)
