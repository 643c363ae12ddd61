"""Where the right next item comes in a ranking of all items.

Shapes: Q questions, I items.
"""

from __future__ import annotations

import numpy as np

from recsys.sequential.port import SequentialModel
from recsys.sequential.sequences import Questions
from recsys.types import FloatArray, IntArray

#: Prefixes that are scored at a time, and scores: 62 MB.
_AT_ONCE, _MOST_SCORES = 256, 256 * 60_416


def ranks(model: SequentialModel, questions: Questions, *, repeats: bool) -> IntArray:
    """Return the place of each target (Q,) among all items, from 1 on; ties count against it.

    Args:
        model: fitted without the targets.
        questions: prefixes and targets.
        repeats: whether an item of the prefix may come again; otherwise those of the prefix are left out, but for
            the target itself.
    """
    return both_ranks(model, questions, None, repeats=repeats)[0]


def both_ranks(
    model: SequentialModel, questions: Questions, candidates: IntArray | None, *, repeats: bool
) -> tuple[IntArray, IntArray]:
    """Return the places of each target (Q,) among all items, and (Q,) among its candidates, as `ranks` does.

    Args:
        model: fitted without the targets.
        questions: prefixes and targets.
        candidates: (Q, C) items beside the target, -1 for none; without any every target is first among them.
        repeats: whether an item of the prefix may come again; candidates are taken as they are.
    """
    placed, among = np.zeros(len(questions), dtype=np.int64), np.ones(len(questions), dtype=np.int64)
    size = max(min(_AT_ONCE, _MOST_SCORES // max(questions.prefixes.n_items, 1)), 1)
    for begin in range(0, len(questions), size):
        rows = np.arange(begin, min(begin + size, len(questions)))
        prefixes, targets = questions.prefixes.take(rows), questions.targets[rows]
        scores = model.scores(prefixes)
        left_out = None if repeats else (prefixes.sequence_rows, prefixes.items)
        placed[rows] = placed_among(scores, targets, left_out)
        if candidates is not None:
            of_target, some = scores[np.arange(len(rows)), targets], candidates[rows]
            before = _known(np.take_along_axis(scores, some, 1)) >= _known(of_target)[:, None]
            among[rows] += (before & (some >= 0)).sum(axis=1)
    return placed, among


def _known(scores: FloatArray) -> FloatArray:
    """Return scores with what is no number behind all others."""
    return np.where(np.isnan(scores), -np.inf, scores)


def placed_among(scores: FloatArray, targets: IntArray, left_out: tuple[IntArray, IntArray] | None = None) -> IntArray:
    """Return the place of each target (Q,) by scores (Q, I), ties against it, without items (rows, columns)."""
    of_target = scores[np.arange(len(targets)), targets]
    known, counted = _known(of_target), _known(scores)
    if left_out is not None:
        before = counted >= known[:, None]
        before[left_out] = False
        before[np.arange(len(targets)), targets] = True
        return np.asarray(before.sum(axis=1), dtype=np.int64)
    return np.asarray((counted >= known[:, None]).sum(axis=1), dtype=np.int64)
