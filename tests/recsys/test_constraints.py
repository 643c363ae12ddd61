"""Yes, no or unknown: what a track states, what its sound implies, and what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.constraints import NO, UNKNOWN, YES, agreement, check, closeness
from recsys.types import Constraint, Facet, Track
from recsys.vocabulary import load_vocabulary

TRACKS = [
    Track("a", "A", ("X",), genres=("indie rock",), year=1994, moods=("calm",), vocal="none"),
    Track("b", "B", ("Y",), genres=("country",), year=1971, energy=0.2, instrumentalness=0.9),
    Track("c", "C", ("The Z",), energy=0.9, instrumentalness=0.0, tempo_bpm=128.0),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.from_tracks(TRACKS)


def met(catalogue: Catalogue, constraint: Constraint) -> dict[str, int]:
    values = agreement(catalogue, load_vocabulary(), constraint)
    return {track_id: int(values[catalogue.row(track_id)]) for track_id in "abc"}


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (Constraint(Facet.GENRE, ("rock",)), {"a": YES, "b": NO, "c": UNKNOWN}),
        (Constraint(Facet.GENRE, ("rock", "country")), {"a": YES, "b": YES, "c": UNKNOWN}),
        (Constraint(Facet.GENRE, ("country",), wanted=False), {"a": YES, "b": NO, "c": UNKNOWN}),
        (Constraint(Facet.MOOD, ("calm",)), {"a": YES, "b": YES, "c": NO}),
        (Constraint(Facet.MOOD, ("energetic",)), {"a": NO, "b": NO, "c": YES}),
        (Constraint(Facet.MOOD, ("nostalgic",)), {"a": NO, "b": UNKNOWN, "c": UNKNOWN}),
        (Constraint(Facet.VOCALS, ("none",)), {"a": YES, "b": YES, "c": NO}),
        (Constraint(Facet.VOCALS, ("female",)), {"a": NO, "b": UNKNOWN, "c": UNKNOWN}),
        (Constraint(Facet.ERA, low=1990, high=1999), {"a": YES, "b": NO, "c": UNKNOWN}),
        (Constraint(Facet.ERA, high=1980, wanted=False), {"a": YES, "b": NO, "c": UNKNOWN}),
        (Constraint(Facet.TEMPO, low=120), {"a": UNKNOWN, "b": UNKNOWN, "c": YES}),
        (Constraint(Facet.ARTIST, ("z",)), {"a": NO, "b": NO, "c": YES}),
        (Constraint(Facet.TRACK, ("b",)), {"a": NO, "b": YES, "c": NO}),
    ],
    ids=lambda value: value.label() if isinstance(value, Constraint) else "",
)
def test_a_constraint_is_met_not_met_or_unknown(
    catalogue: Catalogue, constraint: Constraint, expected: dict[str, int]
) -> None:
    assert met(catalogue, constraint) == expected


def test_what_a_refusal_spares_is_let_through_whatever_its_parents() -> None:
    kinds = {"country": ("country",), "grass": ("bluegrass", "country"), "pop": ("country pop",), "folk": ("folk",)}
    catalogue = Catalogue.from_tracks([Track(name, name, ("X",), genres=genres) for name, genres in kinds.items()])
    refused = Constraint(Facet.GENRE, ("country", "folk"), wanted=False, hard=True, spared=("bluegrass",))
    values = agreement(catalogue, load_vocabulary(), refused)
    assert {name: int(values[catalogue.row(name)]) for name in kinds} == {
        "country": NO,
        "grass": YES,
        "pop": NO,
        "folk": NO,
    }
    only_country = Constraint(Facet.GENRE, ("country",), wanted=False, spared=("indie folk",))
    assert agreement(catalogue, load_vocabulary(), only_country)[catalogue.row("grass")] == NO


def test_only_known_noes_of_soft_wishes_count_against_a_track(catalogue: Catalogue) -> None:
    wishes = [
        Constraint(Facet.MOOD, ("nostalgic",)),
        Constraint(Facet.TEMPO, high=100),
        Constraint(Facet.GENRE, ("rock",), hard=True),
        Constraint(Facet.MOOD, ("calm",), wanted=False),
    ]
    against = check(catalogue, load_vocabulary(), wishes).against(catalogue.rows("cab"))
    assert against.tolist() == [1, 1, 0]
    assert check(catalogue, load_vocabulary(), []).against(catalogue.rows("cab")).tolist() == [0, 0, 0]


def test_a_wanted_hard_constraint_lets_only_known_yeses_through(catalogue: Catalogue) -> None:
    checked = check(catalogue, load_vocabulary(), [Constraint(Facet.GENRE, ("rock",), hard=True)])
    assert [catalogue.track_ids[r] for r in np.flatnonzero(checked.allowed())] == ["a"]


def test_an_unwanted_one_lets_everything_through_but_known_offenders(catalogue: Catalogue) -> None:
    checked = check(catalogue, load_vocabulary(), [Constraint(Facet.GENRE, ("country",), wanted=False, hard=True)])
    assert [catalogue.track_ids[r] for r in np.flatnonzero(checked.allowed())] == ["a", "c"]
    assert checked.relaxation_steps() == []


def test_activities_give_way_before_eras_and_eras_before_genres(catalogue: Catalogue) -> None:
    wanted = [
        Constraint(Facet.GENRE, ("rock",), hard=True),
        Constraint(Facet.ACTIVITY, ("study",), hard=True),
        Constraint(Facet.ERA, low=1990, hard=True),
        Constraint(Facet.MOOD, ("calm",)),
    ]
    assert check(catalogue, load_vocabulary(), wanted).relaxation_steps() == [1, 2, 0]


def test_a_near_miss_is_worth_more_than_a_far_one(catalogue: Catalogue) -> None:
    constraint = Constraint(Facet.ERA, low=1975, high=1979)
    worth = closeness(catalogue, load_vocabulary(), constraint, agreement(catalogue, load_vocabulary(), constraint))
    a, b, c = (float(worth[catalogue.row(t)]) for t in "abc")
    assert b > c > a


def test_an_unknown_tempo_is_judged_by_the_energy() -> None:
    tracks = [Track("wild", "w", ("X",), energy=0.9), Track("calm", "c", ("Y",), energy=0.1), Track("no", "n", ("Z",))]
    catalogue = Catalogue.from_tracks(tracks)

    def worth(constraint: Constraint) -> list[float]:
        met = agreement(catalogue, load_vocabulary(), constraint)
        assert set(met.tolist()) == {UNKNOWN}
        graded = closeness(catalogue, load_vocabulary(), constraint, met)
        return [float(graded[catalogue.row(name)]) for name in ("wild", "no", "calm")]

    for constraint in (Constraint(Facet.TEMPO, low=120), Constraint(Facet.TEMPO, high=90)):
        wild, unknown, calm = worth(constraint)
        assert unknown > 0
        assert (wild > unknown > calm) if constraint.low else (calm > unknown > wild)
    assert len(set(worth(Constraint(Facet.TEMPO, low=80, high=120)))) == 1


def test_a_genre_beside_the_one_asked_for_is_worth_more_than_one_that_is_not() -> None:
    kinds = {"deep": ("deep house",), "house": ("house",), "techno": ("techno",), "folk": ("folk",)}
    catalogue = Catalogue.from_tracks([Track(name, name, ("X",), genres=genres) for name, genres in kinds.items()])
    constraint = Constraint(Facet.GENRE, ("deep house",))
    worth = closeness(catalogue, load_vocabulary(), constraint, agreement(catalogue, load_vocabulary(), constraint))
    assert {name: float(worth[catalogue.row(name)]) for name in kinds} == {
        "deep": 1.0,
        "house": 0.5,
        "techno": 0.0,
        "folk": 0.0,
    }
