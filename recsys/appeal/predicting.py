"""Predicting every track of a catalogue once, and keeping that in the data folder.

Predictions depend on the catalogue, the text encoder, what ships and what was learnt here; a file for each such state
is written whole or not at all, so that opening one costs milliseconds. What cannot be read, or kept, is computed again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from recsys.appeal.bayes import Posterior
from recsys.appeal.by_checkpoint import load_said
from recsys.appeal.content import FACTS, TAGS, TEXT, Block, facts_of
from recsys.appeal.errors import AppealModelError, OtherVectorsError
from recsys.appeal.own import FOLDER, load_own, own_digest
from recsys.appeal.posterior_files import load_posteriors
from recsys.appeal.serving import Appeal
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingTable
from recsys.errors import RecsysError
from recsys.types import BoolArray, FloatArray, Modality

_LOG = logging.getLogger(__name__)
_SERVED = "served"
#: Raised when predictions are made in another way, so that old ones are made again.
_FORMAT = 2
_KEPT = 3
_PART = ".part"
#: Nobody takes so long to write predictions, in seconds.
_LEFT_AFTER_S = 3600.0
SHIPPED = "ratings"

Heads = dict[str, tuple[FloatArray, FloatArray]]


@lru_cache(maxsize=1)
def shipped() -> tuple[Posterior, dict[str, Any]]:
    """What ships: the four Audiobox axes from the vector of a description, and its card.

    Raises:
        AppealModelError: the installation is damaged.
    """
    folder = Path(str(resources.files("recsys").joinpath("data", "appeal")))
    posteriors, card, _ = load_posteriors(folder, SHIPPED)
    return posteriors[0], card


def blocks_of(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable]) -> dict[str, Block]:
    """The content of a catalogue's tracks: its vectors, its facts, and the spaces stored for it."""
    from recsys.predicted import is_collaborative
    from recsys.spaces import TRACKS, cards, open_space

    blocks = {FACTS: facts_of(catalogue)}
    for name, modality in ((TEXT, Modality.TEXT), (TAGS, Modality.TAGS)):
        if modality in tables:
            table = tables[modality]
            blocks[name] = Block(np.asarray(table.vectors), table.present, table.encoder)
    for card in cards(home):
        # What is made of listening is no content.
        if card.of == TRACKS and card.name not in blocks and not is_collaborative(card.name):
            vectors, present = open_space(home, card.name).rows(catalogue.track_ids)
            if present.any():
                blocks[card.name] = Block(vectors, present, card.maker)
    return blocks


def tables_of(folder: Path, catalogue: Catalogue) -> dict[Modality, EmbeddingTable]:
    """The vectors of names and of descriptions that a generation's folder holds, as far as it holds any."""
    found = {}
    for modality in (Modality.TEXT, Modality.TAGS):
        path = folder / "embeddings" / modality.value
        if path.is_dir():
            found[modality] = EmbeddingTable.open(path, catalogue.fingerprint)
    return found


def open_appeal(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Appeal:
    """Open the predictions of a catalogue, making them where they are not kept.

    Args:
        home: the data folder.
        catalogue: the tracks (N).
        tables: their vectors, as far as there are any.
        encoder: name of the text encoder that made them.
    """
    key = _key(home, catalogue, tables, encoder)
    path = home / FOLDER / _SERVED / f"{key}.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            names, left_out = json.loads(str(found["names"])), json.loads(str(found["left_out"]))
            heads = {name: (found[f"{name}.mean"], found[f"{name}.deviation"]) for name in names}
            by_model = {name: found[f"{name}.by_model"] for name in names if f"{name}.by_model" in found}
        if all(len(mean) == len(catalogue) for mean, _ in heads.values()):
            _warn(left_out)
            return Appeal(heads, len(catalogue), by_model)
    except FileNotFoundError:
        pass
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        _LOG.warning("predicted appeal is computed again: %s", error)
    made = predict(home, catalogue, tables, encoder)
    _warn(made.left_out)
    try:
        # What was learnt may have been replaced meanwhile, by another process: then it is another state's.
        if made.lasting and _key(home, catalogue, tables, encoder) == key:
            _keep(path, made)
    except OSError as error:
        _LOG.warning("predicted appeal cannot be kept in %s: %s", path.parent, error)
    return Appeal(made.heads, len(catalogue), made.by_model)


@dataclass(frozen=True)
class Made:
    """What is predicted of the tracks of a catalogue."""

    heads: Heads
    by_model: dict[str, BoolArray]  # by head (N,), where a published model says it
    left_out: tuple[str, ...]  # sources that are not used, and why
    lasting: bool  # whether it stays so for as long as nothing else changes


def predict(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Made:
    """Predict every head of every track, by the sources in their order: what comes first knows better."""
    heads: Heads = {}
    by_model: dict[str, BoolArray] = {}
    left_out = []
    lasting = True
    for source in (_by_network, _by_catalogue, _by_checkpoint, _by_ratings):
        try:
            found = source(home, catalogue, tables, encoder)
        except RecsysError as error:
            left_out.append(str(error))
            lasting = lasting and isinstance(error, OtherVectorsError)
            continue
        for name, (mean, deviation) in found.items():
            known = np.zeros(len(catalogue), np.bool_)
            if name in heads:
                had = heads[name]
                known = ~np.isnan(had[0])
                mean, deviation = np.where(known, had[0], mean), np.where(known, had[1], deviation)
            if source is _by_checkpoint:
                by_model[name] = ~np.isnan(mean) & ~known
            heads[name] = (mean.astype(np.float32), deviation.astype(np.float32))
    return Made(heads, by_model, tuple(left_out), lasting)


def _warn(left_out: Iterable[str]) -> None:
    for why in left_out:
        _LOG.warning("a source of predicted appeal is left out: %s", why)


def _by_network(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Heads:
    """What APEX says, where it was learnt from stored spaces alone and its deviations are known."""
    from recsys.appeal.saved import CARD_FILE, load_apex
    from recsys.spaces import cards, open_space

    if not (home / FOLDER / CARD_FILE).exists():
        return {}
    try:
        told = dict(json.loads((home / FOLDER / CARD_FILE).read_text(encoding="utf-8"))["learnt_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppealModelError(home / FOLDER, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    stored = {one.name: one for one in cards(home)}
    inputs, deviations = told.get("inputs", []), told.get("deviations", {})
    if not inputs or not deviations or any(name not in stored for name in inputs):
        return {}
    made_by = told.get("made_by", {})
    for name in inputs:
        if made_by.get(name, "") != stored[name].maker:
            raise OtherVectorsError("the network", name, learnt=made_by.get(name, ""), found=stored[name].maker)
    fitted, _ = load_apex(home / FOLDER)
    found = [open_space(home, name).rows(catalogue.track_ids) for name in inputs]
    known = np.logical_and.reduce([there for _, there in found])
    mean = np.full((len(catalogue), len(fitted.model.heads)), np.nan)
    if known.any():
        mean[known] = fitted.predict(np.hstack([vectors[known] for vectors, _ in found]))
    heads: Heads = {}
    for column, head in enumerate(fitted.model.heads):
        if head.name in deviations:
            deviation = np.where(known, float(deviations[head.name]), np.nan)
            heads[head.name] = (mean[:, column].astype(np.float32), deviation.astype(np.float32))
    return heads


def _by_catalogue(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Heads:
    own = load_own(home)
    return {} if own is None else own.predict(blocks_of(home, catalogue, tables))


def _by_checkpoint(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Heads:
    said = load_said(home / FOLDER)
    return {} if said is None else said.along(catalogue.track_ids)


def _by_ratings(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> Heads:
    posterior, card = shipped()
    if encoder != card["encoder"] or Modality.TAGS not in tables:
        return {}
    table = tables[Modality.TAGS]
    told = posterior.predict(np.asarray(table.vectors))
    return {
        head: (
            np.where(table.present, told.mean[:, column], np.nan).astype(np.float32),
            np.where(table.present, told.deviation[:, column], np.nan).astype(np.float32),
        )
        for column, head in enumerate(posterior.heads)
    }


def _key(home: Path, catalogue: Catalogue, tables: Mapping[Modality, EmbeddingTable], encoder: str) -> str:
    from recsys.spaces import cards

    own = own_digest(home)
    parts = [_FORMAT, catalogue.fingerprint, encoder, sorted(one.value for one in tables), shipped()[1]["weights"], own]
    parts.append([(one.name, one.fingerprint, one.folder) for one in cards(home)])
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _keep(path: Path, made: Made) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"names": list(made.heads), "left_out": made.left_out}
    arrays: dict[str, Any] = {name: np.array(json.dumps(one)) for name, one in told.items()}
    arrays |= {f"{name}.by_model": rows for name, rows in made.by_model.items()}
    for name, (mean, deviation) in made.heads.items():
        arrays |= {f"{name}.mean": mean, f"{name}.deviation": deviation}
    scratch = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}{_PART}")
    with scratch.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(scratch, path)
    _tidy(path.parent)


def _tidy(folder: Path) -> None:
    """Drop all but the latest predictions, and what killed processes left; others may be doing the same."""
    written: dict[Path, float] = {}
    for one in folder.iterdir():
        with suppress(FileNotFoundError):
            written[one] = one.stat().st_mtime
    kept = sorted((one for one in written if one.suffix == ".npz"), key=lambda one: written[one], reverse=True)
    left = (one for one, when in written.items() if one.suffix == _PART and when < time.time() - _LEFT_AFTER_S)
    for old in (*kept[_KEPT:], *left):
        old.unlink(missing_ok=True)
