"""`segue bench folder`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Seeds, begin, finish


def folder(
    n_files: Annotated[int, typer.Option("--files", min=10, help="Files of the folder that is made.")] = 10_000,
    music: Annotated[
        Path | None, typer.Option("--folder", metavar="FOLDER", help="Read this one instead; nothing in it changes.")
    ] = None,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Read the tags of a folder of music: files a second, and memory."""
    from connectors.progress import JobProgress
    from evals.folder import bench_folder

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_folder(n_files, drawn, folder=music, progress=progress)
    finish(report, json)


BENCHES: Commands = ((folder, "segue bench folder --files 2000"),)
