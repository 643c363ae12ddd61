"""Counts of past requests and the features they give, worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.jam.memory import (
    COUNTED,
    OF_PLAYED,
    OF_THE_LISTENER,
    History,
    RequestMemory,
    cosine_neighbours,
    request_key,
)
from recsys.types import Event, EventKind

#: "rock" twice with items 0 and 1, "calm" once with item 1, over three items.
TEXTS = ("rock", "Rock ", "calm")
STARTS = np.array([0, 1, 3, 4])
ITEMS = np.array([0, 0, 1, 1])
VECTORS = np.array([[1, 0], [1, 0], [0.8, 0.6]], np.float32)


@pytest.fixture
def memory() -> RequestMemory:
    plays = csr_array(np.array([[1, 1, 0], [1, 0, 0]], np.float32))
    return RequestMemory.build(TEXTS, STARTS, ITEMS, 3, VECTORS, cosine_neighbours(plays))


def test_requests_count_as_one_but_for_case_and_space(memory: RequestMemory) -> None:
    assert memory.texts == ["rock", "calm"]
    assert memory.counts.toarray().tolist() == [[2, 1, 0], [0, 1, 0]]
    assert request_key("  C++ ") == request_key("c++") != request_key("C")


def test_features_are_those_of_the_module(memory: RequestMemory) -> None:
    history = History(np.array([1]), np.array([9.0], np.float32), np.array([0]), np.array([2.0], np.float32))
    found = memory.features("ROCK", VECTORS[0], history)
    share = [math.log(1 + 100 * 2 / 12), math.log(1 + 100 / 12), 0]
    assert found["share"] == pytest.approx(share, rel=1e-5)
    # log counts of rock (1.0986, 0.6931) and calm (0, 0.6931): cosine 0.6931 / |rock|
    near = math.log(2) / math.hypot(math.log(3), math.log(2))
    assert found["alike"] == pytest.approx([0, math.log(1 + near), 0], rel=1e-5)
    assert found["worded"] == pytest.approx([0, math.log(1 + 0.8**4), 0], rel=1e-5)
    assert found["known"] == pytest.approx([math.log(3), math.log(3), 0], rel=1e-5)
    assert found["share_if_rare"] == pytest.approx(np.array(share) / (1 + math.log(4)), rel=1e-5)
    assert found["played"] == pytest.approx([0, 1, 0])
    assert found["kept"] == pytest.approx([math.log(3), 0, 0], rel=1e-5)
    cosine = math.log(1 + 1 / math.sqrt(2))
    assert found["company"] == pytest.approx([cosine, 0, 0], rel=1e-5)
    assert found["beside"] == pytest.approx([0, cosine, 0], rel=1e-5)
    assert found["heard"].tolist() == [0, 1, 0]
    for name in ("share", "alike", "worded", "known", "company", "beside"):
        assert found[f"{name}_if_played"] == pytest.approx([0, found[name][1], 0])
    assert set(found) == set(COUNTED)


def test_a_new_request_has_only_its_words(memory: RequestMemory) -> None:
    found = memory.features("something else", VECTORS[0], History.empty())
    assert not found["share"].any()
    assert not found["alike"].any()
    assert found["worded"] == pytest.approx([math.log(1 + 2), math.log(1 + 1 + 0.8**4), 0], rel=1e-5)
    for name in (*OF_THE_LISTENER, *OF_PLAYED):
        assert not found[name].any()


def test_a_memory_without_plays_keeps_no_company() -> None:
    memory = RequestMemory.build(TEXTS, STARTS, ITEMS, 3, VECTORS, None)
    history = History(np.array([1]), np.ones(1, np.float32), np.array([0]), np.ones(1, np.float32))
    assert not memory.features("rock", VECTORS[0], history)["company"].any()


def test_an_empty_memory_knows_nothing() -> None:
    memory = RequestMemory.build(
        (), np.zeros(1, np.int64), np.empty(0, np.int64), 3, np.empty((0, 2), np.float32), None
    )
    found = memory.features("rock", VECTORS[0], History.empty())
    assert not any(values.any() for values in found.values())
    own, worded = memory.profile("rock", VECTORS[0])
    assert own.nnz == worded.nnz == 0


def test_profiles_have_norm_one_and_leave_common_items_out(memory: RequestMemory) -> None:
    own, worded = memory.profile("rock", VECTORS[0])
    assert float(np.linalg.norm(own.toarray())) == pytest.approx(1)
    assert worded.toarray().ravel() == pytest.approx([0, 1, 0])


def test_what_is_written_is_read_back(memory: RequestMemory, tmp_path: Path) -> None:
    memory.save(tmp_path)
    again = RequestMemory.load(tmp_path)
    history = History(np.array([1]), np.ones(1, np.float32), np.array([0]), np.ones(1, np.float32))
    for text in ("rock", "new"):
        before, after = (one.features(text, VECTORS[2], history) for one in (memory, again))
        for name in COUNTED:
            np.testing.assert_array_equal(before[name], after[name])


def test_only_the_nearest_neighbours_are_kept() -> None:
    plays = csr_array(np.random.default_rng(0).integers(0, 2, (30, 12)).astype(np.float32))
    whole, cut = cosine_neighbours(plays).toarray(), cosine_neighbours(plays, 3).toarray()
    assert not np.diag(whole).any()
    for row in range(12):
        kept = cut[row] > 0
        assert kept.sum() >= 3
        assert whole[row][kept].min() >= whole[row][~kept].max(initial=0)


def event(track_id: str, kind: EventKind, at: float, times: int = 1, completion: float | None = None) -> Event:
    return Event("l", track_id, kind, at, completion, times=times)


def test_a_history_counts_plays_and_what_was_kept() -> None:
    history = History.of(
        [
            event("a", EventKind.PLAY, 1, times=5),
            event("a", EventKind.PLAY, 2, completion=0.9),
            event("b", EventKind.PLAY, 3, completion=0.1),
            event("b", EventKind.KEEP, 4),
            event("c", EventKind.LIKE, 5),
            event("c", EventKind.DISLIKE, 6),
            event("gone", EventKind.LIKE, 7),
        ],
        {"a": 4, "b": 2, "c": 0},
    )
    assert (history.played.tolist(), history.plays.tolist()) == ([4], [6])
    assert (history.kept.tolist(), history.times.tolist()) == ([2], [1])
    assert history.known
    assert not History.of([], {"a": 0}).known


def test_examples_of_the_moment_count_as_kept() -> None:
    history = History(np.array([1]), np.ones(1, np.float32), np.array([3]), np.array([4.0], np.float32)).beside((2,))
    assert (history.kept.tolist(), history.times.tolist()) == ([2, 3], [4, 4])
