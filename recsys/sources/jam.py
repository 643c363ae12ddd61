"""The items of a data set in the JAM file format (Melchiorre et al. 2025), a folder, as tracks.

The format states no titles. An item goes by its name in `artists.tsv` as title and as artist, else by its id. Tags
are the requests of the training split that it answers at least twice, most frequent first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.errors import SourceError
from recsys.sources.base import SourceContent, files_fingerprint
from recsys.sources.build import TrackBuilder
from recsys.sources.headers import recognise
from recsys.types import Progress

if TYPE_CHECKING:
    from recsys.jam.files import JamDataset

KIND = "jam"

#: A request that an item answers once may be a whim or a mistake.
_MIN_REQUESTS = 2

_ROWS_PER_PROGRESS = 1_000


def is_jam(path: Path) -> bool:
    """Tell whether a path is a folder in the JAM file format."""
    if not path.is_dir():
        return False
    from recsys.jam.files import JamFolder

    return JamFolder.find(path) is not None


def jam_fingerprint(path: Path, mapping: Mapping[str, str] | None = None) -> str:
    """Return what changes whenever reading the folder would give something else.

    Raises:
        SourceError: a file cannot be read.
    """
    from recsys.jam.files import JamFolder

    found = JamFolder.find(path)
    return files_fingerprint(path, found.catalogue_files() if found else (), mapping)


def learnt_fingerprint(path: Path) -> str:
    """Return what changes whenever learning from the folder would give something else.

    Raises:
        SourceError: a file cannot be read.
    """
    from recsys.jam.files import JamFolder

    found = JamFolder.find(path)
    return files_fingerprint(path, found.learnt_files() if found else (), None)


def read_jam_catalogue(path: Path, mapping: Mapping[str, str] | None, progress: Progress | None) -> SourceContent:
    """Read the items of a data set as tracks; ids are the data set's own.

    Raises:
        SourceError: the folder is not in the format, or `mapping` names columns, of which there are none.
    """
    from recsys.jam.files import JamFormatError, read_jam

    if mapping:
        raise SourceError(path, "a JAM folder has no columns to map", "leave out --map")
    fingerprint = jam_fingerprint(path)
    try:
        dataset = read_jam(path, features=False)
    except JamFormatError as error:
        problem = error.problem if error.line is None else f"line {error.line}: {error.problem}"
        raise SourceError(error.path, problem, error.remedy) from error
    columns = recognise(("track_id", "title", "artist", "isrc", "tags"), None, path)
    builder = TrackBuilder(columns, path, youtube_ids=False, steps=None)
    names = dataset.item_names or dataset.item_ids
    bad_rows = []
    for row, (item_id, name, tags) in enumerate(zip(dataset.item_ids, names, _tags(dataset), strict=True)):
        called = name.strip() or item_id
        # A list of one, since a name may hold ";" or "feat.".
        cells = {"track_id": item_id, "title": called, "artist": [called], "isrc": item_id, "tags": tags}
        if bad := builder.add(row + 2, cells):
            bad_rows.append(bad)
        if progress is not None and row % _ROWS_PER_PROGRESS == 0:
            progress("reading", row, dataset.n_items)
    if progress is not None:
        progress("reading", dataset.n_items, dataset.n_items)
    return SourceContent(KIND, builder.tracks(), [], bad_rows, dataset.n_items, fingerprint)


def _tags(dataset: JamDataset) -> list[list[str]]:
    """Return each item's requests of the training split, as free words."""
    tags: list[list[str]] = [[] for _ in range(dataset.n_items)]
    if (split := dataset.splits.get("train")) is None:
        return tags
    number_of = {text: number for number, text in enumerate(dict.fromkeys(split.texts))}
    texts = list(number_of)
    queries, items = split.pairs  # (P,), (P,)
    numbers = np.array([number_of[text] for text in split.texts], np.int64)[queries]  # (P,)
    keys, counts = np.unique(items * len(texts) + numbers, return_counts=True)
    often = counts >= _MIN_REQUESTS
    keys, counts = keys[often], counts[often]
    # Most frequent first; of equals the one that came first in time.
    for key in keys[np.argsort(-counts, kind="stable")].tolist():
        item, number = divmod(key, len(texts))
        if text := texts[number].strip():
            tags[item].append(text)
    return tags
