"""Which model of what comes next serves a catalogue: one that is surely better than counting, or none.

    1. the last fifth of the sequences is held out; every step of it but the first of each is a question
    2. the mixture is fitted on the rest, and where there is enough to learn from its ensemble with SASRec, too; the
       ensemble is the candidate if it is surely better than the mixture on the first half of the questions
    3. the candidate is compared with the better of popularity and successor counts, question by question, on the
       second half (on all questions where the mixture is alone)

NDCG@10 of a question is 1 / log₂(1 + rank), 0 from rank 11 on, over all tracks but those of the prefix. Surely better
is what has the 95 % interval of the mean difference above zero (`recsys.trial`); drawn together is what is of one
listener, where there are several, and of one sequence otherwise. Then it is fitted anew on everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.sequential.ensemble import Ensemble
from recsys.sequential.held_out import every_step
from recsys.sequential.measure import ranks
from recsys.sequential.mixture import Mixture
from recsys.sequential.port import SequentialModel, silent
from recsys.sequential.registry import open_model
from recsys.sequential.sequences import Sequences
from recsys.sequential.steps import divided
from recsys.trial import DEPTH, Verdict, compare
from recsys.types import Progress

HELD_OUT = 0.2
BASELINES = ("popularity", "successors")
#: Steps from which on SASRec is tried, too. At the border, over 31,000 tracks, it takes 8 minutes on one thread for
#: each of its two fittings, in the trial and on everything; beyond it makes no more than the same 1,500 batches.
NEURAL_FROM = 100_000
#: Questions asked at most, drawn over all held out.
_MOST_QUESTIONS = 3_000


@dataclass(frozen=True)
class Choice:
    """What a trial found."""

    name: str  # of the candidate that was chosen
    baseline: str  # what it was compared with
    figures: Mapping[str, float]  # model → NDCG@10 on all questions held out
    verdict: Verdict  # of the candidate against the baseline
    model: SequentialModel  # the candidate, fitted on those alone that it was not asked about
    later: Sequences  # which it was
    train: Sequences
    n_learnt: int  # sequences that were learnt from in the trial
    n_questions: int

    @property
    def switched_on(self) -> bool:
        """Whether the candidate is surely better than counting."""
        return self.verdict.better


def choose(
    sequences: Sequences,
    *,
    seed: int,
    neural: bool | None = None,
    state: Path | None = None,
    progress: Progress = silent,
) -> Choice:
    """Try the candidates on the latest sequences.

    Args:
        sequences: the earliest first; the last ones are held out.
        seed: of drawing and of training.
        neural: whether SASRec is tried; None where there are at least `NEURAL_FROM` steps.
        state: a folder for what training must keep to go on after a kill.
        progress: told about every stage.

    Raises:
        SequentialModelError: nothing can be held out or learnt.
    """
    train, later = divided(sequences, HELD_OUT)
    questions = every_step(later, n_drawn=_MOST_QUESTIONS, seed=seed)
    owners = _numbered(questions.prefixes.owners)
    units = _numbered(people_of(questions.prefixes))
    candidates = names_of(sequences, neural)
    gains: dict[str, NDArray[np.float64]] = {}
    models: dict[str, SequentialModel] = {}
    for number, name in enumerate([*BASELINES, *candidates]):
        progress("trying models", number, len(candidates) + len(BASELINES))
        model = models[name] = fitted(
            name, train, seed=seed, state=None if state is None else state / "trial", progress=progress
        )
        placed = ranks(model, questions, repeats=False)
        gains[name] = np.where(placed <= DEPTH, 1 / np.log2(1 + placed), 0.0)
    half = len(np.unique(owners)) // 2 if len(candidates) > 1 else 0
    decides, judges = owners < np.unique(owners)[half], owners >= np.unique(owners)[half]

    def compared(old: str, new: str, asked: NDArray[np.bool_]) -> Verdict:
        return compare(gains[old][asked].tolist(), gains[new][asked].tolist(), units[asked].tolist(), seed)

    name = candidates[0]
    if len(candidates) > 1 and compared(name, candidates[1], decides).better:
        name = candidates[1]
    baseline = max(BASELINES, key=lambda one: float(gains[one][judges].sum()))
    verdict = compared(baseline, name, judges)
    figures = {one: float(gain.mean()) for one, gain in gains.items()}
    return Choice(name, baseline, figures, verdict, models[name], later, train, len(train), len(questions))


def names_of(sequences: Sequences, neural: bool | None) -> list[str]:
    """Name the candidates for such sequences."""
    tried = len(sequences.items) >= NEURAL_FROM if neural is None else neural
    return ["mixture", *(["ensemble"] if tried else [])]


def fitted(
    name: str, train: Sequences, *, seed: int, state: Path | None = None, progress: Progress = silent
) -> SequentialModel:
    """Fit a model by name.

    Raises:
        SequentialModelError: there is nothing to learn from.
    """
    if name in BASELINES:
        return open_model(name).fit(train)
    if name == "mixture":
        return Mixture(by="lines", seed=seed).fit(train, progress=progress)
    return Ensemble.of("lines", seed=seed, state=state).fit(train, progress=progress)


def people_of(sequences: Sequences) -> tuple[str, ...]:
    """Name whose each sequence is: its listener where there are several, else itself."""
    listeners = tuple(owner.rpartition("/")[0] for owner in sequences.owners)
    return listeners if len(set(listeners)) > 1 else sequences.owners


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Number names by where each first stands."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
