"""Processes that open one data folder at a time share what they predict, and none meets half of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys import generations, predicted
from recsys.appeal.content import FACTS, facts_of
from recsys.appeal.own import FOLDER, learn_own, save_own
from recsys.appeal.predicting import open_appeal
from recsys.catalogue import Catalogue
from recsys.jam.train import TrainingSettings
from recsys.pipeline import build
from recsys.types import Track
from recsys.vocabulary import load_vocabulary
from tests.planted import planted_catalogue
from tests.recsys.test_fitting import bring
from tests.words_encoder import WordsEncoder

N_CATALOGUES, N_ROUNDS = 5, 4


def catalogues() -> list[Catalogue]:
    """Catalogues of unlike sizes, whose popularity is that of their year."""
    return [Catalogue.from_tracks([track(row) for row in range(480 + 4 * number)]) for number in range(N_CATALOGUES)]


def track(row: int) -> Track:
    """Every fourth states its popularity."""
    told = None if row % 4 else (row % 60) / 60
    return Track(f"t{row}", f"T{row}", (f"A{row}",), year=1960 + row % 60, popularity=told)


def open_all(home: Path, seed: int) -> dict[str, Any]:
    """Open the predictions of all catalogues again and again, more of them than are kept."""
    import logging

    warned: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("recsys.appeal.predicting").addHandler(handler)
    told = catalogues()
    sums: dict[str, list[float]] = {}
    rng = np.random.default_rng(seed)
    for _ in range(N_ROUNDS):
        for number in rng.permutation(N_CATALOGUES).tolist():
            mean, _ = open_appeal(home, told[number], {}, "none").heads["popularity"]
            sums.setdefault(str(number), []).append(float(mean.astype(np.float64).sum()))
    return {"sums": sums, "warned": warned}


def build_once(home: Path) -> dict[str, Any]:
    """Index a catalogue whose space of listening lacks some tracks."""
    catalogue = planted_catalogue()
    training = TrainingSettings(steps=10, batch=64, n_negatives=50, threads=1)
    made = build(home, catalogue, load_vocabulary(), WordsEncoder(), training, predict=True)
    rows = predicted.predicted_rows(made.generation.folder, len(catalogue))
    return {"key": made.generation.key, "n_missing": int(rows.missing["cf"].sum())}


def run(home: Path, seed: int, told: Path) -> None:
    """Open and index when the other process is there, too, and write down what came of it."""
    import_module("recsys.jam.blocks")  # torch, which building imports otherwise, at leisure
    (told / f"ready-{seed}").touch()
    until = time.monotonic() + 60
    while len(list(told.glob("ready-*"))) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    came = {"opened": open_all(home, seed), "built": build_once(home), "pid": os.getpid()}
    (told / f"{seed}.json").write_text(json.dumps(came), encoding="utf-8")


def prepare(home: Path) -> None:
    """Put a learnt model of appeal into a data folder, and a space of listening that lacks a fourth of the artists."""
    first = catalogues()[0]
    own, _ = learn_own(first, {FACTS: facts_of(first)}, 1)
    save_own(home, own, {})
    catalogue = planted_catalogue()
    styles = np.array([track_id.split("-")[0] for track_id in catalogue.track_ids])
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((4, 6))[np.unique(styles, return_inverse=True)[1]]
    vectors = (vectors + 0.3 * rng.standard_normal(vectors.shape)).astype(np.float32)
    known = np.flatnonzero(predicted.artists_of(catalogue) % 4 != 3)
    bring(home, "cf", vectors[known], [catalogue.track_ids[row] for row in known])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of both processes."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def told(home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What came of another process and this one, which worked in the data folder at a time."""
    folder = tmp_path_factory.mktemp("told")
    other = multiprocessing.get_context("spawn").Process(target=run, args=(home, 1, folder))
    other.start()
    prepare(home)  # while the other one, which waits for this one, imports what it needs
    run(home, 0, folder)
    other.join(120)
    assert other.exitcode == 0
    found = [json.loads((folder / f"{seed}.json").read_text(encoding="utf-8")) for seed in (0, 1)]
    assert found[0]["pid"] != found[1]["pid"]
    return found


def test_two_processes_that_keep_predictions_find_them_whole(home: Path, told: list[dict[str, Any]]) -> None:
    for one in told:
        assert one["opened"]["warned"] == []
    for number in map(str, range(N_CATALOGUES)):
        assert len({round(value, 3) for one in told for value in one["opened"]["sums"][number]}) == 1
    served = sorted((home / FOLDER / "served").iterdir())
    assert 1 <= len(served) <= 4  # both may have kept one last
    assert not [one for one in served if one.suffix != ".npz"]


def test_two_processes_that_predict_vectors_serve_one_generation(home: Path, told: list[dict[str, Any]]) -> None:
    one, other = (each["built"] for each in told)
    assert one["key"] == other["key"] == generations.current_key(home)
    missing = predicted.artists_of(planted_catalogue()) % 4 == 3
    assert one["n_missing"] == other["n_missing"] == missing.sum()
    assert [folder.name for folder in (home / "generations").iterdir()] == [one["key"]]
