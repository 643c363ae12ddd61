"""The commands `segue bench load` and `segue bench web`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, Seeds, begin, check_folder, finish

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="FOLDER", help="Serve what is indexed there; nothing in it changes."),
]
AnyCatalogue = Annotated[
    Path | None, typer.Option("--catalogue", metavar="FILE", help="Serve this instead of the starter catalogue.")
]


def load(
    catalogue: AnyCatalogue = None,
    home: Home = None,
    listeners: Annotated[int, typer.Option("--listeners", min=2, help="How many there are.")] = 50,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long the steady part lasts.")] = 120.0,
    every: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between a listener's messages.")] = 5.0,
    seeds: Seeds = "64",
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Answer many listeners at once: how long they wait, and that none gets another's answer; else exit status 1."""
    from connectors.progress import JobProgress
    from evals.load import bench_load

    drawn = begin(seeds, json)
    check_folder(home, "--home")
    with JobProgress() as progress:
        report = bench_load(catalogue, home, listeners, seconds, every, drawn, kept=kept, progress=progress)
    finish(report, json)
    for case in report.cases[:20]:
        typer.echo(f"{case['when']}: {case['problem']}")
    if report.cases:
        raise typer.Exit(1)


def web(
    catalogue: AnyCatalogue = None,
    home: Home = None,
    opens: Annotated[int, typer.Option("--opens", min=2, help="Pages opened after the first.")] = 8,
    presses: Annotated[int, typer.Option("--presses", min=2, help="Presses of each kind.")] = 20,
    seeds: Seeds = "64",
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Open the web page in a headless chromium, ask and press, and measure what somebody waits."""
    from connectors.progress import JobProgress
    from evals.web_speed import bench_web

    drawn = begin(seeds, json)
    check_folder(home, "--home")
    with JobProgress() as progress:
        report = bench_web(catalogue, home, opens, presses, drawn, kept=kept, progress=progress)
    finish(report, json)


#: Every benchmark with its example.
BENCHES: Commands = (
    (load, "segue bench load --seconds 120 --json load.json"),
    (web, "segue bench web --presses 50"),
)
