"""`segue encoders`: list the audio encoders, get what one needs, check one against its original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.opening import example, open_assistant, read_settings

if TYPE_CHECKING:
    from assistant.reports import EncoderReport

encoders_app = typer.Typer(
    help="What listens to your files: list, fetch, check.",
    epilog=example("encoders list"),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `segue encoders list` has it.")]
_Weights = Annotated[
    Path | None, typer.Option("--weights", metavar="FILE", help="MusiCNN's wheel, where it is at hand.")
]


@encoders_app.command(name="list", epilog=example("encoders list --json | jq '.[].name'"))
def list_encoders(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the audio encoders: what each reads and gives, its licence and source, and whether it is ready."""
    with open_assistant(read_settings()) as assistant:
        encoders = assistant.encoders()
    if as_json:
        import json

        typer.echo(json.dumps([one.model_dump() for one in encoders], indent=2))
        return
    for one in encoders:
        typer.echo(_lines(one))


@encoders_app.command(epilog=example("encoders fetch musicnn"))
def fetch(name: _Name, weights: _Weights = None) -> None:
    """Get the weights of an audio encoder, pinned and checked where they are pinned; the next `segue index` uses it."""
    with open_assistant(read_settings()) as assistant:
        folder = assistant.fetch_encoder(name, weights)
    typer.echo(f"{name} is ready; what it needs is in {folder}")


@encoders_app.command(epilog=example("encoders check musicnn --reference reference.npz"))
def check(
    name: _Name,
    reference: Annotated[Path, typer.Option("--reference", metavar="FILE.npz", help="Golden outputs of the original.")],
    weights: _Weights = None,
) -> None:
    """Compare an audio encoder with golden outputs of its original; exit status 1 beyond the tolerance.

    Weights that are not there are fetched.
    """
    with open_assistant(read_settings()) as assistant:
        report = assistant.check_encoder(name, reference, weights)
    for array in report.arrays:
        typer.echo(f"{array.name} {array.largest:.3g}")
    typer.echo(f"largest difference {report.largest:.3g} (tolerance {report.tolerance:.0e})".replace("e-0", "e-"))
    if not report.largest <= report.tolerance:
        raise typer.Exit(1)


def _lines(one: EncoderReport) -> str:
    state = "ready" if one.ready else f"not here; `{one.fetch}` gets it"
    chosen = ", listens" if one.chosen else ""
    return (
        f"{one.name}: {state}{chosen}\n"
        f"  {one.rate:,} samples/s, windows of {one.window_s:g} s, {one.dim:,} numbers\n"
        f"  layer: {one.layer}\n"
        f"  pooling: {one.pooling}\n"
        f"  licence: {one.licence}\n"
        f"  source: {one.source}"
    )
