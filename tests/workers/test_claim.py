"""What is claimed next, and how: in order, at its hour, and as quickly from a long queue as from a short one."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, update

from bots.pacing import Lanes, Pace
from data import handles
from data.database import connect, create_schema
from engine.claim import BATCH, claim
from engine.cycle import decide_for
from engine.deliver import deliver
from engine.messages import Answer, Channel, Message, Outcome, Retry, Said, Sent
from engine.office import MESSAGE, OFFICE, PERSON
from engine.outbox import Letter, bots_of
from engine.payload import to_payload
from engine.post import Post, Ready
from tests.databases import postgres_or_skip
from tests.postgres.server import drop_database
from tests.workers.installation import MORNING
from tests.workers.spike import Size, fill

NOW = MORNING + dt.timedelta(minutes=1)
NOON = MORNING.replace(hour=4, minute=45)  # 11:45 at the offices
SIZE = Size(offices=2, people=6)
BUSY = Size(offices=2, people=150)


@dataclass
class Bot:
    """Takes everything; with ``until``, nothing arrives before so many have left."""

    bot: str
    name: str = "telegram"
    until: int = 0
    at_once: int = BATCH
    answer: Outcome | None = None  # in place of taking it
    sent: list[str] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, address: str, message: Message) -> Outcome:
        """Take it."""
        self.sent.append(address)
        if len(self.sent) >= self.until:
            self.enough.set()
        await self.enough.wait()
        return self.answer or Sent(f"{len(self.sent)}", "")


def open_at(url: str, size: Size) -> Engine:
    """An outbox in which a message waits for each person."""
    engine = connect(url)
    create_schema(engine)
    fill(engine, size, MORNING)
    decide_for(engine, NOW)
    return engine


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'nv.db'}" if request.param == "sqlite" else postgres_or_skip(empty=True)
    engine = open_at(url, SIZE)
    yield engine
    engine.dispose()
    if request.param == "postgres":
        drop_database(url)


def bots(size: Size = SIZE) -> list[Channel]:
    return [Bot(bot) for bot in size.bots]


def claimed(engine: Engine, at: dt.datetime, most: int = BATCH, seen: dict[str, Any] | None = None) -> list[Letter]:
    with engine.begin() as connection:
        return claim(connection, bots_of(bots()), at, {} if seen is None else seen, most).letters


def answer(engine: Engine, office: str, at: dt.datetime) -> int:
    """Somebody of the last office has just asked something."""
    with engine.begin() as connection:
        row = {
            "office_id": office,
            "person_id": connection.execute(select(func.max(PERSON.c.id)).where(PERSON.c.office_id == office)).scalar(),
            "kind": "answer",
            "key": "answer:1:0",
            "payload": to_payload(Answer(Said.HELP)),
            "not_before": at,
            "channel": "telegram",
            "bot": SIZE.bots[-1],
            "address": "42",
        }
        return int(connection.execute(insert(MESSAGE).values(row).returning(MESSAGE.c.id)).scalar_one())


def test_answers_are_claimed_first_and_the_rest_in_the_order_in_which_it_waits(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = connection.execute(select(MESSAGE.c.id).order_by(MESSAGE.c.id)).scalars().all()
        earlier = update(MESSAGE).where(MESSAGE.c.id == ids[-1])
        connection.execute(earlier.values(not_before=NOW - dt.timedelta(hours=1)))
    asked = answer(engine, "xa-0001", NOW)
    order = [letter.id for _ in range(len(ids) + 1) for letter in claimed(engine, NOW, most=1)]
    assert order == [asked, ids[-1], *ids[:-1]]


def test_at_noon_only_the_answer_leaves_and_what_waits_is_not_put_off(engine: Engine) -> None:
    with engine.connect() as connection:
        before = connection.execute(select(MESSAGE.c.id, MESSAGE.c.not_before).order_by(MESSAGE.c.id)).all()
    asked = answer(engine, "xa-0001", NOON)
    assert [letter.id for letter in claimed(engine, NOON)] == [asked]
    with engine.connect() as connection:
        waiting = select(MESSAGE.c.id, MESSAGE.c.not_before).where(MESSAGE.c.status == "queued")
        assert connection.execute(waiting.order_by(MESSAGE.c.id)).all() == before


def test_an_office_that_rests_stands_in_nobodys_way(engine: Engine) -> None:
    with engine.begin() as connection:
        definition = connection.execute(select(OFFICE.c.definition).where(OFFICE.c.id == "xa-0000")).scalar_one()
        later = definition | {"morning": ["09:00", "11:30"]}
        connection.execute(update(OFFICE).where(OFFICE.c.id == "xa-0000").values(definition=later))
    letters = claimed(engine, NOW, most=3)
    assert [letter.office_id for letter in letters] == ["xa-0001"] * 3


def test_only_the_offices_of_what_is_claimed_are_read(engine: Engine) -> None:
    seen: dict[str, Any] = {}
    assert claimed(engine, NOW, most=2, seen=seen)
    assert set(seen) == {"xa-0000"}


def test_no_question_of_a_claim_sorts_the_queue(tmp_path: Path) -> None:
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", SIZE)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if " message" in statement and statement.startswith(("SELECT", "UPDATE")):
            asked.append((statement, parameters))

    assert len(claimed(engine, NOW, most=3)) == 3
    event.remove(engine, "before_cursor_execute", _note)
    assert len(asked) >= 4
    with engine.connect() as connection:
        steps = {
            row.detail
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    engine.dispose()
    assert not [step for step in steps if "TEMP B-TREE" in step]
    assert any("message_answers (kind=? AND not_before<?)" in step for step in steps)


def test_the_numbers_in_use_are_found_without_those_that_were(tmp_path: Path) -> None:
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", SIZE)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    with engine.begin() as connection:
        handles.give(connection, [(1, 1)], NOW)
    event.remove(engine, "before_cursor_execute", _note)
    statement, parameters = next(one for one in asked if one[0].startswith("SELECT handle"))
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        searches = [row.detail for row in plan if "handle" in row.detail]
    engine.dispose()
    assert len(searches) == 2
    assert all("person_id=? AND released_at" in search for search in searches)


# ---- while much is on its way ---------------------------------------------------------------------------------------


def test_the_loop_goes_on_while_the_database_is_waited_for(tmp_path: Path) -> None:
    """Whoever holds the lock here gives it back from the loop itself: a claim made on the loop would wait in vain."""
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", SIZE)
    other = sqlite3.connect(tmp_path / "nv.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    async def play() -> int:
        asyncio.get_running_loop().call_later(0.05, other.rollback)
        return (await deliver(engine, bots(), NOW)).sent

    assert asyncio.run(play()) == SIZE.messages
    other.close()
    engine.dispose()


def test_what_begins_while_one_of_its_chat_is_told_to_wait_does_not_overtake_it(tmp_path: Path) -> None:
    """The provider says so while the transaction is written in which the second one begins."""
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", SIZE)
    first, second, elsewhere = claimed(engine, NOW, most=3)
    second = replace(second, chat=first.chat)
    bot = Bot(first.chat.bot, answer=Retry("xin chờ", 7, named=True))

    async def play() -> dict[int, Outcome]:
        post = Post({first.lane: bot}, asyncio.Event(), lambda: NOW)
        post.take([first])
        while not bot.sent:
            await asyncio.sleep(0)
        post.take([second, elsewhere])
        came = await post.outcomes(1.0, 3)
        assert not next(letter for letter, _ in came if letter.id == second.id).begun
        bot.answer = None
        post.take([second])  # it has been told of: now it may
        came += await post.outcomes(1.0, 1)
        return {letter.id: outcome for letter, outcome in came}

    came = asyncio.run(play())
    assert isinstance(came[first.id], Retry)
    assert isinstance(came[second.id], Sent)
    assert bot.sent == [first.chat.address, elsewhere.chat.address, second.chat.address]
    engine.dispose()


@dataclass
class Paced(Bot):
    """Keeps a pace, and has few connections; nobody has to wait for its turn."""

    turns: Lanes = field(default_factory=lambda: Lanes(Pace(per_second=40)))
    connections: int = 1_000


def test_one_letter_of_a_chat_begins_and_no_more_than_the_bot_has_connections(tmp_path: Path) -> None:
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", BUSY)
    letters = [letter for letter in claimed(engine, NOW) if letter.chat.bot == BUSY.bots[0]][:40]
    chat = letters[0].chat
    letters[:20] = [replace(letter, chat=chat) for letter in letters[:20]]

    async def play(bot: Paced) -> tuple[list[int], int]:
        """How many begin of that chat and of others; and of the first one's after all that have begun are under way."""
        post = Post({letters[0].lane: bot}, asyncio.Event(), lambda: NOW)
        ready = Ready(post.room, post.is_busy)
        first = ready.first(letters)
        post.take(first)
        again = ready.first([letter for letter in letters if letter not in first])
        assert not {letter.line for letter in first} & {letter.line for letter in again}
        bot.enough.set()
        assert len(await post.outcomes(5.0, len(first))) == len(first)
        return [letter.id for letter in first], len(again)

    soon = 5  # of 40 a second
    begun, again = asyncio.run(play(Paced(chat.bot, until=999)))
    assert begun == [letters[0].id, *(letter.id for letter in letters[20:24])]
    assert again == soon
    begun, again = asyncio.run(play(Paced(chat.bot, until=999, connections=3)))
    assert begun == [letters[0].id, letters[20].id, letters[21].id]
    assert again == 0
    engine.dispose()


def test_more_than_one_claim_may_be_on_its_way(tmp_path: Path) -> None:
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", BUSY)

    async def play() -> int:
        first = Bot(BUSY.bots[0], until=BATCH + 1)
        both: list[Channel] = [first, replace(first, bot=BUSY.bots[1])]  # they count together
        async with asyncio.timeout(30):  # were fewer on their way, nothing would ever arrive
            return (await deliver(engine, both, NOW)).sent

    assert BUSY.messages > BATCH
    assert asyncio.run(play()) == BUSY.messages
    engine.dispose()


def test_no_more_are_claimed_than_the_bots_let_leave_soon(tmp_path: Path) -> None:
    engine = open_at(f"sqlite:///{tmp_path / 'nv.db'}", BUSY)
    slow = [Bot(bot, until=BUSY.messages, at_once=at_once) for bot, at_once in zip(BUSY.bots, (3, 4), strict=True)]

    async def play() -> int:
        delivery = asyncio.create_task(deliver(engine, list[Channel](slow), NOW))
        async with asyncio.timeout(30):
            while sum(len(bot.sent) for bot in slow) < 7:
                await asyncio.sleep(0.01)
        with engine.connect() as connection:
            held = select(func.count()).where(MESSAGE.c.status == "claimed")
            found: int = connection.execute(held).scalar_one()
        for bot in slow:
            bot.enough.set()
        assert (await delivery).sent == BUSY.messages
        return found

    assert asyncio.run(play()) == 7
    engine.dispose()
