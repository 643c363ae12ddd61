"""The made lyrics that reading lyrics is measured by, and the figures that were chosen on them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from evals.lyrics import add_languages, add_requests, choose, read_lyrics, requests_of, write_catalogue
from evals.report import Report
from recsys.encoders.minilm import MiniLmEncoder
from recsys.lyrics import themes
from recsys.sources import read_source
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary

LYRICS = read_lyrics()
REPORTING = [one for one in LYRICS if one.set == "reporting"]


def test_every_theme_has_a_lyric_to_choose_on_and_another_to_report() -> None:
    known = load_vocabulary().words(Facet.THEME)
    for kind in ("choosing", "reporting"):
        assert Counter(one.about[0] for one in LYRICS if one.set == kind and one.about) == Counter(known)
    assert {theme for one in LYRICS for theme in one.about} <= set(known)
    assert len({one.text for one in LYRICS}) == len(LYRICS)


def test_requests_in_other_words_name_no_theme() -> None:
    asked = [one.asks for one in REPORTING if one.asks]
    assert len(asked) >= 40
    assert [words for words in asked if load_vocabulary().canonical(Facet.THEME, words)] == []


def test_the_threshold_is_the_best_on_the_lyrics_kept_for_choosing(tmp_path_factory: pytest.TempPathFactory) -> None:
    encoder = MiniLmEncoder(tmp_path_factory.mktemp("minilm"), threads=1)
    best = choose([one for one in LYRICS if one.set == "choosing" and one.about], encoder)[0]
    assert (best["word"], best["found"]) == (themes.WORDS_COUNT, themes.FOUND)


def test_languages_are_told_in_all_but_mixed_and_short_texts() -> None:
    report = Report("test", {}, (1,))
    add_languages(report, REPORTING)
    assert report.results["language"]["all"]["accuracy"].mean == 1.0
    assert {"mixed", "short", "german"} <= report.results["language"].keys()


def test_a_ranking_that_knows_the_answers_scores_one_and_the_difference_is_paired() -> None:
    requests = requests_of(REPORTING)
    perfect, blind = [list(relevant)[:10] for _, _, relevant in requests], [[] for _ in requests]
    report = Report("test", {}, (1,))
    add_requests(report, REPORTING, {"segue": perfect, "without lyrics": blind})
    assert report.results["segue"]["all"]["ndcg@10"].mean == 1.0
    assert report.results["segue - without lyrics"]["own words"]["recall@10"].low == 1.0
    assert report.results["chance"]["all"]["recall@10"].mean == pytest.approx(10 / len(REPORTING))


def test_the_catalogue_holds_the_lyrics_and_nothing_that_gives_them_away(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "with.csv", REPORTING, with_lyrics=True)
    write_catalogue(tmp_path / "without.csv", REPORTING, with_lyrics=False)
    told, silent = read_source(tmp_path / "with.csv"), read_source(tmp_path / "without.csv")
    assert told.tracks == silent.tracks
    assert silent.lyrics == {}
    assert told.lyrics == {str(n): one.text for n, one in enumerate(REPORTING)}
