"""A folder of music as a source: what is read of every file, and what is not read again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from mutagen.mp3 import MP3

from recsys.errors import SourceError
from recsys.paths import place_of, written
from recsys.sources import read_source
from recsys.sources.folder import Batch, FolderContent, KnownFile, read_folder
from recsys.sources.folder.formats import BoundedFile, Contents, NotAudioError, TooMuchError, read_contents
from recsys.text import fold
from recsys.types import Track
from tests.library import Library, LibraryFile
from tests.library_tags import Tags, write_tags

Index = Callable[..., FolderContent]


@pytest.fixture(scope="module")
def content(library: Library) -> FolderContent:
    return read_folder(library.folder)


@pytest.fixture(scope="module")
def tracks(content: FolderContent) -> dict[Path, Track]:
    return {place_of(track.path or ""): track for track in content.read.tracks}


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    """A small folder with a copy of one file of each format."""
    folder = tmp_path / "Music"
    folder.mkdir()
    for extension in ("flac", "mp3", "ogg", "opus", "m4a", "wav", "aiff", "wma"):
        shutil.copy2(_of(library, extension).path, folder / f"Anna - Song in {extension}.{extension}")
    return folder


@pytest.fixture
def index(music: Path) -> Index:
    """Read the small folder again and again, as a store would remember it."""
    known: dict[str, KnownFile] = {}

    def run() -> FolderContent:
        content = read_folder(music, dict(known))
        for row in content.files:
            known[row.path] = row
        native_ids = {row.native_id for row in content.files}
        for row in content.gone:
            if row.native_id is None or row.native_id in native_ids:
                del known[row.path]
            else:
                known[row.path] = KnownFile(row.path, -1, row.mtime_ns, row.digest, row.native_id)
        return content

    return run


def _of(library: Library, extension: str, style: str = "full") -> LibraryFile:
    return next(one for one in library.files if (one.extension, one.style) == (extension, style))


def _ids(content: FolderContent) -> dict[str, str | None]:
    return {place_of(row.path).name: row.native_id for row in content.files}


# --- what is read ---


def test_every_track_of_the_library_is_read_as_what_it_is(library: Library, tracks: dict[Path, Track]) -> None:
    for file in library.files:
        track = tracks[file.path]
        told = (fold(track.title), tuple(map(fold, track.artists)), track.year, track.genres)
        assert told == (fold(file.title), tuple(map(fold, file.artists)), file.year, file.genres), file.path
        assert (track.album is None) == (file.album is None), file.path
        assert track.duration_s == pytest.approx(12.0, abs=0.1), file.path


def test_every_broken_file_is_named_and_none_ends_the_run(library: Library, content: FolderContent) -> None:
    skipped = {place_of(bad.name) for bad in content.problems}
    odd = {place_of(bad.name) for bad in content.remarks}
    assert skipped == {one.path for one in library.skipped}
    assert odd == {one.path for one in library.broken if not one.skipped}
    assert len(library.broken) >= 20
    assert all(bad.reason for bad in (*content.problems, *content.remarks))


def test_hidden_files_links_in_circles_and_other_files_are_left_out(library: Library, content: FolderContent) -> None:
    places = [place_of(row.path) for row in content.files]
    assert len(places) == len(set(places))
    assert not [place for place in places if "loop" in place.parts or ".hidden" in place.parts]
    assert len(content.read.tracks) == len(library.files) + len(library.broken) - len(library.skipped)


def test_details_are_kept_and_the_first_year_is_the_tracks(library: Library, tracks: dict[Path, Track]) -> None:
    files = [one for one in library.files if one.style == "full" and one.path.name.startswith("03 ")]
    assert {one.extension for one in files} >= {"mp3", "flac", "ogg", "m4a", "wma"}
    for file in files:
        track = tracks[file.path]
        told = (track.details["number"], track.details["disc"], track.details["reissue_year"], track.year)
        assert told == (3, 1, 2011, file.year), file.path
    loud = [tracks[one.path] for one in library.files if one.style == "full" and one.path.name.startswith("04 ")]
    assert all(track.details.get("replaygain_db", -3.5) == -3.5 for track in loud)
    assert all(track.loudness_db in (None, -14.5) for track in loud)


def test_lyrics_come_from_tags_and_from_files_beside_without_their_times(
    library: Library, content: FolderContent, tracks: dict[Path, Track]
) -> None:
    sources = {}
    for file in library.files:
        if words := content.read.lyrics.get(tracks[file.path].track_id):
            sources.setdefault(words[1], []).append(file.path)
            assert words[0] == "I packed my bag at half past four\nand left the key behind the door"
    assert set(sources) == {"tag", "lrc"}
    assert all(path.with_suffix(".lrc").exists() for path in sources["lrc"])


def test_a_name_that_is_not_utf8_is_read_and_its_path_can_be_stored(tracks: dict[Path, Track]) -> None:
    odd = [(path, track) for path, track in tracks.items() if b"\xe9t\xe9" in os.fsencode(path)]
    assert odd
    for path, track in odd:
        (track.path or "").encode("utf-8")
        assert (track.path or "").startswith("file:///")
        assert place_of(track.path or "").read_bytes() == path.read_bytes()


def test_a_path_is_written_as_it_is_where_that_is_text() -> None:
    assert written("/music/Björk/a #1 100%.mp3") == "/music/Björk/a #1 100%.mp3"
    assert place_of("file:///music/a%20b%FF.mp3") == Path(os.fsdecode(b"/music/a b\xff.mp3"))


def test_a_folder_is_read_like_any_other_source(music: Path) -> None:
    source = read_source(music)
    assert (source.kind, len(source.tracks), source.n_rows) == ("folder", 8, 8)
    with pytest.raises(SourceError, match="no columns"):
        read_source(music, {"title": "name"})


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(SourceError, match="without audio files"):
        read_folder(tmp_path)
    with pytest.raises(SourceError, match="cannot be opened"):
        read_folder(tmp_path / "missing")


# --- what is read again ---


def test_what_has_not_changed_is_not_read_again(index: Index) -> None:
    first = index()
    again = index()
    assert len(first.read.files) == 8
    assert again.read.files == []
    assert _ids(again) == _ids(first)


def test_a_broken_file_is_named_again_and_read_only_when_it_changed(
    index: Index, music: Path, library: Library
) -> None:
    broken = music / "broken.flac"
    broken.write_bytes(b"fLaC")
    odd = next(one.path for one in library.broken if one.what == "8 kHz mono")
    shutil.copy2(odd, music)
    first, again = index(), index()
    assert [bad.name for bad in first.problems] == [str(broken)]
    assert [bad.name for bad in first.remarks] == [str(music / odd.name)]
    assert (again.problems, again.remarks, again.read.files) == (first.problems, first.remarks, [])
    shutil.copyfile(_of(library, "flac", "sparse").path, broken)
    assert [index().problems, len(index().files)] == [[], 10]


def test_many_files_of_one_sound_are_told_apart(tmp_path: Path, library: Library) -> None:
    for number in range(60):
        shutil.copyfile(library.of("organ")[0].path, tmp_path / f"A - {number}{library.of('organ')[0].path.suffix}")
    ids = set(_ids(read_folder(tmp_path)).values())
    assert len(ids) == 60


def test_a_file_that_was_moved_keeps_its_track(index: Index, music: Path) -> None:
    first = _ids(index())
    (music / "sorted").mkdir()
    for path in sorted(music.glob("*.*")):
        path.rename(music / "sorted" / f"new {path.name}")
    moved = index()
    assert {name.removeprefix("new "): one for name, one in _ids(moved).items()} == first
    assert len(moved.gone) == 8


def test_a_file_that_was_tagged_anew_keeps_its_track(index: Index, music: Path) -> None:
    first = _ids(index())
    for path in music.iterdir():
        write_tags(path, Tags("Another Title", ["Somebody Else"], album="x" * 5_000, lyrics="la " * 30_000, cover=True))
    again = index()
    assert len(again.read.files) == 8
    assert _ids(again) == first
    assert {track.title for track in again.read.tracks} == {"Another Title"}


def test_a_file_that_was_moved_and_tagged_anew_keeps_its_track(index: Index, music: Path) -> None:
    first = _ids(index())
    write_tags(music / "Anna - Song in ogg.ogg", Tags("Another", ["B"], lyrics="la " * 9_000))
    (music / "Anna - Song in ogg.ogg").rename(music / "b.ogg")
    assert _ids(index())["b.ogg"] == first["Anna - Song in ogg.ogg"]


def test_two_files_that_change_places_stay_who_they_are(index: Index, music: Path) -> None:
    first = _ids(index())
    one, other, aside = music / "Anna - Song in flac.flac", music / "Anna - Song in mp3.mp3", music / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    again = _ids(index())
    assert (again[one.name], again[other.name]) == (first[other.name], first[one.name])


def test_a_better_copy_in_the_same_place_is_the_same_track(index: Index, music: Path, library: Library) -> None:
    first = _ids(index())
    place = music / "Anna - Song in flac.flac"
    shutil.copyfile(library.of("organ")[-1].path, place)
    assert _ids(index())[place.name] == first[place.name]


def test_a_new_sound_does_not_take_the_track_of_one_that_moved_away(
    index: Index, music: Path, library: Library
) -> None:
    first = _ids(index())
    place = music / "Anna - Song in flac.flac"
    place.rename(music / "zz elsewhere.flac")
    shutil.copyfile(_of(library, "flac", "sparse").path, place)
    again = _ids(index())
    assert again["zz elsewhere.flac"] == first[place.name]
    assert again[place.name] != first[place.name]


def test_a_copy_is_a_track_of_its_own(index: Index, music: Path) -> None:
    first = _ids(index())
    shutil.copy2(music / "Anna - Song in wav.wav", music / "A copy.wav")
    again = _ids(index())
    assert again.pop("A copy.wav") not in first.values()
    assert again == first


def test_a_file_that_comes_back_is_known_again(index: Index, music: Path, library: Library, tmp_path: Path) -> None:
    place = music / "Anna - Song in flac.flac"
    index()
    shutil.copyfile(library.of("saw lead")[-1].path, place)  # so that its id is not made of its sound
    first = _ids(index())
    place.rename(tmp_path / place.name)
    assert place.name not in _ids(index())
    (tmp_path / place.name).rename(music / "back.flac")
    assert _ids(index())["back.flac"] == first[place.name]


def test_lyrics_beside_a_file_that_change_are_read_again(index: Index, music: Path) -> None:
    index()
    beside = music / "Anna - Song in mp3.lrc"
    beside.write_text("[00:01]one\n")
    assert list(index().read.lyrics.values()) == [("one", "lrc")]
    beside.unlink()
    again = index()
    assert [len(again.read.files), again.read.lyrics] == [1, {}]


def test_files_of_a_folder_that_cannot_be_opened_are_not_taken_for_gone(
    index: Index, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (music / "closed").mkdir()
    (music / "Anna - Song in mp3.mp3").rename(music / "closed" / "a.mp3")
    first = index()

    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    again = index()
    assert again.gone == []
    assert _ids(again) == _ids(first)
    assert [Path(bad.name).name for bad in again.problems] == ["closed"]


def test_what_was_read_is_handed_on_in_time(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.sources.folder.BATCH_S", 0.0)
    batches: list[Batch] = []
    told: list[tuple[str, int, int]] = []
    content = read_folder(music, {}, lambda *call: told.append(call), batches.append)
    assert [len(batch.files) for batch in batches] == [1] * 8
    assert (content.read.tracks, len(content.files)) == ([], 8)
    assert told[-1][1:] == (8, 8)
    assert "a second" in told[-1][0]


# --- hostile files ---


def _read(path: Path) -> Contents:
    with BoundedFile(os.fspath(path)) as file:
        return read_contents(file, path.suffix)


def test_pictures_are_not_read(library: Library, tmp_path: Path) -> None:
    for extension in ("mp3", "flac", "m4a"):
        path = tmp_path / f"a.{extension}"
        shutil.copyfile(_of(library, extension).path, path)
        _add_picture(path, 12 << 20)
        with BoundedFile(os.fspath(path)) as file:
            contents = read_contents(file, path.suffix)
            assert contents.tags["title"]
            assert 16 * 1024 * 1024 - file._bytes_left < 1 << 20, extension


def _add_picture(path: Path, n_bytes: int) -> None:
    from mutagen.flac import Picture
    from mutagen.id3 import APIC
    from mutagen.mp4 import MP4, MP4Cover

    if path.suffix == ".mp3":
        tagged = MP3(path)
        tagged.tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=bytes(n_bytes)))
        tagged.save()
    elif path.suffix == ".flac":
        picture, flac = Picture(), FLAC(path)
        picture.data = bytes(n_bytes)
        flac.add_picture(picture)
        flac.save()
    else:
        mp4 = MP4(path)
        mp4["covr"] = [MP4Cover(bytes(n_bytes))]
        mp4.save()


@pytest.mark.parametrize("extension", ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "wma"])
def test_damage_anywhere_is_one_files_problem(library: Library, tmp_path: Path, extension: str) -> None:
    """Bytes are changed, and the file cut, at places drawn anew from a seed: no other error than these two."""
    import random

    rng = random.Random(extension)
    data = _of(library, extension).path.read_bytes()
    path = tmp_path / f"a.{extension}"
    n_read = 0
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 30)):
            changed[rng.randrange(min(len(changed), 3_000))] = rng.choice((0, 255, 127, rng.randrange(256)))
        path.write_bytes(changed[: rng.randrange(len(changed)) if rng.random() < 0.3 else len(changed)])
        content = read_folder(tmp_path)
        n_read += len(content.read.tracks)
        for track in content.read.tracks:
            assert track.title
            assert track.artists
    assert 0 < n_read < 150


def test_a_tag_that_is_larger_than_may_be_read_leaves_the_name(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.sources.folder.formats.base.MAX_BYTES", 1 << 18)
    path = tmp_path / "Anna - Large.ogg"
    shutil.copyfile(_of(library, "ogg").path, path)
    write_tags(path, Tags("Hidden", ["Nobody"], lyrics="la " * 150_000))
    with pytest.raises(TooMuchError):
        _read(path)
    content = read_folder(tmp_path)
    assert [(track.title, track.artist) for track in content.read.tracks] == [("Large", "Anna")]
    assert "larger than" in content.remarks[0].reason


def test_no_sound_is_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"x" * 5_000)
    with pytest.raises(NotAudioError, match="no sound"):
        _read(path)
