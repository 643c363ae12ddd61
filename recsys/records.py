"""Small things that front ends keep: settings of a server, which message shows which playlist, a one-time code.

A record is a JSON value under a kind and a key. One that belongs to a listener is forgotten with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db

_Result = TypeVar("_Result")


class Records:
    """The records, by kind and key."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def get(self, kind: str, key: str) -> Any | None:
        """Return a record's value, None where there is none."""
        with self._engine.connect() as connection:
            return _value(connection, kind, key)

    def all(self, kind: str, listener_id: str | None = None, *, prefix: str = "") -> dict[str, Any]:
        """Return all values of a kind by their keys, the newest last.

        Args:
            kind: what sort of thing they are.
            listener_id: whose alone.
            prefix: what the keys begin with.
        """
        table = db.records
        wanted = sa.select(table.c.key, table.c.value).where(table.c.kind == kind).order_by(table.c.at, table.c.key)
        if listener_id is not None:
            wanted = wanted.where(table.c.listener_id == listener_id)
        if prefix:
            wanted = wanted.where(table.c.key.startswith(prefix, autoescape=True))
        with self._engine.connect() as connection:
            return {row.key: row.value for row in connection.execute(wanted)}

    def keys(self, kind: str) -> set[str]:
        """Return the keys of all records of a kind."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(db.records.c.key).where(db.records.c.kind == kind)).scalars())

    def put(self, kind: str, key: str, value: Any, listener_id: str | None = None, at: float | None = None) -> None:
        """Keep a value, which must be JSON, in place of an earlier one.

        Args:
            kind: what sort of thing it is.
            key: which of them.
            value: JSON.
            listener_id: whose it is.
            at: seconds since the epoch; now by default.
        """
        with self._writer.begin() as connection:
            put_within(connection, kind, key, value, listener_id, at)

    def change(
        self,
        kind: str,
        key: str,
        change: Callable[[Any | None], tuple[Any | None, _Result]],
        listener_id: str | None = None,
    ) -> _Result:
        """Read a value, let `change` make another of it, and keep that, with nobody in between.

        Args:
            kind: what sort of thing it is.
            key: which of them.
            change: gets the value or None, and returns the new one (None drops the record) and a result.
            listener_id: whose it then is.

        Returns:
            The result.
        """
        with self._writer.begin() as connection:
            value, result = change(_value(connection, kind, key))
            if value is None:
                _drop(connection, kind, key)
            else:
                put_within(connection, kind, key, value, listener_id, None)
            return result

    def drop(self, kind: str, key: str) -> bool:
        """Drop a record; tell whether there was one."""
        with self._writer.begin() as connection:
            return _drop(connection, kind, key)

    def drop_all(self, kind: str, prefix: str) -> int:
        """Drop all records of a kind whose keys begin with a prefix; return how many."""
        table = db.records
        with self._writer.begin() as connection:
            begins = table.c.key.startswith(prefix, autoescape=True)
            return connection.execute(table.delete().where(table.c.kind == kind, begins)).rowcount

    def drop_before(self, kind: str, at: float) -> int:
        """Drop all records of a kind that were kept before a time, in seconds since the epoch; return how many."""
        table = db.records
        with self._writer.begin() as connection:
            gone = connection.execute(table.delete().where(table.c.kind == kind, table.c.at < at))
            return gone.rowcount


def _value(connection: Connection, kind: str, key: str) -> Any | None:
    table = db.records
    return connection.execute(sa.select(table.c.value).where(table.c.kind == kind, table.c.key == key)).scalar()


def _drop(connection: Connection, kind: str, key: str) -> bool:
    table = db.records
    return connection.execute(table.delete().where(table.c.kind == kind, table.c.key == key)).rowcount > 0


def put_within(
    connection: Connection, kind: str, key: str, value: Any, listener_id: str | None, at: float | None = None
) -> None:
    """Keep a value as `Records.put` does, as a part of a transaction."""
    _drop(connection, kind, key)
    row = {"kind": kind, "key": key, "listener_id": listener_id, "value": value}
    connection.execute(db.records.insert().values(**row, at=time.time() if at is None else at))
