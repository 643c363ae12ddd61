"""The command `segue eval listener`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from evals.options import JsonFile, Kept, MarkdownFile, Seeds, check_destination, finish, read_seeds


def listener(
    catalogue: Annotated[
        Path, typer.Option("--catalogue", metavar="FILE", help="The dialogues' catalogue (CPCD's tracks.jsonl).")
    ],
    dialogues: Annotated[
        Path, typer.Option("--dialogues", metavar="FILE", help="What is said, and liked (CPCD's dialogs.train.jsonl).")
    ],
    conversations: Annotated[int, typer.Option("--conversations", min=1, help="How many to hold, per seed.")] = 200,
    choosing: Annotated[
        bool, typer.Option("--choosing", help="Hold those that are kept for choosing, in place of the reported ones.")
    ] = False,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Hold conversations with a simulated listener: with memory and likes, without memory, and without likes."""
    from connectors.progress import JobProgress
    from evals.listener import evaluate

    drawn = read_seeds(seeds)
    for path, option in ((json, "--json"), (markdown, "--markdown")):
        check_destination(path, option)
    with JobProgress() as progress:
        report = evaluate(catalogue, dialogues, conversations, drawn, choosing=choosing, kept=kept, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (
        listener,
        "segue eval listener --catalogue cpcd/tracks.jsonl --dialogues cpcd/dialogs.train.jsonl --json listener.json",
    ),
)
