"""The key of a track: whose scale and bass its sounding partials fit best.

Partials are the peaks of long spectra. Their common deviation from 440 Hz tuning is taken out, then they are counted by
pitch class (chroma); the lowest of every frame is counted again as bass. The chroma is correlated with the key profiles
of Albrecht & Shanahan, "The use of large corpora to train a new type of key-finding algorithm" (Music Perception 2013,
table 3), and the bass speaks for its tonic and, less, for its fifth. Relative keys ("C major", "A minor") share their
notes: where they are nearly as likely, the answer says so.

Shapes: P partials, 12 pitch classes from C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.audio.librosa_loading import open_librosa
from recsys.heard.spectra import RATE
from recsys.types import FloatArray

_Numbers = NDArray[np.float64]

PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MODES = ("major", "minor")
_PROFILES = np.array(
    (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    )
)
_FFT, _HOP = 8_192, 4_096
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 2_500.0
#: Partials from here on are chroma, up to there may be bass.
_CHROMA_HZ, _BASS_HZ = 110.0, 260.0
#: Partials below this share of a frame's loudest are not counted; as bass, below that.
_LEAST_PARTIAL, _LEAST_BASS = 0.01, 0.05
_CENTRE_HZ, _WIDTH_OCTAVES = 440.0, 1.3
#: How far from a semitone (deviation, in semitones) a partial still counts for it.
_IN_TUNE = 0.2
#: What the bass counts beside a correlation: a share of 1 on the tonic, and on the fifth.
_BASS_TONIC, _BASS_FIFTH = 0.5, 0.2
#: One over the width of the scores of keys, fitted on six progressions of `segue eval hearing` (FluidR3).
_SHARPNESS = 8.0
#: No key is told of less: how well partials agree on one tuning (0–1), the correlation, and pitch classes that sound.
_LEAST_AGREEMENT, _LEAST_FIT, _LEAST_PITCHES, _LEAST_SHARE = 0.2, 0.55, 4, 0.03
#: Another key of at least so much of the probability of the first is told beside it.
_NEARLY = 0.4


@dataclass(frozen=True, slots=True)
class Key:
    """A key such as "C# minor", how probable it is, and which other it may be."""

    name: str
    probability: float  # 0–1
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Pitches:
    """What sounds: shares of the pitch classes (12,) of all partials and of the lowest, and how far they agree."""

    chroma: _Numbers
    bass: _Numbers
    agreement: float  # 0–1: whether partials lie on one grid of semitones


def find_key(windows: Sequence[FloatArray]) -> Key | None:
    """Return the key of windows (S,) at RATE; None where no key fits what sounds."""
    pitches = find_pitches(windows)
    if pitches is None or pitches.agreement < _LEAST_AGREEMENT:
        return None
    if int((pitches.chroma >= _LEAST_SHARE).sum()) < _LEAST_PITCHES:
        return None
    chroma, scores, fits = np.sqrt(pitches.chroma), np.zeros(24), np.zeros(24)
    for number in range(24):
        mode, tonic = divmod(number, 12)
        fits[number] = np.corrcoef(np.roll(_PROFILES[mode], tonic), chroma)[0, 1]
        bass = _BASS_TONIC * pitches.bass[tonic] + _BASS_FIFTH * pitches.bass[(tonic + 7) % 12]
        scores[number] = fits[number] + bass
    weights = np.exp(_SHARPNESS * (scores - scores.max()))
    weights /= weights.sum()
    best, second = np.argsort(-weights)[:2]
    if fits[best] < _LEAST_FIT:
        return None
    other = _name(int(second)) if weights[second] >= _NEARLY * weights[best] else None
    return Key(_name(int(best)), float(weights[best]), other)


def find_pitches(windows: Sequence[FloatArray]) -> Pitches | None:
    """Count partials by pitch class; None where there are none."""
    frames = [frame for window in windows for frame in _partials(window)]
    if not frames:
        return None
    pitch = np.concatenate([frame[0] for frame in frames])  # (P,), in MIDI numbers
    level = np.concatenate([frame[1] for frame in frames])  # (P,), of the frame's loudest
    weight = np.sqrt(level)
    high = pitch > _midi(_CHROMA_HZ)
    if not high.any():
        return None
    circle = (np.exp(2j * np.pi * pitch[high]) * weight[high]).sum() / weight[high].sum()
    pitch = pitch - np.angle(circle) / (2 * np.pi)
    note = np.round(pitch).astype(np.int64)
    counted = weight * np.exp(-0.5 * np.square((pitch - note) / _IN_TUNE))
    counted *= np.exp(-0.5 * np.square((pitch - _midi(_CENTRE_HZ)) / 12 / _WIDTH_OCTAVES))
    chroma = np.bincount(note[high] % 12, counted[high], 12)
    bass, at = np.zeros(12), 0
    for frame in frames:
        low = np.flatnonzero((frame[0] < _midi(_BASS_HZ)) & (frame[1] > _LEAST_BASS))
        if len(low):
            bass[note[at + low[0]] % 12] += weight[at + low[0]]
        at += len(frame[0])
    return Pitches(chroma / max(chroma.sum(), 1e-12), bass / max(bass.sum(), 1e-12), float(np.abs(circle)))


def _partials(window: FloatArray) -> list[tuple[_Numbers, _Numbers]]:
    """The peaks of every frame: pitch in MIDI numbers, lowest first, and level as a share of the frame's loudest."""
    librosa = open_librosa()

    if len(window) < _FFT:
        return []
    spectra = np.abs(librosa.stft(window, n_fft=_FFT, hop_length=_HOP)).T  # (F, bins)
    loudest = float(spectra.max())
    found = []
    for level in spectra:
        top = float(level.max())
        if top <= 1e-3 * loudest:
            continue
        inner = level[1:-1]
        peaks = np.flatnonzero((inner > level[:-2]) & (inner >= level[2:]) & (inner > _LEAST_PARTIAL * top)) + 1
        peaks = peaks[(peaks >= _LOWEST_HZ * _FFT / RATE) & (peaks <= _HIGHEST_HZ * _FFT / RATE)]
        before, at, after = (np.log(np.maximum(level[peaks + step], 1e-12)) for step in (-1, 0, 1))
        off = 0.5 * (before - after) / np.minimum(before - 2 * at + after, -1e-9)
        found.append((_midi((peaks + np.clip(off, -0.5, 0.5)) * RATE / _FFT), level[peaks] / top))
    return found


def _midi(hertz: _Numbers | float) -> _Numbers:
    return np.asarray(69 + 12 * np.log2(np.asarray(hertz) / 440.0))


def _name(number: int) -> str:
    mode, tonic = divmod(number, 12)
    return f"{PITCHES[tonic]} {MODES[mode]}"
