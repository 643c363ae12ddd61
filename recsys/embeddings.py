"""One embedding table per modality, and the cache that lets every text be encoded once.

A table is a memory-mapped float32 array (N, D), a presence mask (N,) and a card that names the catalogue's
fingerprint; it is published by one rename and never changed. The cache is addressed by content: a catalogue
that changes a little, or an indexing run that was killed, encodes only texts never seen before.

Both survive SIGKILL at any moment: the cache commits whole chunks in SQLite transactions, and chunks are cut
from the sorted texts still missing, so that an interrupted run and its continuation meet the encoder with the
same chunks as an undisturbed one and yield the same bits.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from recsys.encoders.text import TextEncoder
from recsys.errors import CatalogueMismatchError, RecsysError
from recsys.types import BoolArray, FloatArray, Modality, Progress

#: Texts per transaction: under a second of work, so that little is lost and progress moves.
CHUNK = 256

#: Keys per look-up: SQLite allows 32,766 variables in a statement, older builds 999.
LOOKUP = 500

#: Table rows assembled at a time: 12 MB at D = 384.
BLOCK = 8192

CARD = "table.json"


class EmbeddingTableError(RecsysError, ValueError):
    """An embedding table is missing or torn. For one of another catalogue see `CatalogueMismatchError`."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"cannot use the embedding table in {folder}: {problem}; run `segue index`")
        self.folder, self.problem = folder, problem


@dataclass(frozen=True)
class EmbeddingTable:
    """The vectors of one modality, one row per catalogue track. N tracks, D encoder width."""

    modality: Modality
    encoder: str  # name of the encoder that made the vectors
    fingerprint: str  # of the catalogue whose rows these are
    vectors: FloatArray  # (N, D) memory-mapped unit rows; zero where absent
    present: BoolArray  # (N,) whether the track states anything of this modality

    @classmethod
    def open(cls, folder: Path, fingerprint: str | None = None) -> EmbeddingTable:
        """Open a published table.

        Args:
            folder: where `build_table` put it.
            fingerprint: of the catalogue in use; None to accept any.

        Raises:
            EmbeddingTableError: the folder holds no complete table.
            CatalogueMismatchError: the table belongs to another catalogue.
        """
        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            table = cls(
                modality=Modality(card["modality"]),
                encoder=card["encoder"],
                fingerprint=card["fingerprint"],
                vectors=np.asarray(np.load(folder / "vectors.npy", mmap_mode="r")),
                present=np.load(folder / "present.npy"),
            )
        except (OSError, ValueError, KeyError) as error:
            raise EmbeddingTableError(folder, str(error)) from error
        if table.vectors.shape != (card["n_tracks"], card["dim"]) or len(table.present) != card["n_tracks"]:
            raise EmbeddingTableError(folder, f"{table.vectors.shape} is not what its card states: {card}")
        if fingerprint is not None and table.fingerprint != fingerprint:
            raise CatalogueMismatchError(
                f"the embedding table {folder.name}", found=table.fingerprint, expected=fingerprint
            )
        return table


class EmbeddingCache:
    """Text → vector for one encoder, kept between runs and never encoded twice."""

    def __init__(self, folder: Path, encoder: TextEncoder) -> None:
        """Open the encoder's cache in `folder`; one that cannot be read is begun anew, since it is only a cache."""
        self.encoder = encoder
        folder.mkdir(parents=True, exist_ok=True)
        slug = re.sub(r"[^a-z0-9]+", "-", encoder.name.lower()).strip("-")
        # The width is part of the name, since a folder given as a model's name may change its content.
        self.path = folder / f"{slug}-{_digest(encoder.name).hex()[:8]}-{encoder.dim}.sqlite"
        try:
            self._database = _open_cache(self.path)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self._database = _open_cache(self.path)

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Number of texts with a vector."""
        return int(self._database.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def vectors(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """Return one unit row per text (n, D), encoding those never seen before."""
        self.ensure(texts, progress)
        keys = [_digest(text) for text in texts]
        known = {key: np.frombuffer(blob, "<f4") for key, blob in self._read(sorted(set(keys)), "vector")}
        out = np.empty((len(texts), self.encoder.dim), np.float32)
        for row, key in enumerate(keys):
            out[row] = known[key]
        return out

    def ensure(self, texts: Sequence[str], progress: Progress | None = None, stage: str = "encoding") -> int:
        """Encode the texts that have no vector yet and return how many those were.

        `progress` is called with (stage, texts encoded, texts to encode).
        """
        by_key = {_digest(text): text for text in texts}
        known = {key for key, _ in self._read(sorted(by_key), "1")}
        # Like lengths together waste no padding; the key makes the order, hence the chunks, reproducible.
        missing = sorted(by_key.keys() - known, key=lambda key: (-len(by_key[key]), key))
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            vectors = np.ascontiguousarray(self.encoder.encode([by_key[key] for key in chunk]), "<f4")
            with self._database:  # one transaction: all of the chunk or nothing
                self._database.executemany(
                    "INSERT OR IGNORE INTO vectors (digest, vector) VALUES (?, ?)",
                    [(key, vector.tobytes()) for key, vector in zip(chunk, vectors, strict=True)],
                )
            if progress:
                progress(stage, start + len(chunk), len(missing))
        return len(missing)

    def _read(self, keys: list[bytes], column: str) -> Iterator[tuple[bytes, bytes]]:
        for start in range(0, len(keys), LOOKUP):
            part = keys[start : start + LOOKUP]
            marks = ",".join("?" * len(part))
            yield from self._database.execute(f"SELECT digest, {column} FROM vectors WHERE digest IN ({marks})", part)


def build_table(
    folder: Path,
    modality: Modality,
    texts: Sequence[str],
    cache: EmbeddingCache,
    fingerprint: str,
    progress: Progress | None = None,
) -> EmbeddingTable:
    """Encode one text per catalogue track into a published table; returns at once if it is there already.

    Args:
        folder: where the table goes, complete or not at all; one process at a time builds it.
        modality: what the texts describe.
        texts: one per catalogue row; an empty one means that the track lacks this modality.
        cache: encodes, and remembers what it encoded in case this run is killed.
        fingerprint: of the catalogue.
        progress: called with ("encoding <modality>", texts encoded, texts to encode).
    """
    try:
        table = EmbeddingTable.open(folder, fingerprint)
        if (table.modality, table.encoder, len(table.present)) == (modality, cache.encoder.name, len(texts)):
            return table
    except (EmbeddingTableError, CatalogueMismatchError):
        pass  # absent, torn or of an older catalogue: made anew below
    present = np.array([bool(text) for text in texts], dtype=np.bool_)
    cache.ensure([text for text in texts if text], progress, f"encoding {modality.value}")
    unfinished = _begin(folder)
    shape = (len(texts), cache.encoder.dim)
    vectors = np.lib.format.open_memmap(unfinished / "vectors.npy", mode="w+", dtype=np.float32, shape=shape)
    for start in range(0, len(texts), BLOCK):
        rows = (start + np.flatnonzero(present[start : start + BLOCK])).tolist()
        vectors[rows] = cache.vectors([texts[row] for row in rows])
    vectors.flush()
    return _publish(unfinished, folder, modality, cache.encoder.name, fingerprint, present, shape)


def copy_table(
    folder: Path, modality: Modality, vectors: FloatArray, present: BoolArray, source: str, fingerprint: str
) -> EmbeddingTable:
    """Publish vectors (N, D) that came from elsewhere as a table; returns at once if it is there already.

    Args:
        folder: where the table goes, complete or not at all.
        modality: what the vectors describe.
        vectors: one row per catalogue track, zero where absent.
        present: (N,) which are there.
        source: names what the vectors were taken from; it stands in the encoder's place.
        fingerprint: of the catalogue.
    """
    try:
        table = EmbeddingTable.open(folder, fingerprint)
        if (table.modality, table.encoder, table.vectors.shape) == (modality, source, vectors.shape):
            return table
    except (EmbeddingTableError, CatalogueMismatchError):
        pass
    unfinished = _begin(folder)
    np.save(unfinished / "vectors.npy", np.ascontiguousarray(vectors, dtype=np.float32))
    return _publish(unfinished, folder, modality, source, fingerprint, present, vectors.shape)


def _begin(folder: Path) -> Path:
    """An empty folder beside the one that a table is to have."""
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    return unfinished


def _publish(
    unfinished: Path,
    folder: Path,
    modality: Modality,
    encoder: str,
    fingerprint: str,
    present: BoolArray,
    shape: tuple[int, ...],
) -> EmbeddingTable:
    """Complete a table whose vectors are written, and put it where it belongs by one rename."""
    np.save(unfinished / "present.npy", present)
    card = {
        "modality": modality.value,
        "encoder": encoder,
        "fingerprint": fingerprint,
        "n_tracks": shape[0],
        "dim": shape[1],
    }
    (unfinished / CARD).write_text(json.dumps(card), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)
    return EmbeddingTable.open(folder, fingerprint)


def _digest(text: str) -> bytes:
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


def _open_cache(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=60)
    try:
        database.execute("PRAGMA page_size = 16384")  # ten vectors of 384 to a page, where 4096 holds two
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        with closing(database.execute("SELECT digest, vector FROM vectors LIMIT 1")) as rows:
            rows.fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
