"""One training run in several processes: each takes its slice of every batch, and gradients are added up.

Started by `torchrun`, every process runs the same program on the same data; by itself a program is the only process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed

T = TypeVar("T")
#: How long a process waits for another, which may be encoding a catalogue. Where one dies `torchrun` ends them all.
_PATIENCE = timedelta(hours=12)


@dataclass(frozen=True)
class Processes:
    """The processes of this run, and which of them this is."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: torch.device) -> Processes:
        """Find the others: gloo between CPUs, NCCL between GPUs. Only `torchrun` makes more than one process."""
        if not distributed.is_available() or not distributed.is_torchelastic_launched():
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def part(self, n: int) -> slice:
        """Return this process's slice of n examples."""
        return slice(self.rank * n // self.size, (self.rank + 1) * n // self.size)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over all processes, in one message."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            distributed.barrier()

    def from_first(self, thing: T | None) -> T | None:
        """Return what the first process gives; what the others give is not looked at."""
        if self.size == 1:
            return thing
        box: list[T | None] = [thing]
        distributed.broadcast_object_list(box, src=0)
        return box[0]
