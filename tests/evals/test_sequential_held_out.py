"""What is held out teaches nothing: data that differ in it alone give the same model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.sequential_tasks import Options, Task, read_material
from recsys.sequential.content import Content
from recsys.sequential.held_out import rounds
from recsys.sequential.port import SequentialModel
from recsys.sequential.registry import NAMES, open_model
from recsys.sequential.sequences import Sequences

N_ITEMS, N_SEQUENCES, N_STEPS = 30, 60, 7
COUNTING = tuple(name for name in NAMES if name not in ("gru4rec", "sasrec", "bert4rec", "e4srec", "ensemble"))
ITEMS = np.random.default_rng(5).integers(0, N_ITEMS, (N_SEQUENCES, N_STEPS))


def _versions(form: str) -> tuple[list[list[int]], list[list[int]]]:
    """The same data, but for what is asked: the last two items of listeners, or all of the last tenth of sessions."""
    other = ITEMS.copy()
    places = np.s_[:, -2:] if form == "listener" else np.s_[-N_SEQUENCES // 10 :, :]
    other[places] = (other[places] + 1 + np.arange(2 if form == "listener" else N_STEPS)) % N_ITEMS
    # All items come first in what is learnt from, so that both versions number them alike.
    first = list(range(N_ITEMS))
    return [first + ITEMS[0].tolist(), *ITEMS[1:].tolist()], [first + other[0].tolist(), *other[1:].tolist()]


def _read(folder: Path, form: str, version: list[list[int]]) -> Task:
    lines = [" ".join(f"t{item}" for item in one) for one in version]
    path = folder / "sequences.txt"
    path.write_text("\n".join(f"u{n} {line}" if form == "listener" else line for n, line in enumerate(lines)))
    return read_material(path, None, Options(form, positions=2), 3, lambda *_: None).tasks[-1]


def _model(name: str) -> SequentialModel:
    if name == "content":
        return Content(np.random.default_rng(6).standard_normal((N_ITEMS, 4)).astype(np.float32))
    if name == "sasrec":
        return open_model(name, seed=1, dim=8, steps=6, batch=16, warmup=1, threads=1)
    return open_model(name, seed=1)


@pytest.mark.parametrize("name", [*COUNTING, "successors+session-knn", "sasrec"])
@pytest.mark.parametrize("form", ["listener", "session"])
def test_held_out_items_change_nothing_that_a_model_learns(form: str, name: str, tmp_path: Path) -> None:
    prefixes = Sequences.of(ITEMS[:5, :3], [f"t{row}" for row in range(N_ITEMS)])
    scores, answers = [], []
    for version in _versions(form):
        task = _read(tmp_path, form, version)
        assert task.train.names == prefixes.names
        answers.append(task.questions.targets)
        scores.append(_model(name).fit(task.train).scores(prefixes))
    assert (answers[0] != answers[1]).all()
    np.testing.assert_array_equal(scores[0], scores[1])


@pytest.mark.parametrize("by", ["steps", "lines"])
def test_what_chooses_weights_is_not_learnt_from_in_its_round(by: str) -> None:
    names = [str(row) for row in range(N_ITEMS)]
    one, other = (Sequences.of(version, names) for version in _versions("listener" if by == "steps" else "session"))
    for number, (first, second) in enumerate(zip(rounds(one, by, seed=1), rounds(other, by, seed=1), strict=True)):
        if by == "lines" or number >= 1:
            np.testing.assert_array_equal(first.train.items, second.train.items)
        assert (first.questions.targets == second.questions.targets).all() == (by == "steps" and number >= 2)
