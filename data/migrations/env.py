"""Alembic's entry: :func:`data.database.open_database` hands over the connection."""

from alembic import context
from sqlmodel import SQLModel

from data import tables  # noqa: F401  (fills SQLModel.metadata)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
context.run_migrations()
