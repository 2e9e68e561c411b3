"""Index: the chats of an office, for who of its people can be reached"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_index("chat_office", "chat", ["office_id"])


def downgrade() -> None:
    """Take this version back."""
    op.drop_index("chat_office", table_name="chat")
