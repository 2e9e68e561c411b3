"""A state or a kind is spelled out in a statement: the database knows which partial index holds. Texts are bound."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, bindparam, event, select
from sqlalchemy.dialects import postgresql, sqlite

from bots.simulator import Simulator
from data.database import connect
from engine.cycle import turn
from engine.office import MESSAGE
from engine.rules.lifecycle import OPEN, WorkState
from tests.bench.communes import NIGHT, at_work, crowded
from tests.bench.history import fill
from tests.bench.stores import SqliteStore

status = MESSAGE.c.status
DIALECTS = [postgresql.dialect(), sqlite.dialect()]  # type: ignore[no-untyped-call]


def condition(compared: ColumnElement[bool]) -> Iterable[tuple[str, dict[str, Any]]]:
    """What follows WHERE in each database's words, and what is bound in it."""
    for dialect in DIALECTS:
        said = select(MESSAGE.c.id).where(compared).compile(dialect=dialect)
        yield str(said).partition("WHERE ")[2], said.params


@pytest.mark.parametrize(
    ("compared", "said"),
    [
        (status == "queued", "message.status = 'queued'"),
        (status != "queued", "message.status != 'queued'"),
        (status == WorkState.DONE, "message.status = 'done'"),
        (status.in_(("sent", "claimed")), "message.status IN ('sent', 'claimed')"),
        (status.in_(OPEN), "message.status IN ('doing', 'new', 'returned')"),
        (status.not_in(["sent"]), "(message.status NOT IN ('sent'))"),
        (status == MESSAGE.c.kind, "message.status = message.kind"),
        (status.is_(None), "message.status IS NULL"),
    ],
)
def test_a_word_of_ours_is_spelled_out(compared: ColumnElement[bool], said: str) -> None:
    for where, bound in condition(compared):
        assert where == said
        assert not bound


@pytest.mark.parametrize("text", ["x' OR 'a' = 'a", "", "đã gửi", "two words", "%", "x;--", "1"])
def test_what_is_no_such_word_is_bound(text: str) -> None:
    for alone in (status == text, status.in_([text])):
        for where, bound in condition(alone):
            assert "'" not in where
            assert text in str(bound)
    for where, bound in condition(MESSAGE.c.text == "queued"):  # a person's text
        assert "queued" not in where
        assert list(bound.values()) == ["queued"]


def test_a_parameter_stays_one() -> None:
    for where, bound in condition(status == bindparam("status")):
        assert "'" not in where
        assert bound == {"status": None}


def test_sqlite_plans_nothing_anew_in_a_turn_without_work(tmp_path: Path) -> None:
    """Each planning asks the authorizer; an office with two years behind it, and nothing due at night."""
    store = SqliteStore(tmp_path)
    prepared = store.new()
    at_work(prepared, [crowded("xa-0", 10)])
    fill(prepared, "xa-0", 2_000)
    engine = connect(prepared)
    planned: list[str | None] = []

    def asked(action: int, table: str | None, *_more: str | None) -> int:
        if action != sqlite3.SQLITE_TRANSACTION:  # the driver never keeps its COMMIT
            planned.append(table)
        return sqlite3.SQLITE_OK

    @event.listens_for(engine, "connect")
    def _watch(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_authorizer(asked)

    for _ in range(2):  # the first time each statement is planned, and then it is known
        asyncio.run(turn(engine, [Simulator()], NIGHT))
    assert planned
    planned.clear()
    asyncio.run(turn(engine, [Simulator()], NIGHT))
    engine.dispose()
    assert planned == []
