"""Chat for real: linking codes, groups, evidence, budgets, follow-up questions"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this version."""
    op.create_table(
        "usage",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "bot", "month"),
    )
    op.create_table(
        "link_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["unit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("link_code") as batch_op:
        batch_op.create_index(
            "link_code_live",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("used_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND withdrawn_at IS NULL"),
        )

    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.String(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("mime", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("bot", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fetch_after", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["occurrence.id"],
        ),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.create_index("evidence_occurrence", ["occurrence_id"], unique=False)
        batch_op.create_index(
            "evidence_to_fetch",
            ["fetch_after"],
            unique=False,
            sqlite_where=sa.text("status = 'to_fetch'"),
            postgresql_where=sa.text("status = 'to_fetch'"),
        )

    with op.batch_alter_table("chat") as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failing_why", sa.String(), nullable=True))
        batch_op.alter_column("person_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index("chat_unit", ["unit_id"], unique=False)
        batch_op.create_foreign_key("fk_chat_unit", "unit", ["unit_id"], ["id"])

    with op.batch_alter_table("inbound") as batch_op:
        batch_op.add_column(sa.Column("sender", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("about_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("about_person", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pressed", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("attachments", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("unreadable", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("asked", sa.JSON(), nullable=True))
        batch_op.create_index("inbound_address", ["channel", "bot", "address", "id"], unique=False)

    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("editable", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("avoid", sa.JSON(), nullable=True))

    with op.batch_alter_table("obligation") as batch_op:
        batch_op.add_column(sa.Column("evidence", sa.String(), nullable=False, server_default="none"))

    with op.batch_alter_table("occurrence") as batch_op:
        batch_op.add_column(sa.Column("difficulty", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("viewer", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("phone", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("origin", sa.String(), nullable=False, server_default="file"))
        batch_op.add_column(sa.Column("left_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_column("left_on")
        batch_op.drop_column("origin")
        batch_op.drop_column("phone")
        batch_op.drop_column("viewer")

    with op.batch_alter_table("occurrence") as batch_op:
        batch_op.drop_column("snoozed_until")
        batch_op.drop_column("difficulty")

    with op.batch_alter_table("obligation") as batch_op:
        batch_op.drop_column("evidence")

    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_column("avoid")
        batch_op.drop_column("editable")

    with op.batch_alter_table("inbound") as batch_op:
        batch_op.drop_index("inbound_address")
        batch_op.drop_column("asked")
        batch_op.drop_column("unreadable")
        batch_op.drop_column("attachments")
        batch_op.drop_column("pressed")
        batch_op.drop_column("about_person")
        batch_op.drop_column("about_version")
        batch_op.drop_column("sender")

    with op.batch_alter_table("chat") as batch_op:
        batch_op.drop_constraint("fk_chat_unit", type_="foreignkey")
        batch_op.drop_index("chat_unit")
        batch_op.alter_column("person_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("failing_why")
        batch_op.drop_column("failing_since")
        batch_op.drop_column("rank")
        batch_op.drop_column("unit_id")

    with op.batch_alter_table("evidence") as batch_op:
        batch_op.drop_index(
            "evidence_to_fetch",
            sqlite_where=sa.text("status = 'to_fetch'"),
            postgresql_where=sa.text("status = 'to_fetch'"),
        )
        batch_op.drop_index("evidence_occurrence")

    op.drop_table("evidence")
    with op.batch_alter_table("link_code") as batch_op:
        batch_op.drop_index(
            "link_code_live",
            sqlite_where=sa.text("used_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND withdrawn_at IS NULL"),
        )

    op.drop_table("link_code")
    op.drop_table("usage")
