"""Files that somebody made to do harm, or that a program damaged: they end, cost little, and harm nothing else."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.heard import Broken, Heard, HistoryItem, Opened
from connectors.histories import HistoryError, json_rows, read_history
from connectors.histories.files import files_of
from connectors.histories.nesting import Depth
from connectors.playlists.pasted import read_lines
from connectors.playlists.reading import parse_playlist
from tests.history_files import NOON, lines, listen, play, scrobble, write, zipped

LONG = 20_000


def items(path: Path, timezone: str | None = None) -> list[HistoryItem]:
    return [item for item in read_history(path, timezone=timezone) if not isinstance(item, Opened)]


def titles(found: list[HistoryItem]) -> list[str]:
    return [one.title for one in found if isinstance(one, Heard)]


# --- texts that a pattern could try in too many ways; without the care taken, none of these ends in a day ---


@pytest.mark.parametrize("gap", [" ", "\t", "\u00a0", " \u3000"], ids=["space", "tab", "hard", "wide"])
def test_a_gap_without_end_is_one_gap(gap: str) -> None:
    (entry,) = read_lines(f"a{gap * LONG}b")[1]
    assert len(entry.title) + len(entry.artist) <= 3
    (entry,) = parse_playlist(f"#EXTM3U\n#EXTINF:1,a{gap * LONG}b\nx.mp3").entries
    assert len(entry.title) + len(entry.artist) <= 3


@pytest.mark.parametrize("line", ['"' * LONG + "x", '" ' * LONG + "x", "a“" * LONG, "(" * LONG, "- " * LONG])
def test_a_line_of_signs_is_read_to_its_end(line: str) -> None:
    assert len(read_lines(f"{line}\nSlowdive - Alison")[1]) == 2


@pytest.mark.parametrize("more", [' k="', " k=", " " * 9, ' k="v"', " k=v"])
def test_attributes_without_end_are_read_to_their_end(more: str) -> None:
    said = parse_playlist(f"#EXTM3U\n#EXTINF:1{more * LONG}\nSlowdive - Alison.mp3")
    assert [entry.title for entry in said.entries] == ["Alison"]


def test_attributes_of_an_entry_are_not_its_name() -> None:
    (entry,) = parse_playlist('#EXTM3U\n#EXTINF:231 a=b logo="x, y" c=d,Slowdive - Alison\nx.mp3').entries
    assert (entry.artist, entry.title, entry.duration_s) == ("Slowdive", "Alison", 231.0)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('Slowdive "Alison" (1993)', ("Slowdive", "Alison")),
        ('Slowdive, – "Alison"', ("Slowdive", "Alison")),
        ('Nirvana: "Come "As" You Are"', ("Nirvana", 'Come "As" You Are')),
        ("Slowdive\t“Alison”", ("Slowdive", "Alison")),
    ],
)
def test_a_title_in_quotes_may_be_last(line: str, expected: tuple[str, str]) -> None:
    (entry,) = read_lines(line)[1]
    assert (entry.artist, entry.title) == expected


def test_a_text_of_json_without_end_is_passed_over_once() -> None:
    depth = Depth()
    assert not depth.too_deep(b'[{"a":"' + b'\\"' * 1_000_000)
    assert not depth.too_deep(b"[" * 100 + b"\\")  # still in the text, and the next sign belongs to the backslash
    assert not depth.too_deep(b'"' + b"[" * 100 + b'"')
    assert depth.too_deep(b"[" * 100)


# --- archives ---


def test_many_small_members_that_unpack_to_far_too_much_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"{n}.json": b"[" + b" " * (1 << 19) + b"]" for n in range(20)})
    with pytest.raises(HistoryError, match=r"unpacks to [\d,]+ times its size"):
        read_history(path)


def test_the_starts_of_members_are_not_all_held(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"{n}.json": b"[" + os.urandom(1 << 17) for n in range(40)})
    looked = files_of(path)
    tracemalloc.start()
    found = [file for file, _ in looked]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 40
    assert most < 10 << 17


@pytest.mark.parametrize("content", ["#EXTM3U\n", "<playlist><title>x</title></playlist>", "<playlist>"])
def test_a_playlist_of_nothing_does_not_end_an_archive(content: str, tmp_path: Path) -> None:
    found = items(zipped(tmp_path / "x.zip", {"a.m3u": content, "b.json": [play("Alison")]}))
    assert titles(found) == ["Alison"]
    assert [one.place for one in found if isinstance(one, Broken)] == ["a.m3u"]


# --- numbers and names ---

_HUGE = 10**400


@pytest.mark.parametrize(
    "content",
    [
        [play("Bad", ms_played=_HUGE), play("Alison")],
        [play("Bad", ts=_HUGE), play("Alison")],
        lines(listen("Bad", at=_HUGE), listen("Alison")),
        {"recenttracks": {"track": [scrobble("Bad") | {"date": _HUGE}, scrobble("Alison")]}},
    ],
    ids=["length of play", "time", "listen", "scrobble"],
)
def test_a_number_beyond_all_numbers_spoils_its_own_row_alone(content: Any, tmp_path: Path) -> None:
    found = items(write(tmp_path / "x", content))
    assert [type(one) for one in found] == [Broken, Heard]
    assert titles(found) == ["Alison"]


def test_a_count_beyond_belief_is_held_down(tmp_path: Path) -> None:
    (one,) = items(write(tmp_path / "x", "artist,title,plays\nSlowdive,Alison,99999999999999999999\n"))
    assert isinstance(one, Heard)
    assert one.times == 1_000_000


@pytest.mark.parametrize(
    "content",
    [
        lines(listen("Alison", duration="3:51")),
        lines(listen("Alison", duration_ms=[1])),
        lines(listen("Alison", duration=-1)),
        f"artist,title,date,duration_ms\nSlowdive,Alison,{NOON},unknown\n",
        f"artist,title,date,length seconds\nSlowdive,Alison,{NOON},3:51\n",
    ],
)
def test_a_length_that_says_nothing_leaves_the_play(content: str, tmp_path: Path) -> None:
    (one,) = items(write(tmp_path / "x", content))
    assert isinstance(one, Heard)
    assert (one.title, one.duration_s) == ("Alison", None)


def _m3u(length: str) -> str:
    return f"#EXTM3U\n#EXTINF:{length},Slowdive - Alison\nx.mp3\n"


def _jspf(length: str) -> str:
    track = f'"title": "Alison", "creator": "Slowdive", "duration": {length}'
    return f'{{"playlist": {{"track": [{{{track}}}]}}}}'


def _xspf(length: str) -> str:
    track = f"<title>Alison</title><creator>Slowdive</creator><duration>{length}</duration>"
    return f"<playlist><trackList><track>{track}</track></trackList></playlist>"


@pytest.mark.parametrize("length", ["0", "0.2", "9" * 10, "9" * 400, "9" * 4_000, "1e999"])
@pytest.mark.parametrize("form", [_m3u, _jspf, _xspf])
def test_a_length_that_no_track_has_is_none(form: Callable[[str], str], length: str) -> None:
    (entry,) = parse_playlist(form(length)).entries
    assert entry.duration_s is None


def test_names_of_a_playlist_are_on_one_line_and_too_long_ones_stay_out_of_a_history(tmp_path: Path) -> None:
    long = f"#EXTM3U\n#EXTINF:1,A - {'x' * 1_000_000}\na.mp3\n#EXTINF:231,Slow\x1b[31mdive - Ali\u202eson\nb.mp3\n"
    found = items(write(tmp_path / "x.m3u", long))
    assert [type(one) for one in found] == [Broken, Heard]
    assert (found[1].title, found[1].artist) == ("Alison", "Slow[31mdive")  # type: ignore[union-attr]
    assert max(len(entry.title) for entry in parse_playlist(long).entries) == 1_000


# --- what was refused or misread, and is no harm ---


def test_what_was_liked_may_be_more_than_one_entry_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_ROW_BYTES", 1 << 20)
    liked = [{"artist": "Slowdive", "track": f"{n:05}" + "x" * 500, "uri": ""} for n in range(4_000)]
    library = {"tracks": liked, "bannedTracks": [{"artist": "Nickel", "track": "Back", "uri": ""}]}
    found = [one for one in items(write(tmp_path / "x", library)) if isinstance(one, Heard)]
    assert (len(found), found[-1].kind, found[-1].title) == (4_001, "dislike", "Back")


def test_account_data_is_utc_whatever_zone_is_given(tmp_path: Path) -> None:
    rows = [{"endTime": "2024-01-01 12:00", "artistName": "Slowdive", "trackName": "Alison", "msPlayed": 200_000}]
    (one,) = items(write(tmp_path / "x", rows), "America/New_York")
    assert isinstance(one, Heard)
    assert one.at == NOON


def test_a_table_without_a_header_may_begin_with_what_was_playing(tmp_path: Path) -> None:
    row = "Slowdive,Souvlaki,{},{}\n"
    dated = [row.format(title, "01 Jan 2024 12:00") for title in ("Alison", "Dagger")]
    found = items(write(tmp_path / "x.csv", row.format("Sing", "") + "".join(dated)))
    assert titles(found) == ["Alison", "Dagger"]
    assert [one.why for one in found if isinstance(one, Broken)] == ["it does not say when it was played"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content", [_m3u("231"), _xspf("231000"), _jspf("231000"), "artist,title\nSlowdive,Alison\n"])
def test_playlists_and_tables_may_be_in_utf_16(content: str, encoding: str, tmp_path: Path) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (one,) = items(write(tmp_path / "x", mark + content.encode(encoding)))
    assert isinstance(one, Heard)
    assert (one.title, one.artist, one.kind) == ("Alison", "Slowdive", "keep")


def test_a_table_in_utf_16_may_be_one_line_without_end(tmp_path: Path) -> None:
    rows = "artist,title\r\n" + "Slowdive,Alison\r\n" + "x" * 1_000_000
    assert titles(items(write(tmp_path / "x", rows.encode("utf-16")))) == ["Alison"]


def test_a_spotify_history_in_utf_16_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="no history that Segue knows"):
        items(write(tmp_path / "x", json.dumps([play("Alison")]).encode("utf-16")))


def test_an_archive_of_segue_itself_gives_its_events_and_not_what_was_shown(tmp_path: Path) -> None:
    event = {"event_id": 1, "time": "2024-01-01T12:00:00+00:00", "at": NOON, "kind": "play", "track_id": "a:1"}
    event |= {"title": "Alison", "artist": "Slowdive", "completion": 0.9, "times": 3, "session_id": "s", "origin": None}
    rows = [event | {"counts": True}, event | {"title": "Not me", "counts": False}, event | {"kind": "unrate"}]
    members = {"listener.json": {"listener": "ann"}, "events.jsonl": lines(*rows), "playlists/1.m3u8": _m3u("231")}
    found = items(zipped(tmp_path / "x.zip", members))
    one, back = [one for one in found if isinstance(one, Heard)]
    assert (one.title, one.kind, one.at, one.times, one.completion) == ("Alison", "play", NOON, 3, 0.9)
    assert (back.title, back.kind, back.at) == ("Alison", "unrate", NOON)
