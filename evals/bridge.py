"""How well do words find tracks that nobody has described, by their sound alone?

Task. Pieces for single instruments are composed and played by a General MIDI synthesiser. Of every family of
instruments (organ, flute, …) half the programs are *described*: their tracks state the family. Tracks of the other
programs state nothing, and their names say nothing: only their sound is there, and no program is on both sides, so that
a timbre has to be recognised as like those that were described. The product indexes all of them, JAM is trained on the
whole catalogue with the spaces of the audio encoders beside text and tags, and then the undescribed tracks are ranked
for requests in words. This is not real music: it shows that the bridge from words to sound is there, not how far it
carries.

    recall@10      of the undescribed tracks of the family asked for, the share among the ten ranked first of all
                   undescribed ones; over at most ten
    over_chance    less what a random order gives, paired by request

Systems. `sound` as above; with `no-dropout` no modality of a track was taken for absent in training; `no-sound` has no
audio space; `tags` ranks the same tracks after they were described, too. Intervals are over families: requests for one
family share its tracks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evals.metrics import summarise
from evals.midi import RATE, Note, Piece, play, windows
from evals.report import Report
from recsys.catalogue import Catalogue
from recsys.encoders.text import TextEncoder
from recsys.jam.train import TrainingSettings
from recsys.pipeline import build, open_recommender
from recsys.recommendation import Query
from recsys.spaces import put_space
from recsys.types import FloatArray, Progress, Track
from recsys.vocabulary import load_vocabulary

#: Word → General MIDI programs, and the MIDI number of the lowest note that they play.
FAMILIES: Mapping[str, tuple[tuple[int, ...], int]] = {
    "piano": ((0, 1, 2, 3), 55),
    "vibraphone": ((9, 11, 12, 13), 60),
    "organ": ((16, 17, 18, 19, 20), 50),
    "guitar": ((24, 25, 26, 27), 45),
    "electric guitar": ((28, 29, 30, 84), 45),
    "bass guitar": ((32, 33, 34, 35, 36, 37), 28),
    "cello": ((40, 41, 42, 43), 43),
    "strings": ((44, 48, 49, 50, 51), 50),
    "choir": ((52, 53, 54, 91), 55),
    "trumpet": ((56, 57, 59, 60, 61), 50),
    "saxophone": ((64, 65, 66, 67), 48),
    "flute": ((72, 73, 74, 75, 77), 67),
    "synthesizer": ((80, 81, 82, 86, 87), 50),
}
_REQUESTS = ("{word}", "something with {word}", "{word} music", "I want to hear a {word}")
_TUNES, _SECONDS = 6, 14.0
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
_CUT = 10


def evaluate(
    seeds: Sequence[int],
    *,
    encoders: Sequence[str],
    home: Path,
    encoder: TextEncoder,
    soundfont: str = "FluidR3",
    steps: int = 800,
    threads: int = 2,
    progress: Progress | None = None,
) -> Report:
    """Compose, play, hear, index, train and ask; once per seed.

    Args:
        seeds: of the pieces and of training.
        encoders: audio encoders by name, a space each.
        home: where their weights are.
        encoder: of texts.
        soundfont: of `evals.midi.SOUNDFONTS`.
        steps: of training.
        threads: of training.
        progress: told about every stage.

    Raises:
        SynthesiserError: the synthesiser or the soundfont is not installed.
        WeightsError: an audio encoder lacks its weights.
    """
    said = {"encoders": list(encoders), "soundfont": soundfont, "steps": steps, "families": len(FAMILIES)}
    report = Report("segue eval bridge", said, seeds)
    found: dict[str, list[float]] = {}
    over: dict[str, list[float]] = {}
    groups: dict[str, list[int]] = {}
    for seed in seeds:
        tracks, family, described = _compose(seed)
        vectors = _hear(family, seed, encoders, home, soundfont, progress)
        told = [replace(track, instruments=(word,)) for track, word in zip(tracks, family, strict=True)]
        some = [whole if here else bare for bare, whole, here in zip(tracks, told, described, strict=True)]
        usual = TrainingSettings(steps=steps, seed=seed, threads=threads)
        hidden = np.flatnonzero(~described)
        systems = {
            "sound": (some, vectors, usual),
            "no-dropout": (some, vectors, replace(usual, modality_dropout=0.0)),
            "no-sound": (some, {}, usual),
            "tags": (told, vectors, usual),
        }
        for name, (catalogue, spaces, settings) in systems.items():
            if progress:
                progress(f"train {name}", 0, 0)
            scored = _recalls(catalogue, spaces, settings, encoder, np.array(family), hidden)
            for number, (recall, chance) in enumerate(scored):
                found.setdefault(name, []).append(recall)
                over.setdefault(name, []).append(recall - chance)
                groups.setdefault(name, []).append(number // len(_REQUESTS))
                if name == "sound":
                    found.setdefault("chance", []).append(chance)
                    groups.setdefault("chance", []).append(number // len(_REQUESTS))
    for name, values in found.items():
        report.add(name, "all", f"recall@{_CUT}", summarise(values, groups=groups[name]))
        if name in over:
            report.add(name, "all", "over_chance", summarise(over[name], groups=groups[name]))
    return report


def _compose(seed: int) -> tuple[list[Track], list[str], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Name the tracks by number alone; return them bare, with the family of each and whether it is described (N,)."""
    tracks: list[Track] = []
    families: list[str] = []
    described: list[bool] = []
    numbers = np.random.default_rng((seed, 1)).permutation(10_000)
    for word, (programs, _) in FAMILIES.items():
        for place, _program in enumerate(programs):
            for _ in range(_TUNES):
                number = int(numbers[len(tracks)])
                tracks.append(Track(f"t{number:04d}", f"Piece {number}", (f"Player {number}",)))
                families.append(word)
                described.append(place % 2 == 0)
    return tracks, families, np.array(described)


def _hear(
    families: Sequence[str], seed: int, encoders: Sequence[str], home: Path, soundfont: str, progress: Progress | None
) -> dict[str, FloatArray]:
    """Play every track and hear it: per encoder the mean (N, D) over its windows."""
    import soxr

    from recsys.audio.registry import open_audio_encoder

    opened = {name: open_audio_encoder(name, home, 1) for name in encoders}
    rows: dict[str, list[FloatArray]] = {name: [] for name in encoders}
    places: dict[str, int] = {}
    for number, word in enumerate(families):
        programs, lowest = FAMILIES[word]
        place = places.get(word, 0)
        places[word] = place + 1
        rng = np.random.default_rng((seed, number))
        sound = play(_tune(programs[place // _TUNES], lowest, rng), soundfont, _SECONDS)
        for name, one in opened.items():
            heard = [
                np.asarray(soxr.resample(window, RATE, one.card.rate), np.float32)
                for window in windows(sound, seconds=_SECONDS / 2, n=2)
            ]
            rows[name].append(one.encode(heard).mean(axis=0))
        if progress:
            progress("play and hear", number + 1, len(families))
    return {name: np.stack(vectors).astype(np.float32) for name, vectors in rows.items()}


def _tune(program: int, lowest: int, rng: np.random.Generator) -> Piece:
    """A tune for one instrument, with chords below where chance has it."""
    bpm = float(rng.uniform(70, 130))
    piece = Piece(bpm, programs={0: program})
    tonic, place, at = lowest + int(rng.integers(0, 8)), 3, 0.0
    n_beats = _SECONDS * bpm / 60 + 2
    while at < n_beats:
        length = float(rng.choice((0.5, 1.0, 2.0), p=(0.4, 0.45, 0.15)))
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(_SCALE) - 1))
        piece.notes.append(Note(at, 0.95 * length, tonic + _SCALE[place], int(rng.integers(75, 110)), 0))
        at += length
    if rng.random() < 0.5:
        for bar in range(int(n_beats // 4)):
            root = tonic + (0, 7, 9, 5)[bar % 4]
            piece.notes += [Note(4 * bar, 3.9, root + step, 70, 0) for step in (0, 4, 7)]
    return piece


def _recalls(
    tracks: Sequence[Track],
    spaces: Mapping[str, FloatArray],
    settings: TrainingSettings,
    encoder: TextEncoder,
    families: np.ndarray[tuple[int], np.dtype[np.str_]],
    hidden: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> list[tuple[float, float]]:
    """Index and train, then return for every request recall@10 among the hidden tracks, and what chance gives."""
    ids = [track.track_id for track in tracks]
    asked = {ids[number]: str(families[number]) for number in hidden}
    with tempfile.TemporaryDirectory() as folder:
        home, vocabulary = Path(folder), load_vocabulary()
        for name, vectors in spaces.items():
            put_space(home, name, ids, vectors, source="evaluation")
        catalogue = Catalogue.from_tracks(tracks)
        build(home, catalogue, vocabulary, encoder, settings)
        recommender, _ = open_recommender(home, vocabulary, encoder)
        results = []
        for word in FAMILIES:
            n_right = sum(family == word for family in asked.values())
            most = min(n_right, _CUT)
            chance = _CUT * n_right / len(asked) / most
            for request in _REQUESTS:
                rows = recommender.rank(Query(request.format(word=word), seed=settings.seed), len(tracks))[0]
                shown = [one for one in (catalogue.track_ids[row] for row in rows) if one in asked][:_CUT]
                results.append((sum(asked[one] == word for one in shown) / most, chance))
        return results
