"""Lanes: one bot each, so that several machines can share the sending"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued' AND channel IS NOT NULL")
_LANELESS = sa.text("status = 'queued' AND channel IS NULL")
_NONE = sa.text("id IS NULL")  # several machines are never on SQLite: no row is in it there


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_table(
        "lane",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sent_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "bot"),
    )
    op.add_column("message", sa.Column("begun", sa.Boolean(), nullable=True))  # no copy of the table: both can add
    op.create_index(
        "message_lane",
        "message",
        ["channel", "bot", "not_before", "id"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.create_index("message_laneless", "message", ["not_before", "id"], sqlite_where=_NONE, postgresql_where=_LANELESS)


def downgrade() -> None:
    """Take this version back."""
    op.drop_index("message_laneless", table_name="message")
    op.drop_index("message_lane", table_name="message")
    op.drop_column("message", "begun")
    op.drop_table("lane")
