"""`segue playlist` by a recipe, and by a table of playlists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from connectors.errors import NoPlaylistError
from connectors.opening import read_settings, ready_assistant
from connectors.recipes import changed, check_new, make_new, open_recipe, refresh

if TYPE_CHECKING:
    from assistant.recipes import Recipe, RecipeRun

_DIALS = ("discovery", "fame", "how_much_me")


def by_recipe(
    request: str,
    options: dict[str, Any],
    *,
    recipe: Path | None,
    approved: str | None,
    save_to: Path | None,
    batch: Path | None,
    output: Sequence[Path] | None,
    listener: str | None,
) -> None:
    """Make a recipe's playlist anew, begin a recipe, or make every playlist of a table.

    Args:
        request: the words given.
        options: n_tracks, minutes, seed and dials that were given; with a recipe they hold for this time alone.
        recipe: the recipe to make anew.
        approved: numbers of its tracks of last time that are to stay.
        save_to: where a new recipe goes.
        batch: a table of playlists.
        output: files to write, or the folder of a table's playlists.
        listener: whose taste takes part; that of the settings by default.
    """
    ways = [name for name, given in (("--recipe", recipe), ("--save-recipe", save_to), ("--batch", batch)) if given]
    if len(ways) != 1:
        raise typer.BadParameter("--approve goes with --recipe" if not ways else f"give one of {' and '.join(ways)}")
    if request and save_to is None:
        raise typer.BadParameter(f"{ways[0]} says itself what is wanted; leave the words out, or use --save-recipe")
    if approved is not None and recipe is None:
        raise typer.BadParameter("--approve goes with --recipe")
    if batch is not None:
        _batch(batch, options, output, listener)
        return
    from connectors.playlists import check_destination

    files = [path for path in output or () if str(path) != "-"]
    for path in files:
        check_destination(path)
    settings = read_settings()
    who = settings.listener if listener is None else listener
    if recipe is not None:
        before = open_recipe(recipe).recipe
        with ready_assistant(settings) as assistant:
            run = refresh(assistant, recipe, who, approved=approved, beside=_fields(options, before))
        _show(run, before, files, table=not output or len(files) < len(output))
        typer.echo(f"Kept in {recipe} as the playlist of last time; --approve 1,3-5 keeps tracks of it", err=True)
    elif save_to is not None:
        new = _new(request, options, save_to)
        with ready_assistant(settings) as assistant:
            run = make_new(assistant, save_to, new, who)
        _show(run, new, files, table=not output or len(files) < len(output))
        typer.echo(f"Saved the recipe to {save_to}; `segue playlist --recipe {save_to}` makes it anew", err=True)


def _new(request: str, options: dict[str, Any], path: Path) -> Recipe:
    from assistant.recipes import Recipe

    if not request.strip():
        raise typer.BadParameter("say what the recipe is for", param_hint="REQUEST")
    check_new(path)
    empty = Recipe(name=path.stem, prompt=request)
    return empty.model_copy(update=_fields(options, empty))


def _fields(options: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The fields of a recipe that options set; a size takes the place of the other kind of size."""
    dials = {name: said for name, said in options.items() if name in _DIALS}
    fields = {name: said for name, said in options.items() if name not in _DIALS}
    if fields.keys() & {"n_tracks", "minutes"}:
        fields = {"n_tracks": None, "minutes": None} | fields
    return fields | ({"dials": recipe.dials.model_copy(update=dials)} if dials else {})


def _show(run: RecipeRun, before: Recipe, files: Sequence[Path], *, table: bool) -> None:
    """Show a playlist, what changed, and what could not be done; write its files."""
    from connectors.playlists import write_playlist

    if table:
        from connectors.console import open_console, show_reply

        show_reply(open_console(), run.reply)
    else:
        typer.echo(run.reply.text, err=True)
    for line in changed(run, before):
        typer.echo(line)
    for problem in run.problems:
        typer.echo(f"! {problem}", err=True)
    for path in files:
        write_playlist(run.reply, path)
        typer.echo(f"Wrote {len(run.reply.tracks)} tracks, {run.reply.total}, to {path}", err=True)


def _batch(table: Path, options: dict[str, Any], output: Sequence[Path] | None, listener: str | None) -> None:
    if options or len(output or ()) > 1:
        raise typer.BadParameter("with --batch, sizes and seeds are columns of the table, and -o is one folder")
    folder = output[0] if output else table.parent
    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {folder}", param_hint="-o")
    from connectors.batch import run_batch

    settings = read_settings()
    with ready_assistant(settings) as assistant:
        report = run_batch(assistant, table, folder, settings.listener if listener is None else listener)
    typer.echo(f"{report.n_made} made, {report.n_bad} skipped", err=True)
    if not report.n_made:
        raise NoPlaylistError("no line of the table could be followed")
