"""What continues a collection of tracks, learnt from planted playlists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.encoders.minilm import MiniLmEncoder
from recsys.jam.train import TrainingSettings
from recsys.lambdarank import LambdaRank
from recsys.pipeline import build, open_recommender
from recsys.ranking import RankingWeights
from recsys.recommendation import Query
from recsys.retrieval.company import Company
from recsys.retrieval.continuing import LEAST, Continuing
from recsys.types import Collection, Constraint, Event, EventKind, Facet, FloatArray, Track
from recsys.vocabulary import load_vocabulary

N_ARTISTS, N_OF_ARTIST = 40, 12
#: A playlist keeps to one half of its artists' years: what only numbers tell.
EARLY, LATE = 1970, 2010


def _catalogue(n_playlists: int = LEAST + 10, *, seed: int = 3) -> Catalogue:
    rng = np.random.default_rng(seed)
    tracks = [
        Track(
            f"{artist}-{number}",
            f"title {artist} {number}",
            (f"artist {artist}",),
            year=EARLY if number < N_OF_ARTIST // 2 else LATE,
        )
        for artist in range(N_ARTISTS)
        for number in range(N_OF_ARTIST)
    ]
    playlists = []
    for number in range(n_playlists):
        scene = rng.permutation(np.arange(8)) + 8 * (number % 5)  # artists keep company in five scenes
        late = number % 2 * (N_OF_ARTIST // 2)
        ids = [f"{a}-{n + late}" for a in scene[:5] for n in rng.permutation(N_OF_ARTIST // 2)[:2]]
        playlists.append(Collection(f"p{number}", f"playlist {number}", tuple(ids)))
    return Catalogue.from_tracks(tracks, playlists)


def _names(catalogue: Catalogue) -> FloatArray:
    vectors = np.random.default_rng(0).standard_normal((len(catalogue), 16)).astype(np.float32)
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return _catalogue()


@pytest.fixture(scope="module")
def learned(catalogue: Catalogue) -> LambdaRank:
    found = Continuing.learn(catalogue, _names(catalogue), Company(catalogue), seed=1, threads=1)
    assert found is not None
    return found


def _history(catalogue: Catalogue, scene: int, late: bool) -> tuple[FloatArray, list[str], list[str]]:
    own = [f"{8 * scene + a}-{n + late * N_OF_ARTIST // 2}" for a in range(3) for n in (0, 1)]
    right = [f"{8 * scene + a}-{n + late * N_OF_ARTIST // 2}" for a in range(8) for n in range(N_OF_ARTIST // 2)]
    wrong = [f"{8 * scene + a}-{n + (not late) * N_OF_ARTIST // 2}" for a in range(8) for n in range(N_OF_ARTIST // 2)]
    return np.ones(len(own), dtype=np.float32), own, [one for one in right if one not in own] + ["|", *wrong]


def test_what_playlists_have_in_common_beside_artists_is_learnt(catalogue: Catalogue, learned: LambdaRank) -> None:
    continuing = Continuing(catalogue, _names(catalogue), Company(catalogue), learned)
    for late in (False, True):
        weights, own, rest = _history(catalogue, 2, late)
        right, wrong = rest[: rest.index("|")], rest[rest.index("|") + 1 :]
        rows = catalogue.rows(own)
        of_learnt = continuing.scores(rows, weights)
        best = np.argsort(-of_learnt, kind="stable")
        best = best[~np.isin(best, rows)][:10]
        assert np.isin(best, catalogue.rows(right)).mean() >= 0.9
        counted = Company(catalogue).scores(rows, weights)
        of_artist = [one for one in wrong if one.split("-")[0] in {own_id.split("-")[0] for own_id in own}]
        assert counted[catalogue.rows(of_artist)].mean() > 0  # counting alone cannot tell the years apart
        assert of_learnt[catalogue.rows(right)].mean() > 2 * of_learnt[catalogue.rows(wrong)].mean()


def test_scores_are_shares_that_a_long_history_raises(catalogue: Catalogue, learned: LambdaRank) -> None:
    continuing = Continuing(catalogue, _names(catalogue), Company(catalogue), learned)
    weights, own, _ = _history(catalogue, 1, late=True)
    rows = catalogue.rows(own)
    whole, one = continuing.scores(rows, weights), continuing.scores(rows[:1], weights[:1])
    assert whole.min() >= 0
    assert whole.max() == pytest.approx(6 / 11)
    assert one.max() == pytest.approx(1 / 6)
    assert continuing.scores(rows, 7 * weights) == pytest.approx(whole)


def test_without_history_or_lessons_nothing_is_invented(catalogue: Catalogue, learned: LambdaRank) -> None:
    names, company = _names(catalogue), Company(catalogue)
    nothing = np.empty(0, dtype=np.int64)
    assert not Continuing(catalogue, names, company, learned).scores(nothing, nothing.astype(np.float32)).any()
    weights, own, _ = _history(catalogue, 0, late=False)
    rows = catalogue.rows(own)
    assert np.array_equal(Continuing(catalogue, names, company).scores(rows, weights), company.scores(rows, weights))


def test_a_playlist_counts_for_nothing_in_its_own_question(catalogue: Catalogue) -> None:
    """Hidden in its question, a playlist leaves the same features as one that was never there."""
    number = 7
    others = [one for n, one in enumerate(catalogue.collections) if n != number]
    without = Catalogue.from_tracks([catalogue.track(row) for row in range(len(catalogue))], others)
    rows, ones = catalogue.collection_rows[number][:5], np.ones(5, dtype=np.float32)
    hidden, gone = (Continuing(one, _names(one), Company(one)) for one in (catalogue, without))
    asked, never = hidden._ask(rows, ones, number), gone._ask(rows, ones)
    found = hidden._candidates(asked)
    assert np.array_equal(found, gone._candidates(never))
    assert hidden._features(asked, found) == pytest.approx(gone._features(never, found), nan_ok=True, rel=1e-5)


def test_few_playlists_teach_nothing() -> None:
    catalogue = _catalogue(LEAST - 1)
    assert Continuing.learn(catalogue, _names(catalogue), Company(catalogue), seed=1, threads=1) is None


def test_the_same_playlists_teach_the_same(catalogue: Catalogue, learned: LambdaRank, tmp_path: Path) -> None:
    again = Continuing.learn(catalogue, _names(catalogue), Company(catalogue), seed=1, threads=1)
    assert again is not None
    learned.save(tmp_path / "once")
    again.save(tmp_path / "again")
    assert (tmp_path / "once" / "ranker.txt.gz").read_bytes() == (tmp_path / "again" / "ranker.txt.gz").read_bytes()


def test_an_indexed_catalogue_continues_a_history(tmp_path: Path, catalogue: Catalogue, minilm: MiniLmEncoder) -> None:
    """What was learnt serves once indexed; beside a name, words hardly count; damaged, the counted company serves."""
    built = build(tmp_path, catalogue, load_vocabulary(), minilm, TrainingSettings(steps=5, batch=16, n_negatives=20))
    without_jam = RankingWeights(translation=0)  # five steps teach it nothing
    recommender, _ = open_recommender(tmp_path, load_vocabulary(), minilm, weights=without_jam)
    _, own, rest = _history(catalogue, 2, late=True)
    right = set(rest[: rest.index("|")])
    events = tuple(Event("me", one, EventKind.KEEP, 1.0) for one in own)
    query = Query("title 20", listener_events=events, now=2.0, exclude=frozenset(catalogue.rows(own).tolist()))

    def shares(query: Query) -> tuple[float, float]:
        ids = [catalogue.track_ids[row] for row in recommender.rank(query, 10)[0].tolist()]
        return len(right.intersection(ids)) / 10, sum(one.startswith("20-") for one in ids) / 10

    named, said = shares(replace(query, taste_first=True)), shares(query)
    assert named[0] >= 0.6, "chance would have 0.1"
    assert said[1] > named[1], "words count in full where they are no name"
    early = Constraint(Facet.ERA, high=1980, hard=True)
    demanded = shares(replace(query, constraints=(early,)))
    assert demanded[0] == 0, "what is demanded filters, whatever continues the history"

    trees = built.generation.folder / "continuing" / "ranker.txt.gz"
    trees.write_bytes(trees.read_bytes()[:100])
    recommender, _ = open_recommender(tmp_path, load_vocabulary(), minilm)
    assert len(recommender.rank(query, 10)[0]) == 10
