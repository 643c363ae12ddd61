"""Content of tracks as numbers, and what learns from it beside the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Kind
from recsys.appeal.inputs import Beside, Columns, Text, Vectors, dense, read_vectors
from recsys.appeal.kernel import KernelLearner
from recsys.appeal.learners import Learner, RidgeLearner
from recsys.appeal.phrases import PHRASES, clauses, counts, phrase_likeness
from recsys.appeal.tables import read_targets
from recsys.appeal.targets import Targets
from recsys.appeal.transforms import Percentile
from recsys.appeal.trees import TreeLearner

_N = 240
_RNG = np.random.default_rng(0)
_FEATURES = _RNG.normal(size=(_N, 3))
_WORDS = np.where(_RNG.random(_N) < 0.5, "clear studio recording", "muffled recording with hiss")
_ARTISTS = np.array([f"a{number // 2}" for number in range(_N)])
_GOOD = 3 + 0.5 * np.tanh(_FEATURES[:, 0]) + 0.5 * (_WORDS == "clear studio recording")
_HALF = np.where(np.arange(_N) % 2, _GOOD, np.nan)
_TARGETS = Targets.of({"coherence": _GOOD, "musicality": _HALF})
_LEARN, _ASK = np.arange(180), np.arange(180, _N)
_COLUMNS = Columns("features", ("a", "b", "c"), _FEATURES)
_TEXT = Text("words", _WORDS.tolist(), longest=1)
_LEARNERS: dict[str, Learner] = {
    "ridge": RidgeLearner(Beside((_COLUMNS, _TEXT))),
    "kernel": KernelLearner(((_TEXT, (1.0,)), (_COLUMNS, (0.5, 1.0))), penalties=(0.05, 0.3)),
    "trees": TreeLearner(_FEATURES, (_TEXT,), leaves=(7,), least_rows=5, learning_rate=0.1),
}


@pytest.mark.parametrize("name", list(_LEARNERS))
def test_every_learner_finds_what_is_planted_in_features_and_words(name: str) -> None:
    predict = _LEARNERS[name].fit(_LEARN, _TARGETS, _ARTISTS, 1)
    told = predict(_ASK)
    assert told.shape == (60, 2)
    for column in range(2):  # of the second head half the rows are unknown
        assert np.corrcoef(told[:, column], _GOOD[_ASK])[0, 1] > 0.75
    np.testing.assert_allclose(predict(_ASK[:5]), told[:5], atol=1e-6)  # each row as if alone


@pytest.mark.parametrize("name", list(_LEARNERS))
def test_no_learner_reads_a_target_that_it_is_asked_about(name: str) -> None:
    changed = Targets.of({"coherence": _GOOD.copy(), "musicality": _HALF.copy()})
    changed.values[_ASK] = 1.0
    told = [_LEARNERS[name].fit(_LEARN, one, _ARTISTS, 1)(_ASK) for one in (_TARGETS, changed)]
    np.testing.assert_array_equal(*told)


def test_trees_say_the_probability_of_a_hit_and_learn_ranks() -> None:
    hit = (_FEATURES[:, 1] > 0).astype(float)
    trees = TreeLearner(_FEATURES, leaves=(7,), least_rows=5)
    told = trees.fit(_LEARN, Targets.of({"hit": hit}), _ARTISTS, 1)(_ASK)[:, 0]
    assert ((told > 0) & (told < 1)).all()
    assert ((told > 0.5) == (hit[_ASK] > 0)).mean() > 0.9
    counted = np.exp(3 * _FEATURES[:, 1])
    ranked = TreeLearner(_FEATURES, transforms={"popularity": Percentile()}, leaves=(7,), least_rows=5)
    plays = ranked.fit(_LEARN, Targets.of({"popularity": counted}), _ARTISTS, 1)(_ASK)[:, 0]
    assert counted.min() <= plays.min() <= plays.max() <= counted.max()
    assert np.corrcoef(np.log(plays), _FEATURES[_ASK, 1])[0, 1] > 0.9


def test_unknown_values_are_the_mean_and_flagged_and_scales_are_of_what_is_learnt_from() -> None:
    values = np.array([[1.0, 5.0], [3.0, np.nan], [100.0, 7.0]])
    turn = Columns("f", ("a", "b"), values).learn(np.array([0, 1]))
    np.testing.assert_allclose(turn(np.array([0, 1, 2])), [[-1, 0, 0], [1, 0, 1], [98, 2, 0]])
    vectors = Vectors("v", np.array([[1, 1], [np.nan, np.nan], [3, 1]], np.float32)).learn(np.arange(3))(np.arange(3))
    np.testing.assert_allclose(vectors, [[-1, 0, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]])


def test_words_of_tracks_that_are_asked_about_are_not_learnt() -> None:
    text = Text("t", ["slow piano", "slow guitar", "loud theremin"], least=1)
    turn = text.learn(np.array([0, 1]))
    assert turn(np.array([2])).nnz == 0
    assert dense(Beside((text, Columns("f", ("a",), np.ones((3, 1))))).learn(np.arange(3))(np.arange(3))).shape[0] == 3
    with pytest.raises(AppealError, match="no word is in 2 of 2 texts"):
        Text("t", ["piano", "guitar"]).learn(np.arange(2))


def test_vectors_are_read_without_running_anything(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((3, 2)))
    assert read_vectors(tmp_path / "v.npy").dtype == np.float32
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(AppealError, match="cannot read vectors"):
        read_vectors(tmp_path / "o.npy")
    np.save(tmp_path / "flat.npy", np.ones(3))
    with pytest.raises(AppealError, match=r"shape \(3,\)"):
        read_vectors(tmp_path / "flat.npy")


class _Letters:
    """An encoder of first letters."""

    name, dim = "letters", 26

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.eye(26, dtype=np.float32)[[ord(text[0].lower()) - 97 for text in texts]]


def test_a_description_is_as_like_a_phrase_as_its_likest_clause() -> None:
    said = [clauses("Piano plays softly. A crowd talks, ok", ["mono"]), []]
    assert said[0] == ["Piano plays softly.", "A crowd talks", "mono"]
    found = phrase_likeness(said, _Letters())
    first = {phrase[0] for phrase, like in zip(PHRASES, found[0], strict=True) if like == 1}
    assert first == {"p", "a", "m"} & {phrase[0] for phrase in PHRASES}
    assert np.isnan(found[1]).all()
    assert counts("Slow piano, soft.", ["slow", "soft piano"])[1:5] == [3, 2, 2, 1.5]


def test_a_table_says_its_targets_who_said_them_and_which_rows_are_segments(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "track_id,artist,musicality (model),track_popularity,energy\n1,Ann,3,10,.1\n1,Ann,3,10,.3\n2,Ben,,20,.5\n",
        encoding="utf-8",
    )
    table = read_targets(tmp_path / "t.csv")
    assert [head.name for head in table.targets.heads] == ["musicality", "popularity"]
    assert table.targets.kinds == (Kind.MODEL, Kind.PROXY)
    assert table.features is not None
    assert table.features.labels == ("energy",)
    songs, content = table.songs(np.array([[1, 2], [3, 4], [5, 6]], np.float32))
    assert content.tolist() == [[2, 3], [5, 6]]
    assert songs.artists.tolist() == ["ann", "ben"]
    assert songs.targets.values[:, 1].tolist() == [10, 20]
    (tmp_path / "n.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(AppealError, match="no column that is a target"):
        read_targets(tmp_path / "n.csv")
