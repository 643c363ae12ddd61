"""The command `segue eval cpcd`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Systems, begin, check_folder, finish


def cpcd(
    tracks: Annotated[
        Path, typer.Option("--tracks", metavar="FILE", help="The catalogue to search: CPCD's tracks.jsonl.")
    ],
    dialogues: Annotated[
        Path, typer.Option("--dialogs", metavar="FILE", help="The dialogues to answer; version 0 or 1 of the format.")
    ],
    training: Annotated[
        Path | None,
        typer.Option(
            "--train-dialogs", metavar="FILE", help="Dialogues to learn from; without it, 5-fold cross-validation."
        ),
    ] = None,
    systems: Systems = "all",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="NAME",
            help="The system that all others are compared with (default: bm25, or else the first).",
        ),
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions", metavar="NAME=FILE", help="Score a file of predictions, too; may be given again."
        ),
    ] = None,
    written: Annotated[
        Path | None,
        typer.Option(
            "--write-predictions", metavar="FOLDER", help="Write a file per system, in the dataset's own format."
        ),
    ] = None,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Find the goal playlists of real dialogues (CPCD), turn by turn, by the official metrics."""
    from connectors.progress import JobProgress
    from evals.cpcd import choose_systems, evaluate

    files = _named_files(predictions or ())
    (chosen, other), drawn = choose_systems(systems, against, tuple(files)), begin(seeds, json, markdown)
    if twice := set(files) & set(chosen):
        raise typer.BadParameter(f"{min(twice)} is a system that runs; call it otherwise", param_hint="--predictions")
    check_folder(written, "--write-predictions")
    with JobProgress() as progress:
        report = evaluate(
            tracks,
            dialogues,
            chosen,
            drawn,
            training=training,
            against=other,
            predictions=files,
            written=written,
            kept=kept,
            progress=progress,
        )
    finish(report, json, markdown)


def _named_files(given: Sequence[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for pair in given:
        name, separator, path = (part.strip() for part in pair.partition("="))
        if not name or not separator or not path:
            raise typer.BadParameter(
                f"{pair!r} is not NAME=FILE, such as theirs=bm25.jsonl", param_hint="--predictions"
            )
        if name in files:
            raise typer.BadParameter(f"two files are called {name!r}", param_hint="--predictions")
        files[name] = Path(path)
    return files


#: Every command with its example.
COMMANDS: Commands = (
    (
        cpcd,
        "segue eval cpcd --tracks cpcd/tracks.jsonl --dialogs cpcd/dialogs.train.jsonl --systems bm25,popularity "
        "--json cpcd.json",
    ),
)
