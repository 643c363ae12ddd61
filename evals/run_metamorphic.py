"""The command `segue eval metamorphic`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Songs, begin, finish


def metamorphic(
    catalogue: Songs,
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
    from evals.metamorphic import evaluate
    from evals.metamorphic_cases import broken, kept_promises, tell

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report, cases = evaluate(catalogue, n_conversations, drawn, kept=kept, progress=progress)
    for case in broken(cases):
        typer.echo(f"VIOLATED  {case.relation} ({case.kind}), conversation {case.conversation}: {case.told}")
    finish(report, json, markdown)
    typer.echo(tell(cases))
    if not kept_promises(cases):
        raise typer.Exit(1)


#: Every command with its example.
COMMANDS: Commands = (
    (
        metamorphic,
        "segue eval metamorphic --catalogue spotify_songs.csv.gz --conversations 300 --seeds 64 --json out.json",
    ),
)
