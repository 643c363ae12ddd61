"""Options of the command line that make one playlist: its size, seed and dials, which beat the words, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: The range of every dial is that of `assistant.reply.Message`.
NTracks = Annotated[int | None, typer.Option("-n", "--tracks", min=1, max=200, help="Number of tracks.")]
Minutes = Annotated[float | None, typer.Option("--minutes", min=1, max=1440, help="Length in minutes.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="The same seed gives the same playlist.")
]
Discovery = Annotated[
    float | None,
    typer.Option("--discovery", min=-1, max=1, help="-1 artists that you know … 1 artists that are new to you."),
]
Fame = Annotated[float | None, typer.Option("--fame", min=-1, max=1, help="-1 deep cuts … 1 well-known tracks.")]
HowMuchMe = Annotated[
    float | None,
    typer.Option("--how-much-me", min=0, max=3, help="0 your words alone … 1 as usual … 3 your taste most of all."),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "-o", "--output", help="File to write: .m3u8, .xspf, .jspf, .csv, .json, .txt; - for the table on stdout."
    ),
]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", metavar="FILE", help="Make the playlist of this recipe anew.")
]
Approve = Annotated[
    str | None,
    typer.Option("--approve", metavar="NUMBERS", help="With --recipe: tracks of last time that stay, such as 1,3-5."),
]
SaveRecipe = Annotated[
    Path | None, typer.Option("--save-recipe", metavar="FILE", help="Keep what is wanted as a new recipe (YAML).")
]
Batch = Annotated[
    Path | None,
    typer.Option("--batch", metavar="FILE", help="Make every playlist of a CSV table; none repeats another's tracks."),
]
