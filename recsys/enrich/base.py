"""What the sources of knowledge share: their names, what fields they fill, and when a value is right.

A value is *right* for a track that states the field itself if it would have been found by the same requests:

    lists of words   a word of it is a stated one, or lies above one in the vocabulary (what states "indie rock" is
                     rock, and what states "rock" need not be indie rock); judged word by word
    year             the decade is the stated one
    duration_s       within 10 % of the stated length
    0–1 numbers      within 0.15 of the stated one
    other words      the same word
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from recsys.annotations import LIST_FIELDS, Annotation, Value
from recsys.types import Facet, Track, TrackId
from recsys.vocabulary import Vocabulary

ARTIST, FACTS, MUSICBRAINZ, LISTENBRAINZ, MODEL = "artist", "artist-facts", "musicbrainz", "listenbrainz", "llm"
#: Every source of knowledge, as annotations name it.
SOURCES = (ARTIST, FACTS, MUSICBRAINZ, LISTENBRAINZ, MODEL)

#: Facet of the fields whose words are of the vocabulary.
FACETS = {
    "genres": Facet.GENRE,
    "moods": Facet.MOOD,
    "activities": Facet.ACTIVITY,
    "instruments": Facet.INSTRUMENT,
    "vocal": Facet.VOCALS,
    "language": Facet.LANGUAGE,
    "country": Facet.COUNTRY,
}
#: Fields of 0–1.
SHARES = ("energy", "valence", "danceability", "acousticness", "instrumentalness")

_SAME_LENGTH, _SAME_SHARE, _DECADE = 0.1, 0.15, 10
#: Words that a catalogue files tracks under which have no one artist.
NOBODY = frozenset(
    ("", "various artists", "various", "va", "unknown artist", "unknown", "soundtrack", "original cast", "artist")
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a source says of one field, and how sure that is (0–1)."""

    field: str
    value: Value
    confidence: float

    def of(self, track_id: TrackId, source: str) -> Annotation:
        """The guess as an annotation of a track."""
        return Annotation(track_id, self.field, self.value, round(min(max(self.confidence, 0.0), 1.0), 4), source)


def states(track: Track, field: str) -> bool:
    """Whether a track's own source says something of a field."""
    return getattr(track, field) not in (None, ()) and field not in track.derived


def word_agrees(vocabulary: Vocabulary, field: str, word: str, stated: Collection[str]) -> bool:
    """Whether one word of a list field is right, given those that are stated: a request for it would be truly met."""
    facet = FACETS.get(field)
    if word in stated or facet is None:
        return word in stated
    return not vocabulary.descendants(facet, word).isdisjoint(stated)


def agrees(field: str, value: Any, stated: Any) -> bool:
    """Whether a single value is right, given the stated one."""
    if field == "year":
        return bool(int(value) // _DECADE == int(stated) // _DECADE)
    if field == "duration_s":
        return bool(abs(value - stated) <= _SAME_LENGTH * stated)
    if field in SHARES:
        return bool(abs(value - stated) <= _SAME_SHARE)
    return bool(value == stated)


def is_list(field: str) -> bool:
    """Whether a field holds several words."""
    return field in LIST_FIELDS
