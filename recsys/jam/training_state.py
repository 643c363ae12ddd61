"""What a training run that was killed needs to go on: one safetensors file, replaced atomically.

Weights, optimiser and random generators are tensors; step, losses and schedule are JSON in the file's header, beside
the identity of the run: a digest of all that its result depends on. A state of another identity is never continued.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from recsys.jam.checkpoint import CheckpointError

STATE_FILE = "training.safetensors"
_FACTS = "facts"
_OPTIMISER = "optimiser."
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingState:
    """Where a run stood."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]  # what JSON can hold

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with `prefix`, without it."""
        return {name.removeprefix(prefix): value for name, value in self.tensors.items() if name.startswith(prefix)}


class StateFile:
    """The state of one run on disk; without a path nothing is kept and nothing found."""

    def __init__(self, path: Path | None, identity: str) -> None:
        """Name the file, and the run whose state it is to hold."""
        self.path, self._identity = path, identity

    def keep(self, state: TrainingState) -> None:
        """Replace what is there."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".part")
        facts = json.dumps({**state.facts, "identity": self._identity})
        save_file({name: one.detach().contiguous() for name, one in state.tensors.items()}, scratch, {_FACTS: facts})
        os.replace(scratch, self.path)

    def find(self, device: torch.device) -> TrainingState | None:
        """Return what was kept of this run; None, and a warning where there is the state of another run.

        Raises:
            CheckpointError: the file is damaged.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt", device=str(device)) as file:
                facts: dict[str, Any] = json.loads(file.metadata()[_FACTS])
                if facts["identity"] == self._identity:
                    return TrainingState({name: file.get_tensor(name) for name in file.keys()}, facts)  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise self.damaged(error) from error
        _LOG.warning(
            "the training that was broken off in %s had other data, settings or another seed; it is not continued, "
            "training begins anew",
            self.path.parent,
        )
        return None

    def damaged(self, error: Exception) -> CheckpointError:
        """Say that what was found cannot be continued from."""
        return CheckpointError(f"cannot continue from {self.path} ({error}); delete it to train anew")

    def drop(self) -> None:
        """Delete the file; the run has ended."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def optimiser_state(optimiser: torch.optim.Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Return what an optimiser remembers: tensors for `TrainingState`, and its groups' settings without parameters."""
    held = optimiser.state_dict()
    tensors = {
        f"{_OPTIMISER}{number}.{name}": value for number, one in held["state"].items() for name, value in one.items()
    }
    return tensors, [{key: value for key, value in group.items() if key != "params"} for group in held["param_groups"]]


def restore_optimiser(optimiser: torch.optim.Optimizer, state: TrainingState, groups: list[dict[str, Any]]) -> None:
    """Give an optimiser of the same parameters back what `optimiser_state` took.

    Raises:
        ValueError: it has other parameters.
    """
    held: dict[int, dict[str, Tensor]] = {}
    for name, value in state.part(_OPTIMISER).items():
        number, _, key = name.partition(".")
        held.setdefault(int(number), {})[key] = value
    now = optimiser.state_dict()["param_groups"]
    merged = [{**group, **kept, "params": group["params"]} for group, kept in zip(now, groups, strict=True)]
    optimiser.load_state_dict({"state": held, "param_groups": merged})
