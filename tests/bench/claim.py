"""Taking the next hundred messages out of a short queue and out of a long one: a morning must not slow itself down."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import Engine

from data.database import connect
from engine.claim import BATCH, claim
from engine.messages import Channel
from engine.office import OfficeView
from engine.outbox import bots_of
from tests.bench.deliver import MORNING, WARM, Plain, filled
from tests.bench.figures import Figure, seconds, times_as_much
from tests.bench.sizes import Size
from tests.bench.stores import Bench

MOST = 1.5


def claims(size: Size, bench: Bench) -> Iterator[Figure]:
    """Both databases. Each claim is taken back, so that the next one meets the same queue."""
    channel: Channel = Plain("http://127.0.0.1:9/bot", 1)
    for store in bench.stores:
        queues = {waiting: store.new() for waiting in (size.short_queue, size.long_queue)}
        for waiting, url in queues.items():
            filled(url, waiting + WARM)
        engines = {waiting: connect(url) for waiting, url in queues.items()}
        seen: dict[int, dict[str, OfficeView]] = {waiting: {} for waiting in queues}
        taken: dict[int, list[float]] = {waiting: [] for waiting in queues}
        for index in range(size.claims + 1):
            for waiting, engine in engines.items():
                took = _one(engine, channel, seen[waiting])
                if index:  # the first one reads the offices
                    taken[waiting].append(took)
        yield times_as_much(
            f"A claim of {BATCH} messages on {store.name} while {size.long_queue:,} wait",
            seconds(taken[size.long_queue]),
            seconds(taken[size.short_queue]),
            f"while {size.short_queue:,} wait",
            MOST,
        )
        for waiting, engine in engines.items():
            engine.dispose()
            store.drop(queues[waiting])


def _one(engine: Engine, channel: Channel, seen: dict[str, OfficeView]) -> float:
    with engine.connect() as connection, connection.begin() as transaction:
        start = time.perf_counter()
        claimed = claim(connection, bots_of([channel]), MORNING, seen, BATCH)
        took = time.perf_counter() - start
        transaction.rollback()
    assert len(claimed.letters) == BATCH, f"{len(claimed.letters)} letters"
    return took
