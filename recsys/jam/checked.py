"""Makes sure of data given as arrays what `recsys.jam.files` makes sure of data read from files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.errors import NOBODY, TrainingDataError, checked_users
from recsys.jam.task import JamTask
from recsys.types import FloatArray

#: Rows that an error names at most.
_NAMED = 5


class FeaturesError(TrainingDataError):
    """Features given as an array are not one finite row for each item or listener."""

    def __init__(self, modality: str, problem: str, remedy: str) -> None:
        super().__init__(f"the features {modality!r} {problem}; {remedy}")
        self.modality, self.problem = modality, problem


def check_task(task: JamTask) -> None:
    """Make sure that a task can be learnt from, before anything is computed or written.

    Raises:
        FeaturesError: a modality is not one row of finite numbers for each item or listener.
        TrainingDataError: there is no query, a query has no relevant item or one that there is not, or plays are not of
            these listeners and items, or a query is of nobody.
        UnknownListenerError: a query is of a listener that there is not.
    """
    dataset = task.dataset
    check_features(dataset.item_features, dataset.n_items, "item")
    check_features(dataset.user_features, dataset.n_users, "listener")
    expected = (dataset.n_users, dataset.n_items)
    if dataset.plays is not None and dataset.plays.shape != expected:
        raise TrainingDataError(f"plays are {dataset.plays.shape}, expected {expected}: one row for each listener")
    for name, split in (("train", task.train), ("choose", task.choose)):
        if split is not None:
            _check_split(name, split, dataset)


def check_features(features: Mapping[str, FloatArray], n_rows: int, kind: str) -> None:
    """Make sure that every modality is one row (n_rows, D) of finite numbers for each item or listener.

    Raises:
        FeaturesError: it is not; the first rows of those that are not are named.
    """
    for modality, table in features.items():
        if table.ndim != 2 or len(table) != n_rows:
            problem = f"are of shape {table.shape}, expected {n_rows:,} rows, one for each {kind}"
            raise FeaturesError(modality, problem, f"give the row of every {kind}, zeros where nothing is known")
        with np.errstate(over="ignore"):
            bad = np.flatnonzero(~np.isfinite(np.asarray(table, np.float32)).all(axis=1))
        if len(bad):
            more = f" and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
            rows = ", ".join(map(str, bad[:_NAMED].tolist()))
            problem = (
                f"hold NaN or a number beyond float32 in {'row' if len(bad) == 1 else 'rows'} {rows}{more} of {kind}s"
            )
            raise FeaturesError(modality, problem, "make such rows zero, which means absent")


def _check_split(name: str, split: JamSplit, dataset: JamDataset) -> None:
    if not len(split):
        raise TrainingDataError(f"the split {name} has no query, expected at least one; give queries or leave it out")
    empty = np.flatnonzero(np.diff(split.starts) == 0)
    if len(empty):
        query = int(empty[0])
        said = f"query {query} of {name}, {split.texts[query]!r}, has no relevant item ({len(empty):,} such queries)"
        raise TrainingDataError(f"{said}, expected at least one each; leave such queries out")
    outside = split.items[(split.items < 0) | (split.items >= dataset.n_items)]
    if len(outside):
        raise TrainingDataError(
            f"{name} names item {int(outside[0])}, expected rows from 0 to {dataset.n_items - 1:,}; "
            "leave it out or add the item"
        )
    by_nobody = np.flatnonzero(checked_users(split.users, dataset.n_users) == NOBODY)
    if len(by_nobody):
        raise TrainingDataError(
            f"query {by_nobody[0]} of {name} is of nobody (listener {NOBODY}); give its listener or leave it out"
        )
