"""The hot questions are answered by an index: an idle turn costs the same with ten thousand rows and with millions."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bots.simulator import Simulator
from data.database import open_database
from engine import load
from engine.cycle import turn
from schedules.office_file import read_office, shipped_offices

LOADED = dt.datetime(2026, 1, 4, 17, 0, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)
GROWING = ("occurrence", "reminder", "message", "inbound", "handle", "journal", "obligation", "person", "chat")


def test_no_question_of_a_turn_walks_a_table_that_grows(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'nhacviec.db'}")
    hung_thang = next(path for path in shipped_offices() if path.stem == "hung-thang")
    with engine.begin() as connection:
        load.apply(connection, read_office(hung_thang), LOADED)
        load.link_simulator(connection, LOADED)
    asked = _listen(engine)
    for at in (MORNING, MORNING + dt.timedelta(minutes=1)):  # a busy turn, an idle one
        asyncio.run(turn(engine, [Simulator()], at))
    walks = set()
    with engine.connect() as connection:
        # An index of only the few rows that wait for something may be walked whole.
        small = set(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
            .scalars()
            .all()
        )
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            walks |= {(row.detail, statement) for row in plan if _walks(row.detail, small)}
    engine.dispose()
    assert len(asked) > 30
    assert not walks


def _listen(engine: Engine) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            asked.append((statement, parameters[0] if many else parameters))

    return asked


def _walks(step: str, small: set[str]) -> bool:
    words = step.split()
    return words[0] == "SCAN" and words[1] in GROWING and words[-1] not in small
