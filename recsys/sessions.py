"""The conversations of a listener: which there are, what they are called, and what was said in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recsys import database as db
from recsys.disowned import owned
from recsys.joined import same_person
from recsys.types import TrackId

_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One conversation."""

    session_id: str
    listener_id: str
    name: str | None  # as the listener calls it
    opening: str  # the first message
    n_turns: int
    created_at: float  # seconds since the epoch, UTC
    updated_at: float


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """The playlist that was on screen after one turn."""

    listener_id: str
    session_id: str
    at: float  # seconds since the epoch, UTC
    track_ids: tuple[TrackId, ...]


class Sessions:
    """The sessions that have a turn."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def of(self, listener_id: str, limit: int | None = None) -> list[SessionRow]:
        """Return a listener's sessions, the one used last first."""
        first = sa.func.min(db.turns.c.turn).label("first")
        counted = (
            sa.select(db.turns.c.session_id, first, sa.func.count().label("n_turns"))
            .where(db.turns.c.listener_id == listener_id)
            .group_by(db.turns.c.session_id)
            .subquery()
        )
        table, opening = db.sessions, db.turns.alias()
        wanted = (
            sa.select(table, counted.c.n_turns, opening.c.message.label("opening"))
            .join(counted, counted.c.session_id == table.c.session_id)
            .join(opening, sa.and_(opening.c.session_id == table.c.session_id, opening.c.turn == counted.c.first))
            .where(table.c.listener_id == listener_id, opening.c.listener_id == listener_id)
            .order_by(table.c.updated_at.desc(), table.c.session_id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [SessionRow(**row) for row in connection.execute(wanted).mappings()]

    def turns(self, session_id: str, listener_id: str) -> Iterator[dict[str, Any]]:
        """Yield the turns of a session in order, each as {turn, at, message, reply}; none of somebody else's."""
        table = db.turns
        columns = (table.c.turn, table.c.at, table.c.message, table.c.reply)
        wanted = sa.select(*columns).where(_is(table, session_id, listener_id)).order_by(table.c.turn)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_READ_AT_ONCE).execute(wanted).mappings():
                yield dict(row)

    def shown(self, listener_id: str) -> Iterator[ShownTurn]:
        """Yield what was on screen after each turn of a person, session by session, in the order of the turns.

        Sessions that were not the listener's are left out; those of who is the same person are not.
        """
        table = db.turns
        wanted = (
            sa.select(table.c.listener_id, table.c.session_id, table.c.at, table.c.state["slate"].label("slate"))
            .where(same_person(table, listener_id), owned(table))
            .order_by(table.c.listener_id, table.c.session_id, table.c.turn)
        )
        with self._engine.connect() as connection:
            for row in connection.execute(wanted):
                yield ShownTurn(row.listener_id, row.session_id, row.at, tuple(row.slate or ()))

    def written_in(self, listener_id: str) -> list[tuple[str, str]]:
        """Return the sessions of others, each with whose it is, whose requests or states name a listener."""
        table, said = db.turns, json.dumps(listener_id)
        named = [sa.cast(one, sa.Text).contains(said, autoescape=True) for one in (table.c.request, table.c.state)]
        wanted = sa.select(table.c.session_id, table.c.listener_id).distinct()
        wanted = wanted.where(table.c.listener_id != listener_id, sa.or_(*named))
        with self._engine.connect() as connection:
            return [(row.session_id, row.listener_id) for row in connection.execute(wanted)]

    def rewrite(
        self,
        session_id: str,
        listener_id: str,
        change: Callable[[Sequence[Mapping[str, Any]]], Iterable[Mapping[str, Any]]],
    ) -> None:
        """Let `change` return which turns of a session are to be others, with nobody in between.

        Args:
            session_id: the session.
            listener_id: whose it is.
            change: gets all turns in order, each as {turn, message, request, state, reply}, and returns changed ones.
        """
        table = db.turns
        columns = (table.c.turn, table.c.message, table.c.request, table.c.state, table.c.reply)
        mine = _is(table, session_id, listener_id)
        with self._writer.begin() as connection:
            rows = connection.execute(sa.select(*columns).where(mine).order_by(table.c.turn)).mappings()
            for row in change([dict(row) for row in rows]):
                values = {name: value for name, value in row.items() if name != "turn"}
                connection.execute(table.update().where(mine, table.c.turn == row["turn"]).values(values))

    def rename(self, session_id: str, listener_id: str, name: str | None) -> bool:
        """Call a session by a name, or by its first message again; tell whether there is such a session."""
        with self._writer.begin() as connection:
            table = db.sessions
            done = connection.execute(table.update().where(_is(table, session_id, listener_id)).values(name=name))
            return done.rowcount > 0

    def remove(self, session_id: str, listener_id: str) -> bool:
        """Delete a session with its turns; tell whether there was one. What was liked in it stays liked."""
        with self._writer.begin() as connection:
            connection.execute(db.turns.delete().where(_is(db.turns, session_id, listener_id)))
            gone = connection.execute(db.sessions.delete().where(_is(db.sessions, session_id, listener_id)))
            return gone.rowcount > 0

    def remove_all(self, prefix: str) -> int:
        """Delete all sessions, whoever's they are, whose ids begin with a prefix; return how many that were."""
        with self._writer.begin() as connection:
            connection.execute(db.turns.delete().where(db.turns.c.session_id.startswith(prefix, autoescape=True)))
            begins = db.sessions.c.session_id.startswith(prefix, autoescape=True)
            return connection.execute(db.sessions.delete().where(begins)).rowcount


def _is(table: sa.Table, session_id: str, listener_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.session_id == session_id, table.c.listener_id == listener_id)
