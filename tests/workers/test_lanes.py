"""Lanes, step by step, on both databases: who is in which, who may begin, and what a dead run leaves behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update

from data import bulk, turns
from data.database import connect, create_schema, in_transaction
from engine import lanes
from engine.claim import claim
from engine.cycle import decide_for
from engine.deliver import deliver_lane
from engine.last_look import may_leave
from engine.messages import Channel, Message, Outcome, Retry, Sent
from engine.office import CHAT, MESSAGE
from engine.outbox import NOWHERE, Lane, Letter
from engine.record import begin, give_back, record, recover, recover_lane
from tests.databases import postgres_or_skip
from tests.postgres.server import drop_database, run
from tests.workers.installation import MORNING, wait_until
from tests.workers.spike import Size, fill

NOW = MORNING + dt.timedelta(minutes=1)
SIZE = Size(offices=2, people=6)


@dataclass
class Bot:
    """A bot that answers as it is told, once for each message; then everything arrives."""

    bot: str
    name: str = "telegram"
    sent: list[str] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event | None = None

    async def send(self, address: str, message: Message) -> Outcome:
        """Take it."""
        self.sent.append(address)
        self.asked.set()
        if self.go is not None:
            await self.go.wait()
        return self.answers.pop(0) if self.answers else Sent(f"{len(self.sent)}", "")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'nv.db'}")
        create_schema(engine)
        yield engine
        engine.dispose()
        return
    url = postgres_or_skip()
    engine = connect(url)
    yield engine
    engine.dispose()
    drop_database(url)


@pytest.fixture
def bots(engine: Engine) -> dict[Lane, Channel]:
    """Two bots, and an outbox full of what their people are to hear; each row in its lane."""
    fill(engine, SIZE, MORNING)
    channels: dict[Lane, Channel] = {("telegram", bot): Bot(bot) for bot in SIZE.bots}
    with engine.begin() as connection:
        lanes.serve(connection, list(channels), NOW)
    assigned: set[Lane] = set()
    decide_for(engine, NOW, None, lambda connection: assigned.update(lanes.assign(connection, channels, NOW)))
    assert assigned == set(channels)
    return channels


def statuses(engine: Engine, lane: Lane) -> dict[str, int]:
    with engine.connect() as connection:
        query = select(MESSAGE.c.status, func.count().label("messages")).where(
            MESSAGE.c.channel == lane[0], MESSAGE.c.bot == lane[1]
        )
        return {row.status: row.messages for row in connection.execute(query.group_by(MESSAGE.c.status))}


def claimed(engine: Engine, bots: dict[Lane, Channel], lane: Lane, most: int = 100) -> list[Letter]:
    with engine.begin() as connection:
        return claim(connection, bots, NOW, {}, most, lane).letters


def deliver(engine: Engine, bots: dict[Lane, Channel], lane: Lane, woken: set[Lane] | None = None) -> Any:
    woken = set() if woken is None else woken

    async def run() -> Any:
        return await deliver_lane(
            engine, bots, lane, lambda: NOW, asyncio.Event(), "me", lambda _, some: woken.update(some)
        )

    return asyncio.run(run())


def test_a_lane_sends_its_own_rows_and_no_others(engine: Engine, bots: dict[Lane, Channel]) -> None:
    first, second = bots
    done = deliver(engine, bots, first)
    assert done.sent == SIZE.people
    assert statuses(engine, first) == {"sent": SIZE.people}
    assert statuses(engine, second) == {"queued": SIZE.people}


def test_what_a_living_lane_is_about_to_begin_is_left_to_it(engine: Engine, bots: dict[Lane, Channel]) -> None:
    """Any machine looks for abandoned claims every two seconds; a program alone knows that nobody else has any."""
    lane = next(iter(bots))
    held = {letter.id for letter in claimed(engine, bots, lane)}
    soon = NOW + dt.timedelta(seconds=2)
    with engine.begin() as connection:
        recover(connection, soon)
    assert statuses(engine, lane) == {"claimed": len(held)}
    with engine.begin() as connection:
        recover(connection, soon, alone=True)
    assert statuses(engine, lane) == {"queued": len(held)}


def test_only_lanes_with_something_due_are_named(engine: Engine, bots: dict[Lane, Channel]) -> None:
    first, second = bots
    with engine.begin() as connection:
        assert set(lanes.due_lanes(connection, NOW)) == {first, second}
        lanes.pause(connection, first, NOW, NOW + dt.timedelta(minutes=1))
        assert lanes.due_lanes(connection, NOW) == [second]
        later = NOW + dt.timedelta(minutes=2)
        assert set(lanes.due_lanes(connection, later)) == {first, second}
        assert lanes.due_lanes(connection, NOW + dt.timedelta(hours=1)) == []  # no program has said that it serves them


def test_a_person_who_uses_another_bot_now_is_moved_into_its_lane(engine: Engine, bots: dict[Lane, Channel]) -> None:
    first, second = bots
    with engine.begin() as connection:
        connection.execute(update(CHAT).where(CHAT.c.bot == first[1]).values(bot=second[1]))
    woken: set[Lane] = set()
    done = deliver(engine, bots, first, woken)
    assert (done.sent, woken) == (0, {second})
    assert statuses(engine, second) == {"queued": 2 * SIZE.people}
    assert deliver(engine, bots, second).sent == 2 * SIZE.people


def test_what_no_bot_can_carry_is_refused_with_the_reason(engine: Engine, bots: dict[Lane, Channel]) -> None:
    with engine.begin() as connection:
        connection.execute(update(MESSAGE).values(channel=None, bot=None))
        connection.execute(update(CHAT).values(blocked_at=NOW))
        assert lanes.assign(connection, bots, NOW) == {NOWHERE}
        assert NOWHERE in lanes.due_lanes(connection, NOW)
    assert deliver(engine, bots, NOWHERE).dropped == SIZE.messages
    with engine.connect() as connection:
        rows = connection.execute(select(MESSAGE.c.status, MESSAGE.c.error, MESSAGE.c.channel).distinct()).all()
    assert [tuple(row) for row in rows] == [("refused", "người nhận chưa nối kênh nhắn tin", None)]


def test_of_a_dead_run_what_had_begun_takes_its_side_and_the_rest_waits_again(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    letters = claimed(engine, bots, lane)
    urgent = [letter for letter in letters if letter.urgent][:1]
    early = [letter for letter in letters if not letter.urgent][:1]
    with engine.begin() as connection:
        assert begin(connection, [*urgent, *early], NOW) == {urgent[0].id, early[0].id}
    with engine.begin() as connection:
        recover_lane(connection, lane, NOW)
        rows = {row.id: row for row in connection.execute(select(MESSAGE).where(MESSAGE.c.bot == lane[1]))}
    assert (rows[urgent[0].id].status, rows[urgent[0].id].copies) == ("queued", 1)  # again, at once, and marked
    assert rows[urgent[0].id].not_before <= NOW
    assert (rows[early[0].id].status, rows[early[0].id].copies) == ("unknown", 1)
    others = [row for row in rows.values() if row.id not in (urgent[0].id, early[0].id)]
    assert {(row.status, row.copies, row.attempts) for row in others} == {("queued", 0, 0)}


def test_who_has_lost_the_lane_neither_begins_nor_writes_over_its_new_owner(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    mine = claimed(engine, bots, lane)
    with engine.begin() as connection:
        begin(connection, mine[:2], NOW)
    with engine.begin() as connection:  # another machine takes the lane over, and sends
        recover_lane(connection, lane, NOW)
    theirs = claimed(engine, bots, lane)
    with engine.begin() as connection:
        begin(connection, theirs, NOW)
        assert begin(connection, mine[2:], NOW) == set()
        give_back(connection, mine[2:])
        before = connection.execute(select(MESSAGE).where(MESSAGE.c.id.in_([one.id for one in theirs]))).all()
        record(connection, bots, [(letter, Retry("hỏng", 60)) for letter in mine if letter.urgent], NOW)
        after = connection.execute(select(MESSAGE).where(MESSAGE.c.id.in_([one.id for one in theirs]))).all()
    assert before == after
    assert {row.status for row in after} == {"claimed"}


def test_what_was_given_up_as_unknown_is_set_right_by_whoever_knows_better(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    early = [letter for letter in claimed(engine, bots, lane) if not letter.urgent][:1]
    with engine.begin() as connection:
        begin(connection, early, NOW)
        recover_lane(connection, lane, NOW)
        assert record(connection, bots, [(early[0], Sent("17", "tin"))], NOW).sent == 1
        row = connection.execute(select(MESSAGE).where(MESSAGE.c.id == early[0].id)).one()
    assert (row.status, row.provider_id, row.copies) == ("sent", "17", 1)


def test_a_bot_whose_chats_are_all_told_to_wait_rests_for_every_machine(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    bot: Any = bots[lane]
    bot.answers = [Retry("gửi quá nhanh", 40, named=True)] * 3
    woken: set[Lane] = set()
    done = deliver(engine, bots, lane, woken)
    assert (done.sent, len(bot.sent)) == (0, 3)
    assert statuses(engine, lane) == {"queued": SIZE.people}
    with engine.begin() as connection:
        assert lanes.paused(connection, lane, NOW + dt.timedelta(seconds=39))
        assert not lanes.paused(connection, lane, NOW + dt.timedelta(seconds=41))


def test_a_lane_that_moves_rests_until_what_the_other_machine_sent_is_a_second_old(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    deliver(engine, bots, lane)
    soon, later = NOW + dt.timedelta(seconds=0.3), NOW + dt.timedelta(seconds=5)
    assert rest_of("me", engine, lane, soon) == 0
    assert rest_of("another", engine, lane, soon) == pytest.approx(0.7)
    assert rest_of("another", engine, lane, later) == 0


def test_a_lane_that_was_never_let_go_rests_for_as_long_as_its_holder_may_go_on(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    with engine.begin() as connection:
        assert lanes.take(connection, lane, lanes.Holder("asleep"), NOW) == 0
    assert rest_of("another", engine, lane, NOW) == lanes.SURE_FOR + lanes.SAME_SECOND
    assert rest_of("asleep", engine, lane, NOW) == 0  # its own pace remembers


def rest_of(process: str, engine: Engine, lane: Lane, now: dt.datetime) -> float | None:
    """How long a process would rest that takes the lane now; it does not."""
    with engine.connect() as connection, connection.begin() as transaction:
        rest = lanes.take(connection, lane, lanes.Holder(process), now)
        transaction.rollback()
    return rest


def test_a_lane_that_is_asked_to_stop_gives_back_what_has_not_begun(engine: Engine, bots: dict[Lane, Channel]) -> None:
    lane, _ = bots
    bot: Any = bots[lane]
    woken: set[Lane] = set()

    async def play() -> Any:
        stop = asyncio.Event()
        bot.asked, bot.go = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(
            deliver_lane(engine, bots, lane, lambda: NOW, stop, "me", lambda _, some: woken.update(some))
        )
        await bot.asked.wait()
        stop.set()
        bot.go.set()
        return await running

    done = asyncio.run(play())
    left = SIZE.people - done.sent
    assert left > 0
    assert statuses(engine, lane) == {"sent": done.sent, "queued": left}
    assert len(bot.sent) == done.sent
    assert woken == {lane}


def test_outside_working_hours_a_lane_is_not_looked_at_in_vain(engine: Engine, bots: dict[Lane, Channel]) -> None:
    lane, _ = bots
    noon = MORNING.replace(hour=4, minute=45)  # 11:45
    with engine.begin() as connection:
        lanes.serve(connection, list(bots), noon)
        assert claim(connection, bots, noon, {}, 100, lane).letters == []
        assert lane not in lanes.due_lanes(connection, noon)
        afternoon = MORNING.replace(hour=6, minute=31)
        lanes.serve(connection, list(bots), afternoon)
        assert lane in lanes.due_lanes(connection, afternoon)


def test_which_of_thousands_of_lanes_are_due_is_told_quickly(engine: Engine, bots: dict[Lane, Channel]) -> None:
    """Some 10 ms on a quiet machine; the ceiling is one that a busy machine keeps too."""
    many = [("telegram", str(8_000_000 + n)) for n in range(3321)]
    with engine.begin() as connection:
        lanes.serve(connection, many, NOW)
        row = dict(connection.execute(select(MESSAGE).where(MESSAGE.c.status == "queued").limit(1)).one()._mapping)
        row |= {"person_id": None, "slot": None}
        del row["id"]
        rows = [
            row | {"key": f"k{n}", "bot": bot, "not_before": NOW + dt.timedelta(days=n % 2)}
            for n, (_, bot) in enumerate(many * 3)
        ]
        bulk.add_missing(connection, MESSAGE, rows)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE message")
    took = []
    with engine.connect() as connection:
        for _ in range(7):
            start = time.perf_counter()
            found = lanes.due_lanes(connection, NOW)
            took.append(time.perf_counter() - start)
    assert len(found) == len(many) + len(bots)
    assert min(took) < 1, took  # without the index message_lane it takes many seconds


def test_a_lane_unknown_to_the_rows_is_made_when_it_is_served(engine: Engine) -> None:
    with engine.begin() as connection:
        lanes.serve(connection, [("zalo", "1")], NOW)
        assert set(lanes.served(connection, NOW)) == {("zalo", "1")}
        assert lanes.served(connection, NOW + dt.timedelta(minutes=6)) == {}
        connection.execute(insert(lanes.LANE).values(channel="zalo", bot="2", served_at=NOW))
        assert set(lanes.served(connection, NOW)) == {("zalo", "1"), ("zalo", "2")}


# ---- a machine that stood still -------------------------------------------------------------------------------------


@dataclass
class Seconds:
    """What passes on the machine: nothing, unless told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def run_lane(engine: Engine, bots: dict[Lane, Channel], lane: Lane, seconds: Seconds) -> Any:
    """One run of a lane, to be awaited; its clock stands still."""
    return deliver_lane(engine, bots, lane, lambda: NOW, asyncio.Event(), "asleep", lambda *_: None, seconds)


def taken_over(engine: Engine, lane: Lane) -> lanes.Holder:
    """Another machine has taken us for dead, and takes the lane."""
    other = lanes.Holder("another")
    with engine.begin() as connection:
        assert lanes.take(connection, lane, other, NOW) == lanes.SURE_FOR + lanes.SAME_SECOND
        recover_lane(connection, lane, NOW)
    return other


def test_who_wakes_up_and_has_lost_the_lane_sends_no_more_and_leaves_the_mark_of_its_new_holder(
    engine: Engine, bots: dict[Lane, Channel]
) -> None:
    lane, _ = bots
    bot: Any = bots[lane]

    async def play() -> Any:
        bot.asked, bot.go = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(run_lane(engine, bots, lane, Seconds()))
        await bot.asked.wait()
        other = await asyncio.to_thread(taken_over, engine, lane)
        bot.go.set()  # what was on its way is answered
        return await running, other

    done, other = asyncio.run(play())
    begun = len(bot.sent)
    assert begun <= 3
    assert statuses(engine, lane)["queued"] >= SIZE.people - begun  # not one more was claimed
    assert done.sent <= begun
    with engine.begin() as connection:
        assert lanes.is_held(connection, lane, other)


@pytest.mark.parametrize(("stood_still", "leave"), [(lanes.SURE_FOR / 2, True), (lanes.SURE_FOR * 20, False)])
def test_a_letter_that_waited_for_the_bots_pace_while_the_machine_stood_still_leaves_only_if_the_lane_is_ours(
    engine: Engine, bots: dict[Lane, Channel], stood_still: float, leave: bool
) -> None:
    lane, _ = bots
    bot: Any = bots[lane]
    seconds = Seconds()
    one_at_a_time = asyncio.Lock()
    took: list[lanes.Holder] = []

    class Paced(Bot):
        async def send(self, address: str, message: Message) -> Outcome:
            async with one_at_a_time:
                if not took:
                    took.append(await asyncio.to_thread(taken_over, engine, lane))
                    seconds.now += stood_still
            if not await may_leave():
                return Retry("chưa tới lượt gửi", 0)
            outcome: Outcome = await bot.send(address, message)
            return outcome

    asyncio.run(run_lane(engine, bots | {lane: Paced(bot.bot)}, lane, seconds))
    assert bool(bot.sent) is leave
    if not leave:  # what had begun and could not be repeated is set right: it never left, so it waits again
        with engine.connect() as connection:
            rows = connection.execute(select(MESSAGE).where(MESSAGE.c.bot == lane[1], ~MESSAGE.c.urgent)).all()
        assert {(row.status, row.copies) for row in rows} == {("queued", 0)}


def test_a_machine_that_stood_still_and_was_not_missed_goes_on(engine: Engine, bots: dict[Lane, Channel]) -> None:
    lane, _ = bots
    bot: Any = bots[lane]
    seconds = Seconds()

    class Slow(Bot):
        async def send(self, address: str, message: Message) -> Outcome:
            seconds.now += 20 * lanes.SURE_FOR
            return await bot.send(address, message) if await may_leave() else Retry("chưa tới lượt gửi", 0)

    done = asyncio.run(run_lane(engine, bots | {lane: Slow(bot.bot)}, lane, seconds))
    assert (done.sent, len(bot.sent)) == (SIZE.people, SIZE.people)


def test_a_letter_that_begins_while_its_lane_is_taken_over_is_known_to_have_begun() -> None:
    """The machine was stopped between the writing and the commit; it woke up when the other had just looked."""
    url = postgres_or_skip()
    engine = connect(url)
    fill(engine, SIZE, MORNING)
    channels: dict[Lane, Channel] = {("telegram", bot): Bot(bot) for bot in SIZE.bots}
    lane = next(iter(channels))
    with engine.begin() as connection:
        lanes.serve(connection, list(channels), NOW)
    assigned: set[Lane] = set()
    decide_for(engine, NOW, None, lambda connection: assigned.update(lanes.assign(connection, channels, NOW)))
    early = [letter for letter in claimed(engine, channels, lane) if not letter.urgent][:1]
    with ThreadPoolExecutor(1) as thread:
        with engine.begin() as asleep:
            assert begin(asleep, early, NOW) == {early[0].id}
            taking = thread.submit(in_transaction, engine, lambda connection: recover_lane(connection, lane, NOW))
            wait_until(lambda: bool(run(url, _WAITS_FOR_A_LOCK)), 10, 0.02)
        assert taking.result(10).unknown == 1
    with engine.connect() as connection:
        row = connection.execute(select(MESSAGE).where(MESSAGE.c.id == early[0].id)).one()
    assert (row.status, row.copies) == ("unknown", 1)  # given back, it would be sent a second time
    engine.dispose()
    drop_database(url)


_WAITS_FOR_A_LOCK = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def test_whoever_stands_still_in_a_transaction_holds_nothing_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "STANDS_STILL", "200ms")
    url = postgres_or_skip()
    still, other = connect(url), connect(url)
    still.connect().close()  # one that was connected before
    turns.hold_nothing_while_still(still)
    tries = []

    def stand_still(connection: Connection) -> list[str]:
        """The first time for so long that another gets what we hold; the transaction is done anew then."""
        tries.append(turns.alone_with(connection, ["a"]))
        if len(tries) == 1:
            wait_until(lambda: in_transaction(other, lambda it: turns.alone_with(it, ["a"])) == ["a"], 60)
        return list(connection.execute(text("SELECT 'written'")).scalars())

    assert in_transaction(still, stand_still) == ["written"]
    assert tries == [["a"], ["a"]]
    for engine in (still, other):
        engine.dispose()
    drop_database(url)
