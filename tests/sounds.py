"""Short sounds for tests, and files of them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile

from recsys.types import FloatArray


def tone(hz: float, seconds: float, rate: int = 44_100, channels: int = 1) -> FloatArray:
    """A sine of amplitude 0.5, (S, channels)."""
    at = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * hz * at)[:, None], channels, axis=1).astype(np.float32)


def pulse(bpm: float, seconds: float, rate: int = 22_050) -> FloatArray:
    """A drum at a tempo, (S,)."""
    since = (np.arange(round(seconds * rate)) / rate) % (60 / bpm)
    return (0.6 * np.exp(-40 * since) * np.sin(2 * np.pi * 80 * since)).astype(np.float32)


def write(path: Path, sound: FloatArray, rate: int = 44_100, subtype: str | None = None, **kind: str) -> Path:
    """Write a sound, a second at a time: libsndfile's Vorbis encoder crashes on long blocks."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    with soundfile.SoundFile(path, "w", rate, channels, subtype, **kind) as file:
        for start in range(0, len(sound), rate):
            file.write(sound[start : start + rate])
    return path


def cut_off(path: Path, whole: Path, share: float) -> Path:
    """Write the first part of a file."""
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def hours_of_silence(path: Path, hours: float, rate: int = 8_000) -> Path:
    """Write a WAV file of 16-bit silence that takes no room on the disk."""
    size = int(hours * 3600) * rate * 2
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    with path.open("wb") as file:
        file.write(head + struct.pack("<4sI", b"data", size))
        file.truncate(len(head) + 8 + size)
    return path


def main_hz(sound: FloatArray, rate: int) -> float:
    """The frequency that is strongest."""
    strength = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(strength) * rate / len(sound))
