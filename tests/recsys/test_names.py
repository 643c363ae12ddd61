"""Names in what people type: as written, run together, misspelt; nothing in what names nothing."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from recsys.common_words import COMMON_WORDS
from recsys.retrieval.names import NameIndex, is_common

NAMES = ["beatles", "radiohead", "ed sheeran", "ac dc", "n w a", "heart", "taylor swift", "nine inch nails", "abba"]
INDEX = NameIndex(NAMES)


def found(text: str, index: NameIndex = INDEX) -> dict[str, float]:
    return {index.names[one.name]: one.likeness for one in index.find(text)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("play Abba and Taylor Swift", {"abba", "taylor swift"}),
        ("the Beatles", {"beatles"}),
        ("THE BEATLES!", {"beatles"}),
        ("songs by radioheads", {"radiohead"}),
        ("addEd Sheeran", {"ed sheeran"}),
        ("more edsheeran", {"ed sheeran"}),
        ("acdc", {"ac dc"}),
        ("AC/DC", {"ac dc"}),
        ("nwa please", {"n w a"}),
        ("N.W.A", {"n w a"}),
        ("taylr swfit", {"taylor swift"}),
        ("ed sheren", {"ed sheeran"}),
        ("some beatls", {"beatles"}),
        ("Nine  Inch\tNails", {"nine inch nails"}),
        ("nine inch", set()),
        ("something with a good beat", set()),
        ("", set()),
        ("🎸🎸", set()),
        ("a the of", set()),
    ],
)
def test_names_are_found_however_they_are_typed(text: str, names: set[str]) -> None:
    assert set(found(text)) == names


def test_the_surer_the_spelling_the_more_it_is_worth() -> None:
    """As written, with an article or an s, run together, misspelt."""
    worth = [
        found("radiohead")["radiohead"],
        found("the radioheads")["radiohead"],
        found("edsheeran")["ed sheeran"],
        found("radiohad")["radiohead"],
    ]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == 1
    assert len(set(worth)) == 4


def test_a_match_says_where_it_stands() -> None:
    (one,) = INDEX.find("give me some Ed Sheeran please")
    assert (NAMES[one.name], one.first, one.n_words) == ("ed sheeran", 3, 2)


def test_a_name_within_a_longer_name_counts_less() -> None:
    inside = found("Joan Baez", NameIndex(["joan baez", "baez"]))
    assert inside["joan baez"] == 1
    assert 0 < inside["baez"] < 0.7


def test_common_words_name_something_only_as_written() -> None:
    common = next(word for word in sorted(COMMON_WORDS) if len(word) > 6)
    index = NameIndex([common, f"{common[:-1]}x"])
    assert is_common(common)
    assert found(common, index)[common] == 1
    assert set(found(common, index)) == {common}, "what people say all the time is no misspelling of another name"
    assert is_common("of the")
    assert not is_common("radiohead")
    assert not is_common(f"{common} radiohead")


@pytest.mark.parametrize("names", [[], [""], ["", ""], ["abba"], ["a"], ["the the"], ["🎸"]])
@pytest.mark.parametrize("text", ["", " ", "abba", "abba a", "🎸", "the the", "x" * 4000])
def test_few_names_and_odd_texts_are_no_trouble(names: list[str], text: str) -> None:
    assert set(found(text, NameIndex(names))) <= {name for name in names if name and name in text}
    if len(names) == 1 and names[0] == text and text.isascii() and text:
        assert found(text, NameIndex(names)) == {text: 1.0}


def test_the_first_of_equal_names_is_found() -> None:
    assert [one.name for one in NameIndex(["", "abba", "abba"]).find("abba")] == [1]


def test_shares_of_letter_groups_are_shares() -> None:
    """A group that no name has must not lend its place to the next one of the text."""
    index = NameIndex(["abcd", "zzzzz"])
    np.testing.assert_allclose(index._shared(" zzzzy zzzzz a b c d"), [0, 1], atol=1e-6)
    np.testing.assert_allclose(index._shared(" abcab abc "), [0.5, 0], atol=1e-6)


def test_long_texts_take_no_time() -> None:
    rng = random.Random(3)
    names = [
        "".join(rng.choices("abcdefghij", k=6)) + " " + "".join(rng.choices("abcdefghij", k=5)) for _ in range(5000)
    ]
    index = NameIndex(names)
    text = " ".join("".join(rng.choices("abcdefghij", k=6)) for _ in range(600))[:3900] + f" {names[7]}"
    began = time.process_time()
    assert found(text, index)[names[7]] == 1
    assert time.process_time() - began < 1
