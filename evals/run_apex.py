"""The commands `segue eval apex` and `segue eval preference`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, check_folder, finish


def apex(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="PATH", help="Tracks with targets: ratings, hits, spotify_songs, or a table."),
    ],
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", metavar="PATH", help="Learn from --data and ask only about these; no folds then."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, help="Folds by artist (default: 10 for ratings, else 5).")
    ] = None,
    systems: Annotated[
        str | None,
        typer.Option(
            "--systems", metavar="NAME;…", help="Which to score, or all; without, leaks and variants are left out."
        ),
    ] = None,
    vectors: Annotated[
        list[str] | None,
        typer.Option("--vectors", metavar="NAME=FILE.npy", help="Vectors of the rows, such as MERT's; several times."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="Score APEX's published one, too, on the one --vectors."),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Cores of the text encoder.")] = 1,
    kept: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep the exported text encoder there.")
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Predict popularity, hits and ratings from content, in folds by artist, beside the baselines."""
    from connectors.progress import JobProgress
    from evals.apex import evaluate
    from evals.apex_data import read_named_vectors

    drawn = begin(seeds, json, markdown)
    named = read_named_vectors(vectors or ())
    chosen = () if systems is None else tuple(name.strip() for name in systems.split(";"))
    with JobProgress() as progress:
        report = evaluate(
            data,
            drawn,
            held_out=held_out,
            n_folds=folds,
            chosen=chosen,
            vectors=named,
            checkpoint=checkpoint,
            kept=kept,
            threads=threads,
            progress=progress,
        )
    finish(report, json, markdown)


def preference(
    battles: Annotated[
        Path,
        typer.Option(
            "--battles", metavar="PATH", help="Columns prompt_id, system_a, system_b, vote; or Music Arena's."
        ),
    ],
    features: Annotated[
        list[Path] | None,
        typer.Option("--features", metavar="FILE", help="What is known of each piece; several times, joined."),
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option("--vectors", metavar="FILE.npy", help="Of the pieces of the first features file.")
    ] = None,
    converted: Annotated[
        Path | None,
        typer.Option("--converted", metavar="FOLDER", help="Keep there what Music Arena's records are turned into."),
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Do predicted popularity and aesthetics tell which piece people prefer? Folds by prompt and by pair of systems."""
    from connectors.progress import JobProgress
    from evals.preference import evaluate

    drawn = begin(seeds, json, markdown)
    check_folder(converted, "--converted")
    of_arena = battles.is_dir() or battles.suffix == ".jsonl"
    opened = _converted(battles, features or [], converted) if of_arena else nullcontext((battles, features or []))
    with opened as (votes, pieces), JobProgress() as progress:
        report = evaluate(votes, pieces, drawn, vectors=vectors, progress=progress)
    finish(report, json, markdown)


@contextmanager
def _converted(records: Path, features: list[Path], folder: Path | None) -> Iterator[tuple[Path, list[Path]]]:
    """Write records of Music Arena as battles and lengths, into a folder that is kept if it is named."""
    from tempfile import TemporaryDirectory

    from evals.arena import convert

    with TemporaryDirectory(prefix="segue-arena-") as scratch:
        into = folder or Path(scratch)
        into.mkdir(parents=True, exist_ok=True)
        found = convert(records, into / "battles.csv", into / "pieces.csv")
        typer.echo(
            f"{found.n_battles:,} battles with a vote; {found.n_without_vote:,} without one and {found.n_unreadable:,} "
            "unreadable records are left out",
            err=True,
        )
        yield into / "battles.csv", [*features, into / "pieces.csv"]


#: Every command with its example.
COMMANDS: Commands = (
    (apex, "segue eval apex --data musiccaps_ratings.csv --json apex.json"),
    (preference, "segue eval preference --battles battles.csv --features features.csv --json preference.json"),
)
