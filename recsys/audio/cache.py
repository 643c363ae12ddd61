"""What was heard, kept by the content of the file and by what heard it: an unchanged file is never decoded again.

HOME/cache/audio/heard.sqlite. Kept are windows' vectors per encoder identity, tags, what analysers heard, and which
files cannot be decoded. What was put in is there after a kill once `save` has returned.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from recsys.audio.base import Heard
from recsys.types import FloatArray

#: SQLite allows 32,766 variables in a statement, older builds 999.
_LOOKUP = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS vectors (
    key TEXT, identity TEXT, width INTEGER NOT NULL, vectors BLOB NOT NULL, PRIMARY KEY (key, identity)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    key TEXT, identity TEXT, content TEXT NOT NULL, PRIMARY KEY (key, identity)
) WITHOUT ROWID;
"""
#: What stands in an encoder's place for what is not a vector.
_TAGS, _PROBLEM, _NOTE = "tags of ", "problem of ", "note"


class HeardCache:
    """The cache, for one thread. Use as a context manager, or `close` it."""

    def __init__(self, folder: Path) -> None:
        """Open the cache in a folder; one that cannot be read is begun anew, since it is only a cache."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "heard.sqlite"
        try:
            self._database = _open(path)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            self._database = _open(path)

    def __enter__(self) -> HeardCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keep what was put in, and release the file."""
        self.save()
        self._database.close()

    def save(self) -> None:
        """Keep what was put in since the last time."""
        self._database.commit()

    def vectors(self, identity: str, keys: Collection[str]) -> dict[str, FloatArray]:
        """Return the vectors (W, D) of those files that an encoder has heard, by key."""
        found = self._read("SELECT key, width, vectors FROM vectors", identity, keys)
        return {key: np.frombuffer(content, "<f4").reshape(-1, width).copy() for key, width, content in found}

    def means(self, identity: str, keys: Collection[str]) -> dict[str, FloatArray]:
        """Return the mean over windows (D,) of those files that an encoder has heard, by key."""
        found = self._read("SELECT key, width, vectors FROM vectors", identity, keys)
        return {key: np.frombuffer(content, "<f4").reshape(-1, width).mean(axis=0) for key, width, content in found}

    def known(self, identity: str, keys: Collection[str]) -> set[str]:
        """Return the keys of those files that an encoder has heard."""
        return {key for (key,) in self._read("SELECT key FROM vectors", identity, keys)}

    def put_vectors(self, identity: str, key: str, vectors: FloatArray) -> None:
        """Put in what an encoder made of a file's windows (W, D)."""
        row = (key, identity, int(vectors.shape[1]), np.ascontiguousarray(vectors, "<f4").tobytes())
        self._database.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", row)

    def tags(self, identity: str, keys: Collection[str]) -> dict[str, dict[str, float]]:
        """Return the tags that an encoder has heard, by key."""
        return self._facts(f"{_TAGS}{identity}", keys)

    def put_tags(self, identity: str, key: str, tags: Mapping[str, float]) -> None:
        """Put in the tags of a file."""
        self._put_fact(f"{_TAGS}{identity}", key, dict(tags))

    def heard(self, identity: str, keys: Collection[str]) -> dict[str, list[Heard]]:
        """Return what analysers of an identity have heard, by key; a file of which they heard nothing is there too."""
        found = self._facts(identity, keys)
        return {key: [Heard(**one | {"value": _value(one["value"])}) for one in all_] for key, all_ in found.items()}

    def known_heard(self, identity: str, keys: Collection[str]) -> set[str]:
        """Return the keys of those files that analysers of an identity have heard."""
        return {key for (key,) in self._read("SELECT key FROM facts", identity, keys)}

    def put_heard(self, identity: str, key: str, heard: Sequence[Heard]) -> None:
        """Put in what analysers heard of a file."""
        self._put_fact(identity, key, [asdict(one) for one in heard])

    def problems(self, decoder: str, keys: Collection[str]) -> dict[str, str]:
        """Return why files could not be decoded by what decodes here, by key."""
        return self._facts(f"{_PROBLEM}{decoder}", keys)

    def put_problem(self, decoder: str, key: str, problem: str) -> None:
        """Put in that a file cannot be decoded."""
        self._put_fact(f"{_PROBLEM}{decoder}", key, problem)

    def notes(self, keys: Collection[str]) -> dict[str, str]:
        """Return what is wrong with files that were heard all the same, by key."""
        return self._facts(_NOTE, keys)

    def put_note(self, key: str, note: str) -> None:
        """Put in what is wrong with a file that was heard."""
        self._put_fact(_NOTE, key, note)

    def _facts(self, identity: str, keys: Collection[str]) -> dict[str, Any]:
        found = self._read("SELECT key, content FROM facts", identity, keys)
        return {key: json.loads(content) for key, content in found}

    def _put_fact(self, identity: str, key: str, content: Any) -> None:
        row = (key, identity, json.dumps(content, default=float))
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", row)

    def _read(self, select: str, identity: str, keys: Collection[str]) -> Iterator[tuple[Any, ...]]:
        wanted = sorted(keys)
        for start in range(0, len(wanted), _LOOKUP):
            part = wanted[start : start + _LOOKUP]
            marks = ",".join("?" * len(part))
            yield from self._database.execute(f"{select} WHERE identity = ? AND key IN ({marks})", (identity, *part))


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=60)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_TABLES)
        database.execute("SELECT * FROM vectors LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
