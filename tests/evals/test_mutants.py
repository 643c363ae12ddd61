"""The mutants tool on a small repository of its own: what is caught, what survives, and what is no proof."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evals.errors import MutantError
from evals.mutants import evaluate, read_mutants, run_tests

_CODE = """\
def likes(event):
    return event == "like"


def cap(rows, most):
    return rows[:most]
"""
_TESTS = """\
import pytest

from product import cap, likes


def test_likes():
    assert likes("like")


class TestCap:
    @pytest.mark.parametrize("most", [0, 1])
    def test_cap(self, most):
        assert len(cap([1, 2], most)) == most


def test_nothing_much():
    assert cap([], 1) == []
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # plugins are most of a small run's time
    (tmp_path / "tests" / "mutants").mkdir(parents=True)
    (tmp_path / "product.py").write_text(_CODE, encoding="utf-8")
    (tmp_path / "tests" / "test_product.py").write_text(_TESTS, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def _plant(repository: Path, name: str, old: str, new: str, *tests: str, promise: str = "Likes count.") -> None:
    """Write a mutant that replaces a line of the product."""
    lines = _CODE.splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if old in line)
    changed = [*lines[:number], lines[number].replace(old, new), *lines[number + 1 :]]
    body = "".join([*(f" {line}" for line in lines[:number]), f"-{lines[number]}", f"+{changed[number]}"])
    body += "".join(f" {line}" for line in lines[number + 1 :])
    header = "".join([f"Promise: {promise}\n", *(f"Test: tests/test_product.py::{test}\n" for test in tests)])
    patch = f"--- a/product.py\n+++ b/product.py\n@@ -1,{len(lines)} +1,{len(lines)} @@\n{body}"
    text = f"{header}\ndiff --git a/product.py b/product.py\n{patch}"
    (repository / "tests" / "mutants" / f"{name}.patch").write_text(text, encoding="utf-8")


@pytest.mark.long
def test_caught_and_surviving_mutants_are_told_apart(repository: Path) -> None:
    _plant(repository, "01-likes-lost", 'event == "like"', "False", "test_likes")
    _plant(repository, "02-cap-off", "rows[:most]", "rows", "TestCap::test_cap", "test_nothing_much", promise="Capped.")
    report, outcomes = evaluate(repository, (), (0,))
    assert [(outcome.mutant.name, outcome.caught) for outcome in outcomes] == [("likes-lost", True), ("cap-off", False)]
    assert outcomes[0].told == "Likes count. (1 failed)"
    assert outcomes[1].told == "tests/test_product.py::test_nothing_much passed"
    assert report.results["tests"]["all"]["caught"].mean == 0.5
    assert (repository / "product.py").read_text(encoding="utf-8") == _CODE
    assert [mutant.name for mutant in read_mutants(repository, ("likes-lost",))] == ["likes-lost"]


def test_a_broken_import_is_no_proof(repository: Path) -> None:
    """Tests that cannot be collected say nothing about the promise."""
    _plant(repository, "01-likes-lost", "def likes", "def dislikes", "test_likes")
    _, (outcome,) = evaluate(repository, (), (0,))
    assert not outcome.caught
    assert outcome.told.endswith("error")


def test_tests_must_pass_before_anything_is_broken(repository: Path) -> None:
    _plant(repository, "01-likes-lost", 'event == "like"', "False", "test_that_does_not_exist")
    with pytest.raises(MutantError, match="do not pass on the unchanged code"):
        evaluate(repository, (), (0,))


def test_a_test_that_is_said_to_pass_must_still_be_there_to_fail(repository: Path) -> None:
    _plant(repository, "01-likes-lost", 'event == "like"', "False", "test_that_does_not_exist")
    _plant(repository, "02-likes-lost-too", 'event == "like"', "False", "test_likes")
    _, outcomes = evaluate(repository, (), (0,), passing=True)
    assert [outcome.caught for outcome in outcomes] == [False, True]
    _, (second,) = evaluate(repository, (), (0,), part=(2, 2), passing=True)
    assert second.mutant.name == "likes-lost-too"


def test_a_patch_that_no_longer_applies_is_an_error(repository: Path) -> None:
    _plant(repository, "01-likes-lost", 'event == "like"', "False", "test_likes")
    (repository / "product.py").write_text(_CODE.replace("event", "act"), encoding="utf-8")
    with pytest.raises(MutantError, match="does not apply"):
        evaluate(repository, (), (0,))


def test_headers_are_checked(repository: Path) -> None:
    with pytest.raises(MutantError, match="has no patches"):
        read_mutants(repository)
    _plant(repository, "01-likes-lost", 'event == "like"', "False", "test_likes")
    with pytest.raises(MutantError, match="'other'"):
        read_mutants(repository, ("other",))
    _plant(repository, "02-no-test", 'event == "like"', "False")
    with pytest.raises(MutantError, match="1 promises, 0 tests"):
        read_mutants(repository)


def test_results_of_tests_by_name(repository: Path) -> None:
    path = repository / "tests" / "test_more.py"
    path.write_text("import pytest\n\n@pytest.mark.skip\ndef test_skipped():\n    pass\n", encoding="utf-8")
    tests = ["tests/test_product.py::TestCap::test_cap", "tests/test_more.py::test_skipped"]
    assert run_tests(repository, tests) == {tests[0]: "passed", tests[1]: "skipped"}


def test_shipped_mutants_are_at_least_ten_and_well_formed(pytestconfig: pytest.Config) -> None:
    mutants = read_mutants(pytestconfig.rootpath)
    assert len(mutants) >= 10
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        for test in mutant.tests:
            assert (pytestconfig.rootpath / test.partition("::")[0]).is_file(), test
