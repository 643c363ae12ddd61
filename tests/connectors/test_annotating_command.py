"""`segue annotate` on the command line: what it says, what it asks before it costs anything, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from assistant.annotating_reports import AnnotateReport, AskedReport, CostReport
from connectors import annotating
from connectors.cli import app

COST = CostReport(n_tracks=10, n_checks=2, n_kept=3, n_questions=2, tokens_in=4_000, tokens_out=3_000, n_examples=0)


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["annotate", *arguments], input=stdin, prog_name="segue")
    return result.exit_code, result.stdout, result.stderr or str(result.exception or "")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("command", ["", "file", "llm", "audio", "undo"])
def test_every_command_helps_with_an_example(command: str) -> None:
    status, out, _ = run(*command.split(), "--help")
    assert status == 0
    assert f"  Example:\n    segue annotate {command}" in out


def test_a_scale_has_to_be_said_and_to_be_one(tmp_path: Path) -> None:
    status, _, said = run("file", "genes.tsv")
    assert (status, "--scale" in said) == (2, True)
    status, _, said = run("file", "genes.tsv", "--scale", "percent")
    assert status == 1
    assert "there is no scale 'percent'; say 0-1" in said


def test_a_file_that_names_no_track_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text(f"artist\tgene_values\nBand\t{json.dumps([0.1] * 58)}\n", encoding="utf-8")
    status, _, said = run("file", str(path), "--scale", "0-1")
    assert status == 1
    assert "no column names the track among artist, gene_values" in said


def test_without_a_model_nothing_is_asked() -> None:
    status, _, said = run("llm", "--yes")
    assert status == 1
    assert "SEGUE_LLM__MODEL" in said


class Annotator:
    """An assistant of which only the asking is of interest."""

    def __init__(self) -> None:
        self.asked = 0

    def __enter__(self) -> Annotator:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def annotation_cost(self, **_: object) -> CostReport:
        return COST

    def annotate_by_model(self, **_: object) -> AnnotateReport:
        self.asked += 1
        asked = AskedReport(
            n_asked=5,
            n_kept=3,
            n_left=5,
            tokens_in=2_000,
            tokens_out=1_000,
            refused=(("tempo = '9', which is no whole number from 0 to 5", 2),),
            n_compared=2,
            problem="it answered 503",
        )
        return AnnotateReport(
            source="attributes:llm", n_tracks=8, n_values=400, n_shown=380, confidence=0.61, dry_run=False, asked=asked
        )


def test_the_cost_is_said_before_anything_is_asked_and_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    annotator = Annotator()
    monkeypatch.setattr(annotating, "open_assistant", lambda settings: annotator)
    monkeypatch.setattr(annotating, "read_settings", SimpleNamespace)
    prices = ("--price-in", "1", "--price-out", "2")
    status, out, _ = run("llm", "--dry-run", *prices)
    assert (status, annotator.asked) == (0, 0)
    assert "10 tracks to ask about (2 to compare), 3 known from earlier" in out
    assert "About 2 questions, 4,000 tokens sent and up to 3,000 received (estimated by length)" in out
    assert "About 0.0100 at your prices" in out
    status, out, _ = run("llm", stdin="n\n")
    assert annotator.asked == 0
    status, out, _ = run("llm", "--yes", *prices)
    assert (status, annotator.asked) == (1, 1)
    assert "That was about 0.0040 at your prices" in out
    assert "refused 2 × tempo = '9', which is no whole number from 0 to 5" in out
    assert "stopped: it answered 503; run it again to go on" in out
    assert "400 values of 8 tracks from your language model, on average 61% sure; 380 sure enough to be used" in out
