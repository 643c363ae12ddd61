"""Who listened to what, as pairs; each pair of listener and item is there once.

Shapes: L listeners, I items, E pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.cold.errors import ColdStartError
from recsys.sequential.plays import Plays
from recsys.sequential.sequences import Sequences
from recsys.types import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Interactions:
    """Pairs of listeners and items, each listener's together. Shared; must not be changed."""

    listeners: IntArray  # (E,) rows of `listener_ids`
    items: IntArray  # (E,) rows of `item_ids`
    listener_ids: tuple[str, ...]  # (L,)
    item_ids: tuple[str, ...]  # (I,)
    groups: IntArray  # (I,) the artist of each item: items of one are new together
    times: NDArray[np.float64] | None = None  # (E,) when it was first listened to, or its place; None if not known

    @classmethod
    def of(
        cls,
        listeners: IntArray,
        items: IntArray,
        listener_ids: Sequence[str],
        item_ids: Sequence[str],
        *,
        groups: IntArray | None = None,
        times: NDArray[np.float64] | None = None,
    ) -> Interactions:
        """Keep each pair once, at its earliest time; an item without a group is one by itself.

        Raises:
            ColdStartError: there are no pairs, columns differ in length, or a row is none of the names.
        """
        columns = [len(listeners), len(items), *([] if times is None else [len(times)])]
        if not len(listeners) or len(set(columns)) > 1:
            raise ColdStartError("interactions", f"columns of {columns} rows", "give columns of one length above 0")
        for rows, names in ((listeners, listener_ids), (items, item_ids)):
            if not 0 <= int(rows.min()) <= int(rows.max()) < len(names):
                raise ColdStartError("interactions", f"a row is not of {len(names):,} names", "name them all")
        of_items = np.arange(len(item_ids)) if groups is None else np.asarray(groups, dtype=np.int64)
        if len(of_items) != len(item_ids):
            raise ColdStartError("interactions", f"{len(of_items):,} groups of {len(item_ids):,} items", "give all")
        pairs = listeners.astype(np.int64) * len(item_ids) + items
        # By pair, the earliest first.
        order = np.lexsort((pairs,)) if times is None else np.lexsort((times, pairs))
        kept = order[np.concatenate([[True], np.diff(pairs[order]) > 0])]
        when = None if times is None else times[kept].astype(np.float64)
        rows_of = listeners[kept].astype(np.int64), items[kept].astype(np.int64)
        return cls(*rows_of, tuple(listener_ids), tuple(item_ids), of_items, when)

    @classmethod
    def of_plays(cls, plays: Plays) -> Interactions:
        """Take the first play of each item by each listener."""
        return cls.of(
            plays.listeners.astype(np.int64),
            plays.items.astype(np.int64),
            plays.listener_ids,
            plays.names,
            times=plays.times,
        )

    @classmethod
    def of_sequences(cls, sequences: Sequences) -> Interactions:
        """Take the steps of sequences, whose places are their times."""
        places = np.arange(len(sequences.items)) - np.repeat(sequences.offsets[:-1], sequences.lengths)
        return cls.of(
            sequences.sequence_rows,
            sequences.items,
            sequences.owners,
            sequences.names,
            times=places.astype(np.float64),
        )

    def __len__(self) -> int:
        return len(self.items)

    @property
    def shape(self) -> tuple[int, int]:
        """Listeners and items."""
        return len(self.listener_ids), len(self.item_ids)

    def matrix(self, kept: BoolArray | None = None) -> csr_array:
        """Return (L, I) float32 that is 1 where there is a pair, of some pairs (E,) or of all."""
        rows = np.flatnonzero(np.ones(len(self), dtype=np.bool_) if kept is None else kept)
        ones = np.ones(len(rows), dtype=np.float32)
        return csr_array((ones, (self.listeners[rows], self.items[rows])), shape=self.shape)

    def sequences(self, kept: BoolArray) -> Sequences:
        """Return some pairs (E,) as sequences of all listeners, in the order of time; a sequence may be empty.

        Raises:
            ColdStartError: nothing is known of the order.
        """
        if self.times is None:
            raise ColdStartError("interactions", "they have no times", "give a column of times")
        rows = np.flatnonzero(kept)
        rows = rows[np.lexsort((self.times[rows], self.listeners[rows]))]
        counts = np.bincount(self.listeners[rows], minlength=len(self.listener_ids))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Sequences(self.items[rows], offsets, self.item_ids, self.listener_ids)
