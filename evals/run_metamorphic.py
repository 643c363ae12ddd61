"""The command `segue eval metamorphic`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from evals.options import JsonFile, Kept, MarkdownFile, Seeds, check_destination, finish, read_seeds


def metamorphic(
    catalogue: Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="Such as spotify_songs.csv.gz.")],
    n_conversations: Annotated[
        int, typer.Option("--conversations", min=1, help="Conversations to hold, per seed.")
    ] = 300,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Hold conversations and check what must hold between replies; exit status 1 where it does not."""
    from connectors.progress import JobProgress
    from evals.metamorphic import broken, evaluate, tell

    drawn = read_seeds(seeds)
    for path, option in ((json, "--json"), (markdown, "--markdown")):
        check_destination(path, option)
    with JobProgress() as progress:
        report, cases = evaluate(catalogue, n_conversations, drawn, kept=kept, progress=progress)
    for case in broken(cases):
        typer.echo(f"VIOLATED  {case.relation} ({case.kind}), conversation {case.conversation}: {case.told}")
    finish(report, json, markdown)
    typer.echo(tell(cases))
    if broken(cases):
        raise typer.Exit(1)


#: Every command with its example.
COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (
        metamorphic,
        "segue eval metamorphic --catalogue spotify_songs.csv.gz --conversations 300 --seeds 64 --json out.json",
    ),
)
