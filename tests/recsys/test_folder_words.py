"""What names, genre fields and tags of a music folder say, in the ways in which people write them."""

from __future__ import annotations

import pytest

from recsys.sources.folder.facts import track_of
from recsys.sources.folder.formats import Contents
from recsys.sources.folder.formats.fields import field_of
from recsys.sources.folder.formats.texts import decode, relabelled
from recsys.sources.folder.genres import ID3V1, read_genres
from recsys.sources.folder.lyrics import clean
from recsys.sources.folder.names import Named, read_names
from recsys.types import Track


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Artist/2003 - Album/03 - Title.mp3", Named("Title", "Artist", "Album", 2003, 3)),
        ("Artist - Title.mp3", Named("Title", "Artist")),
        ("Artist - Album (2003)/1-03 Title.mp3", Named("Title", "Artist", "Album", 2003, 3, 1)),
        ("Music/Artist - Album - 03 - Title.mp3", Named("Title", "Artist", "Album", number=3)),
        ("01-the_artist-the_title.mp3", Named("the title", "the artist", number=1)),
        (
            "Beatles, The/[1969] Abbey Road [FLAC]/CD1/07. Here Comes the Sun.flac",
            Named("Here Comes the Sun", "The Beatles", "Abbey Road", 1969, 7, 1),
        ),
        (
            "Various Artists/Hits (1999)/04 - Queen - Bohemian Rhapsody.mp3",
            Named("Bohemian Rhapsody", "Queen", "Hits", 1999, 4, various=True),
        ),
        (
            "VA - Summer Hits 2001/104 - Cher - Believe.mp3",
            Named("Believe", "Cher", "Summer Hits 2001", number=4, disc=1, various=True),
        ),
        ("Artist/Album/99 Luftballons.mp3", Named("99 Luftballons", "Artist", "Album")),
        ("Artist/Album/Title - Live.mp3", Named("Title - Live", "Artist", "Album")),
        ("Artist - Title - Live.mp3", Named("Title - Live", "Artist")),
        ("Artist/Title.mp3", Named("Title", "Artist")),
        ("Title.mp3", Named("Title")),
        ("Prince/1999/01 - 1999.mp3", Named("1999", "Prince", "1999", number=1)),
        ("Rock/Queen/News/11 - Rhapsody.mp3", Named("Rhapsody", "Queen", "News", number=11)),
        ("AC_DC/Black/AC_DC - 01 - Bells.mp3", Named("Bells", "AC_DC", "Black", number=1)),
        ("Artist - 2003 - Album/03 Title.mp3", Named("Title", "Artist", "Album", 2003, 3)),
        ("Downloads/Artist - Title.mp3", Named("Title", "Artist")),
        (" - .mp3", Named("-")),
    ],
)
def test_paths_are_read_as_people_mean_them(path: str, expected: Named) -> None:
    assert read_names(path.split("/")) == expected


def test_a_number_before_a_name_counts_where_its_neighbours_have_one() -> None:
    assert read_names(["A", "B", "11 Foo.mp3"], numbered=True) == Named("Foo", "A", "B", number=11)
    assert read_names(["A", "B", "11 Foo.mp3"]) == Named("11 Foo", "A", "B")


@pytest.mark.parametrize(
    ("written", "genres", "tags"),
    [
        ("(17)", ["rock"], []),
        ("17", ["rock"], []),
        ("(17)(9)Loud", ["rock", "metal"], ["Loud"]),
        ("(4)Eurodisco", ["disco"], ["Eurodisco"]),
        ("(RX)", [], ["Remix"]),
        ("255", [], []),
        ("Rock/Pop", ["rock", "pop"], []),
        ("hip hop, rap", ["hip-hop"], []),
        ("Alt. Rock", ["alternative"], []),
        ("R&B/Soul", ["r&b", "soul"], []),
        ("Hip-Hop/Rap", ["hip-hop"], []),
        ("Folk, World, & Country", ["folk", "world", "country"], []),
        ("Electronic; House > Deep House", ["electronic", "house", "deep house"], []),
        ("80s Pop", ["pop"], ["80s"]),
        ("Other", [], []),
        ("Drum & Bass", ["drum and bass"], []),
        ("Drum'n'Bass", ["drum and bass"], []),
        ("Singer/Songwriter", ["singer-songwriter"], []),
        ("Classical: Baroque", ["classical", "baroque"], []),
        ("Stage & Screen", ["musical", "soundtrack"], []),
        ("Nu Disco\\House", ["disco", "house"], []),
        ("Swedish Shoegaze", ["shoegaze"], ["Swedish Shoegaze"]),
        ("Zeuhl", [], ["Zeuhl"]),
        ("", [], []),
        ("/;,", [], []),
    ],
)
def test_genre_fields_are_mapped_and_other_words_are_kept(written: str, genres: list[str], tags: list[str]) -> None:
    words = read_genres([written])
    assert (words.genres, words.tags) == (genres, tags)


def test_most_of_the_numbered_genres_are_in_the_vocabulary() -> None:
    assert sum(bool(read_genres([f"({number})"]).genres) for number in range(len(ID3V1))) >= 145


def test_a_hostile_genre_field_is_cut() -> None:
    assert len(read_genres([f"word{number};" * 50 for number in range(50)]).tags) <= 40


def test_words_that_are_no_genre_fill_what_they_are() -> None:
    words = read_genres(["Piano", "Instrumental", "Mellow"])
    assert (words.instruments, words.vocal, words.moods) == (["piano"], "none", ["mellow"])


def track(named: Named = Named("Name", "Path Artist"), **tags: list[str]) -> Track:
    return track_of("t", "/music/a.mp3", Contents("MP3", dict(tags), duration_s=200.0), named)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["A", "B"], ("A", "B")),
        (["A; B"], ("A", "B")),
        (["A / B"], ("A", "B")),
        (["AC/DC"], ("AC/DC",)),
        (["A feat. B"], ("A", "B")),
        (["Tyler, The Creator"], ("Tyler, The Creator",)),
        (["Unknown Artist"], ("Path Artist",)),
        ([], ("Path Artist",)),
    ],
)
def test_artists_are_split_where_that_is_safe(written: list[str], expected: tuple[str, ...]) -> None:
    assert track(artist=written).artists == expected


def test_a_list_of_artists_goes_before_their_joined_names() -> None:
    assert track(artist=["A & B"], artists=["A", "B"]).artists == ("A", "B")


def test_nobody_is_called_so() -> None:
    assert track(Named("Name")).artists == ("Unknown artist",)
    assert track(Named("Name"), album_artist=["Anna"]).artists == ("Anna",)
    assert track(Named("Name", various=True)).artists == ("Various Artists",)


@pytest.mark.parametrize("title", ["Track 03", "AudioTrack 05", "Titel 3", "unknown", "03"])
def test_a_title_that_says_nothing_gives_way_to_the_name(title: str) -> None:
    assert track(title=[title]).title == "Name"


def test_a_title_that_id3v1_cut_is_completed_by_the_name() -> None:
    whole = "The Unreasonably Long Name of This Song"
    assert track(Named(whole, "A"), title=[whole[:30]]).title == whole


def test_the_original_year_is_the_tracks_and_the_other_a_detail() -> None:
    both = track(date=["2011-05-09"], original_date=["1975"])
    assert (both.year, both.details["reissue_year"]) == (1975, 2011)
    one = track(date=["1975"])
    assert (one.year, "reissue_year" in one.details) == (1975, False)


def test_compilations_and_discs_are_details() -> None:
    told = track(artist=["Anna"], album_artist=["Various Artists"], disc=["2/2"], number=["7/12"]).details
    assert told == {"disc": 2, "number": 7, "album_artist": "Various Artists", "compilation": "yes"}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"gain": ["-7.30 dB"]}, -7.3),
        ({"gain": ["+2,5"]}, 2.5),
        ({"r128": ["-512"]}, 3.0),
        ({"gain": ["loud"]}, None),
        ({"gain": ["-900 dB"]}, None),
    ],
)
def test_replay_gain_is_read_in_all_its_forms(tags: dict[str, list[str]], expected: float | None) -> None:
    found = track(**tags)
    assert found.details.get("replaygain_db") == expected
    assert found.loudness_db == (None if expected is None else -18 - expected)


def test_ids_speed_key_and_language_are_read() -> None:
    recording, work = "b1a9c0e9-d987-4042-ae91-78d6a3267d69", "0f7b6e3a-7b1d-3c9e-8b6c-1f5f1a1d1a11"
    found = track(
        recording_id=[recording], work_id=[work], isrc=["gb-ayе-69-00001", ""], bpm=["128.02"], key=["F#m"],
        language=["deu"], advisory=["1"], mood=["Mellow; Zesty"],
    )  # fmt: skip
    assert (found.ids["mbid"], found.ids["mbwork"]) == (recording, work)
    assert "isrc" not in found.ids, "a letter of it is Cyrillic"
    assert (found.tempo_bpm, found.key, found.language) == (128.02, "F# minor", "german")
    assert (found.moods, found.tags) == (("mellow",), ("Zesty", "explicit"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Björk".encode(), "Björk"),
        ("Björk".encode("cp1252"), "Björk"),
        ("Земфира".encode("cp1251"), "Земфира"),
        ("Ça ira, été".encode("cp1252"), "Ça ira, été"),
        (b"don\x92t", "don’t"),
    ],
)
def test_text_of_unknown_encoding_is_read_as_what_it_is(raw: bytes, text: str) -> None:
    assert decode(raw) == text
    assert relabelled(raw.decode("latin-1")) == text


def test_names_of_fields_are_known_in_every_spelling() -> None:
    names = ("MUSICBRAINZ_TRACKID", "MusicBrainz Track Id", "MusicBrainz/Track Id", "musicbrainz_trackid")
    assert {field_of(name) for name in names} == {"recording_id"}
    assert [field_of("WM/AlbumTitle"), field_of("Album Artist"), field_of("encoder")] == ["album", "album_artist", None]


def test_lyrics_lose_their_stamps_and_nothing_else() -> None:
    timed = "[ar:Anna]\r\n[offset:+250]\r\n[00:12.30][01:02]First [sic] line\r\n[00:15]<00:15.2>sec<00:16>ond\r\n"
    assert clean(timed) == "First [sic] line\nsec ond"
    assert clean("a\n\n\n\n\nb\x00") == "a\n\nb"
