"""The command `segue eval encoders`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, check_folder, finish


def encoders(
    interactions: Annotated[
        Path | None,
        typer.Option(
            "--interactions",
            metavar="FILE",
            help="A table of listener and item, with timestamp where known; Music4All's as published is known by its "
            "header.",
        ),
    ] = None,
    embeddings: Annotated[
        list[str] | None,
        typer.Option("--embeddings", metavar="NAME=FILE.npy", help="One row for each item; may be given again."),
    ] = None,
    ids: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="The item of each row of --embeddings, one to a line.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="NAME", help="lastfm-jam, lastfm-artists or spotify-songs, from --folder."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="FOLDER", help="Holds the data sets of --data.")
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="FOLDER", help="The app's own events and the spaces of its index; only read."),
    ] = None,
    protocol: Annotated[str, typer.Option("--protocol", help="hot, cold, or both with a comma.")] = "hot,cold",
    recommenders: Annotated[
        str, typer.Option("--recommenders", metavar="NAME,…", help="Which to fit.")
    ] = "knn,shallow,contrastive,hybrid,bert4rec",
    chosen: Annotated[
        str | None, typer.Option("--encoders", metavar="NAME,…", help="Which of the data's encoders (default: all).")
    ] = None,
    controls: Annotated[
        str, typer.Option("--controls", metavar="NAME,…", help="What stands beside them, or none.")
    ] = "shuffled,random,popularity,elsa,ease",
    as_published: Annotated[
        str | None,
        typer.Option("--as-published", metavar="FAULT,…", help="knn-rows, k50, negatives, freeze: as the public code."),
    ] = None,
    split_at: Annotated[
        str, typer.Option("--begin", metavar="DAY", help="Of Music4All: the first day of the month that is asked.")
    ] = "2019-02-01",
    recover: Annotated[
        bool,
        typer.Option("--recovered/--no-recovered", help="Whether to refit on what is held out, to compare cold with."),
    ] = True,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes at a time, of one thread each.")] = 2,
    kept: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep what is done there, and go on from it.")
    ] = None,
    report_folder: Annotated[
        Path | None,
        typer.Option("--report", metavar="FOLDER", help="Write there what it comes to: words, plots, weights."),
    ] = None,
    seeds: Seeds = "64,65,66",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Say which content vectors help to recommend, with and without listening history."""
    from connectors.progress import JobProgress
    from evals.encoders import choose_faults
    from evals.encoders_study import choose_plan, evaluate, open_data

    drawn = begin(seeds, json, markdown)
    check_folder(kept, "--keep")
    check_folder(report_folder, "--report")
    faults = choose_faults(as_published)
    if sum(one is not None for one in (interactions, data, home)) != 1:
        raise typer.BadParameter("give one of --interactions FILE, --data NAME and --home FOLDER")
    with JobProgress() as progress:
        study = open_data(interactions, embeddings or [], ids, data, folder, home, split_at, progress=progress)
        plan = choose_plan(study, protocol, drawn, recommenders, chosen, controls, faults)
        report = evaluate(
            study, plan, kept=kept, workers=workers, recover=recover, folder=report_folder, progress=progress
        )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = (
    (encoders, "segue eval encoders --data lastfm-jam --folder ../shared/data --keep kept --json encoders.json"),
)
