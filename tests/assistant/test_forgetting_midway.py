"""Who is forgotten while something is done for them stays forgotten: it ends, and keeps nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, get_ident
from typing import Any

import pytest

from assistant.agent import Agent
from assistant.app import Assistant
from assistant.heard import Heard, HistoryItem, Opened
from assistant.recipes import Recipe
from assistant.reply import Message, Reply
from recsys.artist_facts import decades_in
from recsys.errors import ForgottenError
from tests.assistant.searching import forms_of, found_in

WHO = "zé-wörtlich-4711"
TEXT = "mellow jazz for my aunt Quixotilda"
SOUGHT = {name: content for word in (WHO, "Quixotilda") for name, content in forms_of(word).items()}


@pytest.fixture
def home(tmp_path: Path, untouched_home: Path) -> Path:
    return shutil.copytree(untouched_home, tmp_path / "home")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def ask(assistant: Assistant, text: str = TEXT, listener: str = WHO, **fields: Any) -> Reply:
    values = {"listener_id": listener, "session_id": "one", "text": text, **fields}
    return assistant.reply(Message.model_validate(values))


@contextmanager
def held(where: type, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """Hold whoever first calls a method, before it is done: an event says that they came, another lets them go on."""
    came, go_on, real = Event(), Event(), getattr(where, name)
    first: list[int] = []

    def hold(*args: Any, **named: Any) -> Any:
        if not first:
            first.append(get_ident())
            came.set()
            assert go_on.wait(120)
        return real(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, hold)
        try:
            yield came, go_on
        finally:
            go_on.set()


def reply_of(turn: Future[Reply]) -> Reply:
    return turn.result(120)


@pytest.mark.parametrize("incognito", [False, True], ids=["stored", "incognito"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("where", ["_turn", "_understand", "_unknown_words"])
def test_a_turn_that_was_under_way_keeps_nothing(
    home: Path,
    open_assistant: Callable[..., Assistant],
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    *,
    known: bool,
    incognito: bool,
) -> None:
    """Held before it reads anything, before it understands, and once its slate is there; others are not held up."""
    with open_assistant(home) as assistant:
        assert ask(assistant, "something else", "ann").tracks
        if known:
            assert ask(assistant).tracks
        before = assistant._store().counts()
        with held(Agent, where, monkeypatch) as (came, go_on):
            turn = pool.submit(ask, assistant, "calmer, says Quixotilda", incognito=incognito)
            assert came.wait(120)
            assert assistant.forget(WHO) == known
            decades_in("Quixotilda was here in the 70s")
            go_on.set()
            reply = reply_of(turn)
        assert reply.last_resort
        assert "nothing of this was kept" in reply.text
        assert found_in(home, SOUGHT) == {}
        assert assistant._incognito()._sessions == {}
        assert decades_in.cache_info().currsize == 0
        assert known or assistant._store().counts() == before
        assert ask(assistant, "and now?").tracks
        assert assistant.forget(WHO)
        assert ask(assistant, "calmer", "ann").tracks
    assert found_in(home, SOUGHT) == {}


def test_a_turn_that_waits_for_its_turn_keeps_nothing(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of one session: the second waits for the first, and both end without a trace."""
    with open_assistant(home) as assistant:
        assert ask(assistant).tracks
        with held(Agent, "_understand", monkeypatch) as (came, go_on):
            turns = [pool.submit(ask, assistant, f"calmer {n}") for n in range(2)]
            assert came.wait(120)
            assert assistant.forget(WHO)
            go_on.set()
            late = ask(assistant, "hello again", session_id="new")
            replies = [reply_of(turn) for turn in turns]
        assert replies[0].last_resort
        assert not late.last_resort
        assert {session.session_id for session in assistant.sessions(WHO)} <= {"new", "one"}
        assert not any("Quixotilda" in turn.message for turn in assistant.turns("one", WHO))


def test_what_begins_while_somebody_is_being_forgotten_keeps_nothing(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have read what was there before."""
    import recsys.spaces

    with open_assistant(home) as assistant:
        assert ask(assistant).tracks
        with held(recsys.spaces, "forget", monkeypatch) as (came, go_on):  # type: ignore[arg-type]
            forgetting = pool.submit(assistant.forget, WHO)
            assert came.wait(120)
            assert ask(assistant, "calmer, says Quixotilda").last_resort
            go_on.set()
            assert forgetting.result(120)
        assert found_in(home, SOUGHT) == {}
        assert not assistant._store().presence._leaving


def test_a_turn_ends_when_another_process_forgets_its_listener(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_assistant(home) as assistant, open_assistant(home) as other:
        assert ask(assistant).tracks
        with held(Agent, "_understand", monkeypatch) as (came, go_on):
            turn = pool.submit(ask, assistant, "calmer, says Quixotilda")
            assert came.wait(120)
            assert other.forget(WHO)
            go_on.set()
            assert reply_of(turn).last_resort
        assert found_in(home, SOUGHT) == {}


def test_a_groups_turn_ends_when_a_member_is_forgotten(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_assistant(home) as assistant:
        first = ask(assistant, "6 tracks", "ann", group=(WHO,))
        assert any(WHO in track.whom for track in first.tracks)
        with held(Agent, "_unknown_words", monkeypatch) as (came, go_on):
            turn = pool.submit(ask, assistant, "12 tracks", "ann", group=(WHO,))
            assert came.wait(120)
            assistant.forget(WHO)
            go_on.set()
            assert reply_of(turn).last_resort
        assert found_in(home, SOUGHT) == {}
        assert len(assistant.turns("one", "ann")) == 1


def test_an_import_that_was_under_way_keeps_nothing(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor
) -> None:
    came, go_on = Event(), Event()

    def items() -> Iterator[HistoryItem]:
        yield Opened("a.csv", "csv")
        for number in range(3_000):
            if number == 2_500:
                came.set()
                assert go_on.wait(120)
            yield Heard(title=f"Quixotilda {number}", artist="Xerophthalmia", at=1.6e9 + number * 300.0)

    with open_assistant(home) as assistant:
        importing = pool.submit(assistant.add_listens, WHO, items())
        assert came.wait(120)
        assistant.forget(WHO)
        go_on.set()
        with pytest.raises(ForgottenError, match="nothing of this was kept"):
            importing.result(120)
        assert found_in(home, SOUGHT) == {}
        assert assistant._store().counts()["events"] == 0


def test_nothing_else_that_was_under_way_is_kept(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor
) -> None:
    with open_assistant(home) as assistant:
        track = ask(assistant).tracks[0].track_id
        artist = assistant.suggest("", ("artist",), 1)[0].key
        code = assistant.link_code("ann")
        records = assistant.records

        def export() -> None:
            assistant.export_data(WHO, home / "my-data.zip")

        todo: list[Callable[[], object]] = [
            lambda: assistant.feedback(WHO, "one", track, "like"),
            lambda: assistant.feedback(WHO, "one", track, "like", incognito=True),
            lambda: assistant.add_history(WHO, [(track, "like", 1)]),
            lambda: assistant.rest(WHO, track),
            lambda: assistant.like_artists(WHO, [artist]),
            lambda: assistant.link_code(WHO),
            lambda: assistant.link(WHO, code),
            lambda: records.put("club", WHO, {"of": WHO}, WHO),
            lambda: records.change("club", WHO, lambda _: ({"of": WHO}, None), WHO),
            lambda: assistant.run_recipe(Recipe(name="mine", prompt=TEXT), WHO),
            export,
        ]
        with assistant.acting_for(WHO):
            assert pool.submit(assistant.forget, WHO).result(120)
            for act in todo:
                with pytest.raises(ForgottenError):
                    act()
        assert found_in(home, SOUGHT) == {}
        assert not (home / "my-data.zip").exists()
        assistant.feedback(WHO, "one", track, "like")  # what begins afterwards is kept
        assert assistant.rated(WHO) == {track: True}


def test_of_two_who_are_one_person_neither_keeps_what_the_other_was(
    home: Path, open_assistant: Callable[..., Assistant], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn of the one has read what the other did, so it ends as well."""
    with open_assistant(home) as assistant:
        track = ask(assistant).tracks[0].track_id
        assistant.feedback(WHO, "one", track, "like")
        assistant.link("ann", assistant.link_code(WHO))
        with held(Agent, "_understand", monkeypatch) as (came, go_on):
            turn = pool.submit(ask, assistant, "calmer", "ann")
            assert came.wait(120)
            assert assistant.forget(WHO)
            go_on.set()
            assert reply_of(turn).last_resort
        assert assistant.rated("ann") == {}
        assert found_in(home, SOUGHT) == {}


def test_a_refused_write_leaves_the_database_free(home: Path, open_assistant: Callable[..., Assistant]) -> None:
    """The transaction is given up at its beginning: the next one, of another thread or this, goes on at once."""
    with open_assistant(home) as assistant:
        store = assistant._store()
        with store.presence.act(WHO), store.presence.forgetting(WHO):
            for _ in range(20):
                with pytest.raises(ForgottenError):
                    store.records.put("club", "x", 1, WHO)
        store.records.put("club", "x", 1, WHO)
        assert store.records.get("club", "x") == 1
