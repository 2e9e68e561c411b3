"""One worker of the bench: ``python -m tests.bench.one_worker LANES [--leases]``; settings come from the environment.

It is ``nhacviec worker`` without its web and without asking the provider for updates, both of which would call the stub
all the while. With ``--leases`` nothing but the spreading differs: in place of Procrastinate, lanes are taken by rows
with a lease, looked for by each of so many tasks. It says ``ready`` when it asks for work, and ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from data.database import in_transaction, reading
from engine import lanes
from engine.app import Product, build
from engine.clock import SharedClock
from engine.deliver import deliver_lane
from engine.outbox import Lane, bots_of
from engine.settings import read_settings
from engine.worker import Worker, database_time

LOOK_AGAIN = 0.25  # seconds, where no lane is free that has something due
#: Whoever updates the row has the lane until the lease is over; it is given back before.
TAKE = text(
    "UPDATE bench_lease SET until = clock_timestamp() + interval '15 seconds' WHERE (channel, bot) = ("
    "  SELECT channel, bot FROM bench_lease AS free WHERE until < clock_timestamp() AND EXISTS ("
    "    SELECT FROM message WHERE message.status = 'queued' AND message.channel = free.channel"
    "    AND message.bot = free.bot AND message.not_before <= clock_timestamp())"
    "  ORDER BY bot LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING channel, bot"
)
GIVE_BACK = text("UPDATE bench_lease SET until = '-infinity' WHERE channel = :channel AND bot = :bot")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Unheard(Worker):
    """The product's worker; nobody writes to it."""

    async def _listen_to_the_web(self) -> list[Any]:
        return []

    async def _announce(self) -> None:
        _say("ready")


async def by_leases(product: Product, at_once: int) -> None:
    """So many tasks, each with a lane at a time."""
    engine, stop = product.engine, asyncio.Event()
    clock = SharedClock(lambda: database_time(engine))
    own = bots_of(product.channels)
    with engine.begin() as connection:
        lanes.serve(connection, list(own), clock.now())

    def asked(_: Connection, __: Collection[Lane]) -> None:
        """Nobody is told: the next look finds it."""

    def take(connection: Connection) -> Lane | None:
        row = connection.execute(TAKE).first()
        return None if row is None else (row.channel, row.bot)

    def give_back(lane: Lane, connection: Connection) -> None:
        connection.execute(GIVE_BACK, {"channel": lane[0], "bot": lane[1]})

    async def carry() -> None:
        while True:
            lane = await asyncio.to_thread(in_transaction, engine, take)
            if lane is None:
                await asyncio.sleep(LOOK_AGAIN)
                continue
            with reading(engine) as connection:
                everywhere = {**lanes.served(connection, clock.now()), **own}
            await deliver_lane(engine, everywhere, lane, clock.now, stop, f"{os.getpid()}", asked)
            await asyncio.to_thread(in_transaction, engine, partial(give_back, lane))

    async with contextlib.AsyncExitStack() as connections:
        for channel in product.channels:
            if isinstance(channel, contextlib.AbstractAsyncContextManager):
                await connections.enter_async_context(channel)
        _say("ready")
        await asyncio.gather(*(carry() for _ in range(at_once)))


def main() -> None:
    """Until whoever started us closes our input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lanes", type=int)
    parser.add_argument("--leases", action="store_true")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # whoever measures keeps to one core; a worker has the machine
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    product = build(read_settings())

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, lambda: (sys.stdin.read(), os._exit(0)))
        if options.leases:
            await by_leases(product, options.lanes)
        else:
            await Unheard(product, f"bench-{os.getpid()}", options.lanes).run()

    asyncio.run(work())


if __name__ == "__main__":
    main()
