"""Counts over playlists by hand; one that is looked for does not speak for itself, and where none is, nothing does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recsys.retrieval.together import Playlist, Together
from recsys.types import FloatArray
from tests.words_encoder import WordsEncoder

#: Tracks 0–5 by three artists; 4 and 5 are one work.
ARTISTS, WORKS = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 2, 3, 4, 4])
ENCODER = WordsEncoder()
PLAYLISTS = (
    Playlist(np.array([0, 1, 2]), ("rainy evening",)),
    Playlist(np.array([0, 4]), ("summer party", "loud")),
    Playlist(np.array([2]), ()),
)
NOTHING = np.zeros(ENCODER.dim, dtype=np.float32)


def counts(
    *playlists: Playlist,
    liked: tuple[float, ...] = (0, 0, 0),
    named: tuple[float, ...] = (0, 0, 0),
    works: tuple[int, ...] = (),
    words: str = "",
    without: int | None = None,
) -> dict[str, FloatArray]:
    together = Together(playlists, ARTISTS, WORKS, ENCODER.encode, ENCODER.dim)
    said = ENCODER.encode([words])[0]
    return together.counts(
        np.array(liked, np.float32),
        np.array(named, np.float32),
        np.array(works, np.int64),
        said,
        said,
        without=without,
    )


def test_what_is_counted_by_hand() -> None:
    found = counts(*PLAYLISTS, liked=(1, 0, 0), named=(0, 1, 0), works=(0,))
    assert found["artist_in_playlists"].tolist() == [2, 2, 2, 2, 1, 1]
    assert found["artist_tracks_in_playlists"].tolist() == [3, 3, 2, 2, 1, 1]
    assert found["track_in_playlists"].tolist() == [2, 1, 2, 0, 1, 1], "both tracks of the last work"
    assert found["tracks_beside_liked"].tolist() == [2, 1, 1, 0, 1, 1]
    shares = [math.log(2) / (1 + math.sqrt(2))] * 2  # of the two playlists with the liked artist, two artists each
    assert found["company_of_liked_counted"] == pytest.approx([sum(shares)] * 2 + shares[:1] * 4, rel=1e-5)
    assert found["company_of_liked"][4] == pytest.approx(shares[0] / math.sqrt(2), rel=1e-5)
    named = [1 / (1 + math.sqrt(2)), 1 / 2]
    assert found["company_of_named_counted"] == pytest.approx([named[0]] * 2 + [sum(named)] * 2 + [0, 0], rel=1e-5)


def test_words_like_a_playlists_name_speak_for_what_it_holds() -> None:
    found = counts(*PLAYLISTS, words="a rainy evening")
    for name in ("track_in_alike_playlists", "artist_in_alike_playlists", "artist_in_playlists_alike_now"):
        assert found[name][0] > 0, name
        assert found[name][0] > found[name][4], name
    assert found["track_in_alike_playlists"][3] == 0
    assert not counts(*PLAYLISTS)["track_in_alike_playlists"].any(), "nothing was said"


def test_a_playlist_that_is_looked_for_does_not_speak_for_itself() -> None:
    """Leaving it out is as if it were not there."""
    asked: dict[str, object] = {
        "liked": (1, 0, 2),
        "named": (0, 1, 1),
        "works": (0, 2, 4),
        "words": "summer rainy party",
    }
    for without in range(len(PLAYLISTS)):
        rest = [one for number, one in enumerate(PLAYLISTS) if number != without]
        left_out = counts(*PLAYLISTS, **asked, without=without)  # type: ignore[arg-type]
        absent = counts(*rest, **asked)  # type: ignore[arg-type]
        for name, values in absent.items():
            np.testing.assert_allclose(left_out[name], values, rtol=1e-5, err_msg=f"{name} without {without}")
    alone = counts(PLAYLISTS[1], **asked, without=0)  # type: ignore[arg-type]
    assert not any(values.any() for values in alone.values())


def test_without_playlists_nothing_is_counted() -> None:
    found = counts(liked=(1, 1, 1), named=(1, 1, 1), works=(0, 1), words="rainy evening")
    assert not any(values.any() for values in found.values())
    empty = counts(Playlist(np.empty(0, np.int64), ("rainy evening",)), words="rainy evening")
    assert {name: len(values) for name, values in empty.items()} == dict.fromkeys(found, 6)
    assert not any(values.any() for values in empty.values())
