"""Create the catalogue's, the listeners' and the sessions' tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("n_tracks", sa.Integer, nullable=False),
        sa.Column("n_collections", sa.Integer, nullable=False),
        sa.Column("added_at", sa.Double, nullable=False),
    )
    op.create_table(
        "tracks",
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
        sa.Column("path", sa.Text),
        sa.Column("ids", sa.JSON, nullable=False),
        sa.UniqueConstraint("source", "native_id", name="uq_tracks_source_native_id"),
    )
    op.create_table(
        "collections",
        sa.Column("source", sa.Text, sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("collection_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "collection_tracks",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("collection_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("track_id", sa.Text, sa.ForeignKey("tracks.track_id"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source", "collection_id"],
            ["collections.source", "collections.collection_id"],
            name="fk_collection_tracks_collection",
        ),
        sa.Index("ix_collection_tracks_track_id", "track_id"),
    )
    op.create_table(
        "listeners",
        sa.Column("listener_id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), nullable=False),
        sa.Column("track_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("completion", sa.Double),
        sa.Column("session_id", sa.Text),
        sa.Index("ix_events_listener_id_at", "listener_id", "at"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )
    op.create_table(
        "turns",
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


def downgrade() -> None:
    for name in (
        "turns",
        "sessions",
        "events",
        "listeners",
        "collection_tracks",
        "collections",
        "tracks",
        "sources",
    ):
        op.drop_table(name)
