"""The other processes of `torchrun` in a training that one of them leads: they fit with it, and write nothing.

The first process reads, indexes and serves as if it were alone. When it comes to fit, it sends what is learnt from to
the others, so they need neither the data nor the data folder.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_train import help_fit
from recsys.jam.processes import Processes
from recsys.jam.requests import Requests


class Helpers:
    """The others, as the first process sees them: asked once at most, and free to go at the end of the `with`."""

    def __init__(self, processes: Processes) -> None:
        """Take the processes of this run."""
        self.processes = processes
        self._asked = False

    def ask(self, requests: Requests, settings: JointSettings, seed: int) -> None:
        """Have them take their part in the `fit_joint` that follows here."""
        self._asked = True
        self.processes.from_first((requests, settings, seed))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._asked:
            self.processes.from_first(None)


def help_first(processes: Processes) -> None:
    """Help the first process to fit, to the end, if it comes to that."""
    task: tuple[Requests, JointSettings, int] | None = processes.from_first(None)
    if task is not None:
        requests, settings, seed = task
        help_fit(requests, settings, seed=seed, processes=processes)
