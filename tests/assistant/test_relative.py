"""Comparatives are read against what is on screen."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.relative import against
from assistant.request import Request
from recsys.catalogue import Catalogue
from recsys.types import Constraint, Facet, Track
from tests.assistant.test_agent import Chat


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.from_tracks(
        [Track(f"t{n}", f"Song {n}", ("A",), year=1970 + n, tempo_bpm=120.0 + n, energy=0.9) for n in range(9)]
        + [Track("unknown", "Unknown", ("A",))]
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Constraint(Facet.ERA, high=1995, text="older"), (None, 1971.0)),
        (Constraint(Facet.ERA, low=2006, text="newer"), (1977.0, None)),
        (Constraint(Facet.TEMPO, low=120.0, text="faster"), (130.0, None)),
        (Constraint(Facet.TEMPO, high=100.0, text="much slower"), (None, 100.0)),
        (Constraint(Facet.TEMPO, low=120.0, text="fast"), (120.0, None)),
        (Constraint(Facet.ERA, low=1990, high=1999, text="older"), (1990, 1999)),
    ],
)
def test_bounds_move_to_the_playlist(
    catalogue: Catalogue, said: Constraint, expected: tuple[float | None, float | None]
) -> None:
    (read,) = against(Request(text="", constraints=(said,)), catalogue, catalogue.track_ids).constraints
    assert (read.low, read.high) == expected


def test_without_a_playlist_they_mean_what_they_say(catalogue: Catalogue) -> None:
    request = Request(text="", constraints=(Constraint(Facet.ERA, high=1995, text="older"),))
    assert against(request, catalogue, ()) == request
    assert against(request, catalogue, ("unknown",)) == request


def test_the_same_but_older(assistant: Assistant) -> None:
    chat = Chat(assistant)

    def middle(text: str) -> float:
        return float(np.median([track.year for track in chat.say(text).tracks if track.year]))

    first = middle("rock from the 70s")
    assert middle("same but older") < first
    assert middle("newer please") > first
