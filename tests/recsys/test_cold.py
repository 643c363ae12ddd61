"""Recommending without a history: what is held out, how it is counted, and what each recommender makes of content."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from evals.metrics import ndcg as ndcg_of_ranking
from recsys.cold.content import Content, means, random_content, side_by_side
from recsys.cold.elsa import ElsaSettings, fit_elsa, reconstruction
from recsys.cold.errors import ColdStartError
from recsys.cold.hybrid import HybridSettings, fit_hybrid
from recsys.cold.interactions import Interactions
from recsys.cold.linear import Ease, Popularity
from recsys.cold.measure import Factors, Scorer, place
from recsys.cold.nearest import fit_nearest
from recsys.cold.ordered import fit_ordered
from recsys.cold.port import Outcome, Problem
from recsys.cold.projection import ProjectionSettings, decoupled, fit_projection
from recsys.cold.shallow import ShallowSettings, fit_shallow
from recsys.cold.splits import Questions, Split, cold_split, hot_split, published_split
from recsys.cold.training import Schedule
from recsys.cold.weights import EncoderWeights, read_weights
from recsys.sequential.bert4rec import Bert4RecSettings
from recsys.sequential.plays import PlaysBuilder
from tests.planted_listening import planted_listening

_QUICK = Schedule(epochs=20, learning_rate=0.01, every=4, patience=3)


def _mean(scorer: Scorer, split: Split, metric: str = "ndcg@10") -> float:
    return float(place(scorer, split.asking).figures()[metric].mean())


@pytest.fixture(scope="module")
def planted() -> tuple[Interactions, Content]:
    return planted_listening()


@pytest.fixture(scope="module")
def cold(planted: tuple[Interactions, Content]) -> Split:
    return cold_split(planted[0], 0)


@pytest.fixture(scope="module")
def collaborative(cold: Split) -> np.ndarray:
    return fit_elsa(cold.history, None, ElsaSettings(dim=16, schedule=_QUICK), seed=0)[0].items


def _fit(name: str, split: Split, content: Content, collaborative: np.ndarray, *faults: str) -> Outcome:
    problem = Problem(split, content, 0, collaborative, faults)
    if name == "knn":
        return fit_nearest(problem)
    if name == "shallow":
        return fit_shallow(problem, ShallowSettings(dim=32, batch=500, schedule=_QUICK))
    if name == "hybrid":
        return fit_hybrid(problem, HybridSettings(dim=16, hidden=32, batch=64, schedule=_QUICK))
    return fit_projection(problem, ProjectionSettings(dim=16, hidden=32, batch=64, schedule=_QUICK))


def test_hot_holds_out_a_fifth_of_each_listener_and_a_tenth_to_choose_by() -> None:
    pairs, _ = planted_listening(n_each=20)
    split = hot_split(pairs, 3)
    for part, expected in ((split.train, 14), (split.validation, 2), (split.test, 4)):
        assert np.bincount(pairs.listeners[part]).tolist() == [expected] * 150
    assert not np.array_equal(split.test, hot_split(pairs, 4).test)
    assert split.asking.candidates.tolist() == (np.asarray(split.history.sum(axis=0)) > 0).tolist()


def test_hot_holds_out_the_latest_where_it_is_known_when() -> None:
    pairs, _ = planted_listening(times=True)
    assert pairs.times is not None
    split = hot_split(pairs, 3)
    for listener in range(5):
        mine = pairs.listeners == listener
        assert pairs.times[mine & split.train].max() < pairs.times[mine & split.validation].min()
        assert pairs.times[mine & split.validation].max() < pairs.times[mine & split.test].min()


def test_all_items_of_an_artist_are_new_together() -> None:
    pairs, _ = planted_listening()
    artists = np.arange(200) // 4
    split = cold_split(
        Interactions.of(pairs.listeners, pairs.items, pairs.listener_ids, pairs.item_ids, groups=artists), 5
    )
    parts = [set(artists[pairs.items[part]]) for part in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [35, 5, 10]
    assert not any(one & other for one, other in itertools.combinations(parts, 2))
    asked = split.asking
    assert set(artists[np.flatnonzero(asked.candidates)]) == parts[2]
    assert not split.history[:, np.flatnonzero(asked.candidates)].sum()


def test_the_published_split_learns_from_a_year_and_asks_about_the_month_after() -> None:
    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    builder = PlaysBuilder()
    for listener in ("a", "b", "c", "d", "e"):
        builder.add(listener, "old", at("2017-12-31"))  # before the year
        builder.add(listener, "known", at("2018-06-01"))
        builder.add(listener, "known", at("2019-02-03"))  # again: nothing new
        builder.add(listener, f"only {listener}", at("2018-07-01"))
        builder.add(listener, f"only {'abcde'['abcde'.index(listener) - 1]}", at("2019-02-05"))
        builder.add(listener, "late", at("2019-03-01"))  # after the month
    builder.add("a", "new", at("2019-02-10"))
    builder.add("newcomer", "new", at("2019-02-11"))  # without a history, and so not asked
    plays = builder.build()
    hot, cold = published_split(plays, "hot", 0), published_split(plays, "cold", 0)
    names, listeners = hot.interactions.item_ids, hot.interactions.listener_ids

    def asked(questions: Questions) -> dict[str, set[str]]:
        return {
            listeners[listener]: {
                names[item] for item in questions.targets[questions.offsets[n] : questions.offsets[n + 1]]
            }
            for n, listener in enumerate(questions.listeners.tolist())
        }

    assert asked(cold.asking) == {"a": {"new"}}
    both = asked(hot.asking) | asked(hot.choosing)
    assert both == {"a": {"only e"}, "b": {"only a"}, "c": {"only b"}, "d": {"only c"}, "e": {"only d"}}
    assert "a" in asked(hot.asking), "who played something cold is never chosen by"
    assert len(hot.choosing) == 1


def test_ranks_are_those_of_sorting_and_ties_count_against_what_is_asked() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 6, size=(7, 30)).astype(np.float32)  # full of ties
    known = csr_array((rng.random((7, 30)) < 0.2).astype(np.float32))
    targets, offsets = [], [0]
    candidates = rng.random(30) < 0.8
    for row in range(7):
        free = np.flatnonzero(candidates & (known[[row]].toarray()[0] == 0))
        targets.append(rng.choice(free, size=3, replace=False))
        offsets.append(offsets[-1] + 3)
    questions = Questions(np.arange(7), np.array(offsets), np.concatenate(targets), candidates, known)
    found = place(Factors(scores, np.eye(30, dtype=np.float32)), questions, n_first=5)
    for row in range(7):
        free = np.flatnonzero(candidates & (known[[row]].toarray()[0] == 0))
        order = sorted(free.tolist(), key=lambda item: (-scores[row, item], item in targets[row]))
        assert found.ranks[3 * row : 3 * row + 3].tolist() == [
            place + 1 for place, item in enumerate(order) if item in targets[row]
        ]
        assert found.figures((10,))["ndcg@10"][row] == pytest.approx(ndcg_of_ranking(order, targets[row].tolist(), 10))
        assert set(found.first[row]) <= set(free.tolist())
        assert sorted(-scores[row, found.first[row]]) == sorted(-scores[row, free])[:5]


def test_what_is_no_number_comes_last() -> None:
    questions = Questions(np.array([0]), np.array([0, 1]), np.array([1]), np.ones(3, bool), csr_array((1, 3)))

    class Broken:
        def scores(self, listeners: np.ndarray) -> np.ndarray:
            return np.array([[0.0, np.nan, -5.0]], np.float32)

    assert place(Broken(), questions).ranks.tolist() == [3]


@pytest.mark.parametrize("name", ["knn", "shallow", "contrastive", "hybrid"])
def test_content_finds_new_items_and_shuffled_content_does_not(
    planted: tuple[Interactions, Content], cold: Split, collaborative: np.ndarray, name: str
) -> None:
    content = planted[1]
    said = _mean(_fit(name, cold, content, collaborative).scorer, cold)
    shuffled = _mean(_fit(name, cold, content.shuffled(1), collaborative).scorer, cold)
    chance = _mean(fit_nearest(Problem(cold, random_content(200, 16, 2), 0)).scorer, cold)
    assert said > 1.6 * chance
    assert shuffled < chance + 0.35 * (said - chance)
    assert _mean(Popularity.fit(cold.history), cold) < chance, "new items tie, and ties count against them"


def test_each_listener_is_scored_as_if_alone(
    planted: tuple[Interactions, Content], cold: Split, collaborative: np.ndarray
) -> None:
    for name in ("knn", "shallow", "contrastive", "hybrid"):
        scorer = _fit(name, cold, planted[1], collaborative).scorer
        together = scorer.scores(np.arange(20))
        np.testing.assert_allclose(together[[7]], scorer.scores(np.array([7])), rtol=1e-4, atol=1e-5)


def test_nobody_learns_from_what_is_asked(
    planted: tuple[Interactions, Content], cold: Split, collaborative: np.ndarray
) -> None:
    """Take the asked pairs away from all but one listener: every model stays as it is."""
    pairs = cold.interactions
    fewer = ~cold.test | (pairs.listeners == pairs.listeners[np.flatnonzero(cold.test)[0]])
    kept = Interactions.of(pairs.listeners[fewer], pairs.items[fewer], pairs.listener_ids, pairs.item_ids)
    other = Split("cold", kept, cold.train[fewer], cold.validation[fewer], cold.test[fewer])
    for name in ("knn", "shallow", "contrastive", "hybrid"):
        one, two = (_fit(name, split, planted[1], collaborative).scorer for split in (cold, other))
        np.testing.assert_array_equal(one.scores(np.arange(30)), two.scores(np.arange(30)))


def test_listening_together_is_learnt_without_content() -> None:
    pairs, _ = planted_listening()
    split = hot_split(pairs, 0)
    popular = _mean(Popularity.fit(split.history), split)
    elsa, best = fit_elsa(split.history, split.choosing, ElsaSettings(dim=16, schedule=_QUICK), seed=0)
    assert _mean(elsa, split) > 1.5 * popular
    assert _mean(Ease.fit(split.history, penalty=50.0), split) > 1.5 * popular
    assert best.figure == max(best.figures)
    np.testing.assert_allclose(np.linalg.norm(elsa.items, axis=1), 1, rtol=1e-5)


def test_elsas_loss_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    x = (rng.random((3, 6)) < 0.5).astype(np.float64) + np.eye(3, 6)
    a = rng.normal(size=(6, 2))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    by_hand = 0.0
    for row in x:
        out = row @ (a @ a.T - np.eye(6))
        by_hand += ((out / np.linalg.norm(out) - row / np.linalg.norm(row)) ** 2).sum() / 3
    found = reconstruction(torch.from_numpy(x), torch.from_numpy(a))
    assert float(found) == pytest.approx(by_hand)


def test_the_contrastive_loss_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    z, w = (rng.normal(size=(4, 3)) for _ in range(2))
    z, w = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (z, w))
    by_hand = 0.0
    for i in range(4):
        against = sum(math.exp(z[i] @ other[j] / 0.1) for other in (z, w) for j in range(4) if j != i)
        by_hand += (math.log(against) - z[i] @ w[i] / 0.1) / 4
    found = decoupled(torch.from_numpy(z), torch.from_numpy(w), 0.1)
    assert float(found) == pytest.approx(by_hand)


def test_the_published_nearest_neighbours_average_other_rows() -> None:
    pairs = Interactions.of(
        np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 0, 1]), ["a", "b", "c"], ["x", "y", "z"]
    )
    parts = np.array([True, False, True, False, True, False]), np.array([False, True, False, False, False, False])
    split = Split("hot", pairs, parts[0], parts[1], np.array([False, False, False, False, False, True]))
    whole = np.eye(5, dtype=np.float32)
    content = Content("file", whole[[4, 3, 2]], whole)  # the items are rows 4, 3 and 2 of the file
    right, wrong = (fit_nearest(Problem(split, content, 0, None, faults)) for faults in ((), ("knn-rows",)))
    assert right.scorer.scores(np.array([0])).tolist() == [[1, 0, 0]]
    # Item 0 is row 4 of the file, and row 0 is averaged in its place.
    assert wrong.scorer.scores(np.array([0])).tolist() == [[0, 0, 0]]


def test_the_other_faults_of_the_published_code_change_what_is_learnt(
    planted: tuple[Interactions, Content], cold: Split, collaborative: np.ndarray
) -> None:
    as_said = _fit("shallow", cold, planted[1], collaborative).scorer
    for fault in ("negatives", "freeze"):
        other = _fit("shallow", cold, planted[1], collaborative, fault).scorer
        assert not np.allclose(as_said.scores(np.arange(9)), other.scores(np.arange(9)))


def test_bert4rec_keeps_vectors_of_items_that_are_to_be_compared_with_new_ones() -> None:
    pairs, content = planted_listening(times=True, n_listeners=60, n_items=80, n_each=15)
    settings = Bert4RecSettings(
        dim=16, steps=30, warmup=5, loss="softmax", validate_every=15, fusion="initialise", seed=0
    )
    split = cold_split(pairs, 0)
    kept, learnt = (fit_ordered(Problem(split, content, 0, None, faults), settings) for faults in ((), ("freeze",)))
    tables = [outcome.scorer.model.table.learnt for outcome in (kept, learnt)]  # type: ignore[attr-defined]
    begun = fit_ordered(
        Problem(split, content, 0), Bert4RecSettings(**{**settings.__dict__, "steps": 1})
    ).scorer.model.table.learnt  # type: ignore[attr-defined]
    torch.testing.assert_close(tables[0], begun)
    assert not torch.allclose(tables[1], begun)
    assert kept.scorer.scores(np.array([3, 4])).shape == (2, 80)


def test_bert4rec_asks_for_times(planted: tuple[Interactions, Content], cold: Split) -> None:
    with pytest.raises(ColdStartError, match="they have no times; give a column of times"):
        fit_ordered(Problem(cold, planted[1], 0))


def test_an_item_without_content_takes_no_part_in_a_listeners_mean(
    planted: tuple[Interactions, Content], cold: Split
) -> None:
    vectors = planted[1].vectors.copy()
    gone = int(cold.history.indices[0])
    vectors[gone] = 0
    found = fit_nearest(Problem(cold, Content("style", vectors), 0)).scorer
    assert isinstance(found, Factors)
    mine = [item for item in cold.history[[0]].indices if item != gone]
    expected = vectors[mine].mean(axis=0)
    np.testing.assert_allclose(found.listeners[0], expected / np.linalg.norm(expected), rtol=1e-5)
    assert not found.scores(np.arange(3))[:, gone].any()


def test_content_is_shuffled_among_those_who_have_some() -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(6, 2) + 1
    vectors[2] = 0
    content = Content("some", vectors)
    other = content.shuffled(3)
    assert other.present.tolist() == content.present.tolist()
    assert sorted(map(tuple, other.vectors)) == sorted(map(tuple, vectors))
    assert not np.array_equal(other.vectors, vectors)
    joined = side_by_side("two", [content, other])
    assert np.linalg.norm(joined.vectors[0]) == pytest.approx(math.sqrt(2))


def test_of_several_tables_each_keeps_its_own_absence() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.normal(5, size=(50, 3)).astype(np.float32) for _ in range(2))
    other[:30] = 0
    joined = side_by_side("both", [Content("one", one), Content("other", other)])
    assert not joined.standardised[:30, 3:].any(), "what is absent says nothing"
    np.testing.assert_allclose(joined.standardised[30:, 3:].std(axis=0), 0.5**0.5, rtol=1e-4)
    shuffled = joined.shuffled(1)
    assert shuffled.vectors[:, 3:].any(axis=1).tolist() == other.any(axis=1).tolist()
    assert not np.array_equal(shuffled.standardised, joined.standardised)


def test_means_of_nobody_are_zero() -> None:
    found = means(np.ones((3, 2), np.float32), np.array([0, 2]), np.array([0, 0, 2]))
    assert found.tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (np.zeros((3, 2), np.float32), "every row is zero"),
        (np.full((3, 2), np.nan, np.float32), "a value is no finite number"),
        (np.ones(3, np.float32), r"its shape is \(3,\)"),
    ],
    ids=["zero", "nan", "flat"],
)
def test_vectors_that_say_nothing_are_refused(vectors: np.ndarray, said: str) -> None:
    with pytest.raises(ColdStartError, match=said):
        Content("broken", vectors)


def test_weights_are_shares_of_what_a_catalogue_has(tmp_path: Path) -> None:
    weights = EncoderWeights({"cold": {"tags": 0.75, "name": 0.25}}, "somewhere")
    assert weights.of(["tags", "name"], "cold") == {"tags": 0.75, "name": 0.25}
    assert weights.of(["name"], "cold") == {"name": 1.0}
    # One that was not measured counts as much as the others do on average.
    assert weights.of(["tags", "name", "mert"], "cold")["mert"] == pytest.approx(1 / 3)
    assert weights.of(["tags", "name"], "hot") == {"tags": 0.5, "name": 0.5}
    weights.write(tmp_path / "weights.json")
    assert read_weights(tmp_path / "weights.json").of(["tags", "name"], "cold") == {"tags": 0.75, "name": 0.25}


def test_the_shipped_weights_can_be_read_and_broken_ones_are_refused(tmp_path: Path) -> None:
    shipped = read_weights()
    assert sum(shipped.shares["cold"].values()) == pytest.approx(1, abs=1e-3)
    broken = tmp_path / "weights.json"
    broken.write_text('{"schema": 1, "measured_on": "x", "shares": {"cold": {"tags": 7}}}')
    with pytest.raises(ColdStartError, match="a share of cold is not from 0 to 1"):
        read_weights(broken)
