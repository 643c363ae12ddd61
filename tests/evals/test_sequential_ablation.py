"""The ablation of E4SRec: its table, its exact chance, its controls, and going on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_rel
from typer.testing import CliRunner

from evals import sequential_ablation_cells
from evals.errors import EvaluationError, UnknownSystemError
from evals.report import Report
from evals.run import eval_app
from evals.sequential_ablation import evaluate, paired_t, read_material
from evals.sequential_ablation_cells import Cell, Material, Runner, cells
from evals.sequential_ablation_settings import language_model_settings, told_texts
from evals.sequential_planted import families, listening, shuffled
from recsys.sequential.backbones import open_backbone
from recsys.sequential.e4srec_settings import E4SRecSettings, LanguageModel
from recsys.sequential.errors import SequentialModelError
from tests.tiny_models import WORDS, save_llama, save_qwen2

_SETTINGS = E4SRecSettings(
    language_model=LanguageModel(
        shape={
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 64,
        }
    ),
    dim=16,
    epochs=1,
    batch=32,
)
_BACKBONE = {"sasrec": {"steps": 6, "dim": 8, "batch": 32, "validate_every": 6}}


def _small() -> Material:
    made, content = listening(np.random.default_rng(0), n_sequences=60, n_steps=5, n_families=3, n_places=4)
    return Material.of(made, {"audio": content["audio"]})


def _evaluate(kept: Path, seeds: tuple[int, ...] = (1, 2), systems: str = "all") -> Report:
    return evaluate(
        _small(),
        ("sasrec",),
        ("film", "late"),
        seeds,
        settings=_SETTINGS,
        backbone_settings=_BACKBONE,
        kept=kept,
        stated={},
        progress=lambda *_: None,
        systems=systems,
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    kept = tmp_path_factory.mktemp("runs")
    return _evaluate(kept), kept


def test_the_table_holds_each_signal_alone_and_removed_by_each_fusion() -> None:
    table = cells(("sasrec", "gru4rec"), ("id", "name", "caption", "completion"), ("film", "late"))
    names = {cell.name for cell in table}
    assert len(names) == len(table)
    of_sasrec = {name for name in names if name.startswith("sasrec")}
    assert of_sasrec == {
        "sasrec",
        "sasrec/id/alone",
        "sasrec/id~untrained/alone",
        "sasrec/id+name/film",
        "sasrec/id+name/late",
        "sasrec/id+caption/film",
        "sasrec/id+caption/late",
        "sasrec/id+completion/film",
        "sasrec/id+name+caption+completion/film",
        "sasrec/id+caption+completion/film",
        "sasrec/id+name+completion/film",
        "sasrec/id+name+caption/film",
        "sasrec/id+name+caption/late",
        "sasrec/id+name+caption~shuffled/film",
        "sasrec/id+name+caption~random/film",
    }
    assert {name for name in names if name.startswith("zero-shot")} == {"zero-shot/name", "zero-shot/caption"}
    asked = cells(("sasrec",), ("id", "name"), ("film",), texts_told=True)
    assert {"zero-shot/ranks", "zero-shot/embeds"} <= {cell.name for cell in asked}
    assert {name for name in names if name.startswith("none")} == {
        "none/name/alone",
        "none/caption/alone",
        "none/name+caption/film",
        "none/name+caption/late",
    }
    assert {name.replace("gru4rec", "sasrec") for name in names if name.startswith("gru4rec")} == of_sasrec


def test_every_system_is_measured_on_every_question_with_its_gain_over_the_id(measured: tuple[Report, Path]) -> None:
    report, _ = measured
    found = report.to_json()["results"]
    assert set(found) == {"chance", *(c.name for c in cells(("sasrec",), _small().signals, ("film", "late")))}
    for system, subsets in found.items():
        assert subsets["all"]["hr@10"]["n"] == (60 if system == "chance" else 120)
    gain = found["sasrec/id+audio/film"]["all"]["ndcg@10_over_id"]
    both = [found[name]["all"]["ndcg@10"]["mean"] for name in ("sasrec/id+audio/film", "sasrec/id/alone")]
    assert gain["mean"] == pytest.approx(both[0] - both[1])
    assert gain["low"] <= gain["mean"] <= gain["high"]
    assert "ndcg@10_over_id" not in found["none/audio/alone"]["all"]
    assert set(report.details["leakage"]) == {"id", "audio", "completion"}
    tested = report.details["paired_t"]["sasrec/id+audio/film"]["id"]
    assert (tested["questions"]["n"], tested["seeds"]["n"]) == (60, 2)
    assert 0 <= tested["questions"]["p"] <= 1
    controlled = found["sasrec/id+audio/film"]["all"]["ndcg@10_over_shuffled"]["mean"]
    assert controlled == pytest.approx(both[0] - found["sasrec/id+audio~shuffled/film"]["all"]["ndcg@10"]["mean"])
    without = found["sasrec/id+audio+completion/film"]["all"]["ndcg@10_over_without_completion"]
    all_but = [found[f"sasrec/id+audio{more}/film"]["all"]["ndcg@10"]["mean"] for more in ("+completion", "")]
    assert without["mean"] == pytest.approx(all_but[0] - all_but[1])


def test_chance_is_exact(measured: tuple[Report, Path]) -> None:
    chance = measured[0].results["chance"]["all"]
    # Twelve tracks, any of which may repeat; beside the right one there are but eleven to draw.
    assert chance["hr@5"].mean == chance["hr@5_of_200"].mean == pytest.approx(5 / 12)
    gains = sum(1 / np.log2(rank + 1) for rank in range(1, 6))
    assert chance["ndcg@5"].mean == pytest.approx(gains / 12)


def test_what_knows_nothing_comes_out_at_chance(tmp_path: Path) -> None:
    runner = Runner(_small(), _SETTINGS, _BACKBONE, tmp_path)
    rng, n = np.random.default_rng(3), len(runner.material.test)
    hits = [runner._placed(rng.random((n, 12), dtype=np.float32), 1)["among_drawn"] <= 5 for _ in range(200)]
    assert float(np.mean(hits)) == pytest.approx(5 / 12, abs=0.02)


def test_a_run_that_was_stopped_goes_on_where_it_was(
    measured: tuple[Report, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report, kept = measured

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("fitted anew")

    monkeypatch.setattr(sequential_ablation_cells, "E4SRec", refuse)
    monkeypatch.setattr(sequential_ablation_cells, "open_backbone", refuse)
    assert _evaluate(kept).to_json()["results"] == report.to_json()["results"]
    some = _evaluate(kept, systems="popularity,sasrec,sasrec/id/alone").to_json()["results"]
    assert some == {
        name: report.to_json()["results"][name] for name in ("chance", "popularity", "sasrec", "sasrec/id/alone")
    }
    with pytest.raises(UnknownSystemError, match="no system 'sasrec/name'"):
        _evaluate(kept, systems="sasrec/name")
    with pytest.raises(AssertionError, match="fitted anew"):
        _evaluate(kept, seeds=(3,))
    with pytest.raises(AssertionError, match="fitted anew"):
        _evaluate(tmp_path)


def test_a_backbone_is_fitted_once_for_all_language_models(
    measured: tuple[Report, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, kept = measured

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("fitted anew")

    monkeypatch.setattr(sequential_ablation_cells, "open_backbone", refuse)
    runner = Runner(_small(), replace(_SETTINGS, dim=8), _BACKBONE, kept)
    assert (runner.run(Cell("sasrec", (), "alone"), 1).places >= 1).all()
    assert runner._fitted(Cell("sasrec", ("id",), "alone"), 1).shape == (60, 12)


def test_the_honest_zero_shot_answers_by_likeness_alone(tmp_path: Path) -> None:
    """The family of the last track is what the vectors tell; nothing is fitted."""
    made, vectors = families(np.random.default_rng(4))
    material = Material.of(made, {"audio": vectors})
    runner = Runner(material, _SETTINGS, _BACKBONE, tmp_path)
    asked = Cell("zero-shot", ("audio",), "alone")
    assert asked.name == "zero-shot/audio"
    right = np.median(runner.run(asked, 1).places)
    mixed = replace(material, content={"audio": shuffled(np.random.default_rng(0), vectors)})
    assert right < 20 < np.median(Runner(mixed, _SETTINGS, _BACKBONE, tmp_path).run(asked, 1).places)
    with pytest.raises(EvaluationError, match="give --language-model NAME"):
        runner.run(Cell("zero-shot", ("ranks",), "alone"), 1)


@pytest.mark.parametrize(
    ("preset", "save"),
    [("qwen2.5-7b", save_qwen2), ("llama-2-13b", partial(save_llama, chat=False))],
    ids=["qwen2", "llama"],
)
def test_the_command_runs_a_papers_preset_and_asks_its_language_model(
    preset: str, save: Callable[[Path], None], tmp_path: Path
) -> None:
    """The same classes with other weights, tiny and random, on a processor."""
    folder, told = tmp_path / "weights", tmp_path / "found.json"
    save(folder)
    sequences, names = tmp_path / "listened.txt", tmp_path / "names.json"
    rng = np.random.default_rng(0)
    lines = [" ".join(map(str, [n, *rng.permutation(np.arange(1, 7))[:4]])) for n in range(12)]
    sequences.write_text("\n".join(lines), encoding="utf-8")
    names.write_text(json.dumps({str(n): word for n, word in enumerate(WORDS[:6], start=1)}), encoding="utf-8")
    rows = "sasrec/id/alone,sasrec/id~untrained/alone,zero-shot/embeds,zero-shot/ranks"
    asked = ["--data", sequences, "--names", names, "--preset", preset, "--language-model", folder, "--device", "cpu"]
    options = ["--backbones", "sasrec", "--fusions", "film", "--systems", rows, "--seeds", "1", "--json", told]
    ran = CliRunner().invoke(
        eval_app, ["sequential-ablation", *map(str, asked + options), "--epochs", "1", "--steps", "2"]
    )
    assert ran.exit_code == 0, ran.output
    found = json.loads(told.read_text(encoding="utf-8"))
    assert set(found["results"]) == {"chance", *rows.split(",")}
    stated = found["settings"]["e4srec"]
    assert stated["language_model"]["lora"]["rank"] == 32
    assert (stated["language_model"]["name"], stated["language_model"]["four_bit"]) == (str(folder), False)
    assert stated["n_negatives"] == 128
    assert "zero-shot" in found["details"]["leakage"]


def test_settings_are_those_of_a_preset_with_what_is_to_be_other() -> None:
    small = language_model_settings("small", weights="some/model")
    assert small.language_model.name is None
    assert told_texts(small, "some/model") == LanguageModel(name="some/model")
    assert told_texts(small, None) is None
    large = language_model_settings("llama-3-70b")
    assert (large.device, large.language_model.four_bit, large.epochs) == ("cuda", True, 5)
    told = told_texts(large, None)
    assert told is not None
    assert (told.name, told.lora) == ("meta-llama/Meta-Llama-3-70B", None)
    with pytest.raises(SequentialModelError, match="no preset is called 'gpt'"):
        language_model_settings("gpt")


def test_drawn_candidates_are_neither_the_target_nor_heard_before() -> None:
    made, content = listening(np.random.default_rng(0), n_sequences=20, n_steps=4, n_families=3, n_places=100)
    material = Material.of(made.first_listens(), content)
    drawn = material.drawn(5)
    assert drawn.shape == (len(material.test), 199)
    for row, target, prefix in zip(drawn, material.test.targets, material.test.prefixes, strict=True):
        assert len({*row.tolist(), int(target), *prefix.tolist()}) == 199 + 1 + len(prefix)
    np.testing.assert_array_equal(drawn, material.drawn(5))
    assert (material.n_candidates() == 300 - material.test.prefixes.lengths).all()


def test_nothing_of_the_question_is_learnt_from() -> None:
    material = _small()
    assert (material.test.prefixes.lengths == 4).all()
    assert (material.train.lengths == 3).all()
    assert material.validation.targets.tolist() == [int(prefix[-1]) for prefix in material.test.prefixes]


def test_the_t_test_is_the_paired_one() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(50), rng.random(50)
    theirs = ttest_rel(a, b)
    ours = paired_t(a - b)
    assert ours["t"] == pytest.approx(theirs.statistic)
    assert ours["p"] == pytest.approx(theirs.pvalue)
    assert paired_t(np.zeros(9)) == {"t": None, "p": None, "n": 9}


def test_another_material_is_another_run() -> None:
    material = _small()
    other = replace(material, content={**material.content, "audio": material.content["audio"] + 1})
    assert material.key() == _small().key() != other.key()
    assert Cell("sasrec", ("id", "audio"), "film").name == "sasrec/id+audio/film"


def test_of_the_data_set_of_the_same_listeners_names_and_captions_alone_are_joined(eval_data: Path) -> None:
    folder = eval_data / "sequences"
    material = read_material(
        folder / "lastfm-artists.txt", folder / "lastfm-artists.names.json", eval_data / "lastfm-jam"
    )
    assert material.signals == ("id", "name", "caption")
    assert material.content["name"].any(axis=1).sum() > 3_500
    assert not material.repeats
    assert len(material.test) == 1_090


def test_a_backbone_that_is_not_there_is_named() -> None:
    with pytest.raises(SequentialModelError, match="no backbone is called 'caser'; name one of sasrec"):
        open_backbone("caser")


def test_what_is_made_up_follows_what_decides() -> None:
    """Twelve families of 20: where completion decides, half of the steps leave their family, and audio tells which."""
    families_of = {}
    for decides in ((), ("audio",), ("audio", "completion")):
        made, content = listening(np.random.default_rng(0), decides=decides, n_families=12)
        of_steps = made.items.reshape(len(made), -1) // 20
        stays = of_steps[:, 1:] == of_steps[:, :-1]
        assert made.completion is not None
        heard = made.completion.reshape(len(made), -1)[:, :-1]
        known = ~np.isnan(heard)
        families_of[decides] = content["audio"].reshape(12, 20, -1).std(axis=1).mean()
        assert (stays[known] == (heard[known] >= 0.5)).all() if "completion" in decides else stays.all()
    assert families_of[("audio",)] < 0.5 < families_of[()]


def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    runner = CliRunner()
    both = runner.invoke(eval_app, ["sequential-ablation", "--planted", "none", "--data", "x"])
    assert both.exit_code == 2
    assert "either --data FILE or --planted" in both.output
    unknown = runner.invoke(eval_app, ["sequential-ablation", "--planted", "audio", "--fusions", "sum"])
    assert unknown.exit_code != 0
    assert "sum" in str(unknown.exception)
