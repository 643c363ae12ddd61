"""The commands of `segue eval` that read a data set in the JAM file format."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from evals.options import JsonFile, Kept, MarkdownFile, Seeds, check_destination, finish, read_seeds

Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="A data set in the JAM file format.")]
Split = Annotated[str, typer.Option("--split", metavar="val|test", help="The part to report.")]

EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Text encoder: paper, paper-padding (with :FOLDER of models), or as SEGUE_TEXT_ENCODER, its default.",
    ),
]


def jam(
    data: Data,
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,…", help="Which to score, all, or package.module:Class.")
    ] = "segue",
    seeds: Seeds = "64",
    split: Split = "val",
    encoder: EncoderName = "",
    grid: Annotated[
        bool, typer.Option("--grid", help="Try the paper's sizes and learning rates, and keep what chooses best.")
    ] = False,
    cases: Annotated[
        str,
        typer.Option("--cases", metavar="NAME,…", help="Cases that counts cannot help, or all; each fits once more."),
    ] = "",
    against: Annotated[
        str,
        typer.Option("--against", metavar="NAME,…", help="Compare with these; by default with the best baseline."),
    ] = "",
    per_query: Annotated[
        Path | None, typer.Option("--per-query", metavar="FILE", help="Write every query's figures there, as JSONL.")
    ] = None,
    trec: Annotated[
        Path | None, typer.Option("--trec", metavar="FOLDER", help="Write run and qrels files there.")
    ] = None,
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Rank a data set's items for its listeners' requests: the product, JAM's variants, counts and baselines."""
    from assistant.settings import Settings
    from connectors.progress import JobProgress
    from evals.jam import choose_systems, evaluate, open_named, write_lines
    from evals.jam_cases import choose_cases
    from evals.scratch import scratch_home
    from recsys.encoders.text import open_lyrics_encoder, open_text_encoder

    chosen, drawn = choose_systems(models), read_seeds(seeds)
    wanted = choose_cases(cases)
    others = choose_systems(against) if against else ()
    for path, option in ((json, "--json"), (markdown, "--markdown"), (per_query, "--per-query")):
        check_destination(path, option)
    settings = Settings()
    with scratch_home(kept) as home, JobProgress() as progress:
        how = (encoder or settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        report, lines = evaluate(
            data,
            drawn,
            chosen,
            split=split,
            encoder=open_text_encoder(*how),
            lyrics=partial(open_lyrics_encoder, *how),
            make=partial(open_named, text_encoder=encoder or None, grid=grid),
            cases=wanted,
            against=others,
            trec=trec,
            kept=kept,
            progress=progress,
        )
    if per_query is not None:
        write_lines(per_query, lines)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (jam, "segue eval jam --data lastfm-jam --models segue,counting --seeds 64,65,66"),
)
