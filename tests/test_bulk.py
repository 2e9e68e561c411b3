"""Writing many rows at once: the table must look as if SQLAlchemy had written them one by one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    func,
    insert,
    select,
    update,
)

from data import bulk
from data.one_of import one_of
from data.tables import UtcDateTime
from tests.databases import KINDS, without_tables

NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True),
    Column("at", UtcDateTime()),
    Column("about", JSON(none_as_null=True)),
    Column("urgent", Boolean, default=False),
    Column("copies", Integer, nullable=False, default=0),
)
COMPUTED = Table("computed", MetaData(), Column("id", Integer), Column("made", Integer, default=lambda: 1))
INSERT = insert(NOTES)
MARK = update(NOTES).where(one_of(NOTES.c.name, "b_names"), NOTES.c.copies == 0).values(copies=bindparam("b_copies"))
POSTPONE = update(NOTES).where(NOTES.c.name == bindparam("b_name")).values(at=bindparam("b_at"), urgent=True, copies=7)
NOON = dt.datetime(2026, 3, 16, 5, tzinfo=dt.UTC)
VIETNAM = dt.timezone(dt.timedelta(hours=7))
SHARED = {"chain": [1, 2], "vì": "hạn"}
ROWS: list[dict[str, Any]] = [
    {"name": "a", "at": NOON, "about": SHARED, "urgent": True},
    {"name": "b", "at": NOON.astimezone(VIETNAM), "about": SHARED, "urgent": None},
    {"name": "c'); DROP TABLE notes; --", "at": None, "about": None, "urgent": False},
    {"name": "%(name)s ? :name", "at": NOON + dt.timedelta(microseconds=1), "about": [], "urgent": True},
    {"name": 'một "dòng"\n\tvà \\ \u2028', "at": NOON, "about": {"lời": 'của "ai"', "không": None}, "urgent": True},
]


@pytest.fixture(params=KINDS)
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    with without_tables(request.param, tmp_path) as engine:
        NOTES.metadata.create_all(engine)
        with engine.begin() as connection:
            yield connection


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    """The rows as the driver sees them, without SQLAlchemy's reading; documents are spelled in one way."""
    raw = connection.exec_driver_sql("SELECT name, at, about, urgent, copies FROM notes ORDER BY id").all()
    return [(*row[:2], json.dumps(json.loads(row[2]) if isinstance(row[2], str) else row[2]), *row[3:]) for row in raw]


def test_it_writes_what_sqlalchemy_would_have_written(connection: Connection) -> None:
    connection.execute(INSERT, ROWS)
    expected = stored(connection)
    connection.execute(NOTES.delete())
    assert bulk.write(connection, INSERT, ROWS) == len(ROWS)
    assert stored(connection) == expected


def test_no_rows_are_no_statement(connection: Connection) -> None:
    assert bulk.write(connection, INSERT, []) == 0
    assert bulk.add_missing(connection, NOTES, []) == 0
    bulk.add_or_replace(connection, NOTES, ("name",), [])
    assert stored(connection) == []


def test_an_update_takes_its_fixed_values_from_the_statement(connection: Connection) -> None:
    bulk.write(connection, INSERT, ROWS)
    later = NOON + dt.timedelta(days=1)
    touched = bulk.write(connection, POSTPONE, [{"b_name": name, "b_at": later} for name in ("a", "b", "nobody")])
    assert touched == 2
    moved = connection.execute(select(NOTES.c.name, NOTES.c.urgent, NOTES.c.copies).where(NOTES.c.at == later)).all()
    assert [tuple(row) for row in moved] == [("a", True, 7), ("b", True, 7)]


def test_an_update_of_lists_touches_each_of_them(connection: Connection) -> None:
    bulk.write(connection, INSERT, ROWS)
    marks = [{"b_names": ["a", "nobody", "c'); DROP TABLE notes; --"], "b_copies": 5}, {"b_names": [], "b_copies": 6}]
    assert bulk.write(connection, MARK, [*marks, {"b_names": ["b"], "b_copies": 7}]) == 3
    assert [row[4] for row in stored(connection)] == [5, 7, 5, 0, 0]


def test_many_rows_are_several_documents(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    event.listen(connection, "before_cursor_execute", lambda *details: calls.append(details[2]))
    assert bulk.write(connection, INSERT, ROWS) == len(ROWS)
    assert len(calls) == (3 if connection.dialect.name == "postgresql" else 1)
    assert [row[0] for row in stored(connection)] == [row["name"] for row in ROWS]


def test_rows_that_are_there_stay_as_they_are(connection: Connection) -> None:
    bulk.write(connection, INSERT, ROWS)
    again = [{"name": "a", "copies": 5}, {"name": "new", "copies": 6}]
    assert bulk.add_missing(connection, NOTES, again) == 1
    copies = connection.execute(select(NOTES.c.copies).where(NOTES.c.name.in_(["a", "new"])).order_by(NOTES.c.name))
    assert copies.scalars().all() == [0, 6]


def test_a_row_that_stands_for_several_is_set_out(connection: Connection) -> None:
    bulk.write(connection, INSERT, ROWS)
    several: list[dict[str, Any]] = [
        {"name": ["new", "a", "newer", "new"], "at": NOON, "about": SHARED, "urgent": None, "copies": 5},
        {"name": [], "at": NOON, "about": None, "urgent": True, "copies": 6},
        {"name": ["c'); DROP TABLE notes; --", "?"], "at": None, "about": None, "urgent": True, "copies": 7},
    ]
    assert bulk.add_missing_for_each(connection, NOTES, "name", several) == 3
    connection.execute(NOTES.delete().where(NOTES.c.copies == 0))
    set_out = [{**row, "name": name} for row, name in ((several[0], "new"), (several[0], "newer"), (several[2], "?"))]
    as_they_are = stored(connection)
    connection.execute(NOTES.delete())
    connection.execute(INSERT, set_out)
    assert as_they_are == stored(connection)
    assert bulk.add_missing_for_each(connection, NOTES, "name", []) == 0
    with pytest.raises(TypeError, match="copies"):
        bulk.add_missing_for_each(connection, NOTES, "name", [{"name": ["b"], "urgent": None}])


def test_replacing_changes_what_is_named_and_nothing_else(connection: Connection) -> None:
    bulk.write(connection, INSERT, ROWS)
    bulk.add_or_replace(connection, NOTES, ("name",), [{"name": "a", "at": None, "copies": 3}])
    row = connection.execute(select(NOTES).where(NOTES.c.name == "a")).one()
    assert (row.id, row.at, row.copies, row.about, row.urgent) == (1, None, 3, SHARED, True)
    assert connection.execute(select(func.count()).select_from(NOTES)).scalar() == len(ROWS)


def test_equal_values_of_different_types_are_not_mixed_up(connection: Connection) -> None:
    # 1 == True: a memory by value would write the first one's translation for both.
    bulk.write(
        connection, INSERT, [{"name": "x", "about": 1}, {"name": "y", "about": True}, {"name": "z", "about": "1"}]
    )
    read = connection.execute(select(NOTES.c.about).order_by(NOTES.c.id)).scalars().all()
    assert [json.dumps(value) for value in read] == ["1", "true", '"1"']


def test_an_instant_without_a_zone_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="which zone"):
        bulk.write(connection, INSERT, [{"name": "a", "at": NOON.replace(tzinfo=None)}])


def test_a_row_that_names_too_little_is_refused(connection: Connection) -> None:
    with pytest.raises(KeyError, match="b_at"):
        bulk.write(connection, POSTPONE, [{"b_name": "a"}])
    with pytest.raises(KeyError, match="at"):
        bulk.write(connection, INSERT, [{"name": "a", "at": NOON}, {"name": "b"}])


def test_a_default_that_must_be_computed_is_not_guessed(connection: Connection) -> None:
    with pytest.raises(TypeError, match="made"):
        bulk.write(connection, insert(COMPUTED), [{"id": 1}])


def test_a_statement_is_compiled_once(connection: Connection) -> None:
    bulk._prepare.cache_clear()
    for name in "abc":
        bulk.add_missing(connection, NOTES, [{"name": name}])
        bulk.add_or_replace(connection, NOTES, ("name",), [{"name": name, "copies": 1}])
    assert bulk._prepare.cache_info().misses == 2
