"""Listeners that are one person: what one of them did counts for all of them.

Nothing is moved. Each listener keeps its own events, sessions and wishes, and only reading looks across, so that taking
one out again restores everybody exactly.
"""

from __future__ import annotations

import time
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db


def same_person(table: sa.Table, listener_id: str) -> sa.ColumnElement[bool]:
    """Say which rows of a table with `listener_id` are of a listener, or of one who is the same person."""
    me, other = db.joined.alias(), db.joined.alias()
    others = (
        sa.select(other.c.listener_id)
        .join(me, me.c.person_id == other.c.person_id)
        .where(me.c.listener_id == listener_id)
    )
    return sa.or_(table.c.listener_id == listener_id, table.c.listener_id.in_(others))


class JoinedListeners:
    """Which listeners are one person."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def join(self, listener_id: str, other_id: str) -> None:
        """Make two listeners, and all who are joined to either, one person."""
        with self._writer.begin() as connection:
            everybody = {*_person(connection, listener_id), *_person(connection, other_id)}
            connection.execute(db.joined.delete().where(db.joined.c.listener_id.in_(everybody)))
            if len(everybody) > 1:
                person, at = uuid4().hex, time.time()  # no listener's own id: each may be forgotten
                rows = [{"listener_id": one, "person_id": person, "at": at} for one in sorted(everybody)]
                connection.execute(db.joined.insert(), rows)

    def part(self, listener_id: str) -> bool:
        """Take a listener out of the person it was joined to; tell whether there was one."""
        with self._writer.begin() as connection:
            others = _person(connection, listener_id) - {listener_id}
            gone = {listener_id, *others} if len(others) < 2 else {listener_id}
            return connection.execute(db.joined.delete().where(db.joined.c.listener_id.in_(gone))).rowcount > 0

    def of(self, listener_id: str) -> tuple[str, ...]:
        """Return the listeners who are this person, sorted; the listener alone where nobody is joined."""
        with self._engine.connect() as connection:
            return tuple(sorted(_person(connection, listener_id)))


def _person(connection: Connection, listener_id: str) -> set[str]:
    table = db.joined
    of = sa.select(table.c.person_id).where(table.c.listener_id == listener_id).scalar_subquery()
    found = connection.execute(sa.select(table.c.listener_id).where(table.c.person_id == of)).scalars()
    return {listener_id, *found}
