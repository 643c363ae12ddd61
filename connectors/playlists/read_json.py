"""JSPF (XSPF's fields as JSON, from xspf.org/jspf), JSON as Segue writes it, and plain lists of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.entries import Entry, entries_of_rows, ids_in
from connectors.playlists.base import place_of


def read_json(text: str) -> tuple[str, list[Entry]]:
    """Read a playlist's name and entries.

    Raises:
        ValueError: it is no JSON, or no list of tracks is in it.
    """
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from error
    playlist = document.get("playlist") if isinstance(document, dict) else None
    if isinstance(playlist, dict) and isinstance(playlist.get("track"), list):
        return _text(playlist.get("title")), [_of_jspf(one) for one in playlist["track"] if isinstance(one, dict)]
    rows = document.get("tracks", document.get("track")) if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it holds no list of tracks under playlist.track or tracks")
    columns = list(dict.fromkeys(str(column) for row in rows for column in row))
    name = next((words for key in ("name", "title", "query") if (words := _text(_get(document, key)))), "")
    return name, entries_of_rows(rows, columns, Path())


def _of_jspf(track: dict[str, Any]) -> Entry:
    milliseconds = _number(track.get("duration"))
    locations = _texts(track.get("location"))
    return Entry(
        title=_text(track.get("title")),
        artist=_text(track.get("creator")),
        album=_text(track.get("album")),
        duration_s=None if milliseconds is None else milliseconds / 1000,
        path=place_of(locations),
        ids=ids_in([*_texts(track.get("identifier")), *locations]),
    )


def _get(document: Any, key: str) -> Any:
    return document.get(key) if isinstance(document, dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def _texts(value: Any) -> list[str]:
    """A text, or a list of them: both are written for what the specification has as a list."""
    listed: Iterable[Any] = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str)]
