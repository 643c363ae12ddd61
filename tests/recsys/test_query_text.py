"""The template that writes a query, and names of playlists as training requests."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.query_text import MAX_WORDS, template_query
from recsys.synthesis import synthesise
from recsys.types import Collection
from recsys.vocabulary import load_vocabulary
from tests.planted import planted_tracks


@pytest.mark.parametrize(
    ("parts", "query"),
    [
        (("mellow jazz", "", ""), "mellow jazz"),
        (("", "🔥🔥 R&B_Bangers!!! [2019] 🔥", ""), "R&B Bangers 2019"),
        (("drum'n'bass, AC/DC, lo-fi & c++", "", ""), "drum'n'bass AC/DC lo-fi c++"),
        (("mellow", "Mellow", "mellow, folk"), "mellow, folk"),
        (("静かな音楽", "", ""), "静かな音楽"),
        (("", "", ""), ""),
        (("🔥", "!!!", "…"), ""),
        (("2006", "nan", ""), "2006, nan"),
    ],
)
def test_parts_are_joined_plain_and_once(parts: tuple[str, str, str], query: str) -> None:
    assert template_query(*parts) == query


def test_a_query_has_at_most_twenty_words() -> None:
    long = " ".join(f"word{number}" for number in range(15))
    query = template_query(long, long.upper().replace("WORD", "other"), "and more")
    assert query.split() == [*long.split()[:-1], "word14,", *(f"other{number}" for number in range(5))]
    assert len(query.split()) == MAX_WORDS


def playlists(names: tuple[str, ...]) -> Catalogue:
    tracks = planted_tracks()
    return Catalogue.from_tracks(
        tracks,
        [
            Collection(f"p{number}", name, tuple(one.track_id for one in tracks[20 * number : 20 * number + 12]))
            for number, name in enumerate(names)
        ],
    )


def test_names_of_playlists_are_tidied_where_that_is_wanted() -> None:
    names = ("🔥 Late_Night Jazz!!", "🎹🎹🎹")
    tidied = ("Late Night Jazz", "🎹🎹🎹")  # one without any word stays as it is
    catalogue, vocabulary = playlists(names), load_vocabulary()
    plain = synthesise(catalogue, vocabulary, 200, np.random.default_rng(3))
    tidy = synthesise(catalogue, vocabulary, 200, np.random.default_rng(3), tidy_names=True)
    as_given = synthesise(playlists(tidied), vocabulary, 200, np.random.default_rng(3))
    assert {names[0], names[1]} <= {one.text for one in plain}
    assert tidied[0] in {one.text for one in tidy}
    assert names[0] not in {one.text for one in tidy}
    assert [one.text for one in tidy] == [one.text for one in as_given]


def test_by_default_names_are_learnt_as_they_are() -> None:
    catalogue, vocabulary = playlists(("🔥 Late_Night Jazz!!", "Iron & Wrath")), load_vocabulary()
    default = synthesise(catalogue, vocabulary, 100, np.random.default_rng(3))
    untouched = synthesise(catalogue, vocabulary, 100, np.random.default_rng(3), tidy_names=False)
    for one, other in zip(default, untouched, strict=True):
        assert one.text == other.text
        np.testing.assert_array_equal(one.answers, other.answers)
