"""Ten thousand due within one second, ten milliseconds of work each, ten at a time: who is served, in what order."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Iterator

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from sqlalchemy import Connection, bindparam, func, select, update

from bots.simulator import Simulator
from bots.wording import plain
from data.database import connect
from engine.cycle import turn
from engine.deliver import deliver
from engine.messages import Message, Outcome, Sent
from engine.office import MESSAGE, OCCURRENCE, OFFICE, REMINDER
from engine.plan import plan
from tests.bench import theirs
from tests.bench.communes import BUSY, LOADED, crowded, link_all, loaded, multiply
from tests.bench.deliver import EARLY, MORNING, WARM, fill_outbox
from tests.bench.figures import Figure, Goal, Samples, seconds, timed, times_as_much
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store

IN_TIME = 1.1  # times the least that the work itself takes
PRIME = 7_919  # shuffles the moments over the rows


def spike(size: Size, bench: Bench) -> Iterator[Figure]:
    """Ours through the outbox, theirs as it comes."""
    store = bench.sqlite
    prepared = store.new()
    _fill(prepared, size.spike)
    taken: list[float] = []
    alone: list[float] = []
    sent: list[float] = []
    out_of_order = 0
    for _ in range(size.runs):
        url = store.copy(prepared)
        channel = Worker(size.work_seconds, size.threads)
        asyncio.run(_ours(url, channel, taken))
        asyncio.run(_alone(size, alone))
        wanted = _in_order_of_due(url)
        sent.append(len(channel.began))
        out_of_order += sum(mine != due for mine, due in zip(channel.began, wanted, strict=True))
        store.drop(url)
    store.drop(prepared)
    yield _work(size, store)
    bench.say("APScheduler's ten thousand")
    ran, missed = zip(*(_theirs(size) for _ in range(size.runs)), strict=True)
    dropped = Samples(tuple(map(float, missed)), "")
    yield Figure(
        f"{size.spike:,} due within one second, {size.work_seconds * 1000:g} ms of work each, {size.threads} at a "
        "time: sent",
        Samples(tuple(sent), ""),
        min(sent),
        None,
        goal=Goal(size.spike, unit=""),
        note=f"beside: APScheduler in memory as it comes (misfire_grace_time 1 s, {size.threads} threads) ran "
        f"{Samples(tuple(map(float, ran)), '')} and dropped {dropped}",
    )
    yield Figure(
        "Of them, in another order than that of due",
        Samples((float(out_of_order),), ""),
        out_of_order,
        goal=Goal(0, at_least=False, unit=""),
    )
    yield times_as_much(
        "The same, until the last is recorded",
        seconds(taken),
        seconds(alone),
        "a bare loop that only does the work",
        IN_TIME,
    )


async def _alone(size: Size, taken: list[float]) -> None:
    places = asyncio.Semaphore(size.threads)

    async def one() -> None:
        async with places:
            await asyncio.sleep(size.work_seconds)

    with timed(taken):
        await asyncio.gather(*(one() for _ in range(size.spike)))


def _work(size: Size, store: Store) -> Figure:
    """The same from one step earlier: so many pieces of work whose alarms are due at one instant."""
    url = store.new()
    each = size.due_each
    loaded(url, [crowded("xa-0", each)])
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, LOADED)
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(1, size.spike // each)])
        plan(connection, LOADED)
        connection.execute(update(OFFICE).values(next_digest_at=None))  # reminders are what is measured
        due = connection.execute(select(func.count()).where(OCCURRENCE.c.next_move_at <= BUSY)).scalar_one()
    times: list[float] = []
    turns = 0
    with timed(times), asyncio.Runner() as runner:
        while runner.run(turn(engine, [Simulator()], BUSY)).reminded:
            turns += 1
    with engine.connect() as connection:
        said = connection.execute(
            select(func.count(REMINDER.c.occurrence_id.distinct()))
            .join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
            .where(MESSAGE.c.status == "sent", REMINDER.c.status == "in_message")
        ).scalar_one()
    engine.dispose()
    store.drop(url)
    return Figure(
        f"{due:,} pieces of work due at one instant in {size.spike // each} communes: said",
        Samples((float(said),), ""),
        said,
        goal=Goal(due, unit=""),
        note=f"in {turns} turns, {seconds(times)} in all",
    )


class Worker:
    """A channel whose every send is so much work, so many at a time; it remembers in which order they began."""

    name = bot = "simulator"
    edits = False

    def __init__(self, work: float, at_a_time: int) -> None:
        self.at_once = 5 * at_a_time
        self.began: list[str] = []
        self._work = work
        self._places = asyncio.Semaphore(at_a_time)

    async def send(self, address: str, message: Message) -> Outcome:
        """Work."""
        async with self._places:
            self.began.append(address)
            text = plain(message)
            await asyncio.sleep(self._work)
        return Sent(str(len(self.began)), text)


async def _ours(url: str, channel: Worker, taken: list[float]) -> None:
    engine = connect(url)
    warm = await deliver(engine, [channel], EARLY)
    assert warm.sent == WARM
    channel.began.clear()
    with timed(taken):
        await deliver(engine, [channel], MORNING + dt.timedelta(seconds=1))
    engine.dispose()


def _in_order_of_due(url: str) -> list[str]:
    engine = connect(url)
    with engine.connect() as connection:
        found = connection.execute(
            select(MESSAGE.c.address).where(MESSAGE.c.not_before > EARLY).order_by(MESSAGE.c.not_before, MESSAGE.c.id)
        )
        addresses = list(found.scalars())
    engine.dispose()
    return addresses


def _fill(url: str, messages: int) -> None:
    template = crowded("xa-0", 10)
    loaded(url, [template])
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, LOADED)
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(1, -(-(messages + WARM) // len(template.people)))])
        plan(connection, LOADED)
        fill_outbox(connection, messages + WARM)
        _spread(connection, messages)
    engine.dispose()


def _spread(connection: Connection, messages: int) -> None:
    """Their moments lie within one second, in another order than that of the rows."""
    step = dt.timedelta(seconds=1) / (messages + 1)
    connection.execute(
        update(MESSAGE).where(MESSAGE.c.id == bindparam("b_id")).values(not_before=bindparam("b_at")),
        [{"b_id": WARM + 1 + n, "b_at": MORNING + step * (n * PRIME % messages)} for n in range(messages)],
    )
    assert connection.execute(select(func.count(MESSAGE.c.not_before.distinct()))).scalar_one() == messages + 1


def _theirs(size: Size) -> tuple[int, int]:
    """How many ran and how many were dropped, where nothing is set."""
    told: Counter[int] = Counter()
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it would write a line for each that it drops
    with theirs.scheduler(None) as its:
        its.add_listener(lambda event: _count(told, event), EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
        at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1 + size.spike / 10_000)
        for _ in range(size.spike):
            its.add_job(time.sleep, "date", run_date=at, args=(size.work_seconds,))
        its.resume()
        until = time.monotonic() + 60
        while told.total() < size.spike and time.monotonic() < until:
            time.sleep(0.05)
    return told[EVENT_JOB_EXECUTED], told[EVENT_JOB_MISSED]


def _count(told: Counter[int], event: JobExecutionEvent) -> None:
    told[event.code] += 1
