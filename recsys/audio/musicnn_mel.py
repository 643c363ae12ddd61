"""What MusiCNN sees of sound: log-mel patches of three seconds.

Source: `musicnn/extractor.py` of musicnn 0.1.0. The original rounds the mel power to float16 before the logarithm,
which overflows on loud sound; here it stays float32, as in the golden outputs.
"""

from __future__ import annotations

import numpy as np

from recsys.audio.librosa_loading import open_librosa
from recsys.types import FloatArray

RATE = 16_000
#: Frames of a patch, three seconds, and mel bands.
N_FRAMES, N_MELS = 187, 96
_FFT, _HOP = 512, 256


def patches(window: FloatArray) -> FloatArray:
    """Cut a window (S,) at 16 kHz into patches (P, 187, 96), one after another; what is left at the end is not seen.

    A window of less than three seconds is repeated until it fills one, as short tracks were in training.
    """
    librosa = open_librosa()

    sound = np.pad(window, (0, max(_FFT - len(window), 0)))  # librosa reflects half a frame at either end
    power = librosa.feature.melspectrogram(
        y=sound, sr=RATE, n_fft=_FFT, hop_length=_HOP, n_mels=N_MELS, pad_mode="reflect"
    )
    frames: FloatArray = np.log10(10_000 * power.T + 1).astype(np.float32)  # (T, 96)
    if len(frames) < N_FRAMES:
        frames = np.resize(frames, (N_FRAMES, N_MELS))
    n = len(frames) // N_FRAMES
    return frames[: n * N_FRAMES].reshape(n, N_FRAMES, N_MELS)
