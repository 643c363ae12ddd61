"""`segue eval jam`: what is masked, what is scored, and that nothing of the reported split is seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evals.errors import EvaluationDataError, UnknownSystemError
from evals.jam import SYSTEMS, choose_systems, evaluate, make_task, open_named, ranked_metrics, top, write_lines
from evals.metrics import ranking_metrics
from recsys.jam.dataset import JamDataset
from recsys.jam.files import write_jam
from recsys.types import FloatArray
from tests.jam_data import N_STYLES, dataset, encode


class StyleEncoder:
    """The planted directions as a text encoder."""

    name = "planted styles"
    dim = N_STYLES + 1

    def encode(self, texts: list[str]) -> FloatArray:
        return encode(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_jam(tmp_path / "planted", dataset())
    return tmp_path / "planted"


def test_a_ranking_is_by_score_with_ties_by_row() -> None:
    scores = np.array([[0.5, 1.0, 0.5, 0.5, -1.0], [0, 0, 0, 0, 0]], np.float32)
    assert top(scores, 3).tolist() == [[1, 0, 2], [0, 1, 2]]
    assert top(scores, 9).shape == (2, 5)


def test_metrics_agree_with_those_of_every_other_evaluation() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        ranking = rng.permutation(300)[:100]
        relevant = rng.choice(300, rng.integers(1, 40), replace=False)
        expected = ranking_metrics(
            ranking.tolist(), relevant.tolist(), ["ndcg@10", "recall@10", "ndcg@100", "recall@100"]
        )
        assert ranked_metrics(ranking, relevant) == pytest.approx(expected)


def test_the_report_holds_both_subsets_and_what_lies_beyond_accuracy(folder: Path, tmp_path: Path) -> None:
    report, lines = evaluate(folder, (64,), ("pop", "counting"), split="val", encoder=StyleEncoder())
    results = report.results
    assert list(results) == ["pop", "counting", "pop - counting"]
    assert list(results["counting"]) == ["all", "discovery"]
    assert results["counting"]["all"]["ndcg@10"].mean > results["pop"]["all"]["ndcg@10"].mean
    assert results["pop"]["all"]["personalisation@10"].mean == 0
    assert results["counting"]["all"]["personalisation@10"].mean > 0
    assert 0 < results["pop"]["all"]["coverage@10"].mean <= results["counting"]["all"]["coverage@10"].mean <= 1
    assert report.settings["history"] == "listening.tsv"
    write_lines(tmp_path / "lines.jsonl", lines)
    read = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    mine = [one["ndcg@10"] for one in read if (one["system"], one["subset"]) == ("counting", "all")]
    assert np.mean(mine) == pytest.approx(results["counting"]["all"]["ndcg@10"].mean)


def test_discovery_leaves_out_what_was_heard(tmp_path: Path) -> None:
    """A listener who has heard every answer but one can only be given that one."""
    data = dataset()
    plays = data.plays.tolil()  # type: ignore[union-attr]
    asked = data.splits["val"].take(np.array([0]))
    user, (first, second) = int(asked.users[0]), asked.relevant(0)
    plays[user, :] = 0
    plays[user, int(first)] = 3
    heard = replace(data, splits={"train": data.splits["train"], "val": asked}, plays=plays.tocsr())
    write_jam(tmp_path / "one", heard)
    report, _ = evaluate(tmp_path / "one", (64,), ("memory",), split="val", encoder=StyleEncoder())
    found = report.results["memory"]
    assert found["discovery"]["recall@100"].mean == 1
    assert found["discovery"]["ndcg@10"].n == 1
    assert int(second) != int(first)


def test_without_a_history_there_is_no_discovery(tmp_path: Path) -> None:
    write_jam(tmp_path / "bare", replace(dataset(), plays=None))
    report, _ = evaluate(tmp_path / "bare", (64,), ("counting",), split="val", encoder=StyleEncoder())
    assert list(report.results["counting"]) == ["all"]
    assert report.settings["history"] == "none"


def test_a_missing_split_names_what_is_there(folder: Path) -> None:
    with pytest.raises(EvaluationDataError, match=r"no test_split\.tsv; it has train, val"):
        evaluate(folder, (64,), ("pop",), split="test", encoder=StyleEncoder())


def test_systems_are_chosen_by_name_or_as_a_class_of_ones_own() -> None:
    assert choose_systems("segue, pop,segue") == ("segue", "pop")
    assert choose_systems("all") == SYSTEMS
    with pytest.raises(UnknownSystemError, match="no system 'best'"):
        choose_systems("best")
    assert choose_systems("recsys.jam.counting:Popularity") == ("recsys.jam.counting:Popularity",)
    assert type(open_named("recsys.jam.counting:Popularity")).__name__ == "Popularity"


def scrambled(data: JamDataset) -> JamDataset:
    """The same data set with other answers in the reported split."""
    asked = data.splits["val"]
    items = np.sort((asked.items.reshape(-1, 2) + 5) % data.n_items, axis=1).reshape(-1)
    return replace(data, splits={"train": data.splits["train"], "val": replace(asked, items=items)})


@pytest.mark.parametrize("name", ["segue", "segue-jam", "segue-counts", "counting", "memory", "ease"])
def test_no_system_sees_the_reported_answers(name: str) -> None:
    data = dataset()
    found = []
    for one in (data, scrambled(data)):
        system = open_named(name)
        system.fit(make_task(one, encode), seed=64)
        asked = one.splits["val"].take(np.arange(5))
        found.append(system.score(asked.texts, asked.users))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["segue", "segue-jam", "segue-counts"])
def test_each_query_is_scored_as_if_alone(name: str) -> None:
    data = dataset()
    system = open_named(name)
    system.fit(make_task(data, encode), seed=64)
    asked = data.splits["val"].take(np.arange(4))
    together = system.score(asked.texts, asked.users)
    for line in range(4):
        alone = system.score(asked.texts[line : line + 1], asked.users[line : line + 1])
        np.testing.assert_allclose(together[line], alone[0], atol=1e-4)
    assert np.isfinite(system.score(["rock"], np.array([-1]))).all()
