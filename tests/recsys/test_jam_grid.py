"""The paper's grid: every model tries as much, and only the queries to choose by decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys.jam import trained
from recsys.jam.errors import TrainingDataError
from recsys.jam.systems import SYSTEMS, open_system
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import LEARNING_RATES, PAPER
from tests.recsys.jam_tasks import ndcg_at_10, planted_task

QUICK = replace(PAPER, epochs=3, batch=256, threads=1)
SMALL = replace(mixing("cross", "cross"), sizes=(4, 16))


@pytest.fixture(autouse=True)
def _two_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "LEARNING_RATES", (1e-5, 5e-3))


def test_the_best_of_all_sizes_and_rates_is_kept() -> None:
    task = planted_task()
    assert task.choose is not None
    system = TrainedSystem(SMALL, QUICK, grid=True)
    system.fit(task, seed=2)
    tried = system.card["grid"]
    assert [(one["size"], one["learning_rate"]) for one in tried] == [(4, 1e-5), (4, 5e-3), (16, 1e-5), (16, 5e-3)]
    best = max(tried, key=lambda one: one["ndcg@10"])
    assert (system.card["size"], system.card["settings"]["learning_rate"]) == (best["size"], best["learning_rate"])
    reached = ndcg_at_10(system.score(task.choose.texts, task.choose.users), task.choose)
    assert reached == pytest.approx(best["ndcg@10"], abs=1e-4)
    alone = TrainedSystem(SMALL, replace(QUICK, size=best["size"], learning_rate=best["learning_rate"]))
    alone.fit(task, seed=2)
    for name, value in alone.model.exported().items():
        np.testing.assert_array_equal(value, system.model.exported()[name])


def test_without_queries_to_choose_by_there_is_no_grid() -> None:
    with pytest.raises(TrainingDataError, match="needs queries to choose by"):
        TrainedSystem(SMALL, QUICK, grid=True).fit(replace(planted_task(), choose=None), seed=2)


def test_every_trained_system_has_the_same_budget() -> None:
    budgets = set()
    for name in SYSTEMS:
        system = open_system(name, grid=True)
        if isinstance(system, TrainedSystem):
            assert system.grid
            assert not getattr(open_system(name), "grid", True)
            budgets.add((len(system.blueprint.sizes) * len(LEARNING_RATES), system.settings.epochs))
    assert budgets == {(9, 50)}
