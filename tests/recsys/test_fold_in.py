"""Listeners who come after training: taken in from their history, and nobody else's scores move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.encoders.collaborative import CONFIDENCE, REGULARISATION, fit_als, fold_in_als
from recsys.jam.counting import Counting, Ease
from recsys.jam.dataset import JamDataset
from recsys.jam.errors import NotFittedError, TrainingDataError
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import JointSystem
from recsys.jam.task import FoldsIn, JamSystem, JamTask
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import PAPER
from recsys.types import FloatArray
from tests.jam_data import N_USERS, dataset, encode
from tests.recsys.jam_tasks import task_of

HIDDEN = 7
QUICK = replace(PAPER, size=8, epochs=2, threads=1)


def whole() -> JamDataset:
    """The planted data set with a feature of the listeners' halves."""
    half = np.arange(N_USERS) % 2
    features = np.stack([1.0 - half, 1.0 * half], axis=1).astype(np.float32)
    return replace(dataset(), user_features={"cf": features})


def without(data: JamDataset, user: int) -> JamDataset:
    """The data set as if a listener had never been there."""
    assert data.plays is not None
    plays = data.plays.tolil()
    plays[user, :] = 0
    features = data.user_features["cf"].copy()
    features[user] = 0
    train = data.splits["train"]
    splits = {"train": train.take(np.flatnonzero(train.users != user))}
    return replace(data, splits=splits, plays=csr_array(plays.tocsr()), user_features={"cf": features})


SYSTEMS: dict[str, Callable[[], JamSystem]] = {
    "ease": Ease,
    "counting": Counting,
    "cross": lambda: TrainedSystem(mixing("cross", "cross"), QUICK),
    "segue-jam": lambda: JointSystem("translation", JointSettings(dim=8, epochs=1)),
    "segue-counts": lambda: JointSystem("counts"),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_listener_is_taken_in_and_nobody_else_changes(name: str) -> None:
    data = whole()
    reduced = without(data, HIDDEN)
    system = SYSTEMS[name]()
    assert isinstance(system, FoldsIn)
    system.fit(JamTask(replace(reduced, splits={}), reduced.splits["train"], None, encode), seed=3)
    texts = ["rock"] * N_USERS
    before = system.score(texts, np.arange(N_USERS))
    system.fold_in(data)
    after = system.score(texts, np.arange(N_USERS))
    others = np.arange(N_USERS) != HIDDEN
    np.testing.assert_allclose(after[others], before[others], atol=1e-5)
    assert np.abs(after[HIDDEN] - before[HIDDEN]).max() > 1e-3
    system.fold_in(reduced)
    np.testing.assert_allclose(system.score(texts, np.arange(N_USERS)), before, atol=1e-5)


@pytest.mark.parametrize(("n_users", "n_items"), [(5, 9), (9, 5)])
def test_ease_takes_a_listener_in_by_the_textbook(n_users: int, n_items: int) -> None:
    rng = np.random.default_rng(n_users)
    plays = [(user, int(item), 2.0) for user in range(n_users - 1) for item in rng.permutation(n_items)[:3]]
    task = task_of([("a", 0, [1])], n_users=n_users, n_items=n_items, plays=plays)
    ease = Ease(regularisation=2.0)
    ease.fit(task, seed=0)
    x = np.asarray(task.dataset.plays.todense() > 0, float)  # type: ignore[union-attr]
    x[0, 1] = 1
    p = np.linalg.inv(x.T @ x + 2.0 * np.eye(n_items))
    b = p / -np.diag(p)
    np.fill_diagonal(b, 0)
    own = np.zeros(n_items)
    own[[0, 3]] = 1
    new = task.dataset.plays.tolil()  # type: ignore[union-attr]
    new[n_users - 1] = own
    ease.fold_in(replace(task.dataset, plays=csr_array(new.tocsr())))
    np.testing.assert_allclose(ease.score(["a"], np.array([n_users - 1]))[0], own @ b, atol=1e-5)


def test_features_of_another_width_are_refused() -> None:
    system = TrainedSystem(mixing("cross", "cross"), QUICK)
    data = whole()
    with pytest.raises(NotFittedError):
        system.fold_in(data)
    system.fit(JamTask(replace(data, splits={}), data.splits["train"], None, encode), seed=3)
    with pytest.raises(TrainingDataError, match=r"\(24, 3\), expected \(24, 2\)"):
        system.fold_in(replace(data, user_features={"cf": np.ones((N_USERS, 3), np.float32)}))


def loss(plays: FloatArray, users: FloatArray, items: FloatArray) -> float:
    """The objective of implicit ALS, written plainly."""
    confidence = 1 + CONFIDENCE * np.log1p(plays)
    error = (confidence * ((plays > 0) - users @ items.T) ** 2).sum()
    return float(error + REGULARISATION * ((users**2).sum() + (items**2).sum()))


def tastes() -> FloatArray:
    """Two halves of listeners with two halves of items; listener 9 and item 11 have nothing."""
    rng = np.random.default_rng(0)
    plays = np.zeros((10, 12), np.float32)
    for user in range(9):
        heard = rng.choice(np.arange(6) if user % 2 else np.arange(6, 11), 4, replace=False)
        plays[user, heard] = rng.integers(1, 100, 4)
    return plays


def test_collaborative_vectors_minimise_the_objective() -> None:
    plays = tastes()
    users, items = fit_als(csr_array(plays), 3, seed=0)
    reached = loss(plays, users, items)
    rng = np.random.default_rng(1)
    for _ in range(20):
        nudge = 0.05 * rng.standard_normal(users.shape).astype(np.float32)
        assert loss(plays, users + nudge, items) > reached
    assert loss(plays, *fit_als(csr_array(plays), 3, seed=0, iterations=1)) > reached


def test_who_plays_alike_is_near_and_who_plays_nothing_is_absent() -> None:
    plays = tastes()
    users, items = fit_als(csr_array(plays), 3, seed=0)
    assert not users[9].any()
    assert not items[11].any()
    scores = users[:9] @ items.T
    for user in range(9):
        own, other = (np.arange(6), np.arange(6, 11))[:: 1 if user % 2 else -1]
        assert scores[user, own].mean() > scores[user, other].mean() + 0.3


def test_folding_in_gives_a_fitted_listener_their_vector_and_is_seeded() -> None:
    plays = csr_array(tastes())
    users, items = fit_als(plays, 3, seed=0)
    np.testing.assert_allclose(fold_in_als(plays, items), users, atol=1e-5)
    np.testing.assert_array_equal(users, fit_als(plays, 3, seed=0)[0])
    assert not np.array_equal(users, fit_als(plays, 3, seed=1)[0])
    alone = fold_in_als(plays[[4]], items)
    np.testing.assert_allclose(alone[0], users[4], atol=1e-5)
