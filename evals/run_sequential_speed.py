"""`segue bench sequential`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Seeds, begin, finish


def sequential(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="Sessions, one per line (.txt or .txt.gz).")],
    n_steps: Annotated[int, typer.Option("--steps", min=1, help="Steps that are timed at a time.")] = 40,
    n_rounds: Annotated[int, typer.Option("--rounds", min=1, help="How often each way is timed.")] = 5,
    n_curve: Annotated[int, typer.Option("--curve", min=0, help="Steps whose losses are compared.")] = 200,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of torch.")] = 2,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Train SASRec here and in the plain public way: sequences a second, an epoch, and whether the losses agree."""
    from connectors.progress import JobProgress
    from evals.sequential_speed import bench_sequential

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_sequential(
            data, drawn, n_steps=n_steps, n_rounds=n_rounds, n_curve=n_curve, threads=threads, progress=progress
        )
    finish(report, json)


BENCHES: Commands = ((sequential, "segue bench sequential --data nowplaying-sessions.txt.gz --seeds 64"),)
