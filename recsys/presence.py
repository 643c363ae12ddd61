"""What was begun before a listener was forgotten keeps nothing after it.

Whatever keeps things of listeners, or remembers their words on its way, is an act of theirs for as long as it lasts.
Forgetting somebody strikes all acts that are under way, and those that begin while the forgetting lasts; an act that
was struck writes nothing any more. That is looked at within each writing transaction: in SQLite writers exclude one
another, so that a transaction either ends before the forgetting deletes, or finds its act struck. Nobody waits for
anybody.

An act does not hear of another process, but finds the listener's row gone, or another one in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.errors import ForgottenError


@dataclass(eq=False)
class Act:
    """Something that is done for listeners by one thread."""

    listeners: set[str] = field(default_factory=set)
    rows: dict[str, float] = field(default_factory=dict)  # when each was first heard of, who had been at its beginning
    struck: bool = False


class Presence:
    """The acts that are under way; shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Look from now on at every transaction of the engine that writes."""
        self._engine = engine
        self._lock = Lock()
        self._under_way: set[Act] = set()
        self._leaving = Counter[str]()
        self._mine = local()
        sa.event.listen(engine, "begin", self._look)

    @contextmanager
    def act(self, *listener_ids: str) -> Iterator[Act]:
        """Let what the thread does in the block be for listeners, and for all who are the same persons as they."""
        act = Act()
        with self._lock:
            self._under_way.add(act)
        try:
            self._add(act, listener_ids)
            with self._engine.connect() as connection:
                self._add(act, _persons(connection, listener_ids))
                act.rows = _rows(connection, act.listeners)
            self._mine.acts = (*self._acts, act)
            try:
                yield act
            finally:
                self._mine.acts = self._acts[:-1]
        finally:
            with self._lock:
                self._under_way.discard(act)

    @contextmanager
    def forgetting(self, listener_id: str) -> Iterator[None]:
        """Strike what is under way for a listener, and what begins within the block, in which they are forgotten."""
        with self._lock:
            self._leaving[listener_id] += 1
            for act in self._under_way:
                act.struck |= listener_id in act.listeners
        try:
            yield
        finally:
            with self._lock:
                self._leaving[listener_id] -= 1
                self._leaving += Counter()  # drops those at 0: nothing of who is forgotten stays here either

    def covers(self, listener_ids: Collection[str]) -> bool:
        """Tell whether what the thread does is for all of these listeners already."""
        return set(listener_ids) <= {one for act in self._acts for one in act.listeners}

    def since(self, listener_ids: Collection[str]) -> dict[str, float]:
        """Say when each of these listeners was first heard of: another time, or none, once they were forgotten."""
        with self._engine.connect() as connection:
            return _rows(connection, listener_ids)

    def check(self) -> None:
        """Go on only if nobody for whom the thread acts was forgotten.

        Raises:
            ForgottenError: somebody was.
        """
        if any(act.struck for act in self._acts):
            raise ForgottenError

    @property
    def _acts(self) -> tuple[Act, ...]:
        """Those of this thread, the innermost last."""
        found: tuple[Act, ...] = getattr(self._mine, "acts", ())
        return found

    def _add(self, act: Act, listener_ids: Collection[str]) -> None:
        with self._lock:
            act.listeners.update(listener_ids)
            act.struck |= any(self._leaving[one] for one in listener_ids)

    def _look(self, connection: Connection) -> None:
        if not self._acts or not db.writes(connection):
            return
        self.check()
        rows = {one: at for act in self._acts for one, at in act.rows.items()}
        if rows and _rows(connection, rows, lock=True) != rows:
            raise ForgottenError


def _rows(connection: Connection, listener_ids: Collection[str], *, lock: bool = False) -> dict[str, float]:
    """When each of these listeners was first heard of; who never was is left out."""
    table = db.listeners
    wanted = sa.select(table.c.listener_id, table.c.created_at).where(table.c.listener_id.in_(sorted(listener_ids)))
    if lock:
        wanted = wanted.with_for_update(read=True)  # where writers do not exclude one another
    return {row.listener_id: row.created_at for row in connection.execute(wanted)}


def _persons(connection: Connection, listener_ids: Collection[str]) -> set[str]:
    """All who are the same persons as these listeners."""
    table = db.joined
    of = sa.select(table.c.person_id).where(table.c.listener_id.in_(sorted(listener_ids)))
    return set(connection.execute(sa.select(table.c.listener_id).where(table.c.person_id.in_(of))).scalars())
