"""`segue bench sequential`: the plain way, and that ours learns the same."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from evals.sasrec_plain import PlainSampler, PlainSasRec, PlainSettings, unpadded
from evals.sequential_speed import bench_sequential, compare_curves, learnable
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.sequences import Sequences


def sessions(n: int = 80) -> Sequences:
    generator = np.random.default_rng(0)
    return Sequences.of(
        [generator.integers(0, 40, generator.integers(2, 9)) for _ in range(n)], [str(i) for i in range(40)]
    )


def test_both_ways_lose_the_same_on_the_same_batches() -> None:
    losses = compare_curves(sessions(), 12, 3, lambda stage, done, total: None)
    np.testing.assert_allclose(losses["segue"], losses["plain"], atol=2e-4)
    assert losses["plain"][-1] < losses["plain"][0]


def test_the_plain_way_draws_what_comes_next_and_negatives_of_elsewhere() -> None:
    train = sessions()
    batch = PlainSampler(train, PlainSettings(batch=16, max_length=6)).batch()
    for row, inputs, positives, negatives in zip(
        batch.rows, batch.inputs, batch.positives, batch.negatives, strict=True
    ):
        there = inputs != 0
        np.testing.assert_array_equal(inputs[there] - 1, train[row][:-1][-6:])
        np.testing.assert_array_equal(positives[there] - 1, train[row][1:][-6:])
        assert not set(negatives[there] - 1) & set(train[row].tolist())
    lengths, inputs, *_, places = unpadded(batch)
    assert lengths.sum() == len(inputs)
    assert set(places[np.cumsum(lengths) - 1]) == {5}


def test_padding_changes_no_state_of_the_plain_way() -> None:
    network = PlainSasRec(40, PlainSettings(max_length=6, dropout=0.0)).eval()
    with torch.no_grad():
        network.items.weight[0] = 0
        states = network.states(torch.tensor([[0, 0, 0, 3, 7, 9]]))
        network.items.weight[0] = 5.0
        again = network.states(torch.tensor([[0, 0, 0, 3, 7, 9]]))
    torch.testing.assert_close(states[:, 3:], again[:, 3:])


def test_the_benchmark_reports_medians_ratios_and_the_curve(tmp_path: Path) -> None:
    path = tmp_path / "sessions.txt.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(" ".join(map(str, one)) + "\n" for one in sessions(150))
    report = bench_sequential(path, (1,), n_steps=1, n_rounds=2, n_curve=3, threads=1)
    rates = {name: report.results[name]["all"]["sequences_per_s"].mean for name in ("plain", "segue")}
    assert all(rate > 0 for rate in rates.values())
    assert report.results["segue"]["all"]["times"].n == 2
    assert report.results["segue"]["curve"]["largest"].mean < 1e-3
    assert report.settings["sessions"] == 150


def test_a_file_without_sessions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("1\n2\n")
    with pytest.raises(SequenceDataError, match="no session of two items"):
        bench_sequential(tmp_path / "none.txt", (1,))
    with pytest.raises(SequenceDataError, match="cannot be opened"):
        bench_sequential(tmp_path / "absent.txt", (1,))


def test_sessions_are_read_as_everywhere_without_those_of_one_item(tmp_path: Path) -> None:
    path = tmp_path / "sessions.txt.bz2"
    path.write_bytes(bz2.compress(b"\xef\xbb\xbf7 8\r\n9\r\n8 7 7\r\n"))
    read = learnable(path)
    assert [[read.names[item] for item in one] for one in read] == [["7", "8"], ["8", "7", "7"]]
