"""BM25 in 0–1: the words that matter, however written, and nothing for words that no track has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.retrieval.lexical import LexicalIndex

TEXTS = [
    "Feeling Good – Nina Simone – I Put a Spell on You (1965) jazz",
    "Rainy Days and Mondays – Carpenters (1971) pop, rainy day",
    "Señorita – Beyoncé pop",
    "",
]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex.build(TEXTS)


def test_scores_lie_between_zero_and_one_and_the_best_match_leads(index: LexicalIndex) -> None:
    scores = index.scores("songs by Nina Simone")
    assert scores.argmax() == 0
    assert scores.max() <= 1 + 1e-6
    assert scores[1:].max() == 0


@pytest.mark.parametrize("text", ["senorita beyonce", "SEÑORITA", "Beyoncé!!"])
def test_accents_and_case_do_not_matter(index: LexicalIndex, text: str) -> None:
    assert index.scores(text).argmax() == 2


def test_plurals_and_endings_match_by_their_stem(index: LexicalIndex) -> None:
    assert index.scores("monday rain days").argmax() == 1


@pytest.mark.parametrize("text", ["", "the a of", "zorblax", "!!!", "give me some music please"])
def test_words_that_say_nothing_score_nothing(index: LexicalIndex, text: str) -> None:
    assert not index.scores(text).any()


def test_a_word_nobody_has_costs_nothing(index: LexicalIndex) -> None:
    np.testing.assert_array_equal(index.scores("nina zorblax"), index.scores("nina"))


def test_saving_changes_nothing(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    again = LexicalIndex.load(tmp_path / "lexical")
    np.testing.assert_allclose(again.scores("rainy nina"), index.scores("rainy nina"))
