"""Training on real requests in several processes, started by `torchrun`: the first does everything, the others compute.

The first process indexes, keeps state, writes and deploys as if it were alone; what the others fit with, they get from
it, and they never touch the data folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.reports import TrainReport


def train_together(assistant: Assistant, data: Path, progress: Progress | None = None) -> TrainReport | None:
    """Train on the requests of a folder with all processes of this run; None where this is not the first of them.

    Raises:
        As `Assistant.train`.
    """
    import torch

    from recsys.jam.helpers import Helpers, help_first
    from recsys.jam.processes import Processes

    processes = Processes.join(torch.device("cpu"))
    if not processes.first:
        help_first(processes)
        return None
    with Helpers(processes) as helpers:
        return assistant.train(progress, data=data, helpers=helpers)
