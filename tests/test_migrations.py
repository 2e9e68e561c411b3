"""The schema goes up, down and up again on both databases, and takes every row of every released version along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from data import journal
from data.database import connect, migrate, newest_version, open_database, version_of
from tests.databases import postgres_or_skip

AT = dt.datetime(2026, 3, 16, 1, 2, 3, 456789, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 25)

# One row a table as version 0001 knew them, and what it may hold at its worst: quotes, marks, nothing, documents.
FIRST: dict[str, dict[str, Any]] = {
    "office": {
        "id": "xa-a",
        "name": "UBND xã “A” — 'thử'",
        "timezone": "Asia/Ho_Chi_Minh",
        "definition": {"morning": ["07:30", "11:30"], "tên": "ê\u0000%s"},
        "plan": {"title": "Kế hoạch"},
        "ladders": {"a": []},
        "loaded_on": DAY,
        "next_digest_at": AT,
    },
    "unit": {"id": 1, "office_id": "xa-a", "slug": "u", "name": "Đơn vị", "kind": "unit", "active": True},
    "person": {
        "id": 7,
        "office_id": "xa-a",
        "slug": "p",
        "name": "Người",
        "unit_id": 1,
        "role": "officer",
        "standing": False,
        "in_charge_of": [],
        "active": True,
    },
    "chat": {"id": 1, "office_id": "xa-a", "person_id": 7, "channel": "zalo", "bot": "b", "address": "1"},
    "standin": {
        "id": 1,
        "office_id": "xa-a",
        "person_id": 7,
        "substitute_id": 7,
        "first_day": DAY,
        "last_day": DAY,
        "decision": "1/QĐ",
    },
    "obligation": {
        "id": 3,
        "office_id": "xa-a",
        "slug": "o",
        "title": "Báo cáo",
        "rule": {"kind": "monthly"},
        "ladder": "a",
        "confirm": "none",
        "product": None,
        "secret": False,
        "active": True,
        "planned_until": DAY,
    },
    "occurrence": {
        "id": 9,
        "office_id": "xa-a",
        "obligation_id": 3,
        "unit_id": 1,
        "period_key": "2026-03",
        "title": "Báo cáo tháng 3/2026",
        "nominal_due": DAY,
        "due": DAY,
        "internal_due": DAY,
        "first_internal_due": DAY,
        "work_state": "new",
        "doer_id": 7,
        "revision": 1,
        "version": 1,
        "pulled_forward": False,
        "next_move_at": AT,
    },
    "extension": {
        "id": 1,
        "office_id": "xa-a",
        "occurrence_id": 9,
        "asked_by": 7,
        "asked_at": AT,
        "until": DAY,
        "reason": "chờ số liệu",
        "was": DAY,
        "status": "waiting",
    },
    "message": {
        "id": 5,
        "office_id": "xa-a",
        "person_id": 7,
        "kind": "reminder",
        "key": "remind:2026-03-16/am",
        "slot": "2026-03-16/am",
        "urgent": True,
        "status": "queued",
        "not_before": AT,
        "attempts": 0,
        "copies": 0,
    },
    "reminder": {
        "id": 2,
        "office_id": "xa-a",
        "occurrence_id": 9,
        "revision": 1,
        "rung": "-3",
        "person_id": 7,
        "says": "soon",
        "scheduled_at": AT,
        "status": "in_message",
        "message_id": 5,
    },
    "inbound": {
        "id": 1,
        "channel": "zalo",
        "bot": "b",
        "update_key": "k",
        "address": "1",
        "text": "xong 3",
        "raw": "{}",
        "received_at": AT,
    },
    "handle": {"id": 1, "person_id": 7, "number": 3, "occurrence_id": 9, "given_at": AT},
    "poll_offset": {"channel": "zalo", "bot": "b", "next_update": 12},
}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'nv.db'}" if request.param == "sqlite" else postgres_or_skip(empty=True)
    engine = connect(url)
    yield engine
    engine.dispose()


def reflected(engine: Engine, version: str) -> MetaData:
    """The tables as they stand, with the types of ours where a column has kept its name."""
    found = MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        assert version_of(connection) == version
    for table in found.tables.values():
        ours = SQLModel.metadata.tables.get(table.name)
        for column in table.columns:
            if ours is not None and column.name in ours.c:
                column.type = ours.c[column.name].type
    return found


def every_row(engine: Engine, version: str) -> Rows:
    rows: Rows = {}
    found = reflected(engine, version)
    with engine.connect() as connection:
        for name, table in found.tables.items():
            if name != "alembic_version":
                query = select(table).order_by(*table.primary_key)
                rows[name] = [dict(row._mapping) for row in connection.execute(query)]
    return rows


def fill_first_version(engine: Engine) -> Rows:
    """A sample database of version 0001: a row in every table, and a journal of three lines."""
    migrate(engine, "0001")
    found = reflected(engine, "0001")
    with engine.begin() as connection:
        for name, row in FIRST.items():
            table: Table = found.tables[name]
            connection.execute(table.insert(), row | {})
        for number in range(3):
            line = journal.Line("engine", "opened", 9, {"n": number, "vì": "hạn"})
            journal.append(connection, "xa-a", AT + dt.timedelta(hours=number), [line])
    return every_row(engine, "0001")


def test_a_database_of_the_first_version_loses_nothing(engine: Engine) -> None:
    before = fill_first_version(engine)
    assert all(before.values()), "every table of the sample has a row"
    migrate(engine, "head")
    after = every_row(engine, newest_version())
    for name, rows in before.items():
        kept = [{key: row[key] for key in old} for old, row in zip(rows, after[name], strict=True)]
        assert kept == rows, name
    with engine.connect() as connection:
        verdict = journal.verify(connection, "xa-a")
    assert (verdict.lines, verdict.broken_at) == (3, None)


def test_up_down_up_leaves_every_row_as_it_was(engine: Engine) -> None:
    first = fill_first_version(engine)
    migrate(engine, "head")
    newest = every_row(engine, newest_version())
    migrate(engine, "0001", down=True)
    assert every_row(engine, "0001") == first
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
    fill_first_version(engine)
    migrate(engine, "head")
    changes = ["UPDATE journal SET actor = 'x'", "DELETE FROM journal"]
    changes += ["TRUNCATE journal"] if engine.dialect.name == "postgresql" else []
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(change)


def test_an_upgrade_that_fails_leaves_the_old_version_whole(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fill_first_version(engine)

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
