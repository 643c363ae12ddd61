"""The contract of systems: ours keep it, and each clause finds a system that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.errors import ContractError
from evals.jam import SYSTEMS, evaluate, open_named
from evals.jam_contract import CLAUSES, findings, fingerprint, fit_checked
from evals.jam_planted import contract_task
from evals.main import command_line
from recsys.jam.dataset import JamDataset
from recsys.jam.errors import NOBODY, NotFittedError, UnknownListenerError, checked_users
from recsys.jam.files import write_jam
from recsys.jam.task import JamSystem, JamTask
from recsys.jam.trained import TrainedSystem
from recsys.types import FloatArray, IntArray
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import dataset

MODULE = "tests.contracts.test_jam_systems"


def ours(name: str) -> JamSystem:
    """One of our systems, trained for less long than usual."""
    system = open_named(name)
    if isinstance(system, TrainedSystem):
        system.settings = replace(system.settings, epochs=2, threads=1)
    return system


@pytest.mark.parametrize("name", SYSTEMS)
def test_our_systems_keep_the_contract(name: str) -> None:
    found = list(findings(partial(ours, name)))
    assert {one.clause: one.problem for one in found} == dict.fromkeys(CLAUSES)


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "segue"])
def test_our_systems_answer_nobody_as_a_listener_of_whom_nothing_is_known(name: str) -> None:
    """Listener 0 of the planted task has neither features nor history nor requests."""
    system = ours(name)
    system.fit(contract_task(), seed=1)
    texts = ["rock", "never asked"]
    nobody, nothing_known = (system.score(texts, np.array([user, user])) for user in (NOBODY, 0))
    assert np.isfinite(nobody).all()
    if name != "random":  # draws for every listener anew
        np.testing.assert_allclose(nobody, nothing_known, atol=1e-5)


class Kept:
    """A system of somebody else's that keeps every clause: noise of its seed, by text and listener."""

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: object = None) -> None:
        self.n_users, self.n_items = task.dataset.n_users, task.dataset.n_items
        self.learnt = np.bincount(task.train.items, minlength=self.n_items) + np.random.default_rng(seed).random()

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        if not hasattr(self, "learnt"):
            raise NotFittedError(self)
        rows = checked_users(users, self.n_users)
        lengths = np.array([len(text) for text in texts], np.float32)[:, None] + rows[:, None] % 2
        return (self.learnt[None, :] * (1 + lengths)).astype(np.float32)

    def fold_in(self, listeners: JamDataset) -> None:
        pass


class FitsWithoutASeed(Kept):
    def fit(self, task: JamTask) -> None:  # type: ignore[override]
        super().fit(task, seed=0)


class ForgetsAnItem(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        return super().score(texts, users)[:, 1:]


class DividesByZero(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        scores = super().score(texts, users)
        scores[:, :1] = np.inf
        return scores


class DrawsWhenAsked(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        self.noise = getattr(self, "noise", 0) + 1
        return super().score(texts, users) + np.float32(self.noise)


class NormalisesOverTheBatch(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        scores = super().score(texts, users)
        return scores - scores.mean() if len(scores) else scores


class MixesUpRows(Kept):
    """The reshape that gave users each other's scores: right for one row, wrong for several."""

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        scores = super().score(texts, users)
        return np.roll(scores, 1, axis=0)


class ScalesInPlace(Kept):
    def fit(self, task: JamTask, **options: object) -> None:  # type: ignore[override]
        for table in task.dataset.item_features.values():
            table /= 2
        super().fit(task, **options)  # type: ignore[arg-type]


class SortsWhatItIsAsked(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        scores = super().score(texts, users)
        users.sort()
        return scores


class ReadsTheFirstLetter(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        return super().score([text[0] for text in texts], users)


class KnowsTrainingTextsOnly(Kept):
    def fit(self, task: JamTask, **options: object) -> None:  # type: ignore[override]
        self.texts = set(task.train.texts)
        super().fit(task, **options)  # type: ignore[arg-type]

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        if not set(texts) <= self.texts:
            raise KeyError(*set(texts) - self.texts)
        return super().score(texts, users)


class RefusesNobodyItsOwnWay(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        if (np.asarray(users) == NOBODY).any():
            raise ValueError("no such user")
        return super().score(texts, users)


class AnswersUnfitted(Kept):
    n_users, n_items, learnt = 14, 32, np.ones(32)


class TakesLastRowForStrangers(Kept):
    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        return super().score(texts, np.minimum(np.maximum(users, NOBODY), self.n_users - 1))


class DrawsFromEverybodysGenerator(Kept):
    def fit(self, task: JamTask, *, seed: int, **options: object) -> None:  # type: ignore[override]
        super().fit(task, seed=int(np.random.randint(1 << 30)))


class NeverForgets(Kept):
    def fit(self, task: JamTask, **options: object) -> None:  # type: ignore[override]
        before = getattr(self, "learnt", 0)
        super().fit(task, **options)  # type: ignore[arg-type]
        self.learnt = self.learnt + before


class GoesOnWhereItEnded(Kept):
    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: object = None) -> None:
        super().fit(task, seed=seed)
        if folder is not None:
            runs = folder / "runs"
            n_runs = int(runs.read_text()) + 1 if runs.exists() else 1
            runs.write_text(str(n_runs))
            self.learnt = self.learnt * n_runs


class NeedsAHistory(Kept):
    def fit(self, task: JamTask, **options: object) -> None:  # type: ignore[override]
        assert task.dataset.plays is not None
        super().fit(task, **options)  # type: ignore[arg-type]


class AddsUpWhatItIsTold(Kept):
    def fold_in(self, listeners: JamDataset) -> None:
        assert listeners.plays is not None
        self.learnt = self.learnt + listeners.plays.sum()


BROKEN: Sequence[tuple[Callable[[], JamSystem], str, str]] = (
    (FitsWithoutASeed, "fit", "unexpected keyword argument 'seed'"),
    (ForgetsAnItem, "shape", "score gave (7, 31) for 7 requests, expected (7, 32)"),
    (DividesByZero, "numbers", "plus infinity for 7 of 224 pairs"),
    (DrawsWhenAsked, "again", "scores asked again differ by up to 1 "),
    (NormalisesOverTheBatch, "alone", "scores asked one by one differ"),
    (MixesUpRows, "alone", "scores asked one by one differ"),
    (ScalesInPlace, "inputs", "the data set or the requests of the task are not as they were"),
    (SortsWhatItIsAsked, "inputs", "score changed the texts or the listeners"),
    (ReadsTheFirstLetter, "words", "IndexError was raised: string index out of range"),
    (KnowsTrainingTextsOnly, "words", "KeyError was raised"),
    (RefusesNobodyItsOwnWay, "nobody", "ValueError was raised: no such user"),
    (AnswersUnfitted, "unfitted", "score answered before fit"),
    (TakesLastRowForStrangers, "stranger", "listener 14 of 14 was answered"),
    (DrawsFromEverybodysGenerator, "seed", "scores of a second system of seed 64 differ"),
    (NeverForgets, "refit", "scores after it had been fitted on something else differ"),
    (GoesOnWhereItEnded, "kept", "scores of a second run in the same folder differ"),
    (NeedsAHistory, "little", "AssertionError was raised"),
    (AddsUpWhatItIsTold, "folded", "scores after what was known was folded in differ"),
)


def test_a_system_that_keeps_every_clause_passes() -> None:
    assert [one.clause for one in findings(Kept)] == list(CLAUSES)
    assert [one for one in findings(Kept) if one.problem] == []


@pytest.mark.parametrize(("make", "clause", "said"), BROKEN)
def test_every_clause_finds_who_breaks_it(make: Callable[[], JamSystem], clause: str, said: str) -> None:
    problems = {one.clause: one.problem or "" for one in findings(make)}
    assert said in problems[clause]


def test_there_is_somebody_who_breaks_each_clause() -> None:
    assert {clause for _, clause, _ in BROKEN} == set(CLAUSES)


def test_who_refuses_nobody_by_the_documented_error_keeps_the_contract() -> None:
    class Refuses(Kept):
        def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
            if (np.asarray(users) == NOBODY).any():
                raise UnknownListenerError(NOBODY, self.n_users)
            return super().score(texts, users)

    assert [one for one in findings(Refuses) if one.problem] == []


def test_a_fingerprint_is_of_everything_that_a_task_holds() -> None:
    task = contract_task()
    assert fingerprint(task) == fingerprint(contract_task())
    assert task.dataset.plays is not None
    assert task.choose is not None
    for array in (
        task.dataset.item_features["said"],
        task.dataset.user_features["likes"],
        task.dataset.plays.data,
        task.train.items,
        task.train.users,
        task.choose.items,
    ):
        before = fingerprint(task)
        array[-1:] += 1
        assert fingerprint(task) != before


def test_what_a_system_refuses_on_purpose_is_said_as_it_says_it() -> None:
    few = contract_task()
    few = replace(few, train=few.train.take(np.arange(5)), choose=None)
    with pytest.raises(Exception, match="5") as refused:
        fit_checked("segue-jam", open_named("segue-jam"), few, seed=1)
    assert not isinstance(refused.value, ContractError)


@pytest.mark.parametrize("broken", [ForgetsAnItem, DividesByZero, NormalisesOverTheBatch, ReadsTheFirstLetter])
def test_an_evaluation_says_which_clause_an_outside_class_breaks(
    broken: type, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jam(tmp_path / "planted", dataset())
    name = f"{MODULE}:{broken.__name__}"
    clause = next(clause for make, clause, _ in BROKEN if make is broken)
    arguments = ["eval", "jam", "--data", str(tmp_path / "planted"), "--models", name]
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=[*arguments, "--json", str(tmp_path / "out.json")], prog_name="segue")
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    last = said.err.strip().splitlines()[-1]
    assert last.startswith(f"segue: {name} breaks the clause '{clause}' of the contract of systems (")
    assert not (tmp_path / "out.json").exists()


def test_an_outside_class_that_keeps_the_contract_is_evaluated(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", dataset())
    name = f"{MODULE}:Kept"
    report, _ = evaluate(tmp_path / "planted", (64,), (name, "pop"), split="val", encoder=StyleEncoder())
    assert list(report.results) == [name, "pop", f"{name} - pop"]


def test_the_whole_command_lists_every_clause(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, out = f"{MODULE}:NeverForgets", tmp_path / "out.json"
    with pytest.raises(SystemExit) as ended:
        command_line().main(
            args=["eval", "contract", "--models", f"pop,{broken}", "--json", str(out)], prog_name="segue"
        )
    assert ended.value.code == 1
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines() if line.startswith(("pop", broken))]
    assert [line[1] for line in lines] == [*CLAUSES, *CLAUSES]
    assert {line[1]: line[2] for line in lines if line[0] == broken} == dict.fromkeys(CLAUSES, "holds") | {
        "refit": "broken:"
    }
    assert said.err.strip().splitlines()[-1].startswith(f"segue: {broken} breaks the clause 'refit'")
    figures = json.loads(out.read_text(encoding="utf-8"))["results"]
    assert figures["pop"]["refit"]["holds"]["mean"] == 1
    assert figures[broken]["refit"]["holds"]["mean"] == 0
    assert figures[broken]["all"]["holds"]["mean"] == pytest.approx(1 - 1 / len(CLAUSES))
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=["eval", "contract", "--models", "pop", "--seeds", "3,4"], prog_name="segue")
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 * len(CLAUSES)


def test_the_example_of_the_documentation_keeps_the_contract() -> None:
    page = (Path(__file__).parents[2] / "docs" / "jam.md").read_text(encoding="utf-8")
    code = page.split("```python\n# nearest.py", 1)[1].split("```", 1)[0]
    defined: dict[str, Any] = {}
    exec(compile("#" + code, "nearest.py", "exec"), defined)
    assert [one for one in findings(defined["Nearest"]) if one.problem] == []
    plain = contract_task()
    nearest = defined["Nearest"]()
    nearest.fit(plain, seed=1)
    names = plain.dataset.item_names
    assert names is not None
    assert nearest.score([names[7]], np.array([NOBODY])).argmax() == 7
