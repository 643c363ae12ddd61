"""The audio encoder "librosa": what can be measured of sound without having learnt anything.

Timbre, harmony, rhythm and loudness of a window as numbers, each brought to a like scale by fixed constants, so that
no number drowns the others and a track's vector does not depend on the rest of a library.

Shapes: S samples of a window, F frames.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from recsys.audio.base import AudioCard
from recsys.audio.librosa_loading import open_librosa
from recsys.types import FloatArray

_RATE, _FFT, _HOP = 22_050, 2_048, 512
_N_MFCC = 20
#: Beats per minute at which the onsets' autocorrelation is read.
_TEMPI = (60, 75, 90, 105, 120, 135, 150, 170)
_QUIET = 1e-5  # amplitude below which there is nothing, -100 dB
#: Scaled values are cut here: a single odd one must not make up the whole vector.
_MOST = 4.0

CARD = AudioCard(
    name="librosa",
    rate=_RATE,
    window_s=10.0,
    layer="timbre (72), chroma (24), tempo and onsets (12), loudness (5), scaled by constants",
    pooling="mean over windows",
    dim=113,
    licence="ISC",
    source="McFee et al. 2015, librosa; nothing is learnt",
)


class LibrosaEncoder:
    """Measures windows. The same window gives the same vector, whatever comes with it."""

    card = CARD
    #: Changes whenever the same window would give another vector.
    identity = "librosa-1"

    def encode(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Return one vector per window (n, 113)."""
        if not windows:
            return np.zeros((0, CARD.dim), np.float32)
        centre, spread = _scale()
        measured = np.stack([measure(window) for window in windows])
        scaled: FloatArray = np.clip((measured - centre) / spread, -_MOST, _MOST).astype(np.float32)
        return scaled


def open_encoder(card: AudioCard, folder: Path, threads: int, device: str | None) -> LibrosaEncoder:
    """Open the encoder; it needs nothing, and runs on one core."""
    return LibrosaEncoder()


def measure(window: FloatArray) -> FloatArray:
    """Return the numbers (113,) of a window (S,) at 22,050 samples per second, each on its own scale."""
    sound = np.pad(window, (0, max(_FFT - len(window), 0))).astype(np.float32)
    return np.concatenate([np.atleast_1d(part).ravel() for part in _parts(sound)]).astype(np.float32)


def _parts(sound: FloatArray) -> Iterator[Any]:
    librosa = open_librosa()

    spectrum = np.abs(librosa.stft(sound, n_fft=_FFT, hop_length=_HOP))  # (bins, F)
    power = np.square(spectrum)
    mel_db = 10 * np.log10(np.maximum(librosa.feature.melspectrogram(S=power, sr=_RATE, n_mels=96), _QUIET**2))

    # Timbre
    mfcc = librosa.feature.mfcc(S=mel_db, n_mfcc=_N_MFCC)  # (20, F)
    yield from (mfcc.mean(axis=1), mfcc.std(axis=1), np.abs(np.diff(mfcc, axis=1)).mean(axis=1))
    yield librosa.feature.spectral_contrast(S=spectrum, sr=_RATE).mean(axis=1)  # (7,)
    centroid = librosa.feature.spectral_centroid(S=spectrum + _QUIET, sr=_RATE)
    yield from (np.log2(centroid).mean(), np.log2(centroid).std())
    yield np.log2(librosa.feature.spectral_rolloff(S=spectrum + _QUIET, sr=_RATE) + 1).mean()
    yield np.log10(librosa.feature.spectral_flatness(S=spectrum)).mean()
    yield np.mean(np.signbit(sound[1:]) != np.signbit(sound[:-1]))

    # Harmony: which of the twelve notes sound, and how that changes.
    chroma = librosa.feature.chroma_stft(S=power + _QUIET**2, sr=_RATE, tuning=0.0)  # (12, F)
    yield from (chroma.mean(axis=1), chroma.std(axis=1))

    # Rhythm
    onsets = librosa.onset.onset_strength(S=mel_db, sr=_RATE, hop_length=_HOP)  # (F,)
    yield from (np.log1p(onsets.mean()), np.log1p(onsets.std()), _onsets_per_s(onsets))
    repeats = _autocorrelation(onsets)  # (F,)
    lags = np.array([60 * _RATE / (_HOP * tempo) for tempo in _TEMPI])
    at_tempi = np.interp(lags, np.arange(len(repeats)), repeats, right=0.0)
    yield from (at_tempi, np.log2(_TEMPI[int(np.argmax(at_tempi))] / 100))

    # Loudness, in dB
    rms = 20 * np.log10(np.maximum(librosa.feature.rms(S=spectrum, frame_length=_FFT)[0], _QUIET))  # (F,)
    yield from (rms.mean(), rms.std(), *np.percentile(rms, (10, 90)))
    peak = 20 * np.log10(max(float(np.abs(sound).max()), _QUIET))
    yield peak - rms.mean()


def _onsets_per_s(onsets: FloatArray) -> float:
    """Frames that rise above their neighbours and well above the mean, per second."""
    high = onsets[1:-1] > onsets.mean() + onsets.std()
    peaks = high & (onsets[1:-1] >= onsets[:-2]) & (onsets[1:-1] > onsets[2:])
    return float(peaks.sum() / (len(onsets) * _HOP / _RATE))


def _autocorrelation(onsets: FloatArray) -> FloatArray:
    """How much the onsets repeat after so many frames (F,), 1 at none."""
    centred = onsets - onsets.mean()
    spectrum = np.fft.rfft(centred, 2 * len(centred))
    repeats = np.fft.irfft(np.square(np.abs(spectrum)))[: len(centred)]
    return (repeats / max(float(repeats[0]), 1e-9)).astype(np.float32)


@cache
def _scale() -> tuple[FloatArray, FloatArray]:
    """Centre and spread of every number (113,), measured once on synthesised music and noise."""
    content = resources.files("recsys").joinpath("data/librosa_scale.json").read_text(encoding="utf-8")
    scale = json.loads(content)
    return np.array(scale["centre"], np.float32), np.array(scale["spread"], np.float32)
