"""What songs are to be about: read from a message, as a theme of the vocabulary or in the listener's words."""

from __future__ import annotations

import pytest

from assistant.labels import constraint_label
from assistant.phrasebook import phrasebook
from assistant.understanding.rules import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.types import Constraint, Facet, Track

TRACKS = [
    Track("1", "Something About Us", ("Daft Punk",), year=2001),
    Track("2", "This Song Is Not About a Girl", ("Flume",), year=2014),
    Track("3", "War", ("Prince",), genres=("rock",), year=1990),
]


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    return RulesUnderstanding(Catalogue.from_tracks(TRACKS))


def themes(rules: RulesUnderstanding, text: str) -> list[tuple[bool, tuple[str, ...]]]:
    found = rules.understand(text).constraints
    return [(c.wanted, c.values) for c in found if c.facet is Facet.THEME]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("songs about leaving home", [(True, ("leaving home",))]),
        ("Songs about leaving my hometown, please", [(True, ("leaving home",))]),
        ("lyrics about war", [(True, ("war",))]),
        ("songs about my dog", [(True, ("my dog",))]),
        ("songs that talk about money", [(True, ("money",))]),
        ("rock songs about freedom from the 90s without saxophone", [(True, ("freedom",))]),
        ("songs about love and war", [(True, ("love", "war"))]),
        ("sad rap songs about betrayal or old friends", [(True, ("betrayal", "friendship"))]),
        ("about 20 songs about summer", [(True, ("summer",))]),
        ("songs about Paris in the 1920s", [(True, ("paris",))]),
        ("how about something about the sea", [(True, ("the sea",))]),
        ("music dealing with grief", [(True, ("grief",))]),
        ("songs with lyrics about growing up", [(True, ("growing up",))]),
        ("love songs but not about breakups", [(False, ("heartbreak",))]),
        ("no songs about war please", [(False, ("war",))]),
        ("songs that aren't about love", [(False, ("love",))]),
        ("I love country but nothing about relationships breaking up", [(False, ("heartbreak",))]),
        ("music about hard times, but not about breaking up", [(True, ("poverty",)), (False, ("heartbreak",))]),
    ],
)
def test_a_topic_is_read(rules: RulesUnderstanding, text: str, expected: list[tuple[bool, tuple[str, ...]]]) -> None:
    assert themes(rules, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "what about some jazz?",
        "tell me about Prince",
        "something about us by daft punk",
        "This Song Is Not About a Girl by Flume",
        "songs about 90 bpm",
        "I'm sad about my breakup, cheer me up",
        "I don't know much about jazz, surprise me",
        "forget about it",
        "songs about",
        "songs about it",
        "",
    ],
)
def test_other_uses_of_the_word_are_no_topic(rules: RulesUnderstanding, text: str) -> None:
    assert themes(rules, text) == []


def test_what_else_is_asked_for_stays(rules: RulesUnderstanding) -> None:
    request = rules.understand("12 upbeat rock songs about the sea from the 90s, no covers")
    assert request.n_tracks == 12
    assert {c.facet for c in request.constraints} >= {Facet.GENRE, Facet.MOOD, Facet.ERA, Facet.VERSION, Facet.THEME}


def test_a_wished_topic_is_preferred_and_a_refused_one_is_demanded(rules: RulesUnderstanding) -> None:
    (wished,) = (c for c in rules.understand("songs about war").constraints if c.facet is Facet.THEME)
    (refused,) = (c for c in rules.understand("nothing about war").constraints if c.facet is Facet.THEME)
    assert (wished.wanted, wished.hard, refused.wanted, refused.hard) == (True, False, False, True)


def test_a_refused_topic_is_neither_searched_for_nor_wanted_as_a_mood(rules: RulesUnderstanding) -> None:
    request = rules.understand("rock songs that are not about love")
    assert "love" not in request.search_text
    assert all(not c.wanted for c in request.constraints if c.facet is not Facet.GENRE)
    assert "about" not in rules.understand("love songs but not about breakups").search_text


def test_a_topic_is_named_in_every_language() -> None:
    wished = Constraint(Facet.THEME, ("leaving home",), text="leaving home")
    assert constraint_label(wished) == "about leaving home"
    assert constraint_label(Constraint(Facet.THEME, ("war",), wanted=False)) == "not about war"
    assert constraint_label(wished, book=phrasebook("de")) == "über: leaving home"


def test_however_often_a_message_says_it_there_are_few_topics(rules: RulesUnderstanding) -> None:
    assert len(themes(rules, "music about trains, songs about " * 200)) <= 4
