"""The port of everything that ranks a data set's items for a request and a listener, and what it may be fitted on.

A system is fitted once on a `JamTask` and then scores queries: B queries against all N items of the data set, higher is
better. What it promises beside is the contract, clause by clause, in `evals.jam_contract`. Systems outside this project
implement the same port: `segue eval jam --models package.module:Class`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.types import FloatArray, IntArray, Progress


@dataclass(frozen=True)
class JamTask:
    """What a system may see. The data set comes without any split; what may be learnt from stands apart.

    `choose` is for stopping early and for picking settings, never for fitting; without it nothing is chosen.
    The listeners' undated play history is `dataset.plays` (U, N), or None.
    """

    dataset: JamDataset
    train: JamSplit
    choose: JamSplit | None
    encode: Callable[[Sequence[str]], FloatArray]  # texts → (n, D) unit rows, each distinct text encoded once


class JamSystem(Protocol):
    """Ranks items for (request, listener)."""

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Learn from the task.

        Args:
            task: what may be seen.
            seed: of everything random; the same seed gives the same scores.
            folder: where a run that was killed finds its state again; nothing is kept without one.
            progress: told (stage, done, total).
        """

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N) of all items for B requests.

        Args:
            texts: (B,) the requests, any text at all, also none ("").
            users: (B,) who asks: rows of the data set, or `recsys.jam.errors.NOBODY`, a listener of whom nothing is
                known; all systems of ours answer it.

        Returns:
            Numbers, and minus infinity for what is not to be shown.

        Raises:
            UnknownListenerError: a user is neither.
        """


@runtime_checkable
class FoldsIn(Protocol):
    """A system that can take in listeners whom it has not learnt from."""

    def fold_in(self, listeners: JamDataset) -> None:
        """Score by what `listeners` states of its listeners from now on: play history and listener features.

        Nothing is learnt. Items and listeners are the rows of the task's data set; its splits and item features are
        not looked at.
        """
