"""Let one event stand for several of its kind, as an imported history that only knows play counts needs it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("times", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("events", "times")
