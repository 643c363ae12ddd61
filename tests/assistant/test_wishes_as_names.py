"""A word that means a wish is a name behind "by the band", and the catalogue may not have it."""

from __future__ import annotations

import pytest

from tests.reading import read


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("songs by the band Underrated", "Underrated"),
        ("songs by the band underrated", "underrated"),
        ("songs by Hidden Gems", "Hidden Gems"),
        ("tracks by Overlooked", "Overlooked"),
        ("songs by Famous, nothing loud", "Famous"),
        ("songs by the artist Obscure", "Obscure"),
        ("songs by the band The Unknown", "The Unknown"),
        ("songs by the band Well Recorded", "Well Recorded"),
        ("music by the group New To Me", "New To Me"),
        ("songs by the band Upbeat", "Upbeat"),
        ("Lieder von der Band Unterschätzt", "Unterschätzt"),
        ("canciones del grupo Infravalorado", "Infravalorado"),
        ("canciones de Hidden Gems", "Hidden Gems"),
        ("chansons du groupe Sous-cotés", "Sous-cotés"),
        ("canzoni del gruppo Sottovalutato", "Sottovalutato"),
        ("músicas da banda Subestimado", "Subestimado"),
    ],
)
def test_a_wish_behind_who_makes_music_is_a_name_that_the_catalogue_does_not_have(text: str, name: str) -> None:
    request = read(text)
    assert request.unlinked == (name,)
    assert name in (request.note or "")
    assert (request.fame, request.discovery) == (None, None)
    assert not [one for one in request.constraints if one.wanted]


@pytest.mark.parametrize(
    "text",
    [
        "songs by underrated bands",
        "tracks by overlooked women",
        "songs by hidden gems of the 70s",
        "songs by famous artists",
        "music by popular demand",
        "sort by popular",
        "songs by the band unknown to me",
        "songs by famous and unknown artists",
        "Musik von Unbekannten",
        "canciones de desconocidos",
        "canciones del artista desconocido",
        "canciones de artistas infravalorados",
    ],
)
def test_a_wish_that_describes_stays_one(text: str) -> None:
    request = read(text)
    assert request.unlinked == ()
    assert request.fame is not None
