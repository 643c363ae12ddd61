"""What goes wrong when systems are fitted on a data set and asked."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from recsys.errors import RecsysError
from recsys.types import IntArray

#: In place of a listener's row: somebody of whom nothing is known, neither history nor features.
NOBODY = -1


class NotFittedError(RecsysError, RuntimeError):
    """A system was asked for scores before it had learnt anything."""

    def __init__(self, system: object) -> None:
        super().__init__(f"{type(system).__name__} has not been fitted; call fit(task, seed=...) before score")


class UnknownListenerError(RecsysError, IndexError):
    """A listener is not a row of the data set."""

    def __init__(self, row: int, n_users: int) -> None:
        super().__init__(
            f"there is no listener {row}; give rows of user_idxs.tsv, from 0 to {n_users - 1:,}, or {NOBODY} for nobody"
        )
        self.row, self.n_users = row, n_users


class TrainingDataError(RecsysError, ValueError):
    """There is nothing to learn from, or a setting asks for what the task does not hold."""


class UnknownSystemError(RecsysError, LookupError):
    """No system goes by a name."""

    def __init__(self, name: str, problem: str, known: Iterable[str]) -> None:
        super().__init__(
            f"no system {name!r}: {problem}; choose one of {', '.join(known)}, "
            "or name a class of your own as package.module:Class"
        )
        self.name, self.problem = name, problem


def checked_users(users: IntArray, n_users: int) -> IntArray:
    """Return rows of listeners (B,) as they are; `NOBODY` is one.

    Raises:
        UnknownListenerError: a row is neither `NOBODY` nor from 0 to n_users - 1.
    """
    rows = np.asarray(users, dtype=np.int64).reshape(-1)
    outside = rows[((rows < 0) | (rows >= n_users)) & (rows != NOBODY)]
    if len(outside):
        raise UnknownListenerError(int(outside[0]), n_users)
    return rows
