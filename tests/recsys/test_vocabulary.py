"""The vocabulary file is consistent, and words are found however they are spelled."""

from __future__ import annotations

from typing import Any

import pytest

from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import SECTIONS, Vocabulary, VocabularyError, load_vocabulary

VOCABULARY = load_vocabulary()


@pytest.mark.parametrize(
    ("facet", "phrase", "word"),
    [
        (Facet.GENRE, "Hip Hop", "hip-hop"),
        (Facet.GENRE, "HIPHOP", "hip-hop"),
        (Facet.GENRE, "rap", "hip-hop"),
        (Facet.GENRE, "R&B", "r&b"),
        (Facet.GENRE, "Drum & Bass", "drum and bass"),
        (Facet.GENRE, "children's", "children's"),
        (Facet.GENRE, "yé-yé", "yé-yé"),
        (Facet.GENRE, "ye ye", "yé-yé"),
        (Facet.GENRE, "operas", "opera"),
        (Facet.INSTRUMENT, "saxes", None),
        (Facet.INSTRUMENT, "Hammond organs", "organ"),
        (Facet.MOOD, "laid-back", "mellow"),
        (Facet.VOCALS, "instrumental", "none"),
        (Facet.LANGUAGE, "Español", "spanish"),
        (Facet.COUNTRY, "Brasil", "brazil"),
        (Facet.GENRE, "blue", None),
        (Facet.GENRE, "", None),
        (Facet.GENRE, "no such thing", None),
        (Facet.ERA, "90s", None),
    ],
)
def test_a_phrase_finds_its_word(facet: Facet, phrase: str, word: str | None) -> None:
    assert VOCABULARY.canonical(facet, phrase) == word


@pytest.mark.parametrize("facet", list(SECTIONS))
def test_every_word_is_its_own_phrase_and_descendant(facet: Facet) -> None:
    for word in VOCABULARY.words(facet):
        assert VOCABULARY.canonical(facet, word) == word
        assert word in VOCABULARY.descendants(facet, word)
        for parent in VOCABULARY.parents(facet, word):
            assert VOCABULARY.descendants(facet, word) < VOCABULARY.descendants(facet, parent)


@pytest.mark.parametrize("facet", list(SECTIONS))
def test_phrases_are_folded_and_lead_to_words(facet: Facet) -> None:
    words = set(VOCABULARY.words(facet))
    for phrase, word in VOCABULARY.phrases(facet).items():
        assert phrase == fold(phrase)
        assert word in words


def test_a_parent_reaches_its_grandchildren() -> None:
    assert {"indie pop", "dream pop", "pop"} <= VOCABULARY.descendants(Facet.GENRE, "pop")
    assert "pop" not in VOCABULARY.descendants(Facet.GENRE, "dream pop")


def test_an_unknown_word_stands_for_itself() -> None:
    assert VOCABULARY.descendants(Facet.GENRE, "zorblax") == {"zorblax"}
    assert VOCABULARY.parents(Facet.GENRE, "zorblax") == ()
    assert VOCABULARY.intervals(Facet.MOOD, "zorblax") == {}
    assert VOCABULARY.words(Facet.TEMPO) == ()
    assert VOCABULARY.descendants(Facet.TAG, "x") == {"x"}


def test_moods_have_intervals_inside_the_unit_interval() -> None:
    assert VOCABULARY.intervals(Facet.MOOD, "calm") == {"energy": (0.0, 0.45)}
    for facet in (Facet.MOOD, Facet.ACTIVITY):
        for word in VOCABULARY.words(facet):
            for low, high in VOCABULARY.intervals(facet, word).values():
                assert 0 <= low <= high <= 1


def test_ideals_lie_where_a_track_would_pass_for_the_word() -> None:
    assert VOCABULARY.ideal(Facet.MOOD, "calm")["energy"] == 0.22
    assert VOCABULARY.ideal(Facet.MOOD, "zorblax") == VOCABULARY.ideal(Facet.TEMPO, "calm") == {}
    for facet in (Facet.MOOD, Facet.ACTIVITY):
        for word in VOCABULARY.words(facet):
            assert set(VOCABULARY.intervals(facet, word)) <= set(VOCABULARY.ideal(facet, word)), word


def test_the_vocabulary_is_read_once() -> None:
    assert load_vocabulary() is VOCABULARY


@pytest.mark.parametrize(
    ("genres", "problem"),
    [
        ({"rock": {"parents": ["stone"]}}, "'stone'"),
        ({"a": {"parents": ["b"]}, "b": {"parents": ["a"]}}, "its own ancestor"),
        ({"a": {"synonyms": ["x"]}, "b": {"synonyms": ["X!"]}}, "both 'a' and 'b'"),
        ({"a": {"synonyms": ["?"]}}, "without letters"),
        ({"a": {"energy": [0.5, 0.2]}}, "energy"),
        ({"a": {"loudness": [0.1, 0.2]}}, "loudness"),
        ({"a": {"energy": [0.0, 0.5], "ideal": {"energy": 0.7}}}, "0.7; expected a number from 0 to 0.5"),
        ({"a": {"ideal": {"loudness": 0.7}}}, "loudness"),
    ],
)
def test_a_vocabulary_that_contradicts_itself_is_refused(genres: dict[str, Any], problem: str) -> None:
    with pytest.raises(VocabularyError, match=problem) as caught:
        Vocabulary({"genres": genres})
    assert "vocabulary.toml" in str(caught.value)
