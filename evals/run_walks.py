"""The command `segue eval walks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def walks(
    catalogue: Annotated[
        Path, typer.Option("--catalogue", metavar="FILE", help="The tracks of the dialogues: CPCD's tracks.jsonl.")
    ],
    dialogues: Annotated[
        Path, typer.Option("--dialogs", metavar="FILE", help="Real dialogues to compare with: dialogs.train.jsonl.")
    ],
    conversations: Annotated[
        int | None,
        typer.Option("--conversations", min=1, help="How many to make per seed (default: as many as are real)."),
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Compare synthetic conversations with real ones: turns, likes, names, words."""
    from connectors.progress import JobProgress
    from evals.walks import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(catalogue, dialogues, conversations, drawn, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((walks, "segue eval walks --catalogue cpcd/tracks.jsonl --dialogs cpcd/dialogs.train.jsonl"),)
