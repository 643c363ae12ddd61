"""Windows of sequences, drawn and packed into batches whole arrays at a time.

A window is a stretch of one sequence that a model is shown at once. A sequence longer than that is cut into several,
at another place each time, so that nothing of it goes unused.

Shapes: E steps of all sequences together, S sequences, W windows, B sequences of a batch, T steps of a batch, L steps
of its longest, I items, N negatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recsys.sequential.sequences import steps_between
from recsys.types import FloatArray, IntArray

#: How often a negative that is of the sequence itself is drawn anew; what is still one then stays.
_DRAWS = 5


@dataclass(frozen=True)
class Packed:
    """Sequences of a batch, their steps one after the other."""

    lengths: Tensor  # (B,)
    places: Tensor  # (T,) of each step in its own sequence, from 0 on
    slots: Tensor  # (T,) of each step where the sequences are laid side by side, B × L
    filled: Tensor  # bool (B, L), where they are

    @classmethod
    def of(cls, lengths: IntArray, places: IntArray | None = None) -> Packed:
        """Say where the steps of sequences of these lengths (B,) are; each has at least one.

        Args:
            lengths: of the sequences.
            places: what each step's place (T,) is taken to be, in place of counting from the first.
        """
        longest = int(lengths.max(initial=1))
        filled = np.arange(longest) < lengths[:, None]
        slots = np.flatnonzero(filled)
        counted = slots % longest if places is None else places
        return cls(*(torch.from_numpy(np.ascontiguousarray(one)) for one in (lengths, counted, slots, filled)))

    @property
    def ends(self) -> Tensor:
        """The last step (B,) of each sequence."""
        return torch.cumsum(self.lengths, 0) - 1

    def by_place(self) -> tuple[Tensor, Tensor]:
        """Return the steps (T,) in the order first steps, second steps, … and how many (L,) there are of each.

        Within a place, the longest sequence comes first.
        """
        lengths = self.lengths.numpy()
        rank = np.empty(len(lengths), dtype=np.int64)
        rank[np.argsort(-lengths, kind="stable")] = np.arange(len(lengths))
        counted = self.slots.numpy() % self.filled.shape[1]
        order = np.lexsort((np.repeat(rank, lengths), counted))
        return torch.from_numpy(order), self.filled.sum(dim=0)


@dataclass(frozen=True)
class Windows:
    """Stretches of the columns of all sequences, from `begins` up to `ends`."""

    begins: IntArray  # (W,)
    ends: IntArray  # (W,)

    def __len__(self) -> int:
        return len(self.begins)

    def steps(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return where the steps (T,) of some windows are in the columns, and the windows' lengths (B,)."""
        return steps_between(self.begins[rows], self.ends[rows])


def cut(offsets: IntArray, longest: int, shortest: int, overlap: int, generator: np.random.Generator) -> Windows:
    """Cut sequences into windows of at most `longest` steps.

    Args:
        offsets: (S + 1,) of the sequences.
        longest: of a window.
        shortest: a window of fewer steps is left out.
        overlap: steps that two neighbouring windows share.
        generator: of where a long sequence is cut.
    """
    lengths = np.diff(offsets)
    stride = longest - overlap
    # What is long is cut into windows that end at a drawn place, so that each step is at any place of a window.
    shift = np.where(lengths > longest, generator.integers(0, stride, len(lengths)), 0)
    counts = np.maximum(1, -(-(lengths + shift - overlap) // stride))
    rows = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = number * stride - shift[rows]
    ends = np.minimum(begins + longest, lengths[rows])
    begins = np.maximum(begins, 0)
    long_enough = ends - begins >= shortest
    return Windows((offsets[rows] + begins)[long_enough], (offsets[rows] + ends)[long_enough])


def unlike_own(
    items: IntArray, lengths: IntArray, n_items: int, n_negatives: int, generator: np.random.Generator
) -> IntArray:
    """Draw items (T, N) for each step, uniformly among those that are not of its own sequence.

    Args:
        items: (T,) rows of items.
        lengths: (B,) of the sequences.
        n_items: to draw from.
        n_negatives: for each step.
        generator: that they are drawn with.
    """
    sequence = np.repeat(np.arange(len(lengths)), lengths)[:, None] * n_items
    own = np.unique(sequence[:, 0] + items)
    drawn = generator.integers(0, n_items, (len(items), n_negatives))
    for _ in range(_DRAWS):
        keys = sequence + drawn
        place = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        taken = own[place] == keys
        if not taken.any():
            break
        drawn[taken] = generator.integers(0, n_items, int(taken.sum()))
    return drawn


class SharedNegatives:
    """Draws the negatives that all steps of a batch share, with the chance that each had to be among them."""

    def __init__(self, counts: IntArray, power: float) -> None:
        """Take how often each item (I,) occurs; it is drawn with a chance that grows as this to a power.

        A power of 0 draws uniformly. Items that never occur are drawn as if they occurred once.
        """
        weights = np.maximum(counts, 1).astype(np.float64) ** power
        self._chance = weights / weights.sum()
        self._up_to = np.cumsum(self._chance)

    def draw(self, n_negatives: int, generator: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return items (N,), none twice and so at most `n_negatives`, and the log of the chance (N,) of each."""
        drawn = np.searchsorted(self._up_to, generator.random(n_negatives) * self._up_to[-1], side="right")
        items = np.unique(np.minimum(drawn, len(self._chance) - 1))
        # Not to be among n independent draws is (1 - q)^n.
        log_chance = np.log(-np.expm1(n_negatives * np.log1p(-np.minimum(self._chance[items], 1 - 1e-9))))
        return items, log_chance.astype(np.float32)


@dataclass(frozen=True)
class OwnCounts:
    """How likely an item is by how often its own sequence had it before, as log odds against one it never had.

    Source: Abbattista et al. (2024), personalised popularity: p(item) = (1 - ε) · count / steps + ε / I. Items that
    are not named here are at 0.
    """

    steps: IntArray  # (P,) of a batch
    items: IntArray  # (P,) rows of items; a pair occurs once
    log_odds: FloatArray  # (P,)
    n_items: int

    @classmethod
    def up_to_each_step(cls, items: IntArray, lengths: IntArray, n_items: int, epsilon: float) -> OwnCounts:
        """Count the items (T,) of sequences of these lengths (B,) up to each step, this one among them."""
        places = np.concatenate([np.arange(length) for length in lengths]) if len(lengths) else lengths
        firsts = np.arange(len(items)) - places
        later = np.repeat(np.arange(len(items)), places + 1)
        earlier = np.arange(len(later)) - np.repeat(np.cumsum(places + 1) - places - 1, places + 1) + firsts[later]
        return cls._counted(later, items[earlier], places + 1, n_items, epsilon)

    @classmethod
    def around_hidden(
        cls, items: IntArray, lengths: IntArray, n_items: int, epsilon: float, hidden: IntArray
    ) -> OwnCounts:
        """Count what is not hidden of the sequence that each hidden step (A,) is of; `steps` are numbers of those."""
        rows = np.repeat(np.arange(len(lengths)), lengths)
        shown = np.ones(len(items), dtype=np.bool_)
        shown[hidden] = False
        of_row = lengths[rows[hidden]]
        number = np.repeat(np.arange(len(hidden)), of_row)
        firsts = (np.cumsum(lengths) - lengths)[rows[hidden]]
        beside = np.arange(len(number)) + np.repeat(firsts - np.cumsum(of_row) + of_row, of_row)
        kept = shown[beside]
        n_shown = np.bincount(rows[shown], minlength=len(lengths))[rows[hidden]]
        return cls._counted(number[kept], items[beside[kept]], n_shown, n_items, epsilon)

    @classmethod
    def of_whole(cls, items: IntArray, lengths: IntArray, n_items: int, epsilon: float) -> OwnCounts:
        """Count the items (T,) of whole sequences of these lengths (B,); `steps` are the sequences."""
        return cls._counted(np.repeat(np.arange(len(lengths)), lengths), items, lengths, n_items, epsilon)

    @classmethod
    def _counted(cls, steps: IntArray, items: IntArray, n_steps: IntArray, n_items: int, epsilon: float) -> OwnCounts:
        keys, counts = np.unique(steps * n_items + items, return_counts=True)
        share = counts / n_steps[keys // n_items]
        odds = np.log1p((1 - epsilon) * share * n_items / epsilon)
        return cls(keys // n_items, keys % n_items, odds.astype(np.float32), n_items)

    def of(self, steps: IntArray, items: IntArray) -> FloatArray:
        """Return the log odds of items at steps, any shape that both broadcast to."""
        if not len(self.steps):
            return np.zeros(np.broadcast_shapes(steps.shape, items.shape), dtype=np.float32)
        keys, wanted = self.steps * self.n_items + self.items, steps * self.n_items + items
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, self.log_odds[place], np.float32(0))


def places_of(items: IntArray, n_items: int) -> NDArray[np.int64]:
    """Return where each item (I,) stands among some that differ, -1 where it does not."""
    place = np.full(n_items, -1, dtype=np.int64)
    place[items] = np.arange(len(items))
    return place
