"""Pieces of a known tempo: patterns of drums, bass and chords as popular styles have them, by name.

A pattern is one bar. A drum line is a string of steps, "x" loud, "o" soft; its length says how fine the steps are. What
is tapped to is the quarter note, in "waltz" and "jig" the beat of the bar's metre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.midi import DRUMS, Note, Piece

KICK, SNARE, STICK, CLAP, HAT, OPEN, RIDE, SHAKER, CONGA = 36, 38, 37, 39, 42, 46, 51, 70, 63


@dataclass(frozen=True, slots=True)
class Pattern:
    """One bar of a style."""

    beats: int
    drums: dict[int, str]
    bass: str
    chords: str
    programs: tuple[tuple[int, ...], tuple[int, ...]]  # that may play bass and chords
    range_bpm: tuple[float, float] = (60.0, 180.0)  # in which the style is what it says


_BASSES, _KEYS, _GUITARS, _PADS = (33, 34, 32), (0, 4, 5), (24, 25, 27), (50, 80, 81)

#: Analysers were tuned on these …
TUNING = {
    "rock": Pattern(
        4,
        {KICK: "x...x...", SNARE: "..x...x.", HAT: "xoxoxoxo"},
        "x.x.x.x.",
        "x...x...",
        (_BASSES, _GUITARS),
    ),
    "four on the floor": Pattern(
        4,
        {KICK: "x.x.x.x.", CLAP: "..x...x.", OPEN: ".x.x.x.x"},
        ".x.x.x.x",
        "x.......",
        ((38, 39), _PADS),
    ),
    "ballad": Pattern(
        4, {KICK: "x.......", STICK: "....x...", RIDE: "x.x.x.x."}, "x...x...", "xooxoxoo", (_BASSES, _KEYS)
    ),
    "waltz": Pattern(3, {KICK: "x..", HAT: ".xx"}, "x..", ".xx", (_BASSES, _KEYS), (80.0, 180.0)),
    "picking": Pattern(4, {}, "x...x...", "xoxoxoxo", (_BASSES, _GUITARS)),
    "sixteenths": Pattern(
        4,
        {KICK: "x.....x.x.......", SNARE: "....x.......x..o", HAT: "xoxoxoxoxoxoxoxo"},
        "x..x..x.x..x..x.",
        "....x.......x...",
        (_BASSES, _KEYS),
        (60.0, 130.0),
    ),
}
#: … and are judged on these.
HELD_OUT = {
    "shuffle": Pattern(
        4,
        {KICK: "x.....x.....", SNARE: "...x.....x..", RIDE: "x..x.ox..x.o"},
        "x..x..x..x..",
        "x.....x.....",
        ((32, 33), (0, 16, 26)),
    ),
    "bossa": Pattern(
        4,
        {KICK: "x..xx..x", STICK: "x..x..x...x..x..", SHAKER: "xoxoxoxo"},
        "x..xx..x",
        "x..x...x",
        ((32,), (24, 0)),
        (80.0, 180.0),
    ),
    "breakbeat": Pattern(
        4,
        {KICK: "x.x.......x.....", SNARE: "....x..o.o..x..o", HAT: "x.x.x.x.x.x.x.x."},
        "x.x.......x...x.",
        "x...............",
        ((38, 33), _PADS),
    ),
    "half-time": Pattern(
        4,
        {KICK: "x......x.x......", SNARE: "........x.......", HAT: "x.x.x.x.x.x.xxx."},
        "x...............",
        "x.......x.......",
        ((38, 39), (4, 88, 81)),
    ),
    "march": Pattern(4, {KICK: "x.x.", SNARE: "xoxoxoxx"}, "x.x.", ".x.x", ((58, 32), (61, 21, 56)), (80.0, 160.0)),
    "disco": Pattern(
        4,
        {KICK: "xxxx", SNARE: ".x.x", OPEN: ".x.x.x.x", HAT: "xoxoxoxoxoxoxoxo"},
        "x.xx.xx.x.xx.xx.",
        "..x...x...x...x.",
        (_BASSES, (27, 48, 5)),
        (95.0, 140.0),
    ),
    "strumming": Pattern(4, {}, "x...", "x.xx.xxx", (_BASSES, (24, 25))),
    "piano alone": Pattern(4, {}, "x.x.", "..xo..xo", ((0,), (0,))),
    "jig": Pattern(2, {CONGA: "x..x.."}, "x..x..", "xooxoo", ((32,), (21, 73, 22)), (80.0, 140.0)),
}


def rhythm(pattern: Pattern, bpm: float, seconds: float, rng: np.random.Generator) -> Piece:
    """Write bars of a pattern at a tempo, long enough to fill some seconds; timing and force vary as by hand."""
    piece = Piece(bpm, programs={0: int(rng.choice(pattern.programs[0])), 1: int(rng.choice(pattern.programs[1]))})
    late = 0.006 * bpm / 60  # standard deviation of an onset, in quarter notes: 6 ms
    root, minor = int(rng.integers(0, 12)), bool(rng.integers(2))
    steps = (0, 8, 3, 10) if minor else (0, 7, 9, 5)
    quality = ((0, 3, 7), (0, 4, 7), (0, 4, 7), (0, 4, 7)) if minor else ((0, 4, 7), (0, 4, 7), (0, 3, 7), (0, 4, 7))
    n_bars = int(np.ceil(seconds * bpm / 60 / pattern.beats)) + 1

    def line(bar: int, steps: str, pitches: tuple[int, ...], channel: int, force: int, held: float) -> None:
        size = pattern.beats / len(steps)
        for number, step in enumerate(steps):
            if step != ".":
                at = bar * pattern.beats + number * size + float(rng.normal(0.0, late))
                velocity = int(np.clip(force - 28 * (step == "o") + rng.normal(0, 6), 20, 127))
                piece.notes.extend(Note(max(at, 0.0), held, pitch, velocity, channel) for pitch in pitches)

    for bar in range(n_bars):
        chord = bar % 4
        pitches = tuple(60 + (root + steps[chord] + step) % 12 for step in quality[chord])
        for drum, steps_of in pattern.drums.items():
            line(bar, steps_of, (drum,), DRUMS, 105 if drum in (KICK, SNARE, CLAP) else 80, 0.1)
        line(bar, pattern.bass, (36 + (root + steps[chord]) % 12,), 0, 95, pattern.beats / len(pattern.bass))
        line(bar, pattern.chords, pitches, 1, 80, pattern.beats / len(pattern.chords))
    return piece
