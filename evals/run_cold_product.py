"""The command `segue eval cold-product`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, begin, check_folder, finish


def cold_product(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="In the JAM file format, such as lastfm-jam.")],
    variants: Annotated[
        str, typer.Option("--variants", metavar="NAME,…", help="plain, shown or own, as the report says.")
    ] = "shown",
    part: Annotated[str, typer.Option("--part", help="test, or validation to choose by.")] = "test",
    steps: Annotated[int, typer.Option("--steps", min=1, help="Of training.")] = 600,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of training.")] = 1,
    kept: Kept = None,
    seeds: Seeds = "64,65,66",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Say how much of what listening tells a predicted vector tells JAM of artists that nobody has listened to."""
    from assistant.settings import Settings
    from connectors.progress import JobProgress
    from evals.cold_product import evaluate
    from evals.jam import text_encoder
    from evals.scratch import scratch_home
    from recsys.encoders.text import open_text_encoder
    from recsys.jam.files import read_jam

    drawn = begin(seeds, json, markdown)
    check_folder(kept, "--keep")
    wanted = [one.strip() for one in variants.split(",")]
    with scratch_home(kept) as home, JobProgress() as progress:
        encoder = open_text_encoder(Settings().text_encoder, home / "cache" / "encoder", threads, progress)
        encode = text_encoder(encoder, home / "cache" / "embeddings")
        report = evaluate(
            read_jam(folder), drawn, wanted, encode=encode, part=part, steps=steps, threads=threads, progress=progress
        )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((cold_product, "segue eval cold-product ../shared/data/lastfm-jam --keep kept --json cold.json"),)
