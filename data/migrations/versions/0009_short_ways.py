"""Indexes: answers that wait, and the numbers of a person that are in use"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ANSWERS = sa.text("status = 'queued' AND kind = 'answer'")


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_index(
        "message_answers",
        "message",
        ["kind", "not_before", "id"],
        sqlite_where=_ANSWERS,
        postgresql_where=_ANSWERS,
    )
    op.create_index("handle_in_use", "handle", ["person_id", "released_at"])


def downgrade() -> None:
    """Take this version back."""
    op.drop_index("handle_in_use", table_name="handle")
    op.drop_index("message_answers", table_name="message")
