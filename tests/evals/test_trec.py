"""Run and qrels files: another library finds in them the figures that we report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval

from evals import jam_artists, jam_modalities, playlists
from evals.jam import evaluate, open_named
from evals.jam_cases import CASES
from evals.report import Report
from evals.trec import Entry, TrecFolder, safe_name, strict_scores
from recsys.jam.files import write_jam
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import JointSystem
from recsys.jam.task import JamSystem, JamTask
from recsys.jam.trained import TrainedSystem
from recsys.types import FloatArray, IntArray
from tests.evals.test_held_out import table
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import dataset

__all__ = ["table"]  # a fixture

#: Our name of a metric → the library's.
SAME = {"ndcg@10": "ndcg_cut_10", "ndcg@100": "ndcg_cut_100", "recall@10": "recall_10", "recall@100": "recall_100"}
LIBRARY = {*SAME.values(), "recip_rank", "success_1", "success_10"}


class Tied:
    """Scores that tie nearly everywhere, in three sizes that 32-bit floats hold badly, and refuse one item."""

    def fit(self, task: JamTask, **_: object) -> None:
        self.n_items = task.dataset.n_items

    def score(self, texts: list[str], users: IntArray) -> FloatArray:
        rows = np.arange(self.n_items)
        scores = np.tile(np.array([1e8, 1e-30, -7.0], np.float32)[rows % 3], (len(texts), 1))
        scores[:, 5] = -np.inf
        return scores


def rescored(folder: Path, run: str, qrels: str, *, first: int = 100) -> dict[str, dict[str, float]]:
    """What the library finds by query in the first ranks of a run file."""
    with (folder / qrels).open() as answers, (folder / f"{run}.run").open() as file:
        qrel = pytrec_eval.parse_qrel(answers)
        ranking = pytrec_eval.parse_run(line for line in file if int(line.split()[3]) <= first)
    found: dict[str, dict[str, float]] = pytrec_eval.RelevanceEvaluator(qrel, LIBRARY).evaluate(ranking)
    return found


def mean_of(found: Mapping[str, Mapping[str, float]], metric: str) -> float:
    return float(np.mean([figures[metric] for figures in found.values()]))


def check_jam(folder: Path, system: str, seed: int, report: Report, lines: Sequence[Mapping[str, Any]]) -> None:
    """Compare every query and every mean of a system of `segue eval jam`, whatever its subsets."""
    assert {path.name for path in folder.iterdir()} == set(report.results[system])
    for subset, figures in report.results[system].items():
        found = rescored(folder / subset, f"{safe_name(system)}-{seed}", "qrels")
        ours = {
            str(one["query_idx"]): one
            for one in lines
            if (one["subset"], one["system"], one["seed"]) == (subset, system, seed)
        }
        assert set(found) == set(ours)
        for query, values in found.items():
            assert {name: values[other] for name, other in SAME.items()} == pytest.approx(
                {name: ours[query][name] for name in SAME}, abs=1e-6
            )
        for name, other in SAME.items():
            assert mean_of(found, other) == pytest.approx(figures[name].mean, abs=1e-6)


@pytest.mark.parametrize("system", ["Tied", "counting", "pop", "cross", "two-tower", "segue-jam"])
def test_an_independent_library_finds_the_same_figures(system: str, tmp_path: Path) -> None:
    data = replace(dataset(), user_features={"cf": np.eye(24, 3, dtype=np.float32)})
    write_jam(tmp_path / "planted", data)
    report, lines = evaluate(
        tmp_path / "planted", (64,), (system,), split="val", encoder=StyleEncoder(), make=made, trec=tmp_path / "trec"
    )
    assert list(report.results[system]) == ["all", "discovery"]
    assert report.results[system]["all"]["recall@100"].mean > 0
    check_jam(tmp_path / "trec", system, 64, report, lines)


def test_the_same_of_every_case(tmp_path: Path) -> None:
    """A learned system and a counting one, each fitted anew for every case."""
    write_jam(tmp_path / "planted", replace(dataset(), user_features={"cf": np.eye(24, 3, dtype=np.float32)}))
    report, lines = evaluate(
        tmp_path / "planted",
        (3,),
        ("avg", "counting"),
        split="val",
        encoder=StyleEncoder(),
        make=made,
        cases=CASES,
        trec=tmp_path / "trec",
    )
    assert len(report.results["avg"]) == 2 + 2 * len(CASES)
    for system in ("avg", "counting"):
        check_jam(tmp_path / "trec", system, 3, report, lines)


def made(name: str) -> JamSystem:
    """A system by its name; a trained one is trained for less long."""
    system = Tied() if name == "Tied" else open_named(name)
    if isinstance(system, TrainedSystem):
        system.settings = replace(system.settings, epochs=2, threads=1)
    return system


def test_the_same_of_what_weighs_modalities(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", replace(dataset(), user_features={"cf": np.eye(24, 3, dtype=np.float32)}))
    report = jam_modalities.evaluate(
        tmp_path / "planted",
        (1, 2),
        ("cross",),
        split="val",
        encoder=StyleEncoder(),
        make=made,
        trec=tmp_path / "trec",
    )
    for system in ("cross", "cross-taste"):
        runs = [rescored(tmp_path / "trec" / "all", f"{system}-{seed}", "qrels") for seed in (1, 2)]
        assert runs[0] != runs[1]
        means = [mean_of(found, "ndcg_cut_10") for found in runs]
        assert np.mean(means) == pytest.approx(report.results[system]["all"]["ndcg@10"].mean, abs=1e-6)


def test_the_same_of_requests_that_name_an_artist(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", dataset())

    def make(name: str) -> JamSystem:
        return JointSystem("translation", JointSettings(dim=8, epochs=2, n_negatives=16))

    report = jam_artists.evaluate(
        tmp_path / "planted",
        (1, 2),
        ("segue-jam-artist",),
        encoder=StyleEncoder(),
        n_artists=20,
        make=make,
        trec=tmp_path / "trec",
    )
    for subset, figures in report.results["segue-jam-artist"].items():
        folder = tmp_path / "trec" / subset
        runs = [rescored(folder, f"segue-jam-artist-{seed}", f"qrels-{seed}") for seed in (1, 2)]
        assert runs[0] != runs[1]
        for ours, other in (("hit@1", "success_1"), ("hit@10", "success_10"), ("mrr@10", "recip_rank")):
            assert np.mean([mean_of(found, other) for found in runs]) == pytest.approx(figures[ours].mean, abs=1e-6)


def test_the_same_of_playlists(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_TRAINING_STEPS", "20")
    systems = ("segue", "bm25", "popularity", "cooccurrence")
    report = playlists.evaluate(table, (0, 1), systems, trec=tmp_path / "trec")
    same = {**SAME, "hit@10": "success_10"}
    for system in systems:
        assert list(report.results[system]) == ["all", "new names"]
        for subset, figures in report.results[system].items():
            folder = tmp_path / "trec" / safe_name(subset)
            runs = [rescored(folder, f"{system}-{seed}", f"qrels-{seed}") for seed in (0, 1)]
            assert set(runs[0]) != set(runs[1])
            both = {f"{seed} {query}": one for seed, found in enumerate(runs) for query, one in found.items()}
            assert len(both) == figures["ndcg@10"].n
            for name, other in same.items():
                assert mean_of(both, other) == pytest.approx(figures[name].mean, abs=1e-6)
            first = [rescored(folder, f"{system}-{seed}", f"qrels-{seed}", first=10) for seed in (0, 1)]
            ranks = [one["recip_rank"] for found in first for one in found.values()]
            assert np.mean(ranks) == pytest.approx(figures["mrr@10"].mean, abs=1e-6)


def test_names_with_white_space_stay_one_column(tmp_path: Path) -> None:
    entries = [Entry("my list", ["a\tb", "a b", "a%20b"], ["a b"])]
    TrecFolder(tmp_path, by_seed=True).write_entries("new names", "bm25", 3, entries)
    found = rescored(tmp_path / "new_names", "bm25-3", "qrels-3")
    assert found["my%20list"]["recip_rank"] == pytest.approx(1 / 2)


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
