"""Wishes taken back, insisted on or made optional, in words, by command and by a front end."""

from __future__ import annotations

import pytest

from assistant.app import Assistant
from assistant.chips import chip_of
from assistant.reply import Message, Reply
from assistant.request import Chip
from assistant.understanding.rules import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.types import Constraint, Facet, Track
from tests.assistant.test_agent import Chat


@pytest.fixture
def chat(assistant: Assistant) -> Chat:
    return Chat(assistant)


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    return RulesUnderstanding(Catalogue.from_tracks([Track("t", "Song", ("Somebody",), year=1990)]))


def wishes(reply: Reply) -> dict[str, str]:
    """Label → "all" or "preferred", for the lines that are chips."""
    return {line.constraint: line.asked for line in reply.receipt if line.chip}


@pytest.mark.parametrize(
    ("text", "action", "about"),
    [
        ("forget the jazz", "drop", ("jazz",)),
        ("never mind the 80s", "drop", ()),
        ("the tempo doesn't matter", "drop", (Facet.TEMPO,)),
        ("any decade is fine", "drop", (Facet.ERA,)),
        ("it doesn't have to be calm", "drop", ("calm",)),
        ("rap is fine", "allow", ("hip-hop",)),
        ("jazz is a must", "must", ("jazz",)),
        ("the mood is optional", "prefer", (Facet.MOOD,)),
    ],
)
def test_what_is_said_about_wishes(
    rules: RulesUnderstanding, text: str, action: str, about: tuple[object, ...]
) -> None:
    (chip,) = rules.understand(text, first_turn=False).chips
    assert chip.action == action
    assert (chip.facets or tuple(value for c in chip.constraints for value in c.values)) == about


@pytest.mark.parametrize(
    "text", ["forget that", "jazz", "this is fine", "no country but blues is fine", "nothing else matters"]
)
def test_what_says_nothing_about_wishes(rules: RulesUnderstanding, text: str) -> None:
    assert not rules.understand(text, first_turn=False).chips


def test_a_wish_is_dropped_in_words(chat: Chat) -> None:
    assert set(wishes(chat.say("jazz from the 60s, calm"))) == {"jazz", "from 1960 to 1969", "calm"}
    reply = chat.say("forget the jazz")
    assert set(wishes(reply)) == {"from 1960 to 1969", "calm"}
    assert reply.text.startswith("Dropped: jazz.")
    assert set(wishes(chat.say("the era doesn't matter"))) == {"calm"}
    assert "Nothing here asks for" in chat.say("forget the flamenco").text


def test_a_wish_is_insisted_on_and_made_optional(chat: Chat) -> None:
    assert wishes(chat.say("jazz, calm"))["calm"] == "preferred"
    reply = chat.say("calm is a must")
    assert wishes(reply) == {"jazz": "all", "calm": "all"}
    assert wishes(chat.say("jazz is optional"))["jazz"] == "preferred"
    assert wishes(chat.say("piano is a must"))["with piano"] == "all"


def test_a_refusal_is_lifted(chat: Chat) -> None:
    assert wishes(chat.say("calm songs, no rap")).keys() == {"calm", "no hip-hop"}
    assert wishes(chat.say("rap is fine after all")).keys() == {"calm"}


def test_the_lines_of_a_receipt_are_named_by_number(chat: Chat) -> None:
    before = chat.say("jazz from the 60s, 8 songs")
    number = next(n for n, line in enumerate(before.receipt, start=1) if line.constraint == "jazz")
    assert set(wishes(chat.say(f"/prefer {number}"))) == set(wishes(before))
    after = chat.say(f"/drop {number}")
    assert "jazz" not in wishes(after)
    assert len(after.tracks) == 8
    assert len(chat.say("/drop size").tracks) != 8
    assert "Nothing here asks for" in chat.say("/drop 99").text


def test_a_front_end_sends_chips_back(chat: Chat) -> None:
    before = chat.say("jazz, calm")
    chip = next(line.chip for line in before.receipt if line.constraint == "calm")
    message = Message(
        listener_id=chat.listener, session_id=chat.session, text="", chips=(Chip(action="must", chip=chip),)
    )
    assert wishes(chat.assistant.reply(message))["calm"] == "all"
    undone = chat.say("undo")
    assert wishes(undone)["calm"] == "preferred"


def test_less_of_that_is_less_of_what_was_asked_for_last(chat: Chat) -> None:
    chat.say("jazz")
    chat.say("and piano")
    reply = chat.say("less of that")
    assert "no piano" in wishes(reply)
    assert wishes(reply)["no piano"] == "preferred"
    assert "jazz" in wishes(reply)
    assert "Less of what?" in chat.say("a bit less of this").text


def test_chips_have_names_that_stay() -> None:
    assert chip_of(Constraint(Facet.GENRE, ("jazz", "blues"), text="jazz or blues")) == "genre:jazz|blues"
    assert chip_of(Constraint(Facet.ERA, low=1990, wanted=False)) == "-era:1990.."
