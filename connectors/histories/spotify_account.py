"""Spotify's account data: the plays of the last year, the library, and the playlists.

`StreamingHistory_music_….json` has `endTime` (UTC, to the minute) and `msPlayed`. What is in the library was liked,
what was banned disliked, and what is in playlists kept, on the day it was added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC

from assistant.heard import Heard, HistoryItem, LeftOut
from connectors.histories.base import (
    BadValueError,
    Context,
    HistoryFile,
    Row,
    ids_of,
    inside,
    moment,
    number,
    read_rows,
    text,
)
from connectors.histories.json_rows import array_rows, rows_of_arrays
from connectors.histories.spotify import LOG, NOT_PLAYED, PODCAST

STREAMING, LIBRARY, PLAYLISTS = "Spotify account data", "Spotify library", "Spotify playlists"
_LIKED, _BANNED = "tracks.item", "bannedTracks.item"
NO_TRACK = "an episode or a file of one's own"


def read_streaming(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read the plays of the last year."""
    return read_rows(array_rows(file, "item", context), _read_play, replace(context, timezone=UTC))


def read_library(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read `YourLibrary.json`: liked and banned tracks."""
    for place, n_row, row in rows_of_arrays(file, (_LIKED, _BANNED), context):
        yield from read_rows(iter([(n_row, row)]), _read_liked if place == _LIKED else _read_banned, context)


def read_playlists(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read `Playlist1.json`."""
    return read_rows(array_rows(file, "playlists.item.items.item", context), _read_kept, context)


def _read_play(row: Row, place: str, context: Context) -> HistoryItem:
    title = text(row, "trackName")
    if not title:
        if row.get("podcastName") or row.get("episodeName"):
            return LeftOut(PODCAST)
        raise BadValueError("it names no track")
    at, played = moment(row.get("endTime"), context), number(row, "msPlayed")
    if at is None or played is None:
        raise BadValueError("it does not say when it was played, or for how long")
    if not played:
        return LeftOut(NOT_PLAYED)
    return Heard(title, text(row, "artistName"), at=at, ms_played=int(played), log=LOG)


def _read_liked(row: Row, place: str, context: Context) -> HistoryItem:
    return Heard(
        text(row, "track", "name"), text(row, "artist"), text(row, "album"), "like", ids=ids_of(spotify=row.get("uri"))
    )


def _read_banned(row: Row, place: str, context: Context) -> HistoryItem:
    return Heard(
        text(row, "track", "name"),
        text(row, "artist"),
        text(row, "album"),
        "dislike",
        ids=ids_of(spotify=row.get("uri")),
    )


def _read_kept(row: Row, place: str, context: Context) -> HistoryItem:
    track = inside(row, "track")
    title = text(track, "trackName")
    if not title:
        return LeftOut(NO_TRACK)
    return Heard(
        title,
        text(track, "artistName"),
        text(track, "albumName"),
        "keep",
        at=moment(row.get("addedDate"), context),
        ids=ids_of(spotify=track.get("trackUri")),
    )
