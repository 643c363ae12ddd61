"""Content vectors of items: what is known of each without anybody having listened to it.

Shapes: I items, F width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from recsys.cold.errors import ColdStartError
from recsys.types import BoolArray, FloatArray, IntArray
from recsys.unit import unit_rows


@dataclass(frozen=True, eq=False)
class Content:
    """A table of vectors as an encoder gives them; a row of zeros says that nothing is known of an item."""

    name: str
    vectors: FloatArray  # (I, F)
    #: All rows of the file that the table is taken from, where it has more: what the published nearest neighbours
    #: average by mistake.
    whole_file: FloatArray | None = None
    #: The tables that this one is made of, where there are several.
    parts: tuple[Content, ...] = ()

    def __post_init__(self) -> None:
        """Check the table.

        Raises:
            ColdStartError: it is no table of numbers, or says nothing of any item.
        """
        if self.vectors.ndim != 2 or not np.isfinite(self.vectors).all():
            problem = f"its shape is {self.vectors.shape}, or a value is no finite number"
            raise ColdStartError(self.name, problem, "give one row of numbers for each item")
        if not self.present.any():
            raise ColdStartError(self.name, "every row is zero", "give vectors that say something")

    @cached_property
    def present(self) -> BoolArray:
        """Which items (I,) have a vector."""
        return np.asarray(self.vectors.any(axis=1))

    @cached_property
    def unit(self) -> FloatArray:
        """The vectors (I, F) at length 1, zero where absent."""
        return unit_rows(self.vectors)

    @cached_property
    def standardised(self) -> FloatArray:
        """The vectors (I, F) with columns of mean 0 and deviation 1 over those that are present, zero where absent.

        Each part of several is scaled over those that have it, or its absence would be the largest thing that is said
        of an item, and then by one over the root of their number, so that rows are as long as those of one table.
        """
        if self.parts:
            share = np.float32(len(self.parts) ** -0.5)
            return np.concatenate([share * one.standardised for one in self.parts], axis=1)
        known = self.vectors[self.present].astype(np.float64)
        spread = known.std(axis=0)
        scaled = np.zeros(self.vectors.shape, dtype=np.float32)
        scaled[self.present] = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return scaled

    def shuffled(self, seed: int) -> Content:
        """Give the vectors to other items: what an encoder's spread is worth without what it says.

        Those that are present stay so, or who has a vector would change too; also of each part of several.
        """
        if self.parts:
            return side_by_side(f"{self.name} shuffled", [one.shuffled(seed) for one in self.parts])
        rows = np.flatnonzero(self.present)
        vectors = self.vectors.copy()
        vectors[rows] = self.vectors[np.random.default_rng((seed, 4)).permutation(rows)]
        return Content(f"{self.name} shuffled", vectors)


def random_content(n_items: int, width: int, seed: int) -> Content:
    """Draw a vector for each item from the normal distribution."""
    drawn = np.random.default_rng((seed, 5)).normal(size=(n_items, width))
    return Content("random", drawn.astype(np.float32))


def side_by_side(name: str, tables: list[Content]) -> Content:
    """Join tables to one in which each counts the same."""
    return Content(name, np.concatenate([one.unit for one in tables], axis=1), parts=tuple(tables))


def means(vectors: FloatArray, rows: IntArray, offsets: IntArray) -> FloatArray:
    """Return the means (Q, F) of some rows of vectors, between offsets (Q + 1,); zero where there are none."""
    n_each = np.diff(offsets)
    ones = np.ones(len(rows), dtype=np.float32)
    sums = csr_array((ones, rows, offsets), shape=(len(n_each), len(vectors))) @ vectors
    return np.asarray(sums / np.maximum(n_each, 1)[:, None], dtype=np.float32)
