"""Undo and redo: the playlists of a session come back as they were, and what held with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.request import Intent
from assistant.session import SessionState
from assistant.store import SessionStore
from assistant.understanding.rules import RulesUnderstanding
from assistant.usage import read_usage
from recsys.catalogue import Catalogue
from recsys.types import Track
from tests.assistant.test_agent import Chat, ids

#: What a version does not hold: how many turns there were, and what was shown in them.
_OF_THE_SESSION = {"turn", "shown", "shows", "past", "future"}


def state_of(chat: Chat) -> SessionState:
    stored = SessionStore(chat.assistant._store()).last(chat.session, chat.listener)
    assert stored is not None
    return stored.state


def holds(chat: Chat) -> dict[str, object]:
    return state_of(chat).model_dump(exclude=_OF_THE_SESSION)


@pytest.fixture
def chat(assistant: Assistant) -> Chat:
    return Chat(assistant)


def test_undo_and_redo_restore_exactly(chat: Chat) -> None:
    replies, states = [], []
    for text in ("jazz, 10 tracks", "only from the 60s", "no vocals", "make it 15 tracks"):
        replies.append(chat.say(text))
        states.append(holds(chat))
    for version in (2, 1, 0):
        back = chat.say("undo")
        assert ids(back) == ids(replies[version])
        assert [track.reason for track in back.tracks] == [track.reason for track in replies[version].tracks]
        assert back.receipt == replies[version].receipt
        assert holds(chat) == states[version]
        assert back.text.startswith(f"Back to the playlist before: {len(back.tracks)} tracks")
    assert "nothing to undo" in chat.say("go back").text
    assert ids(chat.say("undo that please")) == ids(replies[0])
    for version in (1, 2, 3):
        assert ids(chat.say("redo")) == ids(replies[version])
        assert holds(chat) == states[version]
    assert "nothing to redo" in chat.say("redo that").text


def test_a_new_wish_goes_on_from_the_version_on_screen(chat: Chat, assistant: Assistant) -> None:
    chat.say("jazz, 10 tracks")
    chat.say("only from the 60s")
    chat.say("undo")
    branch = chat.say("only from the 50s")
    alone = Chat(assistant)
    alone.say("jazz, 10 tracks")
    alone.say("only from the 50s")
    assert holds(chat)["n_tracks"] == 10
    assert [s.constraint for s in state_of(chat).constraints] == [s.constraint for s in state_of(alone).constraints]
    assert "nothing to redo" in chat.say("redo").text
    assert ids(chat.say("undo the undo")) == ids(branch)


def test_ratings_are_no_part_of_a_version(chat: Chat) -> None:
    first = chat.say("jazz, 10 tracks")
    chat.say("only from the 60s")
    chat.feel(ids(first)[0], "like")
    back = chat.say("undo")
    assert [track.liked for track in back.tracks][:2] == [True, None]


def test_versions_outlive_a_restart_and_are_one_listeners(chat: Chat, assistant: Assistant) -> None:
    first = chat.say("jazz, 10 tracks")
    chat.say("only from the 60s")
    assistant.close()
    assert ids(chat.say("undo")) == ids(first)
    other = Chat(assistant, session=chat.session)
    assert "nothing to undo" not in other.say("undo").text, "for a new session it is a request like any other"


def test_undo_goes_back_from_a_playlist_that_came_out_empty(
    indexed_home: Callable[[int], Path], open_assistant: Callable[..., Assistant]
) -> None:
    """Its tracks are from 1960 to 1999."""
    with open_assistant(indexed_home(40)) as assistant:
        chat = Chat(assistant)
        first = chat.say("jazz, 5 tracks")
        assert not chat.say("nothing before 2010").tracks
        assert ids(chat.say("undo")) == ids(first)
        assert not chat.say("redo").tracks


def test_what_is_kept_after_an_undo_answers_the_request_that_is_on_screen_again(chat: Chat) -> None:
    first = chat.say("jazz, 10 tracks")
    chat.say("only from the 60s")
    chat.say("undo")
    chat.feel(ids(first)[3], "keep")
    (own,) = read_usage(chat.assistant._store(), chat.listener).turns
    assert own.answered.track_ids == (ids(first)[3],)
    assert "undo" not in own.turn.shown.text
    assert "jazz" in own.turn.shown.text


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Undo!", Intent.UNDO),
        ("oops, go back please", Intent.UNDO),
        ("back to the previous one", Intent.UNDO),
        ("I liked the old playlist better", Intent.UNDO),
        ("can you undo the last change?", Intent.UNDO),
        ("redo", Intent.REDO),
        ("back to the one before", Intent.UNDO),
        ("undo the undo", Intent.REDO),
        ("take me back to the 80s", Intent.REFINE),
        ("songs about going back", Intent.REFINE),
        ("the old one by Nas", Intent.REFINE),
        ("start over", Intent.START_OVER),
    ],
)
def test_what_means_undo(text: str, intent: Intent) -> None:
    catalogue = Catalogue.from_tracks([Track("a", "Night Boat", ("Abe",), genres=("jazz",))], [])
    assert RulesUnderstanding(catalogue).understand(text, first_turn=False).intent is intent
    assert RulesUnderstanding(catalogue).understand(text, first_turn=True).intent is Intent.ASK
