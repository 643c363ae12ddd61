"""The files of what `recsys.appeal.bayes` learnt: numbers as safetensors, all else as a JSON card, written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.bayes import Posterior
from recsys.appeal.errors import AppealModelError
from recsys.cards import write_card

FORMAT = 1
#: Fields that are plain data, in the card; all others are arrays.
_PLAIN = ("heads", "n_rows", "usual")
#: The bulk of a file; half precision moves no prediction by a hundredth.
_HALVED = "basis"


def save_posteriors(
    folder: Path,
    name: str,
    posteriors: Sequence[Posterior],
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write `<name>.safetensors` and `<name>.json` into a folder; a half-written pair is no pair.

    Args:
        folder: made where it is missing.
        name: of the files.
        posteriors: what was learnt.
        facts: what else there is to know, as plain data.
        arrays: what else goes with them.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"more.{key}": np.ascontiguousarray(value) for key, value in (arrays or {}).items()}
    plain = []
    for number, one in enumerate(posteriors):
        for field in fields(Posterior):
            if field.name not in _PLAIN:
                value = np.ascontiguousarray(getattr(one, field.name), np.float32)
                tensors[f"{number}.{field.name}"] = value.astype(np.float16) if field.name == _HALVED else value
        plain.append({"heads": list(one.heads), "n_rows": one.n_rows, "usual": one.usual})
    scratch = folder / f"{name}.safetensors.part"
    save_file(tensors, scratch)
    digest = hashlib.sha256(scratch.read_bytes()).hexdigest()
    card = {"format": FORMAT, "weights": digest, "posteriors": plain, **facts}
    (folder / f"{name}.json").unlink(missing_ok=True)
    os.replace(scratch, folder / f"{name}.safetensors")
    write_card(folder / f"{name}.json", card)


def load_posteriors(folder: Path, name: str) -> tuple[list[Posterior], dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `save_posteriors` wrote: posteriors, the card, and what else goes with them.

    Raises:
        AppealModelError: a file is missing, damaged or of another version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise AppealModelError(folder, f"it is of version {card['format']}, {FORMAT} was expected")
        content = (folder / f"{name}.safetensors").read_bytes()
        if hashlib.sha256(content).hexdigest() != card["weights"]:
            raise AppealModelError(folder, f"{name}.safetensors is not the file that its card was written for")
        tensors = load(content)
        found = []
        for number, told in enumerate(card["posteriors"]):
            arrays = {
                field.name: tensors[f"{number}.{field.name}"] for field in fields(Posterior) if field.name not in _PLAIN
            }
            exact = {
                key: value.astype(np.float32 if key in ("centre", _HALVED) else np.float64)
                for key, value in arrays.items()
            }
            found.append(Posterior(tuple(told["heads"]), n_rows=told["n_rows"], usual=told["usual"], **exact))
        more = {key.removeprefix("more."): value for key, value in tensors.items() if key.startswith("more.")}
        return found, card, more
    except AppealModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise AppealModelError(folder, f"{type(error).__name__}: {error}".splitlines()[0]) from error
