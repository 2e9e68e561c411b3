"""A flood of flood waits through the whole engine: sixty people, one bot, and every third send is told to wait.

What was told to wait once is taken the next time; ``python -m tests.bench.telegram_transport --storm`` plays on with
repeated refusals, where one person is told to wait nine seconds and the rest of the storm is waiting for them.

The outbox is emptied by ``deliver`` as the live engine does it, over real HTTP, at real if hurried limits. Held against
the limit's own minimum, the longest of four times that no sender could beat:

- all calls, those that were refused too, at the provider's rate;
- the calls up to the last refusal, at that rate, and the wait that it named;
- what the unluckiest person was told to wait, in all;
- the spacing of one chat's messages beyond its burst.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, select

from bots.pacing import Pace
from bots.telegram import PACE, Telegram
from bots.zalo import Zalo
from data import journal
from data.database import connect, create_schema, reading
from engine import load
from engine.app import Product, _Live
from engine.deliver import deliver
from engine.messages import Channel, DigestMessage, Inbound, Message, Outcome, Sent
from engine.office import CHAT, MESSAGE, PERSON
from engine.payload import to_payload
from engine.settings import Settings
from schedules.office_model import OfficeFile
from tests.servers import telegram_server, zalo_server
from tests.servers.telegram_server import Limits, TelegramServer
from tests.servers.telegram_server.answers import ApiError as TelegramSays
from tests.servers.zalo_server import ApiError, Json, ZaloServer
from tests.timing import Stalls, TooSlow, in_time, once_in_three
from tests.world import OFFICE_ID, civil

ASKER = "can-bo-hoi"  # is owed nothing, and asks in the middle of it
PEOPLE = [f"can-bo-{n:02}" for n in range(60)]
WEEKS = (10, 11, 12)  # each person is owed three messages, in this order
EVERY, WAIT = 3, 1
LATENCY = 0.02  # seconds
AT_ONCE = 2.5  # seconds; everybody else's next message may be before the answer

# Twice Telegram's own figures (30 a second, one a second for a chat after a burst), and our pace under them likewise.
LIMITS = Limits(per_second=60, chat_seconds=0.5, chat_burst=4)
PACED = replace(PACE, per_second=2 * PACE.per_second, per_chat_seconds=0.5)
# Zalo names no figures; ours are ten times the polite guess.
ZALO_LIMITS = Limits(per_second=50, chat_seconds=0.1, chat_burst=2)
ZALO_PACED = Pace(per_second=46, per_chat_seconds=0.1)
BUNCHED = 2  # calls that left evenly and arrived in a bunch, on a busy machine


class RunningClock:
    """Eight o'clock of a Wednesday, and from then on as time goes by."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> dt.datetime:
        return civil("2026-03-25 08:00") + dt.timedelta(seconds=time.monotonic() - self._began)


@dataclass
class Watched:
    """A channel, and when each send came to an end."""

    channel: Channel
    served: dict[str, float] = field(default_factory=dict)  # by address: when the last message was taken
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.name, self.bot = self.channel.name, self.channel.bot

    async def send(self, address: str, message: Message) -> Outcome:
        outcome = await self.channel.send(address, message)
        if isinstance(outcome, Sent):
            self.served[address] = time.monotonic() - self.began
        return outcome


@dataclass(frozen=True)
class Flood:
    """What became of it; seconds."""

    took: float
    minimum: float
    calls: int
    refused: int
    last_of_the_lucky: float  # when the last person was served who was never told to wait
    stalled: float

    def __str__(self) -> str:
        return (
            f"{self.took:.2f} s for {self.calls} calls, {self.refused} of them refused; the limit's own minimum is "
            f"{self.minimum:.2f} s: {self.took / self.minimum:.2f} times (the machine stalled for {self.stalled:.2f} s)"
        )


def an_office_of_sixty(folder: Path, channel: str, bot: str, address_of: Callable[[str], str]) -> Engine:
    """Everybody has a chat at one bot, and three messages wait for each in the outbox."""
    engine = connect(f"sqlite:///{folder / 'flood.db'}")
    create_schema(engine)
    office = OfficeFile.model_validate(
        {
            "office": {"id": OFFICE_ID, "name": "UBND xã Mẫu", "province": "Hải Phòng", "standing_unit": "vhxh"},
            "plan": {"title": "Kế hoạch CCHC năm 2026", "issuer": "UBND xã Mẫu", "period": [2026, 2026]},
            "units": [{"id": "vhxh", "name": "Phòng Văn hóa - Xã hội"}],
            "people": [
                {"id": slug, "name": f"Cán bộ {slug}", "unit": "vhxh", "role": "officer", "standing": not at}
                for at, slug in enumerate([ASKER, *PEOPLE])
            ],
            "obligations": [],
        }
    )
    now = civil("2026-03-25 07:59")
    with engine.begin() as connection:
        load.apply(connection, office, now)
        people = connection.execute(select(PERSON.c.id, PERSON.c.slug).order_by(PERSON.c.id)).all()
        chats = {"office_id": OFFICE_ID, "channel": channel, "bot": bot, "linked_at": now}
        connection.execute(insert(CHAT), [{**chats, "person_id": p.id, "address": address_of(p.slug)} for p in people])
        rows = [
            {
                "office_id": OFFICE_ID,
                "person_id": person.id,
                "kind": "digest",
                "key": f"digest:{week}:{person.id}",
                "payload": to_payload(digest_of(week)),
                "status": "queued",
                "not_before": now,
            }
            for week in WEEKS
            for person in people
            if person.slug != ASKER
        ]
        connection.execute(insert(MESSAGE), rows)
    return engine


def digest_of(week: int) -> DigestMessage:
    monday = dt.date.fromisocalendar(2026, week, 1)
    sunday = monday + dt.timedelta(days=6)
    return DigestMessage("", "UBND xã Mẫu", f"2026-W{week}", monday, sunday, 1, 0, 0, (), 0, (), 0, 0, 0)


async def empty(engine: Engine, channel: Channel, clock: RunningClock) -> None:
    """The postman's rounds, until nothing waits."""
    soonest = select(func.min(MESSAGE.c.not_before)).where(MESSAGE.c.status == "queued")
    while True:
        await deliver(engine, [channel], clock.now())
        with reading(engine) as connection:
            due = connection.execute(soonest).scalar()
        if due is None:
            return
        await asyncio.sleep(max(0.0, (due - clock.now()).total_seconds()))


def check_that_everybody_got_theirs(engine: Engine, shown: Callable[[str], list[str]]) -> None:
    """Three messages each, in order, once; and the outbox knows it."""
    for slug in PEOPLE:
        weeks = [text.partition("Bản tin tuần ")[2][:7] for text in shown(slug)]
        assert weeks == [f"{week}/2026" for week in WEEKS], f"{slug}: {weeks}"
    with reading(engine) as connection:
        states = connection.execute(select(MESSAGE.c.status, func.count()).group_by(MESSAGE.c.status)).all()
        assert [tuple(state) for state in states] == [("sent", len(PEOPLE) * len(WEEKS))]
        assert journal.verify(connection, OFFICE_ID).broken_at is None


def minimum(calls: int, last_refusal: int, waits: Counter[Any], limits: Limits) -> float:
    """As the module says."""
    spaced = max(0, len(WEEKS) - limits.chat_burst) * limits.chat_seconds
    return max((calls - 1) / limits.per_second, (last_refusal - 1) / limits.per_second + WAIT, *waits.values(), spaced)


def check_the_time(flood: Flood, pace: Pace, limits: Limits) -> None:
    assert flood.refused == len(PEOPLE)
    if limits.refused > BUNCHED:  # our pace meets none of the limits by itself
        raise TooSlow(f"{limits.refused} calls left evenly and arrived in bunches")
    in_time(flood.took - flood.stalled, 1.3 * flood.minimum, flood)
    # Whoever was told nothing was served as if nobody had been.
    in_time(flood.last_of_the_lucky - flood.stalled, flood.calls / pace.per_second + 0.7, flood)


# ---- Telegram -------------------------------------------------------------------------------------------------------


def number_of(slug: str) -> int:
    return 8000 + [*PEOPLE, ASKER].index(slug)


@once_in_three
def test_sixty_people_in_a_storm_of_429s_on_telegram(tmp_path: Path, capsys: Any) -> None:
    limits = replace(LIMITS)

    async def storm() -> tuple[Flood, Engine, TelegramServer]:
        async with (
            TelegramServer(limits=limits) as server,
            Telegram(telegram_server.TOKEN, server.base_url, pace=PACED) as telegram,
        ):
            for slug in PEOPLE:
                server.opens(number_of(slug))
            engine = an_office_of_sixty(tmp_path, telegram.name, telegram.bot, lambda slug: str(number_of(slug)))
            server.floods_every(EVERY, retry_after=WAIT, repeats=False)
            server.latency = LATENCY
            channel, clock = Watched(telegram), RunningClock()
            async with Stalls() as stalls:
                await empty(engine, channel, clock)
            took = time.monotonic() - channel.began
            calls = sum(map(server.calls.count, ("sendMessage", "sendPhoto")))
            lucky = max(at for address, at in channel.served.items() if not server.floods[int(address)])
            least = minimum(calls, server.flooded_last, server.floods, limits)
            refused = sum(server.floods.values())
            return Flood(took, least, calls, refused, lucky, stalls.seconds), engine, server

    flood, engine, server = asyncio.run(storm())
    with capsys.disabled():
        print(f"\nTelegram: {flood}")  # noqa: T201
    check_that_everybody_got_theirs(engine, lambda slug: [one.text for one in server.inbox(number_of(slug))])
    engine.dispose()
    check_the_time(flood, PACED, limits)


@once_in_three
def test_whoever_asks_in_the_middle_of_it_is_answered_at_once(tmp_path: Path) -> None:
    """By the live engine's own postman."""

    async def storm() -> None:
        async with (
            TelegramServer() as server,
            Telegram(telegram_server.TOKEN, server.base_url, pace=PACED) as telegram,
        ):
            for slug in (ASKER, *PEOPLE):
                server.opens(number_of(slug))
            engine = an_office_of_sixty(tmp_path, telegram.name, telegram.bot, lambda slug: str(number_of(slug)))
            server.floods_every(EVERY, retry_after=WAIT, repeats=False)
            stop = asyncio.Event()
            live = _Live(Product(Settings(), engine, RunningClock(), [telegram]), stop, lambda *_: None)
            postman = asyncio.create_task(live.carry())
            await server.until(lambda: sum(map(server.calls.count, ("sendMessage", "sendPhoto"))) > len(PEOPLE))
            asker = number_of(ASKER)
            await live.keep([Inbound(telegram.name, telegram.bot, "1", str(asker), "việc")])
            live.heard()
            try:
                async with Stalls() as stalls:
                    asked = time.monotonic()
                    await server.until(lambda: server.inbox(asker), 10 * AT_ONCE)
                    in_time(time.monotonic() - asked - stalls.seconds, AT_ONCE)
            finally:
                stop.set()
                postman.cancel()
                await asyncio.gather(postman, return_exceptions=True)
                engine.dispose()

    asyncio.run(storm())


# ---- Zalo -----------------------------------------------------------------------------------------------------------


class FloodingZalo(ZaloServer):
    """Says 429 to every third send, with a time to wait, and keeps a limit besides."""

    def __init__(self, limits: Limits, **options: Any) -> None:
        super().__init__(**options)
        self.limits = limits
        self.waits: Counter[str] = Counter()
        self.sends = self.last_refusal = 0
        self._new = 0
        self._refused: set[tuple[str, str]] = set()

    async def _send_message(self, parameters: Json) -> Json:
        self.sends += 1
        which = (parameters["chat_id"], parameters["text"])
        if which not in self._refused:
            self._new += 1
            if self._new % EVERY == 0:
                self._refused.add(which)
                self.last_refusal = self.sends
                self.waits[parameters["chat_id"]] += WAIT
                raise _too_fast()
        try:
            self.limits.allow(int(parameters["chat_id"], 16))
        except TelegramSays:  # whose class it is
            raise _too_fast() from None
        return await super()._send_message(parameters)


def _too_fast() -> ApiError:
    return ApiError(429, "Too many requests", parameters={"retry_after": WAIT})


@once_in_three
def test_sixty_people_in_a_storm_of_429s_on_zalo(tmp_path: Path, capsys: Any) -> None:
    limits = replace(ZALO_LIMITS)

    async def storm() -> tuple[Flood, Engine, FloodingZalo, dict[str, str]]:
        async with (
            FloodingZalo(limits, latency=LATENCY) as server,
            Zalo(zalo_server.TOKEN, server.base_url, pace=ZALO_PACED) as zalo,
        ):
            ids = {slug: server.opens(slug) for slug in (ASKER, *PEOPLE)}
            engine = an_office_of_sixty(tmp_path, zalo.name, zalo.bot, lambda slug: ids[slug])
            channel, clock = Watched(zalo), RunningClock()
            async with Stalls() as stalls:
                await empty(engine, channel, clock)
            took = time.monotonic() - channel.began
            lucky = max(at for address, at in channel.served.items() if not server.waits[address])
            least = minimum(server.sends, server.last_refusal, server.waits, limits)
            refused = sum(server.waits.values())
            return Flood(took, least, server.sends, refused, lucky, stalls.seconds), engine, server, ids

    flood, engine, server, ids = asyncio.run(storm())
    with capsys.disabled():
        print(f"\nZalo: {flood}")  # noqa: T201
    check_that_everybody_got_theirs(engine, lambda slug: [one.text for one in server.inbox(ids[slug])])
    engine.dispose()
    check_the_time(flood, ZALO_PACED, limits)
