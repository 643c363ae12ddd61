"""JAM checkpoints: weights as safetensors, everything else as JSON beside them. Reading needs no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.cards import write_card
from recsys.errors import RecsysError
from recsys.types import FloatArray, Modality

WEIGHTS_FILE, CARD_FILE = "jam.safetensors", "jam.json"


class CheckpointError(RecsysError, ValueError):
    """A checkpoint cannot be read. For one of another catalogue see `CatalogueMismatchError`."""


@dataclass(frozen=True)
class Checkpoint:
    """Trained maps as arrays, with the card that says what they were fitted on.

    Keys of `weights`: `user.weight` (d, Σ D_m + L), `query.{weight,bias}` (d, D_text), `item.<m>.{weight,bias}`
    (d, D_m), `mixer_query.{weight,bias}`, `mixer_key.<m>.{weight,bias}`. L is the width of the listeners' own spaces.
    """

    weights: Mapping[str, FloatArray]
    card: Mapping[str, Any]

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities the model mixes, in column order."""
        return tuple(Modality(name) for name in self.card["modalities"])

    @property
    def columns(self) -> dict[str, slice]:
        """Which columns of the raw user vector are whose: the modalities', then the listeners' own spaces'."""
        widths = self.card.get("columns")
        if widths is None:  # written before widths could differ
            width = self.weights["user.weight"].shape[1] // len(self.modalities)
            widths = [(m.value, width) for m in self.modalities]
        return column_slices(widths)

    @property
    def mixer(self) -> str:
        """Name of the mixer the model was trained with."""
        return str(self.card["mixer"])

    def project(self, layer: str, inputs: FloatArray) -> FloatArray:
        """Apply one linear map: (n, D_in) to (n, d), or (D_in,) to (d,)."""
        result: FloatArray = inputs @ self.weights[f"{layer}.weight"].T
        bias = self.weights.get(f"{layer}.bias")
        return result if bias is None else result + bias


def column_slices(widths: Sequence[tuple[str, int]]) -> dict[str, slice]:
    """Lay parts of the given widths side by side."""
    ends = np.cumsum([0, *(width for _, width in widths)]).tolist()
    return {name: slice(ends[number], ends[number + 1]) for number, (name, _) in enumerate(widths)}


def save(folder: Path, weights: Mapping[str, FloatArray], card: Mapping[str, Any]) -> None:
    """Write a checkpoint; the card is written last, so that a folder with a card is whole."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / (WEIGHTS_FILE + ".part")
    save_file({name: np.ascontiguousarray(value) for name, value in weights.items()}, scratch)
    os.replace(scratch, folder / WEIGHTS_FILE)
    write_card(folder / CARD_FILE, card, by_name=True)


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        return Checkpoint(weights=load_file(folder / WEIGHTS_FILE), card=card)
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"no readable JAM checkpoint in {folder} ({error}); run `segue train`") from error
