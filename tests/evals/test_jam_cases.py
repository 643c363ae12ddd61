"""Cases that counts cannot help: what is removed is gone from everything that systems see, and draws are seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from evals.errors import UnknownSystemError
from evals.jam import evaluate
from evals.jam_cases import CASES, TAGS, Case, build_cases, choose_cases, draw, only_pairs, tag_table
from recsys.encoders.collaborative import fit_als
from recsys.jam.dataset import JamDataset
from recsys.jam.files import read_jam, write_jam
from recsys.jam.memory import request_key
from recsys.types import FloatArray
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import dataset, encode
from tests.recsys.jam_tasks import split_of


def hashed(texts: Sequence[str]) -> FloatArray:
    """A vector of its own for every text."""
    rows = [np.random.default_rng(list(text.encode()) or [0]).standard_normal(8) for text in texts]
    return np.array(rows, np.float32).reshape(len(texts), 8)


def planted() -> JamDataset:
    """The planted data set with tags of the known recipe, and a feature of every listener."""
    data = dataset()
    tags = tag_table(data.splits["train"], data.n_items, hashed)
    users = np.random.default_rng(1).standard_normal((data.n_users, 3)).astype(np.float32)
    items = np.random.default_rng(2).standard_normal((data.n_items, 3)).astype(np.float32)
    return replace(data, item_features={**data.item_features, "cf": items, "tags": tags}, user_features={"cf": users})


def cases_of(data: JamDataset, names: Sequence[str] = CASES) -> dict[str, Case]:
    """Every case by the name of its last questions."""
    built = build_cases(names, data, data.splits["val"], hashed)
    return {case.stages[-1][0].name: case for case in built}


@pytest.fixture(scope="module")
def real(eval_data: Path) -> JamDataset:
    return read_jam(eval_data / "lastfm-jam")


def test_cases_are_chosen_by_name() -> None:
    assert choose_cases("") == ()
    assert choose_cases("all") == CASES
    assert choose_cases("stripped-artists, unseen-tags") == (*TAGS, "stripped-artists")
    assert choose_cases("unseen-listeners") == ("unseen-listeners",)
    with pytest.raises(UnknownSystemError, match="no case 'unseen'; expected some of unseen-tags-1"):
        choose_cases("unseen")


def test_a_draw_takes_the_smallest_share_that_gives_enough() -> None:
    taken = draw(1000, (0.15, 0.2), lambda rows: 10 * len(rows), 3)
    assert len(taken) == 150
    assert len(draw(1000, (0.15, 0.2), lambda rows: 400 if len(rows) == 200 else 0, 3)) == 200
    np.testing.assert_array_equal(taken, draw(1000, (0.15, 0.2), lambda rows: 10 * len(rows), 3))
    assert not np.array_equal(taken, draw(1000, (0.15, 0.2), lambda rows: 10 * len(rows), 4))
    most = draw(50, (0.2,), lambda rows: int(rows.sum()) % 100, 3)
    every = [np.random.default_rng((3, attempt)).permutation(50)[:10] for attempt in range(50)]
    assert int(most.sum()) % 100 == max(int(rows.sum()) % 100 for rows in every)


def test_tags_are_the_twelve_most_frequent_texts_in_the_order_of_asking() -> None:
    queries = [(text, 0, [0]) for text in "abcdefghijklm"] + [("m", 1, [0]), ("x", 1, [2])]
    said: list[str] = []

    def listen(texts: Sequence[str]) -> FloatArray:
        said.extend(texts)
        return np.ones((len(texts), 2), np.float32)

    table = tag_table(split_of(queries), 4, listen)
    assert said == ["m, a, b, c, d, e, f, g, h, i, j, k", "x"]
    assert table.any(axis=1).tolist() == [True, False, True, False]


def test_some_pairs_of_a_split() -> None:
    split = split_of([("a", 0, [1, 2]), ("b", 1, [2]), ("c", 2, [3, 2, 4])])
    left = only_pairs(split, split.items != 2)
    assert left.texts == ("a", "c")
    assert [left.relevant(number).tolist() for number in range(2)] == [[1], [3, 4]]
    assert left.query_idxs.tolist() == [0, 2]


def test_unseen_tags_are_gone_from_requests_and_from_features() -> None:
    data = planted()
    case = cases_of(data, ["unseen-tags-2"])["unseen-tags-2"]
    (questions, listeners), *rest = case.stages
    hidden = {request_key(text) for text in questions.asked.texts}
    train = case.dataset.splits["train"]
    assert hidden
    assert not hidden & {request_key(text) for text in train.texts}
    assert set(case.dataset.splits) == {"train"}
    assert listeners is None
    assert not rest
    np.testing.assert_array_equal(case.dataset.item_features["tags"], tag_table(train, data.n_items, hashed))
    assert not np.array_equal(case.dataset.item_features["tags"], data.item_features["tags"])
    np.testing.assert_array_equal(case.dataset.item_features["cf"], data.item_features["cf"])
    assert case.said["unseen-tags-2"]["tags"] == "made again"


def test_tags_of_another_recipe_are_left_out() -> None:
    data = planted()
    other = data.item_features["tags"][::-1].copy()
    case = cases_of(replace(data, item_features={**data.item_features, "tags": other}), ["unseen-tags-1"])
    assert "tags" not in case["unseen-tags-1"].dataset.item_features
    assert case["unseen-tags-1"].said["unseen-tags-1"]["tags"] == "left out"


def test_unseen_listeners_leave_no_trace_until_they_are_folded_in() -> None:
    data = planted()
    case = cases_of(data, ["unseen-listeners", "unseen-listeners-zero"])["unseen-listeners"]
    (zero, nobody), (folded, listeners) = case.stages
    assert (zero.name, folded.name) == ("unseen-listeners-zero", "unseen-listeners")
    hidden = np.unique(folded.asked.users)
    left = case.dataset
    assert len(hidden)
    assert not np.isin(left.splits["train"].users, hidden).any()
    assert left.plays is not None
    assert left.plays[hidden].nnz == 0
    assert not left.user_features["cf"][hidden].any()
    assert nobody is None
    assert listeners is not None
    assert listeners.plays is data.plays
    assert listeners.user_features["cf"][hidden].any(axis=1).all()
    others = np.setdiff1d(np.arange(data.n_users), np.flatnonzero(~left.user_features["cf"].any(axis=1)))
    np.testing.assert_array_equal(listeners.user_features["cf"][others], left.user_features["cf"][others])
    # Items' collaborative vectors know nothing of the hidden: other plays of theirs change none.
    assert data.plays is not None
    more = data.plays.tolil()
    more[hidden, :] = 9
    again = cases_of(replace(data, plays=more.tocsr()), ["unseen-listeners"])["unseen-listeners"]
    np.testing.assert_array_equal(again.dataset.item_features["cf"], left.item_features["cf"])
    assert not np.array_equal(left.item_features["cf"], data.item_features["cf"])


def test_stripped_artists_have_no_tags_and_are_the_only_targets() -> None:
    data = planted()
    case = cases_of(data, ["stripped-artists"])["stripped-artists"]
    questions, _ = case.stages[0]
    train = case.dataset.splits["train"]
    gone = np.setdiff1d(np.unique(data.splits["train"].items), np.unique(train.items))
    assert len(gone) == case.said["stripped-artists"]["hidden"] == round(0.2 * 40)
    assert not case.dataset.item_features["tags"][gone].any()
    assert case.dataset.item_features["content"][gone].any()
    asked = questions.asked
    for number in range(len(asked)):
        targets = np.setdiff1d(asked.relevant(number), questions.left_out(number, discovery=False))
        assert len(targets)
        assert np.isin(targets, gone).all()
        assert not np.isin(questions.left_out(number, discovery=False), gone).any()


def test_tags_of_another_recipe_stay_but_those_of_stripped_artists() -> None:
    data = planted()
    other = data.item_features["tags"][::-1].copy()
    case = cases_of(replace(data, item_features={**data.item_features, "tags": other}))["stripped-artists"]
    left = case.dataset.item_features["tags"]
    gone = ~left.any(axis=1)
    assert gone.sum() == round(0.2 * 40)
    np.testing.assert_array_equal(left[~gone], other[~gone])
    assert case.said["stripped-artists"]["tags"] == "theirs left out"


def test_on_real_listeners_every_case_has_its_queries_and_its_share(
    real: JamDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evals.jam_cases.fit_als", partial(fit_als, iterations=1))
    built = list(build_cases(CASES, real, real.splits["val"], encode))
    said = {name: told for case in built for name, told in case.said.items()}
    asked = {questions.name: questions.asked for case in built for questions, _ in case.stages}
    assert set(asked) == set(said) == set(CASES)
    for name in CASES:
        assert len(asked[name]) >= 400
        share = said[name]["hidden"] / said[name]["of"]
        assert 0.149 <= share <= 0.201
        assert share == pytest.approx(0.2, abs=1e-3) or name in TAGS


def test_the_three_draws_differ_and_come_again(real: JamDataset) -> None:
    asked = real.splits["val"]
    once, again = (list(build_cases(TAGS, real, asked, encode)) for _ in range(2))
    drawn = [frozenset(case.stages[0][0].asked.texts) for case in once]
    assert len(set(drawn)) == 3
    assert drawn == [frozenset(case.stages[0][0].asked.texts) for case in again]


@pytest.mark.long
def test_cases_are_subsets_of_the_report_with_a_discovery_of_their_own(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", replace(planted(), item_features=dataset().item_features))
    report, lines = evaluate(
        tmp_path / "planted",
        (64,),
        ("counting", "pop"),
        split="val",
        encoder=StyleEncoder(),
        cases=CASES,
        trec=tmp_path / "trec",
    )
    names = [name for case in CASES for name in (case, f"{case}-discovery")]
    for system in ("counting", "pop", "pop - counting"):
        assert list(report.results[system]) == ["all", "discovery", *names]
    found = report.results["counting"]
    assert found["unseen-listeners"]["ndcg@10"].n == found["unseen-listeners-zero"]["ndcg@10"].n
    assert found["unseen-listeners"]["ndcg@10"].mean != found["unseen-listeners-zero"]["ndcg@10"].mean
    assert {one["subset"] for one in lines} == {"all", "discovery", *names}
    assert {path.name for path in (tmp_path / "trec").iterdir()} == {"all", "discovery", *names}
    assert set(report.settings["cases"]) == set(CASES)


class Answers:
    """Knows every answer of the reported split, to see what a perfect list scores."""

    def fit(self, task: object, **_: object) -> None:
        self.by_query: dict[tuple[str, int], set[int]] = {}
        val = dataset().splits["val"]
        for number, (text, user) in enumerate(zip(val.texts, val.users.tolist(), strict=True)):
            self.by_query.setdefault((text, user), set()).update(val.relevant(number).tolist())

    def score(self, texts: Sequence[str], users: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
        scores = np.zeros((len(texts), 40), np.float32)
        for line, query in enumerate(zip(texts, users.tolist(), strict=True)):
            scores[line, list(self.by_query.get(query, ()))] = 1
        return scores


def test_a_perfect_list_is_perfect_in_every_case(tmp_path: Path) -> None:
    """Answers that are neither candidates nor targets cost nothing."""
    write_jam(tmp_path / "planted", dataset())
    name = "tests.evals.test_jam_cases:Answers"
    report, _ = evaluate(tmp_path / "planted", (1,), (name,), split="val", encoder=StyleEncoder(), cases=CASES)
    for subset in ("stripped-artists", "stripped-artists-discovery"):
        assert report.results[name][subset]["recall@10"].mean == pytest.approx(1, abs=0.02)
