"""Where a radio has nothing left, it says which demand would have to give way; none does before somebody agrees."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from assistant.app import Assistant
from assistant.radio_ends import could_give_way
from assistant.reply import Message, Reply

Say = Callable[[str], Reply]


@pytest.fixture
def say(assistant: Assistant) -> Say:
    name = f"ends {uuid4().hex}"
    return lambda text: assistant.reply(Message(listener_id=name, session_id=name, text=text, seed=3))


@pytest.mark.parametrize(
    ("left", "n", "chosen"),
    [
        ({(1,): 12, (2,): 90, (3,): 400}, 10, ({1}, 12)),  # the least important that is enough
        ({(1,): 2, (2,): 90, (3,): 400}, 10, ({2}, 90)),
        ({(1,): 2, (2,): 3, (3,): 1}, 10, ({2}, 3)),  # none is enough: the one that brings most
        ({(1, 2): 5, (1, 2, 3): 9}, 10, ({1, 2}, 5)),  # no single one brings any
        ({(2, 3): 4, (1, 2, 3): 4}, 10, ({2, 3}, 4)),  # and none gives way in vain
        ({}, 10, (set(), 0)),
    ],
)
def test_as_little_as_possible_gives_way(
    left: dict[tuple[int, ...], int], n: int, chosen: tuple[set[int], int]
) -> None:
    assert could_give_way((1, 2, 3), lambda gone: left.get(tuple(sorted(gone)), 0), n) == chosen


@pytest.mark.parametrize(
    ("asked", "on", "label", "agrees", "said"),
    [
        ("jazz before 1960", "keep going", "keep going, relax “up to 1959”", "yes", "Now a preference: up to 1959."),
        ("Jazz vor 1960", "weiter", "weiter, nicht so genau mit „bis 1959“", "ja", "Jetzt nur bevorzugt: bis 1959."),
        (
            "jazz de antes de 1960",
            "sigue",
            "sigue, menos estricto con «hasta 1959»",
            "sí",
            "Ahora preferido: hasta 1959.",
        ),
        (
            "du jazz d'avant 1960",
            "continue",
            "continue, assouplis « jusqu'en 1959 »",
            "oui",
            "Désormais une préférence",
        ),
        ("jazz prima del 1960", "continua", "continua, meno rigido su «fino al 1959»", "sì", "Ora una preferenza"),
        (
            "música jazz até 1959",
            "segue",
            "continua, menos exigente com «até 1959»",
            "sim",
            "Agora só preferido: até 1959.",
        ),
    ],
)
def test_what_would_have_to_give_way_is_said_and_gives_way_when_it_is_agreed_to(
    say: Say, asked: str, on: str, label: str, agrees: str, said: str
) -> None:
    say(asked)
    while (ended := say(on)).diff.added and not ended.options:
        pass
    assert ended.options == (label,)
    again = say(on)
    assert again.options == (label,)
    assert not again.diff.added
    relaxed = say(agrees)
    assert relaxed.text.startswith(said)
    assert len(relaxed.diff.added) == 10
    lines = {line.chip: line for line in relaxed.receipt}
    assert (lines["genre:jazz"].hard, lines["genre:jazz"].n_met) == (True, 10)
    assert not lines["era:..1959"].hard
    assert len(say(on).diff.added) == 10


@pytest.mark.parametrize("label", ["keep going, relax “up to 1959”", "keep going, relax up to 1959", "1", "ok", "sure"])
def test_an_offer_is_taken_up_in_other_words_too(say: Say, label: str) -> None:
    say("jazz before 1960")
    say("keep going")
    assert say("keep going").options
    assert say(label).text.startswith("Now a preference: up to 1959. On it goes")


def test_a_button_pressed_later_still_relaxes_what_it_says(say: Say) -> None:
    say("jazz before 1960")
    label = say("keep going").options[0]
    say("something calmer")
    reply = say(label)
    assert reply.text.startswith("Now a preference: up to 1959.")
    assert {line.hard for line in reply.receipt if line.chip == "genre:jazz"} == {True}


def test_a_wish_that_nothing_met_becomes_a_preference_of_the_radio_that_was_asked_for(say: Say) -> None:
    say("radio from Miles Davis")
    ended = say("radio from Portishead, only from 1905, no vocals, 5 more")
    assert "If I relax “from 1905”, " in ended.text
    reply = say("yes")
    assert reply.text.startswith("Now a preference: from 1905. Radio from Portishead: 5 tracks")
    assert {line.chip: line.hard for line in reply.receipt}["era:1905..1905"] is False


def test_what_is_ruled_out_is_never_offered(say: Say) -> None:
    say("jazz before 1960, no Miles Davis")
    say("keep going")
    while (ended := say("keep going")).options and "relax" in ended.options[0]:
        assert "Miles" not in ended.options[0]
        say("yes")
        say("keep going, 200 more")
    assert "What is left is ruled out: not by Miles Davis." in ended.text or not ended.options


def test_how_many_could_come_is_not_told_to_a_group(assistant: Assistant) -> None:
    name, other = f"ends {uuid4().hex}", f"other {uuid4().hex}"

    def say(text: str) -> Reply:
        return assistant.reply(Message(listener_id=name, session_id=name, text=text, seed=3, group=(other,)))

    say("jazz before 1960")
    say("keep going")
    assert "If I relax “up to 1959”, more can come" in say("keep going").text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep going, forget the era", "Dropped: up to 1959. On it goes"),
        ("weiter, vergiss den Jazz", "Gestrichen: Jazz. Weiter geht es"),
        ("keep going, the genre doesn't matter, 5 more", "Dropped: jazz. On it goes from what you heard: 5 tracks"),
    ],
)
def test_a_radio_goes_on_without_what_is_taken_back(say: Say, text: str, said: str) -> None:
    say("Jazz vor 1960" if text.startswith("weiter") else "jazz before 1960")
    assert say(text).text.startswith(said)


@pytest.mark.parametrize("text", ["no", "no thanks", "nein", "non", "não"])
def test_an_offer_that_is_turned_down_changes_nothing(say: Say, text: str) -> None:
    say("jazz before 1960")
    say("keep going")
    offered = say("keep going")
    refused = say(text)
    assert refused.text == "Then your wishes stay as they are."
    assert [one.track_id for one in refused.tracks] == [one.track_id for one in offered.tracks]
    assert say("keep going").options == offered.options
