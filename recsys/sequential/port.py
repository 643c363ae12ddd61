"""The port of all models of what comes next.

Shapes: B prefixes, I items.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, Progress


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@runtime_checkable
class SequentialModel(Protocol):
    """Scores every item as the next of a sequence. A fitted model may be shared between threads."""

    @property
    def name(self) -> str:
        """What `--models` calls it."""

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Learn from sequences; `validation` may only choose when to stop.

        Raises:
            SequentialModelError: there is nothing to learn from.
        """

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Score every item as what comes next, (B, I), the more the likelier; -inf for what it can say nothing of.

        An empty prefix is answered too.
        """

    def save(self, folder: Path) -> None:
        """Write what `load` needs into a folder, which is made."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model.
        """
