"""The model of what comes next that a data folder learnt, where one is switched on.

HOME/sequential/<name>/       the model, successor counts for reasons, and a card; never written again
HOME/sequential/CURRENT       the name of the one that serves, replaced atomically; none where none is switched on
HOME/training/sequential/     what a training that was killed goes on from

The card names by digest the listeners whose plays it learnt from. Where one of them is forgotten, the model and what
training left go: what was counted of many cannot be taken apart.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from recsys.catalogue import Catalogue
from recsys.errors import ForgottenError
from recsys.retrieval.sequential import Following
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.port import SequentialModel
from recsys.sequential.successors import Successors
from recsys.store import Store

FOLDER = "sequential"
_CURRENT, _CARD, _MODEL, _AFTER = "CURRENT", "following.json", "model", "successors"
_LOG = logging.getLogger(__name__)


def training_folder(home: Path) -> Path:
    """Where training keeps what it must go on from."""
    return home / "training" / FOLDER


def publish_following(
    home: Path,
    store: Store,
    model: SequentialModel,
    successors: Successors,
    track_ids: Sequence[str],
    listeners: Mapping[str, float],
    card: Mapping[str, Any],
) -> None:
    """Let a model serve from now on; until the last step a killed process has changed nothing.

    Args:
        home: the data folder.
        store: knows who was forgotten meanwhile.
        model: fitted.
        successors: counted on the same sequences.
        track_ids: of the model's items.
        listeners: whose plays it learnt from, with when each was first heard of (`Presence.since`).
        card: its `weight` in the radio, and what else to keep of it.

    Raises:
        ForgottenError: a listener was forgotten whose plays it learnt from; nothing has changed then.
    """
    folder, name = home / FOLDER, uuid4().hex[:16]
    with _writing(home):
        if store.presence.since(listeners) != listeners:
            raise ForgottenError
        previous = _named(home)
        model.save(folder / name / _MODEL)
        successors.save(folder / name / _AFTER)
        told = {**card, "model": model.name, "track_ids": list(track_ids)}
        told["listeners"] = sorted(_digest(one) for one in listeners)
        (folder / name / _CARD).write_text(json.dumps(told), encoding="utf-8")
        scratch = folder / f"{_CURRENT}.part"
        scratch.write_text(name + "\n", encoding="utf-8")
        os.replace(scratch, folder / _CURRENT)
        for other in folder.iterdir():
            if other.is_dir() and other.name not in (name, previous):
                shutil.rmtree(other, ignore_errors=True)
        shutil.rmtree(training_folder(home), ignore_errors=True)


def switch_off(home: Path) -> bool:
    """Let no model serve from now on; tell whether one did."""
    with _writing(home):
        shutil.rmtree(training_folder(home), ignore_errors=True)
        return _drop(home)


def open_following(home: Path, catalogue: Catalogue) -> Following | None:
    """Open the model that serves; None where none does, or where it cannot be read, with a warning."""
    name = _named(home)
    if name is None:
        return None
    folder = home / FOLDER / name
    try:
        from recsys.sequential.registry import load_model

        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        model, successors = load_model(folder / _MODEL), Successors.load(folder / _AFTER)
        return Following.over(
            catalogue,
            str(card["model"]),
            model,
            successors,
            card["track_ids"],
            weight=float(card["weight"]),
            of_playlists=card.get("source") == "playlists",
        )
    except (SequentialModelError, OSError, ValueError, KeyError, TypeError) as error:
        _LOG.warning("nothing is told of what comes next; run `segue train --sequential`: %s", error)
        return None


def following_card(home: Path) -> dict[str, Any] | None:
    """Return what is known of the model that serves; None where none does."""
    name = _named(home)
    try:
        return None if name is None else dict(json.loads((home / FOLDER / name / _CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def following_stamp(home: Path) -> str | None:
    """What changes whenever another model is to serve, or none."""
    return _named(home)


def forget_following(home: Path, listener_id: str) -> bool:
    """Drop what was learnt where a listener's plays took part; tell whether there was any."""
    if not (home / FOLDER).is_dir() and not training_folder(home).is_dir():
        return False
    with _writing(home):
        shutil.rmtree(training_folder(home), ignore_errors=True)
        folders = [one for one in (home / FOLDER).iterdir() if one.is_dir()] if (home / FOLDER).is_dir() else []
        if not any(_learnt_from(one, listener_id) for one in folders):
            return False
        _drop(home)
        return True


def _learnt_from(folder: Path, listener_id: str) -> bool:
    """Whether a listener took part in a model; one that a kill left unfinished counts as if everybody had."""
    try:
        return _digest(listener_id) in json.loads((folder / _CARD).read_text(encoding="utf-8"))["listeners"]
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _drop(home: Path) -> bool:
    folder = home / FOLDER
    served = _named(home) is not None
    (folder / _CURRENT).unlink(missing_ok=True)
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
    return served


def _named(home: Path) -> str | None:
    try:
        name = (home / FOLDER / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name.isalnum() else None


def _digest(listener_id: str) -> str:
    return hashlib.sha256(listener_id.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _writing(home: Path) -> Iterator[None]:
    """Let one process at a time publish or forget; not for as long as training takes."""
    from filelock import FileLock

    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "sequential.lock"):
        yield
