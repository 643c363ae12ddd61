"""`segue eval jam`: what is masked, what is scored, and that nothing of the reported split is seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.errors import EvaluationDataError, UnknownSystemError
from evals.jam import SYSTEMS, choose_systems, evaluate, make_task, open_named, ranked_metrics, top, write_lines
from evals.main import command_line
from evals.metrics import ranking_metrics
from recsys.errors import WeightsError
from recsys.jam.dataset import JamDataset
from recsys.jam.errors import UnknownListenerError
from recsys.jam.files import read_jam, write_jam
from recsys.jam.task import JamSystem, JamTask
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import PAPER
from recsys.types import FloatArray, IntArray
from tests.jam_data import N_STYLES, dataset, encode
from tests.tiny_models import save_modernbert, save_xlm_roberta


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


def test_the_history_can_be_left_out(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole command says what it does where the file is there, and finds what it finds where it is not."""
    write_jam(tmp_path / "bare", replace(dataset(), plays=None))
    given, left_out, absent = (
        told(capsys, tmp_path, ["--data", str(data), "--models", "counting,ease,segue-counts", *more])
        for data, more in ((folder, []), (folder, ["--without-listening"]), (tmp_path / "bare", []))
    )
    assert left_out["results"] == absent["results"]
    assert list(left_out["results"]["counting"]) == ["all"]
    assert left_out["settings"]["history"] == "none, by --without-listening"
    assert left_out["settings"]["discovery"] == "none, for no history can be left out"
    assert left_out["settings"]["statistics"]["plays"] is None
    assert given["settings"]["history"] == "listening.tsv"
    for name in ("counting", "ease", "segue-counts"):
        assert given["results"][name]["all"]["ndcg@10"] != left_out["results"][name]["all"]["ndcg@10"]


def told(capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Run `segue eval jam` and return its JSON."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=["eval", "jam", *arguments, "--json", str(folder / "told.json")], prog_name="segue")
    assert ended.value.code == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    return found


def test_a_missing_split_names_what_is_there(folder: Path) -> None:
    with pytest.raises(EvaluationDataError, match=r"no test_split\.tsv; it has train, val"):
        evaluate(folder, (64,), ("pop",), split="test", encoder=StyleEncoder())


def test_the_split_that_systems_are_fitted_on_is_not_reported(folder: Path) -> None:
    with pytest.raises(EvaluationDataError, match="give --split val or test"):
        evaluate(folder, (64,), ("pop",), split="train", encoder=StyleEncoder())


@pytest.mark.parametrize("name", ["segue-jam", "segue-counts"])
def test_a_listener_that_is_not_there_is_a_clear_error(name: str, folder: Path) -> None:
    data = read_jam(folder)
    system = open_named(name)
    system.fit(make_task(data, encode), seed=64)
    assert np.isfinite(system.score(["jazz"], np.array([-1]))).all()
    for row in (-2, data.n_users):
        with pytest.raises(UnknownListenerError, match=f"there is no listener {row}"):
            system.score(["jazz", "rock"], np.array([0, row]))


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


class NotANumber:
    """A system of somebody else's that divided by zero."""

    def fit(self, task: JamTask, **_: object) -> None:
        self.n_items = task.dataset.n_items

    def score(self, texts: list[str], users: IntArray) -> FloatArray:
        return np.full((len(texts), self.n_items), np.nan, np.float32)


class TooFew(NotANumber):
    """Another that forgot an item."""

    def score(self, texts: list[str], users: IntArray) -> FloatArray:
        return np.zeros((len(texts), self.n_items - 1), np.float32)


@pytest.mark.parametrize(("system", "said"), [(NotANumber(), "not numbers"), (TooFew(), r"\(40, 39\)")])
def test_improper_scores_are_a_clear_error(system: JamSystem, said: str, folder: Path) -> None:
    with pytest.raises(EvaluationDataError, match=f"{type(system).__name__}.score gave .*{said}.*-inf"):
        evaluate(folder, (64,), ("pop",), split="val", encoder=StyleEncoder(), make=lambda name: system)


def test_systems_are_compared_with_those_asked_for(folder: Path) -> None:
    report, _ = evaluate(
        folder, (1, 2), ("pop", "counting", "random"), split="val", encoder=StyleEncoder(), against=("random", "pop")
    )
    pairs = [name for name in report.results if " - " in name]
    assert pairs == ["pop - random", "counting - random", "counting - pop", "random - pop"]
    means = {name: subsets["all"]["ndcg@10"].mean for name, subsets in report.results.items()}
    assert means["random - pop"] == pytest.approx(means["random"] - means["pop"])
    paired, alone = (report.results[name]["discovery"]["ndcg@10"] for name in ("random - pop", "random"))
    assert paired.n == alone.n
    with pytest.raises(UnknownSystemError, match="no system 'ease'; expected some of pop"):
        evaluate(folder, (1,), ("pop",), split="val", encoder=StyleEncoder(), against=("ease",))


def test_a_grid_is_reported_as_selection_alone(folder: Path) -> None:
    quick = replace(PAPER, epochs=1, batch=64, threads=1)
    blueprint = replace(mixing("cross", "cross"), sizes=(2, 4))

    def make(name: str) -> JamSystem:
        return TrainedSystem(blueprint, quick, grid=True) if name == "cross" else open_named(name)

    report, _ = evaluate(folder, (1, 2), ("cross", "pop"), split="val", encoder=StyleEncoder(), make=make)
    assert list(report.selection) == ["grid"]
    assert list(report.selection["grid"]) == ["cross"]
    tried = report.selection["grid"]["cross"]["all"]
    assert list(tried) == ["1", "2"]
    assert [one["size"] for one in tried["2"]] == [2, 2, 2, 4, 4, 4]
    json.dumps(report.to_json())


def test_the_encoders_of_the_paper_by_the_whole_command(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_modernbert(tmp_path / "models" / "ModernBERT-base")
    save_xlm_roberta(tmp_path / "models" / "multilingual-e5-base")
    (folder / "lyrics.tsv").write_text("item_idx\ttext\n3\tlove songs for a sunday\n", encoding="utf-8")
    arguments = ["eval", "jam", "--data", str(folder), "--models", "memory", "--json", str(tmp_path / "out.json")]
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=[*arguments, "--encoder", f"paper-padding:{tmp_path / 'models'}"], prog_name="segue")
    assert ended.value.code == 0, capsys.readouterr().err
    settings = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["settings"]
    assert settings["encoder"].startswith("ModernBERT-base, 38 tokens, mean over padding, weights ")
    assert settings["statistics"]["item_modalities"]["lyrics"] == {"width": 16, "present": 1}
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=[*arguments, "--encoder", f"paper:{tmp_path}"], prog_name="segue")
    assert ended.value.code != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "paper:FOLDER" in said.err.strip().splitlines()[-1]


def test_the_product_takes_the_encoder_of_the_run(tmp_path: Path) -> None:
    data = dataset()
    with pytest.raises(WeightsError, match="paper:FOLDER"):
        open_named("segue", text_encoder=f"paper:{tmp_path}").fit(make_task(data, encode), seed=1)


def test_the_whole_command_writes_every_form(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = {name: tmp_path / f"out.{name}" for name in ("json", "md", "jsonl", "trec")}
    arguments = ["eval", "jam", "--data", str(folder / "processed"), "--models", "counting,pop", "--seeds", "64,65"]
    arguments += ["--json", str(out["json"]), "--markdown", str(out["md"]), "--per-query", str(out["jsonl"])]
    arguments += ["--trec", str(out["trec"]), "--against", "pop"]
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=arguments, prog_name="segue")
    captured = capsys.readouterr()
    assert ended.value.code == 0, captured.err
    figures = json.loads(out["json"].read_text(encoding="utf-8"))
    assert list(figures) == ["schema", "command", "settings", "versions", "hardware", "seeds", "results", "selection"]
    assert figures["seeds"] == [64, 65]
    assert list(figures["results"]) == ["counting", "pop", "counting - pop"]
    for subsets in figures["results"].values():
        assert list(subsets) == ["all", "discovery"]
        for metrics in subsets.values():
            assert all(list(one) == ["mean", "low", "high", "sd", "n"] for one in metrics.values())
    assert {"coverage@10", "popularity@10", "diversity@10", "personalisation@10", "own_choice@10"} < set(
        figures["results"]["pop"]["all"]
    )
    lines = out["jsonl"].read_text(encoding="utf-8").splitlines()
    scored = [figures["results"][name][part]["ndcg@10"]["n"] for name in ("counting", "pop") for part in subsets]
    assert len(lines) == sum(scored)
    assert sorted(path.name for path in (out["trec"] / "all").iterdir()) == ["counting-64.run", "pop-64.run", "qrels"]
    table = [line for line in out["md"].read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert table[0].startswith("| system | subset | ndcg@10 |")
    assert len(table) == 2 + 6
    assert "counting - pop" in captured.out


@pytest.mark.long
def test_of_several_processes_the_first_one_reports(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "segue.py"
    script.write_text("from evals.main import main\n\nmain()\n", encoding="utf-8")
    arguments = ["eval", "jam", "--data", str(folder), "--models", "avg", "--json", str(tmp_path / "out.json")]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script), *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("mean [95 % interval]") == 1
    alone, _ = evaluate(folder, (64,), ("avg",), split="val", encoder=StyleEncoder())
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]["avg"]
    assert figures["all"]["ndcg@10"]["n"] == alone.results["avg"]["all"]["ndcg@10"].n
