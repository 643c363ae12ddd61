"""Learning from use: what conversations taught is read back, learnt beside synthesis, and served if it is better."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import recsys
from assistant.app import Assistant
from assistant.errors import TooFewOwnRequestsError
from assistant.reply import Message
from assistant.usage import read_usage
from recsys import database as db
from recsys import generations
from recsys.store import Store
from recsys.types import EventKind, Facet
from tests.conversations import MOODS, Conversations, planted_taste

Open = Callable[..., Assistant]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    yield opened
    opened.close()


def pools_of(assistant: Assistant) -> dict[str, list[str]]:
    """Track ids by genre."""
    catalogue = assistant._agent().recommender.catalogue
    return {
        genre: [catalogue.track_ids[row] for row in catalogue.postings(Facet.GENRE, genre)]
        for genre in ("jazz", "rock", "folk", "techno")
    }


def folder(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in (home / "generations").rglob("*"))


# What conversations hold


def test_a_conversation_teaches_what_was_kept_of_it(assistant: Assistant) -> None:
    first = assistant.reply(Message(listener_id="teacher", session_id="one", text="mellow jazz, 6 tracks"))
    second = assistant.reply(Message(listener_id="teacher", session_id="one", text="no saxophone, a bit older"))
    for track in (first.tracks[1], first.tracks[3]):
        assistant.feedback("teacher", "one", track.track_id, "like")
    undone = next(track for track in second.tracks if track.track_id not in {one.track_id for one in first.tracks})
    assistant.feedback("teacher", "one", undone.track_id, "like")
    assistant.feedback("teacher", "one", undone.track_id, "unrate")
    usage = read_usage(assistant._store(), "teacher")
    kept = {track_id for own in usage.turns for track_id in own.answered.track_ids}
    assert kept == {first.tracks[1].track_id, first.tracks[3].track_id}
    assert {own.answered.shown.session_id for own in usage.turns} == {"one"}
    assert len(usage.events["teacher"]) == 4
    if len(usage.turns) == 1:
        assert usage.turns[0].answered.shown.track_ids in (
            tuple(track.track_id for track in first.tracks),
            tuple(track.track_id for track in second.tracks),
        )
    assert all("jazz" in own.answered.shown.text for own in usage.turns)
    assert not any("6" in own.answered.shown.text for own in usage.turns)  # as the encoder read it, without the size


def test_words_that_nobody_understood_are_part_of_the_request(assistant: Assistant) -> None:
    """The session forgets them after the turn, but the turn's slate answered them."""
    for text in ("calm folk", "zorblax quimby"):
        reply = assistant.reply(Message(listener_id="odd", session_id="one", text=text))
    assistant.feedback("odd", "one", reply.tracks[0].track_id, "like")
    (own,) = read_usage(assistant._store(), "odd").turns
    assert own.answered.shown.text.startswith("zorblax quimby")


def test_a_slate_has_a_title_and_a_description(assistant: Assistant) -> None:
    reply = assistant.reply(Message(listener_id="titled", session_id="one", text="mellow jazz"))
    assistant.feedback("titled", "one", reply.tracks[0].track_id, "keep")
    (own,) = read_usage(assistant._store(), "titled").turns
    assert own.turn.title == "jazz, mellow"
    assert "jazz" in own.turn.description.split(", ")


def test_what_cannot_be_read_any_more_is_left_out(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    conversations = Conversations(store)
    conversations.say("ann", "folk", ["a", "b"], liked=["a"])
    at = conversations.say("ann", "jazz", ["c"], liked=["c"], session_id="later")
    store.save_turn("later", "ann", 1, "jazz", {}, {"schema_version": 99}, {}, at)
    assert [own.answered.track_ids for own in read_usage(store).turns] == [("a",)]
    assert "another version" in caplog.text


def test_listeners_teach_apart(store: Store) -> None:
    """One session id, one track, two listeners: what one keeps the other did not."""
    conversations = Conversations(store)
    for listener_id, liked in (("ann", "a"), ("bob", "b")):
        conversations.say(listener_id, "folk", ["a", "b"], liked=[liked], session_id="same", at=5.0)
    usage = read_usage(store)
    assert {own.answered.shown.listener_id: own.answered.track_ids for own in usage.turns} == {
        "ann": ("a",),
        "bob": ("b",),
    }
    assert [own.answered.track_ids for own in read_usage(store, "bob").turns] == [("b",)]
    assert list(read_usage(store, "bob").events) == ["bob"]
    assert read_usage(store, "eve").turns == ()


def test_a_data_folder_of_the_first_version_is_upgraded_and_teaches(tmp_path: Path) -> None:
    """Turns and events have been stored from the beginning, so old conversations count."""
    current = Store.open(f"sqlite:///{tmp_path / 'current.db'}")
    Conversations(current).say("ann", "folk", ["a", "b"], liked=["b"])
    (turn,), (event,) = list(current.turns()), current.events("ann")
    current.close()

    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = db.open_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(recsys.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with db.write_lock(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert "times" not in {column["name"] for column in sa.inspect(connection).get_columns("events")}
        for line in (
            "INSERT INTO listeners VALUES (:listener_id, :at)",
            "INSERT INTO sessions VALUES (:session_id, :listener_id, :at, :at)",
            "INSERT INTO turns VALUES (:session_id, :listener_id, 1, :at, :message, :request, :state, :reply)",
        ):
            row = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in turn.items()}
            connection.execute(sa.text(line), {name: row[name] for name in row if f":{name}" in line})
        connection.execute(
            sa.text(
                "INSERT INTO events (listener_id, track_id, kind, at, session_id) VALUES ('ann', 'b', 'like', :at, :s)"
            ),
            {"at": event.at, "s": event.session_id},
        )
    engine.dispose()
    upgraded = Store.open(url)
    (own,) = read_usage(upgraded).turns
    assert (own.answered.track_ids, own.answered.shown.text) == (("b",), "folk")
    upgraded.close()


# Learning from it


@pytest.fixture
def home(indexed_home: Callable[[int], Path]) -> Path:
    """A data folder that serves 200 made-up tracks of four genres."""
    return indexed_home(200)


def test_a_planted_taste_improves_and_is_served(home: Path, open_assistant: Open) -> None:
    with open_assistant(home) as assistant:
        before = generations.current_key(home)
        pools = pools_of(assistant)
        planted_taste(Conversations(assistant._store()), pools, 20)
        words, genre = next(iter(MOODS.items()))
        found_before = set(assistant.rank("nobody", words, 50).track_ids)
        report = assistant.train_from_events()
        own = report.own
        assert own is not None
        assert (own.n_listeners, own.n_learnt, own.n_held_out) == (2, 30, 10)
        assert own.trial is not None
        assert own.trial.new > own.trial.served
        assert own.trial.low > 0
        assert own.deployed
        assert generations.current_key(home) == report.generation != before
        found = set(assistant.rank("nobody", words, 50).track_ids)
        assert len(found & set(pools[genre])) > len(found_before & set(pools[genre])) + 10
        status = assistant.status()
        assert status.model is not None
        assert status.model.n_own == 30

        again = assistant.train_from_events()
        assert again.generation == report.generation
        assert again.own is not None
        assert (again.own.trial, again.own.deployed) == (None, False)
        assert not assistant.index().generation_changed  # the model that learnt from use goes on serving
        assert assistant.train().generation == before  # and synthesis alone gives what it gave


def test_random_events_are_not_served_and_nothing_changes(home: Path, open_assistant: Open) -> None:
    with open_assistant(home) as assistant:
        planted_taste(Conversations(assistant._store()), pools_of(assistant), 20, shuffled=True)
        before, files = generations.current_key(home), folder(home)
        ranked = assistant.rank("ann", "mellow folk", 20).track_ids
        report = assistant.train_from_events()
        assert report.own is not None
        assert report.own.trial is not None
        assert report.own.trial.low <= 0
        assert not report.own.deployed
        assert report.generation == before == generations.current_key(home)
        assert folder(home) == files
        assert assistant.rank("ann", "mellow folk", 20).track_ids == ranked


def test_the_same_seed_decides_the_same(home: Path, tmp_path: Path, open_assistant: Open) -> None:
    with open_assistant(home) as assistant:
        planted_taste(Conversations(assistant._store()), pools_of(assistant), 20)
    twin = shutil.copytree(home, tmp_path / "twin")
    reports = []
    for one in (home, twin):
        with open_assistant(one) as assistant:
            reports.append(assistant.train_from_events())
    assert reports[0].own == reports[1].own
    assert reports[0].generation == reports[1].generation
    assert reports[0].loss == reports[1].loss


def test_one_word_means_what_each_listener_means_by_it(home: Path, open_assistant: Open) -> None:
    """Ann's zorblax is folk and Bob's is techno: what one taught must not be what the other gets."""
    with open_assistant(home, training_steps=60) as assistant:
        conversations, pools = Conversations(assistant._store()), pools_of(assistant)
        means = {"ann": "folk", "bob": "techno"}
        for number in range(24):
            for listener_id, genre in means.items():
                liked = [pools[genre][(4 * number + n) % len(pools[genre])] for n in range(4)]
                others = [pools["rock"][(3 * number + n) % len(pools["rock"])] for n in range(4)]
                conversations.say(listener_id, "zorblax", [*liked, *others], liked=liked)
        report = assistant.train_from_events()
        assert report.own is not None
        assert report.own.n_learnt == 36
        for listener_id, genre in means.items():
            found = assistant.rank(listener_id, "zorblax", 20).track_ids
            other = means["bob" if listener_id == "ann" else "ann"]
            assert len(set(found) & set(pools[genre])) > len(set(found) & set(pools[other])) + 5


@pytest.mark.parametrize("n_requests", [0, 5, 18])
def test_too_little_is_said_and_changes_nothing(home: Path, open_assistant: Open, n_requests: int) -> None:
    with open_assistant(home) as assistant:
        planted_taste(Conversations(assistant._store()), pools_of(assistant), n_requests)
        before, files = generations.current_key(home), folder(home)
        with pytest.raises(TooFewOwnRequestsError, match="at least 30, 10 and 5 are needed; like tracks"):
            assistant.train_from_events()
        assert (generations.current_key(home), folder(home)) == (before, files)


def test_few_sessions_are_too_few(home: Path, open_assistant: Open) -> None:
    with open_assistant(home) as assistant:
        conversations, pool = Conversations(assistant._store()), pools_of(assistant)["folk"]
        for turn in range(60):
            conversations.say("ann", "folk", pool[:4], liked=pool[:1], session_id=f"session {turn // 20}", turn=turn)
        with pytest.raises(TooFewOwnRequestsError, match="of 1 session to test on"):
            assistant.train_from_events()


def test_plays_alone_teach_too(home: Path, open_assistant: Open) -> None:
    with open_assistant(home) as assistant:
        conversations, pool = Conversations(assistant._store()), pools_of(assistant)["folk"]
        for _ in range(3):
            at = conversations.say("ann", "zorblax", pool[:5])
            for number, track_id in enumerate(pool[:5]):
                session_id = f"session {conversations.n_turns}"
                conversations.do("ann", track_id, EventKind.PLAY, at + 200 * number, session_id, completion=0.9)
        assert [own.answered.played for own in read_usage(assistant._store()).turns] == [True] * 3
        assert all(own.answered.track_ids == tuple(pool[:5]) for own in read_usage(assistant._store()).turns)
