"""The command `segue eval mgphot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish


def mgphot(
    reference: Annotated[
        Path, typer.Option("--reference", metavar="FILE", help="Values that are taken for right, such as MGPHot's own.")
    ],
    scale: Annotated[str, typer.Option("--scale", metavar="0-1|0-5", help="What they are written on.")] = "0-1",
    annotated: Annotated[
        Path | None, typer.Option("--annotated", metavar="FILE", help="Compare this file; else what Segue keeps.")
    ] = None,
    annotated_scale: Annotated[
        str, typer.Option("--annotated-scale", metavar="0-1|0-5", help="What its values are written on.")
    ] = "0-5",
    home: Annotated[
        Path | None, typer.Option("--home", metavar="FOLDER", help="The data folder; the usual one without.")
    ] = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Compare annotated attributes with a reference: MAE, quadratic kappa, share within a step, on both scales."""
    from assistant.annotating import read_scale
    from evals.mgphot import evaluate

    drawn = begin(seeds, json, markdown)
    report = evaluate(
        reference,
        drawn,
        scale=read_scale(scale),
        annotated=annotated,
        annotated_scale=read_scale(annotated_scale),
        home=home,
    )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((mgphot, "segue eval mgphot --reference mgphot_gene_values.tsv --json mgphot.json"),)
