"""What is generally known of a track's artist, and of its best-known songs, as annotations.

How sure each kind of fact makes is counted on the catalogue's described tracks (`recsys.enrich.calibration`); where it
describes none, `EXPECTED` counts, which was counted on the starter catalogue and drawn towards less: starter and
facts were written by the same hand.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from recsys.annotations import LEAST_CONFIDENCE, Annotation
from recsys.enrich.base import FACETS, FACTS, Guess, agrees, states, word_agrees
from recsys.enrich.calibration import Calibration, spread
from recsys.enrich.known_artists import KnownArtist, find_artist
from recsys.text import base_title
from recsys.types import Facet, Track, TrackId
from recsys.vocabulary import Vocabulary

#: How often each kind of fact is right where the catalogue itself cannot tell; see the module's docstring.
EXPECTED = {
    "genres:1": 0.9,
    "genres:2": 0.6,
    "genres:3": 0.4,
    "country": 0.95,
    "vocal": 0.85,
    "year:song": 0.9,
    "year:1": 0.75,
    "year:2": 0.5,
    "year:3": 0.35,
    "language:stated": 0.9,
    "language:genre": 0.9,
    "language:english": 0.95,
    "language:country": 0.75,
}
#: What is expected of the wider list, whose artists were described in groups, beside that.
_LISTED = 0.9
FIELDS = ("genres", "year", "country", "vocal", "language")
_VOICES = {"male": "male", "female": "female", "mixed": "mixed", "instrumental": "none"}

#: Genres that are sung in one language.
_SUNG_IN = {
    "k-pop": "korean",
    "j-pop": "japanese",
    "city pop": "japanese",
    "reggaeton": "spanish",
    "salsa": "spanish",
    "cumbia": "spanish",
    "bachata": "spanish",
    "bolero": "spanish",
    "mariachi": "spanish",
    "regional mexican": "spanish",
    "tango": "spanish",
    "flamenco": "spanish",
    "latin pop": "spanish",
    "nueva canción": "spanish",
    "samba": "portuguese",
    "bossa nova": "portuguese",
    "brazilian": "portuguese",
    "fado": "portuguese",
    "chanson": "french",
    "yé-yé": "french",
    "italian pop": "italian",
    "bollywood": "hindi",
    "turkish": "turkish",
    "arabic": "arabic",
    "qawwali": "urdu",
}
_ENGLISH = frozenset(
    ("united states", "united kingdom", "ireland", "australia", "new zealand", "canada", "jamaica", "barbados")
)
#: Genres that are sung in English, or not at all, whatever is spoken where they are made.
_OFTEN_ENGLISH = frozenset(
    (*("electronic", "dance", "house", "techno", "trance", "metal", "black metal", "death metal"), "jazz", "classical")
)
_SPOKEN_IN = {
    **dict.fromkeys(("mexico", "spain", "argentina", "colombia", "chile", "cuba", "puerto rico", "peru"), "spanish"),
    **dict.fromkeys(("venezuela", "uruguay", "panama", "dominican republic"), "spanish"),
    **dict.fromkeys(("brazil", "portugal"), "portuguese"),
    "france": "french",
    "italy": "italian",
    "japan": "japanese",
    "south korea": "korean",
    "russia": "russian",
    "turkey": "turkish",
}


class ArtistsFacts:
    """The shipped facts beside the tracks of a catalogue, with how sure each kind of them is there."""

    def __init__(self, tracks: Sequence[Track], vocabulary: Vocabulary) -> None:
        """Count on the described tracks how often the facts are right."""
        self._vocabulary = vocabulary
        self.calibration = Calibration()
        for field in FIELDS:
            described = [one for one in tracks if states(one, field)]
            for number in spread(len(described)):
                self._try(described[number], field)

    def guesses(self, track: Track) -> Iterator[Guess]:
        """What the facts tell of every field that the track does not state."""
        known = find_artist(track.artists)
        if known is None:
            return
        for field in FIELDS:
            told = [] if states(track, field) else self._told(track, known, field)
            sure = [(value, self._confidence(known, kind, value if field == "genres" else "")) for value, kind in told]
            if not sure:
                continue
            if field != "genres":
                yield Guess(field, *sure[0])
                continue
            kept = [one for one in sure if one[1] >= LEAST_CONFIDENCE] or sure[:1]
            yield Guess(field, tuple(word for word, _ in kept), statistics.fmean(share for _, share in kept))

    def _try(self, track: Track, field: str) -> None:
        known = find_artist(track.artists)
        stated = getattr(track, field)
        if known is None:
            return
        for value, kind in self._told(track, known, field):
            right = (
                word_agrees(self._vocabulary, field, value, stated)
                if field == "genres"
                else agrees(field, value, stated)
            )
            self.calibration.learn(_kind(known, kind), right)
            if field == "genres":
                self.calibration.learn(f"{_kind(known, kind)}:{value}", right)

    def _confidence(self, known: KnownArtist, kind: str, word: str) -> float:
        """How sure a kind of fact makes here; of a genre, how sure that very word does, as far as it was seen."""
        expected = EXPECTED[kind] * (_LISTED if known.listed else 1.0)
        usual = self.calibration.confidence(_kind(known, kind), expected)
        return self.calibration.confidence(f"{_kind(known, kind)}:{word}", usual) if word else usual

    def _told(self, track: Track, known: KnownArtist, field: str) -> list[tuple[Any, str]]:
        """The values of a field, each with its kind of evidence."""
        match field:
            case "genres":
                return self._genres(known)
            case "year":
                return _year(track, known)
            case "country":
                word = self._word(field, known.country)
                return [(word, "country")] if word else []
            case "vocal":
                return [(_VOICES[known.voice], "vocal")] if known.voice else []
            case _:
                return self._language(known)

    def _genres(self, known: KnownArtist) -> list[tuple[str, str]]:
        """The genres of an artist and those above them, with the place of the first that implies each."""
        told: dict[str, str] = {}
        for place, one in enumerate(known.genres, start=1):
            if word := self._word("genres", one):
                for said in (word, *self._vocabulary.parents(Facet.GENRE, word)):
                    told.setdefault(said, f"genres:{min(place, 3)}")
        return list(told.items())

    def _language(self, known: KnownArtist) -> list[tuple[str, str]]:
        if known.voice == "instrumental":
            return []
        if word := self._word("language", known.language):
            return [(word, "language:stated")]
        sung = next((_SUNG_IN[genre] for genre in known.genres if genre in _SUNG_IN), None)
        if sung and known.country not in _ENGLISH:
            return [(sung, "language:genre")]
        if known.country in _ENGLISH:
            return [] if sung else [("english", "language:english")]
        spoken = None if _OFTEN_ENGLISH.intersection(known.genres) else _SPOKEN_IN.get(known.country)
        return [(spoken, "language:country")] if spoken else []

    def _word(self, field: str, word: str) -> str | None:
        return self._vocabulary.canonical(FACETS.get(field, Facet.TAG), word) if word else None


def _kind(known: KnownArtist, kind: str) -> str:
    return f"listed:{kind}" if known.listed else kind


def _year(track: Track, known: KnownArtist) -> list[tuple[int, str]]:
    """The year of a listed song; else one of the decade in which most of the artist's well-known work falls."""
    _, year = known.songs.get(base_title(track.title), (0, math.nan))
    if not math.isnan(year):
        return [(int(year), "year:song")]
    if not known.decades:
        return []
    years = [int(year) for _, year in known.songs.values() if not math.isnan(year)]
    counted = Counter(one // 10 * 10 for one in years)
    middle = known.decades[len(known.decades) // 2]
    decade = max(known.decades, key=lambda one: (counted[one], one == middle))
    within = [one for one in years if one // 10 * 10 == decade]
    return [(statistics.median_low(within) if within else decade + 5, f"year:{min(len(known.decades), 3)}")]


def from_facts(
    tracks: Sequence[Track], wanted: frozenset[TrackId] | None, vocabulary: Vocabulary
) -> Iterator[Annotation]:
    """Yield what the shipped facts tell of tracks, or of the wanted ones."""
    facts = ArtistsFacts(tracks, vocabulary)
    for track in tracks:
        if wanted is None or track.track_id in wanted:
            for guess in facts.guesses(track):
                yield guess.of(track.track_id, FACTS)
