"""A folder of music in the product: beside other sources, again after changes, after a kill, and out as playlists."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from assistant.app import Assistant
from assistant.folders import refresh_folder
from assistant.indexing import Refreshed, refresh_source
from assistant.reply import Message, Reply
from assistant.slates import slate_tracks
from connectors.playlists import write_playlist
from recsys.errors import SourceError
from recsys.paths import place_of
from recsys.recommendation import Pick
from recsys.sources import read_starter
from recsys.store import Store
from recsys.types import Event, EventKind
from tests.library import Library, build_library
from tests.library_tags import Tags, write_tags

Refresh = Callable[..., Refreshed]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'segue.db'}")


@pytest.fixture(scope="session")
def _few(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return build_library(tmp_path_factory.mktemp("few") / "Music", n=20, seed=5)


@pytest.fixture
def music(_few: Library, tmp_path: Path) -> Path:
    """Twenty audio files; one's name is not UTF-8, one has lyrics beside it."""
    return Path(shutil.copytree(_few.folder, tmp_path / "Music", symlinks=True))


@pytest.fixture
def refresh(store: Store, music: Path) -> Refresh:
    def run(path: Path = music, name: str | None = None, *, replace: bool = False) -> Refreshed:
        return refresh_source(store, path, name, None, replace=replace, progress=None)

    return run


def _tracks(store: Store) -> dict[str, str]:
    catalogue = store.load_catalogue(with_starter=False)
    return dict(zip(catalogue.track_ids, catalogue.titles, strict=True))


def test_a_folder_is_stored_with_its_lyrics_and_not_again(store: Store, refresh: Refresh) -> None:
    first = refresh()
    assert (first.source.name, first.source.kind, first.source.n_tracks) == ("Music", "folder", 20)
    assert (first.changed, first.n_rows, first.bad_rows) == (True, 20, ())
    words = store.lyrics.of(_tracks(store))
    assert {source for _, source in words.values()} == {"tag", "lrc"}
    again = refresh()
    assert (again.changed, again.source.n_tracks) == (False, 20)


def test_moved_and_retagged_files_keep_their_tracks_and_what_was_done_with_them(
    store: Store, refresh: Refresh, music: Path
) -> None:
    refresh()
    before = _tracks(store)
    liked = min(before)
    store.add_event(Event("ann", liked, EventKind.LIKE, 1.0))
    (music / "moved").mkdir()
    for folder in [
        path for path in music.iterdir() if path.is_dir() and path.name != "moved" and not path.is_symlink()
    ]:
        folder.rename(music / "moved" / folder.name)
    changed = next((music / "moved").rglob("01 *.flac"))
    write_tags(changed, Tags("Called Anew", ["Somebody"]))
    assert refresh().changed
    after = _tracks(store)
    assert after.keys() == before.keys()
    assert list(after.values()).count("Called Anew") == 1
    paths = [track for row in range(20) if (track := store.load_catalogue(False).track(row).path)]
    assert all("moved" in path for path in paths)
    assert [event.track_id for event in store.events("ann")] == [liked]


def test_deleted_files_leave_the_catalogue_and_not_the_history(
    store: Store, refresh: Refresh, music: Path, tmp_path: Path
) -> None:
    refresh()
    before = _tracks(store)
    gone = next(music.rglob("01 *.flac"))
    track_id = next(
        track.track_id for row in range(20) if (track := store.load_catalogue(False).track(row)).path == str(gone)
    )
    store.add_event(Event("ann", track_id, EventKind.LIKE, 1.0))
    gone.rename(tmp_path / "aside.flac")
    assert refresh().source.n_tracks == 19
    assert before.keys() - _tracks(store).keys() == {track_id}
    assert [event.track_id for event in store.events("ann")] == [track_id]
    for place in (gone, music / "back.flac"):
        (tmp_path / "aside.flac").rename(place)
        refresh()
        assert _tracks(store).keys() == before.keys(), "it is known again, with all that was done with it"
        place.rename(tmp_path / "aside.flac")
        assert refresh().source.n_tracks == 19


def test_a_folder_whose_own_name_is_not_utf8_is_a_source(store: Store, refresh: Refresh, music: Path) -> None:
    odd = music.rename(Path(os.fsdecode(os.fsencode(music.parent) + b"/M\xfcsik")))
    first = refresh(odd)
    assert (first.source.name, first.source.n_tracks) == ("M\ufffdsik", 20)
    assert not refresh(odd).changed


def test_an_empty_folder_forgets_nothing(store: Store, refresh: Refresh, music: Path, tmp_path: Path) -> None:
    refresh()
    music.rename(tmp_path / "unmounted")
    music.mkdir()
    with pytest.raises(SourceError, match="is its drive there"):
        refresh()
    assert len(_tracks(store)) == 20


def test_another_version_of_the_reader_reads_everything_again(
    store: Store, refresh: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    before = _tracks(store)
    monkeypatch.setattr("assistant.folders.reader_version", lambda: "newer")
    monkeypatch.setattr("recsys.sources.folder.reader_version", lambda: "newer")
    assert refresh().changed
    assert not refresh().changed
    assert _tracks(store) == before


def test_two_folders_that_share_files_have_tracks_of_their_own(store: Store, refresh: Refresh, music: Path) -> None:
    refresh()
    inner = next(path for path in music.iterdir() if path.is_dir() and not path.is_symlink())
    second = refresh(inner, "inner")
    ids = _tracks(store)
    assert len(ids) == 20 + second.source.n_tracks
    assert sum(track_id.startswith("inner:audio:") for track_id in ids) == second.source.n_tracks
    alone = refresh(inner, "inner", replace=True)
    assert (alone.changed, [one.name for one in store.sources()]) == (True, ["inner"])
    assert store.files.known("Music") == {}


def test_names_and_mappings_that_do_not_fit_are_refused(
    store: Store, music: Path, write_catalogue: Callable[..., Path]
) -> None:
    refresh_source(store, write_catalogue("a.csv"), "mine", None, replace=False, progress=None)
    with pytest.raises(SourceError, match="choose another with --name"):
        refresh_source(store, music, "mine", None, replace=False, progress=None)
    with pytest.raises(SourceError, match="no columns"):
        refresh_source(store, music, None, {"title": "name"}, replace=False, progress=None)


def test_a_run_that_is_killed_has_stored_what_it_read(
    store: Store, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it dies of an error, after whichever batch; `test_a_killed_run_goes_on` kills a process."""
    monkeypatch.setattr("recsys.sources.folder.BATCH_S", 0.0)
    put, n_put = store.files.put, 0

    def fail(*args: object) -> None:
        nonlocal n_put
        n_put += 1
        if n_put > 7:
            raise KeyboardInterrupt
        put(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.files, "put", fail)
    with pytest.raises(KeyboardInterrupt):
        refresh_folder(store, music, "Music", None, replace=False, progress=None)
    assert len(store.files.known("Music")) == 7
    monkeypatch.setattr(store.files, "put", put)
    told: list[tuple[str, int, int]] = []
    refresh_folder(store, music, "Music", None, replace=False, progress=lambda *call: told.append(call))
    assert told[-1][1:] == (13, 13), "only the rest is read"
    assert len(_tracks(store)) == 20


_CHILD = """
import sys, time
from pathlib import Path
import recsys.sources.folder as folder
from assistant.indexing import refresh_source
from recsys.recommendation import Pick
from recsys.sources import read_starter
from recsys.store import Store
folder.BATCH_S = 0.05
read = folder.read_file
def slowly(*args):
    time.sleep(0.02)
    return read(*args)
folder.read_file = slowly
store = Store.open(sys.argv[1])
refresh_source(store, Path(sys.argv[2]), "Music", None, replace=False, progress=None)
print(len(store.files.known("Music")))
"""


@pytest.mark.long
def test_a_killed_run_goes_on(library: Library, tmp_path: Path) -> None:
    """SIGKILL at moments drawn by time: every run keeps what the one before stored, and the end is that of one run."""
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("killed", "whole")}
    n_known = 0
    for after_s in (0.3, 0.8, 1.5, 0.6, 2.0):
        with subprocess.Popen([sys.executable, "-c", _CHILD, urls["killed"], str(library.folder)]) as child:
            time.sleep(3.0 + after_s)
            child.send_signal(signal.SIGKILL)
        store = Store.open(urls["killed"])
        known = store.files.known("Music") if store.sources() else {}
        assert len(known) >= n_known
        n_known = len(known)
        assert {row.native_id for row in known.values()} - {None} <= set(store.track_ids("Music"))
        store.close()
    assert n_known
    for url in urls.values():
        subprocess.run([sys.executable, "-c", _CHILD, url, str(library.folder)], check=True, cwd=os.getcwd())
    killed, whole = (Store.open(url) for url in urls.values())
    assert killed.files.known("Music") == whole.files.known("Music")
    assert killed.load_catalogue(False).content == whole.load_catalogue(False).content


def test_playlists_of_a_folders_tracks_play(store: Store, refresh: Refresh, tmp_path: Path, music: Path) -> None:
    (music / "#1 one.flac").symlink_to(next(music.rglob("01 *.flac")))
    shutil.copyfile(next(music.rglob("02 *.flac")), music / "two\nlines 100%.flac")
    refresh()
    catalogue = store.load_catalogue(with_starter=False)
    tracks = [catalogue.track(row) for row in range(len(catalogue))]
    picks = [Pick(row, track, track.duration_s or 0.0, False, 0.0, 0.0, 0.0) for row, track in enumerate(tracks)]
    reply = Reply(session_id="s", turn=1, query="all", text="", tracks=slate_tracks(picks, [""] * len(picks), {}))
    written = {form: tmp_path / f"list.{form}" for form in ("m3u8", "xspf", "jspf", "csv", "json", "txt")}
    for path in written.values():
        write_playlist(reply, path)
        assert path.read_text(encoding="utf-8")
    places = {place_of(track.path or "") for track in tracks}
    assert len(places) == 22
    assert sum((track.path or "").startswith("file://") for track in tracks) == 2, "names that are not UTF-8"
    assert _resolved(written["m3u8"]) == places
    assert not [track for track in tracks if "\n" in track.title]
    locations = [one["location"] for one in json.loads(written["jspf"].read_text())["playlist"]["track"]]
    assert {place_of(location) for (location,) in locations} == places


def test_the_starter_a_table_and_a_folder_are_in_one_catalogue(
    store: Store, refresh: Refresh, write_catalogue: Callable[..., Path]
) -> None:
    starter = read_starter()
    store.add_source("starter", "", starter.kind, starter.fingerprint, starter.tracks)
    refresh(write_catalogue())
    refresh()
    catalogue = store.load_catalogue(with_starter=True)
    assert len(catalogue) == len(starter.tracks) + 40 + 20
    assert len(set(catalogue.track_ids)) == len(catalogue)
    assert len(store.load_catalogue(with_starter=False)) == 60


@pytest.mark.long
def test_the_starter_a_table_and_a_folder_are_served_together(
    starter_home: Path,
    tmp_path: Path,
    music: Path,
    write_catalogue: Callable[..., Path],
    open_assistant: Callable[..., Assistant],
) -> None:
    home = Path(shutil.copytree(starter_home, tmp_path / "home"))
    with open_assistant(home) as assistant:
        refresh_source(assistant._store(), write_catalogue(), None, None, replace=False, progress=None)
        report = assistant.index(music, with_starter=True)
        sources = {one.name: (one.kind, one.n_tracks) for one in assistant.status().sources}
        assert sources.keys() == {"Music", "mine", "starter"}
        assert (sources["Music"], sources["mine"]) == (("folder", 20), ("csv", 40))
        assert (report.n_tracks, report.starter_dropped) == (sum(n for _, n in sources.values()), False)
        assert (report.n_rows, report.bad_rows, report.remarks) == (20, (), ())
        message = Message(listener_id="l", session_id="s", text="songs by Amber Fallow, 20 tracks")
        own = [track for track in assistant.reply(message).tracks if track.path]
        assert own[0].artists[0] == "Amber Fallow"
        assert [path for track in own if (path := assistant.media_path(track.track_id))]
        playlist = tmp_path / "list.m3u8"
        write_playlist(assistant.export("s", "l"), playlist)
        assert len(_resolved(playlist)) == len(own)


def _resolved(playlist: Path) -> set[Path]:
    """Return the files that a player finds by a playlist: every line that is no comment is a path or a file address."""
    places = set()
    for line in playlist.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name = unquote_to_bytes(line.removeprefix("file://")) if line.startswith("file:") else line.encode()
            place = Path(os.fsdecode(name))
            assert place.is_file(), line
            places.add(place)
    return places
