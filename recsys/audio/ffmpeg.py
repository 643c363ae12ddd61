"""What libsndfile cannot read, read by the `ffmpeg` program where it is installed.

It reads only kinds of files that hold sound, and opens no other file or address that one of them names.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from recsys.audio.errors import DecodeError
from recsys.types import FloatArray

_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,iff,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,rm,tak,tta,"
    "w64,wav,webm,wv,xwma"
)
_SAFE = ("-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS)
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_STREAM = re.compile(r"Stream #\S+.*?: Audio: .*?\b(\d{3,7}) Hz")
_BLOCK = 1 << 20  # bytes read at a time while a file is counted


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says of itself."""

    rate: int  # samples per second
    duration_s: float


@cache
def program() -> str | None:
    """Where ffmpeg is, None where it is not installed."""
    return shutil.which("ffmpeg")


def probe(path: Path) -> Stated:
    """Read a file's rate and duration from its head, counting where it states no duration.

    Raises:
        DecodeError: ffmpeg is not installed, or finds no sound.
    """
    run = subprocess.run(
        [_program(), *_SAFE, "-i", f"file:{path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = run.stderr.decode("utf-8", "replace")
    stream = _STREAM.search(said)
    if stream is None:
        raise DecodeError(f"ffmpeg: {_complaint(said)}")
    rate, stated = int(stream[1]), _DURATION.search(said)
    if stated is None:
        return Stated(rate, count(path, rate) / rate)
    return Stated(rate, 3600 * int(stated[1]) + 60 * int(stated[2]) + float(stated[3]))


def read(path: Path, start_s: float, length_s: float, rate: int) -> FloatArray:
    """Decode a window as mono float32 (S,); shorter where the file ends."""
    most = round(length_s * rate)
    place = ["-ss", f"{start_s:.3f}"] if start_s > 0 else []
    with _decoding(path, place, ["-t", f"{length_s:.3f}"], rate) as pipe:
        content = pipe.read(4 * most)
    return np.frombuffer(content[: len(content) // 4 * 4], "<f4").astype(np.float32)


def count(path: Path, rate: int) -> int:
    """Count a file's samples at a rate by decoding all of it."""
    n_bytes = 0
    with _decoding(path, [], [], rate) as pipe:
        while block := len(pipe.read(_BLOCK)):
            n_bytes += block
    return n_bytes // 4


@contextmanager
def _decoding(path: Path, before: Sequence[str], after: Sequence[str], rate: int) -> Iterator[IO[bytes]]:
    """Let ffmpeg write a file's first sound stream into a pipe; leaving ends it."""
    process = subprocess.Popen(
        [
            *(_program(), *_SAFE, "-v", "error", "-threads", "1", *before, "-i", f"file:{path}", *after),
            # Without the limit, the mean of two channels is scaled up by 3 dB.
            *("-map", "0:a:0", "-af", "aresample=rematrix_maxval=1.0", "-ac", "1"),
            *("-ar", str(rate), "-f", "f32le", "pipe:1"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _program() -> str:
    found = program()
    if found is None:
        raise DecodeError("ffmpeg, which reads more kinds of files, is not installed")
    return found


def _complaint(said: str) -> str:
    """What ffmpeg found wrong, in its last words, without the file's name and addresses in memory."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "At least one output file" not in line), "it gives no reason")
    return "no sound is in it" if last.startswith(("Stream #", "Metadata", "Duration")) else last.rsplit(": ", 1)[-1]
