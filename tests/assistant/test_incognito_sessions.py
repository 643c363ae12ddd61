"""Incognito sessions are few for each listener, gone on demand; and stored turns that cannot be read are left out."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from assistant.app import Assistant
from assistant.reply import Message

pytestmark = pytest.mark.usefixtures("_strangers")


@pytest.fixture
def _strangers(assistant: Assistant) -> None:
    for listener in ("ann", "bob"):
        assistant.forget(listener)


def ask(assistant: Assistant, listener: str, session: str, *, incognito: bool = True) -> int:
    message = Message(listener_id=listener, session_id=session, text="3 tracks", incognito=incognito)
    return assistant.reply(message).turn


def test_one_listener_takes_the_room_of_nobody_else(assistant: Assistant) -> None:
    assert ask(assistant, "bob", "talk") == 1
    for n in range(22):
        ask(assistant, "ann", f"talk {n}")
    assert ask(assistant, "bob", "talk") == 2
    assert ask(assistant, "ann", "talk 21") == 2
    assert ask(assistant, "ann", "talk 0") == 1  # let go of


def test_an_incognito_session_ends_on_demand(assistant: Assistant) -> None:
    assert ask(assistant, "ann", "talk") == 1
    assert not assistant.end_incognito("talk", "bob")
    assert assistant.end_incognito("talk", "ann")
    assert not assistant.end_incognito("talk", "ann")
    assert ask(assistant, "ann", "talk") == 1


def test_a_turn_of_another_version_is_left_out(assistant: Assistant) -> None:
    for _ in range(3):
        ask(assistant, "ann", "kept", incognito=False)
    with closing(sqlite3.connect(assistant.settings.home / "segue.db")) as database:
        changed = "update turns set reply = json_set(reply, '$.surprise', 1) where session_id = 'kept' and turn = 2"
        database.execute(changed)
        database.commit()
    assert [turn.reply.turn for turn in assistant.turns("kept", "ann")] == [1, 3]
