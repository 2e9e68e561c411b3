"""A thousand due at one moment: our whole turn, and what APScheduler does with a thousand due jobs.

Three rows, as three things can be meant. *See and move on*: what is due is found and gets its next moment. *Whole turn
beside an empty wake-up*: ours also renders, sends and records, theirs calls jobs that do nothing. *Whole beside whole*:
each of their jobs renders its line by our template, gives it to the same simulator and records it as sent. The goal is
set for all three; on the morning on which all work opens too, which is one in five, not for the unequal one.

Both have been woken once before, for ten: a program that runs for months is not measured by its first morning.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, func, insert, select

from bots.simulator import Simulator
from data.database import connect
from data.tables import UtcDateTime
from engine.cycle import turn
from engine.messages import Item, ReminderMessage, Says
from engine.office import OCCURRENCE
from engine.remind import remind
from tests.bench import theirs
from tests.bench.communes import BEFORE_BUSY, BEFORE_BUSY_DUE, BUSY, BUSY_DUE, at_work, crowded
from tests.bench.figures import Figure, seconds, timed, times_faster
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store

AS_IT_COMES = "APScheduler's wake-up, its SQLite store as it comes"
WARM, WARM_DUE = "xa-som", 10  # a commune whose work is due a day earlier
_META = MetaData()
_SENT = Table(
    "sent",
    _META,
    Column("occurrence", Integer, primary_key=True),
    Column("person", Integer),
    Column("sent_at", UtcDateTime()),
    Column("provider_id", String),
    Column("text", String),
)


@dataclass
class _Desk:
    """What their jobs reach for: they can be stored only by name."""

    simulator: Simulator
    engine: Engine


_desks: list[_Desk] = []


def chase(office: str, occurrence: int, title: str, person: int) -> None:
    """What a job of the naive design does for one reminder: words, send, record."""
    (desk,) = _desks
    item = Item(occurrence, occurrence, Says.SOON, title, "Phòng Kinh tế", BUSY_DUE, BUSY_DUE, BUSY_DUE)
    message = ReminderMessage("Nguyễn Thị Hường", office, BUSY.date(), (item,))
    outcome = _at_once(desk.simulator, str(person), message)
    with desk.engine.begin() as connection:
        connection.execute(
            insert(_SENT).values(
                occurrence=occurrence,
                person=person,
                sent_at=dt.datetime(2026, 1, 6, tzinfo=dt.UTC),
                provider_id=f"sim-{occurrence}",
                text=outcome,
            )
        )


def _at_once(simulator: Simulator, address: str, message: ReminderMessage) -> str:
    """The simulator never waits: its coroutine ends with the first step, and needs no loop."""
    sending = simulator.send(address, message)
    try:
        sending.send(None)
    except StopIteration as done:
        return str(done.value.text)
    raise AssertionError("the simulator waits")


def busy_turn(size: Size, bench: Bench) -> Iterator[Figure]:
    """On a later rung, as on four mornings of five; and on the morning on which all of the work opens as well."""
    store = bench.sqlite
    opening = store.new()
    communes = [crowded(f"xa-{n}", size.due_each) for n in range(size.offices)]
    at_work(opening, [*communes, crowded(WARM, WARM_DUE, BEFORE_BUSY_DUE)])
    due = size.offices * size.due_each
    later, before, at = _next_morning(store, opening, due)
    ours = {
        f"{due:,} due in {size.offices} communes": _Turns(later, before, at),
        f"{due:,} due, and every one of them opens as well": _Turns(opening, BEFORE_BUSY, BUSY),
    }
    empty: list[float] = []
    full: list[float] = []
    full_tuned: list[float] = []
    for run in range(size.mornings):  # in turns: what else the machine does hits all alike
        bench.say(f"run {run + 1} of {size.mornings}")
        empty.append(_wake_up(store, due, theirs.as_it_comes))
        full.append(_whole_wake_up(store, due, theirs.as_it_comes))
        full_tuned.append(_whole_wake_up(store, due, theirs.tuned))
        for turns in ours.values():
            turns.again(store)
    for (what, turns), least in zip(ours.items(), (20, None), strict=True):
        yield from _compared(what, due, turns, empty, full, full_tuned, least)
    store.drop(later)
    store.drop(opening)


def _compared(
    what: str,
    due: int,
    turns: _Turns,
    empty: list[float],
    full: list[float],
    full_tuned: list[float],
    least_unequal: float | None,
) -> Iterator[Figure]:
    nothing = f"{AS_IT_COMES}, jobs that do nothing"
    whole = f"{what}: the whole turn, {turns.messages} merged messages rendered, sent, recorded"
    moved = f"{what}: seen and moved on (climb, gather, outbox written)"
    yield times_faster(moved, seconds(turns.decided), seconds(empty), nothing, 20, "like with like")
    yield times_faster(whole, seconds(turns.whole), seconds(empty), nothing, least_unequal, note="theirs does less")
    for beside, name, least in ((full, "as it comes", 20), (full_tuned, "tuned (WAL, NORMAL)", None)):
        yield times_faster(
            whole,
            seconds(turns.whole),
            seconds(beside),
            f"APScheduler's wake-up, its SQLite store {name}, until {due:,} jobs have rendered, sent, recorded",
            least,
            "like with like",
        )


@dataclass
class _Turns:
    """Our turns over one prepared database, at one moment."""

    prepared: str
    before: dt.datetime
    at: dt.datetime
    whole: list[float] = field(default_factory=list)
    decided: list[float] = field(default_factory=list)
    messages: int = 0

    def again(self, store: Store) -> None:
        """One more run: a whole turn, and its deciding alone."""
        simulator = Simulator()
        url = store.copy(self.prepared)
        engine = connect(url)
        with asyncio.Runner() as runner:
            runner.run(turn(engine, [simulator], self.before))
            assert simulator.sent, "nothing has warmed it"
            simulator.sent.clear()
            with timed(self.whole):
                runner.run(turn(engine, [simulator], self.at))
        engine.dispose()
        store.drop(url)
        url = store.copy(self.prepared)
        engine = connect(url)
        with engine.begin() as connection:
            assert remind(connection, self.before) > 0, "nothing has warmed it"
        with timed(self.decided), engine.begin() as connection:
            self.messages = remind(connection, self.at)
        engine.dispose()
        store.drop(url)
        assert len(simulator.sent) == self.messages


def _next_morning(store: Store, opening: str, due: int) -> tuple[str, dt.datetime, dt.datetime]:
    """The same communes after the first morning; when the early one's work is due again, and when all of theirs is."""
    later = store.copy(opening)
    engine = connect(later)
    with engine.connect() as connection:
        now_due = select(func.count()).select_from(OCCURRENCE).where(OCCURRENCE.c.next_move_at == BUSY)
        assert connection.execute(now_due).scalar_one() == due
    with asyncio.Runner() as runner:
        for moment in (BEFORE_BUSY, BUSY):
            runner.run(turn(engine, [Simulator()], moment))
    with engine.connect() as connection:
        coming = select(OCCURRENCE.c.next_move_at, func.count()).group_by(OCCURRENCE.c.next_move_at)
        rows = connection.execute(coming.order_by(OCCURRENCE.c.next_move_at)).all()
        counted = {moment: count for moment, count in rows if moment is not None}
    engine.dispose()
    assert list(counted.values()) == [WARM_DUE, due], counted
    before, at = counted
    return later, before, at


def _wake_up(store: Store, due: int, make: Callable[[str], Engine]) -> float:
    taken: list[float] = []
    url = store.new(schema=False)
    with theirs.scheduler(make(url), theirs.NoOp()) as its:
        theirs.add_jobs(its, WARM_DUE, dt.datetime.now(dt.UTC))
        theirs.wake(its)
        theirs.add_jobs(its, due, dt.datetime.now(dt.UTC))
        with timed(taken):
            theirs.wake(its)
        assert not its.get_jobs()
    store.drop(url)
    return taken[0]


def _whole_wake_up(store: Store, due: int, make: Callable[[str], Engine]) -> float:
    """Their default pool of ten threads; the sent messages go to a file of their own, opened as ours is."""
    taken: list[float] = []
    url, sent = store.new(schema=False), store.new(schema=False)
    simulator, engine = Simulator(), connect(sent)
    _META.create_all(engine)
    _desks[:] = [_Desk(simulator, engine)]
    with theirs.scheduler(make(url)) as its:
        theirs.add_jobs(its, WARM_DUE, dt.datetime.now(dt.UTC))
        theirs.wake(its)
        at = dt.datetime.now(dt.UTC)
        for n in range(due):
            args = ("Hùng Thắng", n, "Báo cáo công tác kiểm soát thủ tục hành chính", n % 100)
            its.add_job(chase, "date", run_date=at, args=args, misfire_grace_time=None)
        with timed(taken):
            theirs.wake(its)
            its.shutdown(wait=True)
    with engine.connect() as connection:
        recorded = connection.execute(select(func.count()).select_from(_SENT)).scalar_one()
    engine.dispose()
    for one in (url, sent):
        store.drop(one)
    assert recorded == len(simulator.sent) == due, f"{recorded} recorded, {len(simulator.sent)} sent, {due} due"
    return taken[0]
