"""Which tracks are versions of one work: ids first, names and lengths after."""

from __future__ import annotations

from itertools import count

import pytest

from recsys.types import Track
from recsys.works import number_works

_NUMBERS = count()


def track(title: str, *artists: str, seconds: float | None = None, **ids: str) -> Track:
    return Track(f"t{next(_NUMBERS)}", title, artists or ("Anna",), duration_s=seconds, ids=ids)


def same(one: Track, other: Track) -> bool:
    numbers = number_works([one, other, track("Something Else", "Nobody In Particular")])
    assert numbers[2] not in numbers[:2]
    return bool(numbers[0] == numbers[1])


@pytest.mark.parametrize("service", ["isrc", "mbid", "mbwork", "sound"])
def test_one_id_makes_versions_of_whatever_names(service: str) -> None:
    assert same(track("Hurt", "Anna", **{service: "x"}), track("Schmerz", "Berta", **{service: "x"}))
    assert not same(track("Hurt", "Anna", **{service: "x"}), track("Schmerz", "Berta", **{service: "y"}))


def test_one_artist_and_base_title_are_versions_of_any_length() -> None:
    assert same(track("Hurt", seconds=200), track("Hurt - Live", seconds=300))
    assert not same(track("Hurt"), track("Heal"))


def test_a_person_in_common_needs_lengths_that_agree() -> None:
    duo = track("The Boxer", "Simon & Garfunkel", seconds=308)
    assert same(duo, track("The Boxer", "Simon", "Garfunkel", seconds=309.5))
    assert same(duo, track("The Boxer", "Garfunkel", seconds=308))
    assert not same(duo, track("The Boxer", "Simon", seconds=250))
    assert not same(duo, track("The Boxer", "Emmylou", seconds=308))


@pytest.mark.parametrize("title", ["Intro", "Interlude 2", "Untitled", "Track 03", "07"])
def test_a_title_that_says_nothing_needs_lengths_that_agree(title: str) -> None:
    assert not same(track(title, seconds=60), track(title, seconds=95))
    assert same(track(title, seconds=60), track(title, seconds=61))


def test_a_year_is_a_title_that_says_something() -> None:
    assert same(track("1979", seconds=260), track("1979", seconds=300))


def test_nobody_is_not_one_artist() -> None:
    assert not same(track("Blue", "Unknown artist", seconds=100), track("Blue", "Unknown artist", seconds=200))
    assert not same(track("Blue", "Unknown artist"), track("Blue", "Unknown artist"))
