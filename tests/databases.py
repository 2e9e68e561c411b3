"""The database of a story: an SQLite file, or a PostgreSQL database where NHACVIEC_TEST_DATABASE=postgres says so."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data.database import connect, create_schema

CHOICE = "NHACVIEC_TEST_DATABASE"


@dataclass(frozen=True)
class StoryDatabase:
    """Opened, with all tables and nothing in them."""

    url: str
    engine: Engine

    def close(self) -> None:
        """Let go of it; a PostgreSQL database goes, a file stays where it is."""
        self.engine.dispose()
        if self.engine.dialect.name == "postgresql":
            from tests.postgres.server import drop_database

            drop_database(self.url)


def story_database(file: Path) -> StoryDatabase:
    """A database for one story; ``file`` is where it stands if it is a file."""
    if os.environ.get(CHOICE) == "postgres":
        url = postgres_or_skip()
        return StoryDatabase(url, connect(url))
    url = f"sqlite:///{file}"
    engine = connect(url)
    create_schema(engine)
    return StoryDatabase(url, engine)


def postgres_or_skip(*, empty: bool = False, begin_only: bool = False) -> str:
    """The URL of a new PostgreSQL database; where no server can be had, the test is skipped with the reason."""
    from tests.postgres.server import NoPostgres, empty_database, fresh_database, server

    try:
        if begin_only:
            return server()["url"]
        return empty_database() if empty else fresh_database()
    except NoPostgres as why:
        pytest.skip(f"no PostgreSQL: {why}")
