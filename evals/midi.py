"""Music with known answers: notes as a Standard MIDI File, played by fluidsynth with a General MIDI soundfont.

A tick is a 480th of a quarter note (the format's own customary division). Pitches are MIDI numbers, 60 is middle C.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evals.errors import SynthesiserError
from recsys.types import FloatArray

TICKS = 480
DRUMS = 9  # the channel of percussion
RATE = 22_050
#: Debian's soundfonts: the name that reports print → file and package.
SOUNDFONTS = {
    "FluidR3": ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "fluid-soundfont-gm"),
    "TimGM6mb": ("/usr/share/sounds/sf2/TimGM6mb.sf2", "timgm6mb-soundfont"),
}
#: A pitch bend of 14 bits is two semitones either way.
_BEND_CENTRE, _BEND_PER_CENT = 8192, 8192 / 200.0
_PLAY_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Note:
    """One note: where it begins and how long it lasts in quarter notes, on which channel."""

    at: float
    length: float
    pitch: int
    velocity: int
    channel: int


@dataclass
class Piece:
    """Notes at a tempo, with the program of every channel."""

    bpm: float
    notes: list[Note] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)  # channel → General MIDI program from 0
    cents: float = 0.0  # how far all but the drums are out of tune

    def to_bytes(self) -> bytes:
        """The piece as a Standard MIDI File of one track (format 0)."""
        events: list[tuple[int, int, bytes]] = []
        bend = round(_BEND_CENTRE + self.cents * _BEND_PER_CENT)
        for channel, program in self.programs.items():
            events.append((0, 0, bytes((0xC0 | channel, program))))
            if channel != DRUMS:
                events.append((0, 0, bytes((0xE0 | channel, bend & 0x7F, bend >> 7))))
        for note in self.notes:
            start, end = round(note.at * TICKS), round((note.at + note.length) * TICKS)
            events.append((max(start, 0), 2, bytes((0x90 | note.channel, note.pitch, note.velocity))))
            events.append((max(end, start + 1, 1), 1, bytes((0x80 | note.channel, note.pitch, 0))))
        tempo = round(60_000_000 / self.bpm)
        track, now = b"\x00\xff\x51\x03" + tempo.to_bytes(3, "big"), 0
        for at, _, message in sorted(events):
            track += _length(at - now) + message
            now = at
        track += b"\x00\xff\x2f\x00"
        return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(track)) + track


def play(piece: Piece, soundfont: str, seconds: float) -> FloatArray:
    """Play the first seconds of a piece: mono (S,) at RATE, its loudest sample at a half.

    Raises:
        SynthesiserError: fluidsynth or the soundfont is not installed, or it did not play.
    """
    from scipy.io import wavfile

    program, file = find_synthesiser(soundfont)
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        score.write_bytes(piece.to_bytes())
        command = [program, "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-F", str(sound), file, str(score)]
        done = subprocess.run(command, capture_output=True, timeout=_PLAY_TIMEOUT_S, check=False)
        if done.returncode or not sound.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise SynthesiserError(f"fluidsynth ended with status {done.returncode}: {said[-1] if said else 'no word'}")
        _, samples = wavfile.read(sound)  # (S, 2), 16 bits
    mono = (samples.mean(axis=1, dtype=np.float32) / 32_768)[: round(seconds * RATE)]
    return at_level(np.pad(mono, (0, max(round(seconds * RATE) - len(mono), 0))), 0.5)


def at_level(sound: FloatArray, peak: float) -> FloatArray:
    """Bring the loudest sample of a sound to a level; silence stays."""
    loudest = float(np.abs(sound).max(initial=0.0))
    return (sound * (peak / loudest)).astype(np.float32) if loudest else sound.astype(np.float32)


def find_synthesiser(soundfont: str) -> tuple[str, str]:
    """Return the synthesiser's program and a soundfont's file.

    Raises:
        SynthesiserError: one is not installed; says the command that installs it.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise SynthesiserError("fluidsynth is not installed; run `apt-get install fluidsynth`")
    file, package = SOUNDFONTS[soundfont]
    if not Path(file).is_file():
        raise SynthesiserError(f"the soundfont {soundfont} is not at {file}; run `apt-get install {package}`")
    return program, file


def windows(sound: FloatArray, seconds: float = 10.0, n: int = 3) -> list[FloatArray]:
    """Cut windows spread over a sound at RATE, the first and the last as far from its ends as from each other."""
    size = min(round(seconds * RATE), len(sound))
    starts = np.linspace(0, len(sound) - size, n + 2)[1:-1] if len(sound) > size else [0]
    return [sound[round(start) : round(start) + size] for start in starts]


def _length(value: int) -> bytes:
    """Write a number as MIDI does: seven bits a byte, the highest first, all but the last with the top bit set."""
    parts: Sequence[int] = [value & 0x7F]
    while value := value >> 7:
        parts = [(value & 0x7F) | 0x80, *parts]
    return bytes(parts)
