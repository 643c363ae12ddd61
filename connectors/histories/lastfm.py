"""Last.fm, as its exporters write it in JSON: pages of its API, bare tracks, or lastfmstats.com's form.

A scrobble was heard at least half, and has the time when it began (`uts`, UTC). What plays at the moment is none yet.
A loved track was liked. CSV exports are read by `connectors.histories.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.heard import Heard, HistoryItem, LeftOut
from connectors.histories.base import (
    BadValueError,
    Context,
    HistoryFile,
    Row,
    ids_of,
    inside,
    moment,
    read_rows,
    text,
)
from connectors.histories.json_rows import array_rows, line_rows

SCROBBLES, LOVED = "Last.fm scrobbles", "Last.fm loved tracks"
#: Last.fm and ListenBrainz tell of the same plays.
LOG = "scrobbles"

PLAYING_NOW = "playing when the export was made"


def read_scrobbles(file: HistoryFile, context: Context, places: tuple[str, ...]) -> Iterator[HistoryItem]:
    """Read the tracks at some places of a JSON document."""
    for prefix in places:
        yield from read_rows(array_rows(file, prefix, context), _read_scrobble, context)


def read_lines(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read tracks with a line each."""
    return read_rows(line_rows(file, context), _read_scrobble, context, "line")


def read_loved(file: HistoryFile, context: Context, places: tuple[str, ...]) -> Iterator[HistoryItem]:
    """Read the loved tracks at some places of a JSON document."""
    for prefix in places:
        yield from read_rows(array_rows(file, prefix, context), _read_loved, context)


def _read_scrobble(row: Row, place: str, context: Context) -> HistoryItem:
    if inside(row, "@attr").get("nowplaying"):
        return LeftOut(PLAYING_NOW)
    written = row.get("date") if row.get("date") is not None else row.get("uts") or row.get("timestamp")
    at = moment(_time_in(written), context)
    if at is None:
        raise BadValueError("it does not say when it was played")
    heard = _named(row)
    return Heard(heard.title, heard.artist, heard.album, at=at, ids=heard.ids, log=LOG)


def _read_loved(row: Row, place: str, context: Context) -> HistoryItem:
    heard = _named(row)
    return Heard(
        heard.title, heard.artist, heard.album, "like", at=moment(_time_in(row.get("date")), context), ids=heard.ids
    )


def _time_in(written: object) -> object:
    if not isinstance(written, dict):
        return written
    return written.get("uts") or written.get("#text")


def _named(row: Row) -> Heard:
    title = text(row, "name", "track", "title")
    if not title:
        raise BadValueError("it names no track")
    return Heard(title, _name_in(row, "artist"), _name_in(row, "album"), ids=ids_of(mbid=row.get("mbid")))


def _name_in(row: Row, name: str) -> str:
    value = row.get(name)
    return text(inside(row, name), "#text", "name") if isinstance(value, dict) else text(row, name)
