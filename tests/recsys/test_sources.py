"""Reading catalogue files: headers, units, lists and ids as people have them; what is bad is named, not fatal."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys.catalogue import Catalogue
from recsys.errors import SourceError
from recsys.sources import BadRow, SourceContent, read_source, read_starter, scales, source_fingerprint, values
from recsys.sources.headers import FIELD_OF, squeeze
from recsys.types import Collection, Facet, Track


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str | bytes, name: str = "music.csv", **options: Any) -> SourceContent:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_source(path, **options)

    return read_text


def one(content: SourceContent) -> Track:
    assert len(content.tracks) == 1, content.bad_rows
    return content.tracks[0]


# Headers


@pytest.mark.parametrize(
    "header",
    [
        "title,artist,album,year",
        "Track Name,Artist Name(s),Album Name,Album Release Date",
        "track_titles,track_artists,track_release_titles,date",
        "SONG,Performer,Release,release-date",
        "trackName,artistName,albumName,releaseYear",
    ],
)
def test_headers_are_recognised(read: Any, header: str) -> None:
    track = one(read(f"{header}\nArmy of Me,Björk,Post,1995\n"))
    assert (track.title, track.artists, track.album, track.year) == ("Army of Me", ("Björk",), "Post", 1995)


def test_no_header_means_two_fields() -> None:
    assert all(alias == squeeze(alias) for alias in FIELD_OF)
    assert FIELD_OF["title"] == "title"
    assert FIELD_OF["trackalbumreleasedate"] == "year"


def test_a_better_column_wins_and_a_disc_number_is_no_title(read: Any) -> None:
    content = read("track,title,album_artist,artist,id,track_id\n7,Joga,Various,Björk,1,x1\n8,,Various,Björk,2,x2\n")
    assert (one(content).title, one(content).artist, one(content).track_id) == ("Joga", "Björk", "x1")
    assert content.bad_rows == [BadRow(3, "has no title")]
    assert content.ignored_columns == ("track", "id")


def test_an_empty_column_falls_back_to_the_next(read: Any) -> None:
    track = one(read("title,artist,album_artist,year,release_date\nJoga,,Björk,,1997-09-15\n"))
    assert (track.artists, track.year) == (("Björk",), 1997)


def test_mapping_overrules_recognition(read: Any) -> None:
    text = "title,who,what\nAlbum of It,Björk,Joga\n"
    content = read(text, mapping={"title": "what", "artists": "who", "album": "title"})
    assert (one(content).title, one(content).artist, one(content).album) == ("Joga", "Björk", "Album of It")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, r"no artist column among 'title', 'who'; name it with `--map artist=COLUMN`"),
        ({"artist": "whom"}, r"'whom', which it does not have; it has 'title', 'who'"),
        ({"artistry": "who"}, r"unknown field 'artistry'; use one of .*artist"),
        ({"artist": "title"}, r"no title column"),
    ],
)
def test_a_table_without_title_or_artist_says_what_to_do(read: Any, mapping: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read("title,who\na,b\n", mapping=mapping)


def test_unknown_columns_are_reported(read: Any) -> None:
    content = read("title,artist,shoe size\na,b,43\n")
    assert content.ignored_columns == ("shoe size",)
    assert content.columns == {"title": ("title",), "artist": ("artist",)}


# Values


def test_titles_that_look_like_something_else_are_text(read: Any) -> None:
    titles = ["1979", "nan", "null", "NA", "None", "7.0", "true", "-", "1e5", "(), []", "[Mono]", "???"]
    content = read("title;artist\n" + "".join(f"{title};Somebody\n" for title in titles))
    assert [track.title for track in content.tracks] == titles
    assert content.bad_rows == []


def test_json_titles_that_are_no_strings_are_text(read: Any) -> None:
    rows = [{"title": title, "artist": 311} for title in (1979, 7.0, True, "null")]
    content = read("\n".join(map(json.dumps, rows)), "x.jsonl")
    assert [track.title for track in content.tracks] == ["1979", "7", "True", "null"]
    assert content.tracks[0].artists == ("311",)


@pytest.mark.parametrize(
    ("written", "artists"),
    [
        ("Tyler, The Creator", ("Tyler, The Creator",)),
        ("Simon & Garfunkel", ("Simon & Garfunkel",)),
        ("AC/DC", ("AC/DC",)),
        ("Björk; Thom Yorke ;", ("Björk", "Thom Yorke")),
        ("Drake feat. Rihanna", ("Drake", "Rihanna")),
        ("Drake (ft. Rihanna)", ("Drake", "Rihanna")),
        ("Drake [Featuring Rihanna & Co.]", ("Drake", "Rihanna & Co.")),
        ("Sunn O)))", ("Sunn O)))",)),
        ("Little Feat", ("Little Feat",)),
        ("Defeater", ("Defeater",)),
        ("['Uli', \"Guns N' Roses\"]", ("Uli", "Guns N' Roses")),
        ('["A; B", "C feat. D"]', ("A; B", "C feat. D")),
        ("[dunkelbunt]", ("[dunkelbunt]",)),
        (["Yung Roe", "", "A, B"], ("Yung Roe", "A, B")),
        ([{"name": "Nena", "id": 3}], ("Nena",)),
        ("A;A", ("A",)),
        (None, ()),
    ],
)
def test_several_artists_are_split_only_where_safe(written: Any, artists: tuple[str, ...]) -> None:
    assert values.artists(written) == artists


@pytest.mark.parametrize(
    ("key", "mode", "name"),
    [
        ("1", "0", "C# minor"),
        ("0", "1", "C major"),
        (11, None, "B"),
        ("-1", "1", None),
        ("12", "1", None),
        ("Am", None, "A minor"),
        ("F#m", None, "F# minor"),
        ("Bb", "major", "A# major"),
        ("D♭ major", None, "C# major"),
        ("a minor", None, "A minor"),
        ("C sharp minor", None, "C# minor"),
        ("8A", None, "A minor"),
        ("8B", None, "C major"),
        ("1A", None, "G# minor"),
        ("12B", None, "E major"),
        ("Hmm", None, None),
        ("", None, None),
    ],
)
def test_musical_keys(key: Any, mode: Any, name: str | None) -> None:
    assert values.musical_key(key, mode) == name


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("2019-06-14", 2019),
        ("1971", 1971),
        (1971.0, 1971),
        ("14/06/2019", 2019),
        ("June 1685", 1685),
        ("71", None),
        ("NA", None),
        ("0000-00-00", None),
        ("19711", None),
        (None, None),
    ],
)
def test_years(written: Any, year: int | None) -> None:
    assert values.year(written) == year


@pytest.mark.parametrize(
    ("header", "cells", "seconds"),
    [
        ("duration_ms", ["194754"], [194.754]),
        ("Track Duration (ms)", ["60000"], [60.0]),
        ("duration_s", ["200", "3:20", "0", "-5", "NA", "1e9"], [200.0, 200.0, None, None, None, None]),
        ("length", ["3:45", "1:02:03", "soon"], [225.0, 3723.0, None]),
        ("duration", ["200", "180"], [200.0, 180.0]),
        ("duration", ["200000", "180500"], [200.0, 180.5]),
        ("duration", ["3.5", "4,5"], [210.0, 270.0]),
    ],
)
def test_lengths_in_every_unit(read: Any, header: str, cells: list[str], seconds: list[float | None]) -> None:
    rows = "".join(f"t{number};x;{cell}\n" for number, cell in enumerate(cells))
    assert [track.duration_s for track in read(f"title;artist;{header}\n{rows}").tracks] == seconds


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0.1, 1.0], [0.1, 1.0]),
        ([1, 3, 5], [0.1, 0.5, 0.9]),
        ([0, 50, 100], [0.0, 0.5, 1.0]),
        ([2, 10], [0.2, 1.0]),
        ([0, 999], [0.0, 1.0]),
        ([-1, 50], [None, 0.5]),
        ([0], [0.0]),
    ],
)
def test_the_scale_of_popularity_is_its_columns(numbers: list[float], expected: list[float | None]) -> None:
    settled = scales.popularity(np.array(numbers, np.float64)).tolist()
    assert [None if value != value else round(value, 6) for value in settled] == expected


def test_one_wrong_value_does_not_change_the_scale_of_a_feature() -> None:
    settled = scales.feature(np.array([0.5] * 200 + [120.0, -3.0]))
    assert settled[:200].tolist() == [0.5] * 200
    assert np.isnan(settled[200:]).all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@example([86_400.0])  # two ways of taking one logarithm differ in the last digit
def test_settled_numbers_are_in_the_unit_interval_or_unknown(numbers: list[float]) -> None:
    for settle in (scales.feature, scales.popularity):
        settled = settle(np.array(numbers))
        assert settled.shape == (len(numbers),)
        assert ((settled >= 0) & (settled <= 1) | np.isnan(settled)).all()


def test_words_become_vocabulary_and_the_rest_tags(read: Any) -> None:
    text = (
        "title;artist;genre;subgenre;mood;activity;instruments;tags;vocals;language;country\n"
        'a;x;"R&B/Soul, Wombat Core";indie poptimism;chilled|odd;gym;fiddle;"hip hop,my best";'
        "female singer;de;USA\n"
    )
    track = one(read(text))
    assert track.genres == ("r&b", "soul", "indie pop", "hip-hop")
    assert track.moods == ("calm",)
    assert track.activities == ("workout",)
    assert track.instruments == ("violin",)
    assert track.tags == ("Wombat Core", "odd", "indie poptimism", "hip hop", "my best")
    assert (track.vocal, track.language, track.country) == ("female", "german", "united states")


def test_ids_and_addresses(read: Any) -> None:
    spotify, other, youtube = "6f807x0ima9a1j3VPbc7VN", "0r7CVbZTWZgbTCYdfa2P31", "J7VZELg8IV4"
    content = read(
        "title,artist,uri,youtube url,isrc,mbid,link\n"
        f"a,x,spotify:track:{spotify},https://youtu.be/{youtube}?t=3,us-rc1-76-07839,,\n"
        "b,x,,,bad,B1A9C0E9-D987-4042-AE91-78D6A3267D69,https://example.org/b\n"
        f"c,x,,,,,https://open.spotify.com/intl-de/track/{other}?si=1\n"
        f"d,x,,,,,https://www.youtube.com/watch?list=x&v={youtube}\n"
        "e,x,,,,,javascript:alert(1)\n"
    )
    assert [track.ids for track in content.tracks] == [
        {"spotify": spotify, "youtube": youtube, "isrc": "USRC17607839"},
        {"mbid": "b1a9c0e9-d987-4042-ae91-78d6a3267d69", "url": "https://example.org/b"},
        {"spotify": other},
        {"youtube": youtube},
        {},
    ]
    assert [track.track_id for track in content.tracks][::2][:2] == [spotify, other]


def test_a_long_id_is_spotifys_only_in_a_spotify_looking_table(read: Any) -> None:
    row = "6f807x0ima9a1j3VPbc7VN,a,x,0.5\n"
    assert one(read(f"id,title,artist,danceability\n{row}")).ids == {"spotify": "6f807x0ima9a1j3VPbc7VN"}
    assert one(read(f"id,title,artist,energy\n{row}")).ids == {}


def test_paths_of_audio_files(read: Any, tmp_path: Path) -> None:
    text = (
        "title,artist,location\n"
        "a,x,file:///music/a%20b.mp3\nb,x,sub/b.FLAC\nc,x,C:\\music\\c.ogg\nd,x,London\ne,x,/abs/e.opus\n"
    )
    assert [track.path for track in read(text).tracks] == [
        "/music/a b.mp3",
        str(tmp_path / "sub" / "b.FLAC"),
        "C:\\music\\c.ogg",
        None,
        "/abs/e.opus",
    ]


# Rows that belong together


def test_rows_of_one_track_fold_together_and_playlists_are_kept_by_id(read: Any) -> None:
    content = read(
        "track_id,title,artist,year,subgenre,playlist_name,playlist_id\n"
        "t1,A,X,,rock,Best,p1\nt2,B,X,1999,,Best,p2\nt1,A,X,1990,pop,Rest,p3\nt1,A,X,,,Best,p1\n"
    )
    assert [(track.track_id, track.year) for track in content.tracks] == [("t1", 1990), ("t2", 1999)]
    assert content.tracks[0].tags == ("rock", "Best", "pop", "Rest")
    assert content.collections == [
        Collection("p1", "Best", ("t1",)),
        Collection("p2", "Best", ("t2",)),
        Collection("p3", "Rest", ("t1",)),
    ]
    assert content.n_rows == 4


def test_an_id_used_for_two_tracks_is_reported(read: Any) -> None:
    content = read("id,title,artist\n1,A,X\n1,a (live),x\n1,Other,Someone\n")
    assert one(content).title == "A"
    assert content.bad_rows == [BadRow(4, "the id '1' is 'A' by X on line 2")]


def test_rows_without_an_id_get_one_that_lasts(read: Any) -> None:
    first = one(read("title,artist,album,year\nJóga,Björk,Homogenic,1997\n"))
    again = read("ALBUM;TITLE;ARTIST\nhomogenic;JOGA;bjork\nHomogenic;Jóga;Björk\nPost;Jóga;Björk\n")
    assert [track.track_id for track in again.tracks].count(first.track_id) == 1
    assert len(again.tracks) == 2


# Files as they come


def test_bad_rows_are_listed_with_line_and_reason(read: Any) -> None:
    content = read(
        "title,artist,album\n"
        "Good,X,\n"
        ",X,\n"
        "No artist,,Album\n"
        "NA,NA,NA\n"
        "One, two,X,Y,Z\n"
        "\n"
        '"Two\nlines",X,\n'
        "Short,X\n"
        "Long,X,a,,,\n"
        f"{'x' * 1001},X,\n"
    )
    assert [track.title for track in content.tracks] == ["Good", "Two lines", "Short", "Long"]
    assert content.bad_rows == [
        BadRow(3, "has no title"),
        BadRow(4, "has no artist"),
        BadRow(5, "title, artist and album are all 'NA'"),
        BadRow(6, "has 5 fields but the header has 3: a value with the delimiter needs quotes"),
        BadRow(12, "has a title or artist of more than 1,000 characters"),
    ]
    assert content.n_rows == 9


@pytest.mark.parametrize("where", ["first", "last"])
def test_a_quote_that_is_never_closed_costs_one_row(read: Any, where: str) -> None:
    rows = [f'"t{number}",x,note "{number}"\n' for number in range(500)]
    rows[250] = '"t250,x,y\n' if where == "first" else 't250,x,"y\n'
    content = read("title,artist,comment\n" + "".join(rows))
    assert len(content.tracks) == 499
    assert [bad.line for bad in content.bad_rows] == [252]


def test_quotes_inside_a_quoted_value_are_forgiven(read: Any) -> None:
    content = read('title,artist\n"The "12" Mix",X\nPlain 7" Edit,X\n"Proper ""7"" Edit",X\n')
    assert len(content.tracks) == 3
    assert content.tracks[2].title == 'Proper "7" Edit'
    assert content.bad_rows == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_newline_and_delimiter(read: Any, newline: str, delimiter: str) -> None:
    lines = [delimiter.join(cells) for cells in (("title", "artist", "year"), ("A", "X", "1990"), ("B", "Y", ""))]
    content = read(newline.join(lines))
    assert [(t.title, t.artist, t.year) for t in content.tracks] == [("A", "X", 1990), ("B", "Y", None)]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("latin-1"),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.encode().replace(b"J", b"\0J"),
    ],
    ids=["utf-8", "bom", "latin-1", "utf-16", "gzip", "nul"],
)
def test_any_encoding(read: Any, encode: Any) -> None:
    track = one(read(encode("title,artist,album\nJóga,Björk,Homogenic – no\n".replace("–", "-"))))
    assert (track.title, track.artist) == ("Jóga", "Björk")


def test_windows_quotes_among_utf_8(read: Any) -> None:
    content = read(b"title,artist\nDon\x92t,X\n" + "Señorita,X\n".encode())
    assert [track.title for track in content.tracks] == ["Don’t", "Señorita"]


def test_bad_json_lines_are_bad_rows(read: Any) -> None:
    content = read(
        '{"title": "A", "artist": "X"}\n{"title": \n[1]\n\n{"title": "B\\ud800", "artist": "X"}\n', "x.jsonl"
    )
    assert [track.title for track in content.tracks] == ["A", "B"]
    assert [bad.line for bad in content.bad_rows] == [2, 3]


def test_a_json_key_that_comes_late_is_seen(read: Any) -> None:
    content = read('{"title": "A", "artist": "X"}\n{"title": "B", "artist": "X", "year": 1999}\n', "x.jsonl")
    assert [track.year for track in content.tracks] == [None, 1999]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "x.csv", "it is empty"),
        (b" \n\n", "x.csv", "it is empty"),
        (b"title,artist\n", "x.csv", "none of its 0 rows"),
        (b"title,artist\n,\n,x\n", "x.csv", "none of its 1 rows is a track; the first: line 3 has no title"),
        (b"{}\n{}\n", "x.jsonl", "no title column among no columns"),
        (b"[1, 2", "x.json", "is not JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "x.csv", "not a text table"),
        (bytes(2_000), "x.csv", "not a text table"),
        (random.Random(0).randbytes(5_000), "x.csv", "not a text table"),
        (random.Random(0).randbytes(5_000), "x.jsonl", "not a text table"),
        (b"PAR1" + bytes(100), "x.parquet", "cannot read"),
        (b"PAR1" + random.Random(0).randbytes(500) + b"PAR1", "x.parquet", "cannot read"),
        (gzip.compress(b"title,artist\n" + b"a,b\n" * 9_000, mtime=0)[:-20], "x.csv.gz", "end-of-stream"),
        (b"\x1f\x8b" + bytes(50), "x.csv.gz", "cannot read"),
        (b"", "x.csv.gz", "it is empty"),
        (gzip.compress(b"", mtime=0), "x.csv.gz", "it is empty"),
    ],
)
def test_an_unreadable_file_is_one_clear_error(read: Any, content: bytes, name: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(content, name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_folders_and_missing_files_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="it is a folder without audio files"):
        read_source(tmp_path)
    with pytest.raises(SourceError, match="there is no such file"):
        read_source(tmp_path / "nowhere.csv")


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_source_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.csv"
    path.write_bytes(b"title,artist\n" + data)
    try:
        content = read_source(path)
    except SourceError:
        return
    assert len({track.track_id for track in content.tracks}) == len(content.tracks)


def test_the_fingerprint_follows_content_and_mapping(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,artist\na,b\n")
    first = source_fingerprint(path)
    assert read_source(path).fingerprint == first
    assert source_fingerprint(path, {"title": "artist"}) != first
    os.utime(path, (1, 1))
    assert source_fingerprint(path) == first
    path.write_text("title,artist\na,c\n")
    assert source_fingerprint(path) != first


def test_progress_ends_at_the_end(read: Any) -> None:
    seen: list[tuple[str, int, int]] = []
    read("title,artist\n" + "a,b\n" * 5_000, progress=lambda *call: seen.append(call))
    assert len(seen) > 3
    assert seen[-1] == ("reading", 20_013, 20_013)
    assert [call[1] for call in seen] == sorted(call[1] for call in seen)


# Real data


def test_the_spotify_songs_index_as_they_are(eval_data: Path) -> None:
    content = read_source(eval_data / "spotify-songs" / "spotify_songs.csv.gz")
    assert (content.kind, content.n_rows, len(content.tracks)) == ("csv", 32_833, 28_352)
    assert [bad.line for bad in content.bad_rows] == [8153, 9284, 9285, 19570, 19813]
    assert {bad.reason for bad in content.bad_rows} == {"title, artist and album are all 'NA'"}
    assert len(content.collections) == 471
    assert len({one.name for one in content.collections}) == 449
    track = next(track for track in content.tracks if track.track_id == "6f807x0ima9a1j3VPbc7VN")
    assert track == Track(
        "6f807x0ima9a1j3VPbc7VN",
        "I Don't Care (with Justin Bieber) - Loud Luxury Remix",
        ("Ed Sheeran",),
        album="I Don't Care (with Justin Bieber) [Loud Luxury Remix]",
        year=2019,
        duration_s=194.754,
        genres=track.genres,
        tags=("dance pop", "Pop Remix", "pop edm", "Pop EDM Remixes"),
        energy=0.916,
        valence=0.518,
        danceability=0.748,
        acousticness=0.102,
        instrumentalness=0.0,
        tempo_bpm=122.036,
        key="F# major",
        loudness_db=-2.634,
        popularity=0.66,
        ids={"spotify": "6f807x0ima9a1j3VPbc7VN"},
    )
    assert {"pop", "dance pop"} <= set(track.genres)
    assert all(track.year and track.duration_s and track.ids for track in content.tracks)
    catalogue = Catalogue.from_tracks(content.tracks, content.collections)
    assert len(catalogue.values(Facet.GENRE)) >= 20
    assert all(len(catalogue.postings(Facet.GENRE, genre)) for genre in catalogue.values(Facet.GENRE))


def test_the_cpcd_tracks_index_as_they_are(eval_data: Path) -> None:
    content = read_source(eval_data / "cpcd" / "tracks.jsonl")
    assert (content.kind, len(content.tracks), content.bad_rows) == ("cpcd", 15_418, [])
    track = next(track for track in content.tracks if track.track_id == "fQ_h7ShQUhc")
    assert track.artists == ("Museekal", "Drake", "21 Savage", "Project Pat")
    assert track.ids["youtube"] == "fQ_h7ShQUhc"
    work = Catalogue.from_tracks(content.tracks).work
    assert 14_000 < len(set(work.tolist())) < 14_985, "fewer works than clusters: titles join more"
    assert max(Counter(work.tolist()).values()) < 10


def test_the_starter_is_read_whole_with_ids_that_last() -> None:
    content = read_starter()
    assert content.kind == "starter"
    assert (content.bad_rows, content.ignored_columns) == ([], ())
    assert content.n_rows == len(content.tracks) == len({track.track_id for track in content.tracks})
    assert all(track.track_id.startswith("starter:") for track in content.tracks)
    assert {track.energy for track in content.tracks} <= {None, 0.1, 0.3, 0.5, 0.7, 0.9}
    assert {track.popularity for track in content.tracks} <= {None, 0.1, 0.3, 0.5, 0.7, 0.9}
    assert {track.track_id for track in read_starter().tracks} == {track.track_id for track in content.tracks}
