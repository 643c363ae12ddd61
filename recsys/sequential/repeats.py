"""How likely it is that an item of the prefix comes again, told by counting when items did.

    score(i | prefix) = P(i is next | age, times, habit) / P(an item of a prefix is next)

with `age` the steps since i was there last, `times` how often it was, and `habit` the share of the prefix's steps that
were repeats, each in classes. 1 is the chance of any item of any prefix, so scores mean the same in every prefix.
Classes that are rare in training are drawn towards 1.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.sequential.counted import CountingModel, ages, require_steps
from recsys.sequential.port import silent
from recsys.sequential.sequences import Questions, Sequences
from recsys.sequential.successors import pairs_at
from recsys.types import IntArray, Progress

_AGES, _TIMES, _HABITS = (1, 2, 3, 5, 9), (2, 3), (1e-9, 0.15, 0.35)
_SHAPE = (len(_AGES) + 1, len(_TIMES) + 1, len(_HABITS) + 1)
#: Items of prefixes, of the usual chance, that every class is thought to have seen.
_PRIOR = 50.0
#: Steps back beyond which an item is not looked for.
_FURTHEST = 60


class Repeats(CountingModel):
    """Ranks the items of the prefix by how likely such items come again, and says nothing of others."""

    name = "repeats"
    comparable: ClassVar[bool] = True

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Count, for every step and every item before it, whether it was that item; `validation` changes nothing."""
        require_steps(self.name, train)
        until, times, repeated = _occurrences(train)
        asked, came = np.zeros(_SHAPE), np.zeros(_SHAPE)
        place = np.arange(len(train.items)) - np.repeat(train.offsets[:-1], train.lengths)
        for distance in range(1, min(int(train.lengths.max()), _FURTHEST + 1)):
            first = pairs_at(train, distance)
            # Only where the item was not there again in between.
            first = first[until[first] >= distance]
            if not len(first):
                continue
            habit = repeated[first + distance - 1] / (place[first + distance])
            cells = _cells(np.full(len(first), distance - 1), times[first], habit)
            np.add.at(asked, cells, 1.0)
            np.add.at(came, cells, until[first] == distance)
        usual = max(came.sum() / max(asked.sum(), 1.0), 1e-9)
        lift = (came / usual + _PRIOR) / (asked + _PRIOR) if came.any() else np.zeros(_SHAPE)
        return self.learn(train, {"lift": lift.astype(np.float32)})

    def sparse_scores(self, prefixes: Sequences) -> sp.csr_array:
        """Return the lifts of the items of each prefix (B, I)."""
        lift = self.fitted(prefixes)["lift"]
        until, times, repeated = _occurrences(prefixes)
        age = ages(prefixes)
        last = (until > age) & (age < _FURTHEST)
        rows = prefixes.sequence_rows
        at_end = np.maximum(prefixes.offsets[1:] - 1, 0)
        habit = repeated[at_end][rows] / prefixes.lengths[rows] if len(repeated) else np.zeros(0)
        values = lift[_cells(age, times, habit)][last]
        return sp.csr_array((values, (rows[last], prefixes.items[last])), shape=(len(prefixes), prefixes.n_items))


def _occurrences(sequences: Sequences) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Return, for each step (E,), the steps until its item comes again, how often it has been there, and the repeats.

    Where it never comes again, the first is beyond any distance. The last counts the repeats of the sequence so far.
    """
    rows = sequences.sequence_rows
    order = np.lexsort((np.arange(len(rows)), sequences.items, rows))
    same = np.zeros(len(rows), dtype=np.bool_)
    same[1:] = (rows[order][1:] == rows[order][:-1]) & (sequences.items[order][1:] == sequences.items[order][:-1])
    until = np.full(len(rows), np.iinfo(np.int64).max)
    follows = np.flatnonzero(same)
    until[order[follows - 1]] = order[follows] - order[follows - 1]
    begins = np.maximum.accumulate(np.where(same, 0, np.arange(len(rows)))) if len(rows) else np.zeros(0, np.int64)
    times = np.empty(len(rows), dtype=np.int64)
    times[order] = np.arange(len(rows)) - begins + 1
    again = np.cumsum(times > 1).astype(np.float64)
    before = np.concatenate([[0.0], again])[sequences.offsets[:-1]]
    return until, times, again - np.repeat(before, sequences.lengths)


def _cells(age: IntArray, times: IntArray, habit: NDArray[np.float64]) -> tuple[IntArray, IntArray, IntArray]:
    return (
        np.searchsorted(_AGES, age, side="right"),
        np.searchsorted(_TIMES, times, side="right"),
        np.searchsorted(_HABITS, habit, side="right"),
    )
