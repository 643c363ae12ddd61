"""Spotify's extended streaming history: arrays of plays since the account began, `Streaming_History_Audio_….json`.

`ts` is when a play ended (UTC), `ms_played` how long it lasted, `reason_end` and `skipped` how it ended. Podcasts,
audiobooks, videos and private sessions are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.heard import Ending, Heard, HistoryItem, LeftOut
from connectors.histories.base import (
    BadValueError,
    Context,
    HistoryFile,
    Row,
    ids_of,
    moment,
    number,
    read_rows,
    says_yes,
    text,
)
from connectors.histories.json_rows import array_rows

NAME = "Spotify extended streaming history"
#: Both exports of Spotify tell of the same plays.
LOG = "spotify"

PODCAST, VIDEO, PRIVATE = "a podcast or audiobook", "a video", "heard in a private session"
NAMELESS, NOT_PLAYED = "Spotify no longer says which track", "not played at all"

_ENDED: dict[str, Ending] = {
    "trackdone": "over",
    "fwdbtn": "skipped",
    "backbtn": "stopped",
    "endplay": "stopped",
    "clickrow": "stopped",
    "uriopen": "stopped",
    "playbtn": "stopped",
}


def read(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read one file of the export."""
    of_video = "video" in file.name.lower()
    for item in read_rows(array_rows(file, "item", context), _read_row, context):
        yield LeftOut(VIDEO) if of_video and isinstance(item, Heard) else item


def _read_row(row: Row, place: str, context: Context) -> HistoryItem:
    title, artist = text(row, "master_metadata_track_name"), text(row, "master_metadata_album_artist_name")
    if not title:
        spoken = any(
            row.get(name) for name in ("episode_name", "spotify_episode_uri", "audiobook_title", "audiobook_uri")
        )
        return LeftOut(PODCAST if spoken else NAMELESS)
    if says_yes(row.get("incognito_mode")):
        return LeftOut(PRIVATE)
    at, played = moment(row.get("ts"), context), number(row, "ms_played")
    if at is None or played is None:
        raise BadValueError("it does not say when it was played, or for how long")
    ended = _ended(row)
    if not played and ended != "skipped":
        return LeftOut(NOT_PLAYED)
    return Heard(
        title,
        artist,
        text(row, "master_metadata_album_album_name"),
        at=at,
        ended=ended,
        ms_played=int(played),
        ids=ids_of(spotify=row.get("spotify_track_uri")),
        log=LOG,
    )


def _ended(row: Row) -> Ending:
    said = _ENDED.get(str(row.get("reason_end") or "").lower(), "broken off")
    # Older exports say it as 0 and 1, the oldest not at all; a track that was over was not skipped.
    return "skipped" if said != "over" and says_yes(row.get("skipped")) else said
