"""What `segue eval sequential` learns from and asks: out of files of sequences, logs of listening, or a benchmark.

    listener, session    a file with one sequence to a line, and a file of targets or none
    lastfm1k, music4all  a published log, cut into sessions (`recsys.sequential.sessions`) and split by time
    events               what the listeners of a data folder played, likewise
    a benchmark          a folder of `segue benchmark build`: the last step of each session of a part, with candidates

Of logs every step but the first of each session of the part is asked, or so many as are drawn; validation is not learnt
from, whichever part is asked. Questions of one listener belong together in logs and benchmarks, those of one sequence
elsewhere. Items that no training sequence holds are ranked too; a benchmark counts targets that train lacks as missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evals.errors import EvaluationError
from recsys.sequential.benchmark_reading import is_benchmark, read_benchmark, read_vectors
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.held_out import LINES_HELD_OUT, every_step
from recsys.sequential.item_vectors import ALLOWED, read_item_vectors
from recsys.sequential.plays import Plays
from recsys.sequential.reading import FORMATS, last_lines, read_sequences, read_targets, read_tokens
from recsys.sequential.reading_logs import read_events, read_lastfm_1k, read_music4all
from recsys.sequential.sequences import Questions, Sequences, leave_one_out
from recsys.sequential.sessions import SessionSettings, sessions_of, split_by_time
from recsys.types import FloatArray, IntArray, Progress

LOGS = ("lastfm1k", "music4all", "events")
ALL_FORMATS = (*FORMATS, *LOGS)


class SequentialDataError(EvaluationError, ValueError):
    """A file of sequences leaves nothing to ask."""


@dataclass(frozen=True)
class Task:
    """What is learnt from and what is asked then; `owners` say which questions belong together."""

    subset: str
    train: Sequences
    questions: Questions
    owners: tuple[str, ...]
    missed: tuple[str, ...] = ()  # owners of questions whose target is not in the data
    candidates: IntArray | None = None  # (Q, C) items beside each target, -1 for none


@dataclass(frozen=True)
class Options:
    """How a file is read and asked about."""

    form: str = "listener"
    repeats: bool | None = None  # whether items of the prefix are ranked; None: where a sequence has one twice
    positions: int = 1
    names: Path | None = None
    vectors: Path | None = None
    drawn: int | None = None  # questions of sessions to draw; all when None
    sessions: SessionSettings = field(default_factory=SessionSettings)  # how logs are cut
    part: str = "test"  # of a split by time
    artists: bool = False  # whether a step of LastFM-1K is an artist


@dataclass(frozen=True)
class Material:
    """What is asked, and what it is asked of."""

    sequences: Sequences  # all that may be seen
    tasks: tuple[Task, ...]
    together: str  # what intervals draw whole
    by_lines: bool  # whether sequences are in the order of time
    n_left_out: int = 0  # steps of prefixes that are not in the data
    split: Mapping[str, int] = field(default_factory=dict)


def read_material(data: Path, targets: Path | None, options: Options, seed: int, progress: Progress) -> Material:
    """Read what is learnt from and what is asked.

    Args:
        data: a file of sequences, a log, a data folder, or a benchmark.
        targets: a file of targets, for files of sequences alone.
        options: how they are read.
        seed: of drawing questions.
        progress: told how far a log is read.

    Raises:
        SequenceDataError: a file cannot be used.
        SequentialDataError: nothing is left to ask.
    """
    if is_benchmark(data):
        found = _of_benchmark(data, options)
    elif options.form in LOGS:
        found = _of_log(data, options, seed, progress)
    else:
        found = _of_file(data, targets, options, seed)
    tasks = tuple(one for one in found.tasks if (len(one.questions) or one.missed) and len(one.train.items))
    if not tasks:
        raise SequentialDataError(
            f"{len(found.sequences):,} sequences are too few or too short to hold any step out; give more, or "
            "--targets FILE"
        )
    return replace(found, tasks=tasks)


def read_content(folder: Path | None, sequences: Sequences) -> dict[str, FloatArray]:
    """Read the vectors of all items (I, D) of a benchmark, or of a data set in the JAM file format, by their names.

    Raises:
        SequenceDataError: they cannot be read.
    """
    if folder is None:
        return {}
    if is_benchmark(folder):
        return read_vectors(folder, sequences.names)
    return {kind: read_item_vectors(folder, sequences.names, kind) for kind in ALLOWED}


def has_vectors(path: Path) -> bool:
    """Say whether a path is a benchmark with vectors of its own."""
    return is_benchmark(path) and (any((path / "vectors").glob("*.npy")) or (path / "attributes.npy").is_file())


def _of_benchmark(folder: Path, options: Options) -> Material:
    read = read_benchmark(folder, options.part)
    learnt = np.bincount(read.train.items, minlength=read.train.n_items) > 0
    known = np.flatnonzero(learnt[read.questions.targets])
    owners = np.array(read.listeners, dtype=object)
    missed = tuple(owners[~learnt[read.questions.targets]].tolist())
    questions = Questions(read.questions.prefixes.take(known), read.questions.targets[known])
    among = None if read.candidates is None else read.candidates[known]
    task = Task("all", read.train, questions, tuple(owners[known].tolist()), missed, among)
    return Material(read.train, (task,), "listeners", by_lines=True)


def _of_log(data: Path, options: Options, seed: int, progress: Progress) -> Material:
    cut = sessions_of(_plays(data, options, progress), options.sessions)
    split = split_by_time(cut)
    questions = every_step(split.test if options.part == "test" else split.validation, n_drawn=options.drawn, seed=seed)
    owners = tuple(owner.rpartition("/")[0] for owner in questions.prefixes.owners)
    told = {name: len(getattr(split, name)) for name in ("train", "validation", "test")}
    told["over_a_border"] = split.n_dropped
    return Material(cut, (Task("all", split.train, questions, owners),), "listeners", by_lines=True, split=told)


def _plays(data: Path, options: Options, progress: Progress) -> Plays:
    if options.form == "lastfm1k":
        return read_lastfm_1k(data, item="artist" if options.artists else "track", progress=progress)
    if options.form == "music4all":
        return read_music4all(data, progress=progress)
    from recsys.store import Store

    database = data / "segue.db"
    if not database.is_file():
        raise SequenceDataError(data, None, "it holds no segue.db", "name a data folder of Segue")
    with closing(Store.open(f"sqlite:///{database.absolute().as_posix()}")) as store:
        catalogue = store.load_catalogue(with_starter=True)
        lengths = dict(zip(catalogue.track_ids, catalogue.durations_s.tolist(), strict=True))
        return read_events(store, lengths, progress=progress)


def _of_file(data: Path, targets: Path | None, options: Options, seed: int) -> Material:
    sequences = read_sequences(data, options.form, names=options.names)
    by_lines = options.form == "session"
    if targets is not None:
        given = read_targets(targets, sequences, read_tokens(data, options.form), options.form)
        task = Task("all", sequences, given.questions, given.owners, given.unknown)
        return Material(sequences, (task,), "sequences", by_lines, given.n_unknown_steps)
    if by_lines:
        train, asked = last_lines(sequences, LINES_HELD_OUT)
        questions = every_step(asked, n_drawn=options.drawn, seed=seed)
        task = Task("all", train, questions, questions.prefixes.owners)
        return Material(sequences, (task,), "sessions", by_lines)
    tasks = []
    longest = int(sequences.lengths.max())
    for position in range(1, min(options.positions, longest - 1) + 1):
        train, questions = leave_one_out(sequences, from_end=position)
        tasks.append(Task(f"from the end {position}", train, questions, questions.prefixes.owners))
    return Material(sequences, tuple(tasks), "listeners", by_lines)
