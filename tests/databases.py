"""The database of a story: an SQLite file, or a PostgreSQL database where NHACVIEC_TEST_DATABASE=postgres says so."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, make_url

from data.database import connect, create_schema, open_database

CHOICE = "NHACVIEC_TEST_DATABASE"
KINDS = ("sqlite", "postgresql")


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
    if not file.exists():
        file.write_bytes(_made_once(_with_tables))
    return StoryDatabase(url, _warm(connect(url)))


def new_database(url: str) -> Engine:
    """:func:`data.database.open_database` of one that is not there yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).write_bytes(_made_once(open_database))
    return open_database(url)


@cache
def _made_once(make: Callable[[str], Engine]) -> bytes:
    """An empty file: to make its tables takes longer than most stories."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        make(f"sqlite:///{file}").dispose()
        return file.read_bytes()


# A program compiles its statements once in months; a session of tests would do so for each story, at half of its time.
_COMPILED: dict[Any, Any] = {}


def _warm(engine: Engine) -> Engine:
    """Let it share what other stories have compiled: for the same dialect, so that is one object too."""
    engine.dialect = _dialect()
    engine.update_execution_options(compiled_cache=_COMPILED)
    return engine


@cache
def _dialect() -> Dialect:
    engine = connect("sqlite://")
    engine.connect().close()  # now it knows its database's version
    return engine.dialect


def _with_tables(url: str) -> Engine:
    engine = connect(url)
    create_schema(engine)
    return engine


@contextmanager
def without_tables(kind: str, folder: Path) -> Iterator[Engine]:
    """A database of one of :data:`KINDS` with nothing in it, for a test that makes its own tables."""
    lite = kind == "sqlite"
    url = f"sqlite:///{folder / 'empty.db'}" if lite else postgres_or_skip(empty=True)
    engine = connect(url)
    yield engine
    engine.dispose()
    if not lite:
        from tests.postgres.server import drop_database

        drop_database(url)


def postgres_or_skip(*, empty: bool = False, begin_only: bool = False) -> str:
    """The URL of a new PostgreSQL database; where no server can be had, the test is skipped with the reason."""
    from tests.postgres.server import NoPostgres, empty_database, fresh_database, server

    try:
        if begin_only:
            return server()["url"]
        return empty_database() if empty else fresh_database()
    except NoPostgres as why:
        pytest.skip(f"no PostgreSQL: {why}")
