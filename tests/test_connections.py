"""What a connection may do: one that only looks waits for nobody, and one that writes has its turn from the start."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from data.database import at_one_instant, connect, may_fail, reading

AT_ONCE = "PRAGMA busy_timeout = 0"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (n INTEGER)"))
        connection.execute(text("INSERT INTO a VALUES (1)"))
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Another program, in the middle of writing."""
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO a VALUES (2)")
        yield other


@pytest.mark.parametrize("looking", [reading, at_one_instant])
def test_who_only_looks_waits_for_no_writer(engine: Engine, writer: sqlite3.Connection, looking: object) -> None:
    assert callable(looking)
    with looking(engine) as connection:
        connection.exec_driver_sql(AT_ONCE)
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 1
    writer.execute("COMMIT")
    with looking(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 2


def test_who_writes_has_the_lock_before_the_first_look(engine: Engine, writer: sqlite3.Connection) -> None:
    with engine.connect() as connection:
        connection.connection.cursor().execute(AT_ONCE)
        with pytest.raises(OperationalError, match="locked"):
            connection.begin()
    writer.execute("ROLLBACK")
    with engine.begin() as connection, closing(sqlite3.connect(str(engine.url.database), timeout=0)) as other:
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 1
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO a VALUES (3)")


def test_a_connection_that_goes_back_is_any_connection_again(engine: Engine, writer: sqlite3.Connection) -> None:
    """The next who is given it writes."""
    with reading(engine) as connection:
        raw = connection.connection.dbapi_connection
        connection.exec_driver_sql(AT_ONCE)
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is raw
        with pytest.raises(OperationalError, match="locked"):
            connection.begin()
    writer.execute("ROLLBACK")


def test_a_database_in_memory_is_looked_at_and_written_by_one_connection() -> None:
    engine = connect("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (n INTEGER)"))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 0
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO a VALUES (1)"))
        assert connection.connection.dbapi_connection.in_transaction  # type: ignore[union-attr]
    engine.dispose()


def test_after_a_block_that_failed_the_transaction_goes_on(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO a VALUES (2)"))
        with pytest.raises(OperationalError), may_fail(connection):
            connection.execute(text("SELECT nonsense FROM nowhere"))
        connection.execute(text("INSERT INTO a VALUES (3)"))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT group_concat(n) FROM a")).scalar_one() == "1,2,3"
