"""The child process of tests that kill a training: it trains something small and can be told to wait for its death.

    python killed_training.py WHAT FOLDER STOP_AT

WHAT is `cross`, the trainer as evaluations use it, `segue`, the learnt joint space likewise, or `command`, which is
`segue train --data FOLDER/planted` in the data folder FOLDER/home. Before its step STOP_AT, counted from 1 over all
runs of the process, it writes the file FOLDER/stopped and waits to be killed; with 0 it goes through. At the end it
writes what it came to into FOLDER/result.json, or result-<rank>.json where `torchrun` started several.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.jam import joint_train
from recsys.jam.joint import Joint
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import JointSystem
from recsys.jam.task import JamTask
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import PAPER
from recsys.jam.training_run import TrainingRun
from tests.jam_data import dataset, encode
from tests.recsys.jam_tasks import planted_task

#: Steps between two states: the death of a run costs up to two.
STATE_EVERY = 3
_WAITS_S = 300
_n_steps = 0


def watch(folder: Path, stop_at: int) -> None:
    """Count the steps of this process, and stop where told."""
    step = TrainingRun._step

    def counted(self: TrainingRun[Any], units: object) -> None:
        global _n_steps
        _n_steps += 1
        if _n_steps == stop_at:
            (folder / "stopped").touch()
            signal.alarm(_WAITS_S)  # whoever was to kill it may have died first
            signal.pause()
        step(self, units)

    TrainingRun._step = counted  # type: ignore[method-assign]
    joint_train.STATE_EVERY = STATE_EVERY


def digest(arrays: dict[str, NDArray[np.float32]]) -> str:
    """Return one string for arrays, the same only for the same bits."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return found.hexdigest()


def train(what: str, folder: Path) -> dict[str, Any]:
    """Train, and return the losses and the weights' digest."""
    if what == "cross":
        settings = replace(PAPER, size=16, epochs=3, batch=32, threads=1, state_every=STATE_EVERY)
        trained = TrainedSystem(mixing("cross", "cross"), settings)
        trained.fit(planted_task(n_queries=200), seed=3, folder=folder / "kept")
        return {"losses": trained.card["losses"], "weights": digest(trained.model.exported())}
    if what == "segue":
        data = dataset(400)
        system = JointSystem("whole", JointSettings(dim=16, epochs=3, batch=32, n_negatives=20, n_blocks=4, threads=1))
        task = JamTask(replace(data, splits={}), data.splits["train"], None, encode)
        system.fit(task, seed=3, folder=folder / "kept")
        return _of_joint(system.joint)
    from connectors.cli import app

    app(["train", "--data", str(folder / "planted")], standalone_mode=False)
    if os.environ.get("RANK", "0") != "0":
        return {}  # the first process may still be writing
    (served,) = (folder / "home" / "generations").glob("*/joint")
    return _of_joint(Joint.load(served))


def _of_joint(joint: Joint) -> dict[str, Any]:
    heads = {name: head for name, head in joint.card.items() if name.startswith("head")}
    return {"losses": joint.card["losses"], "weights": digest(dict(joint.weights)), "heads": heads}


def main(what: str, folder: Path, stop_at: int) -> None:
    """Train and write down what came of it."""
    watch(folder, stop_at)
    result = train(what, folder) | {"n_steps": _n_steps}
    rank = os.environ.get("RANK")
    name = "result.json" if rank is None else f"result-{rank}.json"
    (folder / name).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
