"""A radio from a place in the list on screen, in all languages."""

from __future__ import annotations

from uuid import uuid4

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.understanding.radio import radio_wishes

_SAID = [
    *[("radio from track 2", 2), ("radio from the first track", 1), ("start a radio from number 3, please", 3)],
    *[("radio from the 2nd one", 2), ("radio from song two", 2), ("radio from the third, but calmer", 3)],
    *[("Radio ab Titel 2", 2), ("Radio vom ersten Lied", 1), ("Radio von dem dritten", 3), ("Radio ab Nummer drei", 3)],
    *[("radio de la canción 2", 2), ("radio desde la primera canción", 1), ("radio del tercer tema", 3)],
    *[("radio à partir du morceau 2", 2), ("radio du premier titre", 1), ("radio de la troisième chanson", 3)],
    *[("radio dal brano 2", 2), ("radio dalla prima canzone", 1), ("radio dal terzo brano", 3)],
    *[("rádio da faixa 2", 2), ("rádio da primeira música", 1), ("rádio a partir da terceira faixa", 3)],
]


@pytest.mark.parametrize(("text", "place"), _SAID)
def test_a_place_in_the_list_is_read_in_every_language(text: str, place: int) -> None:
    assert place in [wish.place for wish in radio_wishes(text)]


@pytest.mark.parametrize(
    "text", ["radio from Third", "radio from 7", "radio from Number One Record", "radio from track 0"]
)
def test_names_are_no_places(text: str) -> None:
    assert {wish.place for wish in radio_wishes(text)} == {None}


def _say(assistant: Assistant, session: str, text: str) -> Reply:
    return assistant.reply(Message(listener_id=session, session_id=session, text=text))


@pytest.mark.parametrize(
    ("text", "place"),
    [("radio from track 2", 2), ("Radio ab dem ersten Titel", 1), ("radio from the third, 5 tracks", 3)],
)
def test_a_radio_begins_from_the_track_at_a_place(assistant: Assistant, text: str, place: int) -> None:
    session = f"places {uuid4().hex}"
    first = _say(assistant, session, "some rock")
    reply = _say(assistant, session, text)
    assert reply.radio is not None
    assert (reply.radio.of, reply.radio.key) == ("track", first.tracks[place - 1].track_id)
    assert not {one.track_id for one in first.tracks} & {one.track_id for one in reply.tracks}
    assert len(reply.tracks) == (5 if "5" in text else 10)


def test_a_place_that_the_list_does_not_have_begins_no_radio(assistant: Assistant) -> None:
    session = f"places {uuid4().hex}"
    _say(assistant, session, "some rock")
    assert _say(assistant, session, "radio from track 99").radio is None
