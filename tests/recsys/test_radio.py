"""The radio: endless, without repeats, learning from skips, by the dial; over a planted catalogue of genres."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.radio import ARTIST_GAP, Batch, Radio, Station
from recsys.retrieval.company import Company
from recsys.retrieval.sequential import Following
from recsys.sequential.choosing import fitted
from recsys.sequential.sequences import Sequences
from recsys.sequential.successors import Successors
from recsys.types import FloatArray, Track

N_GENRES, N_ARTISTS, N_OF_ARTIST = 6, 120, 5


def _made(n_artists: int = N_ARTISTS, n_of_artist: int = N_OF_ARTIST, *, dim: int = 24) -> tuple[Catalogue, FloatArray]:
    """Tracks of artists in genres; the vectors of a genre lie together, those of an artist nearer still."""
    rng = np.random.default_rng(7)
    tracks = [
        Track(f"{artist:05}-{number}", f"title {artist} {number}", (f"artist {artist}",))
        for artist in range(n_artists)
        for number in range(n_of_artist)
    ]
    genres = rng.standard_normal((N_GENRES, dim))
    of_artist = genres[np.arange(n_artists) % N_GENRES] + 0.5 * rng.standard_normal((n_artists, dim))
    vectors = np.repeat(of_artist, n_of_artist, axis=0) + 0.3 * rng.standard_normal((len(tracks), dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Catalogue.from_tracks(tracks), vectors.astype(np.float32)


@pytest.fixture(scope="module")
def made() -> tuple[Catalogue, FloatArray]:
    return _made()


@pytest.fixture(scope="module")
def radio(made: tuple[Catalogue, FloatArray]) -> Radio:
    catalogue, vectors = made
    return Radio(catalogue, vectors, Company(catalogue))


def _genre(row: int) -> int:
    return row // N_OF_ARTIST % N_GENRES


def _rows(batch: Batch) -> tuple[int, ...]:
    return tuple(pick.row for pick in batch.picks)


def _on(station: Station, batch: Batch) -> Station:
    rows = _rows(batch)
    return replace(station, heard=(*station.heard, *rows), given=(*station.given, *rows))


def test_it_goes_on_without_repeats_until_every_track_was_given(
    radio: Radio, made: tuple[Catalogue, FloatArray]
) -> None:
    station, given = Station(start=(0,), given=(0,)), [0]
    while True:
        batch = radio.next(station, 40)
        given += _rows(batch)
        station = _on(station, batch)
        if batch.ended:
            break
    assert sorted(given) == list(range(len(made[0])))
    assert not radio.next(station, 1).picks


def test_no_artist_comes_twice_within_ten_tracks_even_across_batches(radio: Radio) -> None:
    station = Station(start=(0,), given=(0,))
    for _ in range(12):
        station = _on(station, radio.next(station, 7))
    artists = [row // N_OF_ARTIST for row in station.given]
    for place, artist in enumerate(artists):
        assert artist not in artists[max(place - ARTIST_GAP, 0) : place]


def test_an_artist_comes_all_the_time_where_only_that_one_is_asked_for(radio: Radio) -> None:
    only = np.arange(N_ARTISTS * N_OF_ARTIST) // N_OF_ARTIST == 3
    batch = radio.next(Station(start=(15,), given=(15,), one_artist=True), 4, allowed=only)
    assert sorted(_rows(batch)) == [16, 17, 18, 19]


def test_too_few_artists_come_as_far_apart_as_they_can(radio: Radio) -> None:
    few = np.arange(N_ARTISTS * N_OF_ARTIST) // N_OF_ARTIST < 4
    batch = radio.next(Station(), 12, allowed=few)
    assert len(batch.picks) == 12
    assert batch.gap < ARTIST_GAP
    artists = [row // N_OF_ARTIST for row in _rows(batch)]
    assert all(one != other for one, other in pairwise(artists))


def test_what_is_demanded_is_met_by_every_track(radio: Radio) -> None:
    allowed = np.array([_genre(row) == 2 for row in range(N_ARTISTS * N_OF_ARTIST)])
    batch = radio.next(Station(start=(0,), given=(0,)), 15, allowed=allowed)
    assert {_genre(row) for row in _rows(batch)} == {2}
    assert radio.next(Station(), 5, allowed=np.zeros_like(allowed)).ended


def test_it_stays_near_where_it_began_and_says_what_is_near(radio: Radio) -> None:
    batch = radio.next(Station(start=(0,), given=(0,)), 8)
    assert {_genre(row) for row in _rows(batch)} == {0}
    assert batch.by == "neighbours"
    assert all(pick.near is not None and pick.near[1] >= 0.5 and pick.after is None for pick in batch.picks)
    assert all(sum(pick.parts.values()) == pytest.approx(pick.score, abs=1e-3) for pick in batch.picks)


@pytest.mark.parametrize("seed", range(5))
def test_a_skip_moves_the_next_two_picks_away_from_it(
    radio: Radio, made: tuple[Catalogue, FloatArray], seed: int
) -> None:
    vectors = made[1]
    begun = Station(start=(0, 5), given=(0, 5), seed=seed)
    first = _rows(radio.next(begun, 1))[0]
    heard = replace(begun, heard=(first,), given=(*begun.given, first))
    skipped = replace(begun, skipped=(first,), given=(*begun.given, first))

    def nearness(station: Station) -> float:
        return float((vectors[list(_rows(radio.next(station, 2)))] @ vectors[first]).mean())

    assert nearness(skipped) < nearness(heard) - 0.1
    assert radio.next(skipped, 2).picks[0].away_from == first


def test_skips_of_one_genre_end_it_within_two_tracks(radio: Radio) -> None:
    station = Station(start=(0, 1 * N_OF_ARTIST), given=(0, 1 * N_OF_ARTIST))  # genres 0 and 1
    skipped: list[int] = []
    for _ in range(40):
        row = _rows(radio.next(station, 1))[0]
        station = replace(station, given=(*station.given, row))
        if _genre(row) == 0:
            skipped.append(row)
            station = replace(station, skipped=tuple(skipped))
        else:
            station = replace(station, heard=(*station.heard, row))
    genres = [_genre(row) for row in station.given[2:]]
    first = genres.index(0) if 0 in genres else 0
    assert genres[first + 1 : first + 3].count(0) <= 1
    assert genres[first + 3 : first + 13].count(0) <= 1


@pytest.mark.parametrize(("dial", "least", "most"), [(-1.0, 0.8, 1.0), (0.0, 0.2, 0.5), (1.0, 0.0, 0.0)])
def test_the_dial_says_how_much_is_familiar(radio: Radio, dial: float, least: float, most: float) -> None:
    known = tuple(range(0, N_ARTISTS * N_OF_ARTIST, 2 * N_OF_ARTIST))  # every second artist
    batch = radio.next(Station(start=(0,), given=(0,), known=known, discovery=dial), 20)
    share = sum(pick.familiar for pick in batch.picks) / len(batch.picks)
    assert least <= share <= most


def test_what_came_after_before_comes_next_and_is_said(made: tuple[Catalogue, FloatArray]) -> None:
    catalogue, vectors = made
    rng = np.random.default_rng(3)
    chain = (rng.permutation(N_ARTISTS) * N_OF_ARTIST)[:30]  # artists of any genre, in one order
    sessions = Sequences.of(
        [chain[begin : begin + 6] for begin in (0, 5, 10, 15, 20, 24) for _ in range(6)], catalogue.track_ids
    )
    model = fitted("mixture", sessions, seed=1)
    following = Following.over(catalogue, "mixture", model, Successors().fit(sessions), catalogue.track_ids, weight=8)
    radio = Radio(catalogue, vectors, Company(catalogue), following)
    start = int(chain[0])
    batch = radio.next(Station(start=(start,), given=(start,)), 4)
    assert batch.by == "sequence"
    assert len(set(_rows(batch)) & set(chain[1:6].tolist())) >= 3
    assert batch.picks[0].after == (start, 6)


def test_the_same_station_gives_the_same_tracks(radio: Radio) -> None:
    station = Station(start=(3,), given=(3,), seed=5)
    assert radio.next(station, 6) == radio.next(station, 6)
    assert _rows(radio.next(station, 6)) != _rows(radio.next(replace(station, seed=6), 6))


def test_the_next_batch_of_a_big_catalogue_is_there_at_once() -> None:
    catalogue, vectors = _made(5_600, 5, dim=96)
    rng = np.random.default_rng(9)
    sessions = Sequences.of([rng.integers(len(catalogue), size=12) for _ in range(3_000)], catalogue.track_ids)
    after = Successors().fit(sessions)
    radio = Radio(
        catalogue, vectors, Company(catalogue), Following.over(catalogue, "s", after, after, catalogue.track_ids)
    )
    station = Station(
        start=(5, 6), heard=tuple(range(0, 200, 9)), given=tuple(range(0, 200, 9)), skipped=(300, 900, 77)
    )
    took = []
    for seed in range(7):
        began = time.perf_counter()
        assert len(radio.next(replace(station, seed=seed), 5).picks) == 5
        took.append(time.perf_counter() - began)
    assert np.median(took) <= 0.1


def test_the_weight_of_a_model_is_what_finds_most_of_sequences_it_never_saw(
    made: tuple[Catalogue, FloatArray],
) -> None:
    catalogue, vectors = made
    rng = np.random.default_rng(3)
    scenes = rng.permutation(len(catalogue)).reshape(20, 30)  # of any genre: only sessions unite them
    deal = [scenes[number % 20][rng.permutation(30)[:8]] for number in range(400)]
    sessions = Sequences.of(deal[:360], catalogue.track_ids)
    model, after = fitted("mixture", sessions, seed=1), Successors().fit(sessions)
    following = Following.over(catalogue, "mixture", model, after, catalogue.track_ids)
    radio = Radio(catalogue, vectors, Company(catalogue))
    assert radio.weight_of(following, deal[360:], [str(n) for n in range(len(deal[360:]))], 64) >= 4
    alike = [np.flatnonzero(np.arange(600) // N_OF_ARTIST % N_GENRES == n % N_GENRES)[n : n + 12] for n in range(40)]
    assert radio.weight_of(following, alike, [str(n) for n in range(len(alike))], 64) <= 0.5
