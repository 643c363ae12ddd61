"""The files of folders that are sources: what they were when they were read, and the tracks that they are.

A folder is stored bit by bit while it is read. Its tracks of a batch go in before its files do, so that a file that is
known has its track, and a run that is killed in between reads that file again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.sources.folder.identity import GONE, KnownFile
from recsys.track_rows import track_row
from recsys.types import Track, TrackId

_AT_ONCE = 500


class FolderFiles:
    """The files in the database, and storing a folder by batches; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine, self._writer = engine, db.write_lock(engine)

    def begin(self, source: str, path: str, kind: str, version: str) -> None:
        """Make sure that there is a source to put files into.

        Args:
            source: its name.
            path: of the folder.
            kind: of source.
            version: of the reader. Files that another version read count as changed from then on.
        """
        with self._writer.begin() as connection:
            row = connection.execute(sa.select(db.sources).where(db.sources.c.name == source)).first()
            if row is None:
                row_of = {"name": source, "path": path, "kind": kind, "fingerprint": f"{version}:"}
                connection.execute(
                    db.sources.insert().values(**row_of, n_tracks=0, n_collections=0, added_at=time.time())
                )
                return
            is_source = db.sources.c.name == source
            connection.execute(db.sources.update().where(is_source).values(path=path))
            if not row.fingerprint.startswith(f"{version}:"):
                there = (db.files.c.source == source, db.files.c.size != GONE)
                connection.execute(db.files.update().where(*there).values(mtime_ns=-1))
                connection.execute(db.sources.update().where(is_source).values(fingerprint=f"{version}:"))

    def known(self, source: str) -> dict[str, KnownFile]:
        """Return the files of a source by path, those that are gone among them."""
        table = db.files
        columns = (*(table.c.path, table.c.size, table.c.mtime_ns, table.c.digest, table.c.native_id, table.c.problem),)
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).where(table.c.source == source))
            return {row.path: KnownFile(*row) for row in rows}

    def put_tracks(self, source: str, tracks: Sequence[Track]) -> dict[str, TrackId]:
        """Store tracks of a source, in place of those of the same own ids; return own id → track id.

        A track keeps its track id; a new one whose own id another source has taken gets "<source>:" in front.
        """
        table = db.tracks
        with self._writer.begin() as connection:
            native_ids = [track.track_id for track in tracks]
            ids = _ids_of(connection, source, native_ids)
            taken = _taken(connection, source, [native for native in native_ids if native not in ids])
            for native in native_ids:
                track_id = ids.get(native, native)
                while native not in ids and track_id in taken:
                    track_id = f"{source}:{track_id}"
                ids[native] = track_id
            for some in _batches(native_ids):
                connection.execute(table.delete().where(table.c.source == source, table.c.native_id.in_(some)))
            rows = (
                track_row(track) | {"track_id": ids[track.track_id], "native_id": track.track_id, "source": source}
                for track in tracks
            )
            for batch in _batches(rows):
                connection.execute(table.insert(), batch)
            _count(connection, source)
        return ids

    def put(self, source: str, files: Iterable[KnownFile]) -> None:
        """Remember files of a source, in place of what was known of them."""
        table, rows = db.files, list(files)
        with self._writer.begin() as connection:
            for some in _batches(row.path for row in rows):
                connection.execute(table.delete().where(table.c.source == source, table.c.path.in_(some)))
            for batch in _batches(_columns(source, row) for row in rows):
                connection.execute(table.insert(), batch)

    def finish(self, source: str, fingerprint: str, present: Collection[KnownFile]) -> bool:
        """Leave in a source what is there; tell whether anything went.

        The tracks of files that are not there go; what was known of the files stays, so that they are known again,
        unless their track is another file's now.
        """
        here = {row.path for row in present}
        native_ids = {row.native_id for row in present if row.native_id}
        with self._writer.begin() as connection:
            files, tracks = db.files, db.tracks
            rows = connection.execute(
                sa.select(files.c.path, files.c.native_id, files.c.size).where(files.c.source == source)
            ).all()
            lost = [row for row in rows if row.path not in here]
            moved = [row.path for row in lost if row.native_id is None or row.native_id in native_ids]
            left = [row.path for row in lost if row.size != GONE and row.native_id not in (None, *native_ids)]
            for some in _batches(moved):
                connection.execute(files.delete().where(files.c.source == source, files.c.path.in_(some)))
            for some in _batches(left):
                there = (files.c.source == source, files.c.path.in_(some))
                connection.execute(files.update().where(*there).values(size=GONE))
            stored = connection.execute(sa.select(tracks.c.native_id).where(tracks.c.source == source)).scalars()
            gone = [native for native in stored if native not in native_ids]
            for some in _batches(gone):
                connection.execute(tracks.delete().where(tracks.c.source == source, tracks.c.native_id.in_(some)))
            is_source = db.sources.c.name == source
            connection.execute(db.sources.update().where(is_source).values(fingerprint=fingerprint))
            _count(connection, source)
        return bool(gone)


def _batches(values: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _ids_of(connection: Connection, source: str, native_ids: Sequence[str]) -> dict[str, TrackId]:
    table, found = db.tracks, {}
    for some in _batches(native_ids):
        wanted = sa.select(table.c.native_id, table.c.track_id).where(
            table.c.source == source, table.c.native_id.in_(some)
        )
        found.update({row.native_id: row.track_id for row in connection.execute(wanted)})
    return found


def _taken(connection: Connection, source: str, native_ids: Sequence[str]) -> set[TrackId]:
    """Return the track ids that are taken of those that own ids could become."""
    taken: set[TrackId] = set()
    candidates = list(native_ids)
    while candidates:
        found: set[TrackId] = set()
        for some in _batches(candidates):
            found.update(
                connection.execute(sa.select(db.tracks.c.track_id).where(db.tracks.c.track_id.in_(some))).scalars()
            )
        taken |= found
        candidates = [f"{source}:{track_id}" for track_id in sorted(found)]
    return taken


def _count(connection: Connection, source: str) -> None:
    n_tracks = sa.select(sa.func.count()).select_from(db.tracks).where(db.tracks.c.source == source).scalar_subquery()
    connection.execute(db.sources.update().where(db.sources.c.name == source).values(n_tracks=n_tracks))


def _columns(source: str, row: KnownFile) -> dict[str, Any]:
    return {
        "source": source,
        "path": row.path,
        "size": row.size,
        "mtime_ns": row.mtime_ns,
        "digest": row.digest,
        "native_id": row.native_id,
        "problem": row.problem,
    }
