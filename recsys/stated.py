"""What the sources of the catalogue state themselves, without anything that was heard or looked up."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recsys import database as db
from recsys.track_rows import track_of
from recsys.types import Track


class StatedTracks:
    """The tracks as their sources state them; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Use a migrated engine."""
        self._engine = engine

    def tracks(self) -> list[Track]:
        """Return every track, by id."""
        with self._engine.connect() as connection:
            wanted = sa.select(db.tracks).order_by(db.tracks.c.track_id)
            return [track_of(row) for row in connection.execute(wanted).mappings()]

    def n_undescribed(self, source: str) -> tuple[int, int]:
        """Return how many tracks a source has, and of how many neither it nor anything else knows a genre."""
        tracks, known = db.tracks, db.track_annotations
        of_source = tracks.c.source == source
        annotated = sa.select(known.c.track_id).where(known.c.field == "genres")
        bare = (of_source, sa.cast(tracks.c.genres, sa.Text) == "[]", tracks.c.track_id.not_in(annotated))
        with self._engine.connect() as connection:
            n_all = connection.execute(sa.select(sa.func.count()).select_from(tracks).where(of_source)).scalar_one()
            n_bare = connection.execute(sa.select(sa.func.count()).select_from(tracks).where(*bare)).scalar_one()
        return int(n_all), int(n_bare)
