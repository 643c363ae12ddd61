"""Does MusiCNN here answer as the original does? Compared with golden outputs in a `.npz` file.

The file holds `patches` (P, 187, 96), log-mel input, and of any checkpoint `taggram_<checkpoint>` (P, 50), tags in
0–1, and `penultimate_first_patch_<checkpoint>` (1, 200) or `penultimate_<checkpoint>` (P, 200). (The extractor of the
original repeats the first patch's penultimate layer for every patch, so that is what golden outputs hold.) Both ways
in which a checkpoint can be run, onnxruntime and torch, are compared, and the worse one counts.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.audio.musicnn_encoder import by_onnx, by_torch
from recsys.audio.musicnn_mel import N_FRAMES, N_MELS
from recsys.audio.musicnn_weights import CHECKPOINTS
from recsys.errors import RecsysError
from recsys.types import FloatArray

TOLERANCE = 1e-4
_PATCHES = "patches"
_NAME = re.compile(rf"(taggram|penultimate_first_patch|penultimate)_({'|'.join(CHECKPOINTS)})")


class NoReferenceError(RecsysError, ValueError):
    """A file holds no golden outputs that can be compared."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} holds nothing to compare MusiCNN with: {problem}; give an .npz file with `patches` "
            f"(P, {N_FRAMES}, {N_MELS}) and arrays such as taggram_MSD_musicnn"
        )
        self.path, self.problem = path, problem


@dataclass(frozen=True, slots=True)
class Difference:
    """How far an array of the file is from what is computed here."""

    name: str
    largest: float  # of the absolute differences; infinite where shapes are unlike, or where something is no number


def compare(reference: Mapping[str, FloatArray], wheel: Path, threads: int) -> list[Difference]:
    """Compare every output of a checkpoint, in the order in which the file has them.

    Args:
        reference: what `read_reference` read.
        wheel: holds the checkpoints.
        threads: of onnxruntime.

    Raises:
        WeightsError: the checkpoints cannot be read.
    """
    patches = reference[_PATCHES]
    outputs: dict[str, list[tuple[FloatArray, FloatArray]]] = {}
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        for name, expected in reference.items():
            if name == _PATCHES:
                continue
            layer, checkpoint = _parts(name)
            if checkpoint not in outputs:
                ways = by_onnx(checkpoint, wheel, threads, Path(folder)), by_torch(checkpoint, wheel)
                outputs[checkpoint] = [run(patches) for run in ways]
            found = [tags if layer == "taggram" else penultimate for tags, penultimate in outputs[checkpoint]]
            n = 1 if layer == "penultimate_first_patch" else len(patches)
            differences.append(Difference(name, max(_largest(array[:n], expected) for array in found)))
    return differences


def read_reference(path: Path) -> dict[str, FloatArray]:
    """Read the input and the outputs of checkpoints; other arrays are left out.

    Raises:
        NoReferenceError: the file cannot be read, has no input, or no output of a checkpoint.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {
                name: np.asarray(file[name], np.float32)
                for name in file.files
                if name == _PATCHES or _NAME.fullmatch(name)
            }
    except (OSError, EOFError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise NoReferenceError(path, str(error)) from error
    shape = arrays[_PATCHES].shape if _PATCHES in arrays else None
    if shape is None or len(shape) != 3 or shape[1:] != (N_FRAMES, N_MELS) or not shape[0]:
        raise NoReferenceError(path, "it has no patches" if shape is None else f"its patches are {shape}")
    if len(arrays) == 1:
        raise NoReferenceError(path, "it has no output of a checkpoint")
    return arrays


def _parts(name: str) -> tuple[str, str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name} is no output of a checkpoint")
    return found[1], found[2]


def _largest(found: FloatArray, expected: FloatArray) -> float:
    if found.shape != expected.shape:
        return float("inf")
    largest = float(np.abs(found - expected).max())
    return largest if np.isfinite(largest) else float("inf")
