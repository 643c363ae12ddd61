"""Models that compare all items with all others hold no more than they say, and say the same however it is computed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys.sequential import content
from recsys.sequential.content import Content
from recsys.sequential.ease import MOST_ITEMS, Ease
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.sequences import Sequences

N_ITEMS = 1_500


@pytest.fixture(scope="module")
def drawn() -> Sequences:
    rng = np.random.default_rng(1)
    names = [str(row) for row in range(N_ITEMS)]
    return Sequences.of([rng.choice(N_ITEMS, 12, replace=False) for _ in range(300)], names)


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ease_inverts_in_the_one_matrix_that_it_keeps(drawn: Sequences) -> None:
    model = Ease()
    matrix = 4 * N_ITEMS**2
    assert matrix < _peak(lambda: model.fit(drawn)) < 1.6 * matrix


def test_ease_refuses_what_would_not_fit_before_it_takes_any_memory() -> None:
    names = [str(row) for row in range(MOST_ITEMS + 1)]
    many = Sequences.of([[0, 1]], names)

    def refused() -> None:
        with pytest.raises(SequentialModelError, match=r"20,001 items .* at most 20,000 .*; take item-knn or nearby"):
            Ease().fit(many)

    assert _peak(refused) < 1_000_000


def test_content_says_the_same_of_many_items_without_comparing_all(
    drawn: Sequences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(2).standard_normal((N_ITEMS, 16)).astype(np.float32)
    vectors[5] = 0
    prefixes = drawn.take(np.arange(0, 20))
    whole = Content(vectors).fit(drawn).scores(prefixes)
    monkeypatch.setattr(content, "MOST_KEPT", 100)
    monkeypatch.setattr(content, "_AT_ONCE", 40 * N_ITEMS)
    model = Content(vectors)
    matrix = 4 * N_ITEMS**2
    assert _peak(lambda: model.fit(drawn)) < matrix / 4
    assert _peak(lambda: model.scores(prefixes)) < matrix / 4
    np.testing.assert_allclose(model.scores(prefixes), whole, rtol=1e-4, atol=1e-6)
    model.save(tmp_path / "content")
    np.testing.assert_array_equal(Content.load(tmp_path / "content").scores(prefixes), model.scores(prefixes))


@pytest.mark.parametrize(
    ("value", "told"), [(0.0, "no item has a vector"), (np.nan, "a value of its vectors is no number")]
)
def test_content_refuses_vectors_that_say_nothing(drawn: Sequences, value: float, told: str) -> None:
    with pytest.raises(SequentialModelError, match=told):
        Content(np.full((N_ITEMS, 4), value, np.float32)).fit(drawn)
