"""Years of history cost a turn next to nothing: forty times the rows are not twice the work.

Counted in steps of SQLite's own machine, which no other program's load can change.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from bots.simulator import Simulator
from data.database import connect
from engine.cycle import turn
from tests.bench.communes import BUSY, NIGHT, at_work, crowded
from tests.bench.history import fill
from tests.bench.stores import SqliteStore

EVERY = 100  # steps
# Without the mends it was 15 times (the journal's last lines were looked for in all of it) and 4 times (so was what
# still waits for a person, in all they ever got). What is left grows with the numbers a person has used.
AT_MOST = 2


def steps_of_a_turn(url: str, busy: bool) -> tuple[int, int]:
    """The steps that one turn takes, and the messages that it sends."""
    engine = connect(url)
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += EVERY
        return 0

    @event.listens_for(engine, "connect")
    def _watch(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_progress_handler(count, EVERY)

    simulator = Simulator()
    asyncio.run(turn(engine, [simulator], BUSY if busy else NIGHT))
    engine.dispose()
    return counted, len(simulator.sent)


@pytest.mark.parametrize("busy", [True, False], ids=["forty due", "nothing due"])
def test_a_turn_does_not_read_history(busy: bool, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    prepared = store.new()
    at_work(prepared, [crowded(f"xa-{n}", 10) for n in range(4)])
    long = store.copy(prepared)
    fill(prepared, "xa-0", 2_000)
    fill(long, "xa-0", 80_000)  # as much a commune as in the bench: the due ones' own past is what could cost
    few, sent = steps_of_a_turn(prepared, busy)
    many, sent_too = steps_of_a_turn(long, busy)
    assert sent == sent_too
    assert bool(sent) is busy
    assert many <= AT_MOST * few
