"""`segue stats` and `segue map --library`: a library counted, and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.opening import read_settings, ready_assistant


def stats(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="HTML file with plots to write as well.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Count the library: genres, years, keys, tempo, duplicates, gaps, and what is known of how many tracks."""
    from connectors.playlists.base import check_place, write_whole

    if output is not None:
        check_place(output)
    with ready_assistant(read_settings()) as assistant:
        report = assistant.library()
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        from connectors.console import open_console
        from connectors.library_view import show_library

        show_library(open_console(), report)
    if output is not None:
        from connectors.library_plots import draw_library

        write_whole(output, draw_library(report))
        typer.echo(f"Wrote {output}; open it in a browser", err=True)


def draw_by_sound(output: Path, by: str) -> None:
    """Write the map of the whole library."""
    from connectors.library_plots import draw_library_map
    from connectors.playlists.base import write_whole

    with ready_assistant(read_settings()) as assistant:
        report = assistant.library_map(by=by)
    write_whole(output, draw_library_map(report))
    typer.echo(
        f"Wrote {len(report.tracks):,} of {report.n_catalogue:,} tracks, placed by {report.by}, to {output}; open it "
        "in a browser",
        err=True,
    )
