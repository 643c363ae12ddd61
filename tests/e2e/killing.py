"""Child processes that can be told to die, and what a data folder holds that does not say when it was made."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from recsys import generations
from recsys.catalogue import Catalogue

_ROOT = Path(__file__).parents[2]
#: Columns and entries that say when something was done, not what.
_TIMES = {"added_at", "built_at", "trained_at", "created_at", "updated_at", "at"}


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


def start(child: Path, home: Path, table: Path, die_at: int) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    environment = kept | {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.Popen(
        [sys.executable, str(child), str(home), str(table), str(die_at)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a kill takes the child's own children along
    )


def run(child: Path, home: Path, table: Path) -> int:
    """Run to the end and return the number of boundaries met."""
    process = start(child, home, table, 0)
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    return int(stdout.split()[-1])
