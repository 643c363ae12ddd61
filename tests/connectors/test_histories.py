"""Listening histories: every format is told by what is in it, and read entry by entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.heard import Broken, Heard, HistoryItem, LeftOut, Opened
from connectors.histories import HistoryError, json_rows, read_history
from connectors.histories.nesting import MAX_DEPTH, Depth
from tests.history_files import NOON, lines, listen, play, scrobble, write, zipped

MBID = "8e6b8e0c-7f0c-4d1a-9a63-5f1d3c1c5d11"


def items(path: Path, timezone: str | None = None) -> list[HistoryItem]:
    return [item for item in read_history(path, timezone=timezone) if not isinstance(item, Opened)]


def heard(path: Path, timezone: str | None = None) -> list[Heard]:
    found = items(path, timezone)
    assert all(isinstance(item, Heard) for item in found), found
    return [item for item in found if isinstance(item, Heard)]


def formats(path: Path) -> list[str]:
    return [item.format for item in read_history(path) if isinstance(item, Opened)]


# --- Spotify ---


def test_the_extended_history_tells_when_how_long_and_how_a_play_ended(tmp_path: Path) -> None:
    rows = [
        play("Alison"),
        play("Alison", ms_played=20_000, reason_end="fwdbtn", skipped=True),
        play("Alison", reason_end="endplay"),
        play("Alison", reason_end="unexpected-exit"),
        play("Alison", reason_end="trackdone", skipped=True),
        play("Alison", reason_end="clickrow", skipped=1),
    ]
    found = heard(write(tmp_path / "x", rows))
    assert [one.ended for one in found] == ["over", "skipped", "stopped", "broken off", "over", "skipped"]
    first = found[0]
    assert (first.title, first.artist, first.album) == ("Alison", "Slowdive", "Souvlaki")
    assert (first.at, first.ms_played, first.kind) == (NOON, 200_000, "play")
    assert first.ids == {"spotify": "4R7ShRyEp7ZrPrAtrhrjyW"}


def test_what_is_no_music_that_was_heard_is_left_out_and_said(tmp_path: Path) -> None:
    rows = [
        play(None, None, episode_name="Talk", spotify_episode_uri="spotify:episode:1"),
        play(None, None, audiobook_title="Book"),
        play(None, None),
        play("Alison", incognito_mode=True),
        play("Alison", ms_played=0, reason_end="trackerror"),
        play("Alison", ms_played=0, reason_end="fwdbtn"),
    ]
    found = items(write(tmp_path / "x", rows))
    assert [one.why if isinstance(one, LeftOut) else "heard" for one in found] == [
        "a podcast or audiobook",
        "a podcast or audiobook",
        "Spotify no longer says which track",
        "heard in a private session",
        "not played at all",
        "heard",
    ]


def test_an_archive_is_read_member_by_member_and_videos_are_left_out(tmp_path: Path) -> None:
    members = {
        "Spotify/ReadMeFirst.pdf": "%PDF-1.4",
        "Spotify/Streaming_History_Audio_2023_0.json": [play("Alison")],
        "Spotify/Streaming_History_Audio_2024_1.json": [play("Machine Gun")],
        "Spotify/Streaming_History_Video_2024.json": [play("Alison (Video)")],
    }
    found = list(read_history(zipped(tmp_path / "data.bin", members)))
    assert [one.title for one in found if isinstance(one, Heard)] == ["Alison", "Machine Gun"]
    assert [one.why for one in found if isinstance(one, LeftOut)] == ["a video"]
    assert [one.name for one in found if isinstance(one, Opened) and not one.format] == ["ReadMeFirst.pdf"]


def test_account_data_tells_of_plays_library_and_playlists(tmp_path: Path) -> None:
    uri = "spotify:track:4R7ShRyEp7ZrPrAtrhrjyW"
    kept = {"trackName": "Sing", "artistName": "Slowdive", "albumName": "Souvlaki", "trackUri": uri}
    items_ = [{"track": kept, "episode": None, "addedDate": "2024-01-01"}, {"track": None, "episode": {}}]
    members = {
        "MyData/StreamingHistory_music_0.json": [
            {"endTime": "2024-01-01 12:00", "artistName": "Slowdive", "trackName": "Alison", "msPlayed": 200_000},
        ],
        "MyData/StreamingHistory_podcast_0.json": [
            {"endTime": "2024-01-01 12:00", "podcastName": "P", "episodeName": "E", "msPlayed": 1}
        ],
        "MyData/YourLibrary.json": {
            "tracks": [{"artist": "Slowdive", "album": "Souvlaki", "track": "Dagger", "uri": uri}],
            "albums": [{"artist": "Slowdive", "album": "Pygmalion", "uri": "spotify:album:x"}],
            "bannedTracks": [{"artist": "Nickel", "album": "", "track": "Back", "uri": uri}],
        },
        "MyData/Playlist1.json": {"playlists": [{"name": "P", "items": items_}]},
        "MyData/Userdata.json": {"username": "somebody", "email": "a@b.c"},
    }
    found = items(zipped(tmp_path / "my.zip", members))
    said = [(one.kind, one.title, one.at) for one in found if isinstance(one, Heard)]
    assert sorted(said, key=str) == [
        ("dislike", "Back", None),
        ("keep", "Sing", NOON),
        ("like", "Dagger", None),
        ("play", "Alison", NOON),
    ]
    assert sum(isinstance(one, LeftOut) for one in found) == 2


# --- Last.fm and ListenBrainz ---

PAGE = {"recenttracks": {"track": [scrobble("Alison")], "@attr": {"page": "1"}}}
STATS = {"username": "u", "scrobbles": [{"track": "Alison", "artist": "Slowdive", "album": "S", "date": NOON * 1000}]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PAGE, id="a page of the API"),
        pytest.param([PAGE, PAGE], id="pages in an array"),
        pytest.param([scrobble("Alison")], id="an array of tracks"),
        pytest.param([[scrobble("Alison")], [scrobble("Alison")]], id="arrays of tracks"),
        pytest.param(lines(scrobble("Alison"), scrobble("Alison")), id="lines"),
        pytest.param(STATS, id="lastfmstats"),
        pytest.param('Slowdive,Souvlaki,Alison,"01 Jan 2024, 12:00"\n', id="lastfm-to-csv"),
        pytest.param("Slowdive,Souvlaki,Alison,01 Jan 2024 12:00\n", id="lastfm-to-csv of old"),
        pytest.param("2024-01-01,12:00:00,Slowdive,Alison\n", id="lastfm-backup-cli"),
        pytest.param(f"Artist;Album;AlbumId;Track;Date#me\nSlowdive;S;;Alison;{NOON}000\n", id="lastfmstats CSV"),
        pytest.param(
            "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
            f'"{NOON}","01 Jan 2024, 12:00","Slowdive","","Souvlaki","","Alison",""\n',
            id="mainstream.ghan.nl",
        ),
        pytest.param("\ufefftitle,artist,played_at\nAlison,Slowdive,2024-01-01T13:00:00+01:00\n", id="a table"),
        pytest.param([{"title": "Alison", "artist": "Slowdive", "played_at": NOON}], id="a table of JSON"),
        pytest.param(lines(listen("Alison")), id="one listen on one line"),
        pytest.param([listen("Alison"), listen("Alison")], id="an array of listens"),
        pytest.param({"payload": {"count": 1, "listens": [listen("Alison")]}}, id="ListenBrainz' API"),
    ],
)
def test_scrobbles_read_alike_however_they_were_exported(content: Any, tmp_path: Path) -> None:
    found = heard(write(tmp_path / "export.dat", content))
    assert {(one.title, one.artist, one.at, one.kind, one.log) for one in found} == {
        ("Alison", "Slowdive", float(NOON), "play", "scrobbles")
    }


def test_loved_tracks_were_liked_and_what_plays_now_was_not_heard_yet(tmp_path: Path) -> None:
    loved = {"lovedtracks": {"track": [{"artist": {"name": "Slowdive"}, "name": "Alison", "date": {"uts": str(NOON)}}]}}
    assert [(one.kind, one.title, one.artist) for one in heard(write(tmp_path / "l", loved))] == [
        ("like", "Alison", "Slowdive")
    ]
    now = scrobble("Alison") | {"@attr": {"nowplaying": "true"}}
    found = items(write(tmp_path / "n", [now, scrobble("Alison")]))
    assert [type(one) for one in found] == [LeftOut, Heard]


def test_a_listenbrainz_archive_gives_listens_first_and_feedback_by_id_after(tmp_path: Path) -> None:
    members = {
        "feedback.jsonl": lines(
            {"recording_mbid": MBID, "score": 1, "created": NOON, "track_metadata": None},
            {"recording_mbid": MBID, "score": -1, "created": NOON},
            {"recording_mbid": MBID, "score": 0, "created": NOON},
        ),
        "listens/2024/1.jsonl": lines(listen("Alison", recording_mbid=MBID, duration_ms=231_000)),
        "user.json": {"user_id": 1, "username": "u"},
    }
    found = items(zipped(tmp_path / "lb.zip", members))
    first = found[0]
    assert isinstance(first, Heard)
    assert (first.title, first.duration_s, first.ids) == ("Alison", 231.0, {"mbid": MBID})
    rated = [one for one in found if isinstance(one, Heard)][1:]
    assert [(one.kind, one.ids) for one in rated] == [("like", {"mbid": MBID}), ("dislike", {"mbid": MBID})]
    assert isinstance(found[-1], LeftOut)


@pytest.mark.parametrize(("zone", "hour"), [(None, 12), ("Europe/Berlin", 11), ("America/New_York", 17)])
def test_a_time_without_a_zone_is_in_the_one_that_was_given(zone: str | None, hour: int, tmp_path: Path) -> None:
    path = write(tmp_path / "x", "Slowdive,Souvlaki,Alison,01 Jan 2024 12:00\n")
    (one,) = heard(path, zone)
    assert one.at == NOON + (hour - 12) * 3600
    summer = write(tmp_path / "y", "Slowdive,Souvlaki,Alison,01 Jul 2024 12:00\n")
    assert heard(summer, "Europe/Berlin")[0].at == 1719828000  # 10:00 UTC: Berlin is two hours ahead then


def test_a_time_with_a_zone_keeps_it(tmp_path: Path) -> None:
    (one,) = heard(write(tmp_path / "x", [play("Alison")]), "Europe/Berlin")
    assert one.at == NOON


def test_an_unknown_time_zone_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"'Mars/Olympus' is none; name one such as Europe/Berlin"):
        read_history(write(tmp_path / "x", [play("Alison")]), timezone="Mars/Olympus")


# --- tables and playlists ---


def test_a_table_tells_counts_ratings_and_what_was_only_kept(tmp_path: Path) -> None:
    table = "Name,Artist,Plays,Loved\nAlison,Slowdive,12,yes\nSing,Slowdive,0,\nDagger,Slowdive,,1\n"
    found = heard(write(tmp_path / "x", table))
    assert [(one.title, one.kind, one.times) for one in found] == [
        ("Alison", "play", 12),
        ("Alison", "like", 1),
        ("Sing", "keep", 1),
        ("Dagger", "like", 1),
    ]
    exportify = "Track URI,Track Name,Album Name,Artist Name(s),Duration (ms),Added At\n"
    exportify += "spotify:track:4R7ShRyEp7ZrPrAtrhrjyW,Alison,Souvlaki,Slowdive;Guest,231000,2024-01-01T12:00:00Z\n"
    (one,) = heard(write(tmp_path / "y", exportify))
    assert (one.kind, one.at, one.duration_s, one.artist) == ("keep", NOON, 231.0, "Slowdive;Guest")


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXTINF:231,Slowdive - Alison\nmusic/alison.flac\n",
        '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
        "<title>Alison</title><creator>Slowdive</creator></track></trackList></playlist>",
        {"playlist": {"title": "P", "track": [{"title": "Alison", "creator": "Slowdive"}]}},
    ],
    ids=["m3u", "xspf", "jspf"],
)
def test_what_is_on_a_playlist_was_kept(content: Any, tmp_path: Path) -> None:
    (one,) = heard(write(tmp_path / "x", content))
    assert (one.title, one.artist, one.kind, one.at) == ("Alison", "Slowdive", "keep", None)


@pytest.mark.parametrize("name", ["history.mp3", "a.json", "x.zip"])
def test_a_format_is_told_by_what_is_in_a_file_and_not_by_its_name(name: str, tmp_path: Path) -> None:
    assert formats(write(tmp_path / name, [play("Alison")])) == ["Spotify extended streaming history"]


# --- what is broken ---


def test_broken_rows_are_named_and_left_out(tmp_path: Path) -> None:
    rows = [play("One"), 7, play("Two", ms_played="long"), play("Three", ts="yesterday"), play("Four", ts=None)]
    found = items(write(tmp_path / "x.json", [*rows, play("x" * 2000), play("Five")]))
    assert [one.title for one in found if isinstance(one, Heard)] == ["One", "Five"]
    broken = [(one.place, one.why) for one in found if isinstance(one, Broken)]
    assert broken == [
        ("x.json, entry 2", "it is no object with fields"),
        ("x.json, entry 3", "ms_played is no number: 'long'"),
        ("x.json, entry 4", "its time is none: 'yesterday'"),
        ("x.json, entry 5", "it does not say when it was played, or for how long"),
        ("x.json, entry 6", "master_metadata_track_name has more than 1,000 characters"),
    ]


def test_a_line_that_is_broken_does_not_end_a_file_of_lines(tmp_path: Path) -> None:
    found = items(write(tmp_path / "x", lines(listen("One")) + '{"listened_at": \n' + lines(listen("Two"))))
    assert [one.title for one in found if isinstance(one, Heard)] == ["One", "Two"]
    assert [one.place for one in found if isinstance(one, Broken)] == ["x, line 2"]
    table = items(write(tmp_path / "y", "title,artist,played_at\nOne,A,2024-01-01\nTwo\n,A,\nThree,A,1704110400\n"))
    assert [one.title for one in table if isinstance(one, Heard)] == ["One", "Three"]
    assert [(one.place, one.why) for one in table if isinstance(one, Broken)] == [
        ("y, line 3", "it has 1 columns, not 3"),
        ("y, line 4", "it has no title"),
    ]


def test_a_file_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = write(tmp_path / "x", [play("One"), play("Two"), play("Three")]).read_bytes()
    found = items(write(tmp_path / "x", whole[:-40]))
    assert [one.title for one in found if isinstance(one, Heard)] == ["One", "Two"]
    (broken,) = [one for one in found if isinstance(one, Broken)]
    assert broken.place == "x, entry 3"
    assert "what follows in this file was not read" in broken.why


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"hello there", "it is no history that Segue knows"),
        (b'{"username": "u"}', "it is no history that Segue knows"),
        (b"a,b\n1,2\n", "it is no history that Segue knows"),
        (b"\x00\x01\x02\xff", "it is no history that Segue knows"),
        (b"[" * 100_000, "it is no history that Segue knows"),
        (b"PK\x03\x04 and then nothing", "it is a damaged or unusual archive"),
    ],
    ids=["empty", "text", "other JSON", "other table", "bytes", "brackets", "no archive"],
)
def test_what_is_no_history_is_refused_with_one_sentence(content: bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=problem) as error:
        read_history(write(tmp_path / "x", content))
    assert "\n" not in str(error.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="it is a folder"):
        read_history(tmp_path)
    with pytest.raises(HistoryError, match="there is no such file"):
        read_history(tmp_path / "none")


def test_an_entry_without_end_is_refused_and_not_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_ROW_BYTES", 2 << 20)
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write(b'[{"ts": "2024-01-01T12:00:00Z", "ms_played": 1, "master_metadata_track_name": "')
        for _ in range(5):
            file.write(b"a" * (1 << 20))
    with pytest.raises(HistoryError, match="one entry is larger than 2 MB"):
        items(path)


def test_a_long_history_is_read_as_it_is_taken(tmp_path: Path) -> None:
    """The first entries come while most of the file is unread, so memory does not grow with it."""
    path = write(tmp_path / "x", [play(f"Track {number}") for number in range(5_000)])
    told: list[tuple[int, int]] = []
    reading = read_history(path, lambda _stage, done, total: told.append((done, total)))
    for _ in range(100):
        next(reading)
    assert not told or told[-1][0] < path.stat().st_size / 2
    assert sum(1 for _ in reading) == 5_001 - 100
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    assert len(told) > 1


def test_brackets_in_brackets_are_refused_before_a_parser_drowns_in_them(tmp_path: Path) -> None:
    deep = b'[{"ts": 1, "ms_played": 1}, {"ts": 1, "x": ' + b"[" * 100 + b"]" * 100 + b"}]"
    with pytest.raises(HistoryError, match="no history that Segue knows"):
        read_history(write(tmp_path / "x", deep))
    rows = b",".join([json.dumps(play("Alison [live", artist='A "[[" \\')).encode()] * 500)
    with pytest.raises(HistoryError, match="nested too deeply"):
        items(write(tmp_path / "y", b"[" + rows + b"," + deep[1:]))
    assert len(heard(write(tmp_path / "z", b"[" + rows + b"]"))) == 500


_NAMES = st.text('[]{}"\\ab', max_size=4)
_NESTED = st.recursive(_NAMES, lambda one: st.lists(one, max_size=2) | st.dictionaries(_NAMES, one, max_size=2))


@settings(max_examples=60)
@given(_NESTED, st.integers(1, 9))
def test_depth_is_that_of_the_document_however_it_is_cut(document: Any, size: int) -> None:
    def depth(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    written = ("[" * 60 + json.dumps(document) + "]" * 60).encode()
    followed, deep = Depth(), False
    for start in range(0, len(written), size):
        deep |= followed.too_deep(written[start : start + size])
    assert deep == (60 + depth(document) > MAX_DEPTH)
