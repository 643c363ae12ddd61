"""Playlist files hold what the slate holds, whatever the names are, and appear whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UnknownFormatError
from assistant.reply import Reply
from connectors.errors import PlaylistFileError
from connectors.playlists import FORMATS, check_destination, write_playlist
from tests.connectors.replies import NASTY_NAMES, reply, track

JSON_TRACK = ("position", "track_id", "title", "artist", "artists", "album", "year", "duration_s", "link", "reason")
JSON_RECEIPT = ("constraint", "hard", "asked", "delivered", "unknown", "relaxed")
any_text = st.text(max_size=60) | st.sampled_from(NASTY_NAMES)


def parse_m3u(data: bytes) -> tuple[str, list[tuple[int, str, str]]]:
    """Read extended M3U as players do: (playlist name, [(seconds, name, path or comment)])."""
    assert not data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8")
    lines = text.splitlines()  # also at NEL, LINE SEPARATOR and other breaks: none may be left
    assert text == "".join(f"{line}\n" for line in lines)
    assert lines[0] == "#EXTM3U"
    assert lines[1].startswith("#PLAYLIST:")
    entries = []
    for information, place in zip(lines[2::2], lines[3::2], strict=True):
        found = re.fullmatch(r"#EXTINF:(-?\d+),(.*)", information)
        assert found, information
        entries.append((int(found[1]), found[2], place))
    return lines[1].removeprefix("#PLAYLIST:"), entries


def words(text: str) -> list[str]:
    """Words of a text as one line holds them; lone surrogates cannot be written in UTF-8."""
    spaced = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text)
    return spaced.encode("utf-8", "replace").decode().split()


def written(given_reply: Reply, path: Path) -> bytes:
    write_playlist(given_reply, path)
    return path.read_bytes()


def test_m3u8_has_lengths_names_and_places(tmp_path: Path) -> None:
    slate = reply(
        track(1, "Alison", path="/music/Slowdive/Alison.flac", link="file:///music/Slowdive/Alison.flac"),
        track(2, "Dagger", duration_estimated=True),
        track(3, "40 Days", duration_s=None, artist=""),
    )
    assert written(slate, tmp_path / "list.m3u8").decode() == (
        "#EXTM3U\n"
        "#PLAYLIST:something mellow\n"
        "#EXTINF:231,Slowdive - Alison\n"
        "/music/Slowdive/Alison.flac\n"
        "#EXTINF:-1,Slowdive - Dagger\n"
        "# no file: https://www.youtube.com/results?search_query=track+2\n"
        "#EXTINF:-1,40 Days\n"
        "# no file: https://www.youtube.com/results?search_query=track+3\n"
    )
    assert written(slate, tmp_path / "list.M3U") == (tmp_path / "list.m3u8").read_bytes()


@pytest.mark.parametrize("path", ["#1 hits/a.mp3", "two\nlines.mp3", " padded.mp3"])
def test_a_path_that_players_would_not_see_is_written_as_its_address(tmp_path: Path, path: str) -> None:
    slate = reply(track(1, "Alison", path=path, link="file:///safe%20address.mp3"))
    assert parse_m3u(written(slate, tmp_path / "l.m3u8"))[1][0][2] == "file:///safe%20address.mp3"


@given(title=any_text, artist=any_text, query=any_text)
def test_m3u8_holds_any_name_on_one_line(
    tmp_path_factory: pytest.TempPathFactory, title: str, artist: str, query: str
) -> None:
    slate = reply(track(1, title, artist=artist), track(2, "after"), query=query)
    name, entries = parse_m3u(written(slate, tmp_path_factory.mktemp("m3u") / "l.m3u8"))
    assert name.split() == words(query)
    assert len(entries) == 2
    full = f"{artist} - {title}" if words(artist) else title
    assert entries[0][1].split() == words(full)
    assert entries[1][1] == "Slowdive - after"


@given(title=any_text, artist=any_text, album=st.none() | any_text, reason=any_text)
def test_csv_reads_back_and_runs_no_formula(
    tmp_path_factory: pytest.TempPathFactory, title: str, artist: str, album: str | None, reason: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "l.csv"
    first = track(1, title, track_id="-dQw4w9WgXcQ", artist=artist, album=album, reason=reason)
    write_playlist(reply(first, track(2, "after", duration_estimated=True)), path)
    table = polars.read_csv(path, infer_schema=False)
    assert table.columns == [
        "position",
        "track_id",
        "title",
        "artist",
        "album",
        "year",
        "duration_s",
        "link",
        "reason",
    ]
    row, after = table.rows()
    assert row[:2] == ("1", "'-dQw4w9WgXcQ")
    for cell, original in zip((row[2], row[3], row[4], row[8]), (title, artist, album or "", reason), strict=True):
        text = original.encode("utf-8", "replace").decode()
        assert (cell or "") in (text, f"'{text}")
        assert not (cell or "").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[5:7] == ("1993", "231.4")
    assert after == ("2", "id-2", "after", "Slowdive", "Souvlaki", "1993", None, after[7], after[8])


@given(title=any_text, query=any_text)
def test_json_follows_its_schema(tmp_path_factory: pytest.TempPathFactory, title: str, query: str) -> None:
    slate = reply(
        track(1, title, artists=("A", "B"), artist="A, B"),
        track(2, "after", duration_estimated=True, album=None, year=None),
        query=query,
    )
    document = json.loads(written(slate, tmp_path_factory.mktemp("json") / "l.json").decode("utf-8"))
    assert tuple(document) == ("schema", "query", "seed", "index", "tracks", "receipt")
    assert document["schema"] == 1
    assert document["query"] == query.encode("utf-8", "replace").decode()
    assert (document["seed"], document["index"]) == (7, "exact")
    first, second = document["tracks"]
    assert tuple(first) == tuple(second) == JSON_TRACK
    assert first["title"] == title.encode("utf-8", "replace").decode()
    assert (first["artist"], first["artists"], first["duration_s"]) == ("A, B", ["A", "B"], 231.4)
    assert (second["duration_s"], second["album"], second["year"]) == (None, None, None)
    assert [tuple(line) for line in document["receipt"]] == [JSON_RECEIPT] * 5
    assert document["receipt"][0] == {
        "constraint": "mellow",
        "hard": False,
        "asked": "preferred",
        "delivered": "1 of 2, 1 unknown",
        "unknown": 1,
        "relaxed": False,
    }


@pytest.mark.parametrize("extension", FORMATS)
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"list{extension}"
    path.write_text("the old list")

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(PlaylistFileError, match=r"list.*No space left on device.*make room"):
        write_playlist(reply(track(1, "Alison")), path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "the old list"


def test_who_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("the old list")
    with path.open() as reader:
        write_playlist(reply(track(1, "Alison")), path)
        assert reader.read() == "the old list"
    assert "Alison" in path.read_text()


def test_a_replaced_file_keeps_its_place_and_permissions(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "link.csv").symlink_to(real)
    write_playlist(reply(track(1, "Alison")), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert "Alison" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    long_name = tmp_path / ("x" * 250 + ".csv")
    write_playlist(reply(track(1, "Alison")), long_name)
    assert long_name.exists()


def test_what_cannot_be_written_is_known_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"'\.mp3'.*\.m3u8, \.m3u, \.xspf, \.jspf, \.csv, \.json, \.txt"):
        check_destination(tmp_path / "list.mp3")
    with pytest.raises(UnknownFormatError, match="'list'"):
        check_destination(tmp_path / "list")
    with pytest.raises(PlaylistFileError, match=r"no folder .*missing; make it with `mkdir"):
        check_destination(tmp_path / "missing" / "list.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PlaylistFileError, match="it is a folder; name a file in it"):
        check_destination(tmp_path / "folder.csv")
    check_destination(tmp_path / "list.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["folder.csv"]
