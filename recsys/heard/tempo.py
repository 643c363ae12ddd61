"""The tempo of a track: which beat periods its onsets repeat at, and which of them listeners tap to.

Tempo is periodic at several levels at once: what is played at 90 beats a minute repeats at 45 and at 180 too. The
candidates are the peaks of the autocorrelation of the onset envelopes and their simple ratios; a conditional logit of
how well each fits, with the tempi of real catalogues before it, gives each a probability (after Percival & Tzanetakis,
"Streamlined tempo estimation based on autocorrelation and cross-correlation with pulses", TASLP 2014). Where half or
double is nearly as likely, the answer says so.

Shapes: L lags in frames, C candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.heard.spectra import FRAMES_PER_S
from recsys.types import FloatArray

_Numbers = NDArray[np.float64]

#: Tempi that are told, in BPM.
_SLOWEST, _FASTEST = 45.0, 215.0
#: Seconds of lag that are looked at: four beats at the slowest.
_LONGEST_S = 7.0
_GRID = np.exp(np.linspace(np.log(40.0), np.log(240.0), 360))
#: Peaks of the grid that are candidates themselves, and how many of them with their ratios.
_PEAKS, _PEAKS_WITH_RATIOS = 6, 3
_RATIOS = (1.0, 1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0, 3 / 4, 4 / 3)
#: Candidates nearer than this are one (of a logarithm).
_SAME = 0.03
#: Tempi of the 28,352 tracks of spotify-songs: the mean and the deviation in octaves. It counts half, for they are pop.
_USUAL_BPM, _DEVIATION, _PRIOR = 118.0, 0.32, 0.5
#: The logit weighs the autocorrelation at so many beats: of all bands, of the low ones, and by loudness. Fitted on six
#: patterns of `segue eval hearing` (FluidR3), which are not those it reports on, and on 500 drawn at random.
_BEATS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0, 6.0, 8.0)
_WEIGHTS = np.array(
    (
        (-0.21, 0.59, 1.04, -0.23, -1.28, 0.81, -0.67, 0.51, -0.25, 1.05, 1.45, -0.26, -0.51),
        (-0.78, -0.69, -0.66, -1.38, -0.09, 0.93, -1.69, -1.4, -0.35, 0.69, 2.06, 0.23, -0.2),
        (-0.66, 0.14, -0.61, -0.74, -1.45, 0.8, -1.28, -1.17, 0.6, 1.04, 2.59, 0.94, 0.62),
    )
)
#: Another level of at least so much of the probability of the first is told beside it.
_NEARLY = 0.25
#: Below this autocorrelation at the beat there is none: noise and speech stay under it.
_LEAST_PULSE = 0.2


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo, how probable it is among its ratios, and which other it may be."""

    bpm: float
    probability: float  # 0–1
    pulse: float  # how regular its beat is, 0–1
    other_bpm: float | None = None


def find_tempo(onsets: Sequence[FloatArray]) -> Tempo | None:
    """Return the tempo of onset envelopes (3, F), one per window; None where nothing repeats."""
    if not onsets:
        return None
    repeats = _autocorrelation(onsets)
    candidates = _candidates(repeats)
    if not len(candidates):
        return None
    logits = _fit(repeats, candidates) + _PRIOR * _usual(candidates)
    weights = np.exp(logits - logits.max())
    weights /= weights.sum()
    best, *others = np.argsort(-weights)
    pulse = float(_near(repeats, 60 * FRAMES_PER_S / candidates[best])[0])
    if pulse < _LEAST_PULSE:
        return None
    second = next((candidates[n] for n in others[:1] if weights[n] >= _NEARLY * weights[best]), None)
    return Tempo(
        round(float(candidates[best]), 1),
        float(weights[best]),
        min(pulse, 1.0),
        None if second is None else round(float(second), 1),
    )


def _autocorrelation(onsets: Sequence[FloatArray]) -> _Numbers:
    """The mean over windows of the unbiased autocorrelation (3, L), 1 at lag 0."""
    n_lags = round(_LONGEST_S * FRAMES_PER_S)
    total = np.zeros((3, n_lags))
    for envelope in onsets:
        n_frames = envelope.shape[1]
        size = 1 << (2 * n_frames - 1).bit_length()
        spectrum = np.fft.rfft(envelope - envelope.mean(axis=1, keepdims=True), size, axis=1)
        found = np.fft.irfft(np.square(np.abs(spectrum)), axis=1)[:, : min(n_lags, n_frames)]  # (3, ≤ L)
        found /= n_frames - np.arange(found.shape[1])
        total[:, : found.shape[1]] += found / np.maximum(found[:, :1], 1e-9)
    return total / len(onsets)


def _candidates(repeats: _Numbers) -> _Numbers:
    lags = np.arange(repeats.shape[1])
    salience = np.zeros(len(_GRID))
    for beats in (1, 2, 3, 4):
        for band, weight in enumerate((1.0, 0.5)):
            salience += weight * np.interp(beats * 60 * FRAMES_PER_S / _GRID, lags, repeats[band], right=0.0)
    inner = salience[1:-1]
    peaks = np.flatnonzero((inner >= salience[:-2]) & (inner > salience[2:])) + 1
    peaks = peaks[np.argsort(-salience[peaks])][:_PEAKS]
    found: list[float] = []
    for number, peak in enumerate(peaks):
        bpm = _refined(repeats, float(_GRID[peak]))
        for ratio in _RATIOS if number < _PEAKS_WITH_RATIOS else (1.0,):
            one = bpm * ratio
            if _SLOWEST <= one <= _FASTEST and all(abs(np.log(one / other)) >= _SAME for other in found):
                found.append(one)
    return np.array(found)


def _refined(repeats: _Numbers, bpm: float) -> float:
    """Sharpen a tempo by the peaks at its 1, 2, 4 and 8 beats, each with a parabola through its top."""
    level = repeats[0] + 0.5 * repeats[1]
    lag = 60 * FRAMES_PER_S / bpm
    for beats in (1, 2, 4, 8):
        centre = int(lag * beats)
        if centre + 3 >= len(level):
            break
        reach = max(2, int(0.02 * centre))
        low = max(1, centre - reach)
        top = low + int(np.argmax(level[low : min(len(level) - 1, centre + reach + 2)]))
        if 0 < top < len(level) - 1:
            bend = level[top - 1] - 2 * level[top] + level[top + 1]
            off = 0.5 * (level[top - 1] - level[top + 1]) / bend if abs(bend) > 1e-12 else 0.0
            lag = (top + float(np.clip(off, -0.5, 0.5))) / beats
    return float(60 * FRAMES_PER_S / lag)


def _fit(repeats: _Numbers, candidates: _Numbers) -> _Numbers:
    """How well each candidate explains what repeats (C,), in logits."""
    fits = []
    for bpm in candidates:
        lag = 60 * FRAMES_PER_S / bpm
        near = np.stack([_near(repeats, beats * lag) for beats in _BEATS], axis=1)  # (3, 13)
        fits.append(float((_WEIGHTS * near).sum()))
    return np.array(fits)


def _near(repeats: _Numbers, lag: float) -> _Numbers:
    """The largest autocorrelation (3,) within a hundredth of a lag; 0 beyond the lags that are known."""
    reach = max(1.0, 0.01 * lag)
    low, high = max(int(np.floor(lag - reach)), 0), int(np.ceil(lag + reach)) + 1
    if low >= repeats.shape[1] - 1:
        return np.zeros(3)
    return np.asarray(repeats[:, low:high].max(axis=1))


def _usual(bpm: _Numbers) -> _Numbers:
    """The logarithm of how usual a tempo is, against how wide its candidates lie."""
    octaves = np.log2(bpm / _USUAL_BPM) / _DEVIATION
    return np.asarray(-0.5 * np.square(octaves) - np.log(bpm / _USUAL_BPM))
