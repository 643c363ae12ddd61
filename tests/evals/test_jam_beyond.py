"""What lies beyond accuracy, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evals.jam_beyond import Beyond, diversity, popularity_percentile, same_requests
from tests.recsys.jam_tasks import split_of

#: Four items: the first two point the same way in sound, the third across, the fourth has words alone.
SOUND = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.0, 0.0]], np.float32)
WORDS = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]], np.float32)


def test_diversity_is_one_minus_the_mean_cosine_over_shared_modalities() -> None:
    features = {"sound": SOUND, "words": WORDS}
    # 0–1: sound 1, words 0, mean .5; 0–2 and 1–2 share sound alone: 0.
    assert diversity(np.array([[0, 1, 2]]), features) == pytest.approx([1 - (0.5 + 0 + 0) / 3])
    assert diversity(np.array([[0, 1], [0, 2]]), {"sound": SOUND}) == pytest.approx([0, 1])


def test_a_pair_without_a_shared_modality_says_nothing() -> None:
    found = diversity(np.array([[0, 1, 3], [2, 3, 3]]), {"sound": SOUND})
    assert found[0] == pytest.approx(0)
    assert np.isnan(found[1])
    assert np.isnan(diversity(np.array([[0]]), {"sound": SOUND})).all()


def test_lists_are_measured_alone_whatever_the_block() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 5)).astype(np.float32)
    table[::4] = 0
    lists = np.stack([rng.permutation(50)[:10] for _ in range(600)])
    whole = diversity(lists, {"x": table})
    for row in (0, 255, 256, 599):
        assert diversity(lists[row : row + 1], {"x": table}) == pytest.approx(whole[row : row + 1])


def test_every_figure_by_hand() -> None:
    asked = split_of([("rock", 0, [0, 1]), ("rock", 1, [2]), ("jazz", 1, [3])])
    train = split_of([("rock", 0, [2, 1]), ("jazz", 1, [2])])
    beyond = Beyond(asked, {"sound": SOUND}, train, 4)
    found = beyond.of({7: np.array([[0, 1], [1, 2], [0, 1]])})
    assert found["coverage@10"] == ([3 / 4], None)
    assert popularity_percentile(train, 4).tolist() == pytest.approx([0, 2 / 3, 1, 1 / 3])
    assert found["popularity@10"][0] == pytest.approx([1 / 3, 5 / 6, 1 / 3])
    assert found["diversity@10"][0] == pytest.approx([0, 1, 0])
    # One pair: lists {0, 1} and {1, 2} share one of three; the first holds 2 of 2 own and the other 1 of 2, the
    # second holds its 1 of 1 and the other none.
    assert same_requests(asked) == [(0, 1)]
    assert found["personalisation@10"] == ([pytest.approx(2 / 3)], [(0, 1)])
    assert found["own_choice@10"][0] == pytest.approx([((2 - 1) / 2 + 1) / 2])


def test_the_seeds_of_a_query_are_one_group() -> None:
    asked = split_of([("rock", 0, [0]), ("rock", 1, [2])])
    beyond = Beyond(asked, {"sound": SOUND}, asked, 4)
    found = beyond.of({1: np.array([[0, 1], [0, 2]]), 2: np.array([[3, 3], [0, 2]])})
    assert len(found["coverage@10"][0]) == 2
    assert found["diversity@10"][1] == [0, 1, 1]
    assert found["popularity@10"][1] == [0, 1, 0, 1]
