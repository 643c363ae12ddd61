"""XSPF, JSPF, M3U8 and text hold what the slate holds, for programs that know nothing of Segue; and read back here."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import m3u8
import pytest
import xspf_lib
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.playlists import FORMATS, free_file, safe_file_name, write_playlist
from connectors.playlists.errors import UnreadablePlaylistError
from connectors.playlists.reading import parse_playlist, read_playlist
from tests.connectors.jspf_schema import JSPF_SCHEMA
from tests.connectors.replies import NASTY_NAMES, reply, track

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
IDS = {"isrc": "GBBRB9300023", "mbid": MBID, "spotify": "4uLU6hMCjMI75M1A2tKUQC"}
FULL = reply(
    track(
        1,
        "Alison & <b>friends</b>",
        ids=IDS,
        path="/music/Slow dive/Alison 100%.flac",
        link="file:///music/Slow%20dive/Alison%20100%25.flac",
    ),
    track(2, "Dagger", duration_estimated=True, album=None, year=None, reason="Quiet & “slow”."),
)
any_text = st.text(max_size=40) | st.sampled_from(NASTY_NAMES)


def visible(text: str) -> list[str]:
    """The words that a format can hold of a text: without what XML, and one line, have no room for."""
    spaced = "".join(" " if ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F else c for c in text)
    return "".join(c if c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else "\ufffd" for c in spaced).split()


def test_another_programs_xspf_parser_reads_all_of_it(tmp_path: Path) -> None:
    write_playlist(FULL, tmp_path / "list.xspf")
    read = xspf_lib.Playlist.parse(str(tmp_path / "list.xspf"))
    assert (read.title, read.creator, read.annotation) == (FULL.query, "Segue", FULL.text)
    first, second = read.trackList
    assert first.location == ["file:///music/Slow dive/Alison 100%.flac"]  # that parser decodes addresses
    assert first.identifier == [
        "urn:x-segue:track:id-1",
        "urn:isrc:GBBRB9300023",
        f"https://musicbrainz.org/recording/{MBID}",
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    ]
    assert (first.title, first.creator, first.album) == ("Alison & <b>friends</b>", "Slowdive", "Souvlaki")
    assert (first.annotation, first.duration, first.info) == (FULL.tracks[0].reason, 231_400, None)
    assert (second.annotation, second.duration, second.album) == ("Quiet & “slow”.", None, None)
    assert second.info == "https://www.youtube.com/results?search_query=track+2"
    assert first.extension[0].application == "urn:x-segue:playlist:1"
    element = first.extension[0].content[0]
    assert (element.tag, element.get("position"), element.get("id"), element.get("year")) == (
        "{urn:x-segue:playlist:1}track",
        "1",
        "id-1",
        "1993",
    )


@given(title=any_text, artist=any_text, reason=any_text, query=any_text, track_id=st.text(max_size=20))
@hypothesis_settings(max_examples=30)
def test_any_name_makes_well_formed_xspf_and_valid_jspf(
    title: str, artist: str, reason: str, query: str, track_id: str
) -> None:
    slate = reply(track(1, title, artist=artist, reason=reason, track_id=track_id), track(2, "after"), query=query)
    xml = FORMATS[".xspf"](slate).encode("utf-8")
    root = ElementTree.fromstring(xml)
    space = "{http://xspf.org/ns/0/}"
    tracks = root.findall(f"{space}trackList/{space}track")
    assert len(tracks) == 2
    for name, said in (("title", title), ("creator", artist), ("annotation", reason)):
        assert (tracks[0].findtext(f"{space}{name}") or "").split() == visible(said)
    document = json.loads(FORMATS[".jspf"](slate).encode("utf-8", errors="replace"))
    jsonschema.validate(document, JSPF_SCHEMA)
    assert len(document["playlist"]["track"]) == 2


def test_jspf_says_why_each_track_is_there_and_by_what_ids_it_is_known() -> None:
    first, second = json.loads(FORMATS[".jspf"](FULL))["playlist"]["track"]
    assert first["annotation"] == FULL.tracks[0].reason
    assert first["identifier"][1:3] == ["urn:isrc:GBBRB9300023", f"https://musicbrainz.org/recording/{MBID}"]
    assert first["duration"] == 231_400
    assert "duration" not in second
    assert second["info"].startswith("https://www.youtube.com/results")


def test_a_broken_jspf_is_told_from_a_valid_one() -> None:
    document = json.loads(FORMATS[".jspf"](FULL))
    document["playlist"]["track"][0]["duration"] = 231.4
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, JSPF_SCHEMA)


def test_another_programs_m3u8_parser_finds_names_lengths_and_files() -> None:
    slate = reply(*(track(n, f"Track, {n}", path=f"/music/b “{n}”.flac") for n in (1, 2)))
    segments = m3u8.loads(FORMATS[".m3u8"](slate)).segments
    assert [(s.duration, s.title, s.uri) for s in segments] == [
        (231.0, f"Slowdive - Track, {n}", f"/music/b “{n}”.flac") for n in (1, 2)
    ]


def test_text_is_a_list_to_read_with_an_address_for_each_track() -> None:
    assert FORMATS[".txt"](FULL) == (
        "# something mellow\n"
        "\n"
        "1. Slowdive – Alison & <b>friends</b> (3:51)\n"
        "   file:///music/Slow%20dive/Alison%20100%25.flac\n"
        "2. Slowdive – Dagger\n"
        "   https://www.youtube.com/results?search_query=track+2\n"
    )


@pytest.mark.parametrize("extension", FORMATS)
def test_what_is_written_reads_back(tmp_path: Path, extension: str) -> None:
    slate = reply(
        track(1, "Yamore (feat. X)", artist="Salif Keita", ids=IDS),
        track(2, "夜に駆ける", artist="YOASOBI"),
        track(3, "=1+1", artist="'Quoted'"),
        track(4, "ليلة حب", artist="أم كلثوم", duration_estimated=True),
        track(5, "1979", artist="The Smashing Pumpkins", path="/m/1979.flac", link="file:///m/1979.flac"),
        query='quiet – and "slow": it\'s / mine',
    )
    write_playlist(slate, tmp_path / f"list{extension}")
    read = read_playlist(tmp_path / f"list{extension}")
    assert read.name == ("list" if extension == ".csv" else slate.query)
    assert [(entry.artist, entry.title) for entry in read.entries] == [(t.artist, t.title) for t in slate.tracks]
    tolerance = 0.6 if extension in (".m3u", ".m3u8", ".txt") else 0.001
    for entry, written in zip(read.entries, slate.tracks, strict=True):
        if written.duration_estimated:
            assert entry.duration_s is None
        else:
            assert entry.duration_s == pytest.approx(written.duration_s, abs=tolerance)
    if extension in (".xspf", ".jspf"):
        assert read.entries[0].ids == {**IDS, "segue": "id-1"}
    if extension in (".csv", ".json"):
        assert [entry.ids["segue"] for entry in read.entries] == [t.track_id for t in slate.tracks]
    if extension in (".m3u", ".m3u8", ".xspf", ".jspf"):
        assert read.entries[4].path in ("/m/1979.flac", "file:///m/1979.flac")


PASTED = """\
Saturday drive:

1. Slowdive – Alison (3:51)
02) Ride - Vapour Trail
• "Soon" by My Bloody Valentine
- Lush, “Sweetness and Light” (1990)
99 Luftballons – Nena
1979 - The Smashing Pumpkins\t4:25
https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=abc
"""


def test_a_pasted_list_is_read_as_people_write_it() -> None:
    read = parse_playlist(PASTED)
    assert read.name == "Saturday drive"
    assert [(entry.artist, entry.title, entry.duration_s, entry.either) for entry in read.entries] == [
        ("Slowdive", "Alison", 231.0, True),
        ("Ride", "Vapour Trail", None, True),
        ("My Bloody Valentine", "Soon", None, False),
        ("Lush", "Sweetness and Light", None, False),
        ("99 Luftballons", "Nena", None, True),
        ("1979", "The Smashing Pumpkins", 265.0, True),
    ]
    assert read.entries[-1].ids == {"spotify": "4uLU6hMCjMI75M1A2tKUQC"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 Nena - 99 Luftballons\n2 Blur - Song 2\n3 Coldplay - Yellow", ["Nena", "Blur", "Coldplay"]),
        ("7 rings – Ariana Grande\n24K Magic – Bruno Mars", ["7 rings", "24K Magic"]),
        ("Song 2 by Blur\nStand by Me by Ben E. King", ["Blur", "Ben E. King"]),
        ("Stand by Me", [""]),
        ("Artist\tTitle\nNena\t99 Luftballons", ["Nena"]),
        ("Track Name,Artist Name(s),Track URI\nNena,99,spotify:track:4uLU6hMCjMI75M1A2tKUQC", ["99"]),
        ("title;artist\nAlison;Slowdive", ["Slowdive"]),
        ('[{"title": "Alison", "artist": "Slowdive"}]', ["Slowdive"]),
        ('#EXTM3U\n#EXTINF:12 tvg-id="a, b",Slowdive - Alison\nx.mp3', ["Slowdive"]),
        ("#EXTM3U\r\nMusic\\07 - Slowdive - Alison.mp3\r\n", ["Slowdive"]),
    ],
)
def test_the_artist_is_found_in_every_form_of_a_line(text: str, expected: list[str]) -> None:
    assert [entry.artist for entry in parse_playlist(text).entries] == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no track"),
        ("\n\n", "names no track"),
        ("{}", "no list of tracks"),
        ('{"playlist"', "not JSON"),
        ("<html></html>", "begins with <html>"),
        ("<playlist><title>x</playlist>", "no XML"),
        (
            '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><playlist><title>&a;</title></playlist>',
            "document type",
        ),
        ('<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><playlist/>', "document type"),
        ("<playlist>" + "<a>" * 1_000, "nested more than 32 deep"),
        ('{"playlist":' + "[" * 100_000, "JSON|deep"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_what_is_no_playlist_is_refused_in_one_sentence(text: str, problem: str) -> None:
    with pytest.raises(
        UnreadablePlaylistError, match=rf"cannot read the playlist that was pasted: .*(?:{problem}).*; "
    ):
        parse_playlist(text)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UnreadablePlaylistError):
        assert parse_playlist(text).entries


def test_files_are_read_in_the_encodings_that_players_write(tmp_path: Path) -> None:
    text = "#EXTM3U\n#EXTINF:10,Björk - Jóga\nJóga.mp3\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        path = tmp_path / f"{encoding}.m3u"
        path.write_bytes(text.encode(encoding))
        (entry,) = read_playlist(path).entries
        assert (entry.artist, entry.title, entry.path) == ("Björk", "Jóga", "Jóga.mp3")
    (tmp_path / "sound.mp3").write_bytes(b"ID3\x04\x00\x00\xff\xfb\x90\x00")
    with pytest.raises(ValueError, match=r"sound\.mp3: it is no text; give an M3U"):
        read_playlist(tmp_path / "sound.mp3")
    with pytest.raises(ValueError, match="No such file"):
        read_playlist(tmp_path / "missing.m3u")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('AC/DC: "best" of?', "AC-DC- -best- of"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x", "C-Windows-x"),
        ("..", "playlist"),
        (".hidden", "hidden"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("Console", "Console"),
        ("ליל\u202eה", "לילה"),
        ("👩\u200d🎤 mix ❤️", "👩\u200d🎤 mix ❤"),
        ("a\x00b\nc", "a b c"),
        ("trailing. . ", "trailing"),
        ("", "playlist"),
        ("///", "playlist"),
        ("e\u0301té", "été"),
    ],
)
def test_a_files_name_is_never_a_path(name: str, expected: str) -> None:
    assert safe_file_name(name) == expected


@given(any_text)
def test_a_file_stays_in_its_folder_whatever_it_is_called(name: str) -> None:
    folder = Path("/somewhere/chosen")
    path = free_file(folder, name, ".m3u8")
    assert path.parent == folder
    assert path.name == Path(path.name).name
    assert len(path.name.encode()) <= 200
    assert path.suffix == ".m3u8"


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    for expected in ("my list.csv", "my list-2.csv", "my list-3.csv"):
        path = free_file(tmp_path, "my list", ".csv")
        assert path.name == expected
        write_playlist(FULL, path)
