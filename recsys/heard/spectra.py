"""What several analysers read of a track's windows, computed once.

Shapes: W windows of S samples, F frames, B bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.audio.librosa_loading import open_librosa
from recsys.types import FloatArray

#: Samples per second that everything here is computed at.
RATE = 22_050
#: Samples from one frame of the onset envelopes to the next, and frames per second.
HOP = 256
FRAMES_PER_S = RATE / HOP
#: Windows of less are not listened to.
LEAST_S = 2.0
#: Below this root mean square, full scale being 1, a window is silence: -60 dB.
SILENT = 1e-3

_FFT, _BANDS, _TOP_HZ = 1024, 40, 8_000.0
#: The lowest bands hold kick drum and bass: up to 200 Hz.
_LOW_BANDS = 3
_DYNAMIC_RANGE_DB = 80.0
#: What is so many dB softer is a tenth as loud: 20 is amplitude, 33 about what ears make of it (Stevens).
_LOUD_DB = 30.0
#: Seconds over which an onset envelope's slow rise and fall is taken out.
_LOCAL_S = 0.5


@dataclass(frozen=True)
class Spectra:
    """The windows of a track that hold sound, at RATE."""

    windows: tuple[FloatArray, ...]

    @classmethod
    def of(cls, windows: Sequence[FloatArray]) -> Spectra:
        """Take the windows that are long and loud enough to be listened to."""
        finite = (np.nan_to_num(np.asarray(window, np.float32), posinf=0.0, neginf=0.0) for window in windows)
        long = (window for window in finite if len(window) >= LEAST_S * RATE)
        return cls(tuple(window for window in long if float(np.sqrt(np.mean(np.square(window)))) >= SILENT))

    @cached_property
    def mels(self) -> tuple[FloatArray, ...]:
        """Power per band in dB below the loudest, (B, F) per window."""
        librosa = open_librosa()

        bank = librosa.filters.mel(sr=RATE, n_fft=_FFT, n_mels=_BANDS, fmin=30.0, fmax=_TOP_HZ)
        found = []
        for window in self.windows:
            power = bank @ np.square(np.abs(librosa.stft(window, n_fft=_FFT, hop_length=HOP)))  # (B, F)
            level = 10.0 * np.log10(np.maximum(power, 1e-10))
            found.append(np.maximum(level, level.max() - _DYNAMIC_RANGE_DB).astype(np.float32))
        return tuple(found)

    @cached_property
    def onsets(self) -> tuple[FloatArray, ...]:
        """How much begins in each frame, (3, F) per window: in all bands, in the lowest alone, and by how loud it is.

        The first two are the rise of the level in dB, averaged over bands, as spectral flux (Böck & Widmer, DAFx 2013):
        there a hi-hat counts as much as a snare. The third is the rise of the amplitude, where it does not. All are
        less their local mean.
        """
        from scipy.ndimage import uniform_filter1d

        found = []
        for level in self.mels:
            rise = np.maximum(np.diff(level, axis=1, prepend=level[:, :1]), 0.0)  # (B, F)
            amplitude = 10.0 ** ((level - level.max()) / _LOUD_DB)
            louder = np.maximum(np.diff(amplitude, axis=1, prepend=amplitude[:, :1]), 0.0)  # (B, F)
            kinds = np.stack([rise.mean(axis=0), rise[:_LOW_BANDS].mean(axis=0), louder.mean(axis=0)])  # (3, F)
            local = uniform_filter1d(kinds, round(_LOCAL_S * FRAMES_PER_S), axis=1)
            found.append(np.maximum(kinds - local, 0.0).astype(np.float32))
        return tuple(found)
