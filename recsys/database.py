"""The database: its tables, how an engine is opened, and how the schema is brought up to date.

Everything specific to one database system is in `_tune_sqlite` and `write_lock`; the rest is plain SQL by way of
SQLAlchemy Core. Times are seconds since the epoch (UTC) as floating point numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from recsys.errors import DatabaseError

#: The newest revision in `recsys/migrations/versions`.
HEAD = "0005"

#: How long a process waits for another one's transaction, in milliseconds: indexing 120,000 tracks takes seconds.
BUSY_TIMEOUT_MS = 60_000

#: Execution option that makes a transaction take the write lock at once; see `write_lock`.
_WRITE = "segue_write"

metadata = sa.MetaData()

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("n_tracks", sa.Integer, nullable=False),
    sa.Column("n_collections", sa.Integer, nullable=False),
    sa.Column("added_at", sa.Double, nullable=False),
)

tracks = sa.Table(
    "tracks",
    metadata,
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, sa.ForeignKey("sources.name"), nullable=False),
    sa.Column("native_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("artists", sa.JSON, nullable=False),
    sa.Column("album", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("duration_s", sa.Double),
    sa.Column("genres", sa.JSON, nullable=False),
    sa.Column("moods", sa.JSON, nullable=False),
    sa.Column("activities", sa.JSON, nullable=False),
    sa.Column("instruments", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("vocal", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("energy", sa.Double),
    sa.Column("valence", sa.Double),
    sa.Column("danceability", sa.Double),
    sa.Column("acousticness", sa.Double),
    sa.Column("instrumentalness", sa.Double),
    sa.Column("tempo_bpm", sa.Double),
    sa.Column("key", sa.Text),
    sa.Column("popularity", sa.Double),
    sa.Column("loudness_db", sa.Double),
    sa.Column("themes", sa.JSON),
    sa.Column("ai_generated", sa.Text),
    sa.Column("path", sa.Text),
    sa.Column("ids", sa.JSON, nullable=False),
    sa.Column("details", sa.JSON),
    sa.UniqueConstraint("source", "native_id", name="uq_tracks_source_native_id"),
)

# No foreign key to tracks: what was heard or looked up outlives a source that is read again.
track_annotations = sa.Table(
    "annotations",
    metadata,
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

lyrics = sa.Table(
    "lyrics",
    metadata,
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),  # tag, lrc, …
    sa.Column("at", sa.Double, nullable=False),
)

# The files of a folder that is a source, as they were when they were last read.
files = sa.Table(
    "files",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of the sound, where it can be told from the tags; else of the file
    sa.Column("native_id", sa.Text),  # of its track; None for a file that could not be read
    sa.Column("problem", sa.Text),
    sa.Index("ix_files_source_digest", "source", "digest"),
)

collections = sa.Table(
    "collections",
    metadata,
    sa.Column("source", sa.Text, sa.ForeignKey("sources.name"), primary_key=True),
    sa.Column("collection_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

collection_tracks = sa.Table(
    "collection_tracks",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("collection_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("track_id", sa.Text, sa.ForeignKey("tracks.track_id"), nullable=False),
    sa.ForeignKeyConstraint(
        ["source", "collection_id"],
        ["collections.source", "collections.collection_id"],
        name="fk_collection_tracks_collection",
    ),
    # Without it, deleting a track scans this table to check the foreign key.
    sa.Index("ix_collection_tracks_track_id", "track_id"),
)

listeners = sa.Table(
    "listeners",
    metadata,
    sa.Column("listener_id", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Double, nullable=False),
)

# No foreign key to tracks: what a listener did outlives a source that is dropped and indexed again.
events = sa.Table(
    "events",
    metadata,
    sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), nullable=False),
    sa.Column("track_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("completion", sa.Double),
    sa.Column("session_id", sa.Text),
    sa.Column("times", sa.Integer, nullable=False, server_default="1"),
    # Of an imported event: a digest of what its file says of it, so that no import stores it twice.
    sa.Column("origin", sa.Text),
    sa.Index("ix_events_listener_id_at", "listener_id", "at"),
    sa.Index("ux_events_listener_id_origin", "listener_id", "origin", unique=True),
)

# The listener is part of the key: two listeners who use one session id never meet in a row.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("name", sa.Text),  # as the listener calls it
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("listener_id", sa.Text, primary_key=True),
    sa.Column("turn", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("reply", sa.JSON, nullable=False),
    sa.ForeignKeyConstraint(
        ["session_id", "listener_id"],
        ["sessions.session_id", "sessions.listener_id"],
        name="fk_turns_session",
    ),
)

# Sessions that were somebody else's. No foreign key to sessions: one may have events and no turn.
disowned = sa.Table(
    "disowned",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)

# Tracks that a listener does not want to be shown, for a while or ever again. As with events, tracks may come and go.
suppressed = sa.Table(
    "suppressed",
    metadata,
    sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("until", sa.Double),  # seconds since the epoch; None for ever
)

# Listeners that are one person, such as one in Discord and one on the web. Each keeps its own rows everywhere.
joined = sa.Table(
    "joined",
    metadata,
    sa.Column("listener_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
)

# What front ends keep: settings of a Discord server, which message shows which playlist, a one-time code, …
records = sa.Table(
    "records",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("listener_id", sa.Text, index=True),  # whose it is, if it is anybody's: forgotten with them
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)


def open_engine(url: str) -> Engine:
    """Open the database at a SQLAlchemy URL; for SQLite the file's folder is created.

    Raises:
        DatabaseError: the URL is none, or needs a driver that is not installed, or the folder cannot be made.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        # Its errors must not quote what listeners wrote: errors are logged.
        engine = sa.create_engine(parsed, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
        raise DatabaseError(_shown(url), str(error), "set SEGUE_DATABASE_URL to a SQLAlchemy URL") from error
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
    return engine


def write_lock(engine: Engine) -> Engine:
    """Return the engine for transactions that write.

    SQLite refuses, without waiting, to turn a reading transaction into a writing one after another process
    wrote; a transaction that begins as a writer waits its turn instead. Other systems need nothing of this.
    """
    return engine.execution_options(**{_WRITE: True})


def writes(connection: Connection) -> bool:
    """Tell whether a connection's transactions are of an engine that `write_lock` returned."""
    return bool(connection.get_execution_options().get(_WRITE, False))


def migrate(engine: Engine) -> None:
    """Bring the schema to HEAD in one transaction; nothing to do costs one short query.

    Raises:
        DatabaseError: the database cannot be opened, is damaged, or was written by a newer version.
    """
    shown = engine.url.render_as_string(hide_password=True)
    try:
        if (found := _revision(engine)) == HEAD:
            return
        folder = resources.files("recsys").joinpath("migrations")
        known = {entry.name.partition("_")[0] for entry in folder.joinpath("versions").iterdir()}
        if found is not None and found not in known:
            raise DatabaseError(
                shown,
                f"it has schema {found} but this version knows schemas up to {HEAD}",
                "install a newer version of segue, or set SEGUE_HOME to another folder",
            )
        with resources.as_file(folder) as scripts:
            _upgrade(engine, scripts)
    except DBAPIError as error:
        raise DatabaseError(
            shown, str(error.orig), "check that the folder is writable and the file is Segue's"
        ) from error


def _upgrade(engine: Engine, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with write_lock(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _tune_sqlite(engine: Engine) -> None:
    """Set up every new SQLite connection, and let SQLAlchemy rather than the driver begin transactions.

    The driver begins none before DDL, which would leave half a migration behind when it is killed.
    """

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # Safe against a killed process; a power cut may lose the last transactions but never corrupts.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten; some builds do so unasked
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes(connection) else "BEGIN")


def ensure_listener(connection: Connection, listener_id: str, at: float) -> None:
    """Make sure that a listener is known; `at` is when it was first heard of, in seconds since the epoch."""
    known = sa.select(listeners.c.listener_id).where(listeners.c.listener_id == listener_id)
    if connection.execute(known).first() is None:
        insert_if_absent(connection, listeners, {"listener_id": listener_id, "created_at": at})


def insert_if_absent(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row unless another process just inserted it."""
    try:
        with connection.begin_nested():
            connection.execute(table.insert().values(**row))
    except IntegrityError:
        return


def _shown(url: str) -> str:
    """Return the URL without its password, or nothing of it where it cannot be parsed."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the configured URL"


def storable(text: str) -> str:
    """Replace what no database takes as text: NUL and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
