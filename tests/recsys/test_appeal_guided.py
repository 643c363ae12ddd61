"""A label that only the tracks learnt from have teaches the network, and trees on top of it, something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys.appeal.guided import GuidedNetwork
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
_NO_STEPS = np.zeros((_N, 0))
_NETWORK = GuidedNetwork(_NO_STEPS, _LABELS, epochs=40)
_TREES = TreeLearner(_SOUND, leaves=(7,), network=_NETWORK, most_trees=60)


def _right(network: GuidedNetwork) -> np.ndarray:
    """How far the value, and the one expected of the labels, go with what a label is worth."""
    told = network.fit(_LEARN, _SOUND[_LEARN], _HEARD[_LEARN], 1)(_ASK, _SOUND[_ASK])
    return np.array([np.corrcoef(column, _WORTH[_ASK])[0, 1] for column in told.T])


def test_labels_make_a_noisy_value_easier_to_learn_and_shuffled_ones_do_not() -> None:
    shuffled = np.random.default_rng(1).permutation(_LABELS)
    alone, guided, misled = (
        _right(one) for one in (replace(_NETWORK, label_weight=0.0), _NETWORK, replace(_NETWORK, labels=shuffled))
    )
    assert guided[0] > alone[0] + 0.02
    assert guided[1] > alone[0] + 0.02
    assert misled[0] < guided[0]
    assert misled[1] < 0.5


def test_labels_and_values_of_tracks_that_are_asked_about_are_not_read() -> None:
    other = _LABELS.copy()
    other[_ASK] = 77
    heard = np.where(np.isin(np.arange(_N), _ASK), 50.0, _HEARD)
    told = [
        replace(_TREES, network=replace(_NETWORK, labels=labels)).fit(
            _LEARN, Targets.of({"popularity": values}), _ARTISTS, 1
        )(_ASK)
        for labels, values in ((_LABELS, _HEARD), (other, heard))
    ]
    np.testing.assert_array_equal(*told)


def test_trees_read_what_a_network_says_and_each_track_as_if_alone() -> None:
    targets = Targets.of({"popularity": _HEARD})
    without = replace(_TREES, network=None).fit(_LEARN, targets, _ARTISTS, 1)(_ASK)[:, 0]
    predict = _TREES.fit(_LEARN, targets, _ARTISTS, 1)
    with_it = predict(_ASK)[:, 0]
    assert np.corrcoef(with_it, _WORTH[_ASK])[0, 1] > np.corrcoef(without, _WORTH[_ASK])[0, 1] + 0.02
    np.testing.assert_allclose(predict(_ASK[:5])[:, 0], with_it[:5], atol=1e-4)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_unknown_content_and_values_that_many_share_become_finite_numbers(missing: float) -> None:
    rng = np.random.default_rng(0)
    content = np.round(np.abs(_SOUND))  # mostly 0, 1 and 2
    content[rng.random(content.shape) < missing] = np.nan
    content[:, 0] = np.nan  # known of nobody
    content[:, 1] = 4.0  # the same of everybody
    told = _NETWORK.fit(_LEARN, content[_LEARN], _HEARD[_LEARN], 1)(_ASK, content[_ASK])
    assert told.shape == (600, 2)
    assert np.isfinite(told).all()
    assert told[:, 1].min() >= 0
    assert told[:, 1].max() <= 100


def test_the_same_seed_learns_the_same_and_leaves_chance_elsewhere_alone() -> None:
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = replace(_NETWORK, epochs=2, n_seeds=2)
    told = [network.fit(_LEARN, _SOUND[_LEARN], _HEARD[_LEARN], seed)(_ASK, _SOUND[_ASK]) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(told[0], told[1])
    assert not np.array_equal(told[0], told[2])
    assert torch.equal(before, torch.get_rng_state())
