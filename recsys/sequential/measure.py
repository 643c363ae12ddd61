"""Where the right next item comes in a ranking of all items.

Shapes: Q questions, I items.
"""

from __future__ import annotations

import numpy as np

from recsys.sequential.port import SequentialModel
from recsys.sequential.sequences import Questions
from recsys.types import FloatArray, IntArray

#: Prefixes that are scored at a time: 256 × 60,416 scores are 62 MB.
_AT_ONCE = 256


def ranks(model: SequentialModel, questions: Questions, *, repeats: bool) -> IntArray:
    """Return the place of each target (Q,) among all items, from 1 on; ties count against it.

    Args:
        model: fitted without the targets.
        questions: prefixes and targets.
        repeats: whether an item of the prefix may come again; otherwise those of the prefix are left out, but for
            the target itself.
    """
    placed = np.zeros(len(questions), dtype=np.int64)
    for begin in range(0, len(questions), _AT_ONCE):
        rows = np.arange(begin, min(begin + _AT_ONCE, len(questions)))
        prefixes = questions.prefixes.take(rows)
        placed[rows] = placed_among(
            model.scores(prefixes),
            questions.targets[rows],
            None if repeats else (prefixes.sequence_rows, prefixes.items),
        )
    return placed


def placed_among(scores: FloatArray, targets: IntArray, left_out: tuple[IntArray, IntArray] | None = None) -> IntArray:
    """Return the place of each target (Q,) by scores (Q, I), ties against it, without items (rows, columns)."""
    of_target = scores[np.arange(len(targets)), targets]
    # What is no number can be at no place but behind.
    known = np.where(np.isnan(of_target), -np.inf, of_target)
    counted = np.where(np.isnan(scores), -np.inf, scores)
    if left_out is not None:
        before = counted >= known[:, None]
        before[left_out] = False
        before[np.arange(len(targets)), targets] = True
        return np.asarray(before.sum(axis=1), dtype=np.int64)
    return np.asarray((counted >= known[:, None]).sum(axis=1), dtype=np.int64)
