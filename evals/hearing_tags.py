"""MusiCNN's tags for windows of a sound, where its weights are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from pathlib import Path
from typing import Any

from evals import midi
from recsys.errors import RecsysError
from recsys.types import FloatArray

#: Windows at `midi.RATE` → tag → score (0–1), the mean over windows.
Tagger = Callable[[Sequence[FloatArray]], Mapping[str, float]]


def open_tagger(home: Path | None) -> Tagger | None:
    """Open MusiCNN over the weights in a data folder; None where they are not there."""
    if home is None:
        return None
    from recsys.audio.registry import open_audio_encoder

    try:
        encoder: Any = open_audio_encoder("musicnn", home)
    except RecsysError:
        return None
    rate: int = encoder.card.rate

    def tags(windows: Sequence[FloatArray]) -> Mapping[str, float]:
        from scipy.signal import resample_poly

        common = gcd(rate, midi.RATE)
        given = [resample_poly(window, rate // common, midi.RATE // common) for window in windows]
        _, scores = encoder.encode_with_tags([window.astype("float32") for window in given])
        return dict(zip(encoder.tags, map(float, scores.mean(axis=0)), strict=True))

    return tags
