"""Remember the sessions of which a listener says "this was not me"."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disowned",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("listener_id", sa.Text, sa.ForeignKey("listeners.listener_id"), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("disowned")
