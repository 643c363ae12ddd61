"""A forgotten listener, and an incognito turn, leave not a byte in the data folder."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.agent import Agent
from assistant.app import Assistant
from assistant.personal_errors import NotErasedError
from assistant.reply import Message, Reply
from recsys import database as db
from recsys.personal_data import TABLES
from recsys.types import Event, EventKind
from tests.assistant.searching import forms_of, forms_of_vector, found_in

WHO = "zé-wörtlich-4711"
TEXTS = ("mellow jazz for my aunt Quixotilda", "no rock, says Grünspecht")
SECRET = "songs about Xerophthalmia"
NAME = "Sunday at Quixotilda's"
VECTOR = np.random.default_rng(5).normal(size=(2, 24)).astype(np.float32)


def sought() -> dict[str, bytes]:
    words = (WHO, *TEXTS, "Quixotilda", "Grünspecht", NAME)
    forms = [forms_of(word) for word in words] + [forms_of_vector("the vector", VECTOR[1])]
    return {name: content for one in forms for name, content in one.items()}


def ask(assistant: Assistant, text: str, listener: str = WHO, **more: Any) -> Reply:
    reply = assistant.reply(Message(listener_id=listener, session_id="one", text=text, **more))
    assert not reply.last_resort, reply.text
    return reply


@pytest.fixture
def home(tmp_path: Path, untouched_home: Path) -> Path:
    return shutil.copytree(untouched_home, tmp_path / "home")


def live(assistant: Assistant, tmp_path: Path) -> None:
    """Do everything that can leave a trace."""
    home = assistant.settings.home
    ask(assistant, "something of somebody else's", "ann")
    for text in TEXTS:
        reply = ask(assistant, text)
        for track in reply.tracks[:5]:
            assistant.feedback(WHO, "one", track.track_id, "like")
    assistant.rename_session("one", WHO, NAME)
    assistant.rest(WHO, reply.tracks[6].track_id)
    assistant.like_artists(WHO, [assistant.suggest("", ("artist",), 1)[0].key])
    assistant.link("ann", assistant.link_code(WHO))
    assistant.link_code(WHO)
    np.save(tmp_path / "people.npy", VECTOR)
    (tmp_path / "people.txt").write_text(f"ann\n{WHO}\n", encoding="utf-8")
    assistant.add_embeddings("people", tmp_path / "people.npy", tmp_path / "people.txt", of="listeners")
    assistant.reply(Message(listener_id=WHO, session_id="in", text=SECRET, incognito=True))
    assistant.export_data(WHO, home / "my-data.zip")
    assistant.taste(WHO)


def test_a_forgotten_listener_is_nowhere_in_the_data_folder(
    home: Path, tmp_path: Path, open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(home) as assistant:
        live(assistant, tmp_path)
        before = found_in(home, sought())
        assert {form for form in sought() if form.endswith("as utf-8")} <= before.keys()
        assert any(name.startswith("the vector at unit length") for name in before)
        assert any("!" in place for places in before.values() for place in places)  # in the export, compressed
        anns = assistant._store().events("ann")
        assert anns  # by way of who is forgotten now
        taste = assistant.taste("ann")
        assert assistant.forget(WHO)
        assert found_in(home, sought()) == {}
        assert not assistant._incognito()._sessions
        assert not (home / "my-data.zip").exists()
        assert assistant._store().events("ann") == []
        assert taste.joined == (WHO,)
        assert assistant.taste("ann").joined == ()
        assert ask(assistant, "and now?", "ann").tracks
        assert not assistant.forget(WHO)
    assert found_in(home, sought()) == {}


def test_deleted_conversations_of_an_earlier_version_are_erased_with_the_listener(
    home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    """A row that was deleted without being overwritten stays in a free page until the file is written anew."""
    with open_assistant(home) as assistant:
        ask(assistant, TEXTS[0])
    database = sqlite3.connect(home / "segue.db")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("DELETE FROM turns")
    database.commit()
    database.close()
    wanted = forms_of("Quixotilda")
    assert found_in(home, wanted)
    with open_assistant(home) as assistant:
        assert assistant.forget(WHO)
        assert found_in(home, wanted) == {}


def test_what_a_reader_keeps_from_being_erased_is_said(
    home: Path, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.personal_data._WAIT_MS", 50)
    with open_assistant(home) as assistant:
        ask(assistant, TEXTS[0])
        reader = sqlite3.connect(home / "segue.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turns").fetchone()
        with pytest.raises(NotErasedError, match="forget again"):
            assistant.forget(WHO)
        assert assistant.sessions(WHO) == ()
        reader.close()
        assistant.forget(WHO)
        assert found_in(home, sought()) == {}


def test_every_table_with_listeners_is_one_that_is_forgotten() -> None:
    assert {t for t in db.metadata.tables.values() if "listener_id" in t.columns} == set(TABLES)


def test_the_forgotten_leave_the_lists_of_others(assistant: Assistant) -> None:
    """Others' records and turns that list who is there go on without the forgotten one, and mean the same."""
    store = assistant._store()
    store.add_event(Event("gone", "x", EventKind.LIKE, 1.0))
    value = {"members": ["gone", "ann"], "name": "gone", "of": {"members": {"gone": 1, "ann": 2}}}
    store.records.put("club", "one", value, "ann")
    reply = {"tracks": [{"title": "gone", "whom": ["ann", "gone"]}]}
    store.save_turn("s", "club ann", 1, "hi", {"group": ["gone"]}, {"slate": []}, reply, 1.0)
    assert store.remove_listener("gone")
    kept = {"members": ["ann"], "name": "gone", "of": {"members": {"ann": 2}}}
    assert store.records.get("club", "one") == kept
    turn = store.last_turn("s", "club ann")
    assert turn is not None
    assert turn["reply"] == {"tracks": [{"title": "gone", "whom": ["ann"]}]}
    assert turn["request"] == {"group": []}


# --- incognito ---


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that is logged, at level debug, as a terminal would show it."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, handler, level = logging.getLogger(), Lines(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_incognito_turns_feedback_and_errors_leave_nothing(
    home: Path,
    open_assistant: Callable[..., Assistant],
    monkeypatch: pytest.MonkeyPatch,
    logged: list[str],
) -> None:
    wanted = {**forms_of(SECRET), **forms_of("Xerophthalmia"), **forms_of(WHO)}

    def fail(_: Agent, text: str, **__: Any) -> Reply:
        raise ValueError(f"cannot read {text!r} of {WHO}")

    with open_assistant(home) as assistant:
        rows = assistant._store().counts()
        first = ask(assistant, SECRET, incognito=True)
        for kind, track in zip(("like", "dislike", "play", "skip"), first.tracks, strict=False):
            assistant.feedback(WHO, "one", track.track_id, kind, incognito=True)
        assert ask(assistant, f"why number 2? {SECRET}", incognito=True).text
        assert ask(assistant, "swap number 1", incognito=True).turn > first.turn
        with monkeypatch.context() as patch:
            patch.setattr(Agent, "_understand", fail)
            failed = assistant.reply(Message(listener_id=WHO, session_id="one", text=SECRET, incognito=True))
        assert failed.last_resort
        assert any("ValueError in test_forgetting.py" in line for line in logged)
        assert assistant._store().counts() == rows
        assert found_in(home, wanted) == {}
        assert [line for line in logged if WHO in line or "Xerophthalmia" in line] == []
        assert ask(assistant, SECRET).tracks  # with the same words in the open, there is something to find
        assert found_in(home, wanted)
    assert found_in(home, wanted)


def test_a_database_error_does_not_quote_what_was_written(assistant: Assistant) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011 (whatever the driver raises)
        assistant._store().save_turn("s", WHO, 1, TEXTS[0], {"set": json.loads("{}")}, {}, {"text": object()}, 1.0)
    assert TEXTS[0] not in str(error.value)
