"""Among a country's people PostgreSQL still goes by its indexes: a turn costs what is due, not who there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bots.simulator import Simulator
from data.database import connect
from engine.cycle import turn
from tests.bench.communes import BUSY, at_work, crowded, multiply
from tests.bench.history import settle
from tests.databases import postgres_or_skip
from tests.postgres import server

COMMUNES, AT_WORK = 600, 10
PEOPLE = ("person", "chat", "unit")  # what a country has a hundred thousand of


@pytest.fixture
def engine() -> Iterator[Engine]:
    url = postgres_or_skip()
    at_work(url, [crowded(f"xa-{n}", 2) for n in range(AT_WORK)])
    engine = connect(url)
    with engine.begin() as connection:
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(AT_WORK, COMMUNES)])
    settle(url)
    yield engine
    engine.dispose()
    server.drop_database(url)


def test_no_question_of_a_turn_reads_everybody(engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if statement.startswith("SELECT") and not many:
            asked.append((statement, parameters))

    simulator = Simulator()
    asyncio.run(turn(engine, [simulator], BUSY))
    event.remove(engine, "before_cursor_execute", _note)
    assert len(simulator.sent) >= AT_WORK
    read = set()
    with engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
            read |= {(step.strip(), statement) for step in plan for table in PEOPLE if f"Seq Scan on {table}" in step}
    assert any(" chat " in statement or "FROM chat" in statement for statement, _ in asked)
    assert not read
