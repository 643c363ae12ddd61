"""Which format a history file has: told by what is in it, never by what it is called."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from assistant.heard import HistoryItem
from connectors.histories import lastfm, listenbrainz, playlists, spotify, spotify_account, tables
from connectors.histories.base import Context, HistoryFile
from connectors.histories.json_rows import Outline, outline

_AUDIO = (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".wav", ".wma", ".aiff", ".alac")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Places at which Last.fm's API, and those who save its pages, put tracks.
_SCROBBLES = (
    "recenttracks.track.item",
    "item.recenttracks.track.item",
    "item.track.item",
    "item.item",
    "scrobbles.item",
)
_LOVED = ("lovedtracks.track.item", "item.lovedtracks.track.item")
_LISTENS = ("item", "payload.listens.item", "listens.item")
_FEEDBACK = ("item", "feedback.item")


@dataclass(frozen=True)
class Format:
    """How a file is read, and what to call it."""

    name: str
    read: Callable[[HistoryFile, Context], Iterator[HistoryItem]]


def format_of(start: bytes, context: Context) -> Format | None:
    """Tell the format of a file from its start (`files.START_BYTES`); None for what is no history."""
    if not start.startswith(_WIDE):
        return _format_of(start, context)
    # Tables and playlists are read in UTF-16 as well; JSON that is read as a stream is not.
    found = _format_of(start[: len(start) // 2 * 2].decode("utf-16", "replace").encode(), context)
    return found if found is not None and found.read in (playlists.read, tables.read_csv) else None


def _format_of(start: bytes, context: Context) -> Format | None:
    start = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"<"):
        return Format(playlists.NAME, playlists.read) if b"<playlist" in start else None
    if start.startswith(b"#EXTM3U") or b"#EXTINF" in start or _lists_files(start):
        return Format(playlists.NAME, playlists.read)
    if start[:1] in (b"{", b"["):
        return _of_lines(_line_keys(start)) or _of_document(outline(start))
    return Format(tables.NAME, tables.read_csv) if tables.columns_of(start, context) else None


def _line_keys(start: bytes) -> frozenset[str]:
    """The keys of the first line's object, where a file has an object on each line; empty where it has not."""
    first, newline, rest = start.partition(b"\n")
    if newline and rest.strip() and not rest.lstrip().startswith(b"{"):
        return frozenset()
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(row) if isinstance(row, dict) else frozenset()


def _of_lines(keys: frozenset[str]) -> Format | None:
    """The format of a file with an object on each line, and of a document that is written on one line."""
    if "score" in keys and keys & {"recording_mbid", "recording_msid", "track_metadata"}:
        return Format(listenbrainz.FEEDBACK, partial(listenbrainz.read_feedback, place=None))
    if "track_metadata" in keys:
        return Format(listenbrainz.LISTENS, partial(listenbrainz.read_listens, place=None))
    if _is_scrobble(keys):
        return Format(lastfm.SCROBBLES, lastfm.read_lines)
    if _is_table(keys):
        return Format(tables.NAME, partial(tables.read_json, prefix=None))
    return None


def _of_document(shown: Outline) -> Format | None:
    rows = shown.rows
    of_array = rows.get("item", frozenset())
    if {"ms_played", "ts"} <= of_array:
        return Format(spotify.NAME, spotify.read)
    if {"endTime", "msPlayed"} <= of_array:
        return Format(spotify_account.STREAMING, spotify_account.read_streaming)
    if "track" in rows.get("tracks.item", ()) or "bannedTracks" in shown.keys:
        return Format(spotify_account.LIBRARY, spotify_account.read_library)
    if "items" in rows.get("playlists.item", ()):
        return Format(spotify_account.PLAYLISTS, spotify_account.read_playlists)
    for place in _FEEDBACK:
        if "score" in rows.get(place, ()):
            return Format(listenbrainz.FEEDBACK, partial(listenbrainz.read_feedback, place=place))
    for place in _LISTENS:
        if "track_metadata" in rows.get(place, ()):
            return Format(listenbrainz.LISTENS, partial(listenbrainz.read_listens, place=place))
    if loved := tuple(place for place in _LOVED if place in rows):
        return Format(lastfm.LOVED, partial(lastfm.read_loved, places=loved))
    if found := tuple(place for place in _SCROBBLES if "artist" in rows.get(place, ())):
        return Format(lastfm.SCROBBLES, partial(lastfm.read_scrobbles, places=found))
    if _is_scrobble(of_array):
        return Format(lastfm.SCROBBLES, partial(lastfm.read_scrobbles, places=("item",)))
    if shown.kind == "object" and "playlist" in shown.keys:
        return Format(playlists.NAME, playlists.read)
    if _is_table(of_array):
        return Format(tables.NAME, partial(tables.read_json, prefix="item"))
    return None


def _is_scrobble(keys: frozenset[str]) -> bool:
    """Tell a track as Last.fm's API has it."""
    return "artist" in keys and "name" in keys and bool(keys & {"date", "@attr", "uts"})


def _is_table(keys: frozenset[str]) -> bool:
    fields = tables.fields_of(tuple(sorted(keys)))
    return "title" in fields and "artist" in fields


def _lists_files(start: bytes) -> bool:
    """Tell a bare list of audio files."""
    lines = [line.strip() for line in start.decode("utf-8", "replace").splitlines()[:20] if line.strip()]
    return bool(lines) and all(line.lower().endswith(_AUDIO) for line in (lines[:-1] or lines))
