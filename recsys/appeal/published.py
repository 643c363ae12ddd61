"""Reading a checkpoint of APEX as its authors publish it.

Their training script writes, with torch.save, a dictionary with `model_state` beside `mode` (song or segment), `task`
(popularity or full), `loss` and `shared` (2 or 3); the weights alone, also as safetensors and with a wrapper's prefix
before every name, are read as well. Depth, width and heads are told from the weights, not from what is written
beside them. Nothing of the file is run: torch reads it with `weights_only`.

Described in public at github.com/AMAAI-Lab/apex (train.py, class apexMLP) and huggingface.co/amaai-lab/apex.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys.appeal.apex import TRUNKS, Apex
from recsys.appeal.errors import AppealError, PublishedCheckpointError
from recsys.appeal.heads import PUBLISHED, find_heads
from recsys.types import FloatArray

_FIRST = "shared.0.block.0.weight"
_TRUNK = re.compile(r"shared\.(\d+)\.block\.0\.weight")
_BRANCH = re.compile(r"branch_(\w+)\.branch\.0\.block\.0\.weight")
_MODES = ("song", "segment")
#: No encoder makes vectors as wide as this: beyond it, a file would decide how much memory is taken.
_WIDEST = 65_536


@dataclass(frozen=True, slots=True)
class Published:
    """A published model, ready to predict, and how it was trained."""

    model: Apex
    mode: str  # song or segment; song where the file does not say
    loss: str  # empty where the file does not say

    def predict(self, segments: FloatArray) -> FloatArray:
        """Predict a track (H,) from its segments (S, D), as they come from MERT: not scaled, not of unit length.

        A model of songs is asked about the mean of the segments, one of segments about each, and the mean is taken of
        what it says.

        Raises:
            AppealError: the segments are of another width, or there is none.
        """
        if segments.ndim != 2 or not len(segments) or segments.shape[1] != self.model.n_inputs:
            raise AppealError(
                f"segments of the shape {segments.shape} for a checkpoint that reads {self.model.n_inputs:,} numbers a "
                "segment; give those of MERT-v1-95M in APEX's mix (`segue encoders fetch mert_v1_95m_apex`)"
            )
        rows = torch.from_numpy(np.asarray(segments, np.float32))
        with torch.inference_mode():
            told: Tensor = self.model(rows.mean(dim=0, keepdim=True) if self.mode == _MODES[0] else rows)
        return np.asarray(told.mean(dim=0).numpy(), np.float32)


def read_published(path: Path) -> Published:
    """Read a published checkpoint.

    Raises:
        PublishedCheckpointError: the file cannot be read, or its weights are of another network.
    """
    told = _read(path)
    inner = told.get("model_state", told.get("state_dict", told))
    if not isinstance(inner, Mapping):
        raise PublishedCheckpointError(path, f"its weights are a {type(inner).__name__}")
    state = _without_prefix(path, {str(name): one for name, one in inner.items() if isinstance(one, Tensor)})
    branches = {match[1] for name in state if (match := _BRANCH.fullmatch(name))}
    n_shared = sum(bool(_TRUNK.fullmatch(name)) for name in state)
    if unknown := sorted(branches - set(PUBLISHED)):
        raise PublishedCheckpointError(path, f"it has branches for {', '.join(unknown)}")
    if n_shared not in TRUNKS or not branches:
        raise PublishedCheckpointError(path, f"it has {n_shared} shared layers and {len(branches)} branches")
    heads = find_heads(name for name in PUBLISHED if name in branches)
    first = state[_FIRST]
    if first.ndim != 2 or not 0 < first.shape[1] <= _WIDEST:
        raise PublishedCheckpointError(path, f"{_FIRST} has the shape {tuple(first.shape)}")
    model = Apex(heads, n_inputs=int(first.shape[1]), n_shared=n_shared)
    _check(path, state, model.state_dict())
    model.load_state_dict(state)
    mode = told.get("mode")
    return Published(model.eval(), mode if mode in _MODES else _MODES[0], str(told.get("loss", "")))


def _read(path: Path) -> Mapping[str, Any]:
    from safetensors.torch import load_file

    if not path.is_file():
        raise PublishedCheckpointError(path, "it is a folder" if path.is_dir() else "there is no such file")
    try:
        if path.suffix == ".safetensors":
            weights: Mapping[str, Any] = load_file(path)
            return weights
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files that are refused right after
            told = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of a damaged file, or one that is something else, reading raises anything
        raise PublishedCheckpointError(path, f"it cannot be read ({type(error).__name__})") from error
    if not isinstance(told, Mapping):
        raise PublishedCheckpointError(path, f"it holds a {type(told).__name__}")
    return told


def _without_prefix(path: Path, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take away what a wrapper (`module.`, `model.`) put before every name of the network's."""
    found = [name for name in state if name.endswith(_FIRST)]
    if len(found) != 1:
        raise PublishedCheckpointError(path, f"{len(found)} of its {len(state):,} tensors are called {_FIRST}")
    prefix = found[0].removesuffix(_FIRST)
    return {name.removeprefix(prefix): one for name, one in state.items() if name.startswith(prefix)}


def _check(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Compare names and shapes, and look at the numbers, before any weight is put anywhere."""
    if missing := sorted(expected.keys() - state.keys()):
        raise PublishedCheckpointError(path, f"it lacks {missing[0]} and {len(missing) - 1:,} more")
    if beyond := sorted(state.keys() - expected.keys()):
        raise PublishedCheckpointError(path, f"it has {beyond[0]} and {len(beyond) - 1:,} more that are not of APEX")
    for name, one in expected.items():
        if state[name].shape != one.shape:
            found, wanted = tuple(state[name].shape), tuple(one.shape)
            raise PublishedCheckpointError(path, f"{name} has the shape {found} where {wanted} was expected")
        there = state[name].layout is torch.strided and not state[name].is_meta
        # Beside weights there are counts of batches, which may be whole numbers.
        real = there and (state[name].is_floating_point() or not one.is_floating_point())
        if not real or not torch.isfinite(state[name]).all():
            raise PublishedCheckpointError(path, f"{name} does not hold finite numbers")
