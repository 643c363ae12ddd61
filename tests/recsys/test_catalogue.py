"""The catalogue: rows, postings, works, texts, estimates, and its snapshot on disk."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.catalogue import MAX_TAGS_CHARS, TYPICAL_DURATION_S, Catalogue
from recsys.errors import DuplicateTrackError, SnapshotError, UnknownTrackError
from recsys.types import Collection, Facet, Track

TRACKS = [
    Track(
        "b",
        "Come Together - Remastered 2009",
        ("The Beatles",),
        album="Abbey Road",
        year=1969,
        duration_s=259.0,
        genres=("rock", "classic rock"),
        moods=("groovy",),
        tags=("Driving Songs", "driving songs"),
        energy=0.37,
        popularity=0.8,
        tempo_bpm=165.01,
        key="A minor",
        vocal="male",
        language="english",
        country="united kingdom",
        ids={"spotify": "2EqlS6tkEnglzr7tkKAAYD"},
        source="one",
    ),
    Track("a", "Come Together", ("Beatles", "Yoko"), genres=("rock",), source="two", path="/music/a.mp3"),
    Track("c", "Gymnopédie No. 1", ("Erik Satie",), album="", genres=("classical",), source="one"),
    Track("d", "nan", ("null",), genres=("classical",), duration_s=100.0, source="one"),
    Track("e", "???", (), duration_s=141.0, source="one"),
]
COLLECTIONS = [
    Collection("p1", "Röad Trip", ("b", "a", "unknown", "b"), "one"),
    Collection("p0", "Driving Songs", (), "one"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.from_tracks(TRACKS, COLLECTIONS)


def test_rows_are_sorted_by_source_and_id(catalogue: Catalogue) -> None:
    assert catalogue.track_ids == ["b", "c", "d", "e", "a"]
    assert [catalogue.row(track_id) for track_id in catalogue.track_ids] == [0, 1, 2, 3, 4]
    assert catalogue.rows(["a", "nobody", "b"]).tolist() == [4, 0]
    with pytest.raises(UnknownTrackError, match="nobody"):
        catalogue.row("nobody")


def test_every_fact_comes_back(catalogue: Catalogue) -> None:
    assert [catalogue.track(row) for row in range(5)] == [TRACKS[0], *TRACKS[2:], TRACKS[1]]


def test_postings_are_exact_and_filed_under_keys(catalogue: Catalogue) -> None:
    assert catalogue.postings(Facet.GENRE, "rock").tolist() == [0, 4]
    assert catalogue.postings(Facet.GENRE, "Rock").tolist() == []
    assert catalogue.postings(Facet.ARTIST, "beatles").tolist() == [0, 4]
    assert catalogue.postings(Facet.ARTIST, "yoko").tolist() == [4]
    assert catalogue.postings(Facet.TAG, "driving songs").tolist() == [0]
    assert catalogue.postings(Facet.VOCALS, "male").tolist() == [0]
    assert catalogue.postings(Facet.TRACK, "a").tolist() == [4]
    assert catalogue.postings(Facet.ERA, "1969").tolist() == []
    assert catalogue.values(Facet.GENRE) == ["classic rock", "classical", "rock"]
    assert catalogue.values(Facet.TAG) == ["driving songs"]
    assert catalogue.values(Facet.TEMPO) == []


def test_stated_tells_unknown_from_no(catalogue: Catalogue) -> None:
    assert catalogue.stated(Facet.GENRE).tolist() == [True, True, True, False, True]
    assert catalogue.stated(Facet.ERA).tolist() == [True, False, False, False, False]
    assert catalogue.stated(Facet.TRACK).all()


def test_versions_of_one_work_share_a_number(catalogue: Catalogue) -> None:
    assert catalogue.work[0] == catalogue.work[4]
    assert len(set(catalogue.work.tolist())) == 4


def test_a_stated_work_joins_artists_but_not_other_titles() -> None:
    names = [("One", "A"), ("One (Live)", "B"), ("Two", "C")]
    tracks = [Track(title, title, (artist,), ids={"work": "w"}) for title, artist in names]
    work = Catalogue.from_tracks(tracks).work
    assert work[0] == work[1] != work[2]
    same_isrc = [Track(i, i, (i,), ids={"isrc": "GBAYE0601690"}) for i in "xy"]
    assert len(set(Catalogue.from_tracks(same_isrc).work.tolist())) == 1


def test_artists_are_numbered_by_key_and_named_by_their_commonest_spelling(catalogue: Catalogue) -> None:
    assert catalogue.artist_rows[0] == catalogue.artist_rows[4]
    assert catalogue.artist_keys[catalogue.artist_rows[0]] == "beatles"
    spellings = ["Beatles", "The Beatles", "The Beatles"]
    renamed = Catalogue.from_tracks([Track(str(i), str(i), (name,)) for i, name in enumerate(spellings)])
    assert renamed.artist_names == ["The Beatles"]
    assert renamed.artists == [("Beatles",), ("The Beatles",), ("The Beatles",)]


def test_texts(catalogue: Catalogue) -> None:
    assert catalogue.text_of(0) == "Come Together - Remastered 2009 – The Beatles – Abbey Road (1969)"
    assert catalogue.text_of(1) == "Gymnopédie No. 1 – Erik Satie"
    assert catalogue.tags_of(0) == "rock, classic rock, groovy, driving songs, road trip"
    assert catalogue.tags_of(3) == ""


@given(st.lists(st.from_regex(r"[a-z]{1,60}", fullmatch=True), max_size=40))
def test_tags_text_is_bounded_and_keeps_whole_words(tags: list[str]) -> None:
    text = Catalogue.from_tracks([Track("a", "t", ("x",), tags=tuple(tags))]).tags_of(0)
    assert len(text) <= MAX_TAGS_CHARS
    assert text.split(", ") == list(dict.fromkeys(tags))[: text.count(", ") + 1] or not tags


def test_unknown_lengths_are_estimated_from_the_nearest_that_is_known(catalogue: Catalogue) -> None:
    assert catalogue.duration_s(0) == (259.0, False)
    assert catalogue.duration_s(4) == (259.0, True), "same artist"
    assert catalogue.duration_s(1) == (pytest.approx((100.0 + 5 * 141.0) / 6), True), (
        "same genre, of which one is known"
    )
    alone = [Track("x", "x", ("x",)), Track("y", "y", ("y",), duration_s=77.0)]
    assert Catalogue.from_tracks(alone).duration_s(0) == (77.0, True)
    assert Catalogue.from_tracks(alone[:1]).duration_s(0) == (TYPICAL_DURATION_S, True)


def test_collections_keep_known_members_in_order(catalogue: Catalogue) -> None:
    assert catalogue.collections == [
        Collection("p0", "Driving Songs", (), "one"),
        Collection("p1", "Röad Trip", ("b", "a"), "one"),
    ]
    assert [rows.tolist() for rows in catalogue.collection_rows] == [[], [0, 4]]


@given(st.randoms(use_true_random=False))
def test_the_order_of_tracks_does_not_matter(rng: random.Random) -> None:
    tracks, collections = rng.sample(TRACKS, len(TRACKS)), rng.sample(COLLECTIONS, len(COLLECTIONS))
    shuffled, straight = Catalogue.from_tracks(tracks, collections), Catalogue.from_tracks(TRACKS, COLLECTIONS)
    assert shuffled.fingerprint == straight.fingerprint
    assert shuffled.content == straight.content


@pytest.mark.parametrize(
    "change",
    [
        {"track_id": "f"},
        {"title": "Gymnopédie No. 2"},
        {"artists": ("Satie",)},
        {"album": "Piano"},
        {"year": 1888},
        {"genres": ("classical", "piano")},
        {"tags": ("quiet",)},
        {"language": "french"},
        {"energy": 0.1},
    ],
)
def test_the_fingerprint_follows_every_fact(catalogue: Catalogue, change: dict[str, object]) -> None:
    changed = [replace(t, **change) if t.track_id == "c" else t for t in TRACKS]  # type: ignore[arg-type]
    assert Catalogue.from_tracks(changed, COLLECTIONS).fingerprint != catalogue.fingerprint


def test_a_new_link_changes_the_content_only(catalogue: Catalogue) -> None:
    linked = Catalogue.from_tracks([replace(t, path="/x.mp3") for t in TRACKS], COLLECTIONS)
    assert linked.fingerprint == catalogue.fingerprint
    assert linked.content != catalogue.content


def test_a_snapshot_is_the_catalogue(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.save(tmp_path / "snapshot")
    loaded = Catalogue.load(tmp_path / "snapshot")
    assert loaded.fingerprint == catalogue.fingerprint
    assert loaded.content == catalogue.content
    assert [loaded.track(row) for row in range(len(loaded))] == [catalogue.track(r) for r in range(len(catalogue))]
    assert loaded.collections == catalogue.collections
    for facet in Facet:
        assert loaded.values(facet) == catalogue.values(facet)
        assert loaded.stated(facet).tolist() == catalogue.stated(facet).tolist()
    np.testing.assert_array_equal(loaded.work, catalogue.work)
    np.testing.assert_array_equal(loaded.artist_rows, catalogue.artist_rows)
    assert loaded.tags_of(0) == catalogue.tags_of(0)


def test_an_empty_catalogue_works(tmp_path: Path) -> None:
    Catalogue.from_tracks([]).save(tmp_path)
    empty = Catalogue.load(tmp_path)
    assert len(empty) == 0
    assert empty.values(Facet.GENRE) == []
    assert empty.postings(Facet.ARTIST, "x").tolist() == []
    assert empty.collections == []


@pytest.mark.parametrize("name", ["arrays.npz", "strings.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "junk"])
def test_a_damaged_snapshot_is_refused(catalogue: Catalogue, tmp_path: Path, name: str, damage: str) -> None:
    catalogue.save(tmp_path)
    file = tmp_path / name
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:40] if damage == "cut" else b"{}")
    with pytest.raises(SnapshotError, match="segue index"):
        Catalogue.load(tmp_path)


def test_two_tracks_cannot_share_an_id() -> None:
    with pytest.raises(DuplicateTrackError, match="'a'"):
        Catalogue.from_tracks([Track("a", "x", ("x",)), Track("a", "y", ("y",), source="two")])


def test_arrays_cannot_be_written(catalogue: Catalogue) -> None:
    arrays = [catalogue.work, catalogue.numeric["year"], catalogue.postings(Facet.GENRE, "rock")]
    assert not any(array.flags.writeable for array in arrays)
