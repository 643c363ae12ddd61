"""Clauses that a catalogue can answer, and how people say them.

A clause is drawn from one real track, so whatever is asked for together can be had together. Its words say it alone:
clauses can be put one after the other in any order, as parts of a sentence, as sentences, or as messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from evals.metamorphic_judge import Clause, Judge
from recsys.text import artist_key, fold
from recsys.types import Facet, Track
from recsys.vocabulary import SECTIONS, Vocabulary

#: Tracks that must have a property before it is asked for or refused.
MIN_TRACKS = 12
_SYNONYM = 0.35  # odds of another word than the canonical one
_ERA_STARTS = (1970, 1980, 1990, 2000, 2005, 2010, 2015)
_BPM = (90, 100, 110, 120, 130, 140)

_WANTED = {
    Facet.GENRE: ("{}", "{} music", "some {}", "{} songs"),
    Facet.MOOD: ("{}", "something {}", "{} songs"),
    Facet.ACTIVITY: ("for {}", "music for {}", "songs for {}"),
    Facet.VOCALS: ("{}",),
    Facet.INSTRUMENT: ("with {}", "featuring {}"),
    Facet.LANGUAGE: ("in {}", "sung in {}"),
    Facet.COUNTRY: ("from {}",),
    Facet.ERA: ("{}", "music {}", "songs {}"),
    Facet.TEMPO: ("{}",),
}
_REFUSED = (
    *("no {}", "without {}", "no {} please", "I don't want {}", "please avoid {}", "leave out {}", "skip the {}"),
    *("nothing {}", "but not {}", "no more {}", "I can't stand {}", "I'm tired of {}", "exclude {}", "{} is out"),
    *(
        "stay away from {}",
        "steer clear of {}",
        "fed up with {}",
        "ditch the {}",
        "get rid of the {}",
        "{} is off limits",
    ),
)
_REFUSED_ADJECTIVE = (
    "nothing {}",
    "no {} songs",
    "not {}",
    "please nothing {}",
    "I don't want {} songs",
    "avoid {} music",
)
_REFUSED_ARTIST = ("no {}", "nothing by {}", "without {}", "I'm tired of {}", "leave out {}", "please no {}", "skip {}")
_REFUSED_WHEN = ("nothing {}", "no songs {}", "no music {}", "please nothing {}")
_REFUSED_NOUN = tuple(shape for shape in _REFUSED if not shape.startswith("nothing"))
_REFUSED_FOR = ("nothing for {}", "no {} music", "not for {}")
_VOICELESS = ("instrumental", "without vocals", "instrumental music", "no vocals")
_REFUSED_VOICELESS = ("no instrumentals", "nothing instrumental", "no instrumental tracks", "not instrumental")
#: Artists whose names are names and nothing else: letters, no word of the language by itself.
_PLAIN_NAME = re.compile(r"[^\W\d_]{2,}(?: [^\W\d_]{2,})+|[^\W\d_]{6,}")
_OPENINGS = ("{}", "I'd like {}", "give me {}", "can you play {}", "{} please", "I'm looking for {}", "a playlist: {}")


class Words:
    """Draws clauses about the tracks of one catalogue, and words them."""

    def __init__(self, judge: Judge, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
        self._judge, self._vocabulary, self._rng = judge, vocabulary, rng

    def wanted(self, track: Track) -> list[Clause]:
        """Everything that can be asked for that a track has, in random order."""
        return self._shuffled(self._about(track))

    def refusable(self, track: Track) -> list[Clause]:
        """Everything that can be refused that a track has, its artist among it, in random order."""
        name = track.artists[0] if track.artists else ""
        by = [Clause(Facet.ARTIST, artist_key(name))] if _PLAIN_NAME.fullmatch(name) else []
        return [replace(clause, wanted=False) for clause in self._shuffled([*by, *self._about(track)])]

    def spare(self, refused: Clause, track: Track) -> Clause | None:
        """A refusal of a genre that lets one of its kinds through; None where the track has no kind of it."""
        kinds = [w for w in track.genres if refused.value in self._vocabulary.parents(Facet.GENRE, w)]
        if refused.facet is not Facet.GENRE or not kinds:
            return None
        kind = str(self._rng.choice(kinds))
        shape = self._one(("no {} but {} is fine", "no {} except {}", "no {}, but {} is okay"))
        return replace(refused, spared=kind, words=shape.format(refused.value, kind))

    def say(self, clause: Clause, name: str = "") -> Clause:
        """Put a clause into words; `name` is how an artist's key is written."""
        return replace(clause, words=self._wanted_words(clause) if clause.wanted else self._refused_words(clause, name))

    def join(self, clauses: Sequence[Clause], *, opening: bool = True) -> str:
        """Say several clauses in one message, in the order given."""
        text = list_clauses(clauses)
        return self._one(_OPENINGS).format(text) if opening and clauses[0].wanted else text

    def _about(self, track: Track) -> list[Clause]:
        found = [
            Clause(facet, word)
            for facet, words in (
                (Facet.GENRE, track.genres),
                (Facet.INSTRUMENT, track.instruments),
                (Facet.LANGUAGE, (track.language,) if track.language else ()),
                (Facet.COUNTRY, (track.country,) if track.country else ()),
            )
            for word in words
            if word in self._vocabulary.words(facet)
        ]
        for facet in (Facet.MOOD, Facet.ACTIVITY):  # "relaxing" is both, so it is neither
            found += [Clause(facet, word) for word in self._vocabulary.words(facet) if self._means_only(word, facet)]
        found.append(Clause(Facet.VOCALS, "none"))
        if track.year is not None:
            found.append(Clause(Facet.ERA, low=track.year // 10 * 10, high=track.year // 10 * 10 + 9))
            found += [Clause(Facet.ERA, low=year) for year in _ERA_STARTS if year <= track.year]
            found += [Clause(Facet.ERA, high=year - 1) for year in _ERA_STARTS if year > track.year]
        if track.tempo_bpm is not None:
            found += [Clause(Facet.TEMPO, low=bpm) for bpm in _BPM if bpm <= track.tempo_bpm]
            found += [Clause(Facet.TEMPO, high=bpm) for bpm in _BPM if bpm >= track.tempo_bpm]
        return [c for c in found if self._judge.has(track.track_id, c) and self._judge.having(c).sum() >= MIN_TRACKS]

    def _shuffled(self, clauses: Sequence[Clause]) -> list[Clause]:
        """Random order in which every facet has the same chance to come first."""
        facets = list(dict.fromkeys(clause.facet for clause in clauses))
        rank = dict(zip(facets, self._rng.permutation(len(facets)).tolist(), strict=True))
        order = self._rng.permutation(len(clauses)).tolist()
        return sorted((clauses[number] for number in order), key=lambda clause: rank[clause.facet])

    def _wanted_words(self, clause: Clause) -> str:
        said = self._one(_VOICELESS) if clause.facet is Facet.VOCALS else self._word(clause)
        return self._one(_WANTED[clause.facet]).format(said)

    def _refused_words(self, clause: Clause, name: str) -> str:
        match clause.facet:
            case Facet.ARTIST:
                return self._one(_REFUSED_ARTIST).format(name)
            case Facet.VOCALS:
                return self._one(_REFUSED_VOICELESS)
            case Facet.ERA | Facet.TEMPO:
                return self._one(_REFUSED_WHEN if clause.facet is Facet.ERA else ("nothing {}",)).format(
                    self._word(clause)
                )
            case Facet.MOOD:
                return self._one(_REFUSED_ADJECTIVE).format(self._word(clause))
            case Facet.ACTIVITY:
                return self._one(_REFUSED_FOR).format(self._word(clause))
            case Facet.LANGUAGE | Facet.COUNTRY:
                link = "in" if clause.facet is Facet.LANGUAGE else "from"
                return self._one(_REFUSED_WHEN).format(f"{link} {self._word(clause)}")
            case _:
                return self._one(_REFUSED_NOUN).format(self._word(clause))

    def _word(self, clause: Clause) -> str:
        """The value as people say it."""
        if clause.facet is Facet.ERA:
            return self._when(clause)
        if clause.facet is Facet.TEMPO:
            return f"over {clause.low:g} bpm" if clause.low is not None else f"under {clause.high:g} bpm"
        others = [phrase for phrase in self._synonyms(clause) if self._means_only(phrase, clause.facet)]
        if others and self._rng.random() < _SYNONYM:
            return self._one(others)
        return clause.value

    def _when(self, clause: Clause) -> str:
        if clause.high is None:
            return self._one(("since {:g}", "from {:g} on")).format(clause.low)
        if clause.low is None:
            return f"before {clause.high + 1:g}"
        first = int(clause.low)
        return self._one((f"from the {first}s", f"from the {first % 100:02d}s", f"of the {first}s"))

    def _synonyms(self, clause: Clause) -> list[str]:
        if clause.facet is not Facet.GENRE:
            return []
        phrases = self._vocabulary.phrases(clause.facet)
        return [phrase for phrase, word in phrases.items() if word == clause.value and phrase != fold(clause.value)]

    def _means_only(self, phrase: str, facet: Facet) -> bool:
        others = (other for other in SECTIONS if other not in (facet, Facet.THEME))  # songs can be about anything
        return all(self._vocabulary.canonical(other, phrase) is None for other in others)

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]


def list_clauses(clauses: Iterable[Clause]) -> str:
    """Put clauses one after the other; a refusal ends its sentence, so that it reaches no further than it says."""
    text = ""
    for clause in clauses:
        text += (
            ("" if not text else " " if text.endswith(".") else ", ") + clause.words + ("" if clause.wanted else ".")
        )
    return text.removesuffix(".")
