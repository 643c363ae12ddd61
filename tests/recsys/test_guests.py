"""Guests whom titles name: who refuses an artist does not get what the artist is a guest on."""

from __future__ import annotations

import pytest

from recsys.catalogue import Catalogue
from recsys.constraints import agreement
from recsys.guests import guests_in, is_guest
from recsys.types import Constraint, Facet, Track
from recsys.vocabulary import load_vocabulary


@pytest.mark.parametrize(
    ("title", "guests"),
    [
        ("Latina (feat. Maluma)", "|maluma|"),
        ("Ti volevo dedicare (feat. J-AX & Boomdabash)", "|j ax|boomdabash|"),
        ("It Won't Stop (feat. Chris Brown) - Julian Calor Remix", "|chris brown|"),
        ("Memories ft. Kid Cudi - Radio Edit", "|kid cudi|"),
        ("Run (with The Weeknd)", "|weeknd|"),
        ("Dancing with Myself", ""),
        ("Featherweight", ""),
        ("Defeated", ""),
    ],
)
def test_guests_are_read_from_titles(title: str, guests: str) -> None:
    assert guests_in(title) == guests


def test_a_band_may_be_a_guest_and_part_of_a_name_is_nobody() -> None:
    guests = guests_in("Song (feat. Simon & Garfunkel and Joe Budden)")
    assert is_guest(["simon and garfunkel"], guests)
    assert is_guest(["nobody", "joe budden"], guests)
    assert not is_guest(["joe"], guests)
    assert not is_guest(["garfunkel and joe"], guests)


def test_who_refuses_an_artist_gets_no_track_with_that_guest() -> None:
    named = (("Latina (feat. Maluma)", "Reykon"), ("Felices los 4", "Maluma"), ("Secreto", "Reykon"))
    tracks = [Track(str(n), title, (artist,)) for n, (title, artist) in enumerate(named)]
    catalogue, vocabulary = Catalogue.from_tracks(tracks), load_vocabulary()
    refused = Constraint(Facet.ARTIST, ("maluma",), wanted=False, hard=True)
    assert agreement(catalogue, vocabulary, refused).tolist() == [0, 0, 1]
    wanted = Constraint(Facet.ARTIST, ("maluma",), hard=True)
    assert agreement(catalogue, vocabulary, wanted).tolist() == [0, 1, 0], (
        "who wants one, wants the artist's own tracks"
    )


def test_who_refuses_an_artist_gets_no_band_that_the_artist_leads() -> None:
    artists = ("Prince and the Revolution", "Prince", "Princess and the Pea", "Jesse & The Prince")
    catalogue = Catalogue.from_tracks([Track(str(n), f"Work {n}", (artist,)) for n, artist in enumerate(artists)])
    refused = Constraint(Facet.ARTIST, ("prince",), wanted=False, hard=True)
    assert agreement(catalogue, load_vocabulary(), refused).tolist() == [0, 0, 1, 1]
