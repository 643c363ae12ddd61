"""The command `segue bench radio`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, Seeds, SongsOrStarter, begin, finish
from evals.run_radio import HomeFolder


def radio(
    catalogue: SongsOrStarter = None,
    home: HomeFolder = None,
    n_turns: Annotated[int, typer.Option("--turns", min=5, help="Turns of ten tracks, of each kind, per seed.")] = 50,
    seeds: Seeds = "64",
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Measure warm turns of the radio: with a session that asks for something, and with one that does not."""
    from connectors.progress import JobProgress
    from evals.radio_speed import bench_radio

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_radio(n_turns, drawn, catalogue=catalogue, home=home, kept=kept, progress=progress)
    finish(report, json)


BENCHES: Commands = ((radio, "segue bench radio --turns 50"),)
