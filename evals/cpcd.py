"""Is the playlist that somebody is after found in conversation? The Conversational Playlist Curation Dataset.

Task. At every turn of a real dialogue a system hears what was said and liked so far (`recsys.dialogues.heard`) and
ranks the catalogue; sought are the tracks of the dialogue's goal playlist that were not liked before. Metrics and their
conventions are those of `evals.cpcd_metrics`; the whole catalogue is ranked.

Conventions. Systems are fitted on the training dialogues and asked about the others: about a file of their own, or by
cross-validation, `N_FOLDS` folds of dialogues drawn by seed. For every fold a system is made anew and given the
training dialogues alone. A ranking holds `DEPTH` tracks, so that 100 are left when versions and what was liked are
taken out of it; the dataset's own script asks for so many, and looks no further.

    SYSTEM        as named on the command line, or by --predictions
    A - B         the paired difference of two systems, dialogue by dialogue

Subset `all` is the macro average: a dialogue's turns first, then the dialogues. `micro` averages turns. `turns 1+` is
macro over the turns after the first, at which something may have been liked; `turn t` averages the turns t of all
dialogues that have one (from 0). `slate as shown` scores what the listener would see, after the rules of slates: at
most `N_SHOWN` tracks, macro. `candidates` says how many tracks the product's ranker chooses from, and how much of the
goal is among them. Seconds are of this machine: `ranking` and `showing` one turn, `fitting` one fold.
Intervals resample dialogues; several seeds make several splits, whose dialogues are resampled together.

`details` of the JSON holds, per system and seed, every metric in the layout of the dataset's script (`averages`) and
every dialogue with the ranks of what was found at each turn (`dialogues`), from which every metric follows.

Reference: Chaganty et al. (2023), "Beyond Single Items: Exploring User Preferences in Item Sets with the
Conversational Playlist Curation Dataset".
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from evals.cpcd_context import Context, System, Uniting
from evals.cpcd_files import read_predictions, write_predictions
from evals.cpcd_report import Answers, report_on
from evals.cpcd_systems import SYSTEMS
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.naming import choose
from evals.report import Report
from evals.trec import safe_name
from recsys.dialogue_files import read_dialogues
from recsys.dialogues import Dialogue, heard
from recsys.types import Progress, TrackId

N_FOLDS = 5
DEPTH = 200
N_SHOWN = 20


def choose_systems(
    names: str, against: str | None = None, predicted: Sequence[str] = ()
) -> tuple[tuple[str, ...], str]:
    """Read a comma-separated list of systems, "all" being everything, and the one that the others are compared with.

    Args:
        names: of systems.
        against: what to compare with; bm25 by default, or the first named where that does not run.
        predicted: names of files of predictions.

    Raises:
        UnknownSystemError: one of them does not exist, none is named, or `against` is not one that runs.
    """
    chosen = choose(names, tuple(SYSTEMS))
    run = (*chosen, *predicted)
    if not run:
        raise UnknownSystemError(names, tuple(SYSTEMS))
    if against is None:
        return chosen, "bm25" if "bm25" in run else run[0]
    if against not in run:
        raise UnknownSystemError(against, run, "system to compare with")
    return chosen, against


def evaluate(
    tracks: Path,
    dialogues: Path,
    systems: Sequence[str],
    seeds: Sequence[int],
    *,
    training: Path | None = None,
    against: str = "bm25",
    predictions: Mapping[str, Path] | None = None,
    written: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run the whole evaluation.

    Args:
        tracks: the catalogue that is searched.
        dialogues: those that are answered and scored.
        systems: names of `SYSTEMS`.
        seeds: of the folds, and of systems that draw.
        training: dialogues that systems learn from; without them, cross-validation.
        against: the system that all others are compared with.
        predictions: name → file of predictions, to be scored beside the systems.
        written: folder for a file of predictions of each system.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        SourceError: the tracks cannot be read.
        DialogueFileError: dialogues or predictions cannot be read.
        EvaluationDataError: dialogues rate unknown tracks, there are too few of them, or some are in both files.
    """
    asked = read_dialogues(dialogues)
    taught = None if training is None else read_dialogues(training)
    with Context(tracks, kept=kept, progress=progress) as context:
        _check(asked, taught, context, dialogues)
        read = {name: read_predictions(path, asked, context.clusters) for name, path in (predictions or {}).items()}
        runs = []
        for seed in seeds:
            answers = _answer(context, systems, seed, asked, taught)
            answers |= {name: Answers(ranked) for name, ranked in read.items()}
            runs.append(answers)
            if written is not None:
                written.mkdir(parents=True, exist_ok=True)
                ending = ".jsonl" if len(seeds) == 1 else f"-{seed}.jsonl"
                for name in systems:
                    write_predictions(written / f"{safe_name(name)}{ending}", answers[name].ranked)
        said = {
            "tracks": tracks,
            "dialogs": dialogues,
            "train_dialogs": training,
            "folds": N_FOLDS if training is None else None,
            "systems": list(systems),
            "against": against,
            "predictions": list(predictions or {}),
        }
        report = Report("segue eval cpcd", said | context.settings(), seeds)
        report_on(report, asked, runs, context.clusters, against=against)
    return report


def folds(dialogues: Sequence[Dialogue], seed: int) -> Iterator[tuple[list[Dialogue], list[Dialogue]]]:
    """Yield training and test dialogues of each fold; every dialogue is tested once."""
    drawn = np.random.default_rng(seed).permutation(len(dialogues))
    for number in range(N_FOLDS):
        test = set(drawn[number::N_FOLDS].tolist())
        yield (
            [one for place, one in enumerate(dialogues) if place not in test],
            [one for place, one in enumerate(dialogues) if place in test],
        )


def _check(asked: Sequence[Dialogue], taught: Sequence[Dialogue] | None, context: Context, path: Path) -> None:
    for one in asked:
        rated = (track_id for turn in one.turns for track_id in (*turn.liked, *turn.disliked))
        for track_id in (*one.goal, *rated):
            if track_id not in context.clusters:
                raise EvaluationDataError(
                    f"dialogue {one.id!r} of {path.name} rates the track {track_id!r}, which is not among the "
                    f"{len(context.clusters):,} tracks of {context.tracks.name}; give --tracks the file that belongs "
                    "to the dialogues"
                )
    if taught is None and len(asked) < N_FOLDS:
        raise EvaluationDataError(
            f"{path.name} holds {len(asked)} dialogues and {N_FOLDS} folds need as many; give more, or "
            "--train-dialogs a file to learn from"
        )
    if both := {one.id for one in taught or ()} & {one.id for one in asked}:
        raise EvaluationDataError(
            f"{len(both)} dialogues of {path.name} are also learnt from (such as {min(both)!r}); leave them out of one "
            "of the files, or give --dialogs alone for cross-validation"
        )
    if not any(one.goal for one in asked):
        raise EvaluationDataError(f"no dialogue of {path.name} has a goal_playlist, so there is nothing to find")


def _answer(
    context: Context, names: Sequence[str], seed: int, asked: Sequence[Dialogue], taught: Sequence[Dialogue] | None
) -> dict[str, Answers]:
    """Ask every system about every dialogue, fitted on others."""
    parts = list(folds(asked, seed)) if taught is None else [(taught, asked)]
    answers: dict[str, Answers] = {}
    for name in names:
        answered = Answers()
        done = 0
        for training, test in parts:
            system = SYSTEMS[name](context, seed)
            started = time.perf_counter()
            system.fit(training)
            answered.fit_s.append(time.perf_counter() - started)
            for one in test:
                _ask(system, one, answered)
                done += 1
                if context.progress:
                    context.progress(f"{name} (seed {seed})", done, len(asked))
        answered.ranked = {one.id: answered.ranked[one.id] for one in asked}
        answers[name] = answered
    return answers


def _ask(system: System, dialogue: Dialogue, answered: Answers) -> None:
    ranked: list[Sequence[TrackId]] = []
    shown: list[Sequence[TrackId]] = []
    united: list[Sequence[TrackId]] = []
    for turn in range(len(dialogue.turns)):
        known = heard(dialogue, turn)
        started = time.perf_counter()
        ranked.append(system.rank(known, DEPTH)[:DEPTH])
        answered.rank_s.append(time.perf_counter() - started)
        started = time.perf_counter()
        slate = system.show(known, N_SHOWN)
        if slate is not None:
            answered.show_s.append(time.perf_counter() - started)
            shown.append(slate[:N_SHOWN])
        if isinstance(system, Uniting):
            united.append(system.unite(known))
    answered.ranked[dialogue.id] = ranked
    if shown:
        answered.shown[dialogue.id] = shown
    if united:
        answered.united[dialogue.id] = united
