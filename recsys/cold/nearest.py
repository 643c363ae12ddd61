"""Nearest neighbours: the mean of what a listener has listened to, by cosine. Nothing is learnt.

Shapes: L listeners, I items, F width.
"""

from __future__ import annotations

from recsys.cold.content import means
from recsys.cold.measure import Factors
from recsys.cold.port import Outcome, Problem
from recsys.unit import unit_rows


def fit_nearest(problem: Problem) -> Outcome:
    """Take each listener's mean vector.

    As published the mean is over the vectors as the encoder gives them, and both sides are brought to length 1 then.
    Items without a vector are left out of it, and score 0. With the fault `knn-rows` the rows are those of the whole
    file at the numbers that items have among the items used.
    """
    content, history = problem.content, problem.split.history
    vectors = content.vectors
    if "knn-rows" in problem.faults:
        if content.whole_file is not None:
            vectors = content.whole_file
        listeners = means(vectors, history.indices, history.indptr)
    else:
        known = history.multiply(content.present[None, :]).tocsr()
        known.eliminate_zeros()
        listeners = means(vectors, known.indices, known.indptr)
    return Outcome(Factors(unit_rows(listeners), content.unit))
