"""What members of a group wrote goes with them; the session of whoever opened it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from assistant.agent import Agent
from assistant.app import Assistant
from assistant.reply import Message, Reply
from recsys.personal_data import PersonalData
from tests.assistant.searching import forms_of, found_in

WHO = "zé-wörtlich-4711"
WORDS = ("Quixotilda", "Xerophthalmia", "Grünspecht", "Schnabeltier")
SOUGHT = {name: content for word in (WHO, *WORDS) for name, content in forms_of(word).items()}


@pytest.fixture
def home(tmp_path: Path, untouched_home: Path) -> Path:
    return shutil.copytree(untouched_home, tmp_path / "home")


def ask(assistant: Assistant, text: str, speaker: str | None = None, **fields: Any) -> Reply:
    values = {"listener_id": "ann", "session_id": "one", "group": (WHO,), "text": text, "speaker": speaker, **fields}
    reply = assistant.reply(Message.model_validate(values))
    assert not reply.last_resort, reply.text
    return reply


def talk(assistant: Assistant, **fields: Any) -> list[Reply]:
    """Words that are understood, that are not, that name nobody, that only ask, and that are quoted later."""
    said = [
        ("mellow, 8 tracks", None),
        ("roses and rivers in the dreams of Quixotilda", WHO),
        ("what did I ask for?", None),
        ("why is Xerophthalmia not there?", WHO),
        ("fröhliche Lieder für den Grünspecht, sagt er", WHO),
        ("what did we ask for?", None),
        ("I love number 2, says Schnabeltier", WHO),
        ("6 tracks", None),
    ]
    return [ask(assistant, text, speaker, **fields) for text, speaker in said]


def test_a_members_words_leave_the_session_of_who_opened_the_group(
    home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(home) as assistant:
        replies = talk(assistant)
        assert "quixotilda" in replies[2].text.casefold() or "quixotilda" in replies[5].text.casefold()
        before = found_in(home, SOUGHT)
        assert {form for form in SOUGHT if form.endswith("as utf-8")} <= before.keys()
        assert assistant.forget(WHO)
        assert found_in(home, SOUGHT) == {}
        turns = assistant.turns("one", "ann")
        assert [turn.message for turn in turns] == [
            "mellow, 8 tracks",
            "",
            "what did I ask for?",
            "",
            "",
            "what did we ask for?",
            "",
            "6 tracks",
        ]
        assert [[t.track_id for t in turn.reply.tracks] for turn in turns] == [
            [t.track_id for t in reply.tracks] for reply in replies
        ]
        assert turns[0].reply.text == replies[0].text
        assert turns[7].reply.text == replies[7].text
        assert len(ask(assistant, "4 tracks", group=()).tracks) == 4
        assert [t.track_id for t in ask(assistant, "undo", group=()).tracks] == [t.track_id for t in replies[7].tracks]
        assert "happy" in ask(assistant, "what did I ask for?", group=()).text
        assert ask(assistant, "more upbeat", group=()).tracks
        assert not assistant.forget(WHO)
    assert found_in(home, SOUGHT) == {}


def test_who_is_forgotten_twice_and_killed_in_between_is_forgotten(
    home: Path, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    with open_assistant(home) as assistant:
        talk(assistant)
        with monkeypatch.context() as patch:
            patch.setattr(PersonalData, "remove", killed)
            with pytest.raises(KeyboardInterrupt):
                assistant.forget(WHO)
        assistant.forget(WHO)
        assert found_in(home, SOUGHT) == {}


def test_an_incognito_session_in_which_a_member_wrote_goes_with_them(
    home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(home) as assistant:
        ask(assistant, "mellow jazz", session_id="open", incognito=True)
        talk(assistant, incognito=True)
        assistant.forget(WHO)
        assert list(assistant._incognito()._sessions) == [("open", "ann")]


def test_who_has_left_a_group_may_be_forgotten_during_its_turn(
    home: Path, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn has read their words, though it is not for them any more."""
    came, go_on, real = Event(), Event(), Agent._unknown_words

    def hold(*args: Any) -> str:
        came.set()
        assert go_on.wait(120)
        return real(*args)

    with open_assistant(home) as assistant, ThreadPoolExecutor(1) as pool:
        talk(assistant)
        with monkeypatch.context() as patch:
            patch.setattr(Agent, "_unknown_words", hold)
            message = Message(listener_id="ann", session_id="one", text="more upbeat")
            turn = pool.submit(assistant.reply, message)
            assert came.wait(120)
            assert assistant.forget(WHO)
            go_on.set()
            assert turn.result(120).last_resort
        assert found_in(home, SOUGHT) == {}
        assert ask(assistant, "more upbeat", group=()).tracks
