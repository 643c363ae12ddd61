"""`segue embeddings`: bring precomputed spaces of tracks or listeners in, list them, drop them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connectors.opening import example, open_assistant, read_settings

embeddings_app = typer.Typer(
    help="Bring in vectors that were computed elsewhere.",
    epilog=example("embeddings add mert mert.npy --ids mert-ids.txt"),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Described(StrEnum):
    """What the rows of a space describe."""

    TRACKS = "tracks"
    LISTENERS = "listeners"


@embeddings_app.command(epilog=example("embeddings add mert mert.npy --ids mert-ids.txt"))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the space: lower-case letters, digits, _.")],
    vectors: Annotated[Path, typer.Argument(metavar="FILE.npy", help="The vectors, one row each.")],
    ids: Annotated[
        Path,
        typer.Option("--ids", metavar="FILE", help="The rows' ids: one per line, or a CSV or TSV with a column id."),
    ],
    of: Annotated[Described, typer.Option("--of", help="What the rows describe.")] = Described.TRACKS,
) -> None:
    """Store a space of tracks or listeners, or replace the one of that name.

    `segue train --only NAME` then fits it to the model being served; `segue train` and `segue index` fit all anew.
    """
    from connectors.console import open_console, show_added_space

    with open_assistant(read_settings()) as assistant:
        report = assistant.add_embeddings(name, vectors, ids, of=of.value)
    show_added_space(open_console(), report)


@embeddings_app.command(name="list", epilog=example("embeddings list"))
def list_spaces() -> None:
    """List the spaces that are stored, and whether the model being served uses them."""
    from connectors.console import open_console, show_spaces

    with open_assistant(read_settings()) as assistant:
        spaces = assistant.embeddings()
    show_spaces(open_console(), spaces)


@embeddings_app.command(epilog=example("embeddings remove mert"))
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The space to drop.")],
) -> None:
    """Drop a space.

    What is served goes on with what it has until the next training or indexing.
    """
    from connectors.console import open_console, show_removed_space

    with open_assistant(read_settings()) as assistant:
        report = assistant.remove_embeddings(name)
    show_removed_space(open_console(), report)
