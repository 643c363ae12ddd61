"""Content vectors of artists from a data set in the JAM file format, joined by name.

Of `lastfm-jam` only what describes an artist may be used beside sequences of the same listeners: `name` and `caption`.
Its tags, CF vectors and listening history come from those listeners and would tell what was held out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.sequential.errors import SequenceDataError
from recsys.types import FloatArray

#: The kinds that come from no listener.
ALLOWED = ("name", "caption")
_ARTISTS = "artists.tsv"


def artist_vectors(folder: Path, kind: str, names: tuple[str, ...]) -> FloatArray:
    """Return vectors of artists (I, D) in the order of their names, zero where there is none.

    Args:
        folder: holds `artists.tsv` and `processed/item_<kind>_features.npy`.
        kind: `name` or `caption`.
        names: of the artists, written as in `artists.tsv` but for case.

    Raises:
        SequenceDataError: the kind comes from listeners, a file is missing or does not fit, or no name is found.
    """
    if kind not in ALLOWED:
        raise SequenceDataError(
            folder,
            None,
            f"vectors of kind {kind!r} may come from the listeners that are asked about",
            "use name or caption",
        )
    table = folder / "processed" / f"item_{kind}_features.npy"
    try:
        lines = (folder / _ARTISTS).read_text(encoding="utf-8").splitlines()
        vectors = np.load(table, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SequenceDataError(folder, None, f"cannot be read ({error})", "name the folder of lastfm-jam") from error
    rows: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != 3 or not cells[0].isdecimal() or int(cells[0]) >= len(vectors):
            problem = f"expected ROW, ID and NAME with a row below {len(vectors):,}"
            raise SequenceDataError(folder / _ARTISTS, number, problem, "use the files as they are published")
        rows.setdefault(cells[2].casefold(), int(cells[0]))
    found = np.array([rows.get(name.casefold(), -1) for name in names], dtype=np.int64)
    if not (found >= 0).any():
        raise SequenceDataError(
            folder / _ARTISTS, None, f"none of the {len(names):,} items is an artist of it", "give the items' names"
        )
    return np.where((found >= 0)[:, None], vectors[found], 0).astype(np.float32)
