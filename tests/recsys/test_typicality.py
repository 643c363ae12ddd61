"""What passes for a mood by its sound is ranked by how much it feels like it."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.constraints import agreement, check
from recsys.ranking import Ranker, RankingWeights, Taste
from recsys.recommendation import Query
from recsys.types import Constraint, Facet, FloatArray, Track
from recsys.typicality import typicality
from recsys.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary()
MELLOW = Constraint(Facet.MOOD, ("mellow",))
TRACKS = [
    Track("ballad", "b", ("A",), energy=0.33, valence=0.45, acousticness=0.55, danceability=0.5, tempo_bpm=95.0),
    Track("trap", "t", ("B",), energy=0.5, valence=0.3, acousticness=0.05, danceability=0.9, tempo_bpm=150.0),
    Track("quiet", "q", ("C",), energy=0.33),
    Track("told", "s", ("D",), moods=("mellow",), energy=0.5, danceability=0.9),
    Track("loud", "l", ("E",), energy=0.9, valence=0.45, acousticness=0.55, danceability=0.5, tempo_bpm=95.0),
    Track("silent", "x", ("F",)),
]
NAMES = [track.track_id for track in TRACKS]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.from_tracks(TRACKS)


def graded(catalogue: Catalogue, constraint: Constraint) -> dict[str, float] | None:
    rows = np.array([catalogue.row(name) for name in NAMES])
    values = typicality(catalogue, VOCABULARY, constraint, agreement(catalogue, VOCABULARY, constraint), rows)
    return None if values is None else dict(zip(NAMES, map(float, values), strict=True))


def test_the_nearer_to_the_ideal_the_more_typical(catalogue: Catalogue) -> None:
    values = graded(catalogue, MELLOW)
    assert values is not None
    assert values["ballad"] == pytest.approx(1.0)
    assert values["ballad"] > values["trap"] > 0


def test_what_is_not_stated_is_left_out_and_what_is_said_needs_no_grade(catalogue: Catalogue) -> None:
    values = graded(catalogue, MELLOW)
    assert values is not None
    assert values["quiet"] == pytest.approx(1.0)  # by its energy, the one thing it states
    assert np.isnan(values["told"])


def test_what_is_not_met_or_not_known_is_not_graded(catalogue: Catalogue) -> None:
    values = graded(catalogue, MELLOW)
    assert values is not None
    assert np.isnan([values["loud"], values["silent"]]).all()


def test_of_several_words_the_nearest_counts(catalogue: Catalogue) -> None:
    either = graded(catalogue, Constraint(Facet.MOOD, ("energetic", "mellow")))
    assert either is not None
    assert either["ballad"] == pytest.approx(1.0)
    assert either["loud"] > 0


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint(Facet.GENRE, ("rock",)),
        Constraint(Facet.ENERGY, high=0.4),
        Constraint(Facet.MOOD, ("mellow",), wanted=False, hard=True),
        Constraint(Facet.MOOD, ("nostalgic",)),
    ],
    ids=lambda constraint: constraint.label(),
)
def test_other_wishes_have_nothing_typical(catalogue: Catalogue, constraint: Constraint) -> None:
    assert graded(catalogue, constraint) is None


@pytest.mark.parametrize("hard", [False, True], ids=["preferred", "demanded"])
def test_the_ranking_puts_the_typical_first_demanded_or_not(catalogue: Catalogue, hard: bool) -> None:
    rows = np.array([catalogue.row("ballad"), catalogue.row("trap")])
    nothing: FloatArray = np.zeros(len(catalogue), dtype=np.float32)
    wish = Constraint(Facet.MOOD, ("mellow",), hard=hard)

    def lead(weight: float) -> float:
        vectors = np.eye(len(catalogue), 8, dtype=np.float32)
        ranker = Ranker(catalogue, VOCABULARY, vectors, RankingWeights(typical=weight))
        taste = Taste(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), np.zeros(8, dtype=np.float32))
        checked = check(catalogue, VOCABULARY, (wish,))
        query = Query(text="mellow", constraints=(wish,))
        scores = ranker.scores(query, taste, checked, rows, nothing[rows], nothing, nothing, nothing)
        return float(scores[0] - scores[1])

    assert lead(0.0) == pytest.approx(0.0)
    assert lead(1.0) > 0.2


def test_where_sources_say_the_mood_nothing_is_changed() -> None:
    said = [Track("a", "A", ("X",), moods=("mellow",), energy=0.5), Track("b", "B", ("Y",), moods=("sad",), energy=0.3)]
    catalogue = Catalogue.from_tracks([*said, Track("c", "C", ("Z",))])
    rows, nothing = np.arange(3), np.zeros(3, dtype=np.float32)
    checked = check(catalogue, VOCABULARY, (MELLOW,))
    taste = Taste(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), np.zeros(8, dtype=np.float32))

    def scores(weight: float) -> FloatArray:
        ranker = Ranker(catalogue, VOCABULARY, np.eye(3, 8, dtype=np.float32), RankingWeights(typical=weight))
        query = Query(text="mellow", constraints=(MELLOW,))
        return ranker.scores(query, taste, checked, rows, nothing, nothing, nothing, nothing)

    np.testing.assert_array_equal(scores(0.0), scores(2.5))
