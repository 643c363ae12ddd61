"""What the neural models of sequences are made of: batches, losses, counts, and the optimiser of rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.sequential.batches import OwnCounts, Packed, SharedNegatives, cut, unlike_own
from recsys.sequential.bert4rec import Bert4Rec, Bert4RecSettings
from recsys.sequential.blocks import Attention, Noise, Recurrent
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.item_features import ItemFeatures
from recsys.sequential.objective import Drawn, LossSettings, Objective
from recsys.sequential.row_adam import RowAdam
from recsys.sequential.sasrec import next_steps
from recsys.sequential.sequence_losses import binary, full_softmax, generalised_binary, sampled_softmax


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(2, 9), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_windows_ask_for_each_step_but_the_first_exactly_once(lengths: list[int], longest: int, seed: int) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    windows = cut(offsets, longest + 1, 2, 1, np.random.default_rng(seed))
    columns, taken = windows.steps(np.arange(len(windows)))
    assert (taken <= longest + 1).all()
    asked = next_steps(columns, taken).targets
    expected = [column for begin, end in itertools.pairwise(offsets) for column in range(begin + 1, end)]
    assert sorted(asked.tolist()) == expected


def test_what_comes_next_is_the_target_of_each_step() -> None:
    drawn = next_steps(np.array([3, 5, 7, 9, 1]), np.array([3, 2]))
    assert (drawn.lengths.tolist(), drawn.inputs.tolist(), drawn.targets.tolist()) == ([2, 1], [3, 5, 9], [5, 7, 1])


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("n_distances", [0, 6])
def test_attention_over_packed_steps_is_that_over_each_sequence_alone(causal: bool, n_distances: int) -> None:
    torch.manual_seed(0)
    attention = Attention(8, 2, causal=causal, n_distances=n_distances)
    lengths = np.array([3, 1, 6])
    steps = torch.randn(10, 8)
    together = attention(steps, steps, Packed.of(lengths))
    for part, begin, length in zip(torch.split(steps, lengths.tolist()), (0, 3, 4), lengths, strict=True):
        alone = attention(part, part, Packed.of(np.array([length])))
        torch.testing.assert_close(together[begin : begin + length], alone)


def test_recurrent_layers_carry_nothing_from_one_sequence_to_another() -> None:
    torch.manual_seed(0)
    layers = Recurrent(6, 5, 2, 0.0, Noise())
    lengths = np.array([2, 5, 3])
    steps = torch.randn(10, 6)
    together = layers(steps, Packed.of(lengths))
    alone = [layers(part, Packed.of(np.array([len(part)]))) for part in torch.split(steps, lengths.tolist())]
    torch.testing.assert_close(together, torch.cat(alone))


def test_rows_move_as_dense_adam_moves_them() -> None:
    """Also those that get no gradient for a while, with a rate that changes."""
    generator = np.random.default_rng(1)
    start = torch.randn(12, 4, generator=torch.Generator().manual_seed(1))
    dense = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([dense], betas=(0.9, 0.98))
    rows = RowAdam(start.clone(), (0.9, 0.98))
    for step in range(60):
        used = torch.from_numpy(np.sort(generator.choice(11, 3, replace=False)))
        rate = 0.05 / (1 + step)
        current = rows.rows(used).requires_grad_()
        torch.testing.assert_close(current.detach(), dense.detach()[used], atol=2e-5, rtol=1e-4)
        target = torch.from_numpy(generator.normal(size=(3, 4)).astype(np.float32))
        ((current - target) ** 2).sum().backward()
        assert current.grad is not None
        dense.grad = torch.zeros_like(dense).index_copy(0, used, current.grad)
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        rows.update(used, current.grad, rate)
    rows.flush()
    torch.testing.assert_close(rows.table, dense.detach(), atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(rows.table[11], start[11])


def test_sampled_softmax_estimates_the_full_one_however_negatives_are_drawn() -> None:
    generator = np.random.default_rng(0)
    logits = torch.from_numpy(generator.normal(size=50).astype(np.float32))
    counts = generator.integers(1, 200, 50)
    full = float(full_softmax(logits[None], torch.tensor([7])))
    errors = {}
    for corrected in (True, False):
        sums = []
        negatives = SharedNegatives(counts, 1.0)
        for _ in range(4000):
            items, chance = negatives.draw(12, generator)
            of_items = logits[torch.from_numpy(items)].masked_fill(torch.from_numpy(items == 7), -torch.inf)
            log_chance = torch.from_numpy(chance) if corrected else None
            loss = sampled_softmax(logits[7][None], of_items[None], log_chance)
            sums.append(float(torch.exp(loss + logits[7])))
        errors[corrected] = abs(np.log(np.mean(sums)) - float(logits[7]) - full)
    assert errors[True] < 0.02
    assert errors[False] > 0.5


def test_the_chance_of_a_shared_negative_is_how_often_it_is_drawn() -> None:
    generator = np.random.default_rng(0)
    negatives, seen, said = SharedNegatives(np.array([1, 4, 16, 0]), 0.5), np.zeros(4), np.zeros(4)
    for _ in range(4000):
        items, chance = negatives.draw(3, generator)
        assert len(set(items)) == len(items)
        seen[items] += 1
        said[items] = np.exp(chance)
    np.testing.assert_allclose(seen / 4000, said, atol=0.03)


def test_binary_losses_are_as_worked_out_by_hand() -> None:
    positive, negative = torch.tensor([0.0, 1.0]), torch.tensor([[0.0, -1.0], [2.0, -torch.inf]])
    log = {value: float(np.log1p(np.exp(value))) for value in (0.0, -1.0, 2.0)}
    by_hand = (log[0.0] + log[-1.0] + log[0.0] + log[-1.0] + log[2.0]) / 2
    assert float(binary(positive, negative)) == pytest.approx(by_hand)
    assert float(generalised_binary(positive, negative, 9, 0.0)) == pytest.approx(by_hand)
    # Wholly calibrated, β is the share of items that are drawn, 2 of 8.
    calibrated = ((log[0.0] + log[-1.0]) / 4 + log[0.0] + log[-1.0] + log[2.0]) / 2
    assert float(generalised_binary(positive, negative, 9, 1.0)) == pytest.approx(calibrated)


def test_negatives_are_not_of_the_sequence_itself() -> None:
    items, lengths = np.array([0, 1, 2, 3, 4, 5]), np.array([4, 2])
    drawn = unlike_own(items, lengths, 40, 25, np.random.default_rng(0))
    assert not np.isin(drawn[:4], items[:4]).any()
    assert not np.isin(drawn[4:], items[4:]).any()
    assert np.isin(drawn[4:], items[:4]).any()


def test_a_target_is_never_its_own_negative() -> None:
    objective = Objective(LossSettings(loss="sampled", n_negatives=200, log_q=False), np.ones(6, dtype=np.int64))
    batch = objective.batch_of(Drawn(np.array([2]), np.array([0, 1]), None, np.array([1, 2])), np.random.default_rng(0))
    assert batch.items is not None
    assert batch.items.tolist() == list(range(6))
    states = torch.zeros(2, 3)
    assert float(objective.loss(batch, states, torch.randn(6, 3))) == pytest.approx(np.log(6))


def test_own_counts_are_those_up_to_each_step() -> None:
    odds = OwnCounts.up_to_each_step(np.array([2, 5, 2, 1]), np.array([3, 1]), 10, 0.5)
    dense = np.zeros((4, 10))
    dense[odds.steps, odds.items] = odds.log_odds
    expected = np.zeros((4, 10))
    for step, item, share in ((0, 2, 1), (1, 2, 1 / 2), (1, 5, 1 / 2), (2, 2, 2 / 3), (2, 5, 1 / 3), (3, 1, 1)):
        # p(item) over p(one never heard): ((1 - ε) · share + ε / I) / (ε / I)
        expected[step, item] = np.log((0.5 * share + 0.05) / 0.05)
    np.testing.assert_allclose(dense, expected, rtol=1e-6)
    np.testing.assert_allclose(odds.of(np.array([2, 3]), np.array([5, 5])), expected[[2, 3], [5, 5]], rtol=1e-6)


def test_own_counts_never_hold_what_is_hidden() -> None:
    items, lengths, hidden = np.array([4, 7, 4, 3, 3]), np.array([3, 2]), np.array([1, 4])
    odds = OwnCounts.around_hidden(items, lengths, 10, 0.5, hidden)
    assert list(zip(odds.steps.tolist(), odds.items.tolist(), strict=True)) == [(0, 4), (1, 3)]
    np.testing.assert_allclose(odds.log_odds, np.log((0.5 + 0.05) / 0.05), rtol=1e-6)


def test_some_step_is_always_hidden_and_some_always_shown() -> None:
    model = Bert4Rec(Bert4RecSettings(hidden_share=0.5, last_share=0.25))
    lengths = np.array([2, 2, 3, 9] * 60)
    items = np.arange(lengths.sum())
    drawn = model.drawn(items, lengths, np.random.default_rng(0))
    assert drawn.asked is not None
    rows = np.repeat(np.arange(len(lengths)), lengths)
    n_hidden = np.bincount(rows[drawn.asked], minlength=len(lengths))
    assert (n_hidden >= 1).all()
    assert (n_hidden < lengths).all()
    np.testing.assert_array_equal(drawn.targets, items[drawn.asked])
    only_last = (n_hidden == 1) & np.isin(np.cumsum(lengths) - 1, drawn.asked)
    assert 0.2 < only_last[lengths == 9].mean() < 0.4


def test_vectors_of_content_are_found_by_name_and_checked() -> None:
    features = ItemFeatures.by_name(("a", "b", "c"), {"c": np.array([3, 4], np.float32), "a": np.zeros(2, np.float32)})
    assert features.present.tolist() == [False, False, True]
    np.testing.assert_allclose(features.scaled(), [[0, 0], [0, 0], [0.6, 0.8]], rtol=1e-6)
    with pytest.raises(SequenceDataError, match="no item has a vector"):
        ItemFeatures.by_name(("a",), {})
    with pytest.raises(SequenceDataError, match="a value is no number"):
        ItemFeatures(np.array([[np.nan]], np.float32), np.array([True]))
    with pytest.raises(SequenceDataError, match=r"vectors \(1, 1\) and presence \(2,\)"):
        ItemFeatures(np.ones((1, 1), np.float32), np.array([True, True]))


def test_main_directions_keep_what_is_alike_alike() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    present = np.arange(20) != 4
    start = ItemFeatures(vectors, present).main_directions(6, 0.1, torch.Generator().manual_seed(0))
    apart = [np.linalg.norm(x[:4, None] - x[None, :4], axis=-1) for x in (vectors, start[:, :3])]
    np.testing.assert_allclose(
        apart[1] / np.maximum(apart[0], 1e-9), apart[1][0, 1] / apart[0][0, 1] * (1 - np.eye(4)), rtol=1e-3
    )
    assert start[present, :3].std() == pytest.approx(0.1, rel=1e-3)
    assert 0.01 < np.abs(start[4]).mean() < 0.3
