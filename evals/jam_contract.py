"""What every system behind the port `JamSystem` promises, clause by clause, and a check of each.

Of one that is fitted, on any task (`segue eval jam` checks these of a class of your own as soon as it is fitted):

    fit        takes (task, *, seed, folder, progress), and what it raises is a RecsysError
    shape      one row of scores for each request, one column for each item; no rows for no request
    numbers    no score is NaN or plus infinity; minus infinity is what is not to be shown
    again      asking again gives the same scores
    alone      each request is scored as if it were asked alone, whatever else is asked with it
    inputs     neither fitting nor scoring changes what was handed over
    words      any text is answered: none, blanks, one never seen
    nobody     a listener of whom nothing is known (`NOBODY`) is answered, or refused by UnknownListenerError

Of the class, on a small planted task, as well:

    unfitted   scores asked before fitting are refused by a RuntimeError (ours is NotFittedError)
    stranger   a row that is no listener's is refused by an IndexError (ours is UnknownListenerError)
    seed       a second system, fitted on the same with the same seed, gives the same scores
    kept       fitted with the folder of a finished run, it gives the same scores
    little     it can be fitted without history, without listeners' features and without requests to choose by
    refit      what was learnt before is forgotten when a system is fitted again
    folded     a system that folds in: told again what it knows it gives the same scores, told nothing, proper ones

The planted task (`evals.jam_planted`) holds items without any modality and listeners without features, history and
requests, so that all the clauses hold for what is absent too. Scores are the same when they differ by less than 1e-4
of the largest.

    from evals.jam_contract import findings

    assert [found for found in findings(MyModel) if found.problem] == []
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from evals.errors import ContractError
from evals.jam_planted import contract_task
from evals.metrics import summarise
from evals.report import Report
from recsys.errors import RecsysError
from recsys.jam.errors import NOBODY, UnknownListenerError
from recsys.jam.task import FoldsIn, JamSystem, JamTask
from recsys.types import FloatArray, IntArray, Progress

__all__ = ["CLAUSES", "QUICK", "Finding", "findings", "fingerprint", "fit_checked", "report"]

Make = Callable[[], JamSystem]

_TOLERANCE = 1e-4
_FIT = "fit(task, *, seed, folder, progress) learns from any task"
#: Requests that no training ever holds, and what is hard to read of those it may.
_WORDS = ("", "   ", "\n", "never asked for: ünïcödé 音楽 🎷", "nan", "2006", "c++ \\ \"quoted\" 'too'", "la " * 400)


@dataclass(frozen=True)
class Finding:
    """One clause of one system."""

    clause: str
    promise: str
    problem: str | None  # what was found in place of the promise; None where it holds


def fit_checked(
    name: str,
    system: JamSystem,
    task: JamTask,
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Fit a system and check the quick clauses of it, asking some of the training requests.

    Args:
        name: what the system is called.
        system: to fit.
        task: to fit it on.
        seed: see `JamSystem.fit`, as `folder` and `progress`.

    Raises:
        ContractError: a clause is broken; it says which.
        RecsysError: what the system raises on purpose when it cannot be fitted.
    """
    before = fingerprint(task)
    try:
        system.fit(task, seed=seed, folder=folder, progress=progress)
    except RecsysError:
        raise
    except Exception as error:
        raise ContractError(name, "fit", _FIT, _raised(error)) from error
    for clause, (promise, check) in QUICK.items():
        problem = _problem(partial(check, system, task, before))
        if problem:
            raise ContractError(name, clause, promise, problem)


def findings(make: Make, *, seed: int = 64) -> Iterator[Finding]:
    """Check every clause of a class on a small planted task, which takes six fits.

    Args:
        make: makes a system, not yet fitted; the class itself will do.
        seed: of the fits.
    """
    task = contract_task()
    before = fingerprint(task)
    with tempfile.TemporaryDirectory() as folder:
        runs = _Runs(make, task, Path(folder), seed)
        unfit = _problem(runs.fit)
        yield Finding("fit", _FIT, unfit)
        for name, (promise, quick) in QUICK.items():
            yield Finding(name, promise, unfit or _problem(partial(quick, runs.system, task, before)))
        for name, (promise, slow) in _SLOW.items():
            yield Finding(name, promise, unfit or _problem(partial(slow, runs)))


def report(found: Mapping[str, Sequence[Finding]], seeds: Sequence[int]) -> Report:
    """Report under how many of the seeds each system keeps which clauses (subsets), and under `all` how many of all."""
    made = Report("segue eval contract", {"models": list(found)}, seeds)
    for system, clauses in found.items():
        made.add(system, "all", "holds", summarise([float(one.problem is None) for one in clauses]))
        for clause in CLAUSES:
            kept = [float(one.problem is None) for one in clauses if one.clause == clause]
            made.add(system, clause, "holds", summarise(kept))
    return made


def fingerprint(task: JamTask) -> str:
    """Fingerprint everything that a task holds and that a system could change."""
    digest = hashlib.sha256()

    def add(label: str, *arrays: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
        digest.update(label.encode("utf-8", "surrogatepass"))
        for array in arrays:
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())

    dataset = task.dataset
    for kind, features in (("item", dataset.item_features), ("user", dataset.user_features)):
        for modality, table in features.items():
            add(f"{kind} {modality}", table)
    if dataset.plays is not None:
        add("plays", dataset.plays.data, dataset.plays.indices, dataset.plays.indptr)
    for split in (task.train, task.choose):
        if split is not None:
            add("\t".join(split.texts), split.query_idxs, split.users, split.starts, split.items)
    return digest.hexdigest()


def _shape(system: JamSystem, task: JamTask, before: str) -> str | None:
    texts, users = _sample(task)
    for n in (len(texts), 1, 0):
        found = np.asarray(system.score(texts[:n], users[:n]))
        if found.shape != (n, task.dataset.n_items):
            return f"score gave {found.shape} for {n} requests, expected {(n, task.dataset.n_items)}"
    return None


def _numbers(system: JamSystem, task: JamTask, before: str) -> str | None:
    return _improper(system.score(*_sample(task)))


def _again(system: JamSystem, task: JamTask, before: str) -> str | None:
    return _differ(system.score(*_sample(task)), system.score(*_sample(task)), "scores asked again")


def _alone(system: JamSystem, task: JamTask, before: str) -> str | None:
    texts, users = _sample(task)
    together = np.asarray(system.score(texts, users))
    turned = np.asarray(system.score(texts[::-1], users[::-1].copy()))[::-1]
    alone = np.concatenate([system.score(texts[n : n + 1], users[n : n + 1]) for n in range(len(texts))])
    return _differ(together, alone, "scores asked one by one") or _differ(together, turned, "scores asked in turn")


def _inputs(system: JamSystem, task: JamTask, before: str) -> str | None:
    texts, users = _sample(task)
    asked, by = list(texts), users.copy()
    system.score(texts, users)
    if texts != asked or not np.array_equal(users, by):
        return "score changed the texts or the listeners it was handed"
    return None if fingerprint(task) == before else "the data set or the requests of the task are not as they were"


def _words(system: JamSystem, task: JamTask, before: str) -> str | None:
    users = np.full(len(_WORDS), task.train.users[0])
    return _improper(system.score(list(_WORDS), users))


def _nobody(system: JamSystem, task: JamTask, before: str) -> str | None:
    texts, users = _sample(task)
    try:
        found = system.score(texts, np.full_like(users, NOBODY))
    except UnknownListenerError:
        return None
    return _improper(found)


@dataclass
class _Runs:
    """Systems of one class, fitted in the ways that the slow clauses compare, in their order."""

    make: Make
    task: JamTask
    folder: Path
    seed: int

    def fit(self) -> None:
        """Fit the system that the others are compared with."""
        self.system = self.make()
        self.system.fit(self.task, seed=self.seed, folder=None, progress=None)

    @cached_property
    def scores(self) -> FloatArray:
        """What the others' scores are compared with."""
        return np.array(self.system.score(*_sample(self.task)))

    def compared(self, system: JamSystem, what: str, folder: Path | None = None) -> str | None:
        """Fit a system in the same way; say by how much its scores differ, if they do."""
        system.fit(self.task, seed=self.seed, folder=folder, progress=None)
        return _differ(self.scores, system.score(*_sample(self.task)), what)


def _unfitted(runs: _Runs) -> str | None:
    try:
        runs.make().score(*_sample(runs.task))
    except RuntimeError:
        return None
    return "score answered before fit"


def _stranger(runs: _Runs) -> str | None:
    n_users = runs.task.dataset.n_users
    for row in (n_users, NOBODY - 1):
        try:
            runs.system.score(["rock"], np.array([row]))
        except IndexError:
            continue
        return f"listener {row} of {n_users} was answered"
    return None


def _same_seed(runs: _Runs) -> str | None:
    return runs.compared(runs.make(), f"scores of a second system of seed {runs.seed}", runs.folder)


def _kept(runs: _Runs) -> str | None:
    return runs.compared(runs.make(), "scores of a second run in the same folder", runs.folder)


def _little(runs: _Runs) -> str | None:
    bare = replace(runs.task, dataset=replace(runs.task.dataset, plays=None, user_features={}), choose=None)
    system = runs.make()
    system.fit(bare, seed=runs.seed, folder=None, progress=None)
    return _improper(system.score(*_sample(bare)))


def _refit(runs: _Runs) -> str | None:
    system = runs.make()
    system.fit(contract_task(turned=3), seed=runs.seed + 1, folder=None, progress=None)
    return runs.compared(system, "scores after it had been fitted on something else")


def _folded(runs: _Runs) -> str | None:
    system, task = runs.system, runs.task
    if not isinstance(system, FoldsIn):
        return None
    system.fold_in(task.dataset)
    changed = _differ(runs.scores, system.score(*_sample(task)), "scores after what was known was folded in")
    nothing = {modality: np.zeros_like(table) for modality, table in task.dataset.user_features.items()}
    empty = csr_array((task.dataset.n_users, task.dataset.n_items), dtype=np.float32)
    system.fold_in(replace(task.dataset, plays=empty, user_features=nothing))
    return changed or _improper(system.score(*_sample(task)))


#: Clauses of a fitted system: what is promised, and a check that returns what was found in its place.
QUICK: dict[str, tuple[str, Callable[[JamSystem, JamTask, str], str | None]]] = {
    "shape": ("one row for each request, one column for each item", _shape),
    "numbers": ("no score is NaN or plus infinity; return -inf for what is not to be shown", _numbers),
    "again": ("asking again gives the same scores", _again),
    "alone": ("each request is scored as if it were asked alone", _alone),
    "inputs": ("what is handed over is not changed; copy it first", _inputs),
    "words": ("any text is answered, also none", _words),
    "nobody": (f"user {NOBODY}, of whom nothing is known, is answered or refused by UnknownListenerError", _nobody),
}
_SLOW: dict[str, tuple[str, Callable[[_Runs], str | None]]] = {
    "unfitted": ("score before fit raises a RuntimeError", _unfitted),
    "stranger": ("a row that is no listener's raises an IndexError", _stranger),
    "seed": ("the same seed gives the same scores; draw from a generator of its own", _same_seed),
    "kept": ("a run that is found finished in its folder gives the same scores", _kept),
    "little": ("no history, no listeners' features and nothing to choose by will do", _little),
    "refit": ("fitting again forgets what was learnt before", _refit),
    "folded": ("folding in what is known changes nothing, and who has nothing is answered", _folded),
}
CLAUSES = ("fit", *QUICK, *_SLOW)


def _sample(task: JamTask) -> tuple[list[str], IntArray]:
    """Some requests of training, spread over it; the first one comes twice."""
    asked = task.train.take(np.linspace(0, len(task.train) - 1, 6).astype(np.int64))
    return [*asked.texts, asked.texts[0]], np.append(asked.users, asked.users[0])


def _problem(check: Callable[[], str | None]) -> str | None:
    """Return what a check found; what the system raised is a finding too, errors of ours say enough themselves."""
    try:
        return check()
    except RecsysError as error:
        return str(error)
    except Exception as error:
        return _raised(error)


def _raised(error: Exception) -> str:
    return f"{type(error).__name__} was raised: {error}"


def _improper(scores: FloatArray) -> str | None:
    """Say what is wrong with scores, if anything."""
    found = np.asarray(scores)
    if found.dtype.kind not in "fiu":
        return f"score gave values of type {found.dtype}, expected numbers"
    for what, where in (("NaN", np.isnan(found)), ("plus infinity", np.isposinf(found))):
        if where.any():
            return f"score gave {what} for {int(where.sum()):,} of {found.size:,} pairs of request and item"
    return None


def _differ(one: FloatArray, other: FloatArray, what: str) -> str | None:
    """Say by how much scores differ, if they do."""
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape:
        return f"{what} have the shape {second.shape}, not {first.shape}"
    size = float(np.abs(first[np.isfinite(first)]).max(initial=0))
    if np.allclose(first, second, rtol=0, atol=_TOLERANCE * max(size, 1e-9)):
        return None
    both = np.isfinite(first) & np.isfinite(second)
    apart = float(np.abs(first[both] - second[both]).max(initial=0))
    return f"{what} differ by up to {apart:.3g} where the largest is {size:.3g}"
