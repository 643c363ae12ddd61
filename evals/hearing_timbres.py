"""Pieces of a known instrument, and songs with and without a voice.

Instruments are General MIDI's. A voice is a source and a filter: a buzz whose pitch sings a tune with vibrato, through
the formants of a man's or a woman's vowels (Peterson & Barney 1952); it sounds like a singing machine, and is all the
singing that can be made here with a known answer.
"""

from __future__ import annotations

import numpy as np

from evals.midi import DRUMS, RATE, Note, Piece, at_level
from recsys.types import FloatArray

#: Word of the vocabulary → General MIDI programs, and the octave (MIDI number of its C) in which it plays.
INSTRUMENTS: dict[str, tuple[tuple[int, ...], int]] = {
    "piano": ((0, 1), 60),
    "guitar": ((24, 25, 27), 48),
    "electric guitar": ((29, 30), 48),
    "violin": ((40,), 67),
    "cello": ((42,), 43),
    "strings": ((48, 49), 55),
    "harp": ((46,), 60),
    "harpsichord": ((6,), 60),
    "flute": ((73,), 72),
    "sitar": ((104,), 48),
    "organ": ((19,), 55),
    "saxophone": ((65, 66), 55),
    "trumpet": ((56,), 60),
    "accordion": ((21,), 60),
    "synthesizer": ((80, 81), 55),
    "choir": ((52, 53), 55),
    "drums": ((), 0),
}
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
#: Formants of five vowels, in Hz: of men and of women.
_VOWELS = {
    "male": ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)),
    "female": ((850, 1220, 2810), (310, 2790, 3310), (370, 950, 2670), (610, 2330, 2990), (590, 920, 2710)),
}
_TONICS = {"male": 45, "female": 57}
_CHORDED = ("piano", "guitar", "strings", "harp", "harpsichord", "organ", "accordion", "choir", "synthesizer")


def solo(instrument: str, seconds: float, rng: np.random.Generator) -> Piece:
    """Write a tune, with chords below where the instrument plays such, for one instrument alone."""
    bpm = float(rng.uniform(70, 130))
    piece = Piece(bpm)
    n_beats = int(np.ceil(seconds * bpm / 60)) + 2
    if instrument == "drums":
        for beat in range(n_beats):
            kit = [(36 if beat % 2 == 0 else 38, 0.0, 110), (42, 0.0, 80), (42, 0.5, 65)]
            kit += [(int(rng.choice((41, 45, 48, 38))), float(rng.choice((0.25, 0.75))), 95)] * int(rng.integers(0, 2))
            piece.notes += [Note(beat + at, 0.1, drum, force, DRUMS) for drum, at, force in kit]
        return piece
    programs, octave = INSTRUMENTS[instrument]
    piece.programs[0] = int(rng.choice(programs))
    tonic, place, at = octave + int(rng.integers(0, 8)), 3, 0.0
    while at < n_beats:
        length = float(rng.choice((0.5, 1.0, 2.0), p=(0.4, 0.45, 0.15)))
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(_SCALE) - 1))
        piece.notes.append(Note(at, 0.95 * length, tonic + _SCALE[place], int(rng.integers(75, 110)), 0))
        at += length
    if instrument in _CHORDED:
        for bar in range(n_beats // 4):
            root = (0, 7, 9, 5)[bar % 4] - 12
            piece.notes += [Note(4 * bar, 3.9, tonic + root + step, 70, 0) for step in (0, 4, 7)]
    return piece


def backing(seconds: float, rng: np.random.Generator) -> Piece:
    """Write drums, bass and chords for a voice to sing over."""
    bpm = float(rng.uniform(75, 125))
    chords = int(rng.choice((0, 4, 24, 25, 27, 48)))
    piece = Piece(bpm, programs={0: int(rng.choice((32, 33))), 1: chords})
    for bar in range(int(np.ceil(seconds * bpm / 240)) + 1):
        root, quality = ((0, (0, 4, 7)), (7, (0, 4, 7)), (9, (0, 3, 7)), (5, (0, 4, 7)))[bar % 4]
        piece.notes += [Note(4 * bar + beat, 0.9, 36 + root, 90, 0) for beat in (0, 2)]
        piece.notes += [
            Note(4 * bar + beat, 1.9, 60 + (root + step) % 12, 70, 1) for step in quality for beat in (0, 2)
        ]
        piece.notes += [Note(4 * bar + n / 2, 0.1, 42, 65, DRUMS) for n in range(8)]
        piece.notes += [Note(4 * bar + n, 0.1, 38 if n % 2 else 36, 95, DRUMS) for n in range(4)]
    return piece


def voice(gender: str, seconds: float, rng: np.random.Generator) -> FloatArray:
    """Sing a tune of vowels, mono (S,) at RATE; `gender` is male or female."""
    n_samples = round(seconds * RATE)
    pitch, loud, vowels = np.zeros(n_samples), np.zeros(n_samples), np.zeros(n_samples, np.int64)
    at, place = 0, 3
    while at < n_samples:
        length = min(round(float(rng.choice((0.3, 0.5, 0.9))) * RATE), n_samples - at)
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(_SCALE) - 1))
        pitch[at : at + length] = _TONICS[gender] + _SCALE[place]
        edge = min(round(0.04 * RATE), length // 2)
        loud[at : at + length] = np.interp(np.arange(length), (0, edge, length - edge, length), (0.1, 1, 0.9, 0.1))
        vowels[at : at + length] = rng.integers(0, 5)
        if rng.random() < 0.15:
            loud[at : at + length] = 0.0  # a breath
        at += length
    time = np.arange(n_samples) / RATE
    vibrato = 0.35 * np.sin(2 * np.pi * (5.5 * time + 0.05 * np.cumsum(rng.normal(0, 1, n_samples)) / np.sqrt(RATE)))
    hertz = 440 * 2 ** ((_smooth(pitch, 0.04) + vibrato - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    formants = np.array(_VOWELS[gender], np.float64)
    tracks = [_smooth(formants[vowels, number], 0.06) for number in range(3)]
    sound = np.zeros(n_samples)
    for partial in range(1, 31):
        at_hertz = partial * hertz
        level = sum(
            strength / (1 + np.square((at_hertz - track) / width))
            for track, strength, width in zip(tracks, (1.0, 0.6, 0.3), (70.0, 90.0, 130.0), strict=True)
        )
        audible = np.clip((RATE / 2 - at_hertz) / 500, 0, 1)
        sound += audible * level * np.sin(partial * phase) / partial**0.6
    breath = 0.02 * rng.normal(0, 1, n_samples)
    return at_level(((sound + breath) * _smooth(loud, 0.01)).astype(np.float32), 0.5)


def _smooth(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], seconds: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(values, max(round(seconds * RATE), 1)))
