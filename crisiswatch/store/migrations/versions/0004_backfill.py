"""Mentions that were read after a time in which nobody could listen. Those from before count as read in time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mention", sa.Column("backfill", sa.Boolean(), nullable=False, server_default=sa.false()))
