"""Systems that count: values worked out by hand, the closed form against the textbook, and the known baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.encoders.minilm import MiniLmEncoder
from recsys.jam.counting import Counting, Ease, PlaylistMemory, Popularity, RandomScores
from recsys.jam.errors import NotFittedError, UnknownListenerError
from recsys.jam.files import read_jam
from recsys.jam.task import JamSystem, JamTask
from tests.recsys.jam_tasks import ndcg_at_10, planted_task, task_of

ALL: Sequence[Callable[[], JamSystem]] = (Popularity, RandomScores, PlaylistMemory, Ease, Counting)

#: Items 0–3; listener 1 has played nothing.
TRAIN = [("rock", 0, [0, 1]), ("rock", 1, [0]), ("jazz", 0, [2])]
PLAYS = [(0, 0, 5.0), (0, 3, 1.0), (2, 3, 2.0)]


def fitted(system: JamSystem, task: JamTask, seed: int = 7) -> JamSystem:
    system.fit(task, seed=seed)
    return system


def small(with_plays: bool = True) -> JamTask:
    return task_of(TRAIN, n_users=3, n_items=4, plays=PLAYS if with_plays else None)


def test_popularity_counts_train_pairs() -> None:
    scores = fitted(Popularity(), small()).score(["jazz", "new"], np.array([0, 2]))
    assert scores.tolist() == [[2, 1, 1, 0]] * 2


def test_counting_of_hand_worked_requests() -> None:
    # Listening columns: item 0 by {0}, item 3 by {0, 2}; cos(0, 3) = 1/√2. Listener 0 played both:
    # affinity(0) = 1 + 1/√2 = affinity(3), scaled to 1; listener 2 played 3 alone: affinity(3) = 1, (0) = 1/√2.
    scores = fitted(Counting(), small()).score(["rock", "jazz", "new"], np.array([0, 2, 1]))
    pop = [0.3 * math.log(1 + n) for n in (2, 1, 1, 0)]
    first = [pop[0] + 2 * math.log(3) + 3 + 1 + 2, pop[1] + 2 * math.log(2) + 1, pop[2] + 1, pop[3] + 3 + 2]
    second = [pop[0] + 2 / math.sqrt(2), pop[1], pop[2] + 2 * math.log(2), pop[3] + 3 + 2]
    third = [pop[0] + 1, pop[1], pop[2], pop[3]]  # a new text by a listener without plays who was given item 0
    np.testing.assert_allclose(scores, [first, second, third], atol=1e-6)


def test_counting_without_plays_leaves_their_terms_out() -> None:
    scores = fitted(Counting(), small(with_plays=False)).score(["rock"], np.array([0]))
    pop = [0.3 * math.log(1 + n) for n in (2, 1, 1, 0)]
    expected = [pop[0] + 2 * math.log(3) + 1, pop[1] + 2 * math.log(2) + 1, pop[2] + 1, pop[3]]
    np.testing.assert_allclose(scores, [expected], atol=1e-6)


def test_playlist_memory_of_a_hand_worked_request() -> None:
    # Texts are told apart by their first letter: "rest" is worded like "rock" (cosine 1), "jazz" has cosine 0.
    memory = fitted(PlaylistMemory(temperature=0.5), small())
    near, far = 1 / (1 + math.exp(-2)), math.exp(-2) / (1 + math.exp(-2))
    np.testing.assert_allclose(memory.score(["rest"], np.array([0])), [[2 * near, near, far, 0]], atol=1e-6)
    nearest = fitted(PlaylistMemory(n_nearest=1), small())
    np.testing.assert_allclose(nearest.score(["rock", "jam"], np.array([0, 0])), [[2, 1, 0, 0], [0, 0, 1, 0]])


@pytest.mark.parametrize(("n_users", "n_items"), [(6, 9), (9, 6)])
@pytest.mark.parametrize("with_plays", [True, False])
def test_ease_is_the_textbook_closed_form(n_users: int, n_items: int, with_plays: bool) -> None:
    rng = np.random.default_rng(n_users)
    train = [("a", int(rng.integers(n_users)), rng.permutation(n_items)[:2].tolist()) for _ in range(8)]
    plays = [(user, int(item), 3.0) for user in range(n_users) for item in rng.permutation(n_items)[:3]]
    task = task_of(train, n_users=n_users, n_items=n_items, plays=plays if with_plays else None)
    x = np.zeros((n_users, n_items))
    for _, user, items in train:
        x[user, items] = 1
    for user, item, _ in plays if with_plays else []:
        x[user, item] = 1
    p = np.linalg.inv(x.T @ x + 2.0 * np.eye(n_items))
    b = p / -np.diag(p)
    np.fill_diagonal(b, 0)
    users = np.array([3, 0, 3])
    scores = fitted(Ease(regularisation=2.0), task).score(["a"] * 3, users)
    np.testing.assert_allclose(scores, (x @ b)[users], atol=1e-5)


@pytest.mark.parametrize("system", ALL)
def test_each_request_is_scored_as_if_alone_and_again_the_same(system: Callable[[], JamSystem]) -> None:
    task = planted_task()
    assert task.choose is not None
    texts, users = task.choose.texts[:12], task.choose.users[:12]
    one = fitted(system(), task)
    together = one.score(texts, users)
    assert (together.dtype, together.shape) == (np.dtype(np.float32), (12, task.dataset.n_items))
    for row in range(12):
        np.testing.assert_allclose(one.score(texts[row : row + 1], users[row : row + 1]), together[row : row + 1])
    np.testing.assert_array_equal(fitted(system(), task).score(texts, users), together)
    assert one.score([], np.empty(0, np.int64)).shape == (0, task.dataset.n_items)
    with pytest.raises(NotFittedError, match="fit"):
        system().score(["a"], np.array([0]))


def test_random_scores_follow_the_seed_and_ignore_the_data() -> None:
    one, other = (fitted(RandomScores(), small(), seed).score(["rock"] * 2, np.array([0, 1])) for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


@pytest.mark.parametrize("system", ALL)
def test_unknown_listeners_are_named(system: Callable[[], JamSystem]) -> None:
    one = fitted(system(), small())
    for user in (-2, 3):
        with pytest.raises(UnknownListenerError, match=f"no listener {user}; .* -1 for nobody"):
            one.score(["rock", "rock"], np.array([0, user]))


def test_nobody_has_neither_history_nor_requests() -> None:
    """Not the last listener's, whom the row -1 would mean: 2 has played item 3."""
    asked = ["rock", "rock"], np.array([-1, 0])
    assert fitted(Ease(), small()).score(*asked)[0].tolist() == [0, 0, 0, 0]
    counted = fitted(Counting(), small()).score(*asked)[0]
    popularity = [0.3 * math.log(1 + n) for n in (2, 1, 1, 0)]
    expected = [popularity[0] + 2 * math.log(3), popularity[1] + 2 * math.log(2), popularity[2], popularity[3]]
    np.testing.assert_allclose(counted, expected, atol=1e-6)


def test_memory_and_counts_beat_popularity_on_planted_structure_only() -> None:
    def measured(system: JamSystem, task: JamTask) -> float:
        assert task.choose is not None
        return ndcg_at_10(fitted(system, task).score(task.choose.texts, task.choose.users), task.choose)

    task, shuffled = planted_task(), planted_task(shuffled=True)
    for system in (PlaylistMemory, Counting):
        assert measured(system(), task) > measured(Popularity(), task) + 0.1
        assert measured(system(), shuffled) < measured(Popularity(), shuffled) + 0.05


def test_the_baselines_of_the_listeners_who_tag(eval_data: Path, minilm: MiniLmEncoder) -> None:
    """The counting model reaches the .334 that comes with the data; Pop and EASE are where they were chosen."""
    dataset = read_jam(eval_data / "lastfm-jam")
    task = JamTask(replace(dataset, splits={}), dataset.splits["train"], None, minilm.encode)
    val = dataset.splits["val"]
    for system, expected in ((Counting(), 0.334), (Popularity(), 0.050), (Ease(), 0.147)):
        assert ndcg_at_10(fitted(system, task).score(val.texts, val.users), val) == pytest.approx(expected, abs=6e-4)
    bare = replace(task, dataset=replace(task.dataset, plays=None))
    scores = fitted(Counting(), bare).score(val.texts, val.users)
    assert ndcg_at_10(scores, val) == pytest.approx(0.245, abs=6e-4)
