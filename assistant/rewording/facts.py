"""The facts that a rewording may cite: each track's own, with ids such as "3.7" (track 3 of the slate, fact 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.evidence import descriptions
from assistant.labels import plain
from recsys.recommendation import Pick
from recsys.types import Track

#: Longest name in a fact, in characters.
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class StatedFact:
    """One thing that may be said of a track, and the id that a sentence cites it by.

    Slots are those of `assistant.evidence.Fact`, and title and artist beside them.
    """

    id: str
    slot: str
    text: str


def track_facts(position: int, track: Track, causes: Iterable[str] = ()) -> tuple[StatedFact, ...]:
    """Number what the data states of a track, and why it is in the slate.

    Args:
        position: its place in the slate, from 1.
        track: what the catalogue holds.
        causes: why it was picked, as `assistant.evidence.causes` words it.
    """
    pick = Pick(0, track, duration_s=0.0, duration_estimated=False, score=0.0, query_share=0.0, user_share=0.0)
    stated = [("title", plain(track.title, _MAX_NAME)), *(("artist", plain(name, _MAX_NAME)) for name in track.artists)]
    stated += [(fact.slot, fact.text) for fact in descriptions(pick)]
    stated += [("cause", text) for text in causes]
    told = [(slot, text) for slot, text in dict.fromkeys(stated) if text]
    return tuple(StatedFact(f"{position}.{n}", slot, text) for n, (slot, text) in enumerate(told, start=1))
