"""Which tracks have a file to listen to, and what tells that a file has changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recsys import database as db
from recsys.paths import place_of
from recsys.types import TrackId


@dataclass(frozen=True, slots=True)
class SoundFile:
    """The file of a track."""

    track_id: TrackId
    path: str  # as the catalogue has it: a path, or a file:// address
    digest: str | None  # of the file's sound, where its folder was read

    @property
    def place(self) -> Path:
        """Where the file is."""
        return place_of(self.path)


class SoundFiles:
    """The files of the database's tracks; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine = engine

    def all(self) -> list[SoundFile]:
        """Return the file of every track that has one, by track id."""
        tracks, files = db.tracks, db.files
        same = (files.c.source == tracks.c.source) & (files.c.native_id == tracks.c.native_id)
        wanted = (
            sa.select(tracks.c.track_id, tracks.c.path, files.c.digest, files.c.path.label("of"))
            .select_from(tracks.outerjoin(files, same))
            .where(tracks.c.path.is_not(None), tracks.c.path != "")
            .order_by(tracks.c.track_id)
        )
        found: dict[TrackId, SoundFile] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(wanted):
                # Of a track with several files, the digest of the one that it names.
                if row.track_id not in found or row.of == row.path:
                    found[row.track_id] = SoundFile(row.track_id, row.path, row.digest)
        return list(found.values())
