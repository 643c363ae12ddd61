"""What the finders hand to the composer: stretches of words and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.request import Polarity
from recsys.types import Facet


@dataclass(frozen=True, slots=True)
class Word:
    """A canonical word of a facet, wanted or not ("with vocals" refuses none). `hard` None leaves it to the facet."""

    facet: Facet
    value: str
    hard: bool | None = None
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed interval of a numeric facet: years, BPM, or 0–1. `hard` None leaves it to the facet."""

    facet: Facet
    low: float | None = None
    high: float | None = None
    hard: bool | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """A position of a dial: -1 to +1 from familiar to discovery or from deep cuts to popular, 0 to 3 of how much me."""

    name: Literal["discovery", "fame", "how_much_me"]
    value: float


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked for: a number of tracks, or minutes. `cut` says that it was more than there can be."""

    n_tracks: int | None = None
    minutes: float | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """Words start to end (exclusive) that are one name, of an artist or of a track, and what it is in the catalogue."""

    kind: Literal["artist", "track"]
    start: int
    end: int
    keys: tuple[str, ...] = ()  # of the artist or the track's versions; none for a name that is not in the catalogue


@dataclass(frozen=True, slots=True)
class Entity:
    """An artist (one key) or a track (ids of its versions, the asked one first)."""

    kind: Literal["artist", "track"]
    keys: tuple[str, ...]
    name: str
    cue: Polarity
    confidence: float
    names: tuple[Name, ...] = ()  # "happy" and "pharrell williams" in "happy by pharrell williams"; else all words


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A name that the catalogue does not have."""

    name: str


Payload = Word | Bounds | Dial | Size | Entity | Unlinked


@dataclass(frozen=True, slots=True)
class Match:
    """Words start to end (exclusive) and what they say.

    `tier` ranks claims on the same words, 0 first. `negates` marks phrases that hold their own negation
    ("no vocals"), after which a list goes on being negated.
    """

    start: int
    end: int
    payloads: tuple[Payload, ...]
    tier: int = 2
    negates: bool = False

    def overlaps(self, other: Match) -> bool:
        """Tell whether two matches share a word."""
        return self.start < other.end and other.start < self.end

    @property
    def words(self) -> tuple[Word, ...]:
        """The facet words among the payloads."""
        return tuple(payload for payload in self.payloads if isinstance(payload, Word))

    @property
    def entity(self) -> Entity | None:
        """The artist or track that the words name, if they name one."""
        return next((payload for payload in self.payloads if isinstance(payload, Entity)), None)


def settle(claims: Iterable[Match]) -> list[Match]:
    """Give every word to one claim: lower tiers first, then longer ones, then earlier ones."""
    taken: set[int] = set()
    kept: list[Match] = []
    for claim in sorted(claims, key=lambda m: (m.tier, m.start - m.end, m.start)):
        span = range(claim.start, claim.end)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(claim)
    return sorted(kept, key=lambda m: m.start)
