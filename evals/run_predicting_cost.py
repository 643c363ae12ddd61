"""`segue bench predicting`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Seeds, begin, finish


def predicting(
    home: Annotated[Path, typer.Option("--home", metavar="FOLDER", help="A data folder with an index; only read.")],
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of BLAS and torch.")] = 1,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Predict collaborative vectors and appeal of a served catalogue: seconds, and how far memory grows."""
    from connectors.progress import JobProgress
    from evals.predicting_cost import bench_predicting

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_predicting(home, drawn, threads=threads, progress=progress)
    finish(report, json)


BENCHES: Commands = ((predicting, "segue bench predicting --home ~/.local/share/segue"),)
