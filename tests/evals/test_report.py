"""The JSON form is exactly the agreed one, and the table says the same."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from evals.metrics import Summary, summarise
from evals.report import Report, hardware


def _report() -> Report:
    report = Report(
        "segue eval playlists", {"catalogue": Path("/somewhere/songs.csv.gz"), "systems": ["segue"]}, (64, 65)
    )
    report.add("segue", "all", "ndcg@10", summarise([0.0, 0.5, 1.0]))
    report.add("segue", "rock", "ndcg@10", Summary(0.25, 0.25, 0.25, 0.0, 1))
    report.add("bm25", "all", "ndcg@10", summarise([0.0, 0.25]))
    return report


def test_json_holds_exactly_the_agreed_keys(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    _report().write(path)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert list(written) == ["schema", "command", "settings", "versions", "hardware", "seeds", "results", "selection"]
    assert written["schema"] == 1
    assert written["seeds"] == [64, 65]
    assert written["settings"] == {"catalogue": "songs.csv.gz", "systems": ["segue"]}
    assert list(written["results"]["segue"]) == ["all", "rock"]
    figure = written["results"]["segue"]["all"]["ndcg@10"]
    assert list(figure) == ["mean", "low", "high", "sd", "n"]
    assert figure["mean"] == 0.5
    assert figure["n"] == 3
    assert written["selection"] == {}
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_all_comes_first_and_names_are_lower_case() -> None:
    report = Report("segue bench turn", {}, (0,))
    with pytest.raises(ValueError, match="'all' first"):
        report.add("segue", "rock", "ndcg@10", summarise([1.0]))
    with pytest.raises(ValueError, match="lower case"):
        report.add("segue", "all", "NDCG@10", summarise([1.0]))


def test_table_names_hardware_versions_seeds_and_every_figure() -> None:
    shown = io.StringIO()
    _report().show(Console(file=shown, width=160))
    text = shown.getvalue()
    for part in (hardware()["cpu"], "numpy", "seeds 64, 65", "songs.csv.gz", "0.500 [", "rock", "bm25"):
        assert part in text, part
    assert "/somewhere" not in text


def test_markdown_holds_the_same_table(tmp_path: Path) -> None:
    report = _report()
    report.add("a|b", "all", "ndcg@10", summarise([0.5]))
    report.write_markdown(tmp_path / "table.md")
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[:2] == ["| system | subset | ndcg@10 | n |", "| --- | --- | ---: | ---: |"]
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| segue", "| bm25", "| a\\|b", "| segue"]
    assert rows[-1] == "| segue | rock | 0.250 | 1 |"
    for part in ("`segue eval playlists`", hardware()["cpu"], "numpy", "seeds 64, 65"):
        assert part in text, part
