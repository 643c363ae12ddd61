"""Pieces of a known key: progressions with a tune above, in all 24 keys, up to 40 cents out of tune."""

from __future__ import annotations

import numpy as np

from evals.midi import DRUMS, Note, Piece

PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR, _MINOR, _HARMONIC = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11)

_Chord = tuple[int, tuple[int, ...]]
_M, _m, _7, _d = (0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 6)
#: Name → mode, scale of the tune, and chords as semitones above the tonic. Analysers were tuned on these …
TUNING: dict[str, tuple[str, tuple[int, ...], tuple[_Chord, ...]]] = {
    "I–V–vi–IV": ("major", _MAJOR, ((0, _M), (7, _M), (9, _m), (5, _M))),
    "ii–V–I": ("major", _MAJOR, ((2, _m), (7, _7), (0, _M), (0, _M))),
    "I–IV–I–V": ("major", _MAJOR, ((0, _M), (5, _M), (0, _M), (7, _M))),
    "i–VI–III–VII": ("minor", _MINOR, ((0, _m), (8, _M), (3, _M), (10, _M))),
    "i–iv–V": ("minor", _HARMONIC, ((0, _m), (5, _m), (7, _M), (0, _m))),
    "i–VII–VI–V": ("minor", _HARMONIC, ((0, _m), (10, _M), (8, _M), (7, _M))),
}
#: … and are judged on these.
HELD_OUT: dict[str, tuple[str, tuple[int, ...], tuple[_Chord, ...]]] = {
    "I–vi–ii–V": ("major", _MAJOR, ((0, _M), (9, _m), (2, _m), (7, _7))),
    "I–iii–IV–V": ("major", _MAJOR, ((0, _M), (4, _m), (5, _M), (7, _M))),
    "vi–IV–I–V": ("major", _MAJOR, ((9, _m), (5, _M), (0, _M), (7, _M))),
    "twelve bars": (
        "major",
        _MAJOR,
        tuple((step, _7) for step in (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)),
    ),
    "i–iv–VII–III": ("minor", _MINOR, ((0, _m), (5, _m), (10, _M), (3, _M))),
    "i–ii°–V–i": ("minor", _HARMONIC, ((0, _m), (2, _d), (7, _7), (0, _m))),
    "i–v–VI–iv": ("minor", _MINOR, ((0, _m), (7, _m), (8, _M), (5, _m))),
    "i–VII": ("minor", _MINOR, ((0, _m), (10, _M), (0, _m), (10, _M))),
}
_CHORDS, _TUNES, _BASSES = (0, 4, 16, 24, 27, 48, 50, 81), (0, 11, 40, 65, 73, 80, 56, 66), (32, 33, 38)


def harmony(name: str, tonic: int, seconds: float, rng: np.random.Generator, *, held_out: bool) -> tuple[Piece, str]:
    """Write a piece on a tonic (0 is C); return it with its key, such as "C# minor"."""
    mode, scale, chords = (HELD_OUT if held_out else TUNING)[name]
    bpm = float(rng.uniform(75, 140))
    piece = Piece(bpm, cents=float(rng.uniform(-40, 40)))
    piece.programs = {0: int(rng.choice(_BASSES)), 1: int(rng.choice(_CHORDS)), 2: int(rng.choice(_TUNES))}
    drums, busy = bool(rng.integers(2)), float(rng.uniform(0.4, 0.9))
    place = int(rng.integers(0, len(scale)))
    for bar in range(int(np.ceil(seconds * bpm / 240)) + 1):
        root, quality = chords[bar % len(chords)]
        start, sounding = 4.0 * bar, {(tonic + root + step) % 12 for step in quality}
        piece.notes += [Note(start + 2 * half, 1.9, 36 + (tonic + root) % 12, 90, 0) for half in (0, 1)]
        piece.notes += [Note(start, 3.8, 55 + (tonic + root + step - 7) % 12, 70, 1) for step in quality]
        for step in range(8):
            if rng.random() > busy:
                continue
            place = int(np.clip(place + rng.integers(-2, 3), 0, 2 * len(scale) - 1))
            pitch = 67 + (tonic - 7) % 12 + 12 * (place // len(scale)) + scale[place % len(scale)]
            if step % 2 == 0 and pitch % 12 not in sounding and rng.random() < 0.6:
                pitch = min((67 + p for p in range(24) if (67 + p) % 12 in sounding), key=lambda p: abs(p - pitch))
            piece.notes.append(Note(start + step / 2, 0.45, pitch, 85, 2))
        if drums:
            piece.notes += [Note(start + n / 2, 0.1, 42, 70, DRUMS) for n in range(8)]
            piece.notes += [Note(start + n, 0.1, 38 if n % 2 else 36, 95, DRUMS) for n in range(4)]
    return piece, f"{PITCHES[tonic]} {mode}"
