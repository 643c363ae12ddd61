"""What a playlist is like and how it is put in order: repeats, what stands out, lengths and neighbours."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.catalogue import Catalogue
from recsys.curation import (
    STANDS_OUT,
    distances,
    fitting_length,
    kept_order,
    path_length,
    repeats,
    smooth,
    standing_out,
    steps,
    without_repeats,
)
from recsys.types import Track


def track(number: int, title: str = "", artist: str = "", **facts: object) -> Track:
    told = {"genres": ("folk",), "energy": 0.3} | facts
    return Track(f"t{number:03d}", title or f"Title {number}", (artist or f"Artist {number}",), **told)  # type: ignore[arg-type]


def catalogue(*tracks: Track) -> Catalogue:
    return Catalogue.from_tracks(tracks)


def vectors(n: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((n, 16)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_the_one_track_of_another_genre_and_energy_stands_out() -> None:
    known = catalogue(*(track(n) for n in range(12)), track(12, genres=("techno",), energy=0.95))
    z = standing_out(distances(known, vectors(13), range(13)))
    assert z[12] > STANDS_OUT > z[:12].max()


def test_in_a_playlist_of_four_nothing_stands_out() -> None:
    known = catalogue(*(track(n) for n in range(3)), track(3, genres=("techno",), energy=1.0))
    assert not standing_out(distances(known, vectors(4), range(4))).any()


def test_what_a_track_does_not_state_makes_no_distance() -> None:
    known = catalogue(track(0), track(1), track(2, genres=(), energy=None))
    same = np.tile(vectors(1), (3, 1))
    assert distances(known, same, range(3)) == pytest.approx(np.zeros((3, 3)), abs=1e-6)


def test_one_recording_and_versions_of_one_work_are_told_apart() -> None:
    known = catalogue(
        track(0, "Roads", "Portishead", duration_s=303),
        track(1, "Roads (Live)", "Portishead", duration_s=351),
        track(2, "Roads", "Portishead", duration_s=304),
        track(3, "Numb", "Portishead"),
    )
    rows = [known.row(f"t{n:03d}") for n in (0, 3, 1, 2, 3)]
    assert repeats(known, rows) == [(False, (0, 2)), (True, (0, 3)), (True, (1, 4))]


def test_ids_of_recordings_decide_before_titles_and_lengths() -> None:
    one, other = {"isrc": "GBAAA0000001"}, {"isrc": "GBAAA0000002"}
    known = catalogue(
        track(0, "Roads", "Portishead", duration_s=303, ids=one),
        track(1, "Roads", "Portishead", duration_s=303, ids=other),
        track(2, "Roads (Remastered)", "Portishead", duration_s=390, ids=one),
    )
    assert repeats(known, [0, 1, 2]) == [(False, (0, 1)), (True, (0, 2))]


def test_of_versions_the_studio_track_stays_and_of_recordings_the_first() -> None:
    known = catalogue(
        track(0, "Roads (Live)", "Portishead"),
        track(1, "Roads", "Portishead"),
        track(2, "Numb", "Portishead"),
    )
    rows = [0, 2, 1, 2, 0]
    assert without_repeats(known, rows) == [1, 2]
    assert without_repeats(known, rows, versions=False) == [0, 1, 2]


@given(st.integers(2, 14), st.integers(0, 1_000))
def test_a_smooth_order_is_never_rougher_and_begins_as_before(n: int, seed: int) -> None:
    known = catalogue(*(track(number, artist=f"A{number % 3}", energy=(number * 7 % 10) / 10) for number in range(n)))
    between = distances(known, vectors(n, seed), range(n))
    order = smooth(known, between, range(n))
    cost = steps(known, between, range(n))
    assert sorted(order) == list(range(n))
    assert order[0] == 0
    assert path_length(cost, order) <= path_length(cost, range(n)) + 1e-5


def test_a_smooth_order_is_near_the_best_of_all() -> None:
    """Seven tracks are few enough to try every order."""
    from itertools import permutations

    known = catalogue(*(track(number, energy=(number * 7 % 10) / 10) for number in range(7)))
    between = distances(known, vectors(7, 3), range(7))
    cost = steps(known, between, range(7))
    best = min(path_length(cost, (0, *rest)) for rest in permutations(range(1, 7)))
    assert path_length(cost, smooth(known, between, range(7))) <= 1.1 * best


@given(st.lists(st.integers(60, 400), min_size=1, max_size=9), st.integers(1, 40), st.data())
def test_no_other_choice_of_tracks_is_nearer_than_it_is_told_to_come(
    seconds: list[int], minutes: int, data: st.DataObject
) -> None:
    keep = data.draw(st.sets(st.integers(0, len(seconds) - 1), max_size=2))
    target = minutes * 60.0
    chosen = fitting_length([float(s) for s in seconds], [1.0] * len(seconds), target, keep)
    assert keep <= set(chosen)
    sums = {
        sum(seconds[p] for p in some)
        for n in range(len(seconds) + 1)
        for some in combinations(range(len(seconds)), n)
        if keep <= set(some)
    }
    nearest = min(abs(total - target) for total in sums)
    assert abs(sum(seconds[p] for p in chosen) - target) <= max(nearest, 15.0) + 1e-6


def test_what_fits_least_goes_first() -> None:
    worth = [1.0, 0.1, 0.9, 0.2, 0.8]
    assert fitting_length([200.0] * 5, worth, 600.0) == [0, 2, 4]


@pytest.mark.parametrize(
    ("before", "after", "stayed"),
    [
        ("abcd", "abcd", {0, 1, 2, 3}),
        ("abcd", "bcd", {0, 1, 2}),
        ("abcd", "dabc", {1, 2, 3}),
        ("abcd", "xaybz", {1, 3}),
        ("aab", "aba", {0, 1}),
        ("", "ab", set()),
    ],
)
def test_what_keeps_its_order_has_not_moved(before: str, after: str, stayed: set[int]) -> None:
    found = kept_order(list(before), list(after))
    assert len(found) == len(stayed)
    if before != "aab":
        assert found == stayed
