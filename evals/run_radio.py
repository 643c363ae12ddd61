"""The command `segue eval radio`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, SongsOrStarter, begin, finish

HomeFolder = Annotated[
    Path | None,
    typer.Option("--home", metavar="FOLDER", help="Ask a copy of this data folder; nothing in it changes."),
]


def radio(
    catalogue: SongsOrStarter = None,
    home: HomeFolder = None,
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="NAME,…", help="skips, radios, dial, playlists, or all.")
    ] = "skips,radios,dial",
    n_radios: Annotated[int, typer.Option("--radios", min=1, help="Radios that play on, per seed.")] = 50,
    n_tracks: Annotated[int, typer.Option("--tracks", min=10, help="Tracks of each.")] = 200,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Let radios play: what a skip does, what must not be, the dial, and how playlists go on."""
    from connectors.progress import JobProgress
    from evals.radio import Size, choose_tasks, evaluate

    drawn, chosen = begin(seeds, json, markdown), choose_tasks(tasks)
    with JobProgress() as progress:
        size = Size(radios=n_radios, tracks=n_tracks)
        report = evaluate(chosen, size, drawn, catalogue=catalogue, home=home, kept=kept, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((radio, "segue eval radio --tasks skips,radios,dial --seeds 64,65"),)
