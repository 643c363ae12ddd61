"""Windows of a track: a few seconds from several places of it, decoded without ever holding more of the file.

libsndfile reads what it can (WAV, FLAC, Ogg, MP3, AIFF …), ffmpeg the rest where it is installed. Channels are averaged
block by block, so memory is bounded by the windows at the file's own rate, whatever its length and channels.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.audio import ffmpeg
from recsys.audio.base import Sound
from recsys.audio.errors import DecodeError
from recsys.types import FloatArray

if TYPE_CHECKING:
    from soundfile import SoundFile

#: The length and the number of the windows that are heard of a track.
SECONDS, N_WINDOWS = 10.0, 3
#: Shorter than this, there is nothing to hear, in seconds.
SHORTEST_S = 0.1
#: Samples, of all channels together, that are read at a time.
_BLOCK = 1 << 19
#: Frames that are counted at a time: of a block in which a file breaks off, nothing is had.
_COUNTED = 1 << 12
#: Share of the length that it states from which a file counts as whole.
_WHOLE = 0.98
#: Rates that a file may state, in samples per second: what is beyond is no sound, and would fill the memory.
_RATES = (1_000, 1_536_000)
#: Frames beyond which a file's own count is not believed: a year at the highest rate.
_MOST_FRAMES = 365 * 86_400 * _RATES[1]


@dataclass(frozen=True, slots=True)
class Excerpts:
    """What was decoded of a file."""

    sound: Sound
    note: str = ""  # what is wrong with a file that was heard all the same


def open_excerpts(path: str | Path, rates: Iterable[int], *, seconds: float = SECONDS, n: int = N_WINDOWS) -> Excerpts:
    """Decode windows that are spread across a file: each in the middle of one of n equal parts.

    Args:
        path: the file.
        rates: samples per second at which the windows are wanted.
        seconds: length of a window. A file that is shorter is one window.
        n: how many windows; fewer where they would overlap.

    Returns:
        Mono float32 windows in [-1, 1], the same places at every rate.

    Raises:
        DecodeError: there is no sound to be had.
    """
    path, wanted = Path(path), sorted(set(rates))
    try:
        kind = path.stat()
    except OSError as error:
        raise DecodeError(f"it cannot be read ({error.strerror or error})") from error
    if not stat.S_ISREG(kind.st_mode):
        raise DecodeError("it is no regular file")
    if not kind.st_size:
        raise DecodeError("it is empty")
    try:
        return _by_soundfile(path, wanted, seconds, n)
    except DecodeError as refused:
        try:
            return _by_ffmpeg(path, wanted, seconds, n)
        except DecodeError as error:
            raise DecodeError(f"{refused.problem}; {error.problem}") from error


def places(duration_s: float, seconds: float = SECONDS, n: int = N_WINDOWS) -> list[tuple[float, float]]:
    """Return (start, length) of the windows of a track, in seconds: each in the middle of one of n equal parts."""
    if duration_s <= seconds:
        return [(0.0, duration_s)]
    n = max(1, min(n, int(duration_s / seconds + 1e-6)))
    return [(max(duration_s * (2 * i + 1) / (2 * n) - seconds / 2, 0.0), seconds) for i in range(n)]


def _by_soundfile(path: Path, rates: Sequence[int], seconds: float, n: int) -> Excerpts:
    import soundfile

    note = ""
    try:
        with _opened(path) as file:
            rate, frames = int(file.samplerate), int(file.frames)
            if not _RATES[0] <= rate <= _RATES[1]:
                raise DecodeError(f"it states a rate of {rate:,} samples per second")
            stated = 0 < frames < _MOST_FRAMES
            windows = _windows(file, frames, rate, seconds, n) if stated and _ends_at(file, frames) else None
        if windows is None:
            said = frames
            with _opened(path) as file:  # a decoder that has met an error goes on saying so
                frames = _count(file)
            # Where an MP3 states no length, it is estimated: a little less is no fault of the file.
            if stated and frames < _WHOLE * said:
                note = f"it ends after {frames / rate:.1f} of {said / rate:.1f} s"
            with _opened(path) as file:
                windows = _windows(file, frames, rate, seconds, n)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, DecodeError):
            raise
        raise DecodeError(f"libsndfile: {_reason(error)}") from error
    if windows is None:
        raise DecodeError(f"it has {frames / rate:.2f} s of sound, and {SHORTEST_S} s are the least")
    return Excerpts(_sound(windows, rate, rates, frames / rate, path), note)


def _opened(path: Path) -> SoundFile:
    """Open a file by the bytes of its name, which need not be valid UTF-8; its content tells the format."""
    import soundfile

    return soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else str(path))


def _windows(file: SoundFile, frames: int, rate: int, seconds: float, n: int) -> list[FloatArray] | None:
    """Read the windows of a file of that many frames; None where it has not as many."""
    import soundfile

    if frames < SHORTEST_S * rate:
        return None
    windows = []
    try:
        for start_s, length_s in places(frames / rate, seconds, n):
            length = min(round(length_s * rate), frames)
            window = _read(file, min(round(start_s * rate), frames - length), length)
            if len(window) < length:
                return None
            windows.append(window)
    except soundfile.SoundFileError:
        return None
    return windows


def _ends_at(file: SoundFile, frames: int) -> bool:
    """Whether a file has as many frames as it states."""
    import soundfile

    try:
        return len(_read(file, frames - 1, 1)) == 1
    except soundfile.SoundFileError:
        return False


def _read(file: SoundFile, start: int, length: int) -> FloatArray:
    """Read at most that many frames from a place, as the mean of the channels."""
    file.seek(start)
    mono = np.empty(length, np.float32)
    done = 0
    while done < length:
        block = file.read(min(max(_BLOCK // file.channels, 1), length - done), dtype="float32", always_2d=True)
        if not len(block):
            break
        mono[done : done + len(block)] = block.mean(axis=1)
        done += len(block)
    return mono[:done]


def _count(file: SoundFile) -> int:
    """Count the frames that can be read, up to the end or to where it breaks off."""
    import soundfile

    frames = 0
    try:
        file.seek(0)
        while block := len(file.read(_COUNTED, dtype="float32", always_2d=True)):
            frames += block
    except soundfile.SoundFileError:
        pass
    return frames


def _by_ffmpeg(path: Path, rates: Sequence[int], seconds: float, n: int) -> Excerpts:
    stated = ffmpeg.probe(path)
    rate = min(max(stated.rate, _RATES[0]), 192_000)
    duration_s, note = stated.duration_s, ""
    windows = [ffmpeg.read(path, start, length, rate) for start, length in places(duration_s, seconds, n)]
    if not all(len(window) >= 0.9 * min(seconds, duration_s) * rate for window in windows):
        duration_s = ffmpeg.count(path, rate) / rate
        note = f"it ends after {duration_s:.1f} of {stated.duration_s:.1f} s"
        windows = [ffmpeg.read(path, start, length, rate) for start, length in places(duration_s, seconds, n)]
    windows = [window for window in windows if len(window) >= SHORTEST_S * rate]
    if not windows:
        raise DecodeError(f"ffmpeg finds {duration_s:.2f} s of sound in it, and {SHORTEST_S} s are the least")
    return Excerpts(_sound(windows, rate, rates, duration_s, path), note)


def _sound(windows: Sequence[FloatArray], rate: int, rates: Sequence[int], duration_s: float, path: Path) -> Sound:
    import soxr

    # Files of floating point may hold anything; what is no number is silence.
    clean = [np.clip(np.nan_to_num(window, posinf=1.0, neginf=-1.0), -1.0, 1.0) for window in windows]
    return Sound(
        rates={
            wanted: [
                window if wanted == rate else np.clip(soxr.resample(window, rate, wanted), -1.0, 1.0)
                for window in clean
            ]
            for wanted in rates
        },
        duration_s=duration_s,
        path=str(path),
    )


def _reason(error: BaseException) -> str:
    """The reason alone: the file is named beside it."""
    said = getattr(error, "error_string", None) or str(error) or type(error).__name__
    return str(said).strip().rstrip(".")
