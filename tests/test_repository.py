"""The repository keeps its word: the README's commands are those that are run, and files stay pages."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

_SET_UP = re.compile(r"^python3\.11 -m venv \.venv && .*$", re.MULTILINE)


@pytest.fixture
def root(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath


def test_readme_gives_two_commands_that_do_all_the_set_up(root: Path) -> None:
    """One installs and starts the web chat, one installs and passes the tests."""
    start, check = _SET_UP.findall((root / "README.md").read_text(encoding="utf-8"))
    venv = "python3.11 -m venv .venv && .venv/bin/pip install --no-compile"
    assert start == f"{venv} . && .venv/bin/segue web"
    assert check == f"{venv} -e '.[test]' && .venv/bin/pytest"


def test_ci_runs_literally_the_test_command_of_the_readme(root: Path) -> None:
    said = subprocess.run([root / ".ci" / "run", "test-command"], capture_output=True, text=True, check=True).stdout
    assert said.rstrip("\n") == _SET_UP.findall((root / "README.md").read_text(encoding="utf-8"))[1]


def test_ci_installs_for_its_linters_what_the_test_command_installs(root: Path) -> None:
    """The linters run in the environment that the README's command then finds in place."""
    script = (root / ".ci" / "run").read_text(encoding="utf-8")
    command = _SET_UP.findall((root / "README.md").read_text(encoding="utf-8"))[1]
    make, install, _ = (shlex.split(step) for step in command.split(" && "))
    steps = [
        shlex.split(line, comments=True) for line in script.splitlines() if "-m venv" in line and "[test]" not in line
    ]
    assert make in steps
    assert f"{' '.join(install[:2])} --quiet --no-compile -e '{install[-1]}'" in script


def test_ci_is_executable_and_refuses_what_it_does_not_know(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)
    refused = subprocess.run([root / ".ci" / "run", "everything"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "usage" in refused.stderr


def test_what_takes_long_is_run_on_one_of_the_days(root: Path) -> None:
    script = (root / ".ci" / "run").read_text(encoding="utf-8")
    mark = "mark." + "long"
    files = [path for path in sorted((root / "tests").rglob("test_*.py")) if mark in path.read_text(encoding="utf-8")]
    assert len(files) > 5
    assert [path.name for path in files if f" {path.relative_to(root)}" not in script.replace('"', " ")] == []


def test_base_install_has_no_test_tools_and_the_extras_are_those_of_accounts_and_adapters(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert list(extras) == ["spotify", "listenbrainz", "musicbrainz", "subsonic", "lora", "test"]
    assert "segue[listenbrainz,lora,musicbrainz,spotify,subsonic]" in extras["test"]
    names = {re.split(r"[<>=!\[ ]", line)[0].lower() for line in project["dependencies"]}
    tools = {re.split(r"[<>=!\[ ]", line)[0].lower() for line in project["optional-dependencies"]["test"]}
    assert not names & tools
    assert {"langchain", "chromadb", "sentence-transformers", "torch", "transformers", "discord.py", "gradio"} <= names


@pytest.mark.parametrize("package", ["recsys", "assistant", "connectors", "evals"])
def test_files_stay_pages(root: Path, package: str) -> None:
    """A file of more than 400 lines is a chapter."""
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in (root / package).rglob("*.py")
    }
    assert {name: n for name, n in lengths.items() if n > 400} == {}
