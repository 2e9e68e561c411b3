"""Index: whether anything is due in a lane, on PostgreSQL"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued' AND channel IS NOT NULL")
_NONE = sa.text("id IS NULL")  # SQLite asks by way of message_lane: no row is in this one there


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_index(
        "message_lane_due", "message", ["channel", "bot", "not_before"], sqlite_where=_NONE, postgresql_where=_QUEUED
    )


def downgrade() -> None:
    """Take this version back."""
    op.drop_index("message_lane_due", table_name="message")
