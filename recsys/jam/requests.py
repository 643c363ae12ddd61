"""Real requests with their answers and listeners' histories: what a joint space is fitted on.

Shapes: Q queries, N items, U listeners, D width of a text vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, diags_array

from recsys.errors import RecsysError
from recsys.jam.dataset import JamSplit
from recsys.jam.memory import History, RequestMemory
from recsys.types import FloatArray, IntArray

#: With so few requests there is nothing to learn from; synthesis serves such a catalogue better.
LEAST_REQUESTS = 100


class TooFewRequestsError(RecsysError, ValueError):
    """There are too few real requests to learn from."""

    def __init__(self, n_requests: int) -> None:
        super().__init__(
            f"{n_requests} requests to learn from and at least {LEAST_REQUESTS} are needed; "
            "leave out --data to train on synthetic listeners"
        )
        self.n_requests = n_requests


@dataclass(frozen=True)
class Requests:
    """Everything a joint space is fitted on."""

    split: JamSplit  # in the order of time
    vectors: FloatArray  # (Q, D) unit text vectors
    tables: Mapping[str, FloatArray]  # per modality (N, D_m); zero rows are absent
    plays: csr_array | None  # (U, N) undated play counts
    n_users: int
    n_items: int
    neighbours: csr_array | None = None  # (N, N) item cosines over the play counts

    def __len__(self) -> int:
        return len(self.split)

    def take(self, numbers: IntArray) -> Requests:
        """Return some of the requests, in the order given."""
        return replace(self, split=self.split.take(numbers), vectors=self.vectors[numbers])

    def memory(self) -> RequestMemory:
        """Count the requests and their answers."""
        split = self.split
        return RequestMemory.build(split.texts, split.starts, split.items, self.n_items, self.vectors, self.neighbours)

    def history(self, kept: csr_array, user: int) -> History:
        """Return a listener's play counts, with what `kept` (U, N) counts as kept."""
        played, plays = (np.empty(0, np.int64), np.empty(0, np.float32)) if self.plays is None else _row(
            self.plays, user
        )  # fmt: skip
        return History(played, plays, *_row(kept, user))


def kept_counts(requests: Requests) -> csr_array:
    """For how many requests each listener was given each item: (U, N)."""
    users = np.repeat(requests.split.users, np.diff(requests.split.starts))
    kept = csr_array(
        (np.ones(len(users), np.float32), (users, requests.split.items)), shape=(requests.n_users, requests.n_items)
    )
    kept.sum_duplicates()
    return kept


def play_weights(requests: Requests) -> csr_array:
    """Every listener's damped play counts (U, N) in 0–1, as in `History.play_weights`."""
    if requests.plays is None:
        return csr_array((requests.n_users, requests.n_items), dtype=np.float32)
    weights = requests.plays.astype(np.float32)
    weights.data = np.log1p(weights.data)
    most = weights.max(axis=1).toarray().ravel()
    return csr_array(diags_array(1 / np.where(most > 0, most, 1)) @ weights).astype(np.float32)


def _row(matrix: csr_array, row: int) -> tuple[IntArray, FloatArray]:
    here = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[here].astype(np.int64), matrix.data[here].astype(np.float32)
