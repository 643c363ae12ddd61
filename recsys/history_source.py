"""The source of tracks that listening histories name and no other source has. All listeners share it.

A track is here for good under the id it first got: a later import adds tracks and leaves those that are here. It goes
once no listener has done anything with it any more.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.errors import SourceError
from recsys.track_rows import track_row
from recsys.types import Track, TrackId

#: Name and kind of the source, and what the ids of its tracks begin with.
HISTORY_KIND = "history"

_AT_ONCE = 500


class HistorySource:
    """The tracks of listening histories; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def extend(self, tracks: Iterable[Track]) -> int:
        """Add tracks under their own ids, which begin with "history:"; return how many were not there yet.

        Raises:
            SourceError: another source has the name.
        """
        given = {track.track_id: track for track in tracks}
        if not given:
            return 0
        with self._writer.begin() as connection:
            kind = connection.execute(sa.select(db.sources.c.kind).where(_is_source)).scalar()
            if kind not in (None, HISTORY_KIND):
                raise SourceError(
                    HISTORY_KIND, f"a catalogue of kind {kind} has its name", "index that one again with another --name"
                )
            if kind is None:
                row = {"name": HISTORY_KIND, "path": "", "kind": HISTORY_KIND, "fingerprint": ""}
                connection.execute(db.sources.insert().values(**row, n_tracks=0, n_collections=0, added_at=time.time()))
            known = set(connection.execute(sa.select(db.tracks.c.native_id).where(_is_history)).scalars())
            new = [track for track_id, track in given.items() if track_id not in known]
            rows = (_row(track) for track in new)
            while batch := list(islice(rows, _AT_ONCE)):
                connection.execute(db.tracks.insert(), batch)
            _count(connection)
            return len(new)

    def orphans(self) -> set[TrackId]:
        """Return the tracks with which no listener has done anything."""
        with self._engine.connect() as connection:
            return _orphans(connection)

    def drop_orphans(self) -> int:
        """Drop the tracks with which no listener has done anything, with all that was learnt of them; return how many.

        The source goes with its last track.
        """
        with self._writer.begin() as connection:
            gone = iter(sorted(_orphans(connection)))
            n_gone = 0
            while batch := list(islice(gone, _AT_ONCE)):
                connection.execute(db.tracks.delete().where(_is_history, db.tracks.c.track_id.in_(batch)))
                known = db.track_annotations
                connection.execute(known.delete().where(known.c.track_id.in_(batch)))
                n_gone += len(batch)
            if n_gone and not _count(connection):
                connection.execute(db.sources.delete().where(_is_source))
            return n_gone


_is_source = db.sources.c.name == HISTORY_KIND
_is_history = db.tracks.c.source == HISTORY_KIND


def _orphans(connection: Connection) -> set[TrackId]:
    here = set(connection.execute(sa.select(db.tracks.c.track_id).where(_is_history)).scalars())
    if not here:
        return here
    used = sa.select(db.events.c.track_id).where(db.events.c.track_id.startswith(f"{HISTORY_KIND}:")).distinct()
    return here.difference(connection.execute(used).scalars())


def _count(connection: Connection) -> int:
    """Bring the source's count and fingerprint up to date; return how many tracks it has."""
    ids = list(
        connection.execute(
            sa.select(db.tracks.c.native_id).where(_is_history).order_by(db.tracks.c.native_id)
        ).scalars()
    )
    fingerprint = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    connection.execute(db.sources.update().where(_is_source).values(n_tracks=len(ids), fingerprint=fingerprint))
    return len(ids)


def _row(track: Track) -> dict[str, Any]:
    return track_row(track) | {"native_id": track.track_id, "source": HISTORY_KIND}
