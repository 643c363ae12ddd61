"""How well are tempo, key, instruments and voices heard? On music made here, whose answers are known.

Task. Pieces are written (`evals.hearing_rhythms`, `hearing_keys`, `hearing_timbres`), played by fluidsynth, cut into
three windows of 10 s as tracks are, and heard by `recsys.heard`. What was tuned, was tuned on other patterns and
progressions, and on the soundfont FluidR3; figures are of the held-out ones, on TimGM6mb, with fresh seeds. This is not
real music: it tells whether what is measured is measured right, not how often it is right on a record.

Conventions. A tempo is right within 4 % (MIREX), and is *half or double* within 4 % of those; other ratios are neither.
A key is right when tonic and mode are; *relative* shares the notes, *fifth* is a fifth off in the same mode. *told* is
the share of which a value is shown (confidence at least `LEAST_CONFIDENCE`), *right_of_told* how many of those are
right, *right_or_noted* counts the answer's second guess too ("or 180 BPM"). Of instruments, *recall* is the share of
solos whose instrument is named (or one that it is a kind of), *wrong* the share in which another is. Of voices, *right*
is the share of songs heard as sung or as instrumental, as they are; *gender_right*, of those sung, as a man's or a
woman's.

Baselines. Tempo: `librosa.beat.beat_track` as it is. Key: `librosa.feature.chroma_stft` with the profiles of Krumhansl
& Kessler (1982). Instruments: one of the words that can be heard, at random. Voices: every song is sung.

Reference: Gouyon et al., "An experimental comparison of audio tempo induction algorithms" (TASLP 2006); MIREX audio key
detection. Intervals: `evals.metrics`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals import hearing_keys, hearing_rhythms, hearing_timbres, midi
from evals.errors import UnknownSystemError
from evals.hearing_tags import Tagger, open_tagger
from evals.metrics import summarise
from evals.report import Report
from recsys.annotations import LEAST_CONFIDENCE
from recsys.audio.base import Heard, Sound
from recsys.audio.librosa_loading import open_librosa
from recsys.heard import open_analysers
from recsys.heard.key import PITCHES
from recsys.types import Facet, FloatArray, Progress
from recsys.vocabulary import load_vocabulary

PARTS = ("tempo", "key", "instruments", "voices")
SOUNDFONT = "TimGM6mb"
_SECONDS = 34.0
_RIGHT = 0.04
_KRUMHANSL = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
#: What can be heard of instruments: those that MusiCNN has a tag for.
_HEARD_INSTRUMENTS = (
    *("piano", "guitar", "violin", "cello", "strings", "harp", "harpsichord", "flute", "sitar", "synthesizer", "drums"),
    "choir",
)
#: Instruments that sound in others: naming them is not wrong.
_ALSO = {"violin": ("strings",), "cello": ("strings",), "strings": ("violin", "cello"), "harp": ("strings",)}

#: One figure of one piece: (system, subset, metric, value).
_Figure = tuple[str, str, str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pieces there are of each kind."""

    n_tempi: int = 11  # per pattern, from its slowest to its fastest
    n_tonics: int = 12  # per progression
    n_solos: int = 6  # per instrument
    n_songs: int = 12  # with a man's voice, with a woman's, and with none


def choose_parts(text: str) -> tuple[str, ...]:
    """Read "tempo,key" or "all".

    Raises:
        UnknownSystemError: there is no such part.
    """
    chosen = PARTS if text == "all" else tuple(part.strip() for part in text.split(","))
    for part in chosen:
        if part not in PARTS:
            raise UnknownSystemError(part, PARTS, "part")
    return chosen


def evaluate(
    seeds: Sequence[int],
    *,
    parts: Sequence[str] = PARTS,
    plan: Plan | None = None,
    home: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Make the pieces, listen, and compare.

    Args:
        seeds: of the pieces.
        parts: of PARTS.
        plan: how many pieces.
        home: the folder that holds MusiCNN's weights; without them instruments and voices are left out.
        progress: is told how many pieces were heard.

    Raises:
        SynthesiserError: fluidsynth or the soundfont is not installed.
    """
    midi.find_synthesiser(SOUNDFONT)
    plan, tagger = plan or Plan(), open_tagger(home) if {"instruments", "voices"} & set(parts) else None
    settings = {"parts": list(parts), "soundfont": SOUNDFONT, "musicnn": "yes" if tagger else "weights not there"}
    report = Report("segue eval hearing", settings, list(seeds))
    figures: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    ears = _Ears(tagger)
    pieces = {
        "tempo": lambda rng: _tempi(plan, rng, ears),
        "key": lambda rng: _keys(plan, rng, ears),
        "instruments": lambda rng: _instruments(plan, rng, ears) if tagger else (),
        "voices": lambda rng: _voices(plan, rng, ears) if tagger else (),
    }
    n_done = 0
    for number, part in enumerate(PARTS):
        for seed in seeds if part in parts else ():
            of_piece: Callable[[np.random.Generator], Iterable[list[_Figure]]] = pieces[part]
            for found in of_piece(np.random.default_rng((seed, number))):
                n_done += 1
                if progress is not None:
                    progress(f"listen to {part}", n_done, 0)
                for system, subset, metric, value in found:
                    for of in ("all", subset) if subset != "all" else ("all",):
                        figures[system, of, metric].append(value)
    for (system, subset, metric), values in sorted(figures.items(), key=lambda one: one[0][1] != "all"):
        report.add(system, subset, metric, summarise(values, seed=seeds[0]))
    return report


class _Ears:
    """What is heard of a sound, by field."""

    def __init__(self, tagger: Tagger | None) -> None:
        self._tagger, self._analysers = tagger, open_analysers()

    def hear(self, sound: FloatArray, *, tags: bool = False) -> dict[str, Heard]:
        windows = midi.windows(sound)
        said = self._tagger(windows) if tags and self._tagger else None
        given = Sound({midi.RATE: windows}, len(sound) / midi.RATE, tags=said)
        by_tags: list[Heard] = []
        by_signal: list[Heard] = []
        for analyser in self._analysers:
            for one in analyser.hear(given):
                (by_tags if one.source == "heard:musicnn" else by_signal).append(one)
        return {one.field: one for one in (by_tags if tags else by_signal)}


def _tempi(plan: Plan, rng: np.random.Generator, ears: _Ears) -> Iterator[list[_Figure]]:
    beat_track = open_librosa("beat").beat.beat_track
    for name, pattern in hearing_rhythms.HELD_OUT.items():
        for bpm in np.linspace(*pattern.range_bpm, plan.n_tempi) if plan.n_tempi > 1 else (sum(pattern.range_bpm) / 2,):
            truth = float(np.clip(bpm + rng.uniform(-3, 3), *pattern.range_bpm))
            sound = midi.play(hearing_rhythms.rhythm(pattern, truth, _SECONDS, rng), SOUNDFONT, _SECONDS)
            heard = ears.hear(sound).get("tempo_bpm")
            found = _tempo_figures("tempo: segue", name, truth, _number(heard), heard.note if heard else "")
            shown = heard is not None and heard.confidence >= LEAST_CONFIDENCE
            found.append(("tempo: segue", name, "told", float(shown)))
            if shown:
                found.append(("tempo: segue", name, "right_of_told", float(_near(_number(heard), truth))))
            plain, _ = beat_track(y=np.concatenate(midi.windows(sound)), sr=midi.RATE)
            yield [*found, *_tempo_figures("tempo: beat_track", name, truth, float(np.ravel(plain)[0]), "")]


def _tempo_figures(system: str, subset: str, truth: float, said: float | None, note: str) -> list[_Figure]:
    other = float(note.split()[1]) if note else None
    right = _near(said, truth)
    return [
        (system, subset, "right", float(right)),
        (system, subset, "half_or_double", float(_near(said, truth / 2) or _near(said, truth * 2))),
        (system, subset, "right_or_noted", float(right or _near(other, truth))),
    ]


def _near(said: float | None, truth: float) -> bool:
    return said is not None and abs(said / truth - 1) <= _RIGHT


def _keys(plan: Plan, rng: np.random.Generator, ears: _Ears) -> Iterator[list[_Figure]]:
    for name in hearing_keys.HELD_OUT:
        for tonic in rng.permutation(12)[: plan.n_tonics].tolist():
            piece, truth = hearing_keys.harmony(name, tonic, _SECONDS, rng, held_out=True)
            sound = midi.play(piece, SOUNDFONT, _SECONDS)
            heard = ears.hear(sound).get("key")
            said = str(heard.value) if heard else None
            found = _key_figures("key: segue", name, truth, said, heard.note.removeprefix("or ") if heard else "")
            shown = heard is not None and heard.confidence >= LEAST_CONFIDENCE
            found.append(("key: segue", name, "told", float(shown)))
            if shown:
                found.append(("key: segue", name, "right_of_told", float(said == truth)))
            yield [*found, *_key_figures("key: krumhansl", name, truth, _krumhansl(sound), "")]


def _key_figures(system: str, subset: str, truth: str, said: str | None, other: str) -> list[_Figure]:
    fifths = (_moved(truth, 7), _moved(truth, 5))
    return [
        (system, subset, "right", float(said == truth)),
        (system, subset, "relative", float(said == _relative(truth))),
        (system, subset, "fifth", float(said in fifths)),
        (system, subset, "right_or_noted", float(truth in (said, other))),
    ]


def _moved(key: str, steps: int) -> str:
    note, mode = key.split()
    return f"{PITCHES[(PITCHES.index(note) + steps) % 12]} {mode}"


def _relative(key: str) -> str:
    return (
        _moved(key, 9).replace("major", "minor") if key.endswith("major") else _moved(key, 3).replace("minor", "major")
    )


def _krumhansl(sound: FloatArray) -> str:
    chroma_stft = open_librosa().feature.chroma_stft
    chroma = chroma_stft(y=np.concatenate(midi.windows(sound)), sr=midi.RATE).mean(axis=1)
    fits = [np.corrcoef(np.roll(_KRUMHANSL[n // 12], n % 12), chroma)[0, 1] for n in range(24)]
    best = int(np.argmax(fits))
    return f"{PITCHES[best % 12]} {('major', 'minor')[best // 12]}"


def _instruments(plan: Plan, rng: np.random.Generator, ears: _Ears) -> Iterator[list[_Figure]]:
    kinds = load_vocabulary()
    for name in hearing_timbres.INSTRUMENTS:
        fitting = {name, *kinds.parents(Facet.INSTRUMENT, name)}
        for _ in range(plan.n_solos):
            sound = midi.play(hearing_timbres.solo(name, _SECONDS, rng), SOUNDFONT, _SECONDS)
            heard = ears.hear(sound, tags=True).get("instruments")
            said = set(heard.value) if heard and not isinstance(heard.value, str | float | int) else set()
            found = [("instruments: musicnn", name, "wrong", float(bool(said - fitting - set(_ALSO.get(name, ())))))]
            if fitting & set(_HEARD_INSTRUMENTS):
                found.append(("instruments: musicnn", name, "recall", float(bool(said & fitting))))
                guess = _HEARD_INSTRUMENTS[int(rng.integers(len(_HEARD_INSTRUMENTS)))]
                found.append(("instruments: at random", name, "recall", float(guess in fitting)))
            yield found


def _voices(plan: Plan, rng: np.random.Generator, ears: _Ears) -> Iterator[list[_Figure]]:
    system, baseline = "voices: musicnn", "voices: all sung"
    for singer in ("male", "female", "none"):
        name = {"none": "instrumental"}.get(singer, f"{singer} voice")
        for _ in range(plan.n_songs):
            sound = midi.play(hearing_timbres.backing(_SECONDS, rng), SOUNDFONT, _SECONDS)
            if singer != "none":
                sound = midi.at_level(0.5 * sound + hearing_timbres.voice(singer, _SECONDS, rng), 0.5)
            heard = ears.hear(sound, tags=True)
            vocal, level = heard.get("vocal"), _number(heard.get("instrumentalness"))
            sung = level is not None and level < 0.5
            silent = level is not None and level >= 0.5
            found = [
                (system, name, "right", float(sung if singer != "none" else silent)),
                (baseline, name, "right", float(singer != "none")),
                (system, name, "told", float(level is not None)),
            ]
            if singer != "none":
                found.append((system, name, "gender_right", float(vocal is not None and vocal.value == singer)))
                found.append((system, name, "gender_told", float(vocal is not None and vocal.value != "none")))
            yield found


def _number(heard: Heard | None) -> float | None:
    return float(heard.value) if heard is not None and isinstance(heard.value, int | float) else None
