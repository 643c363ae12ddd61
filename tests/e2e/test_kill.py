"""Killed at any moment of indexing or training and run again, the result is that of an undisturbed run."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys import generations
from recsys.catalogue import Catalogue
from recsys.sources import read_starter
from tests.proofs import proof_sizes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

_CHILD = Path(__file__).with_name("index_and_train.py")
_ROOT = Path(__file__).parents[2]
_N_TRACKS = 30
#: Runs at a time.
_PARALLEL = 2
#: Columns and entries that say when something was done, not what.
_TIMES = {"added_at", "built_at", "trained_at", "created_at", "updated_at", "at"}
_N_INSTANTS = 10
#: Commit boundaries, before and after each, that a run of this size is known to meet at the least.
_LEAST_BOUNDARIES = 30


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few real tracks in five playlists."""
    path = tmp_path_factory.mktemp("catalogue") / "small.csv"
    header = ("track_id", "title", "artist", "album", "year", "genre", "mood", "playlist_id", "playlist_name")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n, track in enumerate(read_starter().tracks[:_N_TRACKS]):
            facts = (track.title, track.artists[0], track.album, track.year, ";".join(track.genres))
            writer.writerow((f"t{n}", *facts, ";".join(track.moods), f"p{n // 9}", f"Evening {n // 9}"))
    return path


@pytest.fixture(scope="module")
def undisturbed(table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int, float]:
    """What a run leaves that nobody kills, how many boundaries it met and how many seconds it took."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    started = time.perf_counter()
    n_boundaries = _run(home, table)
    seconds = time.perf_counter() - started
    assert n_boundaries >= _LEAST_BOUNDARIES
    return contents(home), n_boundaries, seconds


@pytest.mark.parametrize("n", proof_sizes(2, _N_INSTANTS))
def test_killed_at_random_instants(
    n: int, table: Path, undisturbed: tuple[dict[str, Any], int, float], tmp_path: Path
) -> None:
    expected, _, seconds = undisturbed
    rng = random.Random(11)
    instants = [rng.uniform(0.05, 0.95) for _ in range(_N_INSTANTS)]

    def resume(share: float) -> tuple[str, dict[str, Any]]:
        home = tmp_path / f"home {share}"
        while not _kill_after(home, table, share * seconds):
            share *= 0.8  # this time it was done before: the machine is less busy now
        _run(home, table)
        return f"killed after {share:.0%} of {seconds:.0f} s", contents(home)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for told, found in pool.map(resume, rng.sample(instants, n)):
            assert found == expected, told


@pytest.mark.parametrize("share", proof_sizes(10, 100), ids=lambda share: f"{share} % of the boundaries")
def test_killed_at_commit_boundaries(
    share: int, table: Path, undisturbed: tuple[dict[str, Any], int, float], tmp_path: Path
) -> None:
    expected, n_boundaries, _ = undisturbed
    every = list(range(1, n_boundaries + 1))
    sampled = random.Random(12).sample(every, -(-n_boundaries * share // 100))

    def resume(boundary: int) -> tuple[int, dict[str, Any]]:
        home = tmp_path / f"home {boundary}"
        child = _start(home, table, boundary)
        child.communicate()
        assert child.returncode == -signal.SIGKILL, f"boundary {boundary} was not met"
        _run(home, table)
        return boundary, contents(home)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for boundary, found in pool.map(resume, sorted(sampled)):
            assert found == expected, f"killed at boundary {boundary} of {n_boundaries}"


def contents(home: Path) -> dict[str, Any]:
    """Everything a data folder holds that does not say when: rows, vectors and ids, not the index's bytes."""
    key = generations.current_key(home)
    folders = sorted(folder.name for folder in (home / "generations").iterdir())
    held: dict[str, Any] = {"current": key, "generations": folders, "rows": dict(_rows(home / "segue.db"))}
    for name in folders:
        held[name] = dict(_generation(home / "generations" / name))
    return held


def _rows(database: Path) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    connection = sqlite3.connect(database)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] not in _TIMES]
            chosen = ", ".join(f'"{column}"' for column in columns)
            yield table, sorted(connection.execute(f'SELECT {chosen} FROM "{table}"').fetchall(), key=repr)
    finally:
        connection.close()


def _generation(folder: Path) -> Iterator[tuple[str, object]]:
    from safetensors.numpy import load_file

    catalogue = Catalogue.load(folder / "catalogue")
    yield "catalogue", (catalogue.fingerprint, catalogue.content, catalogue.track_ids)
    for path in sorted(folder.rglob("*.npy")):
        if "chroma" not in path.parts and "lexical" not in path.parts:
            yield str(path.relative_to(folder)), _digest(np.load(path))
    for path in sorted(folder.rglob("*.safetensors")):
        yield str(path.relative_to(folder)), {name: _digest(array) for name, array in load_file(path).items()}
    for path in sorted((*folder.glob("*.json"), *(folder / "jam").glob("*.json"))):
        entries = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(entries, dict):
            entries = {name: value for name, value in entries.items() if name not in _TIMES}
        yield str(path.relative_to(folder)), entries
    yield from _chroma(folder / "chroma")


def _chroma(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Ids and vectors of every collection."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    try:
        for name in sorted(collection.name for collection in client.list_collections()):
            found = client.get_collection(name, embedding_function=None).get(include=["embeddings"])
            vectors = np.asarray(found["embeddings"], dtype=np.float32)
            yield f"chroma {name}", {i: _digest(v) for i, v in zip(found["ids"], vectors, strict=True)}
    finally:
        client.close()


def _digest(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()).hexdigest()


def _start(home: Path, table: Path, die_at: int) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    environment = kept | {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.Popen(
        [sys.executable, str(_CHILD), str(home), str(table), str(die_at)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a kill takes the child's own children along
    )


def _run(home: Path, table: Path) -> int:
    """Run to the end and return the number of boundaries met."""
    child = _start(home, table, 0)
    stdout, stderr = child.communicate()
    assert child.returncode == 0, stderr
    return int(stdout.split()[-1])


def _kill_after(home: Path, table: Path, seconds: float) -> bool:
    """Kill a run after so many seconds; tell whether it was still running."""
    child = _start(home, table, 0)
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return True
    child.communicate()
    return False
