"""Vectors that say what an item is, joined to the items of sequences by name.

They come from a data set in the JAM file format (`<data set>/processed/item_<modality>_features.npy`, names in
`artists.tsv`). Only what describes the item itself may come: `name` and `caption`. Everything else there is made of
what listeners did — CF vectors, tags, play histories — and where listeners are in both sets, it tells what is to be
predicted: it is refused by name, and never opened. Items of the same name, case and blanks aside, are the same;
a name that two items of the data set share is joined to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.jam.dataset import JamFormatError
from recsys.jam.files import NAMES_FILE, JamFolder
from recsys.jam.tables import read_table
from recsys.sequential.errors import SequenceDataError
from recsys.types import FloatArray

#: What is made from the item alone.
ALLOWED = ("name", "caption")


def read_item_vectors(folder: Path, names: Sequence[str], modality: str) -> FloatArray:
    """Return a vector for each item (I, D), zero where there is none.

    Args:
        folder: the data set.
        names: of the items of the sequences (I,).
        modality: "name" or "caption".

    Raises:
        SequenceDataError: the modality is made of what listeners did, a file cannot be read, or no name is in both.
    """
    if modality not in ALLOWED:
        problem = f"the vectors {modality!r} may be made of what the same listeners did, and reveal what is asked"
        raise SequenceDataError(folder, None, problem, f"join {' or '.join(ALLOWED)} and nothing else")
    found = JamFolder.find(folder)
    stated = None if found is None else found.beside(NAMES_FILE)
    if found is None or stated is None:
        raise SequenceDataError(folder, None, f"it holds no {NAMES_FILE}", "name a data set in the JAM file format")
    path = found.processed / f"item_{modality}_features.npy"
    try:
        table = read_table(stated)
        pairs = list(zip(table.cells("name"), table.integers("item_idx").tolist(), strict=True))
        # Backwards, so that of two rows of a name the first stays.
        rows = {_same(name): row for name, row in reversed(pairs)}
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        problem = str(error) if isinstance(error, JamFormatError) else f"it cannot be read ({type(error).__name__})"
        raise SequenceDataError(path, None, problem, "name a whole data set in the JAM file format") from error
    if not np.isfinite(vectors).all():
        raise SequenceDataError(path, None, "some of its values are no finite numbers", "name a whole data set")
    places = np.array([rows.get(_same(name), -1) for name in names], dtype=np.int64)
    if vectors.ndim != 2 or places.max(initial=-1) >= len(vectors):
        raise SequenceDataError(path, None, f"its shape is {vectors.shape}", "give one row for each item")
    if not (places >= 0).any():
        raise SequenceDataError(stated, None, "none of its names is an item of the sequences", "give --names too")
    joined = np.where((places >= 0)[:, None], vectors[places], 0)
    return np.asarray(joined, dtype=np.float32)


def _same(name: str) -> str:
    return " ".join(name.casefold().split())
