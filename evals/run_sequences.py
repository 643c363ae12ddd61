"""`segue bench sequences`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def sequences(
    n_rows: Annotated[int, typer.Option("--rows", min=1_000, help="Plays of the log that is made up.")] = 2_000_000,
    n_tracks: Annotated[int, typer.Option("--tracks", min=100, help="Different tracks in it.")] = 100_000,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Read a made-up log in the form of LastFM-1K and cut it into sessions: memory and time for each row."""
    from connectors.progress import JobProgress
    from evals.sequences_memory import bench_sequences

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = bench_sequences(n_rows, n_tracks, drawn, progress=progress)
    finish(report, json, markdown)


BENCHES: Commands = ((sequences, "segue bench sequences --rows 2000000 --json sequences.json"),)
