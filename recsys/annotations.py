"""What tracks do not state themselves: heard in their sound, read off their lyrics, or known from elsewhere.

An annotation is a value of one field of `Track` with its source and how sure that is, as in the JAMS format of music
information retrieval (Humphrey et al., ISMIR 2014). It is kept beside what the track's own source states and never
overwrites it: a catalogue shows it only where nothing is stated, and marks it as derived.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.types import Derived, Track, TrackId

#: A number, a word, a list of words, or of several attributes each its value and how sure that is.
Value = float | int | str | Sequence[str] | Mapping[str, tuple[float, float]]

#: Fields that may be annotated: lists of words, and single values.
LIST_FIELDS = frozenset(("genres", "moods", "activities", "instruments", "tags", "themes"))
SINGLE_FIELDS = frozenset(
    (
        *("year", "duration_s", "vocal", "language", "country", "energy", "valence", "danceability", "acousticness"),
        *("instrumentalness", "tempo_bpm", "key", "loudness_db", "popularity", "ai_generated"),
    )
)
#: The field of what is no field of a track's source: MGPHot's attributes (`recsys.attributes.values`).
ATTRIBUTES = "attributes"
_FIELDS = LIST_FIELDS | SINGLE_FIELDS | {ATTRIBUTES}
#: An annotation of less confidence is kept, and not shown.
LEAST_CONFIDENCE = 0.5

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Annotation:
    """A value that a track's source does not state."""

    track_id: TrackId
    field: str  # of `Track`
    value: Value
    confidence: float  # 0–1
    source: str  # such as "heard:librosa", "artist" or "musicbrainz"

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: no such field may be annotated, or the confidence is not within 0–1.
        """
        if self.field not in _FIELDS:
            raise ValueError(f"{self.field!r} cannot be annotated; known are {sorted(_FIELDS)}")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence of {self.confidence} is not within 0–1")


class Annotations:
    """The annotations in the database; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def put(self, source: str, track_ids: Collection[TrackId], annotations: Iterable[Annotation]) -> None:
        """Store what a source says of some tracks, in place of all that it said of them before.

        Raises:
            ValueError: an annotation is of another source, or of a track that is not among them.
        """
        table, at, given = db.track_annotations, time.time(), list(annotations)
        for one in given:
            if one.source != source or one.track_id not in track_ids:
                raise ValueError(f"{one} is not of {source!r} and the tracks given")
        with self._writer.begin() as connection:
            ids = iter(track_ids)
            while some := list(islice(ids, _AT_ONCE)):
                connection.execute(table.delete().where(table.c.source == source, table.c.track_id.in_(some)))
            rows = ({**_columns(one), "at": at} for one in given)
            while batch := list(islice(rows, _AT_ONCE)):
                connection.execute(table.insert(), batch)

    def drop(self, source: str) -> int:
        """Forget all that a source said; return how many values that was."""
        with self._writer.begin() as connection:
            return connection.execute(
                db.track_annotations.delete().where(db.track_annotations.c.source == source)
            ).rowcount

    def of(self, track_ids: Collection[TrackId] | None = None) -> dict[TrackId, list[Annotation]]:
        """Return the annotations of some tracks, or of all, by track; the surest of each first."""
        with self._engine.connect() as connection:
            return read_annotations(connection, track_ids)

    def sources(self) -> dict[str, int]:
        """Return how many values each source gave."""
        table = db.track_annotations
        counted = (
            sa.select(table.c.source, sa.func.count().label("n")).group_by(table.c.source).order_by(table.c.source)
        )
        with self._engine.connect() as connection:
            return {row.source: row.n for row in connection.execute(counted)}


def read_annotations(
    connection: Connection, track_ids: Collection[TrackId] | None = None
) -> dict[TrackId, list[Annotation]]:
    """Return the annotations of some tracks, or of all, by track; the surest of each first."""
    table = db.track_annotations
    wanted = sa.select(table).order_by(table.c.track_id, table.c.confidence.desc(), table.c.source, table.c.field)
    if track_ids is not None:
        wanted = wanted.where(table.c.track_id.in_(sorted(track_ids)))
    found: dict[TrackId, list[Annotation]] = {}
    for row in connection.execute(wanted):
        value = tuple(row.value) if isinstance(row.value, list) else row.value
        one = Annotation(row.track_id, row.field, value, row.confidence, row.source)
        found.setdefault(row.track_id, []).append(one)
    return found


def filled(track: Track, annotations: Sequence[Annotation]) -> Track:
    """Return the track with what is known beside its own words, where it says nothing itself.

    Of several values for a field the first of the greatest confidence counts; below `LEAST_CONFIDENCE` none does.
    """
    from recsys.attributes.values import surest

    values: dict[str, Any] = {}
    derived: dict[str, Derived] = {}
    for one in sorted(annotations, key=lambda one: -one.confidence):
        if one.field == ATTRIBUTES:
            continue
        if one.confidence < LEAST_CONFIDENCE or one.field in values or getattr(track, one.field) not in (None, ()):
            continue
        values[one.field] = (
            tuple(one.value) if isinstance(one.value, Sequence) and one.field in LIST_FIELDS else one.value
        )
        derived[one.field] = Derived(one.source, one.confidence)
    known = surest(one for one in annotations if one.field == ATTRIBUTES)
    if known:
        track = replace(track, attributes=known)
    return replace(track, **values, derived=derived) if derived else track


def _columns(one: Annotation) -> Mapping[str, Any]:
    value = list(one.value) if one.field in LIST_FIELDS and isinstance(one.value, Sequence) else one.value
    return {
        "track_id": one.track_id,
        "field": one.field,
        "source": one.source,
        "value": value,
        "confidence": one.confidence,
    }
