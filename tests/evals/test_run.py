"""The conventions of every `segue eval NAME` and `segue bench NAME`, and a whole evaluation on small data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from evals.errors import SeedsError
from evals.main import command_line
from evals.options import read_seeds
from evals.run import bench_app, eval_app

_COMMANDS = [
    (group, name)
    for group, app in (("eval", eval_app), ("bench", bench_app))
    for name in get_command(app).commands  # type: ignore[attr-defined]
]


def _command(group: str, name: str) -> Any:
    app: typer.Typer = {"eval": eval_app, "bench": bench_app}[group]
    return get_command(app).commands[name]  # type: ignore[attr-defined]


#: Commands whose figures nothing is drawn for.
_WITHOUT_CHANCE = ("wording",)


@pytest.mark.parametrize(("group", "name"), _COMMANDS)
def test_every_command_takes_seeds_and_json_and_shows_an_example(group: str, name: str) -> None:
    command = _command(group, name)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json"} | ({"--seeds"} if name not in _WITHOUT_CHANCE else set()) <= options
    assert command.help
    assert command.epilog.startswith(f"Example: segue {group} {name}")


@pytest.mark.parametrize(("group", "name"), _COMMANDS)
def test_examples_are_command_lines_that_parse(group: str, name: str, tmp_path: Path) -> None:
    command = _command(group, name)
    words = command.epilog.removeprefix(f"Example: segue {group} {name}").split()
    with command.make_context(name, words, resilient_parsing=False) as context:
        assert context.params


def test_help_of_a_group_names_its_commands() -> None:
    done = CliRunner().invoke(bench_app, ["--help"])
    assert done.exit_code == 0
    for name in ("turn", "cold", "index", "scale"):
        assert name in done.stdout
    assert "─" not in done.stdout, "plain, as the help of every other command"


def test_seeds_are_one_or_several() -> None:
    assert read_seeds("64") == (64,)
    assert read_seeds("64, 65,64") == (64, 65)
    for text in ("", "a", "1,,2", "-1", "1.5"):
        with pytest.raises(SeedsError, match="--seeds 64"):
            read_seeds(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["eval", "playlists", "--catalogue", "none.csv"], "no such file"),
        (["eval", "playlists", "--catalogue", "none.csv", "--systems", "jam"], "'jam'"),
        (["eval", "playlists", "--catalogue", "none.csv", "--seeds", "x"], "--seeds"),
        (["eval", "starter", "--data", "nowhere"], "spotify_songs.csv.gz"),
        (["eval", "requests", "--json", "no/such/folder/out.json"], "--json"),
        (["eval", "mutants", "--repository", "nowhere"], "--repository"),
        (["eval", "listener", "--catalogue", "none.csv"], "no such file"),
        (["eval", "listener", "--catalogue", "none.csv", "--choosing"], "--choosing"),
        (["eval", "cpcd", "--tracks", "none.jsonl", "--dialogs", "none.jsonl"], "none.jsonl: No such file"),
        (["eval", "cpcd", "--tracks", "none.jsonl", "--dialogs", "none.jsonl", "--systems", "best"], "'best'"),
        (["eval", "cpcd", "--tracks", "none.jsonl", "--dialogs", "none.jsonl", "--predictions", "x"], "NAME=FILE"),
        (["eval", "jam", "--data", "nowhere"], "item_idxs.tsv"),
        (["eval", "jam", "--data", "nowhere", "--models", "best"], "'best'"),
        (["eval", "jam", "--data", "nowhere", "--cases", "unseen"], "no case 'unseen'"),
        (["eval", "jam", "--data", "nowhere", "--against", "best"], "'best'"),
        (["eval", "jam", "--data", "nowhere", "--markdown", "no/such/folder/out.md"], "--markdown"),
        (["eval", "jam", "--data", "nowhere", "--per-query", "no/such/folder/out.jsonl"], "--per-query"),
        (["eval", "jam", "--data", "nowhere", "--trec", __file__], "--trec"),
        (["eval", "modalities", "--data", "nowhere", "--models", "avg"], "'avg'"),
        (["eval", "artists", "--data", "nowhere"], "item_idxs.tsv"),
        (["eval", "statistics", "--data", "nowhere"], "item_idxs.tsv"),
        (["eval", "metamorphic", "--catalogue", "none.csv"], "no such file"),
        (["eval", "metamorphic", "--catalogue", "none.csv", "--markdown", "no/such/folder/out.md"], "--markdown"),
        (["bench", "turn"], "--catalogue"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=arguments, prog_name="segue")
    captured = capsys.readouterr()
    assert ended.value.code not in (0, None)
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert said in captured.err


def test_importing_the_commands_imports_nothing_heavy() -> None:
    code = (
        "import sys, evals.run; print(*sorted({'torch', 'chromadb', 'numpy', 'gradio', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_whole_evaluation_prints_its_table_and_writes_its_figures(
    eval_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The starter's check is the quickest whole one; it also is the one that may never say 1."""
    target = tmp_path / "starter.json"
    arguments = ["eval", "starter", "--data", str(eval_data), "--draw", "5", "--seeds", "64", "--json", str(target)]
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=arguments, prog_name="segue")
    out = capsys.readouterr().out
    assert ended.value.code == 0, out
    assert out.count("unconfirmed: ") == 5
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert figures["command"] == "segue eval starter"
    assert figures["seeds"] == [64]
    assert figures["results"]["starter"]["all"]["contradicted"]["mean"] == 0
