"""Tracks as rows of the database, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import RowMapping

from recsys.types import Track

_LIST_FIELDS = ("artists", "genres", "moods", "activities", "instruments", "tags", "themes")
_PLAIN_FIELDS = (
    *("track_id", "title", "album", "year", "duration_s", "vocal", "language", "country", "energy", "valence"),
    *("danceability", "acousticness", "instrumentalness", "tempo_bpm", "key", "popularity", "loudness_db"),
    *("ai_generated", "path", "source"),
)


def track_row(track: Track) -> dict[str, Any]:
    """Return the columns of a track but for `native_id`, which is its source's affair."""
    row = {field: getattr(track, field) for field in _PLAIN_FIELDS}
    row.update({field: list(getattr(track, field)) for field in _LIST_FIELDS})
    return row | {"ids": dict(track.ids), "details": dict(track.details)}


def track_of(row: RowMapping) -> Track:
    """Return the track of a row; columns that came later are empty in rows written before."""
    fields: dict[str, Any] = {field: row[field] for field in _PLAIN_FIELDS}
    fields.update({field: tuple(row[field] or ()) for field in _LIST_FIELDS})
    return Track(**fields, ids=row["ids"], details=row["details"] or {})
