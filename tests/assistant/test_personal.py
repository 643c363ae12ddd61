"""Who is who, and what is whose: codes that link listeners, and the archive of all that is kept of one."""

from __future__ import annotations

import csv
import io
import itertools
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant import linking
from assistant.app import Assistant
from assistant.my_data import _m3u8
from assistant.personal import EXPORTS
from assistant.personal_errors import DataFileError, LinkError
from assistant.reply import Message, Reply
from recsys.recommendation import Query
from recsys.spaces import add_space
from tests.assistant.searching import forms_of, found_in

_numbers = itertools.count()
_REQUESTS = ("something nice", "mellow jazz for dinner", "party music")


class Listener:
    """One listener, in any session."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.name = assistant, f"person {next(_numbers)}"

    def say(self, text: str, session: str = "one", **more: Any) -> Reply:
        reply = self.assistant.reply(Message(listener_id=self.name, session_id=session, text=text, **more))
        assert not reply.last_resort, reply.text
        return reply

    def evening(self, text: str, kind: str) -> None:
        for track in self.say(text, seed=1).tracks[:8]:
            self.assistant.feedback(self.name, "one", track.track_id, kind)

    def stands(self) -> dict[str, Any]:
        """All that a taste changes: events, the user vector, and the playlists of later sessions."""
        recommender = self.assistant.serving().recommender
        events = self.assistant._store().events(self.name)
        replies = [self.say(text, f"later {next(_numbers)}", seed=64) for text in _REQUESTS]
        query = Query(text="", listener_events=tuple(events), listener_id=self.name)
        return {
            "events": events,
            "vector": recommender.stand(query, 5).point.user.tobytes(),
            "slates": [r.model_dump(exclude={"timings_ms", "session_id"}) for r in replies],
            "taste": self.assistant.taste(self.name).model_dump(exclude={"exposures", "n_exposures"}),
        }


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass, so that what was done a moment later weighs exactly the same."""
    for module in ("recsys.recommender", "assistant.personal", "assistant.knowing"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: 2e9, perf_counter=time.perf_counter))


@pytest.mark.usefixtures("_still")
def test_linked_listeners_share_a_taste_and_unlinking_restores_both_exactly(assistant: Assistant) -> None:
    here, there = Listener(assistant), Listener(assistant)
    here.evening("soul from the 60s", "like")
    there.evening("electronic dance music", "like")
    alone = here.stands(), there.stands()
    assert here.assistant.link(there.name, assistant.link_code(here.name)) == (here.name,)
    together = here.stands(), there.stands()
    assert len(together[0]["events"]) == len(together[1]["events"]) == 16
    assert together[0]["vector"] == together[1]["vector"] != alone[0]["vector"]
    assert together[0]["slates"] != alone[0]["slates"]
    assert together[0]["taste"]["joined"] == (there.name,)
    assert assistant.unlink(here.name)
    assert not assistant.unlink(there.name)
    assert (here.stands(), there.stands()) == alone


def test_a_code_holds_once_and_in_any_spelling(assistant: Assistant) -> None:
    here, there, third = (Listener(assistant) for _ in range(3))
    code = assistant.link_code(here.name)
    assert len(code.replace("-", "")) == 8
    assert assistant.link(there.name, f" {code.lower().replace('-', ' ')} ") == (here.name,)
    with pytest.raises(LinkError, match="no such code"):
        assistant.link(third.name, code)
    old = assistant.link_code(here.name)
    assert assistant.link(third.name, assistant.link_code(here.name)) == (here.name, there.name)
    with pytest.raises(LinkError, match="no such code"):
        assistant.link(Listener(assistant).name, old)


def test_ones_own_code_links_nobody_and_still_holds(assistant: Assistant) -> None:
    here, there = Listener(assistant), Listener(assistant)
    code = assistant.link_code(here.name)
    with pytest.raises(LinkError, match="your own"):
        assistant.link(here.name, code)
    assert assistant.link(there.name, code)


def test_a_code_is_too_old_after_ten_minutes(assistant: Assistant) -> None:
    store, now = assistant._store(), time.time()
    code = linking.new_code(store, "old one", lambda: now)
    with pytest.raises(LinkError, match="within ten minutes"):
        linking.use_code(store, "late one", code, lambda: now + 601)
    code = linking.new_code(store, "old one", lambda: now)
    assert linking.use_code(store, "late one", code, lambda: now + 599) == "old one"


def test_guessing_is_stopped_after_five_tries_for_ten_minutes(assistant: Assistant) -> None:
    store, now = assistant._store(), time.time()
    for number in range(5):
        with pytest.raises(LinkError, match="no such code"):
            linking.use_code(store, "guesser", f"AAAA-AAA{number}", lambda: now)
    code = linking.new_code(store, "guessed", lambda: now)
    with pytest.raises(LinkError, match="5 times"):
        linking.use_code(store, "guesser", code, lambda: now + 300)
    assert linking.use_code(store, "somebody else", code, lambda: now + 300) == "guessed"
    code = linking.new_code(store, "guessed", lambda: now + 601)
    assert linking.use_code(store, "guesser", code, lambda: now + 602) == "guessed"


def test_the_database_never_holds_a_code(tmp_path: Path, open_assistant: Callable[..., Assistant]) -> None:
    home = tmp_path / "home"
    with open_assistant(home) as assistant:
        code = assistant.link_code("ann who has a code")
        assert found_in(home, forms_of("ann who has a code"))
        assert found_in(home, forms_of(code) | forms_of(code.replace("-", ""))) == {}


# --- the archive ---


@pytest.fixture
def known(untouched_home: Path, open_assistant: Callable[..., Assistant], tmp_path: Path) -> Any:
    """An installation in which "ann" did everything, and "bob", who is the same person, and "mallory" something too."""
    home = shutil.copytree(untouched_home, tmp_path / "home")
    with open_assistant(home) as assistant:
        for listener in ("ann", "bob", "mallory"):
            reply = assistant.reply(Message(listener_id=listener, session_id="s", text=f"jazz, says {listener}"))
            assistant.feedback(listener, "s", reply.tracks[0].track_id, "like")
        assistant.feedback("ann", "s", reply.tracks[1].track_id, "play", 0.5)
        assistant.reply(Message(listener_id="ann", session_id="t", text="rock for a party"))
        assistant.feedback("ann", "t", reply.tracks[2].track_id, "dislike")
        assistant.not_me("ann", "t")
        assistant.rename_session("s", "ann", "Mornings / <b>")
        assistant.rest("ann", reply.tracks[3].track_id, None)
        assistant.rest("bob", reply.tracks[4].track_id, None)
        assistant.link("ann", assistant.link_code("bob"))
        np.save(tmp_path / "v.npy", np.array([[3.0, 4.0], [1.0, 0.0]]))
        (tmp_path / "v.txt").write_text("ann\nbob\n")
        add_space(home, "people", tmp_path / "v.npy", tmp_path / "v.txt", {"ann"}, of="listeners")
        yield assistant


def test_the_archive_holds_all_of_one_listener_and_nothing_of_others(known: Assistant, tmp_path: Path) -> None:
    report = known.export_data("ann", tmp_path / "ann.zip")
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == set(report.files)
    assert (report.n_events, report.n_sessions, report.n_turns, report.n_playlists) == (3, 2, 2, 2)
    assert report.n_bytes == (tmp_path / "ann.zip").stat().st_size
    events = [json.loads(line) for line in files["events.jsonl"].decode().splitlines()]
    assert [(event["kind"], event["counts"]) for event in events] == [
        ("like", True),
        ("play", True),
        ("dislike", False),
    ]
    assert events[1]["completion"] == 0.5
    assert all(event["title"] and event["artist"] and event["time"].endswith("+00:00") for event in events)
    table = list(csv.DictReader(io.StringIO(files["events.csv"].decode(), newline="")))
    assert [row["track_id"] for row in table] == [event["track_id"] for event in events]
    first = json.loads(files["conversations/00001.json"])
    assert (first["name"], [turn["message"] for turn in first["turns"]]) == ("Mornings / <b>", ["jazz, says ann"])
    assert first["turns"][0]["reply"]["tracks"]
    ledger = json.loads(files["ledger.json"])
    assert [one["until"] for one in ledger["not_again"]] == [None]
    assert json.loads(files["taste.json"])["n_events"] == 2
    assert json.loads(files["listener.json"])["same_person"] == ["bob"]
    np.testing.assert_allclose(np.load(io.BytesIO(files["vectors/people.npy"])), [[0.6, 0.8]], rtol=1e-6)
    everything = b"".join(files.values())
    assert b"says bob" not in everything
    assert b"mallory" not in everything
    for line in files["README.txt"].decode().splitlines()[3:]:
        if line[:1].strip():
            assert any(name.startswith(line.split()[0]) for name in files), line


def test_playlists_in_the_archive_can_be_played_and_read(known: Assistant, tmp_path: Path) -> None:
    known.export_data("ann", tmp_path / "ann.zip")
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        lines = archive.read("playlists/00001-mornings-b.m3u8").decode().splitlines()
        playlist = json.loads(archive.read("playlists/00001-mornings-b.jspf"))["playlist"]
    shown = known.turns("s", "ann")[-1].reply.tracks
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Mornings / <b>"]
    assert lines[3::2] == [track.link for track in shown]
    assert [(one["title"], one["creator"]) for one in playlist["track"]] == [(t.title, t.artist) for t in shown]
    assert playlist["title"] == "Mornings / <b>"


def test_the_archive_is_written_whole_or_not_at_all(
    known: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(DataFileError, match="it is a folder"):
        known.export_data("ann", place)
    with pytest.raises(DataFileError, match="there is no folder"):
        known.export_data("ann", place / "none" / "ann.zip")
    known.export_data("ann", place / "ann.zip")
    before = (place / "ann.zip").read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assistant.my_data._jspf", full)
    with pytest.raises(DataFileError, match="No space left"):
        known.export_data("ann", place / "ann.zip")
    assert [path.name for path in place.iterdir()] == ["ann.zip"]
    assert (place / "ann.zip").read_bytes() == before


def test_of_a_stranger_the_archive_says_that_there_is_nothing(assistant: Assistant, tmp_path: Path) -> None:
    report = assistant.export_data("nobody at all", tmp_path / "n.zip")
    assert (report.n_events, report.n_turns) == (0, 0)
    assert not assistant.forget("nobody at all")


def test_an_archive_being_written_in_the_data_folder_is_known_to_who_forgets(
    known: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, store, seen = known.settings.home, known._store(), []

    def look(*_: Any) -> dict[str, Any]:
        seen.extend(name for name in store.records.all(EXPORTS, "ann") if (home / name).is_file())
        return {}

    monkeypatch.setattr("assistant.my_data._jspf", look)
    known.export_data("ann", home / "ann.zip")
    with zipfile.ZipFile(home / "ann.zip") as archive:
        assert b".part" not in archive.read("records.json")
    assert {name.rpartition(".")[2] for name in seen} == {"part"}
    assert list(store.records.all(EXPORTS, "ann")) == ["ann.zip"]
    store.records.put(EXPORTS, seen[0], {}, "ann")
    (home / seen[0]).write_bytes(b"half of it")  # as a process leaves it that is killed
    assert known.forget("ann")
    assert not list(home.glob("*.zip"))
    assert not list(home.glob(".*.part"))


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/music/two  spaces/A\u200eB.mp3", "/music/two  spaces/A\u200eB.mp3"),
        ("/music/two\nlines.mp3", "file:///music/two%0Alines.mp3"),
        ("#1 hits/a.mp3", "%231%20hits/a.mp3"),
        ("/music/" + "x" * 5_000, "/music/" + "x" * 5_000),
    ],
    ids=["signs", "lines", "comment", "long"],
)
def test_a_path_in_the_archive_is_the_one_that_plays(path: str, written: str) -> None:
    assert list(_m3u8("Mine", [{"title": "A", "path": path, "link": "https://example.org"}]))[-1] == written
