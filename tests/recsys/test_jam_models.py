"""The paper's models: exact fast scores against built item vectors, planted structure, and runs that were killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.jam.blocks import ItemInputs, drawn_hidden, score_all
from recsys.jam.errors import TrainingDataError, UnknownListenerError, UnknownSystemError
from recsys.jam.mixing import KeptPer, Mixer, MixingModel
from recsys.jam.systems import SYSTEMS, open_system
from recsys.jam.trained import TrainedSystem, mixing, talkrec, two_tower
from recsys.jam.trainer import PAPER, TrainerSettings
from recsys.types import FloatArray
from tests.recsys.jam_tasks import ndcg_at_10, planted_task

QUICK = replace(PAPER, size=16, epochs=12, batch=256, learning_rate=5e-3, threads=1)


def features(rng: np.random.Generator, n_items: int) -> dict[str, FloatArray]:
    """Three modalities of differing widths, each absent for some items, all absent for the first."""
    made = {}
    for name, width in (("audio", 5), ("cf", 3), ("lyrics_v2", 7)):
        rows = rng.normal(size=(n_items, width)).astype(np.float32)
        rows[rng.random(n_items) < 0.4] = 0
        rows[0] = 0
        made[name] = rows
    return made


def by_definition(
    model: MixingModel, tables: dict[str, FloatArray], query: FloatArray, user: FloatArray, me: float
) -> FloatArray:
    """Scores (B, N) with every item vector t built for every query, in float64."""
    w = {name: value.astype(np.float64) for name, value in model.exported().items()}

    def mapped(layer: str, x: FloatArray) -> FloatArray:
        return np.asarray(x @ w[f"{layer}.weight"].T + w.get(f"{layer}.bias", 0.0))

    out = np.zeros((len(query), len(next(iter(tables.values())))))
    for b in range(len(query)):
        point = mapped("query", query[b]) + (me * mapped("user", user[b]) if user[b].any() else 0.0)
        for n in range(out.shape[1]):
            here = [m for m, table in tables.items() if table[n].any()]
            if not here:
                continue
            vectors = [mapped(f"item.{m}", tables[m][n]) for m in here]
            if model.mixer == "avg":
                weights = np.ones(len(here)) / len(here)
            else:
                key = mapped("mixer_query", query[b])
                logits = np.array([mapped(f"mixer_key.{m}", tables[m][n]) @ key for m in here])
                if model.mixer == "cross":
                    logits /= np.sqrt(model.dim)
                else:
                    logits[np.argsort(-logits, kind="stable")[model.n_kept :]] = -np.inf
                weights = np.exp(logits - logits.max())
                weights /= weights.sum()
            out[b, n] = point @ np.sum([a * v for a, v in zip(weights, vectors, strict=True)], axis=0)
    return out


@given(
    seed=st.integers(0, 2**16),
    mixer=st.sampled_from(["avg", "cross", "moe"]),
    n_kept=st.integers(1, 3),
    me=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    bias=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_fast_scores_are_those_of_built_item_vectors(
    seed: int, mixer: Mixer, n_kept: int, me: float, bias: bool
) -> None:
    rng = np.random.default_rng(seed)
    tables = features(rng, 12)
    model = MixingModel(
        ItemInputs.of(tables), query_dim=6, user_dim=4, dim=8, mixer=mixer, n_kept=n_kept, bias=bias, seed=seed
    )
    query, user = rng.normal(size=(2, 3, 6)).astype(np.float32)
    user = user[:, :4].copy()
    user[1] = 0
    fast = score_all(model, torch.from_numpy(query), torch.from_numpy(user), how_much_me=me).numpy()
    # Relative to the largest score: in float32 a small one is the difference of larger products.
    near = 1e-5 * max(1.0, float(np.abs(fast).max()))
    np.testing.assert_allclose(fast, by_definition(model, tables, query, user, me), atol=near)
    for line in range(3):
        alone = score_all(
            model, torch.from_numpy(query[line : line + 1]), torch.from_numpy(user[line : line + 1]), how_much_me=me
        )
        np.testing.assert_allclose(fast[line], alone.numpy()[0], atol=near)
    pairs = torch.from_numpy(rng.integers(12, size=(3, 5)))
    with torch.no_grad():
        some = model.pair_scores(torch.from_numpy(query), torch.from_numpy(user), pairs).numpy()
    if me == 1.0:
        np.testing.assert_allclose(some, np.take_along_axis(fast, pairs.numpy(), 1), atol=near)


@pytest.mark.parametrize("kept_per", ["pair", "query"])
def test_no_more_modalities_are_kept_than_asked_for(kept_per: KeptPer) -> None:
    rng = np.random.default_rng(1)
    model = MixingModel(
        ItemInputs.of(features(rng, 30)), query_dim=6, user_dim=4, dim=8, mixer="moe", n_kept=2, kept_per=kept_per
    )
    with torch.no_grad():
        weights = model.modality_weights(torch.from_numpy(rng.normal(size=(4, 6)).astype(np.float32)), model.project())
    counts = (weights > 0).sum(dim=0)
    assert int(counts.max()) == 2
    present = model.items.present.any(dim=0)
    np.testing.assert_allclose(weights.sum(dim=0).numpy(), np.broadcast_to(present.numpy(), (4, 30)), atol=1e-6)


@pytest.mark.parametrize(
    "blueprint",
    [
        mixing("avg", "avg"),
        mixing("cross", "cross"),
        mixing("moe2", "moe"),
        talkrec("talkrec", "corrected"),
        two_tower("t"),
    ],
    ids=lambda one: str(one.name),
)
def test_planted_structure_is_found_and_shuffled_structure_is_not(blueprint: object) -> None:
    found = {}
    for shuffled in (False, True):
        task = planted_task(shuffled=shuffled)
        assert task.choose is not None
        how = replace(QUICK, size=(16,)) if blueprint.name == "t" else QUICK  # type: ignore[attr-defined]
        system = TrainedSystem(blueprint, how)  # type: ignore[arg-type]
        system.fit(task, seed=1)
        found[shuffled] = ndcg_at_10(system.score(task.choose.texts, task.choose.users), task.choose)
    popularity = open_system("pop")
    task = planted_task()
    assert task.choose is not None
    popularity.fit(task, seed=1)
    chance = ndcg_at_10(popularity.score(task.choose.texts, task.choose.users), task.choose)
    assert found[False] > chance + 0.05
    assert found[True] < chance + 0.05


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("mixer", ["cross", "moe"])
def test_a_killed_run_goes_on_to_the_same_weights(mixer: Mixer, tmp_path: Path) -> None:
    how = replace(QUICK, epochs=3, state_every=2)
    task = planted_task()
    whole = TrainedSystem(mixing(mixer, mixer), how)
    whole.fit(task, seed=5)
    calls = 0

    def kill(stage: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= 2:
            raise KilledError

    broken = TrainedSystem(mixing(mixer, mixer), how)
    with pytest.raises(KilledError):
        broken.fit(task, seed=5, folder=tmp_path, progress=kill)
    again = TrainedSystem(mixing(mixer, mixer), how)
    again.fit(task, seed=5, folder=tmp_path)
    for name, value in whole.model.exported().items():
        np.testing.assert_array_equal(value, again.model.exported()[name])


def test_every_random_draw_comes_from_the_seed() -> None:
    task = planted_task()
    assert task.choose is not None
    how = replace(QUICK, epochs=1)
    scores = []
    for seed in (3, 3, 4):
        system = TrainedSystem(mixing("moe2", "moe"), how)
        system.fit(task, seed=seed)
        scores.append(system.score(task.choose.texts, task.choose.users))
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def test_a_listwise_loss_learns_too() -> None:
    task = planted_task()
    assert task.choose is not None
    system = TrainedSystem(
        mixing("cross", "cross"),
        TrainerSettings(size=16, loss="listwise", batch=64, epochs=8, learning_rate=5e-3, threads=1),
    )
    system.fit(task, seed=1)
    assert ndcg_at_10(system.score(task.choose.texts, task.choose.users), task.choose) > 0.3


def test_a_hidden_modality_scores_as_an_absent_one() -> None:
    rng = np.random.default_rng(2)
    tables = features(rng, 20)
    model = MixingModel(ItemInputs.of(tables), query_dim=6, user_dim=4, dim=8, mixer="cross", seed=2)
    query, user = (torch.from_numpy(rng.normal(size=(3, width)).astype(np.float32)) for width in (6, 4))
    hidden = torch.zeros(3, 20, dtype=torch.bool)
    hidden[1] = True
    with torch.no_grad():
        found = score_all(model, query, user, projected=model.project().hiding(hidden)).numpy()
    without = tables | {"cf": np.zeros_like(tables["cf"])}
    expected = by_definition(model, without, query.numpy(), user.numpy(), 1.0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, float(np.abs(found).max())))
    averaging = MixingModel(ItemInputs.of(tables), query_dim=6, user_dim=4, dim=8, mixer="avg", seed=2)
    with pytest.raises(TrainingDataError, match="choose cross or moe"), torch.no_grad():
        averaging.project().hiding(hidden)


def test_modality_dropout_leaves_every_item_something_and_makes_up_for_what_is_missing() -> None:
    present = torch.from_numpy(np.random.default_rng(3).random((3, 400)) < 0.6)
    hidden = drawn_hidden(present, 0.7, torch.Generator().manual_seed(3))
    assert ((present & ~hidden).any(dim=0) == present.any(dim=0)).all()
    assert 0.15 < float((hidden & present).sum() / present.sum()) < 0.7

    task = planted_task()
    assert task.choose is not None
    rng = np.random.default_rng(5)
    sound = task.dataset.item_features["sound"]
    echo = (sound @ rng.normal(size=(sound.shape[1], 8)) / 4).astype(np.float32)  # says the same in other words
    task = replace(task, dataset=replace(task.dataset, item_features={"sound": sound, "echo": echo}))
    lost = {}
    for share in (0.0, 0.5):
        how = TrainerSettings(
            size=16, loss="listwise", batch=64, epochs=8, learning_rate=5e-3, threads=1, modality_dropout=share
        )
        system = TrainedSystem(mixing("cross", "cross"), how)
        system.fit(task, seed=1)
        whole = ndcg_at_10(system.score(task.choose.texts, task.choose.users), task.choose)
        less = system.without("sound")
        lost[share] = whole - ndcg_at_10(less.score(task.choose.texts, task.choose.users), task.choose)
    assert lost[0.5] < lost[0.0]
    with pytest.raises(TrainingDataError, match="no modality 'smell'; they have sound, echo"):
        system.without("smell")
    with pytest.raises(TrainingDataError, match="the loss listwise"):
        replace(PAPER, modality_dropout=0.3)


def test_an_unknown_listener_is_a_clear_error() -> None:
    system = TrainedSystem(mixing("cross", "cross"), replace(QUICK, epochs=1))
    system.fit(planted_task(), seed=1)
    with pytest.raises(UnknownListenerError, match="from 0 to 39"):
        system.score(["a0"], np.array([40]))


def test_names_lead_to_systems_and_unknown_ones_to_a_clear_error() -> None:
    assert {"avg", "cross", "moe1", "moe2", "talkrec", "two-tower", "pop", "random"} <= set(SYSTEMS)
    for wrong in ("best", "no.such.module:Thing", "recsys.jam.counting:Nothing", ":x"):
        with pytest.raises(UnknownSystemError, match="counting"):
            open_system(wrong)
