"""`segue bench listen`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Seeds, begin, finish


def listen(
    n_tracks: Annotated[int, typer.Option("--tracks", min=2, help="Files to make and to hear.")] = 60,
    encoders: Annotated[str, typer.Option("--encoders", metavar="NAME,…", help="What listens.")] = "librosa,musicnn",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that listen.")] = 2,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="MusiCNN's wheel, where it is at hand.")
    ] = None,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Hear a made-up folder of 30 s excerpts: tracks per second and peak memory, then again with nothing changed."""
    from connectors.progress import JobProgress
    from evals.listening import bench_listen

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_listen(n_tracks, encoders, workers, weights, drawn, progress=progress)
    finish(report, json)


BENCHES: Commands = ((listen, "segue bench listen --tracks 60"),)
