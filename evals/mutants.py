"""Do the tests notice when a promise is broken? Small patches that each break one, and the tests that must then fail.

Task. `tests/mutants/NN-name.patch` holds a unified diff against the repository, under a header of lines such as

    Promise: nothing of what a listener likes is lost.
    Test: tests/assistant/test_app.py::test_likes_are_stored
    Test: tests/e2e/test_taste.py::test_a_like_moves_the_next_slate

The repository's files (as git lists them, uncommitted changes included) are copied to a temporary folder. There all
named tests must first pass, unless they are said to have passed just now. Then each patch is applied by itself, its
named tests are run, and each must *fail*.

Conventions. A test that cannot be collected or set up (an error, not a failure) does not count as failing: breaking an
import proves nothing. A parametrised test fails if one of its cases does. A skipped test counts as not run, which is an
error. A patch that does not apply is an error: promises move with the code, and so must their mutants. Tests run in the
current interpreter, in a fixed order, with the copy first on the import path. The metric `caught` is the share of
mutants whose named tests all failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

from evals.errors import CommandFailedError, MutantError
from evals.metrics import summarise
from evals.report import Report
from recsys.types import Progress

FOLDER = Path("tests/mutants")
_TIMEOUT_S = 600
#: Mutants that are tested side by side.
_AT_ONCE = 2
_HEADER = re.compile(r"^(Promise|Test):\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A patch, the promise it breaks, and the tests that hold the promise."""

    name: str
    promise: str
    tests: tuple[str, ...]  # "file::test", parameters left out
    patch: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the named tests said of a mutant: test → passed, failed, error or skipped."""

    mutant: Mutant
    results: dict[str, str]

    @property
    def caught(self) -> bool:
        """Whether every named test failed."""
        return bool(self.results) and all(result == "failed" for result in self.results.values())

    @property
    def told(self) -> str:
        """Say in a line what happened."""
        bad = [f"{test} {result}" for test, result in self.results.items() if result != "failed"]
        return "; ".join(bad) if bad else f"{self.mutant.promise} ({len(self.results)} failed)"


def read_mutant(path: Path) -> Mutant:
    """Read a patch's header.

    Raises:
        MutantError: it names no promise, no test, or changes nothing.
    """
    text = path.read_text(encoding="utf-8")
    header, _, diff = text.partition("\ndiff --git ")
    entries = [match.groups() for line in header.splitlines() if (match := _HEADER.match(line))]
    promises = [value for key, value in entries if key == "Promise"]
    tests = tuple(value for key, value in entries if key == "Test")
    if len(promises) != 1 or not tests or not diff:
        raise MutantError(
            f"{path} has {len(promises)} promises, {len(tests)} tests and {'a' if diff else 'no'} diff; expected one "
            "`Promise:` line, at least one `Test:` line and a `diff --git`"
        )
    return Mutant(path.stem.partition("-")[2] or path.stem, promises[0], tests, path)


def read_mutants(repository: Path, only: Sequence[str] = ()) -> list[Mutant]:
    """Read the repository's mutants in the order of their numbers; with `only`, those of these names.

    Raises:
        MutantError: there are none, or no mutant has one of the names.
    """
    mutants = [read_mutant(path) for path in sorted((repository / FOLDER).glob("*.patch"))]
    unknown = set(only) - {mutant.name for mutant in mutants}
    if not mutants or unknown:
        names = ", ".join(mutant.name for mutant in mutants) or "none"
        said = (
            f"no mutant {', '.join(map(repr, sorted(unknown)))}" if mutants else f"{repository / FOLDER} has no patches"
        )
        raise MutantError(f"{said}; there are: {names}. Give --repository a checkout of Segue")
    return [mutant for mutant in mutants if not only or mutant.name in only]


def evaluate(
    repository: Path,
    only: Sequence[str],
    seeds: Sequence[int],
    *,
    part: tuple[int, int] = (1, 1),
    passing: bool = False,
    progress: Progress | None = None,
) -> tuple[Report, list[Outcome]]:
    """Run every mutant against its tests.

    Args:
        repository: the checkout.
        only: names of mutants; all without any.
        seeds: told in the report; nothing is drawn.
        part: (k, n): of these every nth, beginning with the kth from 1.
        passing: whether their tests are known to pass on the unchanged code.
        progress: told about every stage.

    Raises:
        MutantError: a patch does not apply, or a named test does not pass on the unchanged copy.
    """
    mutants = read_mutants(repository, only)[part[0] - 1 :: part[1]]
    with _copy(repository) as copy:
        if not passing:
            _require_passing(copy, mutants, progress)
        outcomes = _break_all(repository, copy, mutants, progress)
    report = Report("segue eval mutants", {"mutants": [mutant.name for mutant in mutants]}, seeds)
    report.add("tests", "all", "caught", summarise([float(outcome.caught) for outcome in outcomes]))
    return report, outcomes


def _break_all(repository: Path, first: Path, mutants: Sequence[Mutant], progress: Progress | None) -> list[Outcome]:
    """Break promises side by side, each worker in a copy of its own."""
    with ExitStack() as copies, ThreadPoolExecutor(_AT_ONCE) as pool:
        free: SimpleQueue[Path] = SimpleQueue()
        for copy in (first, *(copies.enter_context(_copy(repository)) for _ in range(_AT_ONCE - 1))):
            free.put(copy)

        def broken(mutant: Mutant) -> Outcome:
            copy = free.get()
            try:
                with _applied(copy, mutant):
                    results = run_tests(copy, mutant.tests)
                    if "error" in results.values():  # of what surrounds a test, such as processes that came too late
                        results = run_tests(copy, mutant.tests)
                    return Outcome(mutant, results)
            finally:
                free.put(copy)

        outcomes = []
        for outcome in pool.map(broken, mutants):
            outcomes.append(outcome)
            if progress:
                progress("break promises", len(outcomes), len(mutants))
        return outcomes


def run_tests(folder: Path, tests: Sequence[str], *, at_once: int = 0) -> dict[str, str]:
    """Run tests in a checkout and return each one's result: passed, failed, error or skipped.

    With `at_once`, so many files are run side by side.

    Raises:
        CommandFailedError: pytest itself could not run, or came to no end.
    """
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "xdist", "-n", str(at_once), "-m", ""]
        command += ["--dist", "loadfile"] if at_once else []
        command += ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:langsmith_plugin"]
        command += ["-o", "junit_family=xunit1", f"--junit-xml={results}", *tests]
        environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            ran = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailedError(" ".join(command[1:]), -1, f"no end after {_TIMEOUT_S} s") from error
        if not results.is_file():
            raise CommandFailedError(" ".join(command[1:]), ran.returncode, ran.stdout + ran.stderr)
        found = [(_identity(case), _result(case)) for case in ElementTree.parse(results).iter("testcase")]
    worst = ("failed", "error", "passed", "skipped")
    by_test = {test: {result for identity, result in found if identity == test} for test in tests}
    return {test: min(results, key=worst.index) if results else "error" for test, results in by_test.items()}


@contextmanager
def _copy(repository: Path) -> Iterator[Path]:
    """Lend a copy of the files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise MutantError(f"{repository.absolute()} is no git checkout; give --repository a checkout of Segue")
    with tempfile.TemporaryDirectory(prefix="segue-mutants-") as scratch:
        copy = Path(scratch)
        for name in filter(None, listed.stdout.split("\0")):
            source, target = repository / name, copy / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        yield copy


def _require_passing(copy: Path, mutants: Sequence[Mutant], progress: Progress | None) -> None:
    tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    if progress:
        progress("run unbroken", 0, len(tests))
    bad = {test: result for test, result in run_tests(copy, tests, at_once=_AT_ONCE).items() if result != "passed"}
    if bad:
        said = ", ".join(f"{test} ({result})" for test, result in bad.items())
        raise MutantError(f"tests that mutants name do not pass on the unchanged code: {said}; repair them first")
    if progress:
        progress("run unbroken", len(tests), len(tests))


@contextmanager
def _applied(copy: Path, mutant: Mutant) -> Iterator[None]:
    """Break the copy, and mend it afterwards."""
    _git_apply(copy, mutant)
    try:
        yield
    finally:
        _git_apply(copy, mutant, "--reverse")


def _git_apply(copy: Path, mutant: Mutant, *options: str) -> None:
    # Outside a repository `git apply` works on plain files; the ceiling keeps it from finding one further up.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(copy.parent)}
    done = subprocess.run(
        ["git", "apply", *options, str(mutant.patch.absolute())],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise MutantError(f"{mutant.patch} does not apply: {said}; make the mutant anew for the code as it is")


def _identity(case: ElementTree.Element) -> str:
    """Name a test as the command line does, without its parameters."""
    file, name = case.get("file") or "", (case.get("name") or "").partition("[")[0]
    module = file.removesuffix(".py").replace("/", ".")
    inside = (case.get("classname") or "").removeprefix(module).strip(".")
    return "::".join(part for part in (file, *inside.split("."), name) if part)


def _result(case: ElementTree.Element) -> str:
    for tag, result in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        if case.find(tag) is not None:
            return result
    return "passed"


def main() -> None:
    """Run as `python -m evals.mutants`, with the options of `segue eval mutants`."""
    from evals.main import command_line

    command_line().main(args=["eval", "mutants", *sys.argv[1:]], prog_name="segue")


if __name__ == "__main__":
    main()
