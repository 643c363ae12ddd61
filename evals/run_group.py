"""The command `segue eval group`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, begin, finish


def group(
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--catalogue", metavar="FILE", help="Its playlists are the members; else the starter, with synthetic ones."
        ),
    ] = None,
    groups: Annotated[int, typer.Option("--groups", min=1, help="Groups per seed.")] = 100,
    members: Annotated[int, typer.Option("--members", min=2, max=20, help="Listeners in a group.")] = 3,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Make playlists for groups, and count what each member makes of them."""
    from connectors.progress import JobProgress
    from evals.group import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(catalogue, groups, members, drawn, kept=kept, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((group, "segue eval group --groups 100 --members 3 --seeds 64,65"),)
