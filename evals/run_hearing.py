"""The command `segue eval hearing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def hearing(
    parts: Annotated[
        str, typer.Option("--parts", metavar="NAME,…", help="Of tempo, key, instruments and voices, or all.")
    ] = "all",
    weights: Annotated[
        Path | None,
        typer.Option("--home", metavar="FOLDER", help="The data folder with MusiCNN's weights; the usual one without."),
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Listen to music made here: are tempo, key, instruments and voices heard as they are?"""
    from assistant.settings import Settings
    from connectors.progress import JobProgress
    from evals.hearing import choose_parts, evaluate

    chosen, drawn = choose_parts(parts), begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(drawn, parts=chosen, home=weights or Settings().home, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((hearing, "segue eval hearing --parts tempo,key --seeds 64 --json hearing.json"),)
