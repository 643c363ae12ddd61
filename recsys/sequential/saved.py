"""The files of a saved model: a card that says which model it is, and its arrays.

    <folder>/model.json   {"model": name, "format": 1, "settings": {…}, "n_items": I}
    <folder>/<part>.npz   what the model learnt, or <part>.safetensors where it learnt by gradient

Whoever opens a folder reads the card first; `recsys.sequential.registry.load_model` goes by its `model`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import scipy.sparse as sp

from recsys import cards
from recsys.sequential.errors import SequentialModelError

if TYPE_CHECKING:
    from torch import Tensor

CARD_FILE = "model.json"
_FORMAT = 1


def write_card(folder: Path, model: str, settings: Mapping[str, Any], n_items: int) -> None:
    """Write the card of a model; call it last, so that a folder with a card is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {"model": model, "format": _FORMAT, "settings": dict(settings), "n_items": n_items}
    cards.write_card(folder / CARD_FILE, card)


def read_card(folder: Path, model: str | None = None) -> dict[str, Any]:
    """Read the card of a folder, of a certain model if one is named.

    Raises:
        SequentialModelError: there is none, or it is of another model or version.
    """
    called = model or "model"
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        found = str(card["model"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"{folder} holds no readable {CARD_FILE} ({type(error).__name__})"
        raise SequentialModelError(called, problem, "name a folder that a model was saved to") from error
    if model is not None and found != model:
        raise SequentialModelError(called, f"{folder} holds the model {found!r}", f"load it as {found!r}")
    if card.get("format", _FORMAT) != _FORMAT:
        problem = f"{folder} is of version {card['format']}, {_FORMAT} was expected"
        raise SequentialModelError(called, problem, "fit and save the model anew")
    return dict(card)


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write the weights of a model as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file({name: one.detach().cpu().contiguous() for name, one in tensors.items()}, part)
    os.replace(part, path)


def write_arrays(folder: Path, part: str, arrays: Mapping[str, Any]) -> None:
    """Write dense arrays and sparse ones (CSR) of a model."""
    folder.mkdir(parents=True, exist_ok=True)
    dense: dict[str, Any] = {}
    for name, array in arrays.items():
        if sp.issparse(array):
            rows = sp.csr_array(array)
            dense |= {f"{name}.data": rows.data, f"{name}.indices": rows.indices, f"{name}.indptr": rows.indptr}
            dense[f"{name}.shape"] = np.asarray(rows.shape)
        else:
            dense[name] = array
    np.savez(folder / f"{part}.npz", **dense)


def read_arrays(folder: Path, part: str, model: str) -> dict[str, Any]:
    """Read what `write_arrays` wrote.

    Raises:
        SequentialModelError: the file is missing or damaged.
    """
    try:
        with (folder / f"{part}.npz").open("rb") as opened, np.load(opened) as file:
            found = {name: file[name] for name in file.files}
        whole = {name: array for name, array in found.items() if "." not in name}
        for name in {name.partition(".")[0] for name in found if "." in name}:
            kept = (found[f"{name}.data"], found[f"{name}.indices"], found[f"{name}.indptr"])
            whole[name] = sp.csr_array(kept, shape=tuple(found[f"{name}.shape"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        problem = f"{folder / part}.npz cannot be read ({type(error).__name__})"
        raise SequentialModelError(model, problem, "fit and save the model anew") from error
    return whole
