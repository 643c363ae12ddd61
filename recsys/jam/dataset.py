"""Requests with their listeners and the items that answered them, as arrays: what the JAM file format holds.

Letters: Q queries of a split, P (query, item) pairs of it, U users, N items, M modalities, D width of a modality.
A user is who asked, an item what was asked for (a track, in some data sets an artist); both are rows of an index.
The items of one query are distinct and in the order of its file. Source of the format: Melchiorre et al. (2025).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.errors import RecsysError
from recsys.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import scipy.sparse as sp

SPLITS = ("train", "val", "test")


class JamFormatError(RecsysError, ValueError):
    """A folder is not in the JAM file format, or a data set cannot be written in it.

    For a catalogue source that cannot be indexed see `recsys.errors.SourceError`.
    """

    def __init__(self, path: Path, line: int | None, problem: str, remedy: str) -> None:
        where = str(path) if line is None else f"{path}, line {line}"
        super().__init__(f"cannot use {where}: {problem}; {remedy}")
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy


@dataclass(frozen=True, eq=False)
class JamSplit:
    """Q queries of one split in file order (which is the order of time)."""

    query_idxs: IntArray  # (Q,) as in the file
    texts: tuple[str, ...]  # (Q,) exactly as written
    users: IntArray  # (Q,) rows of users
    starts: IntArray  # (Q+1,) offsets into `items`
    items: IntArray  # (P,) rows of items, query by query

    def __len__(self) -> int:
        """Q, the number of queries."""
        return len(self.texts)

    def relevant(self, query: int) -> IntArray:
        """Return the rows of the items that answer the query at a position from 0 to Q-1.

        Raises:
            IndexError: there is no such position.
        """
        if not 0 <= query < len(self):
            raise IndexError(f"query {query} of {len(self):,}; give a position from 0 to {len(self) - 1:,}")
        return self.items[self.starts[query] : self.starts[query + 1]]

    def take(self, numbers: IntArray) -> JamSplit:
        """Return the queries at these positions (K,), in the order given; a position may come twice.

        Raises:
            IndexError: a position is not from 0 to Q-1.
        """
        chosen = np.asarray(numbers)
        if chosen.size and (chosen.dtype.kind not in "iu" or chosen.min() < 0 or chosen.max() >= len(self)):
            raise IndexError(f"take expects integers from 0 to {len(self) - 1:,}; pass np.flatnonzero of a mask")
        chosen = chosen.astype(np.int64).reshape(-1)
        counts = np.diff(self.starts)[chosen]  # (K,)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)  # (K+1,)
        # Pair p of query k lies as far behind the query's first pair here as it does in `items`.
        pairs = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], counts)
        return JamSplit(
            query_idxs=self.query_idxs[chosen],
            texts=tuple(self.texts[query] for query in chosen.tolist()),
            users=self.users[chosen],
            starts=starts,
            items=self.items[pairs],
        )

    @property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Positions of queries (P,) and rows of items (P,), one for each item that answers a query."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.starts)), self.items


@dataclass(frozen=True, eq=False)
class JamDataset:
    """Everything a folder in the JAM file format states."""

    name: str
    splits: Mapping[str, JamSplit]  # "train", "val", "test": those whose file exists
    user_ids: tuple[str, ...]  # (U,)
    item_ids: tuple[str, ...]  # (N,)
    user_features: Mapping[str, FloatArray]  # modality -> (U, D), in file-name order; a zero row is absent
    item_features: Mapping[str, FloatArray]  # modality -> (N, D), in file-name order; a zero row is absent
    item_names: tuple[str, ...] | None = None  # (N,) "" where none is stated; None when there is no artists.tsv
    plays: sp.csr_array | None = None  # (U, N) float32 play counts; None when there is no listening.tsv

    @property
    def n_users(self) -> int:
        """U, the number of users."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """N, the number of items."""
        return len(self.item_ids)

    @cached_property
    def item_present(self) -> BoolArray:
        """Which item states which modality (N, M), columns in the order of `item_features`."""
        return _present(self.item_features, self.n_items)

    @cached_property
    def user_present(self) -> BoolArray:
        """Which user states which modality (U, M), columns in the order of `user_features`."""
        return _present(self.user_features, self.n_users)


def statistics(dataset: JamDataset) -> dict[str, Any]:
    """Count what a data set holds, in the manner of Melchiorre et al. (2025), table 1.

    Returns:
        `name`; `users` and `items`, the sizes of the indexes; `splits`, for each split its `queries`, the distinct
        `users` and `items` of its pairs, `pairs`, `mean_items_per_query` and `distinct_texts`; `total`, the same over
        all splits; `plays`, the listening pairs (None without listening.tsv); and `item_modalities` and
        `user_modalities`, for each the `width` and how many rows are `present`.
    """
    splits = list(dataset.splits.values())
    return {
        "name": dataset.name,
        "users": dataset.n_users,
        "items": dataset.n_items,
        "splits": {name: _counts([split]) for name, split in dataset.splits.items()},
        "total": _counts(splits),
        "plays": None if dataset.plays is None else int(dataset.plays.nnz),
        "item_modalities": _modalities(dataset.item_features, dataset.item_present),
        "user_modalities": _modalities(dataset.user_features, dataset.user_present),
    }


def _present(features: Mapping[str, FloatArray], n_rows: int) -> BoolArray:
    present = np.zeros((n_rows, len(features)), np.bool_)
    for column, rows in enumerate(features.values()):
        present[:, column] = rows.any(axis=1)
    return present


def _counts(splits: Sequence[JamSplit]) -> dict[str, int | float]:
    queries, pairs = sum(map(len, splits)), sum(len(split.items) for split in splits)
    return {
        "queries": queries,
        "users": len(set().union(*(split.users.tolist() for split in splits))),
        "items": len(set().union(*(np.unique(split.items).tolist() for split in splits))),
        "pairs": pairs,
        "mean_items_per_query": pairs / queries if queries else 0.0,
        "distinct_texts": len(set().union(*(split.texts for split in splits))),
    }


def _modalities(features: Mapping[str, FloatArray], present: BoolArray) -> dict[str, dict[str, int]]:
    counts = present.sum(axis=0).tolist()
    return {
        name: {"width": int(rows.shape[1]), "present": count}
        for (name, rows), count in zip(features.items(), counts, strict=True)
    }
