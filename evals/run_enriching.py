"""The command `segue eval enrich`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Songs, begin, finish


def enrich(
    catalogue: Songs,
    n_tracks: Annotated[
        int, typer.Option("--tracks", min=0, help="About as many tracks, of artists drawn by seed; 0 takes all.")
    ] = 6_000,
    described: Annotated[
        float, typer.Option("--described", min=0.0, max=0.9, help="Share of the artists whose descriptions are kept.")
    ] = 0.2,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Training steps of each index.")] = 100,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Hide what most tracks state, enrich them: what is found, what of it is right, and what requests gain."""
    from connectors.progress import JobProgress
    from evals.enriching import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(
            catalogue, drawn, n_tracks=n_tracks, described=described, steps=steps, kept=kept, progress=progress
        )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((enrich, "segue eval enrich --catalogue spotify_songs.csv.gz --seeds 64,65"),)
