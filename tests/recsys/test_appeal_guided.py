"""A label that only the tracks learnt from have teaches networks, and trees on top of them, something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.appeal.guided import Guide, GuidedNetwork
from recsys.appeal.inputs import Text
from recsys.appeal.learners import folds_by_group
from recsys.appeal.targets import Targets
from recsys.appeal.trees import TreeLearner

_N, _N_LABELS = 1200, 6
_RNG = np.random.default_rng(3)
_SOUND = _RNG.normal(size=(_N, 8))
_LABELS = (_SOUND @ _RNG.normal(size=(8, _N_LABELS))).argmax(axis=1)
_WORTH = np.array([10.0, 80.0, 30.0, 95.0, 55.0, 5.0])[_LABELS]
_HEARD = np.clip(_WORTH + 40 * _RNG.normal(size=_N), 0, 100)  # mostly chance: hard to learn from the value alone
_ARTISTS = np.array([f"a{number // 2}" for number in range(_N)])
_LEARN, _ASK = np.arange(600), np.arange(600, _N)
_HALVES = folds_by_group(_ARTISTS[_LEARN], 2, 1)
_INNER = [(_HALVES[0], _HALVES[1]), (_HALVES[1], _HALVES[0])]
_NETWORK = GuidedNetwork(epochs=30)
_GUIDE = Guide(np.zeros((_N, 0)), _LABELS, of_value=_NETWORK, of_label=replace(_NETWORK, label_weight=5.0), n_seeds=1)
_TREES = TreeLearner(_SOUND, leaves=(7,), guide=_GUIDE, most_trees=60, n_seeds=2)


def _right(weight: float, labels: np.ndarray) -> float:
    """How far the value goes with what a label is worth."""
    network = replace(_NETWORK, label_weight=weight)
    tell = network.fit(_SOUND[_LEARN], np.zeros((600, 0)), _HEARD[_LEARN], labels[_LEARN], _N_LABELS, (1,))
    return float(np.corrcoef(tell(_SOUND[_ASK], np.zeros((600, 0)))[0], _WORTH[_ASK])[0, 1])


def test_labels_make_a_noisy_value_easier_to_learn_and_shuffled_ones_do_not() -> None:
    shuffled = np.random.default_rng(1).permutation(_LABELS)
    guided = _right(1.0, _LABELS)
    assert guided > _right(0.0, _LABELS) + 0.02
    assert guided > _right(1.0, shuffled) + 0.02


def test_what_is_said_of_a_row_is_said_without_its_artist() -> None:
    """Values that are nothing but chance by artist cannot be told, not even of the rows that are learnt from."""
    chance = np.repeat(np.random.default_rng(0).normal(size=_N // 2), 2)
    said, tell = _GUIDE.fit(_LEARN, _SOUND[_LEARN], chance[_LEARN], _INNER, 1)
    assert said.shape == tell(_ASK, _SOUND[_ASK]).shape == (600, 2 + _N_LABELS)
    assert abs(np.corrcoef(said[:, 0], chance[_LEARN])[0, 1]) < 0.15
    assert np.corrcoef(tell(_LEARN, _SOUND[_LEARN])[:, 0], chance[_LEARN])[0, 1] > 0.35


def test_texts_tell_labels_that_sound_does_not() -> None:
    flat = np.random.default_rng(0).normal(size=(_N, 2))
    names = ["polka", "tango", "waltz", "samba", "fado", "zouk"]
    text = Text("title", [f"a {names[label]} night" for label in _LABELS])
    for texts, least, most in (((text,), 0.6, 1.0), ((), -1.0, 0.3)):
        guide = replace(_GUIDE, texts=texts)
        said, tell = guide.fit(_LEARN, flat[_LEARN], _HEARD[_LEARN], _INNER, 1)
        for rows, told in ((_LEARN, said), (_ASK, tell(_ASK, flat[_ASK]))):
            assert least < np.corrcoef(told[:, 1], _WORTH[rows])[0, 1] < most
            np.testing.assert_allclose((np.exp(told[:, 2:]) - 1e-3).sum(axis=1), 1, atol=1e-5)


def test_labels_and_values_of_tracks_that_are_asked_about_are_not_read() -> None:
    other = _LABELS.copy()
    other[_ASK] = 77
    heard = np.where(np.isin(np.arange(_N), _ASK), 50.0, _HEARD)
    told = [
        replace(_TREES, guide=replace(_GUIDE, labels=labels)).fit(
            _LEARN, Targets.of({"popularity": values}), _ARTISTS, 1
        )(_ASK)
        for labels, values in ((_LABELS, _HEARD), (other, heard))
    ]
    np.testing.assert_array_equal(*told)


def test_trees_read_what_the_networks_say_and_each_track_as_if_alone() -> None:
    targets = Targets.of({"popularity": _HEARD})
    without = replace(_TREES, guide=None).fit(_LEARN, targets, _ARTISTS, 1)(_ASK)[:, 0]
    predict = _TREES.fit(_LEARN, targets, _ARTISTS, 1)
    with_it = predict(_ASK)[:, 0]
    assert np.corrcoef(with_it, _WORTH[_ASK])[0, 1] > np.corrcoef(without, _WORTH[_ASK])[0, 1] + 0.02
    np.testing.assert_allclose(predict(_ASK[:5])[:, 0], with_it[:5], atol=1e-3)


def test_unknown_content_and_values_that_many_share_become_finite_numbers() -> None:
    rng = np.random.default_rng(0)
    content = np.round(np.abs(_SOUND))  # mostly 0, 1 and 2
    content[rng.random(content.shape) < 0.3] = np.nan
    content[:, 0] = np.nan  # known of nobody
    content[:, 1] = 4.0  # the same of everybody
    said, tell = _GUIDE.fit(_LEARN, content[_LEARN], _HEARD[_LEARN], _INNER, 1)
    for told in (said, tell(_ASK, content[_ASK])):
        assert np.isfinite(told).all()
        assert 0 <= told[:, 1].min() <= told[:, 1].max() <= 100


def test_the_same_seed_learns_the_same_and_leaves_chance_elsewhere_alone() -> None:
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = GuidedNetwork(epochs=2)
    given = (_SOUND[_LEARN], np.zeros((600, 0)), _HEARD[_LEARN], _LABELS[_LEARN], _N_LABELS)
    told = [network.fit(*given, seeds)(_SOUND[_ASK], np.zeros((600, 0)))[0] for seeds in ((1, 2), (1, 2), (2, 3))]
    np.testing.assert_array_equal(told[0], told[1])
    assert not np.array_equal(told[0], told[2])
    assert torch.equal(before, torch.get_rng_state())
