"""What every audio encoder and every analyser of sound is to the rest of Segue.

Shapes: W windows of a track, S samples of a window, D width of an encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from recsys.annotations import Value
from recsys.types import FloatArray


@dataclass(frozen=True, slots=True)
class AudioCard:
    """What an audio encoder is, as its authors publish it."""

    name: str  # by which it is chosen
    rate: int  # samples per second that it reads
    window_s: float  # seconds that it reads at a time
    layer: str  # of which the vector is made
    pooling: str  # how windows and frames become one vector
    dim: int
    licence: str
    source: str  # the paper, and where weights come from
    fetch: str = ""  # the command that gets what it needs; empty where it needs nothing


class AudioEncoder(Protocol):
    """Turns sound into vectors."""

    @property
    def card(self) -> AudioCard:
        """What it is."""
        ...

    @property
    def identity(self) -> str:
        """Name with a digest of its weights: vectors of two identities are never mixed."""
        ...

    def encode(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Return one vector per window (n, D), not yet of unit length.

        Args:
            windows: mono float32 in [-1, 1] at the card's rate, each of any length from a tenth of a second up; of
                unlike lengths, padding takes no part in the result.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard of one track."""

    rates: Mapping[int, Sequence[FloatArray]]  # rate → W windows (S,), mono float32 in [-1, 1]
    duration_s: float
    path: str = ""
    vectors: Mapping[str, FloatArray] | None = None  # encoder → (W, D), for analysers that read them
    tags: Mapping[str, float] | None = None  # MusiCNN's tags → 0–1, mean over windows, where it was run


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard in a track: a field of `Track` as in `recsys.annotations`."""

    field: str
    value: Value
    confidence: float
    source: str  # such as "heard:librosa"
    note: str = ""  # what a reader of the report should know: "or 180 BPM"


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be heard, or not wholly."""

    path: str
    reason: str
    heard: bool = False  # whether what there is of it was heard all the same


def space_name(encoder: str) -> str:
    """Name the space of an encoder's vectors, which is a modality."""
    return encoder.lower().replace("-", "_")


class Analyser(Protocol):
    """Hears facets of a track. Pure: the same sound gives the same answer."""

    #: Rates at which it wants windows.
    rates: tuple[int, ...]

    def hear(self, sound: Sound) -> Sequence[Heard]:
        """Return what it hears, in any order; nothing where it cannot tell."""
        ...
