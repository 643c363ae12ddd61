"""The analysers: what the signal itself tells, and what MusiCNN's tags do.

Of silence and of what is shorter than two seconds they say nothing; of noise and of speech only what is true of them
all the same, which is how loud they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.audio.base import Heard, Sound
from recsys.heard.key import find_key
from recsys.heard.levels import danceability, energy, loudness_db
from recsys.heard.spectra import RATE, Spectra
from recsys.heard.tags import SOURCE as BY_TAGS
from recsys.heard.tags import hear_tags
from recsys.heard.tempo import Tempo, find_tempo

SOURCE = "heard:librosa"

#: How sure loudness is, which is measured, though of thirty seconds; energy, whose scale is Spotify's; danceability.
_LOUDNESS, _ENERGY, _DANCEABILITY = 0.9, 0.6, 0.5
#: A steady beat makes its tempo this much of its probability surer, an unsteady one less.
_STEADY_PULSE = 0.35


class SignalAnalyser:
    """Tempo, key, loudness, energy and danceability, by librosa and arithmetic."""

    rates: tuple[int, ...] = (RATE,)
    #: What it says is stored under this.
    source = SOURCE

    def hear(self, sound: Sound) -> Sequence[Heard]:
        """Return what it hears; a tempo or key that may be another says which in its note."""
        spectra = Spectra.of(sound.rates.get(RATE, ()))
        if not spectra.windows:
            return ()
        found = []
        tempo = find_tempo(spectra.onsets)
        if tempo is not None:
            found.append(Heard("tempo_bpm", tempo.bpm, _sure(tempo), SOURCE, _or_bpm(tempo)))
        if (key := find_key(spectra.windows)) is not None:
            found.append(
                Heard("key", key.name, round(key.probability, 3), SOURCE, f"or {key.other}" if key.other else "")
            )
        if (loudness := loudness_db(spectra.windows)) is not None:
            found.append(Heard("loudness_db", round(loudness, 1), _LOUDNESS, SOURCE))
            if tempo is not None or key is not None:
                found.append(Heard("energy", energy(loudness, spectra), _ENERGY, SOURCE))
        if tempo is not None:
            found.append(Heard("danceability", danceability(tempo), _DANCEABILITY, SOURCE))
        return tuple(found)


class TagAnalyser:
    """Instruments, voices, genres, moods and activities, where MusiCNN was run."""

    rates: tuple[int, ...] = ()
    #: What it says is stored under this.
    source = BY_TAGS

    def hear(self, sound: Sound) -> Sequence[Heard]:
        """Return what the tags say; nothing of a track that is silent."""
        if not sound.tags or _silent(sound):
            return ()
        return tuple(hear_tags({name: float(score) for name, score in sound.tags.items() if np.isfinite(score)}))


def _sure(tempo: Tempo) -> float:
    return round(tempo.probability * min(1.0, tempo.pulse / _STEADY_PULSE), 3)


def _or_bpm(tempo: Tempo) -> str:
    return f"or {tempo.other_bpm:.0f} BPM" if tempo.other_bpm else ""


def _silent(sound: Sound) -> bool:
    """Whether there are windows to judge by, and none holds sound."""
    windows = sound.rates.get(RATE)
    return windows is not None and not Spectra.of(windows).windows
