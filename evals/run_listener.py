"""The command `segue eval listener`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, begin, finish


def listener(
    catalogue: Annotated[
        Path,
        typer.Option("--catalogue", metavar="FILE", help="CPCD's tracks.jsonl, or a table with named playlists."),
    ],
    dialogues: Annotated[
        Path | None,
        typer.Option(
            "--dialogues",
            metavar="FILE",
            help="What is said, and liked (CPCD's dialogs.train.jsonl); without it, playlists of the table are held "
            "out, and the words are made of their names, years and albums.",
        ),
    ] = None,
    conversations: Annotated[
        int, typer.Option("--conversations", min=1, help="How many to hold at most, per seed.")
    ] = 200,
    choosing: Annotated[
        bool, typer.Option("--choosing", help="Hold the dialogues that are kept for choosing, not the reported ones.")
    ] = False,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Hold conversations with a simulated listener: with memory and likes, without memory, and without likes."""
    from connectors.progress import JobProgress
    from evals.listener import evaluate
    from evals.listener_playlists import evaluate_playlists

    drawn = begin(seeds, json, markdown)
    if choosing and dialogues is None:
        raise typer.BadParameter(
            "only --dialogues are kept apart; of playlists, choose by --seeds 1", param_hint="--choosing"
        )
    with JobProgress() as progress:
        if dialogues is None:
            report = evaluate_playlists(catalogue, conversations, drawn, kept=kept, progress=progress)
        else:
            report = evaluate(
                catalogue, dialogues, conversations, drawn, choosing=choosing, kept=kept, progress=progress
            )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = (
    (listener, "segue eval listener --catalogue cpcd/tracks.jsonl --dialogues cpcd/dialogs.train.jsonl --seeds 64"),
)
