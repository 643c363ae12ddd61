"""Trains some models on a planted task and writes what they came to; started by itself or by torchrun."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from recsys.jam.processes import Processes
from recsys.jam.trained import TrainedSystem, mixing, talkrec, two_tower
from recsys.jam.trainer import PAPER
from tests.recsys.jam_tasks import planted_task

# 301 does not divide by two, so the processes have unlike parts, and the last batch of an epoch is a small one.
QUICK = replace(PAPER, size=16, epochs=4, batch=301, learning_rate=5e-3, threads=1, user_dropout=0.1, state_every=2)
MODELS = {
    "cross": (mixing("cross", "cross"), QUICK),
    "moe2": (mixing("moe2", "moe"), QUICK),
    "listwise": (mixing("avg", "avg"), replace(QUICK, loss="listwise", batch=33)),
    "talkrec": (talkrec("talkrec", "corrected"), QUICK),
    "two-tower": (two_tower("two-tower"), replace(QUICK, size=(16,))),
}


def main(out: Path) -> None:
    task = planted_task(n_queries=200)
    assert task.choose is not None
    found = {}
    for name, (blueprint, settings) in MODELS.items():
        system = TrainedSystem(blueprint, settings)
        system.fit(task, seed=3, folder=out.with_suffix(""))
        scores = system.score(task.choose.texts[:5], task.choose.users[:5])
        found[name] = {
            "losses": system.card["losses"],
            "ndcg": system.card["epochs_ndcg@10"],
            "scores": scores.tolist(),
            "weights": float(sum(np.abs(value).sum() for value in system.model.exported().values())),
        }
    processes = Processes.join(torch.device("cpu"))
    path = out.with_name(f"{out.name}-{processes.rank}-of-{processes.size}.json")
    path.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
