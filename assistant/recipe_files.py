"""Recipes as YAML: read with errors that name line and field, and written back with the comments left as they are."""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from assistant.curate_errors import RecipeError
from assistant.labels import plain
from assistant.recipes import Named, Recipe

#: A longer text is no recipe; nor is one in which things stand in things this deep.
MAX_CHARACTERS, _MAX_DEPTH = 500_000, 12
_STATE = frozenset(("approved", "last"))
_HEADER = "A playlist as what is wanted of it: `segue playlist --recipe FILE` makes it anew"
#: Field → what to write there.
_WRITE = {
    "version": "write `version: 1`",
    "name": "write a name, such as `name: Sunday breakfast`",
    "prompt": "write it in your own words, such as `prompt: mellow songs for a slow morning`",
    "constraints": "write a list, such as `- no live versions`, or `- {facet: era, low: 1970, high: 1979}`",
    "dials": "write numbers, such as `discovery: 0.5` (-1 to 1), `fame: -0.5` (-1 to 1), `how_much_me: 1` (0 to 3)",
    "n_tracks": "write a number from 1 to 200, such as `n_tracks: 25`",
    "minutes": "write a number from 1 to 1440, such as `minutes: 45`",
    "arc": "write rising, falling or peak",
    "must_include": "write a list of tracks, such as `- Alison – Slowdive` or `- {id: …}`",
    "never_include": "write a list, such as `- {artist: Drake}` or `- {track: Alison – Slowdive}`",
    "quotas": "write artists with their most tracks, such as `Nick Drake: 3`",
    "max_per_artist": "write a number from 1 to 200, such as `max_per_artist: 2`",
    "clean_only": "write true or false",
    "seed": "write a whole number from 0 on, such as `seed: 7`",
    "fresh": "write true or false",
    "approved": "write a list of tracks, such as `- {id: …}`, or leave it out",
    "last": "leave it out: it is written for you",
}


class RecipeFile:
    """A recipe with the text that it was read from."""

    def __init__(self, recipe: Recipe, text: str, document: CommentedMap) -> None:
        """Keep all three; use `read` or `new`."""
        self.recipe, self.text, self._document = recipe, text, document

    @classmethod
    def read(cls, text: str, name: str) -> RecipeFile:
        """Read a recipe.

        Args:
            text: YAML.
            name: what errors call it, such as the file's name.

        Raises:
            RecipeError: it is no YAML or no recipe.
        """
        document = _parsed(text, name)
        try:
            return cls(Recipe.model_validate(_bare(document)), text, document)
        except ValidationError as error:
            raise _explained(error, document, name) from error

    @classmethod
    def new(cls, recipe: Recipe) -> RecipeFile:
        """Begin a file for a recipe: what it does not say is left out."""
        document = CommentedMap()
        document.yaml_set_start_comment(_HEADER)
        for field, value in recipe.model_dump(mode="json", exclude_defaults=True).items():
            document[field] = _written(getattr(recipe, field), value)
        document.insert(0, "version", recipe.version)
        return cls(recipe, _dumped(document), document)

    def with_state(self, recipe: Recipe) -> RecipeFile:
        """Return the file with the approved tracks and the playlist of last time of a recipe.

        All other lines stay as they are, comments too, unless the file is laid out so that lines cannot be told apart.
        """
        blocks = {field: _block(field, getattr(recipe, field)) for field in _STATE}
        lines = self.text.splitlines(keepends=True)
        starts = {key: self._document.lc.key(key)[0] for key in self._document}
        for field in sorted(_STATE & starts.keys(), key=lambda field: -starts[field]):
            after = [start for start in starts.values() if start > starts[field]]
            end = min(after, default=len(lines))
            while end > starts[field] + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
                end -= 1
            lines[starts[field] : end] = [blocks.pop(field)]
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        text = "".join([*lines, *(blocks[field] for field in sorted(blocks))])
        try:
            file = RecipeFile.read(text, "")
        except RecipeError:
            return RecipeFile.new(recipe)
        return file if file.recipe == recipe else RecipeFile.new(recipe)


def _block(field: str, named: tuple[Named, ...]) -> str:
    """The lines of a list of tracks, none for an empty one."""
    return _dumped(CommentedMap({field: _written(named, [])})) if named else ""


def _dumped(document: CommentedMap) -> str:
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.width = 10_000
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _parsed(text: str, name: str) -> CommentedMap:
    if len(text) > MAX_CHARACTERS:
        raise RecipeError(name, f"it has more than {MAX_CHARACTERS:,} letters", "give a recipe")
    try:
        bad = _entangled(text)
        document = None if bad is not None else _yaml().load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise RecipeError(name, "a field is there twice", "leave one of them out", line=line) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        problem = plain(str(error.problem or "it is no YAML"), 120)
        raise RecipeError(name, f"it is no YAML ({problem})", "put words with : or # in quotes", line=line) from error
    except (YAMLError, ValueError) as error:
        raise RecipeError(name, f"it is no YAML ({plain(str(error), 120)})", "write `field: value` lines") from error
    if bad is not None:
        raise RecipeError(name, "it has references, or nests too deep", "write everything out", line=bad)
    if not isinstance(document, CommentedMap):
        raise RecipeError(name, "it has no fields", "write `name: …` and `prompt: …`, one to a line")
    return document


def _entangled(text: str) -> int | None:
    """The line (from 1) where a text refers to another place of itself, which can make it huge, or nests too deep."""
    depth = 0
    for event in _yaml().parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) or depth > _MAX_DEPTH:
            return int(event.start_mark.line) + 1
    return None


def _bare(value: Any) -> Any:
    """Turn what the YAML reader made into plain values; keys become text."""
    if isinstance(value, Mapping):
        return {str(key): _bare(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(one) for one in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else str(value)


def _explained(error: ValidationError, document: CommentedMap, name: str) -> RecipeError:
    """Say what is wrong in the words of the file: line, field, what is there and what to write."""
    errors = error.errors()
    # Of the two ways to write a constraint the one that comes farther is meant.
    first = max((one for one in errors if one["loc"][:2] == errors[0]["loc"][:2]), key=lambda one: len(one["loc"]))
    place = [part for part in first["loc"] if isinstance(part, int) or part in _known_words()]
    field = str(first["loc"][0]) if first["loc"] else ""
    line = _line(document, [*first["loc"]])
    if first["type"] == "extra_forbidden":
        wrong, known = str(first["loc"][-1]), list(_WRITE) if len(first["loc"]) == 1 else sorted(_known_words())
        near = difflib.get_close_matches(wrong, known, n=1)
        remedy = (
            f"did you mean {near[0]}?"
            if near
            else f"use {', '.join(_WRITE)}"
            if len(first["loc"]) == 1
            else _WRITE[field]
        )
        return RecipeError(name, f"there is no field {plain(wrong, 60)!r}", remedy, line=line)
    if first["type"] == "missing":
        return RecipeError(name, f"the field {field!r} is missing", _WRITE.get(field, "add it"), line=line)
    path = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or field
    given = first["input"]
    received = f" is {plain(str(given), 60)!r}, but" if isinstance(given, str | int | float) else ":"
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    problem = f"{path}{received} {message}"
    return RecipeError(name, problem, _WRITE.get(field, "mend it"), line=line)


def _known_words() -> frozenset[str]:
    inner = ("id", "track", "artist", "facet", "values", "low", "high", "wanted", "hard")
    return frozenset((*_WRITE, *inner, "discovery", "fame", "how_much_me"))


def _line(document: Any, path: Sequence[Any]) -> int | None:
    """The line (from 1) on which a place of the document stands, or the nearest place around it."""
    line: int | None = None
    for part in path:
        try:
            if isinstance(document, CommentedMap) and part in document:
                line = document.lc.key(part)[0] + 1
            elif isinstance(document, CommentedSeq) and isinstance(part, int):
                line = document.lc.item(part)[0] + 1
            else:
                continue
            document = document[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def _written(value: Any, plain_value: Any) -> Any:
    """Write a value for the file: tracks one to a line as `{id: …, track: …}`."""
    named = isinstance(value, tuple) and value and all(isinstance(one, Named) for one in value)
    if not named:
        return plain_value
    listed = CommentedSeq()
    for one in value:
        entry = CommentedMap({key: said for key, said in one.model_dump().items() if said})
        entry.fa.set_flow_style()
        listed.append(entry)
    return listed
