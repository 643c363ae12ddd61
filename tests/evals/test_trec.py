"""Run and qrels files: another library finds in them the figures that we report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval

from evals.jam import evaluate
from evals.trec import TrecFolder, safe_name, strict_scores
from recsys.jam.files import write_jam
from recsys.jam.task import JamTask
from recsys.types import FloatArray, IntArray
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import dataset

#: Our name of a metric → the library's.
SAME = {"ndcg@10": "ndcg_cut_10", "ndcg@100": "ndcg_cut_100", "recall@10": "recall_10", "recall@100": "recall_100"}


class Tied:
    """Scores that tie nearly everywhere, in three sizes that 32-bit floats hold badly, and refuse one item."""

    def fit(self, task: JamTask, **_: object) -> None:
        self.n_items = task.dataset.n_items

    def score(self, texts: list[str], users: IntArray) -> FloatArray:
        rows = np.arange(self.n_items)
        scores = np.tile(np.array([1e8, 1e-30, -7.0], np.float32)[rows % 3], (len(texts), 1))
        scores[:, 5] = -np.inf
        return scores


@pytest.mark.parametrize("system", ["tests.evals.test_trec:Tied", "counting", "pop"])
def test_an_independent_library_finds_the_same_figures(system: str, tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", dataset())
    report, lines = evaluate(
        tmp_path / "planted", (64,), (system,), split="val", encoder=StyleEncoder(), trec=tmp_path / "trec"
    )
    for subset in ("all", "discovery"):
        folder = tmp_path / "trec" / subset
        with (folder / "qrels").open() as answers, (folder / f"{safe_name(system)}-64.run").open() as run:
            qrel, ranking = pytrec_eval.parse_qrel(answers), pytrec_eval.parse_run(run)
        found = pytrec_eval.RelevanceEvaluator(qrel, set(SAME.values())).evaluate(ranking)
        ours = {str(one["query_idx"]): one for one in lines if one["subset"] == subset}
        assert set(found) == set(ours)
        for query, figures in found.items():
            assert {name: figures[other] for name, other in SAME.items()} == pytest.approx(
                {name: ours[query][name] for name in SAME}, abs=1e-6
            )
        for name, other in SAME.items():
            mean = np.mean([figures[other] for figures in found.values()])
            assert mean == pytest.approx(report.results[system][subset][name].mean, abs=1e-6)


def test_files_have_the_columns_of_the_format(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", replace(dataset(), plays=None))
    evaluate(
        tmp_path / "planted", (1, 2), ("random", "pop"), split="val", encoder=StyleEncoder(), trec=tmp_path / "trec"
    )
    assert sorted(path.relative_to(tmp_path / "trec").as_posix() for path in (tmp_path / "trec").rglob("*.*")) == [
        "all/pop-1.run",
        "all/random-1.run",
        "all/random-2.run",
    ]
    first = (tmp_path / "trec" / "all" / "random-2.run").read_text(encoding="utf-8").splitlines()[0].split(" ")
    assert first[:2] == ["200", "Q0"]
    assert first[3] == "1"
    assert first[5] == "random"
    assert (tmp_path / "trec" / "all" / "qrels").read_text(encoding="utf-8").split("\n")[0].split(" ")[::3] == [
        "200",
        "1",
    ]


def test_scores_are_strictly_descending_as_32_bit_floats() -> None:
    scores = np.array([1e8, 1e8, 1e8, 2.0, 2.0, 0.0, 0.0, -3.0, -3.0], np.float32)
    strict = np.array([np.float32(f"{one:.9g}") for one in strict_scores(scores)])
    assert (np.diff(strict) < 0).all()
    np.testing.assert_allclose(strict, scores, rtol=1e-6, atol=1e-40)


def test_a_subset_that_nobody_ranked_writes_no_answers(tmp_path: Path) -> None:
    TrecFolder(tmp_path).write("all", "my.module:Class", 3, [])
    assert (tmp_path / "all" / "my.module_Class-3.run").read_text(encoding="utf-8") == ""
    assert json.dumps((tmp_path / "all" / "qrels").read_text(encoding="utf-8")) == '""'
