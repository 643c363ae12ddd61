"""Synthetic triples: seeded, coherent, varied, and never asking for what the answers do not have."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.synthesis import Triple, synthesise
from recsys.vocabulary import load_vocabulary
from tests.planted import STYLES, planted_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return planted_catalogue(with_playlists=True)


def draw(catalogue: Catalogue, n: int = 400, seed: int = 3) -> list[Triple]:
    return synthesise(catalogue, load_vocabulary(), n, np.random.default_rng(seed))


def test_the_same_seed_draws_the_same_triples(catalogue: Catalogue) -> None:
    for a, b in zip(draw(catalogue), draw(catalogue), strict=True):
        assert a.text == b.text
        np.testing.assert_array_equal(a.history, b.history)
        np.testing.assert_array_equal(a.answers, b.answers)


def test_every_triple_has_words_and_answers(catalogue: Catalogue) -> None:
    for triple in draw(catalogue):
        assert triple.text.strip()
        assert 1 <= len(triple.answers) <= 24
        assert len(np.unique(triple.answers)) == len(triple.answers)


def test_a_request_that_names_a_style_is_answered_in_it(catalogue: Catalogue) -> None:
    checked = 0
    for triple in draw(catalogue):
        named = [style for style in STYLES if f" {style} " in f" {triple.text.lower()} "]
        if len(named) == 1:
            checked += 1
            styles = {catalogue.track_ids[row].split("-")[0] for row in triple.answers}
            assert styles == {named[0]}, triple.text
    assert checked > 50


def test_tastes_are_coherent(catalogue: Catalogue) -> None:
    """A synthetic listener has one or two anchors, so two styles hold most of nearly every history."""
    shares = []
    for triple in draw(catalogue):
        if len(triple.history) >= 5:
            styles = [catalogue.track_ids[row].split("-")[0] for row in triple.history]
            shares.append(max(styles.count(s) for s in set(styles)) / len(styles))
    assert np.mean(shares) > 0.7


def test_requests_vary(catalogue: Catalogue) -> None:
    texts = [t.text for t in draw(catalogue)]
    assert len(set(texts)) > 0.6 * len(texts)
    assert len({len(t.split()) for t in texts}) >= 6


def test_playlist_names_are_requests(catalogue: Catalogue) -> None:
    texts = {t.text.lower() for t in draw(catalogue)}
    assert sum(c.name in texts for c in catalogue.collections) >= 6
