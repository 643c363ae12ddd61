"""The JAM file format: a folder of text and numpy files, read as published and written back the same.

    <data set>/processed/{train,val,test}_split.tsv      query_idx, text, user_idx, item_idxs (a Python list)
    <data set>/processed/{user,item}_idxs.tsv            index and id of every user and item
    <data set>/processed/{user,item}_<modality>_features.npy    row i describes index i; a zero row is absent
    <data set>/artists.tsv                               item_idx, name (may be missing; also in processed/)
    <data set>/listening.tsv                             user_idx, item_idx, plays (likewise)

Columns go by their names, in any order. Texts stay exactly as written: `nan`, `2006` and `"quoted"` are texts.
Source: Melchiorre et al. (2025) and the reference code hcai-mms/jam; the two files outside `processed` are ours.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.jam.dataset import SPLITS, JamDataset, JamFormatError, JamSplit, statistics
from recsys.jam.queries import encode_queries
from recsys.jam.tables import item_lists, read_table
from recsys.types import FloatArray, IntArray

__all__ = [
    "JamDataset",
    "JamFolder",
    "JamFormatError",
    "JamSplit",
    "encode_queries",
    "read_jam",
    "require_new",
    "statistics",
    "write_jam",
]

NAMES_FILE = "artists.tsv"
LISTENING_FILE = "listening.tsv"
_FEATURES = re.compile(r"(user|item)_(.+)_features\.npy", re.DOTALL)
_NOT_IN_A_CELL = re.compile(r"[\t\n\r]")
_MODALITY = re.compile(r"[^/\\\x00]+")


@dataclass(frozen=True)
class JamFolder:
    """Where the files of a data set lie."""

    processed: Path
    root: Path  # holds `processed`, or is the same folder

    @classmethod
    def find(cls, folder: Path) -> JamFolder | None:
        """Return the data set in a folder or in its subfolder `processed`; None where there is no item index."""
        for processed in (folder / "processed", folder):
            if (processed / "item_idxs.tsv").is_file():
                whole = Path(os.path.abspath(processed))
                return cls(processed, whole.parent if whole.name == "processed" else processed)
        return None

    @property
    def name(self) -> str:
        """The data set's name, which is that of its folder."""
        return os.path.basename(os.path.abspath(self.root))

    def split_file(self, split: str) -> Path:
        """Return where a split lies, whether or not it exists."""
        return self.processed / f"{split}_split.tsv"

    def beside(self, name: str) -> Path | None:
        """Return a file that may lie in the data set's folder or in `processed`."""
        return next((path for path in (self.root / name, self.processed / name) if path.is_file()), None)

    def catalogue_files(self) -> list[Path]:
        """Return the files that say what the items are and how they were asked for."""
        files = [self.processed / "item_idxs.tsv", self.processed / "user_idxs.tsv", self.beside(NAMES_FILE)]
        splits = (self.split_file(split) for split in SPLITS)
        return [path for path in (*files, *splits) if path is not None and path.is_file()]

    def learnt_files(self) -> list[Path]:
        """Return the files that decide what is learnt from the folder: also vectors and play histories."""
        plays = self.beside(LISTENING_FILE)
        return [*self.catalogue_files(), *sorted(self.processed.glob("*_features.npy")), *([plays] if plays else [])]


def read_jam(folder: Path, *, features: bool = True) -> JamDataset:
    """Read a data set in the JAM file format.

    Args:
        folder: the data set's folder or its subfolder `processed`.
        features: False leaves the feature files unread.

    Raises:
        JamFormatError: a file is missing, malformed or names a user or item that is not in the index; a split is
            empty; a query of a split comes twice or has no relevant item; features are not one finite row per index.
    """
    found = JamFolder.find(folder)
    if found is None or not (found.processed / "user_idxs.tsv").is_file():
        raise _incomplete(folder, "no user_idxs.tsv" if found else "no item_idxs.tsv" if folder.is_dir() else "")
    user_ids, item_ids = _read_index(found.processed, "user"), _read_index(found.processed, "item")
    present = [split for split in SPLITS if found.split_file(split).is_file()]
    if not present:
        raise _incomplete(folder, "no split")
    listening, names = found.beside(LISTENING_FILE), found.beside(NAMES_FILE)
    return JamDataset(
        name=found.name,
        splits={split: _read_split(found.split_file(split), len(user_ids), item_ids) for split in present},
        user_ids=user_ids,
        item_ids=item_ids,
        user_features=_read_features(found.processed, "user", len(user_ids)) if features else {},
        item_features=_read_features(found.processed, "item", len(item_ids)) if features else {},
        item_names=_read_names(names, len(item_ids)) if names else None,
        plays=_read_plays(listening, len(user_ids), len(item_ids)) if listening else None,
    )


def write_jam(folder: Path, dataset: JamDataset) -> None:
    """Write a data set so that `read_jam` reads it back equal, its name being that of the folder.

    The folder appears whole or not at all.

    Args:
        folder: where to; it may exist if it is empty.
        dataset: whose features are written as float32.

    Raises:
        JamFormatError: the folder holds something already, or the data set cannot be read back equal: a text holds
            a tab or a line break, a query names an item twice, or whatever `read_jam` refuses.
    """
    folder = folder.absolute()
    require_new(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / folder.name
        (unfinished / "processed").mkdir(parents=True)
        try:
            _write(unfinished, dataset)
            _require_equal(unfinished, dataset, read_jam(unfinished, features=False))
        except JamFormatError as error:
            path = folder / error.path.relative_to(unfinished)
            raise JamFormatError(path, error.line, error.problem, error.remedy) from error
        if folder.exists():
            folder.rmdir()
        os.replace(unfinished, folder)


def require_new(folder: Path) -> None:
    """Make sure that a data set can be written to a folder.

    Raises:
        JamFormatError: it holds something already, or is a file.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise JamFormatError(folder, None, "it exists, expected no or an empty folder", "choose another or remove it")


def _incomplete(folder: Path, lacks: str) -> JamFormatError:
    needs = "a folder that holds user_idxs.tsv, item_idxs.tsv and at least one of train_split.tsv, val_split.tsv "
    problem = f"there is {lacks or 'no such folder'}, expected {needs}and test_split.tsv, or holds them in processed/"
    return JamFormatError(folder, None, problem, "check the path or add the missing file")


def _read_index(processed: Path, kind: str) -> tuple[str, ...]:
    """Return the ids of all users or items by index.

    The index is the column `<kind>_idx`; where that holds ids, as tables made with pandas may have it, the column
    `index` or `idx`. Without any of these it is the first column, else the order of the file.
    """
    table = read_table(processed / f"{kind}_idxs.tsv")
    if not len(table):
        raise JamFormatError(table.path, None, f"it lists no {kind}, expected one a line", f"add the {kind}s")
    named = [name for name in (f"{kind}_idx", "index", "idx", "") if name in table.columns]
    order = next((name for name in named or list(table.columns)[:1] if _is_order(table.columns[name])), None)
    if order is None and named:
        seen: set[int] = set()
        for at, row in enumerate(table.rows_of(named[0], len(table), table.path.name).tolist()):
            if row in seen:
                table.fail(at, f"{named[0]} {row} comes a second time, expected each once", "drop one of the lines")
            seen.add(row)
    ids = next((cells for name, cells in table.columns.items() if name != order), table.columns.get(order or "", ()))
    if order is None:
        return tuple(ids)
    by_index = dict(zip(map(int, table.columns[order]), ids, strict=True))
    return tuple(by_index[row] for row in range(len(table)))


def _is_order(cells: Sequence[str]) -> bool:
    """Tell whether cells are 0 to R-1 in any order."""
    return {cell.strip() for cell in cells} == set(map(str, range(len(cells))))


def _read_split(path: Path, n_users: int, item_ids: tuple[str, ...]) -> JamSplit:
    table = read_table(path)
    query_idxs, texts = table.integers("query_idx"), tuple(table.cells("text"))
    users = table.rows_of("user_idx", n_users, "user_idxs.tsv")
    starts, items = item_lists(table, "item_idxs", item_ids, "item_idxs.tsv")
    if not len(table):
        raise JamFormatError(path, None, "it has a header but no query, expected one a line", "drop the file")
    first = np.unique(query_idxs, return_index=True)[1]
    if len(first) < len(table):
        again = int(np.setdiff1d(np.arange(len(table)), first)[0])
        problem = f"query_idx {query_idxs[again]} comes a second time, expected each once in a split"
        table.fail(again, problem, "number the queries anew")
    return JamSplit(query_idxs, texts, users, starts, items)


def _read_names(path: Path, n_items: int) -> tuple[str, ...]:
    table = read_table(path)
    names = [""] * n_items
    rows = table.rows_of("item_idx", n_items, "item_idxs.tsv")
    for row, name in zip(rows.tolist(), table.cells("name"), strict=True):
        names[row] = name
    return tuple(names)


def _read_plays(path: Path, n_users: int, n_items: int) -> sp.csr_array:
    table = read_table(path)
    users = table.rows_of("user_idx", n_users, "user_idxs.tsv")
    items = table.rows_of("item_idx", n_items, "item_idxs.tsv")
    plays = sp.csr_array((table.amounts("plays"), (users, items)), shape=(n_users, n_items), dtype=np.float32)
    plays.eliminate_zeros()
    return plays


def _read_features(processed: Path, kind: str, n_rows: int) -> dict[str, FloatArray]:
    found = ((path, _FEATURES.fullmatch(path.name)) for path in sorted(processed.iterdir()))
    return {match[2]: _load_features(path, n_rows, kind) for path, match in found if match and match[1] == kind}


def _load_features(path: Path, n_rows: int, kind: str) -> FloatArray:
    try:
        # Mapped, since a damaged header would have any number of bytes allocated.
        loaded = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        problem = f"expected a float array that loads without running code ({error})"
        raise JamFormatError(path, None, problem, "save one float array with np.save") from error
    return _checked_features(loaded, path, n_rows, kind)


def _checked_features(loaded: NDArray[Any], path: Path, n_rows: int, kind: str) -> FloatArray:
    """Return features as float32 (n_rows, D), checked."""
    if loaded.ndim != 2 or loaded.dtype.kind not in "fiub" or not loaded.shape[1]:
        problem = f"it holds {loaded.dtype} of shape {loaded.shape}, expected floats (rows, width)"
        raise JamFormatError(path, None, problem, "save one float array with np.save")
    if len(loaded) != n_rows:
        problem = f"{len(loaded):,} rows, expected {n_rows:,}, one for each line of {kind}_idxs.tsv"
        raise JamFormatError(path, None, problem, "make the features again from that file")
    with np.errstate(over="ignore"):
        features: NDArray[np.float32] = np.array(loaded, dtype=np.float32, order="C")
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        problem = f"row {bad[0]} holds a NaN or a number beyond float32, expected finite ones ({len(bad):,} such rows)"
        raise JamFormatError(path, None, problem, "make those rows zero, which means absent")
    return features


def _write(folder: Path, dataset: JamDataset) -> None:
    processed = folder / "processed"
    for kind, ids, features in (
        ("user", dataset.user_ids, dataset.user_features),
        ("item", dataset.item_ids, dataset.item_features),
    ):
        _write_table(processed / f"{kind}_idxs.tsv", (f"{kind}_idx", f"{kind}_id"), enumerate(ids))
        for modality, rows in features.items():
            if not _MODALITY.fullmatch(modality):
                raise JamFormatError(folder, None, f"the modality {modality!r} cannot be in a file name", "rename it")
            path = processed / f"{kind}_{modality}_features.npy"
            np.save(path, _checked_features(np.asarray(rows), path, len(ids), kind))
    for name, split in dataset.splits.items():
        if name not in SPLITS:
            raise JamFormatError(folder, None, f"there is a split {name!r}, expected {', '.join(SPLITS)}", "rename it")
        lists = (split.relevant(query).tolist() for query in range(len(split)))
        rows_ = zip(split.query_idxs.tolist(), split.texts, split.users.tolist(), lists, strict=True)
        _write_table(processed / f"{name}_split.tsv", ("query_idx", "text", "user_idx", "item_idxs"), rows_)
    if dataset.item_names is not None:
        if len(dataset.item_names) != dataset.n_items:
            problem = f"{len(dataset.item_names):,} names, expected {dataset.n_items:,}, one for each item"
            raise JamFormatError(folder / NAMES_FILE, None, problem, 'name the others ""')
        _write_table(folder / NAMES_FILE, ("item_idx", "name"), enumerate(dataset.item_names))
    if dataset.plays is not None:
        plays = sp.coo_array(dataset.plays)
        _require_shape(folder / LISTENING_FILE, plays.shape, (dataset.n_users, dataset.n_items))
        # Nine digits are enough for every float32 to be read back the same.
        counts = (f"{count:.9g}" for count in plays.data.tolist())
        pairs = zip(plays.row.tolist(), plays.col.tolist(), counts, strict=True)
        _write_table(folder / LISTENING_FILE, ("user_idx", "item_idx", "plays"), pairs)


def _write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line, row in enumerate((header, *rows), start=1):
            cells = [str(cell) for cell in row]
            if any(map(_NOT_IN_A_CELL.search, cells)):
                raise JamFormatError(path, line, f"{cells} holds a tab or a line break", "replace them by spaces")
            try:
                file.write("\t".join(cells) + "\n")
            except UnicodeEncodeError as error:
                raise JamFormatError(path, line, f"{cells} is not Unicode text", "drop the surrogates") from error


def _require_shape(path: Path, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if tuple(shape) != expected:
        raise JamFormatError(path, None, f"plays are {tuple(shape)}, expected {expected}", "give (users, items)")


def _require_equal(folder: Path, dataset: JamDataset, written: JamDataset) -> None:
    """Refuse what the format cannot hold; `read_jam` has refused whatever is out of range."""
    for name, split in dataset.splits.items():
        again = written.splits[name]
        same: Mapping[str, tuple[IntArray, IntArray]] = {
            "the offsets of the items (or an item comes twice in one query)": (split.starts, again.starts),
            "the items": (split.items, again.items),
            "the users": (split.users, again.users),
        }
        for what, (one, other) in same.items():
            if not np.array_equal(one, other):
                path = folder / "processed" / f"{name}_split.tsv"
                raise JamFormatError(path, None, f"{what} would not be read back equal", "correct the split")
