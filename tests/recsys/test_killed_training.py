"""Trainings that are killed by SIGKILL in the middle of an epoch go on to the result of undisturbed ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recsys.jam.checkpoint import CheckpointError
from recsys.jam.files import write_jam
from recsys.jam.training_state import StateFile, TrainingState
from tests.jam_data import dataset
from tests.killed_training import STATE_EVERY

pytestmark = pytest.mark.long

_ROOT = Path(__file__).parents[2]
_CHILD = _ROOT / "tests" / "killed_training.py"


def start(what: str, folder: Path, stop_at: int = 0, launcher: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start the child of `tests.killed_training` as a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    more = {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "SEGUE_HOME": str(folder / "home"), "SEGUE_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *launcher, str(_CHILD), what, str(folder), str(stop_at)],
        env=kept | more,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(what: str, folder: Path, launcher: Sequence[str] = ()) -> tuple[dict[str, Any], str]:
    """Train to the end; return the result and what was said on stderr."""
    child = start(what, folder, launcher=launcher)
    said, errors = child.communicate()
    assert child.returncode == 0, said + errors
    return json.loads((folder / ("result-0.json" if launcher else "result.json")).read_text(encoding="utf-8")), errors


def kill_at(what: str, folder: Path, step: int) -> None:
    """Train up to a step of this process, and kill it there."""
    child = start(what, folder, step)
    while not (folder / "stopped").exists():
        assert child.poll() is None, f"it ended before step {step}: {child.communicate()}"
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    (folder / "stopped").unlink()


def states(folder: Path) -> list[str]:
    """Return the names of all states below a folder."""
    return sorted(path.name for path in folder.rglob("*.safetensors") if path.name in _STATES)


_STATES = ("training.safetensors", "for-the-head.safetensors", "whole.safetensors")


def steps_left(n_steps: int, kills: Sequence[int]) -> range:
    """How many of a training's steps a run takes after such deaths: all since the last state, and none before it."""
    done = n_steps - sum(kill - 1 for kill in kills)
    return range(done, done + len(kills) * (STATE_EVERY - 1) + 1)


@pytest.mark.parametrize(
    ("what", "kills", "left"),
    [
        # 19 steps an epoch.
        ("cross", (30,), _STATES[:1]),
        # Two runs, for the heads and to serve: one death in the middle of each.
        ("segue", (13, 26), _STATES[1:]),
    ],
)
def test_a_killed_evaluation_goes_on_to_the_same_result(
    what: str, kills: tuple[int, ...], left: Sequence[str], tmp_path: Path
) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    undisturbed, _ = finish(what, tmp_path / "whole")
    for step in kills:
        kill_at(what, tmp_path / "cut", step)
    assert states(tmp_path / "cut") == sorted(left)
    resumed, _ = finish(what, tmp_path / "cut")
    assert resumed.pop("n_steps") in steps_left(undisturbed.pop("n_steps"), kills)
    assert resumed == undisturbed
    assert states(tmp_path / "cut") == []


def planted(folder: Path, encoder: Path) -> Path:
    """Make a folder for a training by command, with requests and an exported encoder; return it."""
    data = dataset(3000)
    write_jam(folder / "planted", replace(data, splits={"train": data.splits["train"]}))
    (folder / "home" / "cache").mkdir(parents=True)
    (folder / "home" / "cache" / "encoder").symlink_to(encoder)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text encoder, exported once."""
    from recsys.encoders.text import open_text_encoder

    folder = tmp_path_factory.mktemp("encoder")
    open_text_encoder("all-MiniLM-L6-v2", folder, 1)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> dict[str, Any]:
    """What `segue train --data` comes to when nobody kills it."""
    return finish("command", planted(tmp_path_factory.mktemp("undisturbed"), encoder))[0]


def test_a_killed_command_goes_on_to_the_same_result(
    undisturbed: dict[str, Any], encoder: Path, tmp_path: Path
) -> None:
    folder = planted(tmp_path, encoder)
    kill_at("command", folder, 11)
    assert states(folder / "home" / "training") == ["for-the-head.safetensors"]
    resumed, _ = finish("command", folder)
    assert resumed["n_steps"] in steps_left(undisturbed["n_steps"], [11])
    assert {**resumed, "n_steps": 0} == {**undisturbed, "n_steps": 0}
    assert states(folder / "home" / "training") == []


@pytest.mark.proof
def test_a_killed_command_with_other_data_begins_anew_and_says_so(
    undisturbed: dict[str, Any], encoder: Path, tmp_path: Path
) -> None:
    folder = planted(tmp_path, encoder)
    kill_at("command", folder, 11)
    plays = next((folder / "planted").rglob("listening.tsv"))
    lines = plays.read_text(encoding="utf-8").splitlines(keepends=True)
    plays.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    anew, said = finish("command", folder)
    assert "training begins anew" in said
    assert anew["n_steps"] == undisturbed["n_steps"]
    assert anew["weights"] != undisturbed["weights"]
    assert states(folder / "home" / "training") == []


def test_two_processes_of_one_command_have_the_losses_of_one(
    undisturbed: dict[str, Any], encoder: Path, tmp_path: Path
) -> None:
    folder = planted(tmp_path, encoder)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    together, _ = finish("command", folder, launcher)
    assert len(together["losses"]) == 6
    # Gradients are equal to rounding, of which Adam makes steps; see the test of the parts of a batch.
    np.testing.assert_allclose(together["losses"], undisturbed["losses"], rtol=1e-3)
    helper = json.loads((folder / "result-1.json").read_text(encoding="utf-8"))
    assert helper["n_steps"] == together["n_steps"] == undisturbed["n_steps"], "both took every step"
    generations = [path.name for path in (folder / "home" / "generations").iterdir()]
    assert len(generations) == 1


def test_a_state_is_kept_whole_and_a_damaged_one_is_a_clear_error(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    file = StateFile(tmp_path / "state.safetensors", "this run")
    assert file.find(cpu) is None
    file.keep(TrainingState({"model.a": torch.arange(3)}, {"losses": [0.1, 1e-300], "rng": {"state": 2**127}}))
    found = file.find(cpu)
    assert found is not None
    assert found.facts["losses"] == [0.1, 1e-300]
    assert found.facts["rng"] == {"state": 2**127}
    assert found.part("model.")["a"].tolist() == [0, 1, 2]
    assert StateFile(file.path, "another run").find(cpu) is None
    assert file.path is not None
    file.path.write_bytes(file.path.read_bytes()[:20])
    with pytest.raises(CheckpointError, match="delete it to train anew"):
        file.find(cpu)
