"""What Segue says of a turn names what was asked, and owns up to what is missing."""

from __future__ import annotations

import pytest

from assistant.request import Intent, Mention, Request
from assistant.session import SessionState, fold
from assistant.wording import is_greeting, is_thanks, say
from recsys.recommendation import ConstraintCount, Pick, Recommendation
from recsys.types import Constraint, Facet, Track

JAZZ = Constraint(Facet.GENRE, ("jazz",), hard=True, text="jazz")
NINETIES = Constraint(Facet.ERA, low=1990, high=1999, hard=True, text="90s")


def result(n_tracks: int, *counts: ConstraintCount, has_taste: bool = False) -> Recommendation:
    picks = tuple(Pick(n, Track(f"t{n}", f"Title {n}", ("A",)), 180.0, False, 1.0, 0.5, 0.5) for n in range(n_tracks))
    relaxed = tuple(count.constraint for count in counts if count.relaxed)
    return Recommendation(picks, counts, relaxed, "exact", True, 100, {}, has_taste)


def speak(request: Request, found: Recommendation, state: SessionState | None = None, **more: object) -> str:
    folded = fold(state or SessionState(), request)
    return say(request.text, request, folded, found, (), length="9 min", **more)  # type: ignore[arg-type]


def test_the_wishes_are_named() -> None:
    request = Request(text="90s jazz", constraints=(JAZZ, NINETIES), fame=-0.5, search_text="90s jazz")
    assert speak(request, result(3)) == "3 tracks, 9 min: jazz, from 1990 to 1999 and not too famous."


def test_what_was_said_last_is_named_first() -> None:
    state = fold(SessionState(), Request(text="90s jazz", constraints=(JAZZ, NINETIES)))
    muse = Mention(kind="artist", key="muse", name="Muse", polarity="~")
    request = Request(text="like Muse", intent=Intent.REFINE, mentions=(muse,))
    assert speak(request, result(3), state) == "3 tracks, 9 min: like Muse, jazz and from 1990 to 1999."


def test_what_gave_way_is_named_with_its_count() -> None:
    request = Request(text="90s jazz", constraints=(JAZZ, NINETIES))
    said = speak(request, result(3, ConstraintCount(NINETIES, 1, 3, 0, relaxed=True)))
    assert "I relaxed “from 1990 to 1999” (1 of 3)" in said


def test_missing_tracks_minutes_and_titles_are_owned_up_to() -> None:
    assert "Only 3 of the 5 fit." in speak(Request(text="5 jazz", constraints=(JAZZ,), n_tracks=5), result(3))
    said = speak(Request(text="an hour of jazz", constraints=(JAZZ,), minutes=60), result(3))
    assert "as near to 1 h as I can get" in said
    creep = Mention(kind="track", key="gone", name="Creep", polarity="+")
    assert "“Creep” had to stay out." in speak(Request(text="Creep", mentions=(creep,)), result(3))


def test_nothing_at_all_names_what_stands_in_the_way() -> None:
    said = speak(Request(text="jazz", constraints=(JAZZ,)), result(0))
    assert said == "No track of the catalogue fits jazz. Take something back, or say “start over”."


def test_small_talk_is_answered_as_such() -> None:
    assert speak(Request(text="hello"), result(3)).startswith("Hello! Here is a varied mix")
    assert "close to your taste" in speak(Request(text=""), result(3, has_taste=True))
    assert speak(Request(text="start over", intent=Intent.START_OVER), result(3)).startswith("Starting over")


def test_notes_of_the_understanding_are_passed_on() -> None:
    request = Request(text="jazz by Nobody", constraints=(JAZZ,), note="“Nobody” is not in this catalogue.")
    assert speak(request, result(3)).endswith("“Nobody” is not in this catalogue.")


@pytest.mark.parametrize("text", ["hi", "Hello!", "good morning", "hey there Segue", "Héllo"])
def test_greetings(text: str) -> None:
    assert is_greeting(text)


@pytest.mark.parametrize("text", ["hello by adele", "hip hop", "high energy", "good", "", "hey jude"])
def test_no_greetings(text: str) -> None:
    assert not is_greeting(text)


@pytest.mark.parametrize(
    ("text", "thanks"), [("thanks!", True), ("ok thank you so much", True), ("thank you next", False)]
)
def test_thanks(text: str, thanks: bool) -> None:
    assert is_thanks(text) is thanks
