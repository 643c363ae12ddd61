"""Sequences of items as columns, and the questions that are asked of them.

An item is whatever is listened to one after the other: a track, an artist. Its position in `names` is its row.

Shapes: S sequences, E steps of all sequences together, I items, Q questions, W windows, T steps of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.types import FloatArray, IntArray


@dataclass(frozen=True)
class Sequences:
    """Sequences of items, oldest step first. Shared; must not be changed."""

    items: IntArray  # (E,) rows of items
    offsets: IntArray  # (S + 1,) where each sequence begins in the columns, and the end of the last
    names: tuple[str, ...]  # (I,)
    owners: tuple[str, ...]  # (S,) what each sequence is called: a listener, a session
    times: NDArray[np.float64] | None = None  # (E,) seconds since the epoch
    completion: FloatArray | None = None  # (E,) share of the track that was played, NaN where it is not known

    def __post_init__(self) -> None:
        """Check that the columns belong together."""
        n_steps = len(self.items)
        if len(self.offsets) != len(self.owners) + 1 or self.offsets[0] != 0 or self.offsets[-1] != n_steps:
            raise ValueError(f"offsets of {len(self.owners)} sequences must run from 0 to {n_steps}")
        if np.any(np.diff(self.offsets) < 0):
            raise ValueError("offsets must not fall")
        if n_steps and not 0 <= int(self.items.min()) <= int(self.items.max()) < len(self.names):
            raise ValueError(f"items must be rows of the {len(self.names)} names")
        for column in (self.times, self.completion):
            if column is not None and len(column) != n_steps:
                raise ValueError(f"a column has {len(column)} values for {n_steps} steps")

    @classmethod
    def of(
        cls, sequences: Iterable[Sequence[int] | IntArray], names: Sequence[str], owners: Sequence[str] | None = None
    ) -> Sequences:
        """Put sequences of item rows side by side; without `owners` they are called by their numbers from 1 on."""
        rows = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in rows])]).astype(np.int64)
        called = tuple(owners) if owners is not None else tuple(str(number) for number in range(1, len(rows) + 1))
        return cls(np.concatenate([*rows, np.zeros(0, dtype=np.int64)]), offsets, tuple(names), called)

    def __len__(self) -> int:
        return len(self.owners)

    def __getitem__(self, row: int) -> IntArray:
        """Return the items (length,) of one sequence."""
        return self.items[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[IntArray]:
        return (self[row] for row in range(len(self)))

    @property
    def n_items(self) -> int:
        """How many items there are to choose from."""
        return len(self.names)

    @property
    def lengths(self) -> IntArray:
        """The steps of each sequence (S,)."""
        return np.diff(self.offsets)

    @property
    def sequence_rows(self) -> IntArray:
        """The sequence of each step (E,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def kept(self, steps: NDArray[np.bool_]) -> Sequences:
        """Return what is left when only some steps (E,) are kept; a sequence may be left empty."""
        counts = np.bincount(self.sequence_rows[steps], minlength=len(self))
        return replace(
            self,
            items=self.items[steps],
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            times=None if self.times is None else self.times[steps],
            completion=None if self.completion is None else self.completion[steps],
        )

    def take(self, rows: Sequence[int] | IntArray) -> Sequences:
        """Return some of the sequences, in the order of their rows; a row may be named more than once."""
        chosen = np.asarray(rows, dtype=np.int64)
        taken = self.windows(self.offsets[chosen], self.offsets[chosen + 1])
        return replace(taken, owners=tuple(self.owners[row] for row in chosen))

    def windows(self, begins: IntArray, ends: IntArray) -> Sequences:
        """Return steps from `begins` (W,) to before `ends` (W,), positions in the columns, as sequences called ""."""
        steps, lengths = steps_between(begins, ends)
        return replace(
            self,
            items=self.items[steps],
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            owners=("",) * len(lengths),
            times=None if self.times is None else self.times[steps],
            completion=None if self.completion is None else self.completion[steps],
        )

    def shortened(self, lengths: IntArray) -> Sequences:
        """Return the first so many steps (S,) of each sequence."""
        place = np.arange(len(self.items)) - np.repeat(self.offsets[:-1], self.lengths)
        return self.kept(place < np.repeat(lengths, self.lengths))

    def has_repeats(self) -> bool:
        """Say whether any sequence has an item twice."""
        pairs = self.sequence_rows * max(self.n_items, 1) + self.items
        return len(np.unique(pairs)) < len(pairs)

    def first_listens(self) -> Sequences:
        """Return the sequences with each item where it came first alone."""
        _, first = np.unique(self.sequence_rows * max(self.n_items, 1) + self.items, return_index=True)
        steps = np.zeros(len(self.items), dtype=np.bool_)
        steps[first] = True
        return self.kept(steps)


@dataclass(frozen=True)
class Questions:
    """What came before, and what came next."""

    prefixes: Sequences  # Q of them
    targets: IntArray  # (Q,) rows of items

    def __post_init__(self) -> None:
        """Check that there is one target for each prefix."""
        if len(self.prefixes) != len(self.targets):
            raise ValueError(f"{len(self.prefixes)} prefixes have {len(self.targets)} targets")

    def __len__(self) -> int:
        return len(self.targets)


def steps_between(begins: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Return the positions (T,) from each of `begins` (W,) to before its end (W,), one after the other, and lengths."""
    lengths = ends - begins
    firsts = np.cumsum(lengths) - lengths
    return np.repeat(begins - firsts, lengths) + np.arange(int(lengths.sum())), lengths


def leave_one_out(sequences: Sequences, *, from_end: int = 1) -> tuple[Sequences, Questions]:
    """Hold out one step of each sequence: the last, or one further from the end, with all that come after it.

    Args:
        sequences: those with no step before the one held out take no part in the questions.
        from_end: 1 holds out the last step, 2 the one before (and the last), and so on.

    Returns:
        the sequences without what was held out, and one question for each that has a prefix.
    """
    lengths = sequences.lengths - from_end
    asked = np.flatnonzero(lengths >= 1)
    known = sequences.shortened(np.maximum(lengths, 0))
    return known, Questions(known.take(asked), sequences.items[sequences.offsets[asked] + lengths[asked]])
