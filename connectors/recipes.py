"""Recipe files: read, saved, their tracks approved, their playlists made anew with what changed since last time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import CommandError, NoPlaylistError, PlaylistFileError

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.recipe_files import RecipeFile
    from assistant.recipes import Recipe, RecipeRun
    from assistant.reply import SlateTrack

#: Changes since last time that are listed one by one.
_MAX_LISTED = 50


def open_recipe(path: Path) -> RecipeFile:
    """Read a recipe file.

    Raises:
        RecipeError: it is missing, or no recipe.
    """
    from assistant.curate_errors import RecipeError
    from assistant.recipe_files import MAX_CHARACTERS, RecipeFile

    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        raise RecipeError(str(path), problem, "name a recipe, such as breakfast.yaml") from error
    return RecipeFile.read(text, str(path))


def save_recipe(path: Path, file: RecipeFile) -> None:
    """Write a recipe file; it appears whole or not at all.

    Raises:
        PlaylistFileError: the place cannot be written.
    """
    from connectors.playlists.base import write_whole

    write_whole(path, file.text)


def check_new(path: Path) -> None:
    """Find out, before a playlist is made, that its recipe could not be saved.

    Raises:
        PlaylistFileError: the folder does not exist, or there is such a file already.
    """
    from connectors.playlists.base import check_place

    check_place(path)
    if path.exists():
        raise PlaylistFileError(path, "it is there already", f"run `segue playlist --recipe {path}`, or name another")


def approve(recipe: Recipe, numbers: str) -> Recipe:
    """Approve tracks of last time by their numbers, such as "1,3-5".

    Raises:
        CommandError: a number names none of them.
    """
    n = len(recipe.last)
    chosen: list[int] = []
    for part in filter(None, re.split(r"[,\s]+", numbers)):
        said = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)
        first, last = (int(said[1]), int(said[2] or said[1])) if said else (0, 0)
        if not 1 <= first <= last <= n:
            expected = (
                f"numbers from 1 to {n} of the playlist of last time, such as 1,3-5" if n else "run it once first"
            )
            raise CommandError(part, expected)
        chosen += range(first, last + 1)
    return recipe.approving([recipe.last[number - 1].id for number in chosen])


def changed(run: RecipeRun, before: Recipe) -> Iterator[str]:
    """Say what changed since last time, one track to a line: + new, - gone, ~ elsewhere, = approved."""
    names = {one.id: str(one) for one in before.last} | {t.track_id: _named(t) for t in run.reply.tracks}
    places = {track.track_id: track.position for track in run.reply.tracks}
    lines = [f"+ {places[track]:>3}  {names[track]}" for track in run.diff.added if before.last]
    lines += [f"-      {names.get(track, track)}" for track in run.diff.removed]
    lines += [f"~ {places[track]:>3}  {names[track]}" for track in run.diff.moved if track not in run.kept]
    lines += [f"= {places[track]:>3}  {names[track]}" for track in run.kept]
    yield from lines[:_MAX_LISTED]
    if len(lines) > _MAX_LISTED:
        yield f"  … and {len(lines) - _MAX_LISTED} more"


def refresh(
    assistant: Assistant, path: Path, listener: str, *, approved: str | None, beside: dict[str, Any]
) -> RecipeRun:
    """Make the playlist of a recipe file anew, and write it into the file as that of last time.

    Args:
        assistant: makes it.
        path: the recipe.
        listener: whose taste takes part.
        approved: numbers of tracks of last time that are to stay.
        beside: fields that hold for this time alone.

    Raises:
        RecipeError: the file is no recipe.
        NoPlaylistError: nothing meets it; the file is as it was.
    """
    file = open_recipe(path)
    recipe = approve(file.recipe, approved) if approved else file.recipe
    run = made(assistant, recipe.model_copy(update=beside), listener)
    state = recipe.model_copy(update={"last": run.recipe.last})
    save_recipe(path, file.with_state(state))
    return run


def make_new(assistant: Assistant, path: Path, recipe: Recipe, listener: str) -> RecipeRun:
    """Make a playlist by a recipe that is new, and save it.

    Raises:
        NoPlaylistError: nothing meets it; nothing is saved.
        PlaylistFileError: the place cannot be written.
    """
    from assistant.recipe_files import RecipeFile

    run = made(assistant, recipe, listener)
    save_recipe(path, RecipeFile.new(run.recipe))
    return run


def made(assistant: Assistant, recipe: Recipe, listener: str, exclude: Sequence[str] = ()) -> RecipeRun:
    """Make the playlist of a recipe, without some tracks by id.

    Raises:
        NoPlaylistError: nothing meets it.
    """
    run = assistant.run_recipe(recipe, listener, exclude=exclude)
    if not run.reply.tracks:
        raise NoPlaylistError(" ".join((run.reply.text, *run.problems)))
    return run


def _named(track: SlateTrack) -> str:
    return f"{track.title} – {track.artist}"
