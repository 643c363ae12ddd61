"""Listening to files: each is decoded in a worker process, once for all that hear it, and what was heard is kept.

Light encoders and the analysers run in the workers; others run here, over the windows of several tracks at a time, on a
GPU where there is one. A run that was killed goes on where it had last saved, with the same result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np

from recsys.audio import ffmpeg
from recsys.audio.base import AudioEncoder, Heard, Problem
from recsys.audio.cache import HeardCache
from recsys.audio.choosing import LIGHT
from recsys.audio.hearing import Hearing, TaggingEncoder, Task
from recsys.audio.registry import audio_card, open_audio_encoder
from recsys.audio.workers import Answer, Crew
from recsys.types import NOTE, FloatArray, Progress

FOLDER = Path("cache") / "audio"
#: Seconds between two times that what was heard is saved.
_SAVE_EVERY_S = 2.0
#: Tracks whose windows an encoder of the parent process gets together.
_TOGETHER = 8
#: Files that are planned at a time: what is known of a file takes kilobytes. Workers are started for each lot.
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Listened:
    """What listening to files came to. Shapes: D width of an encoder."""

    vectors: Mapping[str, Mapping[str, FloatArray]]  # encoder → key → (D,), the mean over windows
    identities: Mapping[str, str]  # encoder → identity
    heard: Mapping[str, Sequence[Heard]]  # key → what analysers heard
    problems: tuple[Problem, ...]
    n_files: int  # different ones
    n_decoded: int  # in this run
    seconds: float = 0.0


@dataclass
class _Plan:
    """Who hears, and what they have heard already."""

    encoders: Mapping[str, AudioEncoder]
    analysers: str  # identity of all of them; empty where there are none
    tagger: str  # the encoder that hears tags; empty where there is none
    decoder: str
    problems: list[Problem] = field(default_factory=list)

    @property
    def light(self) -> tuple[str, ...]:
        return tuple(name for name in self.encoders if name in LIGHT)

    @property
    def heavy(self) -> tuple[str, ...]:
        return tuple(name for name in self.encoders if name not in LIGHT)


def listen(
    home: Path,
    files: Mapping[str, Path],
    encoders: Sequence[str],
    *,
    workers: int,
    timeout_s: float,
    threads: int = 1,
    progress: Progress | None = None,
) -> Listened:
    """Hear files that were not heard yet, and return what is known of all.

    Args:
        home: the data folder.
        files: key of the content → where the file is.
        encoders: names of audio encoders.
        workers: processes that decode.
        timeout_s: longest time for one file.
        threads: of encoders that run in this process.
        progress: told about it.

    Raises:
        UnknownAudioEncoderError: there is none of a name.
        WeightsError: one lacks its weights or its library; nothing has been heard then.
        WorkerError: the processes cannot start.
    """
    began = time.perf_counter()
    plan = _plan(home, encoders, threads)
    with HeardCache(home / FOLDER) as cache:
        wanted = _wanted(plan, files, cache)
        if wanted:
            light = tuple(name for name in encoders if audio_card(name).name in LIGHT)
            arguments = (str(home), light, bool(plan.analysers))
            told = _Told(progress, len(wanted))
            for start in range(0, len(wanted), _AT_ONCE):
                tasks = _tasks(plan, files, wanted[start : start + _AT_ONCE], cache)
                n = min(workers, len(tasks))
                with Crew[Task]("recsys.audio.hearing", "open_hearer", arguments, n=n, timeout_s=timeout_s) as crew:
                    _hear(crew, tasks, plan, cache, told)
        notes = cache.notes(files)
        plan.problems += [Problem(str(files[key]), note, heard=True) for key, note in notes.items()]
        return Listened(
            vectors={name: cache.means(encoder.identity, files) for name, encoder in plan.encoders.items()},
            identities={name: encoder.identity for name, encoder in plan.encoders.items()},
            heard=cache.heard(plan.analysers, files) if plan.analysers else {},
            problems=tuple(sorted(plan.problems, key=lambda problem: problem.path)),
            n_files=len(files),
            n_decoded=len(wanted),
            seconds=time.perf_counter() - began,
        )


def _plan(home: Path, names: Sequence[str], threads: int) -> _Plan:
    from recsys.heard import VERSION, open_analysers

    encoders = {audio_card(name).name: open_audio_encoder(name, home, threads) for name in names}
    tagger = next((name for name, one in encoders.items() if name in LIGHT and isinstance(one, TaggingEncoder)), "")
    analysers = f"heard-{VERSION} {encoders[tagger].identity if tagger else 'without tags'}"
    decoder = f"soundfile {metadata.version('soundfile')}{' ffmpeg' if ffmpeg.program() else ''}"
    return _Plan(encoders, analysers if open_analysers() else "", tagger, decoder)


def _wanted(plan: _Plan, files: Mapping[str, Path], cache: HeardCache) -> list[str]:
    """The keys of files that are left to hear; those that are not there, or cannot be decoded, become problems."""
    unheard = files.keys() - cache.known_heard(plan.analysers, files) if plan.analysers else set()
    missing = (files.keys() - cache.known(encoder.identity, files) for encoder in plan.encoders.values())
    refused = cache.problems(plan.decoder, files)
    wanted = []
    for key in sorted(unheard.union(*missing)):
        if key in refused:
            plan.problems.append(Problem(str(files[key]), refused[key]))
        elif not files[key].is_file():
            plan.problems.append(Problem(str(files[key]), "it is not there"))
        else:
            wanted.append(key)
    return wanted


def _tasks(plan: _Plan, files: Mapping[str, Path], keys: Sequence[str], cache: HeardCache) -> list[Task]:
    """What is left to hear of some files, with what is known of them."""
    unheard = set(keys) - cache.known_heard(plan.analysers, keys) if plan.analysers else set()
    known = {name: cache.vectors(encoder.identity, keys) for name, encoder in plan.encoders.items()}
    tags = cache.tags(plan.encoders[plan.tagger].identity, keys) if plan.tagger else {}
    return [
        Task(
            key=key,
            path=str(files[key]),
            encoders=tuple(name for name in plan.light if key not in known[name]),
            send=tuple({plan.encoders[name].card.rate for name in plan.heavy if key not in known[name]}),
            analyse=key in unheard,
            vectors={name: of[key] for name, of in known.items() if key in of},
            tags=tags.get(key),
        )
        for key in keys
    ]


def _hear(crew: Crew[Task], tasks: Sequence[Task], plan: _Plan, cache: HeardCache, told: _Told) -> None:
    """Let the crew hear the files, and keep what it heard every few seconds."""
    together: list[Answer[Task]] = []
    for answer in crew.answers(tasks):
        if answer.result is None:
            plan.problems.append(Problem(answer.job.path, answer.problem))
            if answer.lasting:
                cache.put_problem(plan.decoder, answer.job.key, answer.problem)
        else:
            _keep(answer.job, answer.result, plan, cache)
            if answer.job.send:
                together.append(answer)
        if len(together) == _TOGETHER:
            _encode_together(together, plan, cache)
            together.clear()
        told.another(cache.save)
    if together:
        _encode_together(together, plan, cache)
    cache.save()


def _keep(task: Task, hearing: Hearing, plan: _Plan, cache: HeardCache) -> None:
    for name, vectors in hearing.vectors.items():
        if not np.isfinite(vectors).all():
            plan.problems.append(Problem(task.path, f"{name} made no numbers of it"))
            continue
        cache.put_vectors(plan.encoders[name].identity, task.key, vectors)
        if name == plan.tagger and hearing.tags is not None:
            cache.put_tags(plan.encoders[name].identity, task.key, hearing.tags)
    if task.analyse:
        cache.put_heard(plan.analysers, task.key, hearing.heard)
    if hearing.note:
        cache.put_note(task.key, hearing.note)


def _encode_together(answers: Sequence[Answer[Task]], plan: _Plan, cache: HeardCache) -> None:
    """Run the encoders of this process over the windows of several tracks at once."""
    for name in plan.heavy:
        encoder = plan.encoders[name]
        of = [answer for answer in answers if encoder.card.rate in answer.job.send]
        windows = [window for answer in of for window in answer.result.windows[encoder.card.rate]]
        if not windows:
            continue
        try:
            ends = np.cumsum([len(answer.result.windows[encoder.card.rate]) for answer in of])
            found = np.split(encoder.encode(windows), ends[:-1])
        except Exception:  # such as a GPU without room for all of them: those that it cannot hear alone are named
            found = [_encode_alone(encoder, answer, plan) for answer in of]
        for answer, vectors in zip(of, found, strict=True):
            if len(vectors):
                cache.put_vectors(encoder.identity, answer.job.key, vectors)


def _encode_alone(encoder: AudioEncoder, answer: Answer[Task], plan: _Plan) -> FloatArray:
    try:
        return encoder.encode(answer.result.windows[encoder.card.rate])
    except Exception as error:
        reason = f"{encoder.card.name} could not hear it ({type(error).__name__}: {error})"
        plan.problems.append(Problem(answer.job.path, reason))
        return np.zeros((0, 0), np.float32)


class _Told:
    """Says how fast it goes, and saves every few seconds."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._began = self._saved = time.perf_counter()
        if progress:
            progress("listening", 0, total)

    def another(self, save: Callable[[], None]) -> None:
        """One more file is done."""
        self._done, now = self._done + 1, time.perf_counter()
        if self._progress:
            rate = self._done / max(now - self._began, 1e-3)
            self._progress(f"listening{NOTE}{rate:.1f} tracks/s", self._done, self._total)
        if now - self._saved >= _SAVE_EVERY_S:
            save()
            self._saved = now
