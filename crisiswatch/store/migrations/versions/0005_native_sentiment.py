"""What a source itself says of a mention's mood. Mentions from before have none of it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mention", sa.Column("native_sentiment", sa.Double(), nullable=True))
