"""Turns over ten thousand rows of history and over twenty million: nothing due, and a hundred due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, bindparam, delete, func, select, update

from bots.simulator import Simulator
from data.database import connect
from data.handles import HANDLE
from engine.cycle import turn
from engine.office import MESSAGE, OCCURRENCE, REMINDER
from tests.bench.communes import BUSY, NIGHT, at_work, crowded
from tests.bench.figures import Figure, seconds, times_as_much
from tests.bench.history import fill
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store

LIVE, DUE_EACH = 10, 10  # communes that work, duties due in each
MOST = 1.5


def turns(size: Size, bench: Bench) -> Iterator[Figure]:
    """Both databases."""
    for store in bench.stores:
        yield from _on(size, store, bench)


def _on(size: Size, store: Store, bench: Bench) -> Iterator[Figure]:
    prepared = store.new()
    at_work(prepared, [crowded(f"xa-{n}", DUE_EACH) for n in range(LIVE)])
    urls = {rows: store.copy(prepared) for rows in (size.few, size.many)}
    store.drop(prepared)
    began = time.perf_counter()
    made = {rows: fill(url, "xa-0", rows, said=bench.say) for rows, url in urls.items()}
    filling = time.perf_counter() - began
    engines = {rows: connect(url) for rows, url in urls.items()}
    yield from _idle(
        size, store, engines, made, f"{store.size(urls[size.many]) / 1e9:.1f} GB, filled in {filling:,.0f} s"
    )
    yield from _busy(size, store, engines, made)
    for engine in engines.values():
        engine.dispose()
    for url in urls.values():
        store.drop(url)


def _idle(size: Size, store: Store, engines: dict[int, Engine], made: dict[int, int], note: str) -> Iterator[Figure]:
    taken: dict[int, list[float]] = {rows: [] for rows in engines}
    with asyncio.Runner() as runner:
        for index in range(size.idle_turns + 2):
            for rows, engine in engines.items():
                start = time.perf_counter()
                done = runner.run(turn(engine, [Simulator()], NIGHT))
                if index >= 2:  # the first ones only warm up
                    taken[rows].append(time.perf_counter() - start)
                assert [done.planned, done.reminded, done.digests, done.delivered.sent] == [0, 0, 0, 0]
    yield times_as_much(
        f"A turn with nothing due on {store.name}, {made[size.many]:,} rows of history",
        seconds(taken[size.many]),
        seconds(taken[size.few]),
        f"{made[size.few]:,} rows",
        MOST,
        note,
    )


def _busy(size: Size, store: Store, engines: dict[int, Engine], made: dict[int, int]) -> Iterator[Figure]:
    taken: dict[int, list[float]] = {rows: [] for rows in engines}
    before = {rows: _Before.of(engine) for rows, engine in engines.items()}
    messages: set[int] = set()
    with asyncio.Runner() as runner:
        for index in range(size.busy_turns + 1):
            for rows, engine in engines.items():
                simulator = Simulator()
                start = time.perf_counter()
                runner.run(turn(engine, [simulator], BUSY))
                if index:
                    taken[rows].append(time.perf_counter() - start)
                messages.add(len(simulator.sent))
                before[rows].again(engine)
    assert len(messages) == 1, f"not the same work: {messages}"
    assert messages != {0}
    yield times_as_much(
        f"A turn with {LIVE * DUE_EACH} due on {store.name} ({messages.pop()} merged messages sent), "
        f"{made[size.many]:,} rows of history",
        seconds(taken[size.many]),
        seconds(taken[size.few]),
        f"{made[size.few]:,} rows",
        MOST,
    )


@dataclass
class _Before:
    """How it was before the turn, to have the same turn again. (The journal only grows, as it should.)"""

    due: list[Row[Any]]
    last: dict[str, int]

    @classmethod
    def of(cls, engine: Engine) -> _Before:
        with engine.connect() as connection:
            due = connection.execute(select(OCCURRENCE).where(OCCURRENCE.c.next_move_at <= BUSY)).all()
            last = {
                table.name: connection.execute(select(func.max(table.c.id))).scalar() or 0
                for table in (REMINDER, HANDLE, MESSAGE)
            }
        assert len(due) == LIVE * DUE_EACH, f"{len(due)} are due"
        return cls(list(due), last)

    def again(self, engine: Engine) -> None:
        with engine.begin() as connection:
            for table in (REMINDER, HANDLE, MESSAGE):
                connection.execute(delete(table).where(table.c.id > self.last[table.name]))
            columns = [column for column in OCCURRENCE.columns if column.name != "id"]
            connection.execute(
                update(OCCURRENCE)
                .where(OCCURRENCE.c.id == bindparam("b_id"))
                .values({column.name: bindparam(f"b_{column.name}", type_=column.type) for column in columns}),
                [{f"b_{name}": value for name, value in row._mapping.items()} for row in self.due],
            )
