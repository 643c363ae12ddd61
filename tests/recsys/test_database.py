"""The database: migrations, whole-or-nothing sources, events and sessions that stay with their listener."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import recsys
from recsys import database as db
from recsys.catalogue import Catalogue
from recsys.errors import DatabaseError
from recsys.store import STARTER_KIND, Store
from recsys.types import Collection, Event, EventKind, Track

TRACKS = [
    Track(
        "t1",
        "Hyperballad",
        ("Björk", "Guest"),
        album="Post",
        year=1995,
        duration_s=321.5,
        genres=("electronic",),
        moods=("dreamy",),
        activities=("walking",),
        instruments=("strings",),
        tags=("Night Drive",),
        vocal="female",
        language="english",
        country="iceland",
        energy=0.5,
        valence=0.25,
        danceability=0.75,
        acousticness=0.125,
        instrumentalness=0.0,
        tempo_bpm=120.5,
        key="C# minor",
        popularity=0.625,
        path="/music/post/02.flac",
        ids={"isrc": "GBAYE9500056"},
    ),
    Track("t2", "nan", ("null",)),
]
COLLECTIONS = [Collection("p", "Mixtape", ("t2", "gone", "t1", "t2"))]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new folder' / 'segue.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


def add(
    store: Store, name: str, tracks: list[Track], fingerprint: str = "f", kind: str = "csv", replace: bool = False
) -> None:
    store.add_source(name, f"/x/{name}.csv", kind, fingerprint, tracks, COLLECTIONS, replace=replace)


def ids(store: Store, with_starter: bool = False) -> list[str]:
    return store.load_catalogue(with_starter).track_ids


# Migrations


def test_migrations_make_exactly_the_tables_of_the_code(store: Store, url: str) -> None:
    engine = db.open_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []
    engine.dispose()


def test_head_names_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(recsys.__file__).parent / "migrations"))
    assert scripts.get_heads() == [db.HEAD]


def test_an_up_to_date_database_needs_no_alembic(store: Store, url: str) -> None:
    code = f"import sys; from recsys.store import Store; Store.open({url!r}); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_processes_may_migrate_at_once(url: str) -> None:
    code = f"from recsys.store import Store; print(Store.open({url!r}).counts()['tracks'])"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.strip()) == (0, b"0"), err.decode()


def test_a_database_of_a_newer_version_is_left_alone(store: Store, url: str) -> None:
    engine = db.open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseError, match=r"9999.*newer version"):
        Store.open(url)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseError, match="file is not a database"):
        Store.open(f"sqlite:///{tmp_path / 'x.db'}")


@pytest.mark.parametrize("wrong", ["nonsense", "oracle9://x/y", "sqlite:////proc/no/such/place.db"])
def test_a_wrong_url_is_one_clear_error(wrong: str) -> None:
    with pytest.raises(DatabaseError):
        Store.open(wrong)


def test_the_password_of_a_url_is_not_shown() -> None:
    with pytest.raises(DatabaseError) as caught:
        db.open_engine("oracle9://me:secret@host/db")
    assert "secret" not in str(caught.value)


# Sources


def test_what_goes_in_comes_out(store: Store) -> None:
    add(store, "one", TRACKS)
    catalogue = store.load_catalogue(False)
    expected = Catalogue.from_tracks([*map(_in_source_one, TRACKS)], [Collection("p", "Mixtape", ("t2", "t1"), "one")])
    assert [catalogue.track(row) for row in range(2)] == [expected.track(row) for row in range(2)]
    assert catalogue.collections == expected.collections
    assert catalogue.content == expected.content


def _in_source_one(track: Track) -> Track:
    from dataclasses import replace

    return replace(track, source="one")


def test_sources_live_side_by_side_and_one_is_refreshed_alone(store: Store) -> None:
    add(store, "one", TRACKS)
    add(store, "two", [Track("u1", "Other", ("Other",))])
    assert ids(store) == ["t1", "t2", "u1"]
    add(store, "one", [Track("t3", "New", ("New",))], "g")
    assert ids(store) == ["t3", "u1"]
    assert store.source_fingerprint("one") == "g"
    assert [(row.name, row.n_tracks, row.n_collections) for row in store.sources()] == [("one", 1, 1), ("two", 1, 1)]


def test_replace_drops_the_others(store: Store) -> None:
    add(store, "one", TRACKS)
    add(store, "two", [Track("u1", "Other", ("Other",))], replace=True)
    assert ids(store) == ["u1"]
    assert [row.name for row in store.sources()] == ["two"]


def test_dropping_a_source(store: Store) -> None:
    add(store, "one", TRACKS)
    assert store.drop_source("one")
    assert not store.drop_source("one")
    assert store.source_fingerprint("one") is None
    assert store.counts()["collection_tracks"] == 0


def test_an_id_taken_by_another_source_gets_the_source_in_front_and_keeps_it(store: Store) -> None:
    add(store, "one", TRACKS)
    add(store, "two", [TRACKS[1], Track("u1", "Other", ("Other",))])
    assert ids(store) == ["t1", "t2", "two:t2", "u1"]
    members = {one.source: one.track_ids for one in store.load_catalogue(False).collections}
    assert members == {"one": ("t2", "t1"), "two": ("two:t2",)}
    store.drop_source("one")
    add(store, "two", [TRACKS[1]], "g")
    assert ids(store) == ["two:t2"], "a listener's likes would lose their track"
    add(store, "one", [Track("two:t2", "Odd", ("Odd",))])
    assert ids(store) == ["one:two:t2", "two:t2"]


def test_the_starter_serves_only_alone_or_when_asked(store: Store) -> None:
    add(store, "starter", [Track("s", "S", ("S",))], kind=STARTER_KIND)
    assert ids(store) == ["s"]
    add(store, "one", TRACKS)
    assert ids(store) == ["t1", "t2"]
    assert ids(store, with_starter=True) == ["t1", "t2", "s"]


def test_an_exception_in_the_middle_leaves_the_old_source(store: Store) -> None:
    add(store, "one", TRACKS)
    add(store, "two", [Track("u1", "Other", ("Other",))])
    before = store.load_catalogue(False).content

    def broken() -> Iterator[Track]:
        yield from (Track(f"n{i}", "New", ("New",)) for i in range(5_000))
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="on fire"):
        store.add_source("one", "/x", "csv", "g", broken(), (), replace=True)
    assert store.load_catalogue(False).content == before
    assert store.source_fingerprint("one") == "f"


def test_a_kill_in_the_middle_leaves_the_old_source(store: Store, url: str, tmp_path: Path) -> None:
    add(store, "one", TRACKS)
    before = store.load_catalogue(False).content
    code = f"""
        import time
        from pathlib import Path
        from recsys.store import Store
        from recsys.types import Track
        def tracks():
            yield from (Track(f"n{{i}}", "New", ("New",)) for i in range(5_000))
            Path({str(tmp_path / "half-way")!r}).touch()
            time.sleep(60)
        Store.open({url!r}).add_source("one", "/x", "csv", "g", tracks(), (), replace=True)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)]) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "half-way").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert store.load_catalogue(False).content == before, "readers see the old source meanwhile"
        os.kill(process.pid, signal.SIGKILL)
    assert (tmp_path / "half-way").exists()
    assert store.load_catalogue(False).content == before
    add(store, "one", [Track("t3", "New", ("New",))], "g")
    assert ids(store) == ["t3"]


# Listeners


def test_events_come_back_in_order_for_their_listener_only(store: Store) -> None:
    late = Event("ann", "t1", EventKind.PLAY, 20.5, 0.75, "s")
    early = Event("ann", "t2", EventKind.LIKE, 10.25)
    for event in (late, early, Event("bob", "t1", EventKind.SKIP, 15.0)):
        store.add_event(event)
    assert store.events("ann") == [early, late]
    assert store.events("bob") == [Event("bob", "t1", EventKind.SKIP, 15.0)]
    assert store.events("nobody") == []


def test_events_outlive_their_source(store: Store) -> None:
    add(store, "one", TRACKS)
    store.add_event(Event("ann", "t1", EventKind.LIKE, 1.0))
    store.drop_source("one")
    assert [event.track_id for event in store.events("ann")] == ["t1"]


def test_threads_write_at_once(store: Store) -> None:
    def write(listener: str) -> None:
        for at in range(20):
            store.add_event(Event(listener, "t1", EventKind.PLAY, float(at)))

    threads = [threading.Thread(target=write, args=(f"l{n % 2}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(store.events(name)) for name in ("l0", "l1")] == [40, 40]


# Sessions


def save(store: Store, listener: str, turn: int, message: str = "hi", at: float = 1.0) -> None:
    store.save_turn("s", listener, turn, message, {"n": turn}, {"state": [1]}, {"text": "ö"}, at)


def test_the_last_turn_belongs_to_its_listener(store: Store) -> None:
    save(store, "ann", 1)
    save(store, "ann", 2, "calmer", 2.0)
    assert store.last_turn("s", "ann") == {
        "turn": 2,
        "at": 2.0,
        "message": "calmer",
        "request": {"n": 2},
        "state": {"state": [1]},
        "reply": {"text": "ö"},
    }
    assert store.last_turn("s", "bob") is None
    assert store.last_turn("other", "ann") is None
    save(store, "bob", 1, "mine")
    assert store.last_turn("s", "ann")["message"] == "calmer"  # type: ignore[index]
    assert store.last_turn("s", "bob")["message"] == "mine"  # type: ignore[index]


def test_turns_are_read_by_listener_and_time(store: Store) -> None:
    save(store, "bob", 1, "mine", 5.0)
    save(store, "ann", 2, "calmer", 2.0)
    save(store, "ann", 1, "folk", 1.0)
    store.save_turn("a later session", "ann", 1, "jazz", {"n": 1}, {"state": [1]}, {"text": "ö"}, 3.0)
    said = [(turn["listener_id"], turn["session_id"], turn["turn"], turn["message"]) for turn in store.turns()]
    assert said == [
        ("ann", "s", 1, "folk"),
        ("ann", "s", 2, "calmer"),
        ("ann", "a later session", 1, "jazz"),
        ("bob", "s", 1, "mine"),
    ]
    (only,) = store.turns("bob")
    assert (only["at"], only["request"], only["reply"]) == (5.0, {"n": 1}, {"text": "ö"})
    assert list(store.turns("eve")) == []


def test_a_turn_saved_again_replaces_the_first(store: Store) -> None:
    save(store, "ann", 1)
    save(store, "ann", 1, "again")
    assert store.counts()["turns"] == 1
    assert store.last_turn("s", "ann")["message"] == "again"  # type: ignore[index]


@pytest.mark.parametrize("message", ["", "\ud800 half", "nul \0", "'; DROP TABLE turns; --", "🎷" * 1_000])
def test_any_message_can_be_stored(store: Store, message: str) -> None:
    save(store, "ann", 1, message)
    stored = store.last_turn("s", "ann")["message"]  # type: ignore[index]
    assert stored == message.replace("\ud800", "\ufffd").replace("\0", "\ufffd")


def test_a_listener_is_forgotten_whole_and_alone(store: Store) -> None:
    for name in ("ann", "bob"):
        store.add_event(Event(name, "t1", EventKind.LIKE, 1.0))
        save(store, name, 1)
    assert store.remove_listener("ann")
    assert not store.remove_listener("ann")
    assert store.events("ann") == []
    assert store.last_turn("s", "ann") is None
    assert store.last_turn("s", "bob") is not None
    assert store.counts()["listeners"] == 1


def test_the_database_is_in_wal_mode_with_foreign_keys(store: Store, url: str) -> None:
    engine = db.open_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(db.collections.insert().values(source="no", collection_id="x", name="x"))
    engine.dispose()
    raw = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
