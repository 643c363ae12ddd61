"""Keep what was heard or looked up beside what sources state, lyrics, and the files of a folder."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (("loudness_db", sa.Double), ("themes", sa.JSON), ("ai_generated", sa.Text), ("details", sa.JSON))


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("tracks", sa.Column(name, kind))
    op.create_table(
        "annotations",
        sa.Column("track_id", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "lyrics",
        sa.Column("track_id", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "files",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text),
        sa.Column("problem", sa.Text),
    )
    op.create_index("ix_files_source_digest", "files", ["source", "digest"])


def downgrade() -> None:
    op.drop_index("ix_files_source_digest", "files")
    for table in ("files", "lyrics", "annotations"):
        op.drop_table(table)
    for name, _ in reversed(_COLUMNS):
        op.drop_column("tracks", name)
