"""What the published checkpoint of APEX says of tracks whose files it heard, kept in the data folder.

    HOME/appeal/published.npz    track ids, keys of what their files held, means (n, H)
    HOME/appeal/published.json   heads, deviations and what they are, checkpoint, encoder; written last

The values are *made by a model*: nobody rated or played these tracks. The checkpoint states no error. Where the
catalogue states a head of enough tracks that were heard, its deviation is the root of the mean square error there;
else it is that of a value that may lie anywhere in the head's range, width/√12, so that nothing is ever sure of it.

What was said of a file goes when an index finds that it holds something else.

Shapes: n tracks heard, N tracks of a catalogue, H heads.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealModelError
from recsys.appeal.heads import Head, find_heads
from recsys.cards import write_card
from recsys.types import FloatArray

COMMAND = "segue train --apex --checkpoint FILE"
CARD_FILE, _VALUES_FILE = "published.json", "published.npz"
_FORMAT = 2
#: What the card holds beside the facts that are given.
_WRITTEN = ("format", "values", "heads", "errors", "kind")
#: Stated values below which an error cannot be told from them.
_LEAST_STATED = 30
#: No head is surer than to this share of its range, even where a catalogue states what a model said before.
_SUREST = 1e-3


@dataclass(frozen=True)
class Error:
    """How far a head is off."""

    deviation: float  # in the head's range
    n_stated: int  # tracks of which the catalogue states the head; 0 where the deviation is the width of the range


@dataclass(frozen=True)
class Said:
    """What a checkpoint said of tracks."""

    ids: tuple[str, ...]
    keys: tuple[str, ...]  # (n,) of what each one's file held
    heads: tuple[Head, ...]
    means: FloatArray  # (n, H)
    errors: tuple[Error, ...]  # (H,)

    def along(self, track_ids: Sequence[str]) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Mean and deviation (N,) of every head of a catalogue's tracks; NaN for a track that was not heard."""
        row_of = {one: row for row, one in enumerate(self.ids)}
        rows = np.array([row_of.get(one, -1) for one in track_ids], np.int64)
        known = rows >= 0
        found = {}
        for column, head in enumerate(self.heads):
            mean = np.full(len(rows), np.nan, np.float32)
            mean[known] = self.means[rows[known], column]
            deviation = np.where(known, np.float32(self.errors[column].deviation), np.float32(np.nan))
            found[head.name] = (mean, deviation)
        return found


def errors_of(heads: Sequence[Head], means: FloatArray, stated: Mapping[str, NDArray[np.float64]]) -> tuple[Error, ...]:
    """Compare means (n, H) with what is stated of the same tracks (n,) by head, NaN where it is not."""
    found = []
    for column, head in enumerate(heads):
        true = stated.get(head.name, np.full(len(means), np.nan))
        known = ~np.isnan(true)
        if known.sum() < _LEAST_STATED:
            found.append(Error(head.span / math.sqrt(12), 0))
        else:
            off = true[known] - means[known, column]
            deviation = max(float(np.sqrt(np.square(off).mean())), _SUREST * head.span)
            found.append(Error(deviation, int(known.sum())))
    return tuple(found)


def save_said(folder: Path, said: Said, facts: Mapping[str, object]) -> None:
    """Write what a checkpoint said; a half-written pair is no pair.

    Args:
        folder: made where it is missing.
        said: of which tracks, and what.
        facts: the checkpoint and the encoder, as plain data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, ids=np.array(json.dumps(said.ids)), keys=np.array(json.dumps(said.keys)), means=said.means)
    content = buffer.getvalue()
    card = {
        "format": _FORMAT,
        "values": hashlib.sha256(content).hexdigest(),
        "heads": [head.name for head in said.heads],
        "errors": [asdict(one) for one in said.errors],
        "kind": "model",
        **facts,
    }
    (folder / CARD_FILE).unlink(missing_ok=True)
    scratch = folder / f"{_VALUES_FILE}.part"
    scratch.write_bytes(content)
    os.replace(scratch, folder / _VALUES_FILE)
    write_card(folder / CARD_FILE, card)


def load_said(folder: Path) -> Said | None:
    """Read what a checkpoint said; None where none was asked.

    Raises:
        AppealModelError: the files are damaged, or of another version.
    """
    if not (folder / CARD_FILE).exists():
        return None
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["format"] != _FORMAT:
            raise AppealModelError(folder, f"it is of version {card['format']}, {_FORMAT} was expected", COMMAND)
        content = (folder / _VALUES_FILE).read_bytes()
        if hashlib.sha256(content).hexdigest() != card["values"]:
            raise AppealModelError(folder, f"{_VALUES_FILE} is not the file that its card was written for", COMMAND)
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            ids, keys = (tuple(json.loads(str(found[name]))) for name in ("ids", "keys"))
            means = found["means"]
        return Said(ids, keys, find_heads(card["heads"]), means, tuple(Error(**one) for one in card["errors"]))
    except AppealModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise AppealModelError(folder, f"{type(error).__name__}: {error}".splitlines()[0], COMMAND) from error


def drop_replaced(folder: Path, keys: Mapping[str, str]) -> int:
    """Forget what was said of files that hold something else now.

    Args:
        folder: as `save_said` wrote it; it may not be there.
        keys: by track id, of what the files hold now; of a track that is not among them, what was said stays.

    Returns:
        Of how many tracks something was forgotten.

    Raises:
        AppealModelError: the files are damaged, or of another version.
    """
    said = load_said(folder)
    if said is None:
        return 0
    same = [row for row, (one, key) in enumerate(zip(said.ids, said.keys, strict=True)) if keys.get(one, key) == key]
    n_dropped = len(said.ids) - len(same)
    if n_dropped:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        facts = {name: value for name, value in card.items() if name not in _WRITTEN}
        ids, those = (tuple(part[row] for row in same) for part in (said.ids, said.keys))
        save_said(folder, replace(said, ids=ids, keys=those, means=said.means[same]), facts)
    return n_dropped
