"""The command `segue eval artist-requests`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Songs, begin, finish


def artist_requests(
    catalogue: Songs,
    n_requests: Annotated[int, typer.Option("--requests", min=7, help="Requests to draw, per seed.")] = 1_000,
    fewest: Annotated[int, typer.Option("--works", min=1, help="Works that an artist has at least.")] = 5,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Ask for artists of a catalogue, misspelt, in sentences, refused; exit status 1 where a refused one is shown."""
    from connectors.progress import JobProgress
    from evals.artists import evaluate, tell

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report, answered = evaluate(catalogue, n_requests, drawn, fewest=fewest, kept=kept, progress=progress)
    finish(report, json, markdown)
    typer.echo(tell(answered))
    if any(one.excluded for one in answered):
        raise typer.Exit(1)


#: Every command with its example.
COMMANDS: Commands = (
    (
        artist_requests,
        "segue eval artist-requests --catalogue spotify_songs.csv.gz --requests 1000 --seeds 64 --json out.json",
    ),
)
