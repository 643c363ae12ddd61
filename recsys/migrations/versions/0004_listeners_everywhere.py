"""Name sessions, tell imported events apart, keep suppressed tracks, joined listeners and front ends' records."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("name", sa.Text))
    op.add_column("events", sa.Column("origin", sa.Text))
    op.create_index("ux_events_listener_id_origin", "events", ["listener_id", "origin"], unique=True)
    op.create_table(
        "suppressed",
        sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
        sa.Column("track_id", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
    )
    op.create_table(
        "joined",
        sa.Column("listener_id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, nullable=False, index=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "records",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("listener_id", sa.Text, index=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    for table in ("records", "joined", "suppressed"):
        op.drop_table(table)
    op.drop_index("ux_events_listener_id_origin", "events")
    op.drop_column("events", "origin")
    op.drop_column("sessions", "name")
