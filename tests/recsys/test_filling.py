"""How many tracks of an artist a slate holds, and when what is allowed can fill it."""

from __future__ import annotations

import numpy as np

from recsys.catalogue import Catalogue
from recsys.filling import DEFAULT_SIZE, artist_caps, fills
from recsys.recommendation import Query
from recsys.types import Constraint, Facet, Track

#: Five tracks each by A to D, three minutes each; A's last one is a version of its first.
TRACKS = [
    Track(f"{artist}{n}", f"{artist} {n % 4 if artist == 'A' else n}", (artist,), duration_s=180.0)
    for artist in "ABCD"
    for n in range(5)
]
CATALOGUE = Catalogue.from_tracks(TRACKS)
ALL = np.ones(len(TRACKS), dtype=bool)


def only(*artists: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([names[0] in artists for names in CATALOGUE.artists])


def wanted(*artists: str) -> tuple[Constraint, ...]:
    return (Constraint(Facet.ARTIST, tuple(artist.lower() for artist in artists)),)


def caps(query: Query) -> dict[str, int]:
    return {CATALOGUE.artist_names[number]: n for number, n in artist_caps(CATALOGUE, query).items()}


def test_artists_count_up_to_their_cap() -> None:
    assert fills(CATALOGUE, ALL, Query("", size=8, max_per_artist=2))
    assert not fills(CATALOGUE, ALL, Query("", size=9, max_per_artist=2))
    assert fills(CATALOGUE, ALL, Query("", size=9, max_per_artist=3))
    assert not fills(CATALOGUE, only("B"), Query("", size=3, max_per_artist=2))
    assert not fills(CATALOGUE, ALL, Query("", max_per_artist=4)), (
        f"{DEFAULT_SIZE} are asked for unless something else is"
    )


def test_versions_of_a_work_count_once() -> None:
    assert fills(CATALOGUE, only("A"), Query("", size=4, max_per_artist=9))
    assert not fills(CATALOGUE, only("A"), Query("", size=5, max_per_artist=9))
    assert fills(CATALOGUE, only("B"), Query("", size=5, max_per_artist=9))


def test_minutes_are_filled_by_length() -> None:
    assert fills(CATALOGUE, only("B"), Query("", minutes=15, max_per_artist=9))
    assert not fills(CATALOGUE, only("B"), Query("", minutes=16, max_per_artist=9))
    assert not fills(CATALOGUE, ~ALL, Query("", minutes=1))
    assert not fills(CATALOGUE, ~ALL, Query("", size=1))


def test_who_is_asked_for_may_fill_the_slate() -> None:
    assert fills(CATALOGUE, only("B"), Query("", wanted("B"), size=5, max_per_artist=2))
    assert caps(Query("", wanted("B"), size=10)) == {"B": 10}
    assert caps(Query("", wanted("A", "B"), size=10)) == {"A": 6, "B": 6}
    assert caps(Query("", (Constraint(Facet.ARTIST, ("b",), wanted=False, hard=True),), size=10)) == {}


def test_an_example_lends_one_track_unless_it_is_asked_for() -> None:
    row = CATALOGUE.row("C1")
    assert caps(Query("", like_rows=(row,), size=10)) == {"C": 1}
    assert caps(Query("", wanted("C"), like_rows=(row,), size=10)) == {"C": 10}


def test_who_was_asked_for_last_may_take_most() -> None:
    found = caps(Query("", wanted("A", "B", "C"), size=12, lead=frozenset("c")))
    assert found["C"] >= 0.75 * 12
    assert found["A"] == found["B"] < found["C"]
