"""Entries of other people's lists find the track that was meant, by the surest way there is, or say why not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.entries import Entry, ids_in, same_track
from assistant.matching import (
    NO_NAME,
    NO_TITLE_HERE,
    ONLY_IMITATIONS,
    OTHER_ARTIST,
    OTHER_VERSION,
    SEVERAL,
    match,
)
from assistant.slates import slate_tracks
from recsys.catalogue import Catalogue
from recsys.recommendation import Pick
from recsys.sources import read_source, read_starter
from recsys.types import Track

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


def track(track_id: str, title: str, *artists: str, **more: object) -> Track:
    return Track(track_id=track_id, title=title, artists=artists, **more)  # type: ignore[arg-type]


CATALOGUE = Catalogue.from_tracks(
    [
        track("alison", "Alison", "Slowdive", album="Souvlaki", duration_s=231.0, ids={"isrc": "GBBRB9300023"}),
        track("alison-costello", "Alison", "Elvis Costello", ids={"mbid": MBID}),
        track("alison-live", "Alison (Live at the BBC)", "Slowdive", ids={"spotify": "4uLU6hMCjMI75M1A2tKUQC"}),
        track("yellow-live", "Yellow - Live in Buenos Aires", "Coldplay"),
        track("jolene-karaoke", "Jolene (Karaoke Version)", "Dolly Parton"),
        track("come", "Come Together - Remastered 2009", "The Beatles", duration_s=259.0),
        track("come-mono", "Come Together - Mono Mix", "The Beatles", popularity=0.1),
        track("under", "Under Pressure", "Queen", "David Bowie", path="/music/Queen/Hot Space/11 Under Pressure.flac"),
        track("one", "Umbrella (feat. JAY-Z)", "Rihanna", path="D:\\Musik\\Rihanna\\Umbrella.mp3"),
        track("symphony-5", "Symphony No. 5", "Beethoven"),
        track("nightdrive", "Nightdriving Through Autumn", "Radiohead", duration_s=200.0),
        track("quasi", "Café del Mar", "Energy 52"),
        track("bjork", "Jóga", "Björk"),
        track("acdc", "Rock 'n' Roll Train", "AC/DC"),
        track("same-a", "Intro", "The xx", album="xx"),
        track("same-b", "Intro", "M83", album="Hurry Up"),
        track("purple", "Purple Rain", "Prince & The Revolution"),
        track("karma", "Karma Police", "Radiohead"),
    ]
)


def found(entry: Entry, *, versions: bool = True) -> tuple[str | None, str]:
    (one,) = match(CATALOGUE, [entry], versions=versions)
    assert one.found == (one.track_id is not None) == (not one.why) == bool(one.how)
    assert one.row is None or CATALOGUE.track_ids[one.row] == one.track_id
    return one.track_id, one.how or one.why


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"isrc": "GB-BRB-93-00023"}, ("alison", "isrc")),
        ({"mbid": MBID.upper()}, ("alison-costello", "mbid")),
        ({"spotify": "spotify:track:4uLU6hMCjMI75M1A2tKUQC"}, ("alison-live", "spotify")),
        ({"segue": "karma"}, ("karma", "segue")),
    ],
)
def test_an_id_beats_whatever_the_names_say(ids: dict[str, str], expected: tuple[str, str]) -> None:
    assert found(Entry("Wrong Title", "Wrong Artist", ids=ids)) == expected


def test_an_unknown_id_leaves_it_to_the_names() -> None:
    assert found(Entry("Karma Police", "Radiohead", ids={"isrc": "USAAA9900001"})) == ("karma", "name")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/music/Queen/Hot Space/11 Under Pressure.flac", "under"),
        ("file:///music/Queen/Hot%20Space/11%20Under%20Pressure.flac", "under"),
        ("Hot Space/11 Under Pressure.flac", "under"),
        ("/mnt/nas/HOT SPACE/11 under pressure.flac", "under"),
        ("11 Under Pressure.flac", "under"),
        ("D:\\Musik\\Rihanna\\Umbrella.mp3", "one"),
        ("../Rihanna/Umbrella.mp3", "one"),
        ("/elsewhere/Covers/Umbrella.mp3", None),
        ("file://localhost/music/Queen/Hot%20Space/11 Under Pressure.flac", "under"),
        ("file://[1982]/Hot Space/11 Under Pressure.flac", "under"),
        ("file:///nas/what #1?/Hot Space/11 Under Pressure.flac", "under"),
        ("file:", None),
    ],
)
def test_a_file_is_found_wherever_its_folder_is_mounted(path: str, expected: str | None) -> None:
    assert found(Entry("", path=path)) == ((expected, "path") if expected else (None, NO_NAME))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("Karma Police", "Radiohead", path="Umbrella.mp3"), ("karma", "name")),
        (Entry("Radiohead", "Karma Police", path="Rihanna/Umbrella.mp3", either=True), ("karma", "name")),
        (Entry("Karma Police", "Radiohead", path="D:\\Musik\\Rihanna\\Umbrella.mp3"), ("one", "path")),
        (Entry("Umbrella", "Rihanna", path="Umbrella.mp3"), ("one", "path")),
        (Entry("Rihanna", "Umbrella", path="Umbrella.mp3", either=True), ("one", "path")),
        (Entry("11 Under Pressure", path="Hot Space/11 Under Pressure.flac"), ("under", "path")),
    ],
)
def test_a_file_of_the_same_name_is_no_other_title(entry: Entry, expected: tuple[str, str]) -> None:
    assert found(entry) == expected


def test_a_path_without_a_name_is_no_file() -> None:
    here = Catalogue.from_tracks([track("a", "Alison", "Slowdive", path="/"), track("b", "Dagger", path="file://")])
    assert match(here, [Entry("Alison", "Slowdive", path="/")])[0].track_id == "a"


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("slowdive", "ALISON", "alison"),
        ("Beatles, The", "Come Together", "come"),
        ("beatles", "Come Together (2019 Mix)", "come"),
        ("Bjork", "joga", "bjork"),
        ("ACDC", "Rock N Roll Train", "acdc"),
        ("Queen & David Bowie", "Under Pressure - Remastered 2011", "under"),
        ("David Bowie", "under pressure", "under"),
        ("Rihanna feat. JAY-Z", "Umbrella", "one"),
        ("Rihanna", "Umbrella ft. Jay-Z", "one"),
        ("Prince", "Purple Rain", "purple"),
        ("Energy 52", "Cafe Del Mar", "quasi"),
        ("Elvis Costello", "Alison", "alison-costello"),
    ],
)
def test_names_are_one_but_for_how_they_are_written(artist: str, title: str, expected: str) -> None:
    track_id, how = found(Entry(title, artist))
    assert track_id == expected
    assert how in ("name", "version" if "2019 Mix" in title else "name")


def test_another_version_is_taken_only_where_nothing_is_better() -> None:
    assert found(Entry("Alison", "Slowdive")) == ("alison", "name")
    assert found(Entry("Alison (Live)", "Slowdive")) == ("alison-live", "name")
    assert found(Entry("Yellow", "Coldplay")) == ("yellow-live", "version")
    assert found(Entry("Yellow", "Coldplay"), versions=False) == (None, OTHER_VERSION)
    assert found(Entry("Jolene", "Dolly Parton")) == (None, ONLY_IMITATIONS)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("Karma Polise", "Radiohead"), ("karma", "spelling")),
        (Entry("Karma Police", "Radiohaed"), ("karma", "spelling")),
        (Entry("Karma Polise", "Radiohaed"), (None, NO_TITLE_HERE)),
        (Entry("Symphony No. 6", "Beethoven"), (None, NO_TITLE_HERE)),
        (Entry("Nightdriving Through Autum", "Radiohead", duration_s=204.0), ("nightdrive", "spelling")),
        (Entry("Nightdriving Through Autum", "Radiohead", duration_s=420.0), (None, NO_TITLE_HERE)),
        (Entry("Karma Police", "Somebody Else"), (None, OTHER_ARTIST)),
        (Entry("Not Here", "Nobody"), (None, NO_TITLE_HERE)),
        (Entry(""), (None, NO_NAME)),
    ],
)
def test_a_misspelling_is_forgiven_and_a_guess_is_not(entry: Entry, expected: tuple[str | None, str]) -> None:
    assert found(entry) == expected


def test_a_title_alone_is_enough_if_only_one_work_has_it() -> None:
    assert found(Entry("Karma Police")) == ("karma", "title")
    assert found(Entry("Intro")) == (None, SEVERAL)
    assert found(Entry("Intro", album="xx")) == ("same-a", "title")


def test_an_entry_whose_order_was_guessed_is_read_both_ways() -> None:
    assert found(Entry(title="Radiohead", artist="Karma Police", either=True)) == ("karma", "name")
    assert found(Entry(title="Radiohead", artist="Karma Police")) == (None, NO_TITLE_HERE)


def test_the_length_tells_two_recordings_of_one_name_apart() -> None:
    twins = Catalogue.from_tracks(
        [
            track("album", "Marquee Moon", "Television", duration_s=638.0, popularity=0.9),
            track("single", "Marquee Moon", "Television", duration_s=303.0, popularity=0.1),
        ]
    )
    entries = [Entry("Marquee Moon", "Television", duration_s=s) for s in (304.0, 640.0)] + [
        Entry("Marquee Moon", "Television")
    ]
    assert [one.track_id for one in match(twins, entries)] == ["single", "album", "album"]


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_gets_one_answer(title: str, artist: str, path: str) -> None:
    (one,) = match(CATALOGUE, [Entry(title, artist, path=path, either=True)])
    assert one.found or one.why


def test_every_track_of_the_starter_is_found_by_its_own_names() -> None:
    content = read_starter()
    catalogue = Catalogue.from_tracks(content.tracks, content.collections)
    entries = [
        Entry(title.upper(), ", ".join(artists))
        for title, artists in zip(catalogue.titles, catalogue.artists, strict=True)
    ]
    matches = match(catalogue, entries)
    assert {one.how for one in matches} == {"name"}
    assert [catalogue.work[one.row] for one in matches if one.row is not None] == catalogue.work.tolist()


@pytest.mark.proof
def test_4000_entries_are_matched_against_28000_tracks_in_two_seconds(eval_data: Path) -> None:
    content = read_source(eval_data / "spotify-songs" / "spotify_songs.csv.gz")
    catalogue = Catalogue.from_tracks(content.tracks, content.collections)
    rows = range(0, len(catalogue), len(catalogue) // 4_000)
    entries = [Entry(catalogue.titles[row].upper(), ", ".join(catalogue.artists[row])) for row in rows][:4_000]
    began = time.process_time()
    matches = match(catalogue, entries)
    assert time.process_time() - began < 4  # 1.1 s on the reference machine; shared ones are slower
    assert len(matches) == 4_000
    same = sum(
        one.row is not None and catalogue.work[one.row] == catalogue.work[row]
        for one, row in zip(matches, rows, strict=False)
    )
    assert same >= 3_990


def test_a_slate_carries_the_ids_by_which_services_know_its_tracks() -> None:
    ids = {"isrc": "GB-BRB-93-00023", "spotify": "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "work": "7", "mbid": "no id"}
    pick = Pick(0, track("alison", "Alison", "Slowdive", ids=ids), 231.0, False, 1.0, 1.0, 0.0)
    (shown,) = slate_tracks([pick], ["Dreamy."], {})
    assert shown.ids == {"isrc": "GBBRB9300023", "spotify": "4uLU6hMCjMI75M1A2tKUQC"}


def test_ids_are_read_out_of_addresses_of_every_form() -> None:
    assert ids_in(
        [
            f"https://musicbrainz.org/recording/{MBID}",
            "urn:isrc:GBBRB9300023",
            "https://open.spotify.com/intl-de/track/4uLU6hMCjMI75M1A2tKUQC?si=x",
            "https://youtu.be/dQw4w9WgXcQ",
            "urn:x-segue:track:mine-1",
            "https://example.org/else",
        ]
    ) == {
        "mbid": MBID,
        "isrc": "GBBRB9300023",
        "spotify": "4uLU6hMCjMI75M1A2tKUQC",
        "youtube": "dQw4w9WgXcQ",
        "segue": "mine-1",
    }


@pytest.mark.parametrize(
    ("title", "artists", "expected"),
    [
        ("Alison", ["Slowdive"], "name"),
        ("alison - 2014 Remaster", ["Slowdive", "Somebody"], "name"),
        ("Alison (Live)", ["Slowdive"], "version"),
        ("Alison (Karaoke Version)", ["Slowdive"], None),
        ("Alison", ["Elvis Costello"], None),
        ("Allison", ["Slowdive"], None),
    ],
)
def test_a_search_hit_is_taken_only_for_the_same_names(title: str, artists: list[str], expected: str | None) -> None:
    assert same_track(Entry("Alison", "Slowdive"), title, artists) == expected
