"""A table of tracks with targets, of any origin: what is to be learnt, from what, and who each row is by.

CSV or Parquet. Columns that `recsys.appeal.heads` knows, by its names or those of published files, are targets; a name
may say who said the values, as in `musicality (model)`. `artist` (or `track_artist`) is who a row is by, and `track_id`
(or `audio_id`) which track: several rows of one track are its segments. Every other numeric column is a feature.

Shapes: n rows, D content numbers, H heads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Head, Kind, heads_in
from recsys.appeal.inputs import Columns
from recsys.appeal.targets import Targets
from recsys.types import FloatArray

if TYPE_CHECKING:
    import polars as pl

_ARTISTS, _TRACKS = ("artist", "track_artist", "artists"), ("track_id", "audio_id")
_SAID_BY = re.compile(rf"(.+?) \(({'|'.join(Kind)})\)")


@dataclass(frozen=True)
class TargetTable:
    """Rows with targets."""

    targets: Targets
    artists: NDArray[np.str_]  # (n,) in lower case; a row of nobody is a group by itself
    tracks: NDArray[np.str_]  # (n,)
    features: Columns | None  # None where no other column is numeric
    words: dict[str, list[str]] = field(default_factory=dict)  # columns of text, such as captions

    def songs(self, content: FloatArray) -> tuple[TargetTable, FloatArray]:
        """Return one row per track: the mean of its segments' content (n, D), and the first row's targets and words."""
        _, first, which = np.unique(self.tracks, return_index=True, return_inverse=True)
        sums = np.zeros((len(first), content.shape[1]))
        np.add.at(sums, which, content)
        means = (sums / np.bincount(which)[:, None]).astype(np.float32)
        features = self.features and replace(self.features, values=self.features.values[first])
        words = {name: [column[row] for row in first] for name, column in self.words.items()}
        table = TargetTable(self.targets.rows(first), self.artists[first], self.tracks[first], features, words)
        return table, means


def read_targets(path: Path) -> TargetTable:
    """Read a table of targets.

    Raises:
        AppealError: it cannot be read, or has no column that is a target.
    """
    import polars as pl
    from polars.exceptions import PolarsError

    try:
        table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    except (OSError, PolarsError) as error:
        raise AppealError(f"cannot read {path} ({error}); expected CSV or Parquet with a header") from error
    return targets_in(table, path)


def targets_in(table: pl.DataFrame, path: Path) -> TargetTable:
    """Find targets, features and artists among the columns of a table.

    Raises:
        AppealError: no column is a target.
    """
    import polars as pl

    found, kinds = _targets(table.columns)
    if not found:
        raise AppealError(
            f"{path} has no column that is a target (its columns are {', '.join(table.columns[:12])}); docs/appeal.md "
            "says what targets are called"
        )
    artist = next((name for name in _ARTISTS if name in table.columns), None)
    track = next((name for name in _TRACKS if name in table.columns), None)
    rows = [f"row {number}" for number in range(table.height)]
    tracks = np.array(table[track].cast(str).fill_null("").to_list() if track else rows)
    names = table[artist].cast(str).fill_null("").to_list() if artist else tracks.tolist()
    artists = np.array([name.strip().lower() or one for name, one in zip(names, tracks.tolist(), strict=True)])
    labels = tuple(
        name for name in table.columns if name not in found and name != track and table[name].dtype.is_numeric()
    )
    features = Columns("features", labels, np.column_stack([numbers(table, one) for one in labels])) if labels else None
    targets = Targets.of({head.name: numbers(table, column) for column, head in found.items()}, kinds)
    words = {name: table[name].fill_null("").to_list() for name in table.columns if table[name].dtype == pl.String}
    return TargetTable(targets, artists, tracks, features, words)


def numbers(table: pl.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where there is none."""
    import polars as pl

    return np.asarray(table[column].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy(), np.float64)


def _targets(columns: list[str]) -> tuple[dict[str, Head], dict[str, Kind]]:
    """Return heads by column, and who said them where the column says so."""
    said = {column: match for column in columns if (match := _SAID_BY.fullmatch(column))}
    plain = {said[column][1] if column in said else column: column for column in columns}
    found = {plain[name]: head for name, head in heads_in(plain).items()}
    return found, {found[column].name: Kind(match[2]) for column, match in said.items() if column in found}
