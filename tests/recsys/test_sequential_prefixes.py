"""Prefixes of sequences: cut from the columns as they are, and no more of them than can be held."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from recsys.sequential import held_out
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.held_out import every_step
from recsys.sequential.sequences import Sequences


def test_windows_are_stretches_of_the_columns() -> None:
    sequences = Sequences.of([[0, 1, 2], [3, 4]], "abcde")
    cut = sequences.windows(np.array([1, 3, 2]), np.array([3, 3, 4]))
    assert [one.tolist() for one in cut] == [[1, 2], [], [2, 3]]
    assert cut.owners == ("", "", "")


def test_every_step_is_asked_with_what_came_before_it() -> None:
    sequences = Sequences.of([[0, 1, 2], [3], [4, 0]], "abcde", ("x", "y", "z"))
    questions = every_step(sequences)
    assert [one.tolist() for one in questions.prefixes] == [[0], [0, 1], [4]]
    assert questions.targets.tolist() == [1, 2, 0]
    assert questions.prefixes.owners == ("x", "x", "z")


def test_drawn_steps_cost_no_more_than_their_own_prefixes() -> None:
    """The prefixes of all 20,000 steps would hold 200 million."""
    long = Sequences.of([np.arange(20_000) % 50], [str(n) for n in range(50)])
    tracemalloc.start()
    questions = every_step(long, n_drawn=20, seed=3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(questions) == 20
    assert most < 20e6
    rows = questions.prefixes.lengths
    assert questions.targets.tolist() == (rows % 50).tolist()
    assert every_step(long, n_drawn=20, seed=3).targets.tolist() == questions.targets.tolist()
    with pytest.raises(
        SequentialModelError, match="the prefixes of 19,999 steps hold 199,990,000 steps, and 100,000,000"
    ):
        every_step(long)


def test_training_draws_its_questions_before_it_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "_MOST_STEPS", 200)
    monkeypatch.setattr(held_out, "_N_QUESTIONS", 4)
    found = held_out.rounds(Sequences.of(np.arange(600).reshape(20, 30) % 7, "abcdefg"), "lines", seed=1)
    assert [len(one.questions) for one in found] == [4]
