"""The lyrics of tracks, as files and tables hold them. They are kept here, read here, and told to nobody."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.types import TrackId

#: The source of lyrics that stood in a table.
TABLE = "table"
_AT_ONCE = 500


class Lyrics:
    """The lyrics in the database; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def put(self, lyrics: Mapping[TrackId, tuple[str, str]]) -> None:
        """Store the lyrics of tracks, each with its source, in place of those that they had; empty ones are dropped.

        A source is where the words stood: "tag", "lrc" or "table".
        """
        with self._writer.begin() as connection:
            _put(connection, lyrics)

    def of(self, track_ids: Collection[TrackId]) -> dict[TrackId, tuple[str, str]]:
        """Return the lyrics of those of some tracks that have any, each with its source, by track id."""
        table, found, ids = db.lyrics, {}, iter(sorted(track_ids))
        with self._engine.connect() as connection:
            while some := list(islice(ids, _AT_ONCE)):
                wanted = sa.select(table).where(table.c.track_id.in_(some)).order_by(table.c.track_id)
                found.update({row.track_id: (row.text, row.source) for row in connection.execute(wanted)})
        return found

    def texts(self) -> Iterator[tuple[TrackId, str]]:
        """Yield all lyrics by track id, a few in memory at a time."""
        wanted = sa.select(db.lyrics.c.track_id, db.lyrics.c.text).order_by(db.lyrics.c.track_id)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(wanted):
                yield row.track_id, row.text

    def ids(self) -> list[TrackId]:
        """Return the tracks that have lyrics, in order."""
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(db.lyrics.c.track_id).order_by(db.lyrics.c.track_id)).scalars())

    def drop(self, track_ids: Collection[TrackId], source: str | None = None) -> int:
        """Forget the lyrics of some tracks, or only those of one source; return how many those were."""
        with self._writer.begin() as connection:
            return _drop(connection, track_ids, source)

    def drop_orphans(self) -> int:
        """Forget the lyrics of tracks that are in no source any more; return how many those were."""
        known = sa.select(db.tracks.c.track_id)
        with self._writer.begin() as connection:
            return connection.execute(db.lyrics.delete().where(db.lyrics.c.track_id.not_in(known))).rowcount


def replace_table_lyrics(connection: Connection, ids: Mapping[str, TrackId], lyrics: Mapping[str, str]) -> None:
    """Within a transaction, store what a table says of its tracks in place of what it said before.

    Args:
        connection: of the transaction.
        ids: the table's own ids → track ids.
        lyrics: by the table's own ids.
    """
    _drop(connection, ids.values(), TABLE)
    _put(connection, {ids[native]: (words, TABLE) for native, words in lyrics.items() if native in ids})


def _put(connection: Connection, lyrics: Mapping[TrackId, tuple[str, str]]) -> None:
    table, at = db.lyrics, time.time()
    _drop(connection, lyrics, None)
    rows = (
        {"track_id": track_id, "text": db.storable(text), "source": source, "at": at}
        for track_id, (text, source) in lyrics.items()
        if text.strip()
    )
    while batch := list(islice(rows, _AT_ONCE)):
        connection.execute(table.insert(), batch)


def _drop(connection: Connection, track_ids: Iterable[TrackId], source: str | None) -> int:
    table, n_gone, ids = db.lyrics, 0, iter(sorted(track_ids))
    while some := list(islice(ids, _AT_ONCE)):
        gone = table.delete().where(table.c.track_id.in_(some))
        n_gone += connection.execute(gone if source is None else gone.where(table.c.source == source)).rowcount
    return n_gone
