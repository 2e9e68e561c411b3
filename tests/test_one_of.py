"""A list of values as one parameter finds what a list of parameters finds, on both databases, by the same indexes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Select, String, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from data.one_of import one_of
from tests.databases import KINDS, without_tables

EVERY = [1, 2, 3, 4, 5]
META = MetaData()
NOTES = Table("notes", META, Column("id", Integer, primary_key=True), Column("name", String, index=True))
NAMES = ["xa-1", "xã hai", "a'); DROP TABLE notes; --", '["b"]', "{}"]
BY_NAME = select(NOTES.c.id).where(one_of(NOTES.c.name, "names")).order_by(NOTES.c.id)
IN_ORDER = select(NOTES.c.id).where(one_of(NOTES.c.name, "names", seek=False)).order_by(NOTES.c.id)
NOT_BY_NAME = select(NOTES.c.id).where(~one_of(NOTES.c.name, "names")).order_by(NOTES.c.id)
BY_ID = select(NOTES.c.name).where(one_of(NOTES.c.id, "ids")).order_by(NOTES.c.id)


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with without_tables(request.param, tmp_path) as engine:
        META.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(NOTES), [{"id": at, "name": name} for at, name in enumerate(NAMES, start=1)])
        yield engine


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], []),
        (NAMES[:1], [1]),
        (NAMES[2:], [3, 4, 5]),
        (["xa-1", "xa-1", "xa-2"], [1]),
        (set(NAMES), EVERY),
    ],
    ids=["none", "one", "hostile ones", "twice, and one unknown", "a set"],
)
def test_names(engine: Engine, asked: list[str], found: list[int]) -> None:
    with engine.connect() as connection:
        assert connection.execute(BY_NAME, {"names": asked}).scalars().all() == found
        assert connection.execute(IN_ORDER, {"names": asked}).scalars().all() == found
        others = connection.execute(NOT_BY_NAME, {"names": asked}).scalars().all()
    assert sorted([*others, *found]) == EVERY


@pytest.mark.parametrize("many", [1, 40_000], ids=["one", "more than a statement has parameters"])
def test_numbers(engine: Engine, many: int) -> None:
    with engine.connect() as connection:
        found = connection.execute(BY_ID, {"ids": range(1, many + 1)}).scalars().all()
    assert found == NAMES[:many]


def test_sqlite_looks_into_the_index(tmp_path: Path) -> None:
    plan = how_sqlite_finds(BY_NAME, tmp_path)
    assert any(step.startswith("SEARCH notes USING") and "ix_notes_name" in step for step in plan), plan


def test_sqlite_walks_in_order_where_it_is_only_to_compare(tmp_path: Path) -> None:
    plan = how_sqlite_finds(IN_ORDER, tmp_path)
    assert plan[0] == "SCAN notes", plan  # by its key, which is the order asked for
    assert not any("ORDER BY" in step for step in plan), plan


def how_sqlite_finds(query: Select[Any], tmp_path: Path) -> list[str]:
    engine = create_engine(f"sqlite:///{tmp_path / 'notes.db'}")
    META.create_all(engine)
    said = str(query.compile(engine))
    with engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ('["xa-1"]',))]


def test_none_is_no_list(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(StatementError, match="not iterable"):
        connection.execute(BY_NAME, {"names": None})
