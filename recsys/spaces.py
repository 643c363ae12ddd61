"""Spaces: precomputed vectors of tracks or of listeners, brought in from outside and kept in the data folder.

    HOME/embeddings/<name>/card.json   what the space is; replaced atomically, and the space is there with it
    HOME/embeddings/<name>/<folder>/   vectors.npy (n, D) float32 unit rows, ids.json (n); the card names the folder

A row of zeros stands for "nothing known". Rows are brought to unit length, since only their directions are comparable
with those of other modalities. Whoever is forgotten leaves a zero row: files are mapped, so that other processes that
serve the space forget at once too.

Shapes: n rows, D width of the space, N tracks of a catalogue.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import RecsysError
from recsys.generations import writing
from recsys.space_files import SpaceError, open_vectors, read_ids
from recsys.types import BoolArray, FloatArray, IntArray, Modality

FOLDER = "embeddings"
_CARD = "card.json"
#: Ends the name of a folder whose content is that of the one which it replaced.
_AGAIN = "-again"
TRACKS, LISTENERS = "tracks", "listeners"
#: Modalities that Segue makes itself.
RESERVED = (Modality.TEXT, Modality.TAGS, Modality("requests"))
#: Rows checked and scaled at a time.
_BLOCK = 8192


class UnknownSpaceError(RecsysError, LookupError):
    """There is no space of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        there = ", ".join(known) or "none"
        super().__init__(f"there is no space {name!r}; stored are: {there} (`segue embeddings list`)")
        self.name = name


@dataclass(frozen=True)
class SpaceCard:
    """What is known of a stored space without opening it."""

    name: str
    of: str  # tracks or listeners
    n_rows: int
    width: int
    fingerprint: str  # of the files it was read from; of what made it, where Segue goes on making it
    folder: str  # where its rows are, below its own name
    source: str  # the name of the vectors' file
    added_at: float  # seconds since the epoch, UTC

    @property
    def maker(self) -> str:
        """What made its vectors, as far as is known: the same for vectors that mean the same."""
        return f"{self.source} ({self.fingerprint})"


def grown(stored: Iterable[SpaceCard]) -> dict[str, str]:
    """Tell the content of the spaces that Segue goes on making, by name: it changes where their fingerprints do not."""
    return {card.name: card.folder for card in stored if card.folder.removesuffix(_AGAIN) != card.fingerprint}


@dataclass(frozen=True)
class Space:
    """A stored space, opened."""

    card: SpaceCard
    ids: tuple[str, ...]  # (n,) track or listener ids; empty for who was forgotten
    vectors: FloatArray  # (n, D) memory-mapped unit rows, zero where nothing is known

    @property
    def row_of(self) -> dict[str, int]:
        """The row of every id."""
        return {one: row for row, one in enumerate(self.ids) if one}

    def rows(self, ids: Sequence[str]) -> tuple[FloatArray, BoolArray]:
        """Return the vectors (N, D) of the given ids, zero where there is none, and which are there (N,)."""
        row_of = self.row_of
        found: IntArray = np.array([row_of.get(one, -1) for one in ids], dtype=np.int64)
        table = np.zeros((len(ids), self.card.width), dtype=np.float32)
        here = np.flatnonzero(found >= 0)
        for start in range(0, len(here), _BLOCK):
            part = here[start : start + _BLOCK]
            table[part] = self.vectors[found[part]]
        present: BoolArray = np.asarray(table.any(axis=1), dtype=np.bool_)
        return table, present

    def knows_any(self, ids: Sequence[str]) -> bool:
        """Tell whether any of the given ids has a row that says something."""
        row_of = self.row_of
        rows = [row_of[one] for one in ids if one in row_of]
        return any(self.vectors[rows[start : start + _BLOCK]].any() for start in range(0, len(rows), _BLOCK))


@dataclass(frozen=True)
class TrackSpaces:
    """The stored spaces of tracks, as a catalogue's rows have them."""

    tables: Mapping[str, FloatArray]  # (N, D_m) of those that say anything of these tracks
    fingerprints: Mapping[str, str]  # of all
    contents: Mapping[str, str]  # of those that Segue goes on making


@dataclass(frozen=True)
class Added:
    """What taking a space in came to."""

    card: SpaceCard
    n_known: int  # ids that the catalogue, or the listeners' table, has
    n_unknown: int
    n_zero: int  # rows of zeros, which say nothing
    changed: bool  # False where the very same rows were there already


def add_space(home: Path, name: str, vectors: Path, ids: Path, known: Container[str], *, of: str = TRACKS) -> Added:
    """Store a space, or replace the one of that name; complete or not at all.

    Args:
        home: the data folder.
        name: of lower-case letters, digits and "_"; the modality's name.
        vectors: a `.npy` file (n, D) of numbers.
        ids: one id per line, or a CSV or TSV file with an id column; in the order of the rows.
        known: the ids that can be of use. Others are stored too, in case that what they name comes later.
        of: "tracks" or "listeners".

    Raises:
        SpaceError: the name, a file, or what is in it cannot be used; nothing has changed then.
    """
    try:
        modality = Modality(name)
    except ValueError as error:
        raise SpaceError(f"a space called {name!r}", "it is no name", "use lower-case letters, digits and _") from error
    if modality in RESERVED:
        raise SpaceError(f"a space called {name!r}", "Segue makes that one itself", "choose another name")
    table = open_vectors(vectors)
    names = read_ids(ids)
    if len(names) != len(table):
        raise SpaceError(
            vectors,
            f"it has {len(table):,} rows but {ids.name} has {len(names):,} ids",
            "give one id for each row, in the same order",
        )
    n_known = sum(one in known for one in names)
    if not n_known:
        raise SpaceError(
            vectors,
            f"none of its {len(names):,} ids, such as {names[0]!r}, is one of the {of} here",
            "`segue status` shows what is indexed" if of == TRACKS else "give the listener ids that Segue knows",
        )
    fingerprint = _fingerprint(of, vectors, ids)
    card = SpaceCard(name, of, len(names), int(table.shape[1]), fingerprint, fingerprint, vectors.name, time.time())
    card, n_zero, changed = _put(home, card, names, table, vectors)
    return Added(card, n_known, len(names) - n_known, n_zero, changed)


def put_space(home: Path, name: str, ids: Sequence[str], vectors: FloatArray, *, source: str) -> SpaceCard:
    """Store vectors of tracks (n, D) that Segue made itself, in place of the space of that name.

    Args:
        home: the data folder.
        name: the modality's name.
        ids: of the tracks, in the order of the rows.
        vectors: as they are; rows are brought to unit length.
        source: what made them.

    Raises:
        SpaceError: a row has NaN or infinity, or every row is zero; nothing has changed then.
    """
    content = hashlib.sha256(json.dumps([source, *ids]).encode())
    content.update(np.ascontiguousarray(vectors, np.float32).tobytes())
    folder, width = content.hexdigest()[:16], int(vectors.shape[1])
    # What maps these vectors maps those of further tracks, too: a model fitted to some serves all.
    fingerprint = hashlib.sha256(json.dumps([source, width]).encode()).hexdigest()[:16]
    card = SpaceCard(Modality(name).value, TRACKS, len(ids), width, fingerprint, folder, source, time.time())
    return _put(home, card, list(ids), vectors, source)[0]


def _put(
    home: Path, new: SpaceCard, names: list[str], table: np.ndarray[Any, Any], what: object
) -> tuple[SpaceCard, int, bool]:
    """Store a space; return its card, how many rows are zero, and whether anything has changed."""
    space = home / FOLDER / new.name
    with writing(home), _editing(home):
        before = _read_card(space)
        unfinished = space / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            n_zero = _write_unit_rows(table, unfinished / "vectors.npy", what)
            if n_zero == len(names):
                raise SpaceError(what, "every row is zero, which says nothing", "give vectors that say something")
        except SpaceError:
            shutil.rmtree(unfinished if before else space)
            raise
        (unfinished / "ids.json").write_text(json.dumps(names), encoding="utf-8")
        changed = (
            before is None
            or before.fingerprint != new.fingerprint
            or before.folder.removesuffix(_AGAIN) != new.folder
            or _held_ids(space / before.folder) != names
        )
        if before is None or changed:
            # Never the folder that the card names now, or a kill would leave the card without one.
            to = new.folder if before is None or before.folder != new.folder else f"{new.folder}{_AGAIN}"
            shutil.rmtree(space / to, ignore_errors=True)
            os.replace(unfinished, space / to)
            card = replace(new, folder=to)
            _write_whole(space / _CARD, asdict(card))
        else:
            card = before
        _tidy(space, card)
    return card, n_zero, changed


def cards(home: Path) -> list[SpaceCard]:
    """Return what is known of the stored spaces, by name."""
    folders = sorted((home / FOLDER).iterdir()) if (home / FOLDER).is_dir() else []
    found = (_read_card(folder) for folder in folders)
    return [card for card in found if card is not None]


def open_space(home: Path, name: str) -> Space:
    """Open a stored space.

    Raises:
        UnknownSpaceError: there is none of that name.
        SpaceError: its files are damaged.
    """
    space = home / FOLDER / name
    card = _read_card(space)
    if card is None:
        raise UnknownSpaceError(name, (one.name for one in cards(home)))
    try:
        ids = tuple(json.loads((space / card.folder / "ids.json").read_text(encoding="utf-8")))
        vectors = np.load(space / card.folder / "vectors.npy", mmap_mode="r")
    except (OSError, ValueError) as error:
        if _read_card(space) != card:
            return open_space(home, name)  # replaced between the two reads: look again
        raise SpaceError(
            f"the stored space {name!r}", str(error), "add it again with `segue embeddings add`"
        ) from error
    if vectors.shape != (len(ids), card.width):
        raise SpaceError(
            f"the stored space {name!r}", f"it is {vectors.shape}", "add it again with `segue embeddings add`"
        )
    return Space(card, ids, np.asarray(vectors))


def track_spaces(home: Path, track_ids: Sequence[str]) -> TrackSpaces:
    """Lay the spaces of tracks along a catalogue's rows."""
    tables, fingerprints = {}, {}
    for card in cards(home):
        if card.of == TRACKS:
            vectors, present = open_space(home, card.name).rows(track_ids)
            fingerprints[card.name] = card.fingerprint
            if present.any():
                tables[card.name] = vectors
    return TrackSpaces(tables, fingerprints, grown(card for card in cards(home) if card.of == TRACKS))


def own_vectors(home: Path, model_card: Mapping[str, Any]) -> dict[str, Space | None]:
    """Open the spaces of listeners that a model was trained with, in its order; None for one that is gone or another.

    They are read where they are stored and never copied into a generation, so that who is forgotten is forgotten.
    """
    found: dict[str, Space | None] = {}
    for name in model_card.get("listeners", []):
        try:
            space = open_space(home, name)
        except (UnknownSpaceError, SpaceError):
            found[name] = None
        else:
            found[name] = space if space.card.fingerprint == model_card["spaces"][name] else None
    return found


def remove_space(home: Path, name: str) -> SpaceCard:
    """Drop a space; what serves goes on with what it has until the next training.

    Raises:
        UnknownSpaceError: there is none of that name.
    """
    space = home / FOLDER / name
    with writing(home), _editing(home):
        card = _read_card(space)
        if card is None:
            raise UnknownSpaceError(name, (one.name for one in cards(home)))
        (space / _CARD).unlink()
        shutil.rmtree(space, ignore_errors=True)
    return card


def forget(home: Path, listener_id: str) -> bool:
    """Make the rows of a listener say nothing, and drop the id; tell whether there was one.

    What a killed run left of a space goes, too.
    """
    if not (home / FOLDER).is_dir():
        return False
    found = False
    with _editing(home):  # not `writing`: nobody has to wait for a training to be forgotten
        for space in (home / FOLDER).iterdir():
            card = _read_card(space)
            _tidy(space, card)
            if card is None or card.of != LISTENERS:
                continue
            row = open_space(home, card.name).row_of.get(listener_id)
            if row is None:
                continue
            folder = home / FOLDER / card.name / card.folder
            mapped = np.load(folder / "vectors.npy", mmap_mode="r+")
            mapped[row] = 0
            mapped.flush()
            names = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
            names[row] = ""
            _write_whole(folder / "ids.json", names)
            found = True
    return found


def _tidy(space: Path, card: SpaceCard | None) -> None:
    """Drop everything in a space's folder that its card does not name."""
    for left in space.iterdir() if space.is_dir() else ():
        if card is None or left.name not in (_CARD, card.folder):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _write_unit_rows(table: np.ndarray[Any, Any], path: Path, source: object) -> int:
    """Write the rows at unit length and return how many are zero; refuse what is no number."""
    written = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=table.shape)
    n_zero = 0
    for start in range(0, len(table), _BLOCK):
        block = np.asarray(table[start : start + _BLOCK], dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
        if len(bad):
            raise SpaceError(
                source, f"row {start + int(bad[0]):,} has NaN or infinity", "write zeros where nothing is known"
            )
        largest = np.abs(block).max(axis=1, keepdims=True)
        block = np.divide(block, largest, out=np.zeros_like(block), where=largest > 0)  # a norm must not overflow
        norms = np.linalg.norm(block, axis=1, keepdims=True)
        written[start : start + _BLOCK] = np.divide(block, norms, out=block, where=norms > 0)
        n_zero += int((largest == 0).sum())
    written.flush()
    return n_zero


def _fingerprint(of: str, *paths: Path) -> str:
    digest = hashlib.sha256(of.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _held_ids(folder: Path) -> list[str] | None:
    try:
        ids: list[str] = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return ids if (folder / "vectors.npy").exists() else None


def _read_card(folder: Path) -> SpaceCard | None:
    try:
        return SpaceCard(**json.loads((folder / _CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def _editing(home: Path) -> Iterator[None]:
    """Let one process at a time change what is stored."""
    from filelock import FileLock

    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "embeddings.lock"):
        yield


def _write_whole(path: Path, content: Any) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content), encoding="utf-8")
    os.replace(part, path)
