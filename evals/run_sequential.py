"""The command `segue eval sequential`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def sequential(
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="One sequence to a line, items between blanks; .gz is read.")
    ],
    models: Annotated[
        str,
        typer.Option("--models", metavar="NAME,…", help="Which to fit and ask; a+b is the sum of two."),
    ] = "popularity,successors,item-knn,session-knn,mixture",
    targets: Annotated[
        Path | None,
        typer.Option(
            "--targets",
            metavar="FILE",
            help="What came next, to a line: `SEQUENCE ITEM`, or PREFIX<TAB>ITEM. Without it, each listener's last "
            "item, or the last tenth of the sessions.",
        ),
    ] = None,
    form: Annotated[
        Literal["listener", "session"],
        typer.Option("--format", help="listener: a line begins with who it is of; session: its number names it."),
    ] = "listener",
    repeats: Annotated[
        Literal["exclude", "allow"] | None,
        typer.Option(
            "--repeats",
            help="Whether items of the prefix are ranked, too (default: allow, but exclude where no sequence repeats).",
        ),
    ] = None,
    positions: Annotated[
        int,
        typer.Option("--positions", min=1, help="Last items of each listener to ask for, one after the other, pooled."),
    ] = 1,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="What all others are compared with (default: the last one)."),
    ] = None,
    names: Annotated[
        Path | None, typer.Option("--names", metavar="FILE", help="JSON that says what items are called.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors", metavar="FOLDER", help="A JAM data set whose name and caption vectors are joined by name."
        ),
    ] = None,
    drawn: Annotated[
        int | None, typer.Option("--draw", min=1, help="Questions of sessions to draw by the seed (default: all).")
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Say what comes next in held-out sequences, ranked among all items."""
    from connectors.progress import JobProgress
    from evals.sequential import Options, choose_models, evaluate

    (chosen, other), seed = choose_models(models, against), begin(seeds, json, markdown)
    if not chosen:
        raise typer.BadParameter("no model is named; write --models ease,mixture", param_hint="--models")
    if positions > 1 and (targets is not None or form == "session"):
        raise typer.BadParameter("only listeners without --targets have last positions", param_hint="--positions")
    if drawn is not None and (targets is not None or form == "listener"):
        raise typer.BadParameter("questions are drawn of sessions without --targets", param_hint="--draw")
    if len(seed) > 1:
        raise typer.BadParameter("one seed is used; give one, and run again with another", param_hint="--seeds")
    options = Options(form, None if repeats is None else repeats == "allow", positions, names, vectors, drawn)
    with JobProgress() as progress:
        report = evaluate(data, chosen, seed, targets=targets, options=options, against=other, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = (
    (
        sequential,
        "segue eval sequential --data lastfm-artists.txt --models ease,mixture --positions 3 --json next.json",
    ),
)
