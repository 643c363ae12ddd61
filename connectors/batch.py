"""Many playlists from one table: each by a request or a recipe, none repeating a track of another."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from assistant.labels import plain
from connectors.errors import ConnectorError
from connectors.playlists import check_destination, write_playlist
from connectors.recipes import made, open_recipe, save_recipe

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.recipe_files import RecipeFile
    from assistant.recipes import Recipe

#: Columns of a table of playlists to make.
COLUMNS = ("request", "recipe", "name", "n_tracks", "minutes", "seed", "output")
_MAX_BYTES = 8 << 20
#: Longest error that is told of a line, in characters.
_MAX_SAID = 1_000


class BatchError(ConnectorError, ValueError):
    """A table of playlists to make, or a line of it, cannot be used."""

    def __init__(self, received: str, expected: str) -> None:
        super().__init__(f"{received}; {expected}")
        self.received, self.expected = received, expected


@dataclass
class _Line:
    """A line of the table: what to make, and where to write it."""

    number: int
    recipe: Recipe
    output: Path
    file: RecipeFile | None = None
    path: Path | None = None
    wanted: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class BatchReport:
    """What became of a table: one line for each of its lines."""

    n_made: int
    n_bad: int


def run_batch(assistant: Assistant, table: Path, folder: Path, listener: str) -> BatchReport:
    """Make every playlist of a table, none of whose tracks is in another one of it, and say a line for each.

    Tracks that a recipe approves or must include are kept for it. A line that cannot be followed is named and skipped.

    Args:
        assistant: makes them.
        table: CSV with a column `request` or `recipe`, and any of the others.
        folder: where they are written; nothing is written outside it. Recipes are looked for beside the table.
        listener: whose taste takes part.

    Raises:
        BatchError: it is no such table.
    """
    from assistant.errors import DELIBERATE

    deliberate = (*DELIBERATE, ConnectorError)
    lines: list[_Line] = []
    n_bad = n_made = 0
    for number, row in _rows(table):
        try:
            line = _line(number, row, table.parent, folder)
            if (other := next((one for one in lines if one.output == line.output), None)) is not None:
                raise BatchError(f"{line.output.name} is written by line {other.number}", "give another output")
            line.wanted = assistant.recipe_tracks(line.recipe)
            lines.append(line)
        except deliberate as error:
            n_bad += 1
            typer.echo(f"line {number}: skipped: {plain(str(error), _MAX_SAID)}")
    used: set[str] = set()
    for line in lines:
        theirs = {track for other in lines if other.number > line.number for track in other.wanted}
        try:
            run = made(assistant, line.recipe, listener, sorted(used | theirs))
            write_playlist(run.reply, line.output)
            if line.file is not None and line.path is not None:
                save_recipe(
                    line.path, line.file.with_state(line.file.recipe.model_copy(update={"last": run.recipe.last}))
                )
        except deliberate as error:
            n_bad += 1
            typer.echo(f"line {line.number}: skipped: {plain(str(error), _MAX_SAID)}")
            continue
        n_made += 1
        used.update(track.track_id for track in run.reply.tracks)
        told = f"; {'; '.join(run.problems)}" if run.problems else ""
        length = f"{len(run.reply.tracks)} tracks, {run.reply.total}"
        typer.echo(f"line {line.number}: {plain(line.recipe.name)}: {length}, to {plain(str(line.output))}{told}")
    return BatchReport(n_made, n_bad)


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The table's rows that have anything in them, each with the line on which it ends."""
    try:
        data = table.read_bytes()
        if len(data) > _MAX_BYTES:
            raise BatchError(f"{table} is larger than {_MAX_BYTES >> 20} MB", "give a table of playlists to make")
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        raise BatchError(
            f"cannot read {table}: {problem}", "give a CSV file with a column request or recipe"
        ) from error
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="")
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    strange = [name for name in names if name not in COLUMNS]
    if strange or not {"request", "recipe"} & set(names):
        received = f"{table} has the column {strange[0]!r}" if strange else f"{table} has no column request or recipe"
        raise BatchError(received, f"name its columns in the first line, of {', '.join(COLUMNS)}")
    reader.fieldnames = names
    try:
        for row in reader:
            kept = {name: said.strip() for name, said in row.items() if name and isinstance(said, str)}
            if row.get("") or any(kept.values()):
                yield reader.line_num, kept if not row.get("") else {"request": "", "recipe": "", "": "more"}
    except csv.Error as error:
        raise BatchError(f"{table}, line {reader.line_num}: {error}", "save it as CSV again") from error


def _line(number: int, row: dict[str, str], beside: Path, folder: Path) -> _Line:
    from assistant.recipes import Recipe

    if "" in row:
        raise BatchError("it has more cells than the first line", "put a request with commas in quotes")
    request, named = row.get("request", ""), row.get("recipe", "")
    if bool(request) == bool(named):
        raise BatchError("it has both a request and a recipe" if request else "it has no request", "give one of them")
    sizes: dict[str, Any] = {}
    for column, kind in (("n_tracks", int), ("minutes", float), ("seed", int)):
        if said := row.get(column, ""):
            try:
                sizes[column] = kind(said)
            except ValueError:
                raise BatchError(f"{column} is {said!r}", "write a number there, or nothing") from None
    path = _inside(beside, named) if named else None
    file = open_recipe(path) if path is not None else None
    told = {"name": row["name"]} if row.get("name") else {}
    if file is None:
        fields = {"name": row.get("name") or request[:60], "prompt": request} | sizes
    else:
        size = {"n_tracks": None, "minutes": None} if sizes.keys() & {"n_tracks", "minutes"} else {}
        fields = file.recipe.model_dump() | size | sizes | told
    recipe = _valid(Recipe, fields)
    output = row.get("output") or f"{_slug(recipe.name)}.m3u8"
    place = _inside(folder, output)
    check_destination(place)
    return _Line(number, recipe, place, file, path)


def _valid(kind: type[Recipe], fields: dict[str, Any]) -> Recipe:
    from pydantic import ValidationError

    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BatchError(f"{where} is {str(first['input'])[:60]!r}", first["msg"].replace("Input", "it")) from error


def _inside(folder: Path, name: str) -> Path:
    """A path below a folder.

    Raises:
        BatchError: the name leads out of it.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or path == folder.resolve():
        raise BatchError(f"{name!r} leads out of {folder}", "name a file in that folder")
    return path


def _slug(name: str) -> str:
    words = re.findall(r"\w+", name.lower())
    return "-".join(words)[:80] or "playlist"
