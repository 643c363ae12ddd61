"""Bad input given as arrays: each a clear error, and what was fitted before goes on as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.errors import CatalogueMismatchError
from recsys.jam.checked import FeaturesError, check_features, check_task
from recsys.jam.errors import TrainingDataError, UnknownListenerError
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import JointSystem
from recsys.jam.task import JamTask
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import PAPER
from recsys.types import FloatArray
from tests.jam_data import N_USERS, dataset, encode

Change = Callable[[JamTask], JamTask]
SMALL = {
    "segue": lambda: JointSystem("translation", JointSettings(dim=8, epochs=1, n_blocks=2, threads=1)),
    "cross": lambda: TrainedSystem(mixing("cross", "cross"), replace(PAPER, size=8, epochs=1, threads=1)),
}


def task() -> JamTask:
    data = dataset()
    features = {"taste": np.ones((N_USERS, 3), np.float32)}
    return JamTask(replace(data, splits={}, user_features=features), data.splits["train"], data.splits["val"], encode)


def with_content(change: Callable[[FloatArray], FloatArray]) -> Change:
    return lambda one: replace(
        one,
        dataset=replace(one.dataset, item_features={"content": change(one.dataset.item_features["content"].copy())}),
    )


def spoilt(rows: list[int], value: float) -> Callable[[FloatArray], FloatArray]:
    def spoil(table: FloatArray) -> FloatArray:
        table[rows, 2] = value
        return table

    return spoil


def without_answers(one: JamTask) -> JamTask:
    """Query 4 of the queries to learn from loses its answers."""
    split = one.train
    kept = np.ones(len(split.items), bool)
    kept[split.starts[4] : split.starts[5]] = False
    starts = split.starts.copy()
    starts[5:] -= split.starts[5] - split.starts[4]
    return replace(one, train=replace(split, items=split.items[kept], starts=starts))


def asked_by(user: int) -> Change:
    def change(one: JamTask) -> JamTask:
        users = one.train.users.copy()
        users[7] = user
        return replace(one, train=replace(one.train, users=users))

    return change


BAD: dict[str, tuple[Change, type[Exception], str]] = {
    "NaN": (
        with_content(spoilt([3], float("nan"))),
        FeaturesError,
        "'content' hold NaN or a number beyond float32 in row 3 of items; make such rows zero",
    ),
    "infinity": (
        with_content(spoilt(list(range(1, 9)), float("-inf"))),
        FeaturesError,
        "'content' .* rows 1, 2, 3, 4, 5 and 3 more of items",
    ),
    "rows": (with_content(lambda table: table[:-1]), FeaturesError, r"'content' .*\(39, 6\), expected 40 rows"),
    "listeners": (
        lambda one: replace(
            one, dataset=replace(one.dataset, user_features={"taste": np.full((N_USERS, 3), np.nan, np.float32)})
        ),
        FeaturesError,
        "'taste' .* of listeners",
    ),
    "plays": (
        lambda one: replace(one, dataset=replace(one.dataset, plays=csr_array((3, 40)))),
        TrainingDataError,
        r"\(3, 40\), expected \(24, 40\)",
    ),
    "empty split": (
        lambda one: replace(one, train=one.train.take(np.arange(0))),
        TrainingDataError,
        "split train has no query",
    ),
    "no answer": (without_answers, TrainingDataError, "query 4 of train, '[a-z ]+', has no relevant item"),
    "unknown item": (
        lambda one: replace(one, train=replace(one.train, items=one.train.items + 40)),
        TrainingDataError,
        "expected rows from 0 to 39",
    ),
    "unknown user": (asked_by(N_USERS), UnknownListenerError, "from 0 to 23"),
    "nobody": (asked_by(-1), TrainingDataError, "query 7 of train is of nobody"),
}


@pytest.fixture(scope="module")
def fitted() -> dict[str, JointSystem | TrainedSystem]:
    """The systems, fitted on what is right."""
    systems = {name: make() for name, make in SMALL.items()}
    for system in systems.values():
        system.fit(task(), seed=1)
    return systems


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("fault", BAD)
def test_bad_arrays_are_a_clear_error_and_change_nothing(
    fault: str, name: str, fitted: dict[str, JointSystem | TrainedSystem], tmp_path: Path
) -> None:
    change, error, said = BAD[fault]
    system = fitted[name]
    before = system.score(["rock"], np.array([1]))
    with pytest.raises(error, match=said):
        system.fit(change(task()), seed=1, folder=tmp_path)
    np.testing.assert_array_equal(system.score(["rock"], np.array([1])), before)
    assert list(tmp_path.iterdir()) == []


def test_what_is_right_is_not_refused() -> None:
    check_task(task())
    check_task(replace(task(), choose=None))
    check_features({"zeros": np.zeros((3, 2), np.float32), "large": np.full((3, 2), 3e38, np.float32)}, 3, "item")


def test_listeners_who_come_later_are_looked_at_too(fitted: dict[str, JointSystem | TrainedSystem]) -> None:
    system = fitted["cross"]
    before = system.score(["rock"], np.array([1]))
    with pytest.raises(FeaturesError, match=r"'taste' .* of listeners"):
        system.fold_in(BAD["listeners"][0](task()).dataset)
    np.testing.assert_array_equal(system.score(["rock"], np.array([1])), before)


def test_a_checkpoint_of_another_catalogue_is_refused(
    fitted: dict[str, JointSystem | TrainedSystem], tmp_path: Path
) -> None:
    system = fitted["cross"]
    assert isinstance(system, TrainedSystem)
    system.save(tmp_path / "saved")
    before = system.score(["rock"], np.array([1]))
    other = with_content(lambda table: table[::-1])(task()).dataset
    with pytest.raises(CatalogueMismatchError, match=re.escape(str(tmp_path / "saved"))):
        system.load(tmp_path / "saved", other, encode)
    np.testing.assert_array_equal(system.score(["rock"], np.array([1])), before)
