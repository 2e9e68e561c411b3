"""The schema goes up, down and up again on both databases, and takes every row of every released version along."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from data import journal
from data.database import MIGRATIONS, connect, migrate, newest_version, open_database, versions
from tests.databases import postgres_or_skip
from tests.samples import AT, JOURNAL_LINES, OFFICE_ID, every_row, load_sample, open_sample, released

INSERTED = AT + dt.timedelta(hours=9)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'nv.db'}" if request.param == "sqlite" else postgres_or_skip(empty=True)
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture(params=released())
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_there_is_a_sample_of_every_released_version() -> None:
    assert released() == versions()[: len(released())]
    assert released()[:9] == [f"{number:04}" for number in range(1, 10)]


def test_every_table_of_a_sample_has_a_row_with_little_and_one_with_much(engine: Engine, version: str) -> None:
    load_sample(version, engine)
    for name, (first, second, *_) in every_row(engine, version).items():
        assert None not in second.values(), name
        assert first != second


def test_a_released_migration_still_makes_what_it_made(tmp_path: Path, version: str) -> None:
    open_sample(version, tmp_path / "then.db")
    fresh = connect(f"sqlite:///{tmp_path / 'now.db'}")
    migrate(fresh, version)
    fresh.dispose()
    assert schema_in(tmp_path / "now.db") == schema_in(tmp_path / "then.db")


def schema_in(file: Path) -> set[tuple[str, ...]]:
    """What makes each table, index and trigger; a table made anew names its foreign keys in any order."""
    with closing(sqlite3.connect(file)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {tuple(sorted(re.split(r",?\s+", sql))) for (sql,) in made}


def test_the_versions_are_those_that_the_migrations_name() -> None:
    """The program reads them off the files' names, as every command asks for the newest."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert versions() == [one.revision for one in reversed(list(script.walk_revisions()))]
    assert newest_version() == script.get_current_head()


def test_a_database_of_a_released_version_loses_nothing(engine: Engine, version: str) -> None:
    load_sample(version, engine)
    before = every_row(engine, version)
    migrate(engine, "head")
    after = every_row(engine, newest_version())
    for name, rows in before.items():
        kept = [{key: row[key] for key in old} for old, row in zip(rows, after[name], strict=True)]
        assert kept == rows, name
    with engine.begin() as connection:  # and its history goes on
        journal.append(connection, OFFICE_ID, INSERTED, [journal.Line("engine", "opened", None, {})])
        verdict = journal.verify(connection, OFFICE_ID)
    assert (verdict.lines, verdict.broken_at) == (JOURNAL_LINES + 1, None)


def test_every_version_leads_to_the_same_newest_one(engine: Engine, version: str) -> None:
    """A column that one path makes nullable and another not is found when it hurts, else."""
    load_sample(version, engine)
    migrate(engine, "head")
    with engine.connect() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)


def test_up_down_up_leaves_every_row_as_it_was(engine: Engine, version: str) -> None:
    load_sample(version, engine)
    first = every_row(engine, version)
    migrate(engine, "head")
    newest = every_row(engine, newest_version())
    migrate(engine, version, down=True)
    assert every_row(engine, version) == first
    migrate(engine, "head")
    assert every_row(engine, newest_version()) == newest


def test_all_the_way_down_leaves_nothing(engine: Engine) -> None:
    migrate(engine, "head")
    migrate(engine, "base", down=True)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_migrations_and_tables_say_the_same(engine: Engine) -> None:
    migrate(engine, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, SQLModel.metadata)
    assert not differences


def test_the_journal_takes_no_change_after_an_upgrade(engine: Engine) -> None:
    load_sample("0001", engine)
    migrate(engine, "head")
    changes = ["UPDATE journal SET actor = 'x'", "DELETE FROM journal"]
    changes += ["TRUNCATE journal"] if engine.dialect.name == "postgresql" else []
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(change)


def test_an_upgrade_that_fails_leaves_the_old_version_whole(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    load_sample("0001", engine)
    before = every_row(engine, "0001")

    def full_disk(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("data.database.guard_journal", full_disk)
    with pytest.raises(OSError, match="no space"):
        migrate(engine, "head")
    assert every_row(engine, "0001") == before


def test_foreign_keys_are_watched_again_after_an_upgrade(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'nv.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
