"""What a conversation says of every track: whole for any conversation and catalogue, and the same every time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.lambdarank import RISING
from recsys.recommendation import Conversation
from recsys.retrieval.conversing import Conversing
from recsys.types import Track
from tests.planted import planted_catalogue
from tests.talking import conversing_on

FAMOUS = [
    Track("k", "Kryptonite", ("3 Doors Down",), album="The Better Life"),
    Track("l", "Loser", ("3 Doors Down", "Quxlefop"), album="Greatest Hits"),
]


@lru_cache
def catalogue_of(name: str) -> Conversing:
    return conversing_on(
        {
            "one track": lambda: Catalogue.from_tracks(FAMOUS[:1]),
            "one bare title": lambda: Catalogue.from_tracks([Track("x", "???", ())]),
            "known artists": lambda: Catalogue.from_tracks(FAMOUS),
            "no known artist": lambda: planted_catalogue(),
            "playlists": lambda: planted_catalogue(with_playlists=True),
        }[name]()
    )


CATALOGUES = ("one track", "one bare title", "known artists", "no known artist", "playlists")
CONVERSATIONS = {
    "nothing said": Conversation(("",)),
    "signs only": Conversation(("🎸 …",)),
    "first turn": Conversation(("some 80s rock like 3 Doors Down",)),
    "very long": Conversation(("jazz and metal " * 400,)),
    "rated before it was answered": Conversation(("more",), (), ((0,),), ((0,),)),
    "nothing liked": Conversation(("rock", "no, jazz", ""), ("Here.", ""), ((), ()), ((), (0,))),
    "liked and disliked": Conversation(("rock", "more", "again"), ("Here.", "And."), ((0,), (0, 0)), ((), (0,))),
    "liked at first only": Conversation(("rock", "", "again"), ("", ""), ((0,), ()), ((), ())),
}


@pytest.mark.parametrize("said", CONVERSATIONS.values(), ids=CONVERSATIONS)
@pytest.mark.parametrize("name", CATALOGUES)
def test_every_number_is_there_for_every_track(name: str, said: Conversation) -> None:
    conversing = catalogue_of(name)
    found = conversing.turn(said).everything
    assert set(found) == set(catalogue_of("playlists").turn(CONVERSATIONS["first turn"]).everything)
    for feature, values in found.items():
        assert values.shape == (len(conversing.catalogue),), feature
        assert values.dtype == np.float32, feature
        assert not np.isinf(values).any(), feature


def test_only_what_the_facts_tell_may_be_unknown() -> None:
    told_by_facts = ("genre_", "decade_", "years_from_", "facts_", "fame", "song_rank", "known")
    for name in CATALOGUES:
        for said in CONVERSATIONS.values():
            for feature, values in catalogue_of(name).turn(said).everything.items():
                assert feature.startswith(told_by_facts) or not np.isnan(values).any(), (feature, name)


def test_features_that_may_only_rise_exist() -> None:
    assert set(catalogue_of("playlists").turn(CONVERSATIONS["first turn"]).everything) >= RISING


def test_the_same_conversation_gives_the_same_numbers() -> None:
    """Whatever was read before, and by another reader of the same catalogue."""
    said = CONVERSATIONS["liked and disliked"]
    fresh = conversing_on(planted_catalogue(with_playlists=True)).turn(said).everything
    for other in CONVERSATIONS.values():
        catalogue_of("playlists").turn(other)
    again = catalogue_of("playlists").turn(said).everything
    for feature, values in fresh.items():
        np.testing.assert_array_equal(again[feature], values, err_msg=feature)


def test_artists_are_told_apart_by_when_they_were_named() -> None:
    conversing = catalogue_of("playlists")
    catalogue = conversing.catalogue
    a, b, c = (str(catalogue.artist_names[number]) for number in (0, 7, 19))
    found = conversing.turn(Conversation((f"play {a}", f"now {b}", f"and {c}, no {a}"), ("", ""), ((), ()), ((), ())))
    rows = [np.flatnonzero(catalogue.artist_rows == number) for number in (0, 7, 19)]

    def value(feature: str) -> list[float]:
        return [float(found.everything[feature][of][0]) for of in rows]

    assert value("artist_named_now")[:2] == [0, 0]
    assert value("artist_named_now")[2] > 0.5
    assert np.argmax(value("artist_named_before")) == 1
    assert np.argmax(value("artist_named_earlier")) == 0
    assert value("artist_named_age") == [2, 1, 0]
    assert np.argmax(value("artist_refused_now")) == 0
    assert value("artist_refused_now")[1:] == [0, 0]


def test_likes_speak_for_artist_album_and_neighbours() -> None:
    conversing = catalogue_of("no known artist")
    catalogue = conversing.catalogue
    liked, other = catalogue.row("jazz-3-0"), catalogue.row("metal-3-0")
    found = conversing.turn(Conversation(("hi", "more"), ("",), ((liked,),), ((other,),))).everything
    same, far, refused = catalogue.row("jazz-3-4"), catalogue.row("folk-8-1"), catalogue.row("metal-3-2")
    assert found["liked_of_artist"][[same, far]].tolist() == [1, 0]
    assert found["liked_last_of_artist"][[same, far]].tolist() == [1, 0]
    assert found["disliked_of_artist"][[refused, same]].tolist() == [1, 0]
    assert found["text_liked"][same] > found["text_liked"][far]
    assert found["text_nearest_disliked"][refused] > found["text_nearest_disliked"][same]
    assert found["n_liked"].tolist() == [1] * len(catalogue)
