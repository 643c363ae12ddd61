"""The command `segue eval bridge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def bridge(
    encoders: Annotated[
        str, typer.Option("--encoders", metavar="NAME,…", help="Audio encoders, a space each.")
    ] = "librosa,musicnn",
    weights: Annotated[
        Path | None,
        typer.Option("--home", metavar="FOLDER", help="The data folder with weights; the usual one without."),
    ] = None,
    soundfont: Annotated[str, typer.Option("--soundfont", metavar="NAME", help="FluidR3 or TimGM6mb.")] = "TimGM6mb",
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Find tracks that nobody has described by what they sound like: from words to sound, on music made here."""
    from assistant.settings import Settings
    from connectors.progress import JobProgress
    from evals.bridge import evaluate
    from recsys.encoders.text import open_text_encoder

    drawn, settings = begin(seeds, json, markdown), Settings()
    names = tuple(name.strip() for name in encoders.split(",") if name.strip())
    with JobProgress() as progress:
        encoder = open_text_encoder(
            settings.text_encoder, settings.home / "cache" / "encoder", settings.threads, progress
        )
        report = evaluate(
            drawn,
            encoders=names,
            home=weights or settings.home,
            encoder=encoder,
            soundfont=soundfont,
            threads=settings.threads,
            progress=progress,
        )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((bridge, "segue eval bridge --encoders librosa --seeds 64,65"),)
