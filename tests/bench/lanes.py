"""Which of a country's bots have something due: one question, asked every few seconds, with history behind it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from sqlalchemy import insert, select

from data.database import connect
from engine.lanes import due_lanes, serve
from engine.office import MESSAGE, PERSON
from tests.bench.communes import BUSY, LOADED, crowded, link_all, loaded
from tests.bench.figures import Figure, seconds, within
from tests.bench.history import fill, settle
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store

AT_MOST = 0.02  # seconds
EACH_DUE, EACH_AHEAD = 30, 30  # messages of a bot that are due, and that wait for a later moment
LATER = BUSY + dt.timedelta(days=1)


def bots_with_something_due(size: Size, bench: Bench) -> Iterator[Figure]:
    """Both databases: everybody's morning, and nothing due."""
    for store in bench.stores:
        yield from _on(size, store, bench)


def _on(size: Size, store: Store, bench: Bench) -> Iterator[Figure]:
    url = store.new()
    loaded(url, [crowded("xa-0", 10)])
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, LOADED)
    engine.dispose()
    fill(url, "xa-0", size.lane_rows, said=bench.say)
    engine = connect(url)
    bots = [("telegram", str(100_000 + number)) for number in range(size.bots)]
    with engine.begin() as connection:
        office, person = connection.execute(select(PERSON.c.office_id, PERSON.c.id).limit(1)).one()
        serve(connection, bots, BUSY)
        for number in range(EACH_DUE + EACH_AHEAD):
            connection.execute(
                insert(MESSAGE),
                [
                    {
                        "office_id": office,
                        "person_id": person,
                        "kind": "reminder",
                        "key": f"bench:{bot}:{number}",
                        "not_before": BUSY if number < EACH_DUE else LATER,
                        "channel": channel,
                        "bot": bot,
                    }
                    for channel, bot in bots
                ],
            )
    engine.dispose()
    settle(url)
    engine = connect(url)
    what = f"Which of {size.bots:,} bots have something due on {store.name}"
    waiting = f"{EACH_DUE + EACH_AHEAD:,} messages wait for each"
    for moment, expected, words in (
        (BUSY, size.bots, "all have"),
        (BUSY - dt.timedelta(seconds=1), 0, "none has"),
    ):
        taken: list[float] = []
        for _ in range(size.idle_turns):
            with engine.begin() as connection:
                start = time.perf_counter()
                found = due_lanes(connection, moment)
                taken.append(time.perf_counter() - start)
            assert len(found) == expected, f"{len(found)} lanes, not {expected}"
        yield within(f"{what}: {words}", seconds(taken), AT_MOST, f"{waiting}, over {size.lane_rows:,} rows of history")
    engine.dispose()
    store.drop(url)
