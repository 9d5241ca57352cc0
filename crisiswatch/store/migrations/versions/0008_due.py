"""When a message first was to go: what waited for its hour has its whole day of attempts from then."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("due_at", sa.BigInteger(), nullable=True))
    # What was tried already has moved its ``not_before`` on: nobody knows any more when it first was to go.
    op.execute(
        "UPDATE outbox SET due_at = CASE WHEN not_before > created_at THEN not_before ELSE created_at END "
        "WHERE status = 'pending' AND attempts = 0"
    )
