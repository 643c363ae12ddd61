"""The part of `segue doctor --live llm` that rewords: how much of what a model writes the checker of wording drops.

Definitions. The model is given the facts of three fixed slates of five tracks of the starter catalogue, as a reply
would give them. A sentence is *kept* if the checker lets it through, *dropped* if not; second sentences of a track
count like first ones, and what has not the asked form is no sentence. Seconds are those of one slate.
"""

from __future__ import annotations

import time

from pydantic import BaseModel, ConfigDict

from assistant.ports import StreamingModel
from assistant.rewording.facts import track_facts
from assistant.rewording.streaming import judge
from recsys.catalogue import Catalogue
from recsys.types import Progress

#: The slates, as ids of tracks of the starter catalogue.
SLATES = (
    (
        "starter:adele-rolling-in-the-deep",
        "starter:billie-eilish-bad-guy",
        "starter:the-cranberries-zombie",
        "starter:depeche-mode-enjoy-the-silence",
        "starter:drake-god-s-plan",
    ),
    (
        "starter:al-green-let-s-stay-together",
        "starter:bob-marley-and-the-wailers-jamming",
        "starter:charles-trenet-la-mer",
        "starter:ennio-morricone-the-ecstasy-of-gold",
        "starter:etta-james-at-last",
    ),
    (
        "starter:avicii-levels",
        "starter:black-sabbath-paranoid",
        "starter:daddy-yankee-gasolina",
        "starter:the-doors-riders-on-the-storm",
        "starter:elton-john-rocket-man",
    ),
)


class LiveSentence(BaseModel):
    """One sentence that the model wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    objection: str = ""  # empty for one that is kept


class LiveWording(BaseModel):
    """What came of all slates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_tracks: int
    sentences: tuple[LiveSentence, ...] = ()
    seconds: tuple[float, ...] = ()  # for each slate

    @property
    def n_kept(self) -> int:
        """Sentences that the checker lets through."""
        return sum(not one.objection for one in self.sentences)

    @property
    def n_dropped(self) -> int:
        """Sentences that it does not."""
        return len(self.sentences) - self.n_kept


def try_wording(
    model: StreamingModel, timeout_s: float, catalogue: Catalogue, progress: Progress | None = None
) -> LiveWording:
    """Let a model reword the fixed slates.

    Args:
        model: an open model.
        timeout_s: longest time for one slate, in seconds; what was written by then counts.
        catalogue: the starter catalogue.
        progress: told how many slates are done.
    """
    sentences: list[LiveSentence] = []
    seconds: list[float] = []
    for number, slate in enumerate(SLATES):
        if progress:
            progress("reword", number, len(SLATES))
        started = time.perf_counter()
        tracks = [catalogue.track(row) for row in catalogue.rows(slate).tolist()]
        facts = {track.track_id: track_facts(place, track) for place, track in enumerate(tracks, start=1)}
        sentences += [
            LiveSentence(sentence=sentence, objection=objection)
            for _, sentence, objection in judge(lambda: model, facts, timeout_s)
        ]
        seconds.append(time.perf_counter() - started)
    if progress:
        progress("reword", len(SLATES), len(SLATES))
    return LiveWording(n_tracks=sum(map(len, SLATES)), sentences=tuple(sentences), seconds=tuple(seconds))
