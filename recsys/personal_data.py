"""All that the database holds of one listener: read, and removed so that nothing of it stays in the database's files.

SQLite overwrites what is deleted (`recsys.database`), but its log of writes still has it, and so may free pages of a
file that an earlier version wrote: `erase` writes the file anew, without free pages, and empties the log. A PostgreSQL
server clears deleted rows itself (autovacuum).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db

#: Every table with rows of listeners, those before others that they point at.
TABLES = (db.turns, db.sessions, db.events, db.disowned, db.suppressed, db.joined, db.records, db.listeners)
#: JSON columns of others' rows that may list a listener.
_LISTING = {db.records: ("value",), db.turns: ("request", "state", "reply")}
#: Under these names a JSON value lists listeners: who a track is for, who asks together.
_PEOPLE = frozenset(("group", "whom", "members", "listeners", "speakers"))
_READ_AT_ONCE = 500
#: Longest wait for other processes to stop reading what is to be erased, in milliseconds.
_WAIT_MS = 10_000


class PersonalData:
    """The rows of listeners, in whichever table."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def rows(self, table: sa.Table, listener_id: str, session_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table that are a listener's own, or one session's of them, each as all of its columns.

        They come by their primary key: events as they were stored, turns by number.
        """
        wanted = sa.select(table).where(table.c.listener_id == listener_id).order_by(*table.primary_key.columns)
        if session_id is not None:
            wanted = wanted.where(table.c.session_id == session_id)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_READ_AT_ONCE).execute(wanted).mappings():
                yield dict(row)

    def remove(self, listener_id: str) -> bool:
        """Delete all rows of a listener, and the listener from what others' rows list; tell whether there was any.

        Who was joined to the listener stays joined to the others.
        """
        n_gone = 0
        me = sa.select(db.listeners).where(db.listeners.c.listener_id == listener_id)
        with self._writer.begin() as connection:
            connection.execute(me.with_for_update())  # after those who are writing, where they do not exclude others
            for table in TABLES:
                n_gone += connection.execute(table.delete().where(table.c.listener_id == listener_id)).rowcount
            _drop_the_lonely(connection)
            for table, names in _LISTING.items():
                for name in names:
                    n_gone += _take_out(connection, table, table.c[name], listener_id)
        return n_gone > 0

    def erase(self, *, thoroughly: bool) -> bool:
        """Let no deleted byte stay in the database's files; tell whether that was done.

        It is not while another process reads what was there before: then it is to be done again.

        Args:
            thoroughly: write the whole file anew; otherwise only the log of writes is emptied.
        """
        if not self._is_sqlite:
            return True
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
            try:
                if thoroughly:
                    cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy = any(row[0] for row in cursor.fetchall())
            except self._engine.dialect.loaded_dbapi.OperationalError:
                busy = True
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {db.BUSY_TIMEOUT_MS}")
                cursor.close()
        finally:
            raw.close()
        return not busy

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"


def _drop_the_lonely(connection: Connection) -> None:
    """Drop persons of whom one listener is left."""
    table = db.joined
    lonely = sa.select(table.c.person_id).group_by(table.c.person_id).having(sa.func.count() < 2)
    people = list(connection.execute(lonely).scalars())
    connection.execute(table.delete().where(table.c.person_id.in_(people)))


def _take_out(connection: Connection, table: sa.Table, column: sa.Column[Any], listener_id: str) -> int:
    """Take a listener out of the lists of listeners in a JSON column; return in how many rows."""
    said = json.dumps(listener_id)
    wanted = sa.select(*table.primary_key.columns, column).where(
        sa.cast(column, sa.Text).contains(said, autoescape=True)
    )
    changed = 0
    for *key, value in connection.execute(wanted).all():
        without = _without(value, listener_id)
        if without != value:
            this = [one == held for one, held in zip(table.primary_key.columns, key, strict=True)]
            connection.execute(table.update().where(*this).values({column.name: without}))
            changed += 1
    return changed


def _without(value: Any, listener_id: str, *, people: bool = False) -> Any:
    """Copy a JSON value without a listener where it lists listeners."""
    if isinstance(value, dict):
        return {
            name: _without(one, listener_id, people=name in _PEOPLE)
            for name, one in value.items()
            if not (people and name == listener_id)
        }
    if isinstance(value, list):
        return [_without(one, listener_id) for one in value if not (people and one == listener_id)]
    return value
