"""What Segue remembers: sources with their tracks and playlists, events of listeners, sessions and their turns.

Every method is one transaction: a process killed at any moment leaves all of its effect or none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recsys import database as db
from recsys.annotations import Annotations, filled, read_annotations
from recsys.catalogue import Catalogue
from recsys.disowned import DisownedSessions, owned
from recsys.folder_files import FolderFiles
from recsys.history_source import HistorySource
from recsys.imports import Imports
from recsys.joined import JoinedListeners, same_person
from recsys.lyrics_store import Lyrics, replace_table_lyrics
from recsys.made_by import said_by_tags
from recsys.past import Past
from recsys.personal_data import PersonalData
from recsys.presence import Presence
from recsys.records import Records
from recsys.sessions import Sessions
from recsys.sound_files import SoundFiles
from recsys.stated import StatedTracks
from recsys.suppressed import Suppressions
from recsys.track_rows import track_of, track_row
from recsys.types import Collection, Event, EventKind, Track, TrackId

#: The kind of source that serves only while there is no other, unless it is asked for.
STARTER_KIND = "starter"

#: Rows per insert statement: bounds memory, costs nothing in speed.
_BATCH = 2_000
#: Turns held in memory at a time: each is some twenty tracks with their reasons.
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source that is in the database."""

    name: str
    path: str
    kind: str
    fingerprint: str
    n_tracks: int
    n_collections: int
    added_at: float  # seconds since the epoch, UTC


class Store:
    """The door to the database; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine; `Store.open` makes one."""
        self._engine = engine
        self._writer = db.write_lock(engine)
        self.disowned, self.suppressions = DisownedSessions(engine), Suppressions(engine)
        self.joined, self.sessions, self.records = JoinedListeners(engine), Sessions(engine), Records(engine)
        self.imports, self.history = Imports(engine), HistorySource(engine)
        self.personal, self.presence = PersonalData(engine), Presence(engine)
        self.sounds = SoundFiles(engine)
        self.lyrics = Lyrics(engine)
        self.files = FolderFiles(engine)
        self.annotations, self.stated = Annotations(engine), StatedTracks(engine)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open and migrate the database at `url`.

        Raises:
            DatabaseError: it cannot be opened, is damaged, or was written by a newer version.
        """
        engine = db.open_engine(url)
        try:
            db.migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # Sources

    def add_source(
        self,
        name: str,
        path: str,
        kind: str,
        fingerprint: str,
        tracks: Iterable[Track],
        collections: Iterable[Collection] = (),
        *,
        replace: bool = False,
        lyrics: Mapping[str, str] | None = None,
    ) -> None:
        """Store a source in place of its earlier version; with `replace`, drop all other sources too.

        Args:
            name: the source's name.
            path: where it was read from.
            kind: its format, or STARTER_KIND.
            fingerprint: changes whenever the source does.
            tracks: its tracks, under the source's own ids. An id that another source has taken gets
                "<name>:" in front; a track that the earlier version had keeps its track id.
            collections: its playlists, members under the source's own ids; unknown members are left out.
            replace: drop the other sources.
            lyrics: of its tracks that have any, under the source's own ids, in place of those that it gave before.
        """
        with self._writer.begin() as connection:
            if replace:
                others = sa.select(db.sources.c.name).where(db.sources.c.name != name)
                for (other,) in connection.execute(others).all():
                    _delete_source(connection, other)
            known = sa.select(db.tracks.c.native_id, db.tracks.c.track_id).where(db.tracks.c.source == name)
            old = {row.native_id: row.track_id for row in connection.execute(known)}
            _delete_source(connection, name)
            taken = set(connection.execute(sa.select(db.tracks.c.track_id)).scalars())
            row = {"name": name, "path": path, "kind": kind, "fingerprint": fingerprint}
            connection.execute(db.sources.insert().values(**row, n_tracks=0, n_collections=0, added_at=time.time()))
            ids = _insert_tracks(connection, name, tracks, taken=taken, old=old)
            n_collections = _insert_collections(connection, name, collections, ids)
            if lyrics is not None:
                replace_table_lyrics(connection, ids, lyrics)
            counts = {"n_tracks": len(ids), "n_collections": n_collections}
            connection.execute(db.sources.update().where(db.sources.c.name == name).values(counts))

    def drop_source(self, name: str) -> bool:
        """Forget a source with its tracks and playlists; tell whether there was one."""
        with self._writer.begin() as connection:
            return _delete_source(connection, name)

    def sources(self) -> list[SourceRow]:
        """Return all sources, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(db.sources).order_by(db.sources.c.name)).mappings()
            return [SourceRow(**row) for row in rows]

    def source_fingerprint(self, name: str) -> str | None:
        """Return the fingerprint under which a source was stored, None if there is no such source."""
        with self._engine.connect() as connection:
            wanted = sa.select(db.sources.c.fingerprint).where(db.sources.c.name == name)
            return connection.execute(wanted).scalar()

    def track_ids(self, name: str) -> dict[str, TrackId]:
        """Return the tracks of a source: its own ids to track ids."""
        with self._engine.connect() as connection:
            wanted = sa.select(db.tracks.c.native_id, db.tracks.c.track_id).where(db.tracks.c.source == name)
            return {row.native_id: row.track_id for row in connection.execute(wanted)}

    def load_catalogue(self, with_starter: bool) -> Catalogue:
        """Build the catalogue of all sources; the starter only if asked for or if there is nothing else."""
        with self._engine.connect() as connection:
            present = connection.execute(sa.select(db.sources.c.name, db.sources.c.kind)).all()
            wanted = [row.name for row in present if with_starter or row.kind != STARTER_KIND]
            served = wanted or [row.name for row in present]
            rows = connection.execute(sa.select(db.tracks).where(db.tracks.c.source.in_(served))).mappings()
            known = read_annotations(connection)
            tracks = [
                filled(track, (*known.get(track.track_id, ()), *said_by_tags(track))) for track in map(track_of, rows)
            ]
            return Catalogue.from_tracks(tracks, list(_read_collections(connection, served)))

    # Listeners

    def add_event(self, event: Event) -> None:
        """Remember what a listener did."""
        self.add_events([event])

    def add_events(self, events: Iterable[Event]) -> None:
        """Remember what listeners did, all of it or nothing."""
        known: set[str] = set()

        def rows() -> Iterator[dict[str, Any]]:
            for event in events:
                if event.listener_id not in known:
                    known.add(event.listener_id)
                    db.ensure_listener(connection, event.listener_id, event.at)
                yield {
                    "listener_id": event.listener_id,
                    "track_id": event.track_id,
                    "kind": event.kind.value,
                    "at": event.at,
                    "completion": event.completion,
                    "session_id": event.session_id,
                    "times": event.times,
                }

        with self._writer.begin() as connection:
            _insert(connection, db.events, rows())

    def events(self, listener_id: str, *, alone: bool = False) -> list[Event]:
        """Return what a listener did, oldest first, as if sessions that were not the listener's had never been.

        What those did who are the same person counts as the listener's own, unless the listener is asked for alone.
        """
        of = db.events.c.listener_id
        return self._did(listener_id, of == listener_id if alone else same_person(db.events, listener_id))

    def past(self, listener_id: str) -> Past:
        """Return the same as `events`, with what was imported as columns that are held in memory."""
        person, table = self.joined.of(listener_id), db.events
        own = self._did(listener_id, table.c.listener_id.in_(person), table.c.origin.is_(None))
        return Past(own, self.imports.of(person), listener_id)

    def _did(self, listener_id: str, whose: sa.ColumnElement[bool], *more: sa.ColumnElement[bool]) -> list[Event]:
        """The events of a person, oldest first, as those of one listener."""
        table = db.events
        wanted = sa.select(table).where(whose, *more, owned(table)).order_by(table.c.at, table.c.event_id)
        with self._engine.connect() as connection:
            return [
                Event(listener_id, r.track_id, EventKind(r.kind), r.at, r.completion, r.session_id, r.times)
                for r in connection.execute(wanted)
            ]

    def listener_ids(self) -> set[str]:
        """Return the ids of all listeners."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(db.listeners.c.listener_id)).scalars())

    def remove_listener(self, listener_id: str) -> bool:
        """Forget a listener with all events, sessions and turns; tell whether there was one."""
        known = self.personal.remove(listener_id)
        self.imports.let_go(listener_id)
        return known

    # Sessions

    def save_turn(
        self,
        session_id: str,
        listener_id: str,
        turn: int,
        message: str,
        request: Mapping[str, Any],
        state: Mapping[str, Any],
        reply: Mapping[str, Any],
        at: float,
    ) -> None:
        """Remember a turn; the same turn saved again replaces the first. The mappings must be JSON."""
        key = {"session_id": session_id, "listener_id": listener_id}
        with self._writer.begin() as connection:
            db.ensure_listener(connection, listener_id, at)
            table = db.sessions
            touched = connection.execute(
                table.update()
                .where(table.c.session_id == session_id, table.c.listener_id == listener_id)
                .values(updated_at=at)
            )
            if touched.rowcount == 0:
                db.insert_if_absent(connection, table, {**key, "created_at": at, "updated_at": at})
            this_turn = db.turns.c.turn == turn
            of_session = (db.turns.c.session_id == session_id, db.turns.c.listener_id == listener_id)
            connection.execute(db.turns.delete().where(this_turn, *of_session))
            parts = {"request": dict(request), "state": dict(state), "reply": dict(reply)}
            connection.execute(db.turns.insert().values(**key, turn=turn, at=at, message=db.storable(message), **parts))

    def last_turn(self, session_id: str, listener_id: str, *, turn: int | None = None) -> dict[str, Any] | None:
        """Return the newest turn of a session, or the one of a number, as {turn, at, message, request, state, reply}.

        None if there is none, and always None for a listener whose session it is not.
        """
        table = db.turns
        wanted = (
            sa.select(table)
            .where(table.c.session_id == session_id, table.c.listener_id == listener_id)
            .order_by(table.c.turn.desc())
            .limit(1)
        )
        if turn is not None:
            wanted = wanted.where(table.c.turn == turn)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).mappings().first()
            if row is None:
                return None
            return {name: row[name] for name in ("turn", "at", "message", "request", "state", "reply")}

    def turns(self, listener_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the turns of a listener, or of everybody, by listener and time, each as all of its columns.

        Turns of sessions that were not the listener's are left out.
        """
        table = db.turns
        wanted = (
            sa.select(table)
            .where(owned(table))
            .order_by(table.c.listener_id, table.c.at, table.c.session_id, table.c.turn)
        )
        if listener_id is not None:
            wanted = wanted.where(table.c.listener_id == listener_id)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_READ_AT_ONCE).execute(wanted).mappings():
                yield dict(row)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table, by its name."""
        with self._engine.connect() as connection:
            return {
                name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for name, table in db.metadata.tables.items()
            }


def _delete_source(connection: Connection, name: str) -> bool:
    for table in (db.collection_tracks, db.collections, db.tracks, db.files):
        connection.execute(table.delete().where(table.c.source == name))
    return connection.execute(db.sources.delete().where(db.sources.c.name == name)).rowcount > 0


def _insert_tracks(
    connection: Connection,
    source: str,
    tracks: Iterable[Track],
    *,
    taken: set[TrackId],
    old: Mapping[str, TrackId],
) -> dict[str, TrackId]:
    """Insert tracks under ids that are free, and return native id → track id."""
    ids: dict[str, TrackId] = {}

    def rows() -> Iterator[dict[str, Any]]:
        for track in tracks:
            native = track.track_id
            track_id = old.get(native, native)
            while track_id in taken:
                track_id = f"{source}:{track_id}"
            taken.add(track_id)
            ids[native] = track_id
            yield track_row(track) | {"track_id": track_id, "native_id": native, "source": source}

    _insert(connection, db.tracks, rows())
    return ids


def _insert_collections(
    connection: Connection, source: str, collections: Iterable[Collection], ids: Mapping[str, TrackId]
) -> int:
    kept = list(collections)
    _insert(
        connection,
        db.collections,
        ({"source": source, "collection_id": one.collection_id, "name": one.name} for one in kept),
    )
    members = (
        {"source": source, "collection_id": one.collection_id, "position": position, "track_id": ids[native]}
        for one in kept
        for position, native in enumerate(dict.fromkeys(i for i in one.track_ids if i in ids))
    )
    _insert(connection, db.collection_tracks, members)
    return len(kept)


def _insert(connection: Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, _BATCH)):
        connection.execute(table.insert(), batch)


def _read_collections(connection: Connection, sources: Sequence[str]) -> Iterator[Collection]:
    members: dict[tuple[str, str], list[TrackId]] = {}
    table = db.collection_tracks
    for row in connection.execute(
        sa.select(table.c.source, table.c.collection_id, table.c.track_id)
        .where(table.c.source.in_(sources))
        .order_by(table.c.source, table.c.collection_id, table.c.position)
    ):
        members.setdefault((row.source, row.collection_id), []).append(row.track_id)
    for row in connection.execute(sa.select(db.collections).where(db.collections.c.source.in_(sources))):
        track_ids = tuple(members.get((row.source, row.collection_id), ()))
        yield Collection(row.collection_id, row.name, track_ids, row.source)
