"""When a message first was to go: what waited for its hour has its whole day of attempts from then."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("due_at", sa.BigInteger(), nullable=True))
