"""The retrievers of a session: each finds what it is for, none what is not allowed; fusion worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.recommendation import Conversation
from recsys.retrieval.fusion import RETRIEVERS, Evidence, fuse, retrieve, scores_of
from recsys.types import Collection, Track
from tests.planted import planted_tracks
from tests.talking import conversing_on

KNOWN = Track("known", "Kryptonite", ("3 Doors Down",))
MIXED = Collection("mixed", "mixed", ("jazz-1-0", "house-9-3", "house-9-4"))
POPULAR = tuple(Collection(f"p{number}", "", ("folk-5-2",)) for number in range(3))
CATALOGUE = Catalogue.from_tracks([*planted_tracks(), KNOWN], [MIXED, *POPULAR])
CONVERSING = conversing_on(CATALOGUE)


def evidence(*utterances: str, liked: tuple[str, ...] = ()) -> Evidence:
    behind = len(utterances) - 1
    rated = tuple(CATALOGUE.rows(liked).tolist())
    said = Conversation(utterances, ("",) * behind, (rated,) * behind, ((),) * behind)
    return CONVERSING.turn(said).everything


def best(name: str, of: Evidence, n: int = 5) -> list[str]:
    rows = retrieve(of, np.ones(len(CATALOGUE), dtype=bool))[name][:n]
    return [CATALOGUE.track_ids[row] for row in rows.tolist()]


def artists(track_ids: list[str]) -> set[str]:
    return {track_id.rpartition("-")[0] for track_id in track_ids}


def test_every_retriever_finds_what_it_is_for() -> None:
    name = CATALOGUE.artists[CATALOGUE.row("metal-6-0")][0]
    assert artists(best("entities", evidence(f"play {name}"))) == {"metal-6"}
    assert artists(best("continuation", evidence("hello", "more", liked=("folk-4-1",)))) == {"folk-4"}
    words = best("words", evidence("skull wrath"))
    assert {track_id.partition("-")[0] for track_id in words} == {"metal"}
    assert artists(best("dense", evidence(CATALOGUE.text_of(CATALOGUE.row("house-2-3"))), 3)) == {"house-2"}
    assert best("dense", evidence(CATALOGUE.text_of(CATALOGUE.row("house-2-3"))), 1) == ["house-2-3"]
    assert best("neighbours", evidence("", "", liked=("jazz-7-2",)), 1) == ["jazz-7-2"]
    assert {"house-9-3", "house-9-4"} <= set(best("together", evidence("", "", liked=("jazz-1-0",)), 20))
    assert best("knowledge", evidence("rock of the 2000s"), 1) == ["known"]
    assert best("popularity", evidence(""), 1) == ["folk-5-2"]


def test_a_named_artist_is_found_where_it_was_named_and_not_where_it_was_refused() -> None:
    name = CATALOGUE.artists[CATALOGUE.row("metal-6-0")][0]
    assert artists(best("entities", evidence(f"play {name}", "more of that"))) == {"metal-6"}
    assert "metal-6" not in artists(best("entities", evidence(f"no more {name}"), 200))


def test_what_is_not_allowed_is_never_found() -> None:
    name = CATALOGUE.artists[CATALOGUE.row("metal-6-0")][0]
    of = evidence(f"play {name}", "some 2000s rock", liked=("jazz-1-0",))
    allowed = np.random.default_rng(4).random(len(CATALOGUE)) < 0.5
    some, everything = retrieve(of, allowed), retrieve(of, np.ones(len(CATALOGUE), dtype=bool))
    assert set(some) == set(RETRIEVERS)
    for retriever, rows in some.items():
        assert allowed[rows].all(), retriever
        assert len(rows) <= RETRIEVERS[retriever].n_candidates
        assert len(set(rows.tolist())) == len(rows)
        kept = [row for row in everything[retriever].tolist() if allowed[row]]
        assert rows.tolist()[: len(kept)] == kept, retriever
    assert all(not len(rows) for rows in retrieve(of, np.zeros(len(CATALOGUE), dtype=bool)).values())


def test_scores_are_finite_and_nothing_in_favour_is_zero() -> None:
    for of in (evidence(""), evidence("rock", "", liked=("known",)), evidence("skull", "and jazz")):
        for name in RETRIEVERS:
            scores = scores_of(name, of)
            assert np.isfinite(scores).all(), name
            assert (scores >= 0).all(), name
    assert not scores_of("entities", evidence("zorblax")).any()
    assert not scores_of("continuation", evidence("zorblax")).any()


def test_reciprocal_ranks_by_hand() -> None:
    """Σ w / (60 + rank): entities weigh 3, words 1.5, and what is no retriever of a session nothing."""
    found = {"entities": np.array([2, 0]), "words": np.array([0]), "translation": np.array([4])}
    fused = fuse(found, 5)
    assert fused == pytest.approx([3 / 62 + 1.5 / 61, 0, 3 / 61, 0, 0])
    assert not fuse({}, 3).any()
