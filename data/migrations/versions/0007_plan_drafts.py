"""Drafts of plan documents, while a person goes through them"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_table(
        "plan_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("busy_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("failed", sa.String(), nullable=True),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("decided", sa.JSON(), nullable=True),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("year", sa.JSON(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("plan_draft_office", "plan_draft", ["office_id"])


def downgrade() -> None:
    """Take this version back."""
    op.drop_index("plan_draft_office", table_name="plan_draft")
    op.drop_table("plan_draft")
