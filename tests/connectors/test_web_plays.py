"""What plays in a page is stored once, however it ends, and nothing that a browser makes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.web_chat import Conversation
from connectors.web_plays import Plays

_Stored = tuple[str, str | None, str, str, float | None, bool]


class Listening:
    """Stands for the assistant: it has two tracks to play, and remembers what is stored."""

    def __init__(self) -> None:
        self.stored: list[_Stored] = []
        self.error: Exception | None = None

    def media_path(self, track_id: str) -> tuple[Path, str] | None:
        return (Path("x.wav"), "audio/wav") if track_id in ("s0", "s1") else None

    def feedback(
        self, listener_id: str, session_id: str, track_id: str, kind: str, completion: float, *, incognito: bool
    ) -> None:
        if self.error is not None:
            raise self.error
        self.stored.append((listener_id, session_id, track_id, kind, completion, incognito))


@pytest.fixture
def assistant() -> Any:
    return Listening()


@pytest.fixture
def plays(assistant: Any) -> Plays:
    return Plays(assistant)


def say(play: int, completion: float, state: str = "on", track: str = "s0") -> dict[str, Any]:
    return {"play": play, "track": track, "completion": completion, "state": state}


def test_what_is_over_is_stored_once_whatever_comes_late(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    assert plays.tell("p", "ann", talk, say(1, 0.0))
    assert plays.tell("p", "ann", talk, say(1, 0.3))
    assert assistant.stored == []
    assert plays.tell("p", "ann", talk, say(1, 1.0, "over"))
    assert not plays.tell("p", "ann", talk, say(1, 0.9))
    assert not plays.tell("p", "ann", talk, say(1, 0.1, "over"))
    plays.gone("p")
    assert assistant.stored == [("ann", talk.session_id, "s0", "play", 1.0, False)]


def test_what_still_plays_when_the_page_is_gone_is_stored_as_far_as_it_was(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    plays.tell("p", "ann", talk, say(1, 0.7))
    plays.tell("q", "bob", Conversation(), say(1, 0.2, track="s1"))
    plays.gone("p")
    plays.gone("p")
    assert assistant.stored == [("ann", talk.session_id, "s0", "play", 0.7, False)]
    assert not plays.tell("p", "ann", talk, say(1, 0.9, "over"))  # the computer only slept
    assert plays.tell("p", "ann", talk, say(2, 0.1, "over"))
    plays.gone("q")
    assert [(who, kind) for who, _, _, kind, _, _ in assistant.stored[1:]] == [("ann", "skip"), ("bob", "skip")]


def test_the_next_track_may_be_told_of_before_the_end_of_the_last(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    plays.tell("p", "ann", talk, say(1, 0.9))
    plays.tell("p", "ann", talk, say(2, 0.0, track="s1"))
    plays.tell("p", "ann", talk, say(1, 1.0, "over"))
    plays.gone("p")
    assert [(track, kind, share) for _, _, track, kind, share, _ in assistant.stored] == [
        ("s0", "play", 1.0),
        ("s1", "skip", 0.0),
    ]


def test_what_cannot_be_played_on_counts_for_nothing(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    plays.tell("p", "ann", talk, say(1, 0.2))
    plays.tell("p", "ann", talk, say(1, 0.2, "broken"))
    plays.gone("p")
    assert assistant.stored == []


def test_what_a_forgotten_listener_hears_is_not_stored(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    plays.tell("p", "ann", talk, say(1, 0.2))
    plays.tell("q", "bob", Conversation(), say(1, 0.2))
    plays.forget("ann")
    assert not plays.tell("p", "ann", talk, say(1, 0.9, "over"))
    plays.gone("p")
    plays.gone("q")
    assert [who for who, *_ in assistant.stored] == ["bob"]


def test_incognito_counts_as_it_is_at_the_end_and_the_session_as_it_was_at_the_start(
    plays: Plays, assistant: Any
) -> None:
    talk = Conversation()
    session = talk.session_id
    plays.tell("p", "ann", talk, say(1, 0.6))
    talk.start_over()
    talk.incognito = True
    plays.gone("p")
    assert assistant.stored == [("ann", session, "s0", "play", 0.6, True)]


@pytest.mark.parametrize(
    "change",
    [
        {"play": None},
        {"play": True},
        {"play": 1.5},
        {"track": "t1"},
        {"track": 3},
        {"completion": 1.2},
        {"completion": float("nan")},
        {"completion": True},
        {"completion": "0.5"},
        {"state": "stored"},
        {"state": ["over"]},
    ],
    ids=str,
)
def test_what_no_player_says_is_not_believed(plays: Plays, assistant: Any, change: dict[str, Any]) -> None:
    assert not plays.tell("p", "ann", Conversation(), say(1, 0.5, "over") | change)
    plays.gone("p")
    assert assistant.stored == []


def test_a_page_can_pile_up_nothing(plays: Plays, assistant: Any) -> None:
    talk = Conversation()
    assert sum(plays.tell("p", "ann", talk, say(number, 0.1)) for number in range(100)) == 8
    plays.gone("p")
    assert len(assistant.stored) == 8


def test_an_event_that_cannot_be_stored_harms_no_other(plays: Plays, assistant: Any) -> None:
    plays.tell("p", "ann", Conversation(), say(1, 0.5))
    assistant.error = RuntimeError("disk full")
    plays.gone("p")
    assistant.error = None
    assert plays.tell("p", "ann", Conversation(), say(2, 0.5, "over"))
    assert len(assistant.stored) == 1
