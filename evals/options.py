"""The options that every `segue eval NAME` and `segue bench NAME` shares, and what is done with them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.errors import SeedsError

if TYPE_CHECKING:
    from evals.report import Report

#: Commands, each with its example.
Commands = tuple[tuple[Callable[..., None], str], ...]

Songs = Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="Such as spotify_songs.csv.gz.")]
SongsOrStarter = Annotated[
    Path | None, typer.Option("--catalogue", metavar="FILE", help="Such as spotify_songs.csv.gz; the starter without.")
]
Systems = Annotated[str, typer.Option("--systems", metavar="NAME,…", help="Which to score, or all.")]
Turns = Annotated[int, typer.Option("--turns", min=20, help="Warm turns to measure, per seed.")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="N,…", help="One or several seeds.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there as JSON.")]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write the table there as Markdown.")
]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--keep", metavar="FOLDER", help="Keep encoded texts there, so that the next run need not encode again."
    ),
]
Trec = Annotated[Path | None, typer.Option("--trec", metavar="FOLDER", help="Write run and qrels files (TREC) there.")]


def read_seeds(text: str) -> tuple[int, ...]:
    """Read "64" or "64,65".

    Raises:
        SeedsError: the text is something else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise SeedsError(text)
    return tuple(dict.fromkeys(int(part) for part in parts))


def begin(
    seeds: str,
    json: Path | None,
    markdown: Path | None = None,
    *,
    trec: Path | None = None,
    per_query: Path | None = None,
) -> tuple[int, ...]:
    """Read the seeds, and find out before the work that what it writes could be written; `finish` writes it.

    Raises:
        SeedsError: the seeds are no whole numbers.
    """
    drawn = read_seeds(seeds)
    check_destinations(json, markdown, per_query)
    check_folder(trec)
    return drawn


def check_destinations(json: Path | None, markdown: Path | None = None, per_query: Path | None = None) -> None:
    """Find out before the work, not after it, that a file of a report could not be written."""
    for path, option in ((json, "--json"), (markdown, "--markdown"), (per_query, "--per-query")):
        check_destination(path, option)


def check_destination(path: Path | None, option: str) -> None:
    """Find out before the work, not after it, that a file could not be written."""
    if path is None:
        return
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"{path} is not a file in an existing folder", param_hint=option)
    try:
        # A report is written beside its place first, and then put there.
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        problem = f"{path} cannot be written ({error.strerror or type(error).__name__})"
        raise typer.BadParameter(problem, param_hint=option) from error


def check_folder(path: Path | None, option: str = "--trec") -> None:
    """Find out before the work, not after it, that there is something else in the place of a folder."""
    if path is not None and path.exists() and not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder", param_hint=option)


def finish(report: Report, json: Path | None, markdown: Path | None = None) -> None:
    """Print a report and write it where it is wanted."""
    report.show()
    if json is not None:
        report.write(json)
    if markdown is not None:
        report.write_markdown(markdown)
