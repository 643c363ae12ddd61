"""Training runs unchanged under torchrun: two processes come to what one comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.jam.processes import Processes
from tests.recsys.jam_process import MODELS

pytestmark = pytest.mark.long

_ROOT = Path(__file__).parents[2]
_SCRIPT = _ROOT / "tests" / "recsys" / "jam_process.py"


def run(out: Path, n_processes: int) -> list[dict[str, Any]]:
    """Train in so many processes, and return what each of them wrote."""
    launcher = (
        [] if n_processes == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n_processes}"]
    )
    done = subprocess.run(
        [sys.executable, *launcher, str(_SCRIPT), str(out)],
        env={**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    paths = [out.with_name(f"{out.name}-{rank}-of-{n_processes}.json") for rank in range(n_processes)]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("processes")
    return run(folder / "alone", 1)[0], run(folder / "shared", 2)


@pytest.mark.parametrize("model", MODELS)
def test_two_processes_have_the_loss_curve_of_one(
    model: str, outcomes: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    alone, together = outcomes[0][model], [one[model] for one in outcomes[1]]
    assert len(alone["losses"]) == len(alone["ndcg"]) == 4
    assert alone["losses"][0] > alone["losses"][-1]
    for one in together:
        np.testing.assert_allclose(one["losses"], alone["losses"], rtol=1e-4)
        np.testing.assert_allclose(one["ndcg"], alone["ndcg"], atol=5e-3)
        # Less what is the same for all items of a request, which no loss sees and Adam makes of rounding.
        scores, expected = (np.array(run["scores"]) for run in (one, alone))
        centred, goal = (table - table.mean(axis=1, keepdims=True) for table in (scores, expected))
        np.testing.assert_allclose(centred, goal, atol=2e-3)
    assert together[0] == together[1], "both processes hold the same model"


def test_a_batch_is_shared_out_whole_and_once() -> None:
    for n in (0, 1, 2, 301):
        for size in (1, 2, 3):
            parts = [list(range(n))[Processes(rank, size).part(n)] for rank in range(size)]
            assert [one for part in parts for one in part] == list(range(n))
