"""The commands `segue eval dials` and `segue eval taste`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, SongsOrStarter, begin, finish


def dials(
    catalogue: SongsOrStarter = None,
    n_requests: Annotated[int, typer.Option("--requests", min=1, help="Requests to ask, per seed.")] = 200,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Turn each dial step by step: does the slate follow, and does any wish pay for it?"""
    from connectors.progress import JobProgress
    from evals.dials import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(catalogue, n_requests, drawn, kept=kept, progress=progress)
    finish(report, json, markdown)


def taste(
    catalogue: SongsOrStarter = None,
    n_listeners: Annotated[int, typer.Option("--listeners", min=1, help="Listeners to follow, per seed.")] = 50,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Play children's songs for one evening and for four weeks: what stays, and what "this was not me" takes back."""
    from connectors.progress import JobProgress
    from evals.taste import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(catalogue, n_listeners, drawn, kept=kept, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = (
    (dials, "segue eval dials --catalogue spotify_songs.csv.gz --requests 200 --json dials.json"),
    (taste, "segue eval taste --catalogue spotify_songs.csv.gz --listeners 50 --json taste.json"),
)
