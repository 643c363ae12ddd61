"""Which artists, titles and albums a text names: refused ones, common words, guests, and many readers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.retrieval.mentions import Mentions, refused, wanted
from recsys.text import artist_key
from recsys.types import Track

CATALOGUE = Catalogue.from_tracks(
    [
        Track("own", "Velvet Zorblax Road", ("Quxlefop",), album="Glass Rivers"),
        Track("remaster", "Velvet Zorblax Road (Remastered 2011)", ("Quxlefop",)),
        Track("with", "Iron Lantern", ("Marbolin", "Quxlefop"), album="Glass Rivers"),
        Track("other", "Yes", ("Heart",)),
        Track("nobody", "Untitled Nocturne", ()),
    ]
)


@pytest.fixture(scope="module")
def mentions() -> Mentions:
    return Mentions(CATALOGUE)


def weight(mentions: Mentions, text: str, artist: str) -> float:
    return float(mentions.artists_in(text, wanted)[mentions.artist_numbers[artist_key(artist)]])


def of_tracks(mentions: Mentions, text: str) -> dict[str, float]:
    values = mentions.of_tracks(mentions.artists_in(text, wanted))
    return {track_id: float(values[CATALOGUE.row(track_id)]) for track_id in CATALOGUE.track_ids}


def test_guests_weigh_less_than_who_made_it(mentions: Mentions) -> None:
    found = of_tracks(mentions, "more by Quxlefop")
    assert found["own"] == found["remaster"] == 1
    assert 0 < found["with"] < 1
    assert found["other"] == found["nobody"] == 0
    row = CATALOGUE.row("with")
    assert mentions.featured_on(row).tolist() == [mentions.artist_numbers["quxlefop"]]
    assert not len(mentions.featured_on(CATALOGUE.row("own")))


REFUSALS = (
    "no more Quxlefop",
    "not Quxlefop please",
    "I don't like Quxlefop",
    "anything but Quxlefop",
    "Marbolin without Quxlefop",
    "other than Quxlefop",
)


def test_what_is_refused_is_not_wanted(mentions: Mentions) -> None:
    number = mentions.artist_numbers["quxlefop"]
    for text in REFUSALS:
        assert weight(mentions, text, "Quxlefop") == 0, text
        assert mentions.artists_in(text, refused)[number] == 1, text
    assert weight(mentions, "Marbolin without Quxlefop", "Marbolin") == 1
    for text in ("Quxlefop, please", "nothing else comes near but there were seven more words then Quxlefop"):
        assert weight(mentions, text, "Quxlefop") == 1, text
        assert not mentions.artists_in(text, refused).any()


def test_names_of_common_words_count_less_but_for_a_capital(mentions: Mentions) -> None:
    small, capital = weight(mentions, "songs with a lot of heart", "Heart"), weight(mentions, "songs by Heart", "Heart")
    assert 0 < small < capital < weight(mentions, "songs by quxlefop", "Quxlefop")
    assert weight(mentions, "Heart with heart", "Heart") == small


def test_titles_and_albums_are_found_and_longer_ones_are_surer(mentions: Mentions) -> None:
    titles = mentions.titles_in("play velvet zorblax road")[mentions.titles]
    own, remaster, other = CATALOGUE.rows(["own", "remaster", "other"])
    assert titles[own] == titles[remaster] == 1, "versions of one title share it"
    short = mentions.titles_in("yes, I said yes")[mentions.titles]
    assert 0 < short[other] < 0.5
    assert not np.delete(short, other).any()
    albums = mentions.albums_in("from Glass Rivers")[mentions.albums]
    assert np.flatnonzero(albums).tolist() == sorted(CATALOGUE.rows(["own", "with"]).tolist())
    assert mentions.album_name(int(mentions.albums[CATALOGUE.row("nobody")])) == ""


@pytest.mark.parametrize("text", ["", " ", "🎸", "…", "the of a", "x" * 4000])
def test_a_text_without_names_names_nothing(mentions: Mentions, text: str) -> None:
    assert not mentions.artists_in(text, wanted).any()
    assert not mentions.titles_in(text).any()
    assert not mentions.albums_in(text).any()


def test_nobody_is_named_where_no_artist_is_known() -> None:
    none = Mentions(Catalogue.from_tracks([Track("a", "One", ()), Track("b", "Two", ())]))
    assert not none.of_tracks(none.artists_in("anything by nobody", wanted)).any()
    assert none.n_artists == 1, "nobody is one"


def test_threads_read_the_same(mentions: Mentions) -> None:
    texts = [
        f"{text} {number % 3}" for text in (*REFUSALS, "more Quxlefop", "velvet zorblax road") for number in range(9)
    ]
    fresh = Mentions(CATALOGUE)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda text: fresh.artists_in(text, wanted), texts))
    for text, one in zip(texts, read, strict=True):
        np.testing.assert_array_equal(one, mentions.artists_in(text, wanted))
