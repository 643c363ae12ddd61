"""How many tracks a batch of a radio gets, and how far apart its artists are kept."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.radio import ARTIST_GAP, Radio, Station
from recsys.retrieval.company import Company
from recsys.types import FloatArray
from tests.recsys.test_radio import N_OF_ARTIST, _made


@pytest.fixture(scope="module")
def made() -> tuple[Catalogue, FloatArray]:
    return _made()


def test_artists_that_come_near_once_are_kept_apart_again_with_the_next_pick(
    made: tuple[Catalogue, FloatArray],
) -> None:
    catalogue, vectors = made
    radio, artists = Radio(catalogue, vectors, Company(catalogue)), np.arange(len(catalogue)) // N_OF_ARTIST
    lately = tuple(artist * N_OF_ARTIST for artist in (0, 1, 2, *range(20, 27)))
    assert len(lately) == ARTIST_GAP
    liking = np.select([artists == 2, artists == 1], [np.float32(1), np.float32(0.9)], np.float32(0))
    batch = radio.next(Station(given=lately), 3, allowed=artists < 3, preferred=liking)
    # All three were there lately, so that the best comes too near; then whoever was there longest ago is far enough.
    assert [int(artists[pick.row]) for pick in batch.picks] == [2, 0, 1]
    assert batch.gap == ARTIST_GAP // 2


def test_no_more_is_chosen_than_is_enough(made: tuple[Catalogue, FloatArray]) -> None:
    catalogue, vectors = made
    asked: list[int] = []

    def enough(picks: object) -> bool:
        asked.append(len(picks))  # type: ignore[arg-type]
        return len(asked) > 3

    batch = Radio(catalogue, vectors, Company(catalogue)).next(Station(), 200, full=enough)
    assert len(batch.picks) == 3
    assert not batch.ended
    assert asked == [0, 1, 2, 3]
