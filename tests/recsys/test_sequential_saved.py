"""A folder of a saved model that is not whole is refused in a sentence, and so is a folder of another model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from recsys.sequential.batches import OwnCounts
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.mixture import Mixture
from recsys.sequential.nearby import Nearby
from recsys.sequential.personal_popularity import PersonalPopularity
from recsys.sequential.popularity import Popularity
from recsys.sequential.registry import load_model
from recsys.sequential.sequences import Sequences

TRAIN = Sequences.of([[0, 1, 2], [1, 2, 3], [2, 3, 0]], ["a", "b", "c", "d"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Mixture({"near": Nearby(), "all": Popularity()}, weights=[1.0, 0.5]).fit(TRAIN).save(tmp_path / "mixture")
    return tmp_path / "mixture"


def _change(folder: Path, **settings: object) -> None:
    card = json.loads((folder / "model.json").read_text())
    card["settings"] |= settings
    (folder / "model.json").write_text(json.dumps(card))


def _without(folder: Path, name: str) -> None:
    card = json.loads((folder / "model.json").read_text())
    del card["settings"][name]
    (folder / "model.json").write_text(json.dumps(card))


def _arrays(folder: Path, **arrays: object) -> None:
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: rmtree(folder / "1"), r"1 holds no readable model\.json"),
        (lambda folder: (folder / "0" / "counts.npz").write_bytes(b"PK"), r"counts\.npz cannot be read"),
        (lambda folder: (folder / "weights.npz").unlink(), r"weights\.npz cannot be read"),
        (lambda folder: (folder / "model.json").write_text("{"), r"no readable model\.json"),
        (lambda folder: (folder / "model.json").write_text('{"model": "mixture"}'), "not as they were written"),
        (lambda folder: _without(folder, "models"), "not as they were written"),
        (lambda folder: _change(folder, models=None), "not as they were written"),
        (lambda folder: _change(folder, colour="red"), "not as they were written"),
        (lambda folder: _change(folder, models=["near"]), "2 weights for 1 models"),
        (lambda folder: _arrays(folder, weights=np.ones(2)), "not as they were written"),
        (lambda folder: _arrays(folder, shares=np.ones(4)), "not as they were written"),
    ],
    ids=[
        "a model is missing",
        "a model is damaged",
        "no weights",
        "no card",
        "empty card",
        "no list of models",
        "no models",
        "unknown setting",
        "too few models",
        "no shares",
        "weights of nothing",
    ],
)
def test_a_damaged_mixture_is_refused_in_a_sentence(folder: Path, damage: Callable[[Path], None], told: str) -> None:
    assert Mixture.load(folder).scores(TRAIN).shape == (3, 4)
    damage(folder)
    with pytest.raises(SequentialModelError, match=told):
        Mixture.load(folder)


def test_another_model_is_not_loaded_as_a_mixture(folder: Path) -> None:
    with pytest.raises(SequentialModelError, match=r"holds the model 'nearby'; load it as 'nearby'"):
        Mixture.load(folder / "0")
    assert isinstance(load_model(folder), Mixture)


def test_personal_popularity_is_that_of_the_neural_models_where_all_items_are_as_popular() -> None:
    """Two places say how likely a listener's own items are; they differ in what nobody's counts say alone."""
    even = Sequences.of([[0, 1, 2, 3]], ["a", "b", "c", "d"])
    asked = Sequences.of([[3, 3, 1]], even.names)
    shares = PersonalPopularity(epsilon=0.1).fit(even).scores(asked)[0]
    odds = OwnCounts.of_whole(asked.items, asked.lengths, 4, 0.1)
    by_odds = np.zeros(4)
    by_odds[odds.items] = odds.log_odds
    np.testing.assert_allclose(np.log(shares / shares[0]), by_odds, atol=1e-6)
