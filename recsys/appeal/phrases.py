"""What a description says of production and enjoyment, by likeness to phrases that name them.

Few clips are rated, so that most words of a caption are new. A text encoder knows that "muffled, with a hiss" is near
"poor audio quality". The phrases were written from the definitions of the four axes of Audiobox Aesthetics (Tjandra et
al. 2025, arXiv 2502.05139, section 2) and are not fitted to any rating.

For each phrase, its greatest likeness to any clause of a description: one number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.encoders.text import TextEncoder

PHRASES = (
    # production quality
    "poor audio quality recording",
    "low fidelity noisy recording",
    "amateur home recording",
    "recorded on a phone or with a cheap microphone",
    "live recording with crowd noise",
    "professional studio recording",
    "crisp clear high quality sound",
    "distorted audio",
    "muffled sound",
    "background noise and hiss",
    "old vintage recording",
    "mono recording in one channel",
    # production complexity
    "solo instrument",
    "a single unaccompanied voice",
    "a person talking",
    "a full band playing",
    "a large orchestra",
    "many layered instruments",
    "electronic dance music with many sounds",
    "a simple repetitive beat",
    "a simple loop",
    "a complex arrangement",
    "virtuosic fast playing",
    # content enjoyment
    "a beautiful melody",
    "emotional and passionate",
    "catchy and fun",
    "annoying unpleasant noise",
    "dissonant and out of tune",
    "sound effects, no music",
    "relaxing calm music",
    "energetic exciting music",
    "boring monotonous music",
    # content usefulness
    "an instructional tutorial video",
    "an advertisement jingle",
    "a movie soundtrack",
    "background music for video",
    "suitable for a party or club",
    "a children's toy or game",
    "ringtone or test tone",
    "a lesson on an instrument",
)
_CLAUSE = re.compile(r"(?<=[.!?;])\s+|, ")
_SHORTEST = 4  # letters of a clause


def clauses(caption: str, aspects: Sequence[str]) -> list[str]:
    """Cut a caption into clauses and put its aspects beside them."""
    cut = [part.strip() for part in _CLAUSE.split(caption)]
    return [part for part in cut if len(part) >= _SHORTEST] + [one for one in aspects if one.strip()]


def phrase_likeness(descriptions: Sequence[Sequence[str]], encoder: TextEncoder) -> NDArray[np.float64]:
    """Return each description's greatest likeness to every phrase (n, P); NaN for one without any clause."""
    unlike = sorted({clause for one in descriptions for clause in one})
    number = {clause: at for at, clause in enumerate(unlike)}
    found = np.full((len(descriptions), len(PHRASES)), np.nan)
    if unlike:
        likeness = encoder.encode(unlike) @ encoder.encode(PHRASES).T  # (clauses, P)
        for row, one in enumerate(descriptions):
            if one:
                found[row] = likeness[[number[clause] for clause in one]].max(axis=0)
    return found


def counts(caption: str, aspects: Sequence[str]) -> list[float]:
    """Return how long and how rich a description is: letters, words, sentences, aspects, words an aspect, commas."""
    words = [len(one.split()) for one in aspects]
    return [
        float(len(caption)),
        float(len(caption.split())),
        float(len(re.split(r"[.!?]", caption))),
        float(len(aspects)),
        float(np.mean(words)) if words else 0.0,
        float(caption.count(",")),
        float(np.log1p(len(caption))),
    ]
