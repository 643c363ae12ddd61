"""ListenBrainz: listens as JSON or JSON lines (`listens/2024/5.jsonl` in its export), and feedback (love and hate).

A listen has the time when it began (`listened_at`, UTC) and was heard at least half, as a scrobble.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistant.heard import Heard, HistoryItem, LeftOut
from connectors.histories.base import (
    BadValueError,
    Context,
    HistoryFile,
    Row,
    ids_of,
    inside,
    moment,
    number_if_known,
    read_rows,
    text,
)
from connectors.histories.json_rows import array_rows, line_rows
from connectors.histories.lastfm import LOG, PLAYING_NOW

LISTENS, FEEDBACK = "ListenBrainz listens", "ListenBrainz feedback"
TAKEN_BACK = "a rating that was taken back"


def read_listens(file: HistoryFile, context: Context, place: str | None) -> Iterator[HistoryItem]:
    """Read listens at a place of a JSON document, or with None one on each line."""
    if place is None:
        return read_rows(line_rows(file, context), _read_listen, context, "line")
    return read_rows(array_rows(file, place, context), _read_listen, context)


def read_feedback(file: HistoryFile, context: Context, place: str | None) -> Iterator[HistoryItem]:
    """Read feedback at a place of a JSON document, or with None one on each line."""
    if place is None:
        return read_rows(line_rows(file, context), _read_feedback, context, "line")
    return read_rows(array_rows(file, place, context), _read_feedback, context)


def _read_listen(row: Row, place: str, context: Context) -> HistoryItem:
    if row.get("playing_now"):
        return LeftOut(PLAYING_NOW)
    at = moment(row.get("listened_at") or row.get("timestamp"), context)
    if at is None:
        raise BadValueError("it does not say when it was played")
    heard = _named(inside(row, "track_metadata"), row)
    if not heard.title:
        raise BadValueError("it names no track")
    return Heard(heard.title, heard.artist, heard.album, at=at, duration_s=heard.duration_s, ids=heard.ids, log=LOG)


def _read_feedback(row: Row, place: str, context: Context) -> HistoryItem:
    score = row.get("score")
    if score not in (1, 0, -1):
        raise BadValueError("its score is not 1, 0 or -1")
    if not score:
        return LeftOut(TAKEN_BACK)
    heard = _named(inside(row, "track_metadata"), row)
    at = moment(row.get("created"), context)
    return Heard(heard.title, heard.artist, heard.album, "like" if score == 1 else "dislike", at=at, ids=heard.ids)


def _named(metadata: Mapping[str, object], row: Row) -> Heard:
    more, mapping = inside(metadata, "additional_info"), inside(metadata, "mbid_mapping")
    milliseconds = number_if_known(more, "duration_ms")
    seconds = milliseconds / 1000 if milliseconds else number_if_known(more, "duration")
    return Heard(
        text(metadata, "track_name"),
        text(metadata, "artist_name"),
        text(metadata, "release_name"),
        duration_s=seconds or None,
        ids=ids_of(
            mbid=mapping.get("recording_mbid") or more.get("recording_mbid") or row.get("recording_mbid"),
            isrc=more.get("isrc"),
            spotify=str(more.get("spotify_id") or "").rpartition("/")[2] or None,
        ),
    )
