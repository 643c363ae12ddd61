"""Predicted collaborative vectors in a generation: for which spaces, made once, and which rows they are.

A space of tracks whose name has the word `cf` or `collaborative` ("cf", "item_cf") holds vectors made of listening. Of
the catalogue, what it has no row for gets the vector that its content makes likely (`recsys.cold.predicting`):

    GENERATION/predicted/<space>/   vectors.npy (N, G), missing.npy and stand_ins.npy (N,), card.json; whole or not

The model then reads these rows as it reads the others. While it is trained, those tracks that have both are shown now
with the one, now with the other, so that it learns what a predicted vector is worth.

Shapes: N tracks, G width of the space.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.catalogue import Catalogue
from recsys.cold.weights import EncoderWeights, read_weights
from recsys.spaces import SpaceCard, open_space
from recsys.text import artist_key
from recsys.types import BoolArray, FloatArray, IntArray, Modality, Progress

if TYPE_CHECKING:
    from recsys.cold.predicting import Predicted

_LOG = logging.getLogger(__name__)

FOLDER = "predicted"
#: A table of encoder weights of the data folder's own, in place of the one that is shipped.
WEIGHTS_FILE = "encoder_weights.json"
#: Raised when predictions would come out otherwise, so that they are made again.
_VERSION = 2
_ARRAYS = ("vectors", "missing", "stand_ins")
_WORDS = frozenset(("cf", "collaborative"))


@dataclass(frozen=True)
class PredictedRows:
    """Which tracks of a generation stand where nobody's listening put them."""

    missing: Mapping[str, BoolArray] = field(default_factory=dict)  # by space (N,)
    contents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by space, what they were predicted from

    def of(self, row: int) -> tuple[str, ...]:
        """Return what a track's collaborative vector was predicted from; nothing where it is known or there is none."""
        for name, rows in self.missing.items():
            if rows[row]:
                return self.contents[name]
        return ()


def is_collaborative(name: str) -> bool:
    """Tell whether a space of that name holds vectors made of listening."""
    return not _WORDS.isdisjoint(name.split("_"))


def weights_of(home: Path) -> EncoderWeights:
    """Return the encoder weights of a data folder: its own file's, or those that are shipped.

    Raises:
        ColdStartError: its own file cannot be read.
    """
    own = home / WEIGHTS_FILE
    return read_weights(own if own.exists() else None)


def to_predict(home: Path, stored: Iterable[SpaceCard], track_ids: Sequence[str]) -> dict[str, str]:
    """Return the spaces that lack some of a catalogue's tracks, with a digest of how that is to be filled.

    Raises:
        ColdStartError: the data folder's table of encoder weights cannot be read.
    """
    found = {}
    for card in stored:
        if is_collaborative(card.name):
            present = open_space(home, card.name).rows(track_ids)[1]
            if present.any() and not present.all():
                how = json.dumps([_VERSION, weights_of(home).to_json()["shares"]], sort_keys=True)
                found[card.name] = hashlib.sha256(how.encode()).hexdigest()[:16]
    return found


def make(
    folder: Path,
    collaborative: FloatArray,
    contents: Mapping[Modality, FloatArray],
    catalogue: Catalogue,
    *,
    weights: EncoderWeights,
    seed: int,
    threads: int,
    progress: Progress | None,
) -> Predicted:
    """Predict what is missing of a space (N, G), or read what an interrupted run left.

    Args:
        folder: of the space, below a generation's `FOLDER`.
        collaborative: the space along the catalogue's rows, zero where it has none.
        contents: what else is known of the tracks.
        catalogue: the tracks.
        weights: how much each content counts.
        seed: of the artists held out, and of training.
        threads: of training.
        progress: told ways.
    """
    import torch

    from recsys.cold.port import silent
    from recsys.cold.predicting import predict_collaborative

    made = _read(folder)
    if made is not None:
        return made
    torch.set_num_threads(threads)
    named = {modality.value: table for modality, table in contents.items()}
    made = predict_collaborative(
        collaborative, named, artists_of(catalogue), weights=weights, seed=seed, progress=progress or silent
    )
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name in _ARRAYS:
        np.save(unfinished / f"{name}.npy", getattr(made, name))
    (unfinished / "card.json").write_text(json.dumps(made.card), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)
    return made


def artists_of(catalogue: Catalogue) -> IntArray:
    """Number the tracks' (N,) main artists; a track without one is an artist of its own."""
    numbers: dict[str, int] = {}
    keys = [artist_key(names[0]) if names else f"\0{row}" for row, names in enumerate(catalogue.artists)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def predicted_rows(generation: Path, n_tracks: int) -> PredictedRows:
    """Read which tracks of a generation's folder have predicted vectors; none in one that was made without any.

    What is damaged is passed over with a warning: the tracks keep their vectors, and reasons cannot tell them any more.
    """
    missing, contents = {}, {}
    for folder in sorted((generation / FOLDER).iterdir()) if (generation / FOLDER).is_dir() else ():
        if folder.suffix:
            continue
        made = _read(folder)
        if made is None or len(made.missing) != n_tracks:
            _LOG.warning(
                "which vectors of %s are predicted cannot be read; run `segue train`, which makes them anew",
                folder.name,
            )
        elif made.missing.any():
            missing[folder.name] = made.missing
            contents[folder.name] = tuple(name for name, share in made.card["contents"].items() if share)
    return PredictedRows(missing, contents)


def _read(folder: Path) -> Predicted | None:
    from recsys.cold.predicting import Predicted

    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        vectors, missing, stand_ins = (_array(folder / f"{name}.npy") for name in _ARRAYS)
        # What is cut short, or was never an array, raises any of these.
        if not len(vectors) == len(missing) == len(stand_ins) or not isinstance(card["contents"], dict):
            return None
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Predicted(vectors, missing, stand_ins, card)


def _array(path: Path) -> np.ndarray[Any, Any]:
    # np.load takes a file that begins like an archive for one, and leaves it open where it is not.
    with path.open("rb") as file:
        found: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    return found
