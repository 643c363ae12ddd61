"""The shipped facts are sound, a catalogue's own come first, and decades and genres are read out of words."""

from __future__ import annotations

from collections import Counter
from importlib import resources

import numpy as np
import pytest

from recsys.artist_facts import (
    FIRST_DECADE,
    N_DECADES,
    UNLISTED,
    ArtistFacts,
    Knowledge,
    _parse,
    decade_vector,
    decades_in,
    load_artist_facts,
)
from recsys.catalogue import Catalogue
from recsys.text import artist_key
from recsys.types import Facet, FloatArray, Track
from recsys.vocabulary import Vocabulary, load_vocabulary

VOCABULARY = load_vocabulary()
TRACKS = [
    Track("plain", "Kryptonite (Remastered 2011)", ("3 Doors Down",)),
    Track("own", "Kryptonite", ("3 Doors Down",), year=1971, genres=("jazz",)),
    Track("unlisted", "A Title That They Never Had", ("3 Doors Down",)),
    Track("guest", "Some Title", ("Quxlefop", "3 Doors Down")),
    Track("stranger", "Kryptonite", ("Quxlefop",)),
]


@pytest.fixture(scope="module")
def shipped() -> list[ArtistFacts]:
    folder = resources.files("recsys").joinpath("data/artists")
    files = [file for file in folder.iterdir() if file.name.endswith(".txt")]
    return [one for file in files for one in _parse(file.read_text(encoding="utf-8"))]


CATALOGUE = Catalogue.from_tracks(TRACKS)
PLAIN, OWN, UNKNOWN_SONG, GUEST, STRANGER = CATALOGUE.rows(["plain", "own", "unlisted", "guest", "stranger"]).tolist()


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(CATALOGUE, VOCABULARY)


def test_no_artist_is_described_twice(shipped: list[ArtistFacts]) -> None:
    twice = [key for key, n in Counter(artist_key(one.name) for one in shipped).items() if n > 1]
    assert not twice
    assert len(load_artist_facts()) == len(shipped) > 4000


def test_every_fact_is_plausible(shipped: list[ArtistFacts]) -> None:
    for one in shipped:
        assert one.name.strip() == one.name != ""
        assert 2 <= one.fame <= 5, one
        assert all(one.genres), one
        assert one.voice in {"male", "female", "mixed", "instrumental"}, one
        assert one.country, one
        assert all(decade % 10 == 0 and 1900 <= decade <= 2020 for decade in one.decades), one
        assert one.decades == tuple(sorted(set(one.decades))), one


def test_songs_have_ranks_from_one_and_plausible_years(shipped: list[ArtistFacts]) -> None:
    n_songs = 0
    for one in shipped:
        ranks = [rank for rank, _ in one.songs.values()]
        assert all(one.songs), one
        assert not ranks or (min(ranks) == 1 and len(set(ranks)) == len(ranks)), one
        assert all(np.isnan(year) or 1600 <= year <= 2026 for _, year in one.songs.values()), one
        n_songs += len(ranks)
    assert n_songs > 5 * len(shipped)


@pytest.mark.parametrize(
    ("text", "decades"),
    [
        ("80s", {1980}),
        ("some 80's rock", {1980}),
        ("90’s", {1990}),
        ("1990's", {1990}),
        ("1990s", {1990}),
        ("the sixties", {1960}),
        ("mid-Eighties", {1980}),
        ("from 1987", {1980}),
        ("1987-1993", {1980, 1990}),
        ("2000s", {2000}),
        ("00s", {2000}),
        ("10s", {2010}),
        ("60s and 70s", {1960, 1970}),
        ("50 songs", set()),
        ("in 1850", set()),
        ("track 1990210", set()),
        ("", set()),
    ],
)
def test_decades_are_read(text: str, decades: set[int]) -> None:
    assert decades_in(text) == decades


def test_decades_outside_the_table_are_left_out() -> None:
    assert decade_vector((FIRST_DECADE, 1980, FIRST_DECADE - 10, FIRST_DECADE + 10 * N_DECADES)).sum() == 2


def asked(knowledge: Knowledge, text: str, vocabulary: Vocabulary = VOCABULARY) -> dict[str, float]:
    values: FloatArray = knowledge.genres_in(text)
    words = vocabulary.words(Facet.GENRE)
    return {words[number]: float(values[number]) for number in np.flatnonzero(values).tolist()}


def test_a_genre_holds_what_is_below_it_and_a_little_of_what_is_above(knowledge: Knowledge) -> None:
    parent = next(w for w in VOCABULARY.words(Facet.GENRE) if len(VOCABULARY.descendants(Facet.GENRE, w)) > 2)
    child = next(w for w in VOCABULARY.descendants(Facet.GENRE, parent) if parent in VOCABULARY.parents(Facet.GENRE, w))
    whole = asked(knowledge, f"some {parent.upper()}, please")
    assert {word for word, value in whole.items() if value == 1} == set(VOCABULARY.descendants(Facet.GENRE, parent))
    part = asked(knowledge, child)
    assert part[child] == 1
    assert 0 < part[parent] < 1
    assert asked(knowledge, f"{child} and {parent}")[parent] == 1
    assert asked(knowledge, "zorblax") == asked(knowledge, "") == {}


def test_what_a_catalogue_states_comes_before_what_is_known(knowledge: Knowledge) -> None:
    rock = knowledge.genres_in("rock")
    agreement = knowledge.genre_agreement(rock, np.arange(len(TRACKS)))
    assert agreement[PLAIN] > 0 == agreement[OWN]
    assert np.isnan(agreement[STRANGER])
    assert knowledge.genre_agreement(knowledge.genres_in("jazz"), np.array([OWN]))[0] == 1
    assert knowledge.year[PLAIN] == 2000
    assert knowledge.year[OWN] == 1971
    assert knowledge.decades[OWN].tolist() == decade_vector((1970,)).tolist()
    assert knowledge.decades[PLAIN].tolist() == decade_vector((2000,)).tolist()
    unlisted = knowledge.decades[UNKNOWN_SONG]
    assert 0 < unlisted.max() < 1, "its artist's decades say less than a year"
    assert knowledge.moment[UNKNOWN_SONG] > 1990
    assert np.isnan(knowledge.moment[STRANGER])
    assert not knowledge.decades[STRANGER].any()


def test_songs_are_known_by_rank_and_strangers_not_at_all(knowledge: Knowledge) -> None:
    assert knowledge.rank[PLAIN] == 1
    assert knowledge.rank[UNKNOWN_SONG] == knowledge.rank[GUEST] == UNLISTED
    assert knowledge.known[PLAIN] > knowledge.known[UNKNOWN_SONG]
    for values in (knowledge.fame, knowledge.rank, knowledge.known):
        assert np.isnan(values[STRANGER])
    assert knowledge.artist[STRANGER] == -1
    assert [facts.name for facts in knowledge.artists] == ["3 Doors Down"]


def test_likeness_of_genres_is_unknown_where_nothing_is_known(knowledge: Knowledge) -> None:
    rows = np.arange(len(TRACKS))
    own = knowledge.genre_likeness(knowledge.taste(np.array([OWN])), rows)
    assert own[OWN] == pytest.approx(1)
    assert own[PLAIN] < 1
    assert np.isnan(own[STRANGER])
    nothing = knowledge.taste(np.array([STRANGER]))
    assert np.isnan(knowledge.genre_likeness(nothing, rows)).all()
    assert np.isnan(knowledge.genre_agreement(nothing, rows)).all()


def test_no_song_that_is_listed_is_less_known_than_one_that_is_not() -> None:
    """Some artists have longer lists than the rank that stands for no place at all."""
    longest = max(load_artist_facts().values(), key=lambda one: len(one.songs))
    assert len(longest.songs) > UNLISTED
    titles = ["A Title That They Never Had", *longest.songs]
    catalogue = Catalogue.from_tracks([Track(title, title, (longest.name,)) for title in titles])
    knowledge = Knowledge(catalogue, VOCABULARY)
    assert knowledge.rank[catalogue.row(titles[0])] == knowledge.rank.max() == UNLISTED
    assert knowledge.rank.min() == 1
