"""All of a file in segments of one length, as APEX reads it, and what an encoder makes of each, not averaged.

Files are decoded in worker processes; vectors are kept by the content of the file (`recsys.audio.cache`), so that a run
that was killed goes on where it was, and a later one hears new files alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.audio.base import AudioEncoder, Problem
from recsys.audio.cache import HeardCache
from recsys.audio.decode import open_excerpts
from recsys.audio.listening import FOLDER
from recsys.audio.workers import Answer, Crew
from recsys.types import FloatArray, Progress

#: Of a longer file, so many seconds from its middle: a file of hours would fill the memory.
LONGEST_S = 900.0
_SAVE_EVERY_S = 2.0
#: Files whose vectors are read at a time.
_AT_ONCE = 256


@dataclass(frozen=True)
class SegmentsHeard:
    """What hearing files came to."""

    identity: str  # under which their vectors are kept
    problems: tuple[Problem, ...]
    n_decoded: int  # in this run


def open_cutter(rate: int, seconds: float) -> Callable[[tuple[str, str]], list[FloatArray]]:
    """Return what decodes a file, at a rate in samples per second, and cuts it into segments of so many seconds."""

    def cut(file: tuple[str, str]) -> list[FloatArray]:
        """Return the segments (S,) of a file, given as (key, path).

        Raises:
            DecodeError: there is no sound to be had.
        """
        (whole,) = open_excerpts(file[1], (rate,), seconds=LONGEST_S, n=1).sound.rates[rate]
        return filled_segments(whole, round(rate * seconds))

    return cut


def filled_segments(sound: FloatArray, length: int) -> list[FloatArray]:
    """Cut a sound (S,) from its start into segments of one length, the last filled with silence."""
    return list(np.pad(sound, (0, -len(sound) % length)).reshape(-1, length))


def hear_segments(
    home: Path,
    files: Mapping[str, Path],
    encoder: AudioEncoder,
    *,
    workers: int,
    timeout_s: float,
    progress: Progress | None = None,
) -> SegmentsHeard:
    """Hear the segments of those files that were not heard yet.

    Args:
        home: the data folder.
        files: key of the content → where the file is.
        encoder: reads segments of its card's window.
        workers: processes that decode.
        timeout_s: longest time for one file.
        progress: told about it.

    Raises:
        WorkerError: the processes cannot start.
    """
    card = encoder.card
    identity = f"segments of {encoder.identity}"
    problems, n_decoded = [], 0
    with HeardCache(home / FOLDER) as cache:
        wanted = [(key, str(files[key])) for key in sorted(files.keys() - cache.known(identity, files))]
        saved_at = time.monotonic()
        opening = ("recsys.audio.segments", "open_cutter", (card.rate, card.window_s))
        with Crew[tuple[str, str]](*opening, n=min(workers, max(len(wanted), 1)), timeout_s=timeout_s) as crew:
            for done, answer in enumerate(crew.answers(wanted)):
                key, path = answer.job
                vectors, problem = _encoded(encoder, answer)
                if vectors is None:
                    problems.append(Problem(path, problem))
                else:
                    cache.put_vectors(identity, key, vectors)
                    n_decoded += 1
                if time.monotonic() - saved_at > _SAVE_EVERY_S:
                    cache.save()
                    saved_at = time.monotonic()
                if progress:
                    progress("listening", done + 1, len(wanted))
    return SegmentsHeard(identity, tuple(problems), n_decoded)


def _encoded(encoder: AudioEncoder, answer: Answer[tuple[str, str]]) -> tuple[FloatArray | None, str]:
    """What an encoder makes of the segments of a file (S, D), or None and why; one file never ends the run."""
    name = encoder.card.name
    if answer.result is None:
        return None, answer.problem
    try:
        vectors = encoder.encode(answer.result)
    except Exception as error:  # such as a GPU without room for all of it
        return None, f"{name} could not hear it ({type(error).__name__}: {error})"
    return (vectors, "") if np.isfinite(vectors).all() else (None, f"{name} made no numbers of it")


def kept_segments(home: Path, identity: str, keys: Mapping[str, Path]) -> Iterator[tuple[str, FloatArray]]:
    """Yield (key, vectors (S, D)) of those files that were heard, some at a time."""
    wanted = sorted(keys)
    with HeardCache(home / FOLDER) as cache:
        for start in range(0, len(wanted), _AT_ONCE):
            yield from cache.vectors(identity, wanted[start : start + _AT_ONCE]).items()
