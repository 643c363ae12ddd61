"""The facts that a rewording may cite: each track's own, with ids such as "3.7" (track 3 of the slate, fact 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.evidence import descriptions
from assistant.labels import listing, plain
from recsys.recommendation import Pick
from recsys.types import Track

#: How a cause ends that rests on what was heard; see `assistant.evidence`.
_HEARD = ", heard"
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
    origin: str = ""  # heard or inferred, where the data does not state it


def track_facts(position: int, track: Track, causes: Iterable[str] = ()) -> tuple[StatedFact, ...]:
    """Number what the data states of a track, and why it is in the slate.

    Args:
        position: its place in the slate, from 1.
        track: what the catalogue holds.
        causes: why it was picked, as `assistant.evidence.causes` words it.
    """
    pick = Pick(0, track, duration_s=0.0, duration_estimated=False, score=0.0, query_share=0.0, user_share=0.0)
    names = [("title", plain(track.title, _MAX_NAME)), *(("artist", plain(name, _MAX_NAME)) for name in track.artists)]
    stated = [(slot, text, "") for slot, text in names]
    stated += [(fact.slot, fact.text, fact.origin) for fact in descriptions(pick)]
    stated += [("cause", text, "heard" if text.endswith(_HEARD) else "") for text in causes]
    told = [fact for fact in dict.fromkeys(stated) if fact[1]]
    return tuple(StatedFact(f"{position}.{n}", *fact) for n, fact in enumerate(told, start=1))


def with_origins(sentence: str, cited: Sequence[StatedFact]) -> str:
    """Say behind a sentence which of its facts no source states, where it does not say so: " (heard: warm)"."""
    for origin in ("heard", "inferred"):
        words = [fact.text.removesuffix(_HEARD) for fact in cited if fact.origin == origin]
        if words and origin not in sentence.lower():
            end = sentence[-1] if sentence[-1:] in (".", "!") else ""
            sentence = f"{sentence.removesuffix(end)} ({origin}: {listing(words)}){end}"
    return sentence
