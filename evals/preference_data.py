"""Battles between two systems that made music for the same prompt, and what is known of what they made.

**Battles**, CSV or Parquet: `prompt_id, system_a, system_b, vote`, and `battle_id` where one prompt was answered
several times by one system. A vote is A, B, tie or both bad, in any case and with "_" or " " between. Further columns
of words (`genre`, `instrumental`) divide the results.

**Features**, CSV or Parquet, a row per piece: `prompt_id, system`, or `battle_id, side` with side A or B; every other
numeric column is a feature. Columns that are heads of `recsys.appeal.heads` are popularity or aesthetics by their
group; `duration…` is the length, `loudness…` or `lufs…` the loudness, and all others are low-level acoustics. Of
columns of words `genre…` is read: what each piece was heard to be, since the genre asked for is that of both sides.

Several files are joined. Vectors (.npy) stand in the order of the rows of the *first* features file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.errors import EvaluationDataError
from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Group, heads_in
from recsys.appeal.inputs import read_vectors

if TYPE_CHECKING:
    import polars as pl

A, B, TIE, BOTH_BAD = "A", "B", "tie", "both bad"
_VOTES = {
    "a": A,
    "b": B,
    "tie": TIE,
    "both bad": BOTH_BAD,
    "model a": A,
    "model b": B,
    "both good": TIE,
    "bothbad": BOTH_BAD,
    "tie (bothbad)": BOTH_BAD,
}
POPULARITY, AESTHETICS, DURATION, LOUDNESS, ACOUSTICS = "popularity", "aesthetics", "duration", "loudness", "acoustics"
GENRE = "genre"
_NEEDED = ("prompt_id", "system_a", "system_b", "vote")
#: A column of words with more different ones than this is no way to divide results.
_MOST_WORDS = 20

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Battles:
    """Battles with the difference A − B of every feature."""

    prompts: list[str]  # (n,)
    systems: list[tuple[str, str]]  # (n,) A and B
    votes: list[str]  # (n,)
    groups: dict[str, Values]  # by group of features: (n, D)
    columns: dict[str, tuple[str, ...]]  # their names
    parts: dict[str, list[str]] = field(default_factory=dict)  # further columns of words
    n_without: int = 0  # battles of which a piece has no features

    def __len__(self) -> int:
        return len(self.votes)


def read_battles(battles: Path, features: Sequence[Path], vectors: Path | None = None) -> Battles:
    """Read battles and features.

    Args:
        battles: the votes.
        features: files of features.
        vectors: of the pieces of the first of them.

    Raises:
        EvaluationDataError: a column is missing, a vote is none, or no battle has features of both sides.
    """
    import polars as pl

    votes = _read(battles)
    if missing := [name for name in _NEEDED if name not in votes.columns]:
        raise EvaluationDataError(
            f"{battles} has no column {', '.join(missing)}; expected {', '.join(_NEEDED)} or the folder of Music "
            "Arena's records"
        )
    if not features:
        raise EvaluationDataError("there are no features; give a file of them with --features")
    tables = [_read(path) for path in features]
    if vectors is not None:
        tables[0] = _with_vectors(tables[0], features[0], vectors)
    keys = _keys(tables[0], features[0])
    joined = tables[0]
    for table, path in zip(tables[1:], features[1:], strict=True):
        if not set(keys) <= set(table.columns):
            raise EvaluationDataError(f"{path} has no column {' and '.join(keys)}, by which {features[0]} is known")
        joined = joined.join(table.with_columns(pl.col(key).cast(str) for key in keys), on=list(keys), how="left")
    return _paired(votes, joined, keys, battles)


def _read(path: Path) -> pl.DataFrame:
    import polars as pl
    from polars.exceptions import PolarsError

    try:
        table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    except (OSError, PolarsError) as error:
        raise EvaluationDataError(f"cannot read {path} ({error}); expected CSV or Parquet with a header") from error
    named = [one for one in ("prompt_id", "battle_id", "system", "side", "vote") if one in table.columns]
    return table.with_columns(pl.col(one).cast(str) for one in named)


def _keys(table: pl.DataFrame, path: Path) -> tuple[str, str]:
    for keys in (("battle_id", "side"), ("prompt_id", "system")):
        if set(keys) <= set(table.columns):
            if table.n_unique(keys) < table.height:
                raise EvaluationDataError(f"{path} has several rows of one {' and '.join(keys)}; give one per piece")
            return keys
    raise EvaluationDataError(f"{path} has neither prompt_id and system nor battle_id and side; expected one of these")


def _with_vectors(table: pl.DataFrame, path: Path, vectors: Path) -> pl.DataFrame:
    import polars as pl

    try:
        read = read_vectors(vectors)
    except AppealError as error:
        raise EvaluationDataError(str(error)) from error
    if len(read) != table.height:
        raise EvaluationDataError(f"{vectors} has {len(read):,} rows for the {table.height:,} pieces of {path}")
    return table.with_columns(pl.Series(_VECTOR, read.astype(np.float64), dtype=pl.Array(pl.Float64, read.shape[1])))


_VECTOR = "vector of the piece"


def _paired(votes: pl.DataFrame, pieces: pl.DataFrame, keys: tuple[str, str], path: Path) -> Battles:
    if keys[0] == "battle_id" and "battle_id" not in votes.columns:
        raise EvaluationDataError(f"{path} has no column battle_id, by which the features are known; expected one")
    number = {(str(first), str(second)): row for row, (first, second) in enumerate(pieces.select(keys).rows())}
    found: list[tuple[int, int, int]] = []
    for row, one in enumerate(votes.iter_rows(named=True)):
        if keys[0] == "battle_id":
            sides = [(str(one["battle_id"]), side) for side in (A, B)]
        else:
            sides = [(str(one["prompt_id"]), str(one[name])) for name in ("system_a", "system_b")]
        if all(side in number for side in sides):
            found.append((row, number[sides[0]], number[sides[1]]))
    if not found:
        raise EvaluationDataError(
            f"no battle of {path} has features of both pieces; expected the same {' and '.join(keys)} in both files"
        )
    rows, left, right = (np.array(one) for one in zip(*found, strict=True))
    told = votes[rows.tolist()]
    groups, columns = _groups(pieces, keys, left, right)
    systems = list(zip(told["system_a"].cast(str).to_list(), told["system_b"].cast(str).to_list(), strict=True))
    return Battles(
        told["prompt_id"].to_list(),
        systems,
        [_vote(text, path) for text in told["vote"].to_list()],
        groups,
        columns,
        _parts(told),
        len(votes) - len(found),
    )


def _groups(
    pieces: pl.DataFrame, keys: tuple[str, str], left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[dict[str, Values], dict[str, tuple[str, ...]]]:
    """Sort numeric columns into groups, and take differences; what is unknown of either side is no difference."""
    import polars as pl

    heads = heads_in(pieces.columns)
    by_group: dict[str, list[str]] = {}
    for name in pieces.columns:
        if name not in keys and pieces[name].dtype.is_numeric():
            by_group.setdefault(_group(name, heads), []).append(name)
    groups, columns = {}, {}
    for group, names in by_group.items():
        values = pieces.select(pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in names).to_numpy()
        groups[group], columns[group] = np.nan_to_num(values[left] - values[right]), tuple(names)
    if words := [name for name in pieces.columns if name.lower().startswith(GENRE) and pieces[name].dtype == pl.String]:
        told = [(name, word) for name in words for word in sorted(set(pieces[name].drop_nulls().to_list()))]
        heard = np.column_stack([pieces[name].eq_missing(word).to_numpy() for name, word in told]).astype(np.float64)
        groups[GENRE], columns[GENRE] = heard[left] - heard[right], tuple(f"{name}: {word}" for name, word in told)
    if _VECTOR in pieces.columns:
        table = pieces[_VECTOR].to_numpy()
        groups["vector"] = np.nan_to_num(table[left] - table[right])
        columns["vector"] = tuple(str(number) for number in range(table.shape[1]))
    return groups, columns


def _group(name: str, heads: dict[str, Any]) -> str:
    low = name.lower()
    if name in heads:
        return POPULARITY if heads[name].group is Group.POPULARITY else AESTHETICS
    if low.startswith("duration") or low == "length_s":
        return DURATION
    if low.startswith(("loudness", "lufs")):
        return LOUDNESS
    return ACOUSTICS


def _parts(told: pl.DataFrame) -> dict[str, list[str]]:
    import polars as pl

    found = {}
    for name in told.columns:
        if name in (*_NEEDED, "battle_id") or told[name].dtype not in (pl.String, pl.Boolean):
            continue
        words = told[name].cast(str).fill_null("unknown").to_list()
        if 1 < len(set(words)) <= _MOST_WORDS:
            found[name] = words
    return found


def _vote(text: str | None, path: Path) -> str:
    key = " ".join(str(text or "").lower().replace("_", " ").split())
    if key not in _VOTES:
        raise EvaluationDataError(f"{path} has the vote {text!r}; expected A, B, tie or both bad")
    return _VOTES[key]
