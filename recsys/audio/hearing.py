"""Hearing one file, in a worker process: decoded once, for every encoder and every analyser that wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from recsys.audio.base import Analyser, AudioEncoder, Heard, Sound
from recsys.audio.decode import open_excerpts
from recsys.audio.librosa_loading import open_librosa
from recsys.audio.registry import audio_card, open_audio_encoder
from recsys.types import FloatArray


@runtime_checkable
class TaggingEncoder(Protocol):
    """An encoder that also tells tags."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, in the order of their columns."""
        ...

    def encode_with_tags(self, windows: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Return one vector per window (n, D), and how much of each tag is heard in it (n, T), 0–1."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be heard of a file."""

    key: str  # of the file's content
    path: str
    encoders: tuple[str, ...] = ()  # light ones, which run in the worker
    send: tuple[int, ...] = ()  # rates at which the windows are wanted back, for encoders that run elsewhere
    analyse: bool = False
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)  # encoder → (W, D) known already
    tags: Mapping[str, float] | None = None  # known already


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard of a file."""

    vectors: Mapping[str, FloatArray]  # encoder → (W, D)
    tags: Mapping[str, float] | None  # 0–1, mean over windows
    heard: tuple[Heard, ...]
    windows: Mapping[int, Sequence[FloatArray]]  # rate → W windows (S,), at the rates to send
    duration_s: float
    note: str  # what is wrong with a file that was heard all the same


def open_hearer(home: str, encoders: Sequence[str], analyse: bool) -> Callable[[Task], Hearing]:
    """Open the light encoders and the analysers once, and return what hears files."""
    opened = {audio_card(name).name: open_audio_encoder(name, Path(home)) for name in encoders}
    analysers: Sequence[Analyser] = ()
    if analyse:
        from recsys.heard import open_analysers

        analysers = open_analysers()
    open_librosa()  # compiles for half a minute the first time, which is no fault of the first file

    def hear(task: Task) -> Hearing:
        return hear_file(task, opened, analysers)

    return hear


def hear_file(task: Task, encoders: Mapping[str, AudioEncoder], analysers: Sequence[Analyser]) -> Hearing:
    """Decode a file, encode its windows, and let the analysers hear it.

    Raises:
        DecodeError: there is no sound to be had.
    """
    rates = {encoders[name].card.rate for name in task.encoders} | set(task.send)
    if task.analyse:
        rates |= {rate for analyser in analysers for rate in analyser.rates}
    excerpts = open_excerpts(task.path, rates)
    sound = excerpts.sound
    vectors, tags = dict(task.vectors), task.tags
    for name in task.encoders:
        encoder = encoders[name]
        windows = sound.rates[encoder.card.rate]
        if isinstance(encoder, TaggingEncoder):
            vectors[name], heard_tags = encoder.encode_with_tags(windows)
            tags = dict(zip(encoder.tags, heard_tags.mean(axis=0).tolist(), strict=True))
        else:
            vectors[name] = encoder.encode(windows)
    heard: list[Heard] = []
    if task.analyse:
        whole = Sound(sound.rates, sound.duration_s, sound.path, vectors, tags)
        heard = [one for analyser in analysers for one in analyser.hear(whole)]
    return Hearing(
        vectors={name: vectors[name] for name in task.encoders},
        tags=tags,
        heard=tuple(heard),
        windows={rate: sound.rates[rate] for rate in task.send},
        duration_s=sound.duration_s,
        note=excerpts.note,
    )
