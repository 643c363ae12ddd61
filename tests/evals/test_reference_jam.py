"""The yardstick of `segue bench jam` does the same work as our own code: same loss, same ranking, same figures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evals.reference_jam import (
    Inputs,
    Mixing,
    ReferenceJam,
    Rows,
    bpr_loss,
    evaluate_reference,
    train_reference,
)
from recsys.jam.blocks import Batch, Chance, ItemInputs, score_all
from recsys.jam.mixing import MixingModel
from recsys.jam.ranked import ranked_figures
from recsys.jam.sampling import Examples
from recsys.types import FloatArray
from tests.recsys.jam_tasks import planted_task

N_ITEMS, N_USERS, QUERY_DIM, USER_DIM, DIM = 40, 9, 6, 4, 8


@pytest.fixture
def tables() -> dict[str, FloatArray]:
    """Three modalities that every item has: the reference's way knows no absent ones."""
    rng = np.random.default_rng(3)
    return {m: rng.normal(size=(N_ITEMS, d)).astype(np.float32) for m, d in (("audio", 5), ("cf", 3), ("lyrics", 7))}


def with_the_same_weights(tables: dict[str, FloatArray], mixing: Mixing) -> tuple[MixingModel, ReferenceJam]:
    """Both ways' models, biases included."""
    ours = MixingModel(ItemInputs.of(tables), query_dim=QUERY_DIM, user_dim=USER_DIM, dim=DIM, mixer=mixing, seed=1)
    rng = np.random.default_rng(4)
    weights = {name: rng.normal(size=w.shape).astype(np.float32) / 2 for name, w in ours.exported().items()}
    ours.load_exported(weights)
    theirs = ReferenceJam(tables, query_dim=QUERY_DIM, user_dim=USER_DIM, dim=DIM, mixing=mixing)
    names = {"query": "query", "user": "user", "mixer_query": "mixer_query"}
    names |= {f"{part}.{n}": f"{part}.{m}" for part in ("item", "mixer_key") for n, m in enumerate(tables)}
    state = {
        key: torch.from_numpy(weights[f"{names[key[: key.rindex('.')]]}{key[key.rindex('.') :]}"])
        for key in theirs.state_dict()
    }
    theirs.load_state_dict(state)
    return ours, theirs


@pytest.mark.parametrize("mixing", ["avg", "cross"])
def test_both_ways_have_the_same_loss_and_gradient_on_the_same_batch(
    tables: dict[str, FloatArray], mixing: Mixing
) -> None:
    ours, theirs = with_the_same_weights(tables, mixing)
    rng = np.random.default_rng(5)
    query, user = (
        torch.from_numpy(rng.normal(size=(16, QUERY_DIM))).float(),
        torch.from_numpy(rng.normal(size=(16, USER_DIM))).float(),
    )
    rows = torch.from_numpy(rng.integers(N_ITEMS, size=(16, 5)))
    chance = Chance(torch.Generator(), 16, slice(0, 16))
    mine = ours.loss(Batch(torch.arange(16), query, user, chance, rows[:, 0], rows[:, 1:]))
    other = bpr_loss(theirs, query, user, rows[:, 0], rows[:, 1:])
    torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-5)
    mine.backward()  # type: ignore[no-untyped-call]
    other.backward()  # type: ignore[no-untyped-call]
    for weight, layer in zip(ours.item.weights, theirs.item, strict=True):
        torch.testing.assert_close(weight.grad, layer.weight.grad, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.query.weight.grad, theirs.query.weight.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("mixing", ["avg", "cross"])
def test_both_ways_rank_the_items_alike(tables: dict[str, FloatArray], mixing: Mixing) -> None:
    ours, theirs = with_the_same_weights(tables, mixing)
    rng = np.random.default_rng(6)
    query, user = (
        torch.from_numpy(rng.normal(size=(30, QUERY_DIM))).float(),
        torch.from_numpy(rng.normal(size=(30, USER_DIM))).float(),
    )
    with torch.no_grad():
        built = theirs.score_all(query, user)
    fast = score_all(ours, query, user)
    torch.testing.assert_close(fast, built, atol=1e-5 * float(built.abs().max()), rtol=0)
    assert torch.equal(fast.argsort(dim=1, descending=True), built.argsort(dim=1, descending=True))


@pytest.mark.parametrize("mixing", ["avg", "cross"])
def test_both_ways_find_the_same_figures(mixing: Mixing) -> None:
    torch.manual_seed(0)
    task = planted_task(n_items=150)
    assert task.choose is not None
    features = {m: x + np.float32(0.01) for m, x in task.dataset.item_features.items()}  # none is absent
    users = task.dataset.user_features["cf"] + np.float32(0.01)
    query_dim = task.encode(task.choose.texts).shape[1]
    ours = MixingModel(ItemInputs.of(features), query_dim=query_dim, user_dim=users.shape[1], dim=DIM, mixer=mixing)
    theirs = ReferenceJam(features, query_dim=query_dim, user_dim=users.shape[1], dim=DIM, mixing=mixing)
    exported = {}
    for key, value in theirs.state_dict().items():
        layer, *column, local = key.split(".")
        exported[".".join([layer, *(list(features)[int(c)] for c in column), local])] = value.numpy()
    ours.load_exported(exported)
    found = ranked_figures(ours, Examples.of(task.choose, task.encode, users, 150))
    inputs = Inputs(torch.from_numpy(task.encode(task.choose.texts)), torch.from_numpy(users))
    # Two items that are equal but for rounding may change places: at rank 100 that is 1e-5 of one query's figure.
    assert found == pytest.approx(evaluate_reference(theirs, task.choose, inputs), abs=1e-4)
    assert list(found) == ["ndcg@10", "recall@10", "ndcg@100", "recall@100"]


def test_rows_are_the_triples_and_their_negatives_never_answer_the_query() -> None:
    task = planted_task(n_queries=40)
    rows = Rows(task.train, 60, 4, seed=0)
    assert len(rows) == len(task.train.items)
    seen = []
    for number in range(len(rows)):
        query, user, item, negatives = rows[number]
        assert user == task.train.users[query]
        assert not set(negatives.tolist()) & set(task.train.relevant(query).tolist())
        seen.append((query, item))
    assert seen == list(zip(*(column.tolist() for column in task.train.pairs), strict=True))


def test_the_reference_learns_planted_structure() -> None:
    task = planted_task()
    assert task.choose is not None
    users = task.dataset.user_features["cf"]
    torch.manual_seed(0)
    width = task.encode(task.choose.texts).shape[1]
    model = ReferenceJam(task.dataset.item_features, query_dim=width, user_dim=users.shape[1], dim=16, mixing="avg")

    def inputs(texts: tuple[str, ...]) -> Inputs:
        return Inputs(torch.from_numpy(task.encode(texts)), torch.from_numpy(users))

    run = train_reference(
        model,
        (task.train, inputs(task.train.texts)),
        (task.choose, inputs(task.choose.texts)),
        epochs=6,
        seed=0,
        batch=128,
        learning_rate=1e-2,
    )
    assert run.metrics[-1]["ndcg@10"] > run.metrics[0]["ndcg@10"]
    best = max(one["ndcg@10"] for one in run.metrics)
    again = evaluate_reference(model, task.choose, inputs(task.choose.texts))
    assert again["ndcg@10"] == pytest.approx(best)
