"""`segue bench history`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Seeds, begin, finish


def history(
    n_rows: Annotated[int, typer.Option("--rows", min=100, help="Plays in the history.")] = 500_000,
    n_tracks: Annotated[int, typer.Option("--tracks", min=10, help="Different tracks that it names.")] = 4_000,
    n_turns: Annotated[int, typer.Option("--turns", min=4, help="Warm turns to measure, per listener.")] = 40,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Import a made-up listening history: time, memory, share of rows that are events, and turns after it."""
    from connectors.progress import JobProgress
    from evals.history import bench_history

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_history(n_rows, n_tracks, n_turns, drawn, progress=progress)
    finish(report, json)


BENCHES: Commands = ((history, "segue bench history --rows 50000"),)
