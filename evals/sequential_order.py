"""How fixed the order of neighbours is: a set may have been written in an order that nobody listened in.

Of the pairs of items that are at most three steps apart at least eight times, `same_direction` is the mean share of the
commoner direction, and `by_chance` what it would be if every direction were a toss of a coin. Where steps at the same
time were stored in the order of some numbering, neighbours nearly always come in one direction, and a model that knows
direction profits from how the set was written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.sequential.sequences import Sequences
from recsys.sequential.successors import pairs_at

_NEAR, _LEAST = 3, 8


def order_of_neighbours(sequences: Sequences, seed: int) -> dict[str, Any]:
    """Return `pairs`, `same_direction` and `by_chance`; the shares are None where no pair is common enough."""
    shape = (sequences.n_items, sequences.n_items)
    first = [pairs_at(sequences, distance) for distance in range(1, _NEAR + 1)]
    rows = np.concatenate([sequences.items[one] for one in first])
    columns = np.concatenate([sequences.items[one + distance] for distance, one in enumerate(first, 1)])
    after = sp.csr_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=shape)
    both = sp.triu(after + after.T, k=1).tocoo()
    common = both.data >= _LEAST
    counts = both.data[common]
    if not len(counts):
        return {"pairs": 0, "same_direction": None, "by_chance": None}
    one_way = np.asarray(after[both.row[common], both.col[common]]).ravel()
    tossed = np.random.default_rng(seed).binomial(counts, 0.5)
    return {
        "pairs": len(counts),
        "same_direction": round(float((np.maximum(one_way, counts - one_way) / counts).mean()), 3),
        "by_chance": round(float((np.maximum(tossed, counts - tossed) / counts).mean()), 3),
    }
