"""What all models that count share: prefixes as weighted rows, and scores that are mostly zero.

Shapes: B prefixes, I items, E steps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.errors import SequentialModelError
from recsys.sequential.saved import read_arrays, read_card, write_arrays, write_card
from recsys.sequential.sequences import Sequences
from recsys.types import FloatArray, IntArray


def ages(sequences: Sequences) -> IntArray:
    """Return how many steps each step (E,) is from the end of its sequence: 0 for the last."""
    return np.asarray(np.repeat(sequences.offsets[1:], sequences.lengths) - 1 - np.arange(len(sequences.items)))


def weighted_rows(sequences: Sequences, decay: float = 1.0) -> sp.csr_array:
    """Return sequences as rows (B, I): decay^age of each step, added up where an item comes again."""
    weights = np.power(decay, ages(sequences), dtype=np.float32)
    # A copy of the columns: adding up what is double changes them in place.
    shape = (len(sequences), sequences.n_items)
    rows = sp.csr_array((weights, sequences.items.copy(), sequences.offsets.copy()), shape=shape)
    rows.sum_duplicates()
    return rows


def item_counts(sequences: Sequences) -> FloatArray:
    """Return how many steps each item has (I,)."""
    return np.bincount(sequences.items, minlength=sequences.n_items).astype(np.float32)


def powered(counts: FloatArray, exponent: float) -> sp.dia_array:
    """Return a diagonal (I, I) of counts^-exponent, those below 1 as 1."""
    return sp.diags_array(np.power(np.maximum(counts, 1.0), -exponent).astype(np.float32))


class CountingModel:
    """A model that counts.

    A subclass names itself, gives its settings to this constructor, calls `learn` when it is fitted, and answers
    `sparse_scores`, or `scores` where it speaks for every item.
    """

    name: ClassVar[str]
    #: Whether scores mean the same in every prefix, so that what mixes models need not bring them to one scale.
    comparable: ClassVar[bool] = False

    def __init__(self, **settings: Any) -> None:
        """Keep what the subclass was made with."""
        self.settings: dict[str, Any] = settings
        self._arrays: dict[str, Any] | None = None
        self.n_items = 0

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Score the items that a count speaks for, (B, I); no entry is a score of 0."""
        return sp.csr_array(self.scores(prefixes))

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Score every item as what comes next, (B, I); 0 is no evidence."""
        return np.asarray(self.sparse_scores(prefixes).toarray(), dtype=np.float32)

    def fitted(self, prefixes: Sequences) -> dict[str, Any]:
        """Return what was learnt, having checked that it fits the prefixes.

        Raises:
            SequentialModelError: `fit` or `load` comes first, or the items are others.
        """
        if self._arrays is None:
            raise SequentialModelError(self.name, "it was asked before it was fitted", "call fit or load first")
        if prefixes.n_items != self.n_items:
            problem = f"it knows {self.n_items:,} items, and the prefixes are of {prefixes.n_items:,}"
            raise SequentialModelError(self.name, problem, "ask with the items that it was fitted on")
        return self._arrays

    def learn(self, train: Sequences, arrays: dict[str, Any]) -> Self:
        """Keep what was learnt."""
        self._arrays, self.n_items = arrays, train.n_items
        return self

    def save(self, folder: Path) -> None:
        """Write what `load` needs into a folder, which is made."""
        if self._arrays is None:
            raise SequentialModelError(self.name, "it is saved before it was fitted", "call fit first")
        write_arrays(folder, "counts", self._arrays)
        write_card(folder, self.name, self.settings, self.n_items)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model.
        """
        card = read_card(folder, cls.name)
        try:
            model = cls(**card["settings"])
            model.n_items = int(card["n_items"])
        except (TypeError, ValueError, KeyError) as error:
            problem = f"the card in {folder} is not as it was written ({type(error).__name__})"
            raise SequentialModelError(cls.name, problem, "fit and save the model anew") from error
        model._arrays = read_arrays(folder, "counts", cls.name)
        return model


def require_steps(model: str, train: Sequences) -> None:
    """Check that there is something to learn from.

    Raises:
        SequentialModelError: there is not.
    """
    if not len(train.items):
        problem = f"{len(train):,} sequences hold no step"
        raise SequentialModelError(model, problem, "give sequences with at least one item")
