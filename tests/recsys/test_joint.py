"""The joint space learnt from real requests: what it learns, what it must not see, and one code for both ends."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recsys.index.exact import ExactIndex
from recsys.jam.checkpoint import CheckpointError
from recsys.jam.joint import REQUESTS, BatchScorer, Joint, head_name
from recsys.jam.joint_head import WEIGHED
from recsys.jam.joint_model import JointSettings, TrainingInputs, TranslationModel
from recsys.jam.joint_system import JointSystem, joined, requests_of
from recsys.jam.joint_train import fit_joint
from recsys.jam.memory import History
from recsys.jam.requests import Requests, TooFewRequestsError, kept_counts
from recsys.jam.score import cross_mix
from recsys.jam.task import JamTask
from recsys.types import NOTE, FloatArray, Modality
from recsys.unit import unit_rows
from tests.jam_data import dataset, encode

SETTINGS = JointSettings(dim=16, epochs=8, batch=32, n_negatives=20, n_blocks=4, threads=1)


def requests(**how: object) -> Requests:
    data = dataset(**how)  # type: ignore[arg-type]
    return requests_of(data, data.splits["train"], encode(data.splits["train"].texts))


@pytest.fixture(scope="module")
def fitted() -> Joint:
    return fit_joint(requests(), SETTINGS, seed=1)


@pytest.fixture(scope="module")
def history() -> History:
    known = requests()
    return known.history(kept_counts(known), 3)


def recall(scores: FloatArray, queries: object) -> float:
    found = []
    for line in range(len(queries)):  # type: ignore[arg-type]
        top = np.argsort(-scores[line], kind="stable")[:5]
        found.append(np.isin(queries.relevant(line), top).mean())  # type: ignore[attr-defined]
    return float(np.mean(found))


@pytest.mark.parametrize("part", ["whole", "translation", "counts"])
def test_planted_structure_is_found_and_shuffled_structure_is_not(part: str) -> None:
    found = {}
    for shuffled in (False, True):
        data = dataset(600, shuffled=shuffled)
        system = JointSystem(part, SETTINGS)  # type: ignore[arg-type]
        task = JamTask(replace(data, splits={}), data.splits["train"], None, encode)
        system.fit(task, seed=1)
        asked = data.splits["val"]
        found[shuffled] = recall(system.score(asked.texts, asked.users), asked)
    assert found[False] > 0.7  # five of the forty items answer a request, so chance is 1 in 8
    assert found[True] < 0.3


def test_the_listener_counts() -> None:
    """The planted users of one request differ in which half of its style they were given."""
    data = dataset(600)
    system = JointSystem("whole", SETTINGS)
    system.fit(JamTask(replace(data, splits={}), data.splits["train"], None, encode), seed=1)
    even, odd = system.score(["rock", "rock"], np.array([0, 1]))
    assert set(np.argsort(-even)[:4] % 2) == {0}
    assert set(np.argsort(-odd)[:4] % 2) == {1}


def test_the_same_seed_gives_the_same_space(fitted: Joint) -> None:
    again, other = fit_joint(requests(), SETTINGS, seed=1), fit_joint(requests(), SETTINGS, seed=2)
    for name, value in fitted.weights.items():
        np.testing.assert_array_equal(value, again.weights[name])
    assert fitted.card == again.card
    assert not np.array_equal(fitted.weights["residual"], other.weights["residual"])


def test_progress_tells_loss_and_ndcg_and_changes_nothing(fitted: Joint) -> None:
    told: list[tuple[str, int, int]] = []
    watched = fit_joint(requests(), SETTINGS, seed=1, progress=lambda *one: told.append(one))
    for name, value in fitted.weights.items():
        np.testing.assert_array_equal(value, watched.weights[name])
    notes = [stage.partition(NOTE) for stage, _, _ in told]
    first = [note for stage, _, note in notes if stage == "train, for the head"]
    assert re.fullmatch(r"loss \d\.\d{4}, NDCG@10 (\d\.\d{4}) \(best \d\.\d{4}\)", first[-1])
    assert float(first[-1].split()[3]) > 0.3, "of later requests of planted structure"
    second = [note for stage, _, note in notes if stage == "train"]
    assert re.fullmatch(r"loss \d\.\d{4}", second[-1])
    assert [(done, total) for stage, done, total in told if stage.startswith("train" + NOTE)][-1] == (48, 48)


def test_an_index_scores_as_the_batch_does(fitted: Joint, history: History) -> None:
    """Exact scores of the serving index, with the head's part, equal those of evaluation."""
    vector = encode(["rock"])[0]
    index = ExactIndex(fitted.projections().with_constant(fitted.constant), cross_mix)
    point = fitted.point("rock", vector, history).with_constant(fitted.constant_weight("rock", history))
    assert abs(fitted.constant_weight("rock", history)) > 1e-3
    served = index.score(point, np.arange(fitted.memory.n_items)) * fitted.translation_scale("rock", history)
    served = served + fitted.extra("rock", vector, history, constant=False)
    np.testing.assert_allclose(served, BatchScorer(fitted).score("rock", vector, history), atol=1e-4)


def test_a_new_request_has_a_head_of_its_own(fitted: Joint, history: History) -> None:
    vector = encode(["rock"])[0]
    heads = {"head": dict.fromkeys(WEIGHED, 0.0), "head_if_new": dict.fromkeys(WEIGHED, 0.0) | {"heard": 2.0}}
    apart = replace(fitted, card={**fitted.card, **heads})
    assert not apart.extra("rock", vector, history).any()
    new = apart.extra("rock of a new kind", vector, history)
    assert set(np.flatnonzero(new).tolist()) == set(history.played.tolist())
    assert fitted.card["head"] != fitted.card["head_if_new"]


def test_a_listener_of_whom_nothing_is_known_has_heads_of_their_own(fitted: Joint, history: History) -> None:
    """They weigh what is known of the items, where nothing of the listener can be weighed."""
    vector, nobody = encode(["rock"])[0], History.empty()
    names = {head_name(new=new, nobody=nobody) for new in (False, True) for nobody in (False, True)}
    assert len({tuple(fitted.card[name].items()) for name in names}) == 4
    plain = dict.fromkeys(WEIGHED, 0.0)
    card = {**fitted.card, **dict.fromkeys(names, plain), "head_of_nobody": plain | {"known": 3.0}}
    apart = replace(fitted, card=card)
    np.testing.assert_allclose(apart.extra("rock", vector, nobody), 3 * fitted.memory.known, rtol=1e-5)
    assert not apart.extra("rock", vector, history).any()
    assert not apart.extra("rock of a new kind", vector, nobody).any()


def test_without_new_requests_their_head_is_the_other() -> None:
    """Two texts are too few to keep one of them back."""
    known = requests()
    texts = tuple("rock" if number % 2 else "jazz" for number in range(len(known.split)))
    spared = replace(known, split=replace(known.split, texts=texts))
    card = fit_joint(spared, replace(SETTINGS, epochs=1), seed=1).card
    assert card["head"] == card["head_if_new"]


def test_words_are_compared_with_what_is_written_of_an_item(fitted: Joint, history: History) -> None:
    """The largest cosine over the modalities of the encoder's space; zero for items that have none."""
    tables = {**fitted.tables, "caption": unit_rows(np.eye(fitted.memory.n_items, 5, dtype=np.float32))}
    card = {**fitted.card, "modalities": list(tables)}
    written = replace(fitted, tables=tables, card=card)
    vector = np.array([0.6, 0.8, 0, 0, 0], np.float32)
    says = written.features("anything", vector, history)["says"]
    assert says[:2] == pytest.approx([0.6, 0.8])
    assert not says[5:].any()
    assert not fitted.features("anything", vector, history)["says"].any()  # "content" is of another width


def test_what_was_played_is_weighed_apart(fitted: Joint, history: History) -> None:
    """The translation's weight for played items adds their own translation, scaled by the dial, and nothing else."""
    vector = encode(["rock"])[0]
    head = {**fitted.head("rock", history), "translation_if_played": 0.5}
    bare = {**head, "translation_if_played": 0.0}
    apart = replace(fitted, card={**fitted.card, "head": head, "head_of_nobody": head})
    without = replace(fitted, card={**fitted.card, "head": bare, "head_of_nobody": bare})
    for dial in (0.0, 0.5, 1.0):
        added = apart.extra("rock", vector, history, dial) - without.extra("rock", vector, history, dial)
        expected = np.zeros_like(added)
        translation = BatchScorer(fitted).translation("rock", vector, history, dial)
        expected[history.played] = dial * 0.5 * translation[history.played] / fitted.card["spread"]
        np.testing.assert_allclose(added, expected, atol=1e-4)
        assert bool(added.any()) is bool(dial)


def test_a_listener_without_history_stands_at_zero_exactly(fitted: Joint, history: History) -> None:
    vector = encode(["jazz"])[0]
    assert not fitted.point("jazz", vector, History.empty()).user.any()
    assert not fitted.point("jazz", vector, history, how_much_me=0).user.any()
    np.testing.assert_array_equal(
        fitted.extra("jazz", vector, history, 0), fitted.extra("jazz", vector, History.empty())
    )
    assert fitted.point("jazz", vector, history).user.any()


def test_without_words_the_listener_stands_alone(fitted: Joint, history: History) -> None:
    point = fitted.point("", np.zeros(5, np.float32), history)
    assert point.user.any()
    assert not point.query.any()


def test_training_sees_what_serving_makes(fitted: Joint) -> None:
    """Guards against a skew between the inputs of training and those of a turn."""
    known = requests()
    tables = dict(fitted.tables)
    inputs = TrainingInputs.prepare(known, tables, 4)
    last = len(known.split) - 1
    before = known.take(np.arange(len(known.split) * 3 // 4))
    history = known.history(kept_counts(before), int(known.split.users[last]))
    earlier = replace(fitted, memory=before.memory())
    text, vector = known.split.texts[last], known.vectors[last]
    residual = fitted.weights["residual"]
    own, worded = earlier.memory.profile(text, vector)
    np.testing.assert_allclose(inputs.own[[last]].toarray(), own.toarray(), atol=1e-6)
    np.testing.assert_allclose(inputs.worded[[last]].toarray(), worded.toarray(), atol=1e-6)
    w = fitted.weights
    user = w["map.played.weight"] @ (inputs.played[[last]] @ residual)[0]
    user = user + w["map.kept.weight"] @ (inputs.kept[[last]] @ residual)[0]
    gate = np.zeros_like(user)
    for m, tastes in inputs.tastes.items():
        user = user + w[f"user.{m}.weight"] @ tastes[last]
        gate = gate + w[f"gate.{m}.weight"] @ tastes[last]
    user = user + (w["gate_query.weight"] @ vector) * gate
    np.testing.assert_allclose(user, earlier.point(text, vector, history).user, atol=1e-4)


def test_a_request_never_sees_its_own_answers_or_later_ones() -> None:
    """The inputs of a request stay the same when its answers and everything after it change."""
    known = requests()
    other = replace(known.split, items=known.split.items.copy())
    start = len(known.split) // 2
    other.items[other.starts[start] :] = (other.items[other.starts[start] :] + 7) % known.n_items
    tables = {"content": known.tables["content"]}
    one = TrainingInputs.prepare(known, tables, 4)
    two = TrainingInputs.prepare(replace(known, split=other), tables, 4)
    for name in ("played", "kept", "own", "worded"):
        a, b = getattr(one, name)[: start + 1].toarray(), getattr(two, name)[: start + 1].toarray()
        np.testing.assert_array_equal(a, b)
    assert not one.kept[:1].nnz


def test_the_parts_of_a_batch_make_up_its_loss_and_gradients() -> None:
    """What processes add up is what one process has, to rounding, though their parts are unlike."""
    known = requests()
    tables = {"content": known.tables["content"]}
    batch = np.arange(40, 71)
    found = []
    for parts in ([slice(0, 31)], [slice(0, 15), slice(15, 31)]):
        model = TranslationModel(tables, known.vectors.shape[1], SETTINGS, 1)
        inputs = TrainingInputs.prepare(known, tables, 4)
        losses = [
            model.loss(inputs, batch, np.random.default_rng(3), torch.Generator().manual_seed(3), mine)
            for mine in parts
        ]
        sum(losses).backward()  # type: ignore[union-attr]
        found.append((sum(losses), model.parameters))
    (one, alone), (other, together) = found
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)
    for name, parameter in alone.items():
        torch.testing.assert_close(parameter.grad, together[name].grad, rtol=1e-4, atol=1e-6)


def test_items_without_any_modality_are_scored_all_the_same(fitted: Joint) -> None:
    assert fitted.present.any(axis=1).all()
    assert not fitted.tables["content"][0].any()
    scores = BatchScorer(fitted).score("rock", encode(["rock"])[0], History.empty())
    assert np.isfinite(scores).all()


def test_what_is_written_is_read_back(fitted: Joint, history: History, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    again = Joint.load(tmp_path)
    vector = encode(["folk"])[0]
    np.testing.assert_array_equal(
        BatchScorer(fitted).score("folk", vector, history), BatchScorer(again).score("folk", vector, history)
    )
    assert set(again.projections().item) == {Modality("content"), Modality(REQUESTS)}


def test_a_torn_space_is_a_clear_error(fitted: Joint, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    (tmp_path / "joint.safetensors").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="segue train"):
        Joint.load(tmp_path)


def test_too_few_requests_are_a_clear_error() -> None:
    few = requests()
    with pytest.raises(TooFewRequestsError, match="at least 100"):
        fit_joint(few.take(np.arange(50)), SETTINGS, seed=1)


def test_joined_splits_keep_their_answers() -> None:
    split = dataset().splits["train"]
    both = joined(split.take(np.arange(30)), split.take(np.arange(30, 50)))
    for number in (0, 29, 30, 49):
        np.testing.assert_array_equal(both.relevant(number), split.relevant(number))
