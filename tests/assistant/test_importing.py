"""From what a history says to events: the right track, the right worth, and once."""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.doctor import _histories
from assistant.heard import Broken, Heard, HistoryItem, LeftOut, Opened
from assistant.history_reports import HistoryReport
from assistant.importing import Importer
from assistant.reply import Message
from connectors.histories import import_history
from recsys.catalogue import Catalogue
from recsys.store import Store
from recsys.types import Event, EventKind, Track
from tests.history_files import NOON, lines, listen, play, scrobble, write, zipped

HERE = [
    Track("mine:1", "Alison", ("Slowdive",), album="Souvlaki", duration_s=200.0, ids={"isrc": "GBAAA9300001"}),
    Track("mine:2", "Under Pressure", ("Queen", "David Bowie")),
    Track("mine:3", "Yellow (Live at Glastonbury)", ("Coldplay",)),
]


@pytest.fixture(scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "segue.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, _empty: Path) -> Iterator[Store]:
    shutil.copy(_empty, tmp_path / "segue.db")
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    yield opened
    opened.close()


def take(store: Store, items: Iterable[HistoryItem], tracks: list[Track] = HERE) -> Importer:
    catalogue = Catalogue.from_tracks(tracks)
    before = {track_id: track_id for track_id in store.track_ids("history").values()}
    importer = Importer("ann", catalogue, before, store.imports.add, time.time())
    for item in [Opened("x", "test"), *items]:
        importer.take(item)
    store.history.extend(importer.finish())
    return importer


def heard(title: str, artist: str = "Slowdive", minute: int = 0, **more: object) -> Heard:
    return Heard(title, artist, at=NOON + 60.0 * minute, log="scrobbles", **more)  # type: ignore[arg-type]


def only(store: Store) -> Event:
    (event,) = store.events("ann")
    return event


# --- which track ---


@pytest.mark.parametrize(
    "title",
    ["Alison", "ALISON", "Alison - Remastered 2011", "Alison (feat. Somebody)", "“Alison”", "Alison (2005 Remaster)"],
)
def test_spellings_of_a_track_that_is_here_are_that_track(title: str, store: Store) -> None:
    importer = take(store, [heard(title, "slowdive")])
    assert only(store).track_id == "mine:1"
    assert (importer.n_matched_tracks, store.sources()) == (1, [])


def test_spellings_of_a_track_that_is_not_here_are_one_new_track(store: Store) -> None:
    names = ["Dagger", "dagger", "Dagger - Remastered 2011", "Dagger (feat. X)", "Dagger!"]
    take(store, [heard(name, minute=n) for n, name in enumerate(names)])
    take(store, [heard("DAGGER", minute=9)])
    assert len(store.track_ids("history")) == 1
    assert len({event.track_id for event in store.events("ann")}) == 1
    assert len(store.events("ann")) == 6


def test_another_version_and_another_artist_are_other_tracks(store: Store) -> None:
    take(store, [heard("Yellow", "Coldplay"), heard("Alison", "Elvis Costello", 1), heard("Alison (Live)", minute=2)])
    assert len(store.track_ids("history")) == 3


def test_ids_name_a_track_whatever_it_is_called(store: Store) -> None:
    items = [heard("Alyson", ids={"isrc": "GB-AAA-93-00001"}), heard("", "", 1, ids={"isrc": "GBAAA9300001"})]
    take(store, items)
    assert {event.track_id for event in store.events("ann")} == {"mine:1"}


def test_a_new_track_has_what_its_entries_say_of_it(store: Store) -> None:
    rows = [
        Heard("Sing", "Slowdive; Guest", ms_played=290_000 + n, ended="over", at=NOON + 600.0 * n, log="spotify")
        for n in range(3)
    ]
    take(store, [*rows, heard("Sing", "Slowdive", 99, album="Souvlaki", ids={"spotify": "4R7ShRyEp7ZrPrAtrhrjyW"})])
    kept = store.load_catalogue(with_starter=True).track(0)
    assert (kept.title, kept.artists, kept.album, kept.source) == ("Sing", ("Slowdive", "Guest"), "Souvlaki", "history")
    assert kept.duration_s == pytest.approx(290.001)
    assert dict(kept.ids) == {"spotify": "4R7ShRyEp7ZrPrAtrhrjyW"}


def test_what_cannot_be_found_or_added_is_reported_with_its_reason(store: Store) -> None:
    items = [heard("Nameless", "", n) for n in range(3)]
    importer = take(store, [*items, heard("", "Slowdive"), LeftOut("a podcast"), Broken("x, line 3", "no title")])
    assert [(one.name, one.n_rows, one.why) for one in importer.unmatched] == [
        ("Nameless", 3, "it names no artist, so it cannot be added"),
        ("Slowdive", 1, "it names no title, and its id is not here"),
    ]
    assert [(bad.place, bad.why) for bad in importer.bad_rows] == [("x, line 3", "no title")]
    assert importer.left_out == {"a podcast": 1}
    assert importer.n_rows == 6 == importer.n_unmatched + importer.n_bad_rows + importer.left_out.total()


# --- which event ---


@pytest.mark.parametrize(
    ("changes", "kind", "completion"),
    [
        ({"ms_played": 200_000, "ended": "over"}, EventKind.PLAY, 1.0),
        ({"ms_played": 50_000, "ended": "skipped"}, EventKind.SKIP, 0.25),
        ({"ms_played": 190_000, "ended": "skipped"}, EventKind.PLAY, 0.95),
        ({"ms_played": 100_000, "ended": "stopped"}, EventKind.PLAY, 0.5),
        ({"ms_played": 10_000, "ended": "broken off"}, EventKind.PLAY, 1 / 3),
        ({"ms_played": 10_000}, EventKind.SKIP, 0.05),
        ({"ms_played": 100_000}, EventKind.PLAY, 0.5),
        ({"ms_played": 2_000, "ended": "over"}, EventKind.PLAY, 0.01),
        ({}, EventKind.PLAY, None),
        ({"completion": 0.4}, EventKind.PLAY, 0.4),
        ({"kind": "like"}, EventKind.LIKE, None),
        ({"kind": "dislike"}, EventKind.DISLIKE, None),
        ({"kind": "keep"}, EventKind.KEEP, None),
    ],
    ids=str,
)
def test_how_a_play_ended_says_what_it_was_worth(
    changes: dict[str, object], kind: EventKind, completion: float | None, store: Store
) -> None:
    """“Alison” is 200 seconds long here."""
    take(store, [heard("Alison", **changes)])
    event = only(store)
    assert (event.kind, event.session_id, event.at) == (kind, None, NOON)
    assert event.completion == (None if completion is None else pytest.approx(completion))


def test_a_time_before_1990_or_to_come_is_a_bad_row(store: Store) -> None:
    importer = take(store, [Heard("Alison", "Slowdive", at=at) for at in (0.0, time.time() + 1e6)])
    assert (importer.n_bad_rows, store.events("ann")) == (2, [])
    assert importer.bad_rows[0].place == "Slowdive – Alison"


# --- once ---


def test_plays_of_one_day_count_as_often_as_a_file_has_them(store: Store) -> None:
    rows = [heard("Alison", whole_day=True)] * 3
    assert take(store, rows).n_new == 3
    assert take(store, [*rows, rows[0]]).n_new == 1


@pytest.fixture
def small(indexed_home: Callable[[int], Path], open_assistant: Callable[..., Assistant]) -> Iterator[Assistant]:
    """An assistant over forty made-up tracks, "jazz 0" by "Fox 0" and so on."""
    with open_assistant(indexed_home(40)) as opened:
        yield opened


def bring(assistant: Assistant, path: Path, listener: str = "ann") -> HistoryReport:
    return import_history(assistant, listener, path)


def test_an_import_answers_the_next_request_and_again_changes_nothing(small: Assistant, tmp_path: Path) -> None:
    store = small._store()
    days = [f"2024-01-{n % 28 + 1:02}T12:{n % 60:02}:00Z" for n in range(120)]
    rows = [play(f"Owl song {n % 6}", "The Owls", ts=day, spotify_track_uri=None) for n, day in enumerate(days)]
    rows += [play("jazz 0", "Fox 0", ts=day, spotify_track_uri=None) for day in days[:20]]
    older = zipped(tmp_path / "older.zip", {"Streaming_History_Audio_0.json": rows[:50]})
    newer = zipped(tmp_path / "newer.zip", {"a.json": rows[:90], "b.json": rows[90:]})

    first = bring(small, newer)
    assert (first.n_rows, first.n_events, first.n_new) == (140, 140, 140)
    assert (first.n_matched_tracks, first.n_added_tracks, first.n_tracks) == (1, 6, 46)
    assert first.generation_changed
    reply = small.reply(Message(listener_id="ann", session_id="s", text="6 tracks by The Owls"))
    assert {track.artist for track in reply.tracks} == {"The Owls"}
    assert len(reply.tracks) == 6

    before, served = store.counts(), small.status().index
    for path in (newer, older):
        again = bring(small, path)
        assert (again.n_new, again.n_added_tracks, again.generation_changed) == (0, 0, False)
        assert again.n_known == again.n_rows
    assert (store.counts(), small.status().index) == (before, served)

    shared = bring(small, older, "bob")
    assert (shared.n_new, shared.n_added_tracks, shared.n_matched_tracks) == (50, 0, 6)
    assert small.forget("ann")
    assert small.status().n_tracks == 46, "bob still has them"
    assert small.forget("bob")
    assert small.status().n_tracks == 40
    assert store.history.orphans() == set()
    folders = [path for path in (small.settings.home / "generations").iterdir() if path.is_dir()]
    assert len(folders) == 1, "an earlier generation still names what was forgotten"
    assert not small.forget("bob")


def test_the_doctor_notices_a_forgetting_that_was_stopped_and_how_to_end_it(small: Assistant) -> None:
    url = f"sqlite:///{(small.settings.home / 'segue.db').as_posix()}"
    assert _histories(url).ok
    small._store().history.extend([Track("history:1", "Owl song", ("The Owls",))])  # events go first, tracks last
    check = _histories(url)
    assert not check.ok
    assert check.detail.startswith("1 track is left")
    assert "`segue forget`" in check.remedy
    small.forget("whoever was forgotten last")
    assert _histories(url).ok


def test_both_exports_of_spotify_and_both_scrobblers_tell_of_the_same_plays(store: Store, tmp_path: Path) -> None:
    from connectors.histories import read_history

    year = [{"endTime": "2024-01-01 12:00", "artistName": "Slowdive", "trackName": "Alison", "msPlayed": 200_000}]
    pairs = (
        ([play("Alison", "Various Artists")], year),
        ([scrobble("Alison")], lines(listen("Alison"), listen("Alison", at=NOON + 3600))),
    )
    for number, (one, other) in enumerate(pairs):
        take(store, read_history(write(tmp_path / "one", one)))
        again = take(store, read_history(write(tmp_path / "other", other)))
        assert (again.n_events, again.n_new) == (1 + number, number)


def test_an_import_that_was_killed_before_indexing_is_finished_by_the_next(small: Assistant, tmp_path: Path) -> None:
    store = small._store()
    path = write(tmp_path / "x", lines(listen("Owl song", "The Owls")))
    store.history.extend([Track("history:other", "Lost", ("Nobody",))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Assistant, "_index_histories", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            bring(small, path)
    report = bring(small, path)
    assert (report.n_new, report.n_added_tracks, report.generation_changed, report.n_tracks) == (0, 0, True, 42)


def test_what_comes_before_an_error_is_served_and_the_error_is_told(small: Assistant) -> None:
    def items() -> Iterator[HistoryItem]:
        yield Opened("x.zip", "test")
        yield heard("Owl song", "The Owls")
        raise ValueError("a member is damaged")

    with pytest.raises(ValueError, match="a member is damaged"):
        small.add_listens("ann", items())
    assert small.status().n_tracks == 41
    (event,) = small._store().events("ann")
    assert event.track_id in small._store().track_ids("history").values()


@pytest.mark.parametrize("seconds", [0.5, 90_000.0, float("inf")])
def test_a_length_that_no_track_has_stays_out_of_the_catalogue(seconds: float, store: Store) -> None:
    rows = [heard("Dagger", duration_s=seconds), heard("Sing", ms_played=10**12, ended="over")]
    assert [(track.title, track.duration_s) for track in take(store, rows).finish()] == [
        ("Dagger", None),
        ("Sing", None),
    ]


def test_what_segue_exports_comes_back_in_another_installation(
    small: Assistant, open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    shutil.copytree(small.settings.home, tmp_path / "elsewhere")
    days = ("2024-01-01T12:00:00Z", "2024-02-01T12:00:00Z", "2024-02-01T12:09:00Z")
    bring(small, write(tmp_path / "x", [play("Owl song", "The Owls", ts=day) for day in days]))
    small.feedback("ann", "s", small._agent().recommender.catalogue.track_ids[0], "like")
    small.export_data("ann", tmp_path / "ann.zip")
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        table = archive.extract("events.csv", tmp_path)
    with open_assistant(tmp_path / "elsewhere") as other:
        report = bring(other, tmp_path / "ann.zip")
        assert (report.n_bad_rows, report.n_new, report.formats) == (0, 4, ("table",))
        before = [(one.kind, round(one.at, 3), one.times, one.completion) for one in small._store().events("ann")]
        after = [(one.kind, round(one.at, 3), one.times, one.completion) for one in other._store().events("ann")]
        assert sorted(after) == sorted(before)
        assert bring(other, Path(table)).n_new == 0
