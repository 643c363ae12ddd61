"""Presses that no page ever sends, and how much one listener may do: nothing of a browser is believed."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.radio_start import RadioStart
from assistant.reply import Message, Reply, SlateTrack
from connectors.web_acts import act
from connectors.web_chat import Conversation
from connectors.web_limits import RateLimit
from recsys.errors import UnknownTrackError


class Counting:
    """Stands for the assistant: counts what reaches it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.done: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

    def feedback(self, *told: Any, incognito: bool) -> None:
        if self.error is not None:
            raise self.error
        self.done.append((*told, incognito))

    def reply(self, message: Message) -> Reply:
        self.messages.append(message)
        tracks = tuple(
            SlateTrack(position=i, track_id=f"t{i}", title="T", artist="A", artists=("A",), link="") for i in (1, 2, 3)
        )
        turn, said = len(self.messages), {"query": "", "text": "Done.", "tracks": tracks, "radio": message.radio}
        return Reply(session_id=message.session_id, turn=turn, **said)  # type: ignore[arg-type]


@pytest.fixture
def talk() -> Conversation:
    talk = Conversation()
    talk.hear("mellow")
    talk.answer(Counting(), "web-x")  # type: ignore[arg-type]
    return talk


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"act": None},
        {"act": ["swap"]},
        {"act": "__class__"},
        {"act": "swap"},
        {"act": "swap", "track": "t9"},
        {"act": "swap", "track": {"a": 1}},
        {"act": "move", "track": "t1", "to": "nan"},
        {"act": "move", "track": "t1", "to": [1]},
        {"act": "move", "track": "t1", "to": "1"},  # where it is
        {"act": "drop", "chip": "genre:jazz"},
        {"act": "drop", "chip": ""},
        {"act": "dial", "name": "seed", "value": "1"},
        {"act": "dial", "name": ["fame"], "value": "1"},
        {"act": "dial", "name": "fame", "value": "1e309"},
        {"act": "why", "track": "t9"},
        {"act": "like", "track": "t9"},
        {"act": "radio-track", "track": "t9"},
        {"act": "radio-artist"},
        {"act": "skip", "track": "t1"},  # no radio is on
    ],
    ids=str,
)
def test_what_is_no_act_of_this_page_does_nothing(talk: Conversation, data: dict[str, Any]) -> None:
    assistant: Any = Counting()
    assert not act(talk, assistant, "web-x", data)
    assert assistant.messages == []


def test_values_beyond_the_ends_come_to_the_ends(talk: Conversation) -> None:
    assistant: Any = Counting()
    for data in (
        {"act": "move", "track": "t1", "to": 99},
        {"act": "dial", "name": "fame", "value": -7},
        {"act": "dial", "name": "n_tracks", "value": "100000"},
    ):
        assert act(talk, assistant, "web-x", data)
    moved, turned, sized = assistant.messages
    assert moved.edits[0].to == 3
    assert turned.fame == -1.0
    assert sized.n_tracks == 100


@pytest.mark.parametrize(
    ("data", "start"),
    [
        ({"act": "keep-going"}, RadioStart()),
        ({"act": "like-last"}, RadioStart(of="last", n=3)),
        ({"act": "radio-playlist"}, RadioStart(of="playlist")),
        ({"act": "radio-track", "track": "t2"}, RadioStart(of="track", key="t2")),
        ({"act": "radio-artist", "track": "t2"}, RadioStart(of="artist", key="a")),
    ],
    ids=str,
)
def test_each_button_of_the_radio_begins_where_it_says(
    talk: Conversation, data: dict[str, Any], start: RadioStart
) -> None:
    assistant: Any = Counting()
    assert act(talk, assistant, "web-x", data)
    (message,) = assistant.messages
    assert (message.text, message.radio, message.session_id) == ("", start, talk.session_id)


def test_before_there_is_a_playlist_nothing_goes_on() -> None:
    assistant: Any = Counting()
    assert not act(Conversation(), assistant, "web-x", {"act": "keep-going"})
    assert assistant.messages == []


def test_a_skip_and_a_dial_turn_the_radio_that_is_on(talk: Conversation) -> None:
    assistant: Any = Counting()
    assert act(talk, assistant, "web-x", {"act": "keep-going"})
    assert act(talk, assistant, "web-x", {"act": "skip", "track": "t2"})
    assert assistant.done == [("web-x", talk.session_id, "t2", "skip", 0.0, False)]
    assert act(talk, assistant, "web-x", {"act": "dial", "name": "discovery", "value": "1"})
    assert [message.radio for message in assistant.messages] == [RadioStart()] * 3
    assert assistant.messages[-1].discovery == 1.0


def test_a_skip_that_cannot_be_stored_is_told_and_nothing_goes_on(talk: Conversation) -> None:
    assistant: Any = Counting()
    act(talk, assistant, "web-x", {"act": "keep-going"})
    assistant.error = UnknownTrackError("t2")
    assert act(talk, assistant, "web-x", {"act": "skip", "track": "t2"})
    assert "t2" in talk.said
    assert len(assistant.messages) == 1


def test_a_listener_may_do_so_much_a_minute_and_others_as_well() -> None:
    now = 0.0
    limit = RateLimit(3, clock=lambda: now)
    assert [limit.allows("ann") for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows("bob")
    now = 20.0
    assert [limit.allows("ann") for _ in range(2)] == [True, False]
    now = 1_000.0
    assert [limit.allows("ann") for _ in range(4)] == [True, True, True, False]
