"""Opposite wishes for how well known tracks are: which of them holds is said, and what is refused only bounds."""

from __future__ import annotations

import pytest

from recsys.types import Facet
from tests.reading import read


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("famous but underrated", "“famous” contradicts “underrated”, so I went by “underrated”."),
        ("well known but overlooked jazz", "“well known” contradicts “overlooked”, so I went by “overlooked”."),
        ("hits that are hidden gems", "“hits” contradicts “hidden gems”, so I went by “hidden gems”."),
        ("underrated hits", "“hits” contradicts “underrated”, so I went by “underrated”."),
        (
            "underrated songs by famous artists",
            "I went by “underrated” and not by “famous”: how well known artists are does not count.",
        ),
        (
            "famous artists, obscure songs",
            "I went by “obscure” and not by “famous”: how well known artists are does not count.",
        ),
        ("berühmt aber unterschätzt", "„berühmt“ widerspricht „unterschätzt“, deshalb gilt „unterschätzt“."),
        (
            "famosos pero infravalorados",
            "«famosos» contradice «infravalorados», así que me quedo con «infravalorados».",
        ),
        ("célèbre mais sous-coté", "« célèbre » contredit « sous-coté », alors j'ai suivi « sous-coté »."),
        ("famosi ma sottovalutati", "«famosi» contraddice «sottovalutati», quindi ho seguito «sottovalutati»."),
        (
            "músicas famosas mas subvalorizadas",
            "«famosas» contradiz «subvalorizadas», por isso segui «subvalorizadas».",
        ),
        (
            "canciones poco conocidas de artistas famosos",
            "Me quedo con «poco conocidas» y no con «famosos»: lo conocidos que sean los artistas no cuenta.",
        ),
    ],
)
def test_of_two_opposite_wishes_the_one_that_holds_is_said(text: str, note: str) -> None:
    request = read(text)
    assert request.note == note
    assert request.fame is not None
    assert request.fame < 0


@pytest.mark.parametrize(
    ("text", "fame"),
    [
        ("hits and deep cuts", 0.0),
        ("bekannte und unbekannte Lieder", 0.0),
        ("underrated but not obscure", 0.0),
        ("popular but not too popular", 0.14),
        ("no hits but nothing obscure", 0.0),
        ("not famous but underrated", -0.8),
        ("deep cuts, no hits", -0.85),
        ("famous, not underrated", 0.8),
    ],
)
def test_both_kinds_and_what_is_refused_do_not_contradict(text: str, fame: float) -> None:
    request = read(text)
    assert (request.fame, request.note) == (fame, None)


def test_gems_keep_their_quality_where_they_are_not_to_be_obscure() -> None:
    assert [one.facet for one in read("underrated but not obscure").constraints] == [Facet.APPEAL]
