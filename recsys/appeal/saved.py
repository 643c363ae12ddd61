"""The files of a fitted model: weights as safetensors, all else as a JSON card beside them, written last.

<folder>/apex.safetensors   the network, and what its inputs are centred and divided by
<folder>/apex.json          heads with their kinds, depth, width, transforms, settings, what it was learnt from
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsys.appeal.apex import Apex
from recsys.appeal.errors import AppealError, AppealModelError
from recsys.appeal.heads import find_heads
from recsys.appeal.targets import Scales
from recsys.appeal.training import FittedApex
from recsys.appeal.transforms import read_transform
from recsys.cards import write_card

WEIGHTS_FILE, CARD_FILE = "apex.safetensors", "apex.json"
FORMAT = 1
_CENTRE, _SPREAD, _MODEL = "centre", "spread", "model."


def save_apex(folder: Path, fitted: FittedApex, facts: Mapping[str, Any]) -> None:
    """Write a model.

    Args:
        folder: made where it is missing; what it holds of an earlier model is replaced.
        fitted: the model.
        facts: what it was learnt from, as plain data.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{_MODEL}{name}": one.contiguous() for name, one in fitted.model.state_dict().items()}
    tensors |= {_CENTRE: torch.from_numpy(fitted.centre), _SPREAD: torch.from_numpy(fitted.spread)}
    card = {
        "format": FORMAT,
        "heads": [head.name for head in fitted.model.heads],
        "n_inputs": fitted.model.n_inputs,
        "n_shared": fitted.model.n_shared,
        "transforms": [one.to_json() for one in fitted.scales.transforms],
        "validation_losses": list(fitted.losses),
        "learnt_from": dict(facts),
    }
    (folder / CARD_FILE).unlink(missing_ok=True)  # weights of one model and the card of another would agree by chance
    scratch = folder / (WEIGHTS_FILE + ".part")
    save_file(tensors, scratch)
    os.replace(scratch, folder / WEIGHTS_FILE)
    write_card(folder / CARD_FILE, card)


def load_apex(folder: Path) -> tuple[FittedApex, dict[str, Any]]:
    """Read a model and what it was learnt from.

    Raises:
        AppealModelError: a file is missing, damaged or of another version.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise AppealModelError(folder, f"it is of version {card['format']}, {FORMAT} was expected")
        tensors = load_file(folder / WEIGHTS_FILE)
        model = Apex(find_heads(card["heads"]), n_inputs=card["n_inputs"], n_shared=card["n_shared"])
        weights = {name.removeprefix(_MODEL): one for name, one in tensors.items() if name.startswith(_MODEL)}
        model.load_state_dict(weights)
        scales = Scales(tuple(read_transform(one) for one in card["transforms"]))
        centre, spread = tensors[_CENTRE].numpy(), tensors[_SPREAD].numpy()
        fitted = FittedApex(model.eval(), scales, centre, spread, tuple(card["validation_losses"]))
        return fitted, dict(card["learnt_from"])
    except AppealModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, AppealError) as error:
        raise AppealModelError(folder, f"{type(error).__name__}: {error}".splitlines()[0]) from error
