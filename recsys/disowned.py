"""Sessions that were somebody else's: what a listener's taste, and what is learnt from it, must not know of.

Nothing is deleted. A disowned session's events and turns stay where they are and are not read, so that afterwards all
is as if the listener had never had the session, and taking the disowning back restores it exactly.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db


def owned(table: sa.Table) -> sa.ColumnElement[bool]:
    """Say which rows of a table with `listener_id` and `session_id` come from no disowned session."""
    gone = sa.exists().where(
        db.disowned.c.listener_id == table.c.listener_id, db.disowned.c.session_id == table.c.session_id
    )
    return sa.not_(gone)


class DisownedSessions:
    """Which sessions of which listeners are disowned."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def add(self, session_id: str, listener_id: str) -> int | None:
        """Disown a session; return how many of its events no longer count, None where the listener has no such session.

        A session is there once it has a turn or an event. Disowning it again changes nothing.
        """
        with self._writer.begin() as connection:
            n_events = _count(connection, db.events, session_id, listener_id)
            if not n_events and not _count(connection, db.turns, session_id, listener_id):
                return None
            if not _count(connection, db.disowned, session_id, listener_id):
                row = {"session_id": session_id, "listener_id": listener_id, "at": time.time()}
                connection.execute(db.disowned.insert().values(row))
            return n_events

    def remove(self, session_id: str, listener_id: str) -> int | None:
        """Let a session count again; return how many events that brings back, None where it was not disowned."""
        with self._writer.begin() as connection:
            gone = connection.execute(db.disowned.delete().where(_is(db.disowned, session_id, listener_id)))
            return _count(connection, db.events, session_id, listener_id) if gone.rowcount else None

    def last(self, listener_id: str) -> str | None:
        """Return the session that a listener disowned last, None where there is none."""
        table = db.disowned
        wanted = sa.select(table.c.session_id).where(table.c.listener_id == listener_id)
        with self._engine.connect() as connection:
            return connection.execute(wanted.order_by(table.c.at.desc(), table.c.session_id).limit(1)).scalar()

    def latest_session(self, listener_id: str, *, but: str | None = None) -> str | None:
        """Return the session, other than `but` and not disowned, in which a listener said or did something last."""
        found = []
        with self._engine.connect() as connection:
            for table in (db.events, db.turns):
                at = sa.func.max(table.c.at)
                wanted = sa.select(at, table.c.session_id).where(table.c.listener_id == listener_id, owned(table))
                wanted = wanted.where(table.c.session_id.is_not(None)).group_by(table.c.session_id)
                if but is not None:
                    wanted = wanted.where(table.c.session_id != but)
                row = connection.execute(wanted.order_by(at.desc(), table.c.session_id).limit(1)).first()
                found += [(float(row[0]), str(row[1]))] if row else []
        return max(found)[1] if found else None


def _is(table: sa.Table, session_id: str, listener_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.session_id == session_id, table.c.listener_id == listener_id)


def _count(connection: Connection, table: sa.Table, session_id: str, listener_id: str) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(_is(table, session_id, listener_id))
    return connection.execute(counted).scalar_one()
