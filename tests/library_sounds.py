"""Short synthesised clips of known timbre, tempo and key, and the files of every format that they are written to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 22_050
SECONDS = 12.0

#: Formats that libsndfile writes: extension → its format, subtype and rate.
_BY_SNDFILE = {
    "wav": ("WAV", "PCM_16", RATE_HZ),
    "flac": ("FLAC", "PCM_16", RATE_HZ),
    "aiff": ("AIFF", "PCM_16", RATE_HZ),
    "mp3": ("MP3", "MPEG_LAYER_III", RATE_HZ),
    "ogg": ("OGG", "VORBIS", RATE_HZ),
    "opus": ("OGG", "OPUS", 24_000),
}
#: Formats that only ffmpeg writes: extension → its options.
_BY_FFMPEG = {"m4a": ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k"), "wma": ("-c:a", "wmav2", "-b:a", "64k")}
FORMATS = (*_BY_SNDFILE, *_BY_FFMPEG)
_AT_ONCE = 16

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 10, 12)
_TUNES = 12
_TEMPOS = (70, 80, 90, 100, 110, 120)


@dataclass(frozen=True)
class Clip:
    """One clip: samples (S,) mono at RATE_HZ, and what is true of it. A clip of noise has no key."""

    timbre: str
    samples: Samples
    tempo_bpm: float
    key: str | None


def _partials(hz: float, n: int, weights: Sequence[float]) -> Samples:
    phase = (2 * np.pi * hz / RATE_HZ) * np.arange(n, dtype=np.float32)
    heard = [(k, w) for k, w in enumerate(weights, start=1) if k * hz < 0.45 * RATE_HZ]
    return np.sum([w * np.sin(k * phase) for k, w in heard], axis=0, dtype=np.float32)


def _decay(n: int, seconds: float) -> Samples:
    return np.exp(-np.arange(n, dtype=np.float32) / (seconds * RATE_HZ))


def _fade(n: int, seconds: float) -> Samples:
    ramp = np.minimum(np.arange(n, dtype=np.float32) / (seconds * RATE_HZ), 1)
    return np.minimum(ramp, ramp[::-1])


def _plucked(hz: float, n: int, rng: np.random.Generator) -> Samples:
    return _partials(hz, n, [1 / k for k in range(1, 9)]) * _decay(n, 0.15)


def _organ(hz: float, n: int, rng: np.random.Generator) -> Samples:
    return _partials(hz, n, (1, 0.8, 0.6, 0.7, 0, 0.4, 0, 0.5)) * _fade(n, 0.02)


def _percussion(hz: float, n: int, rng: np.random.Generator) -> Samples:
    return rng.standard_normal(n, dtype=np.float32) * _decay(n, 0.03 + 0.05 * rng.random())


def _pad(hz: float, n: int, rng: np.random.Generator) -> Samples:
    return (_partials(hz / 2, n, (1,)) + _partials(hz / 2 * 1.003, n, (1,))) * _fade(n, 0.25)


def _saw(hz: float, n: int, rng: np.random.Generator) -> Samples:
    phase = (hz / RATE_HZ) * np.arange(n, dtype=np.float32)
    return (2 * (phase % 1) - 1 + 2 * ((phase * 1.007) % 1) - 1) * _fade(n, 0.005)


#: Timbre → one note of it: (hertz, samples, generator) → (samples,).
TIMBRES: dict[str, Callable[[float, int, np.random.Generator], Samples]] = {
    "plucked strings": _plucked,
    "organ": _organ,
    "noise percussion": _percussion,
    "sine pad": _pad,
    "saw lead": _saw,
}
#: Beats that a note lasts.
_BEATS = {"plucked strings": 0.5, "organ": 1, "noise percussion": 0.5, "sine pad": 2, "saw lead": 0.5}


def clip(timbre: str, variant: int, seed: int) -> Clip:
    """Play a melody in a scale, or a beat: the same one for the same timbre, variant and seed."""
    rng = np.random.default_rng((seed, list(TIMBRES).index(timbre), variant))
    tempo = float(_TEMPOS[variant % len(_TEMPOS)])
    root, minor = int(rng.integers(12)), bool(rng.integers(2))
    scale = _MINOR if minor else _MAJOR
    step = round(_BEATS[timbre] * 60 / tempo * RATE_HZ)
    samples = np.zeros(round(SECONDS * RATE_HZ) + step, np.float32)
    degrees = [0, 2, 4, 7, *rng.integers(0, 8, 100).tolist()]
    for number, start in enumerate(range(0, len(samples) - step + 1, step)):
        hz = 220.0 * 2 ** ((root - 9 + scale[degrees[number]]) / 12)
        accent = 1.0 if number % 4 == 0 else 0.6
        samples[start : start + step] += accent * TIMBRES[timbre](hz, step, rng)
    samples = samples[: round(SECONDS * RATE_HZ)]
    key = None if timbre == "noise percussion" else f"{_NAMES[root]} {'minor' if minor else 'major'}"
    return Clip(timbre, (0.7 / np.abs(samples).max() * samples).astype(np.float32), tempo, key)


def another(original: Clip, number: int) -> Clip:
    """Play the same from another beat on and a little softer, so that no two files sound the same."""
    beat = round(60 / original.tempo_bpm * RATE_HZ)
    samples = np.roll(original.samples, -4 * number * beat) * np.float32(0.97**number)
    return Clip(original.timbre, samples, original.tempo_bpm, original.key)


def write_all(wanted: Sequence[tuple[Path, Samples]], scratch: Path) -> None:
    """Encode sounds (S,) at RATE_HZ into files whose extensions say the format; their folders exist.

    Raises:
        FileNotFoundError: ffmpeg is not installed and a file needs it.
    """
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(_write, [one for one in wanted if _extension(one[0]) in _BY_SNDFILE]):
            pass
    for extension in _BY_FFMPEG:
        rest = [one for one in wanted if _extension(one[0]) == extension]
        for start in range(0, len(rest), _AT_ONCE):
            _ffmpeg(rest[start : start + _AT_ONCE], extension, scratch)


def _extension(path: Path) -> str:
    return path.suffix[1:].lower()


def _write(one: tuple[Path, Samples]) -> None:
    path, samples = one
    kind, subtype, rate = _BY_SNDFILE[_extension(path)]
    if rate != RATE_HZ:
        places = np.arange(0, len(samples) - 1, RATE_HZ / rate)
        samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    with path.open("wb") as file:
        soundfile.write(file, samples, rate, format=kind, subtype=subtype)


def _ffmpeg(some: Sequence[tuple[Path, Samples]], extension: str, scratch: Path) -> None:
    """Encode several at once: starting ffmpeg takes longer than encoding."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise FileNotFoundError(f"ffmpeg is not installed, and .{extension} files need it: `apt-get install ffmpeg`")
    command = [ffmpeg, "-v", "error", "-nostdin", "-y"]
    plain = [scratch / f"{number}.wav" for number in range(len(some))]
    for place, (_, samples) in zip(plain, some, strict=True):
        soundfile.write(place, samples, RATE_HZ, subtype="PCM_16")
        command += ["-i", str(place)]
    for number, (path, _) in enumerate(some):
        command += ["-map", f"{number}:a", *_BY_FFMPEG[extension], str(path)]
    subprocess.run(command, check=True)
    for place in plain:
        place.unlink()


def clips(n: int, seed: int) -> list[Clip]:
    """Make n clips of distinct sound, of each timbre in turn: twelve tunes of each, then the same from other beats."""
    tunes: dict[tuple[str, int], Clip] = {}
    found = []
    for number in range(n):
        round_, timbre = divmod(number, len(TIMBRES))
        of = (list(TIMBRES)[timbre], round_ % _TUNES)
        if of not in tunes:
            tunes[of] = clip(*of, seed)
        found.append(another(tunes[of], round_ // _TUNES))
    return found
