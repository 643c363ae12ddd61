"""Lyrics end to end: songs are found by what they are about, and no word of them leaves the database."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.settings import LlmSettings
from evals.lyrics import Lyric, read_lyrics
from recsys.recommendation import Query
from recsys.types import Constraint, Facet
from tests.openai_server import says, serving

#: A word that stands in every lyric and nowhere else.
PLANTED = "quibblefrost"
MADE = [one for one in read_lyrics() if one.set == "reporting" and one.about and one.way == "plain"][:22]
Open = Callable[..., Assistant]


def write(path: Path, lyrics: list[Lyric]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "title", "artist", "genre", "lyrics"])
        for n, one in enumerate(lyrics):
            table.writerow([f"t{n}", one.title, f"Singer {n}", "pop", f"{one.text}\n{PLANTED} {n}" if one.text else ""])
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, open_assistant: Open) -> Path:
    """A data folder that serves two dozen tracks with lyrics."""
    home = tmp_path_factory.mktemp("lyrics") / "home"
    with open_assistant(home, training_steps=5) as assistant:
        assistant.index(write(home.parent / "sung.csv", MADE))
    return home


@pytest.fixture(scope="module")
def singing(home: Path, open_assistant: Open) -> Iterator[Assistant]:
    with open_assistant(home, training_steps=5) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def silent(home: Path, open_assistant: Open, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The same catalogue, indexed again from a table that has no lyrics any more."""
    copy = Path(shutil.copytree(home, tmp_path_factory.mktemp("silent") / "home"))
    with open_assistant(copy, training_steps=5) as assistant:
        assistant.index(write(copy.parent / "sung.csv", [replace(one, text="") for one in MADE]), name="sung")
        yield assistant


def ask(assistant: Assistant, text: str, session: str, listener: str = "me") -> Reply:
    return assistant.reply(Message(listener_id=listener, session_id=session, text=text, seed=1))


def line(reply: Reply, label: str) -> str:
    return next(one.delivered for one in reply.receipt if one.constraint == label)


def test_songs_are_found_by_what_they_are_about(singing: Assistant) -> None:
    told = [one for one in MADE if one.about[0] in ("falling in love", "jealousy", "fathers", "school", "death")]
    for one in told:
        reply = ask(singing, f"songs about {one.about[0]}, 5 tracks", one.title)
        assert one.title in [track.title for track in reply.tracks], one.about


def test_a_theme_found_in_lyrics_is_said_counted_and_marked_as_inferred(singing: Assistant) -> None:
    reply = ask(singing, "songs about school, 5 tracks", "school")
    assert "inferred, not stated" in line(reply, "about school")
    assert "unknown" in line(reply, "about school")
    (track,) = (one for one in reply.tracks if one.title == "Third Period")
    assert "its lyrics speak of school" in track.reason


def test_a_topic_in_the_listeners_words_is_compared_with_the_lyrics(singing: Assistant) -> None:
    recommender = singing.serving().recommender
    wish = Constraint(Facet.THEME, ("chewing a pencil in class",), text="chewing a pencil in class")
    result = recommender.recommend(Query(wish.text, constraints=(wish,), size=5, seed=1))
    first = next(pick for pick in result.picks if pick.track.title == "Third Period")
    assert "lyrics" in first.retrievers
    assert first.matched == (wish,)
    assert result.counts[0].n_met >= 1


def test_a_refused_theme_is_not_shown(singing: Assistant) -> None:
    title = next(one.title for one in MADE if one.about[0] == "school")
    assert title in [track.title for track in ask(singing, "22 tracks", "all").tracks]
    assert title not in [track.title for track in ask(singing, "22 tracks, nothing about school", "not").tracks]


def test_the_language_is_read_off_the_lyrics(singing: Assistant) -> None:
    reply = ask(singing, "songs in English, 5 tracks", "english")
    assert line(reply, "in English").startswith("5 of 5, 5 inferred")


def test_indexing_again_reads_nothing_again(home: Path, singing: Assistant) -> None:
    told: list[str] = []
    report = singing.index(home.parent / "sung.csv", progress=lambda stage, done, total: told.append(stage))
    assert not report.generation_changed
    assert "reading lyrics" not in told


def test_without_lyrics_a_topic_changes_nothing_but_the_receipt(silent: Assistant) -> None:
    recommender = silent.serving().recommender
    plain = Query("pop songs about trains", constraints=(Constraint(Facet.GENRE, ("pop",)),), size=10, seed=3)
    for values in (("trains",), ("my old tram",)):
        themed = replace(plain, constraints=(*plain.constraints, Constraint(Facet.THEME, values)))
        before, after = recommender.recommend(plain), recommender.recommend(themed)
        assert [pick.row for pick in after.picks] == [pick.row for pick in before.picks]
        assert after.counts[0] == before.counts[0]
        assert (after.counts[1].n_met, after.counts[1].n_unknown) == (0, 10)
    reply = ask(silent, "songs about trains, 7 tracks", "trains")
    assert line(reply, "about trains") == "0 of 7, 7 unknown"


def test_no_word_of_lyrics_leaves_the_database(
    home: Path, open_assistant: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    told: list[object] = []
    with serving(says("Sure.")) as server:
        settings = {"model": "openai:scripted", "base_url": server.url, "api_key": "none", "timeout_s": 5.0}
        with open_assistant(copy, training_steps=5, llm=LlmSettings.model_validate(settings)) as assistant:
            for text in (
                "songs about school, sung sadly in a whisper",
                "why the first one?",
                "what do you know of Singer 3?",
            ):
                reply = ask(assistant, text, "one")
                told += [reply.model_dump_json(), list(assistant.reword(reply))]
            assistant.export_data("me", tmp_path / "mine.zip")
            told += [assistant.status(), assistant.embeddings()]
    exported = zipfile.ZipFile(tmp_path / "mine.zip")
    told += [exported.read(name).decode("utf-8", "replace") for name in exported.namelist()]
    assert server.asked
    told += [json.dumps(one) for one in server.asked]
    told += [record.getMessage() for record in caplog.records]
    assert [one for one in told if PLANTED in str(one)] == []


def test_only_the_database_has_the_words(home: Path) -> None:
    held = [path for path in home.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()]
    assert {path.name.removesuffix("-wal") for path in held} == {"segue.db"}
    with sqlite3.connect(home / "segue.db") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        having = [name for name in tables if PLANTED in str(connection.execute(f'SELECT * FROM "{name}"').fetchall())]
    assert having == ["lyrics"]


def test_lyrics_go_with_their_tracks(silent: Assistant) -> None:
    catalogue = silent.serving().recommender.catalogue
    assert {catalogue.track(row).themes for row in range(len(catalogue))} == {()}
    assert silent.embeddings() == ()
    assert not list((silent.settings.home / "lyrics").glob("*"))
    assert line(ask(silent, "songs about school, 5 tracks", "gone"), "about school") == "0 of 5, 5 unknown"
