"""What an outside service answered about a track, as annotations.

A service's answers are kept without names, titles or texts of its own: only what a track can be described by. How sure
a field is, is the share of `_SURE` that the match with the track is worth; these shares are not measured, since no
answers of the services can be had here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recsys.annotations import Annotation
from recsys.enrich.countries import country_of
from recsys.types import Facet, Track
from recsys.vocabulary import Vocabulary

#: Fields that an answer can fill; a track that states all of them need not be looked up.
FIELDS = ("genres", "moods", "year", "duration_s", "country", "language")
#: How sure each field is where the service surely means the track.
_SURE = {"year": 0.9, "duration_s": 0.95, "country": 0.9, "language": 0.9}
#: A word that listeners gave is as sure as the votes behind it, from one vote to many.
_ONE_VOTE, _MANY_VOTES, _MANY = 0.55, 0.9, 5
_MOST_WORDS = 4
_EARLIEST, _LATEST = 1890, 2100
_LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a service knows of a track; empty where it knows nothing."""

    match: float  # 0–1, how surely the service means this very track
    words: tuple[tuple[str, int], ...] = ()  # genres and other words, with votes
    year: int | None = None
    duration_s: float | None = None
    country: str = ""  # a name, or a code of ISO 3166
    language: str = ""

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON takes it."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, ())}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> LookedUp:
        """Read what `as_json` wrote."""
        words = tuple((str(word), int(votes)) for word, votes in kept.get("words", ()))
        return cls(**{**kept, "words": words})


def from_answer(track: Track, answer: LookedUp, source: str, vocabulary: Vocabulary) -> Iterator[Annotation]:
    """Yield what an answer tells of a track; words that the vocabulary lacks, and impossible numbers, are left out."""
    for field, facet in (("genres", Facet.GENRE), ("moods", Facet.MOOD)):
        words = _words(answer.words, facet, vocabulary)
        if words:
            shares = [_vote(votes) for votes in words.values()]
            confidence = answer.match * sum(shares) / len(shares)
            yield Annotation(track.track_id, field, tuple(words), round(confidence, 4), source)
    country = country_of(answer.country, vocabulary) if answer.country else None
    language = vocabulary.canonical(Facet.LANGUAGE, answer.language) if answer.language else None
    year = answer.year if answer.year is not None and _EARLIEST <= answer.year <= _LATEST else None
    length = answer.duration_s if answer.duration_s is not None and 0 < answer.duration_s <= _LONGEST_S else None
    for field, value in (("year", year), ("duration_s", length), ("country", country), ("language", language)):
        if value is not None:
            yield Annotation(track.track_id, field, value, round(answer.match * _SURE[field], 4), source)


def _words(said: Sequence[tuple[str, int]], facet: Facet, vocabulary: Vocabulary) -> dict[str, int]:
    found: dict[str, int] = {}
    for word, votes in sorted(said, key=lambda one: -one[1]):
        known = vocabulary.canonical(facet, word)
        if known is not None and votes > 0 and len(found) < _MOST_WORDS:
            found.setdefault(known, votes)
    return found


def _vote(votes: int) -> float:
    share = (min(votes, _MANY) - 1) / (_MANY - 1)
    return _ONE_VOTE + share * (_MANY_VOTES - _ONE_VOTE)
