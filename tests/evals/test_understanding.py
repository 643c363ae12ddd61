"""`segue eval understanding`: its metric by hand, its folds, its written requests, and a whole run on a few."""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from assistant.understanding.labelled import Labelled
from evals.errors import UnknownSystemError
from evals.main import command_line
from evals.understanding import WRITTEN, _splits, choose_systems, is_frozen, micro_f1, read_written
from recsys.text import fold


def test_systems_by_name() -> None:
    assert choose_systems("rules, segue,rules") == ("rules", "segue")
    assert choose_systems("all")[0] == "segue"
    with pytest.raises(UnknownSystemError, match="'llm'"):
        choose_systems("llm")


def test_micro_f1_by_hand() -> None:
    """Two of three found are right, of five to find: 2 · 2 / (3 + 5)."""
    found = micro_f1([(2, 2, 3), (0, 1, 2), (0, 0, 0)])
    assert found.mean == pytest.approx(0.5)
    assert found.low <= 0.5 <= found.high
    assert micro_f1([(0, 0, 0)]).mean == 0


def test_no_text_is_learnt_from_and_asked() -> None:
    requests = [Labelled(text, ()) for text in ("A b", "a  b!", "c", "d", "e", "f", "g", "c")]
    places: Counter[int] = Counter()
    for fitted, asked in _splits(requests, None, 64):
        assert not {fold(one.text) for one in fitted} & {fold(one.text) for _, one in asked}
        places.update(place for place, _ in asked)
    assert places == Counter(range(len(requests)))
    ((fitted, asked),) = _splits(requests[:3], requests[3:], 64)
    assert ([one.text for one in fitted], len(asked)) == (["A b", "a  b!", "c"], 5)


@pytest.mark.parametrize("name", WRITTEN)
def test_written_requests_are_whole(name: str) -> None:
    """Every span stands in its request, no request stands twice, and a third is frozen, for good."""
    lines = resources.files("evals").joinpath("data", f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    stated = [json.loads(line) for line in lines]
    assert len(stated) == (300 if name == "negation" else 60)
    assert len({one["text"].lower() for one in stated}) == len({one["id"] for one in stated}) == len(stated)
    for one in stated:
        assert all(span and span in one["text"].lower() for _, span, _ in one["intents"]), one
    kept, frozen = read_written(name), read_written(name, frozen=True)
    assert len(kept) + len(frozen) == len(stated)
    assert 0.2 < len(frozen) / len(stated) < 0.45
    assert not any(is_frozen(one.text) for one in kept)
    assert any(polarity == "-" for one in frozen for _, _, polarity in one.intents)


def test_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every system, fitted on forty of the written requests and asked forty others, with the figures promised."""
    lines = resources.files("evals").joinpath("data", "negation.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "few.jsonl").write_text("\n".join(lines[:40]), encoding="utf-8")
    (tmp_path / "others.jsonl").write_text("\n".join(lines[40:80]), encoding="utf-8")
    asked = ["eval", "understanding", "--train", str(tmp_path / "few.jsonl"), "--systems", "all"]
    asked += ["--test", str(tmp_path / "others.jsonl")]
    with pytest.raises(SystemExit) as left:
        command_line().main(args=[*asked, "--json", str(tmp_path / "out.json")], prog_name="segue")
    assert left.value.code == 0
    results = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]
    assert set(results) == {"segue", "tagger", "rules", "gazetteer"}
    for figures in results.values():
        assert set(WRITTEN) < set(figures)
        everything = figures["all"]
        for name in ("f1_facet_value_polarity", "f1_facet_value", "precision", "recall", "unwanted_recall"):
            assert 0 <= everything[name]["low"] <= everything[name]["mean"] <= everything[name]["high"] <= 1
        assert everything["f1_facet_value"]["mean"] >= everything["f1_facet_value_polarity"]["mean"]
    assert results["segue"]["all"]["f1_facet_value"]["mean"] > results["gazetteer"]["all"]["f1_facet_value"]["mean"]
    with pytest.raises(SystemExit) as refused:
        command_line().main(args=[*asked[:3], str(tmp_path / "none.csv")], prog_name="segue")
    assert refused.value.code != 0
    assert "there is no file" in capsys.readouterr().err
