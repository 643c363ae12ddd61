"""Events that came with histories: stored once however often they are imported, and read as columns.

An imported event has an *origin*, a digest of what its file says of it. Of one listener no origin is stored twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.listeners import event_worth
from recsys.past import KINDS, ImportedEvents
from recsys.records import put_within
from recsys.types import Event, IntArray

#: The record that changes whenever a listener's imported events do.
VERSION = "imported"
#: Origins looked up, or rows inserted, by one statement: below every database's limit of parameters.
_AT_ONCE = 500
#: Imported events held in memory at the most, over all listeners: some 40 bytes each.
_HELD = 4_000_000

_Item = TypeVar("_Item")


class Imports:
    """The imported events of listeners; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)
        self._lock = Lock()
        self._read: OrderedDict[tuple[str, ...], tuple[Mapping[str, str], ImportedEvents]] = OrderedDict()

    def add(self, events: Mapping[str, Event]) -> int:
        """Remember imported events of one listener by their origins; return how many were not there yet.

        Of one that is there nothing changes but `times`, which may grow: a newer export counts more of the same.
        """
        if not events:
            return 0
        listener_id = next(iter(events.values())).listener_id
        with self._writer.begin() as connection:
            db.ensure_listener(connection, listener_id, min(event.at for event in events.values()))
            known = _known(connection, listener_id, list(events))
            rows = [_row(origin, event) for origin, event in events.items() if origin not in known]
            grown = [(o, e.times) for o, e in events.items() if o in known and e.times > known[o]]
            for batch in _batches(iter(rows), _AT_ONCE):
                connection.execute(_insert_new(connection), batch)
            for origin, times in grown:
                mine = sa.and_(db.events.c.listener_id == listener_id, db.events.c.origin == origin)
                connection.execute(db.events.update().where(mine).values(times=times))
            if rows or grown:
                put_within(connection, VERSION, listener_id, uuid4().hex, listener_id)
            return len(rows)

    def of(self, listener_ids: Sequence[str]) -> ImportedEvents | None:
        """Return the imported events of listeners who are one person, None where there are none.

        They are held in memory until they change; the first reading of 500,000 takes seconds.
        """
        key, table = tuple(sorted(listener_ids)), db.records
        versions = sa.select(table.c.key, table.c.value).where(table.c.kind == VERSION, table.c.key.in_(key))
        with self._engine.connect() as connection:
            now = {row.key: str(row.value) for row in connection.execute(versions)}
            if not now:
                self.let_go(*key)
                return None
            with self._lock:
                held = self._read.get(key)
                if held is not None and held[0] == now:
                    self._read.move_to_end(key)
                    return held[1]
            read = _columns(connection, key)
        with self._lock:
            self._read[key] = now, read
            while len(self._read) > 1 and sum(len(one) for _, one in self._read.values()) > _HELD:
                self._read.popitem(last=False)
        return read

    def let_go(self, *listener_ids: str) -> None:
        """Hold nothing of these listeners in memory any longer."""
        with self._lock:
            for key in [key for key in self._read if not set(key).isdisjoint(listener_ids)]:
                del self._read[key]


def _known(connection: Connection, listener_id: str, origins: Sequence[str]) -> dict[str, int]:
    """Return how many times each of those origins counts that are there."""
    table, found = db.events, {}
    for batch in _batches(iter(origins), _AT_ONCE):
        wanted = sa.select(table.c.origin, table.c.times)
        wanted = wanted.where(table.c.listener_id == listener_id, table.c.origin.in_(batch))
        found.update({str(row.origin): int(row.times) for row in connection.execute(wanted)})
    return found


def _insert_new(connection: Connection) -> sa.Insert:
    """Insert events, but for origins that another process has just inserted."""
    from sqlalchemy.dialects import postgresql, sqlite

    unique = ["listener_id", "origin"]
    if connection.dialect.name == "sqlite":
        return sqlite.insert(db.events).on_conflict_do_nothing(index_elements=unique)
    if connection.dialect.name == "postgresql":
        return postgresql.insert(db.events).on_conflict_do_nothing(index_elements=unique)
    return sa.insert(db.events)


def _row(origin: str, event: Event) -> dict[str, Any]:
    return {
        "listener_id": event.listener_id,
        "track_id": event.track_id,
        "kind": event.kind.value,
        "at": event.at,
        "completion": event.completion,
        "session_id": None,
        "times": event.times,
        "origin": origin,
    }


def _columns(connection: Connection, listener_ids: Sequence[str]) -> ImportedEvents:
    table = db.events
    wanted = sa.select(table.c.track_id, table.c.kind, table.c.at, table.c.completion, table.c.times)
    wanted = wanted.where(table.c.listener_id.in_(listener_ids), table.c.origin.is_not(None))
    numbers: dict[str, int] = {}
    codes = {kind.value: code for code, kind in enumerate(KINDS)}
    columns: list[list[Any]] = [[], [], [], [], []]
    rows = connection.execution_options(yield_per=10_000).execute(wanted.order_by(table.c.at, table.c.event_id))
    for track_id, kind, at, completion, times in rows:
        number = numbers.setdefault(track_id, len(numbers))
        for column, value in zip(columns, (number, codes[kind], at, completion, times), strict=True):
            column.append(value)
    tracks, kinds = np.array(columns[0], np.int64), np.array(columns[1], np.int64)
    completions, times_ = np.array(columns[3], np.float64), np.array(columns[4], np.int64)
    return ImportedEvents(
        track_ids=tuple(numbers),
        tracks=tracks,
        kinds=kinds,
        at=np.array(columns[2], np.float64),
        completions=completions,
        times=times_,
        worth=times_ * _worth(kinds, completions),
    )


def _worth(kinds: IntArray, completions: NDArray[np.float64]) -> NDArray[np.float64]:
    """What single events (E,) are worth: `event_worth` is a straight line between nothing and all of a track."""

    def of(completion: float | None) -> NDArray[np.float64]:
        return np.array([event_worth(Event("", "", kind, 0.0, completion)) for kind in KINDS])

    none, nothing, everything = of(None), of(0.0), of(1.0)
    known = nothing[kinds] + (everything - nothing)[kinds] * completions
    return np.where(np.isnan(completions), none[kinds], known)


def _batches(items: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    while batch := list(islice(items, size)):
        yield batch
