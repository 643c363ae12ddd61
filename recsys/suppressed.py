"""Tracks that a listener does not want to be shown: "not again for 30 days", "never again"."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recsys import database as db
from recsys.joined import same_person
from recsys.types import TrackId


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One such wish."""

    track_id: TrackId
    at: float  # when it was said, in seconds since the epoch
    until: float | None  # None for ever
    listener_id: str = ""  # who said it: the listener, or who is the same person


class Suppressions:
    """Which tracks are not to be shown to whom."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def add(self, listener_id: str, track_id: TrackId, until: float | None, at: float | None = None) -> None:
        """Keep a track from a listener until a time in seconds since the epoch, or for ever; the last wish holds."""
        now = time.time() if at is None else at
        with self._writer.begin() as connection:
            db.ensure_listener(connection, listener_id, now)
            connection.execute(db.suppressed.delete().where(_is(listener_id, track_id)))
            row = {"listener_id": listener_id, "track_id": track_id, "at": now, "until": until}
            connection.execute(db.suppressed.insert().values(row))

    def remove(self, listener_id: str, track_id: TrackId) -> bool:
        """Let a track be shown again; tell whether it was kept from the listener."""
        with self._writer.begin() as connection:
            mine = sa.and_(same_person(db.suppressed, listener_id), db.suppressed.c.track_id == track_id)
            return connection.execute(db.suppressed.delete().where(mine)).rowcount > 0

    def of(self, listener_id: str, now: float | None = None) -> list[Suppressed]:
        """Return what is kept from a listener at a time, now by default; the newest wish first."""
        table, at = db.suppressed, time.time() if now is None else now
        wanted = sa.select(table).where(
            same_person(table, listener_id), sa.or_(table.c.until.is_(None), table.c.until > at)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(wanted.order_by(table.c.at.desc(), table.c.track_id))
            return [Suppressed(row.track_id, row.at, row.until, row.listener_id) for row in rows]


def _is(listener_id: str, track_id: TrackId) -> sa.ColumnElement[bool]:
    return sa.and_(db.suppressed.c.listener_id == listener_id, db.suppressed.c.track_id == track_id)
