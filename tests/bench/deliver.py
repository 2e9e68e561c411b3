"""Emptying the outbox (claim, render, post, record) beside a bare client that posts the same words."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import Connection, func, insert, select

from bots.pacing import Pace
from bots.telegram import Telegram
from bots.wording import plain
from data import handles
from data.database import connect
from engine.deliver import deliver
from engine.messages import Channel, Message, Outcome, Sent, Unknown
from engine.office import MESSAGE, OCCURRENCE, PERSON, REMINDER
from engine.plan import plan
from tests.bench import stub
from tests.bench.communes import BUSY, LOADED, crowded, link_all, loaded, multiply
from tests.bench.figures import Figure, rates, timed, times_faster
from tests.bench.history import settle
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store
from tests.servers.telegram_server import TOKEN

BOT = TOKEN.partition(":")[0]
LINES = 3  # of work in a message
WARM = 100  # messages that leave before the clock is started
EARLY, MORNING = BUSY, BUSY.replace(minute=BUSY.minute + 1)
JSON = {"Content-Type": "application/json"}
OPEN = Pace(per_second=1e6, burst=1_000_000)  # as fast as it goes


@dataclass(frozen=True)
class Load:
    """One line of the table: latency in seconds, requests under way, the goals by database."""

    latency: float
    in_flight: int
    least: dict[str, float]


LOADS = (
    Load(0.05, 30, {"SQLite": 0.95, "PostgreSQL": 0.95}),
    Load(0.05, 100, {"SQLite": 0.9, "PostgreSQL": 0.9}),
    Load(0.0, 30, {"SQLite": 0.7, "PostgreSQL": 0.5}),
)


def deliveries(size: Size, bench: Bench) -> Iterator[Figure]:
    """Every load on every database; then through the product's own Telegram channel."""
    with stub.running() as provider:
        for store in bench.stores:
            with stub.apart(*bench.pids(store)):
                prepared = store.new()
                filled(prepared, size.messages + WARM)
                posts = asyncio.run(_posts(store, prepared))
                for one in LOADS:
                    bench.say(f"{store.name}, {one.latency * 1000:g} ms, {one.in_flight} in flight")
                    yield _compared(size, store, prepared, posts, provider, one)
                yield _compared(size, store, prepared, posts, provider, Load(0.05, 30, {}), through_telegram=True)
                store.drop(prepared)


def _compared(
    size: Size,
    store: Store,
    prepared: str,
    posts: Sequence[bytes],
    provider: stub.Running,
    load: Load,
    *,
    through_telegram: bool = False,
) -> Figure:
    provider.set_latency(load.latency)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(size.runs):
        asyncio.run(_bare(posts[WARM:], provider, load.in_flight, bare))
        url = store.copy(prepared)
        provider.arrivals()
        asyncio.run(_ours(url, provider, load.in_flight, ours, through_telegram))
        arrived = len(provider.arrivals())
        assert arrived == len(posts), f"{arrived} of {len(posts)} arrived"
        store.drop(url)
    channel = "Telegram channel (python-telegram-bot on our transport)" if through_telegram else "plain channel"
    return times_faster(
        f"Delivery on {store.name}, {f'{load.latency * 1000:g} ms' if load.latency else 'no'} latency, "
        f"{load.in_flight} in flight, {channel}",
        rates(size.messages, ours),
        rates(size.messages, bare),
        "bare aiohttp",
        load.least.get(store.name),
    )


async def _ours(url: str, provider: stub.Running, in_flight: int, taken: list[float], through_telegram: bool) -> None:
    engine = connect(url)
    channel = Telegram(TOKEN, provider.base_url, pace=OPEN) if through_telegram else Plain(provider.base_url, in_flight)
    async with channel:
        warm = await deliver(engine, [channel], EARLY)
        assert warm.sent == WARM
        with timed(taken):
            done = await deliver(engine, [channel], MORNING)
    with engine.connect() as connection:
        sent = select(func.count()).select_from(MESSAGE).where(MESSAGE.c.status == "sent")
        assert connection.execute(sent).scalar_one() == WARM + done.sent
    engine.dispose()


async def _bare(posts: Sequence[bytes], provider: stub.Running, in_flight: int, taken: list[float]) -> None:
    left = iter(posts)
    address = f"{provider.base_url}{TOKEN}/sendMessage"

    async def post(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(address, data=body, headers=JSON) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with timed(taken):
            await asyncio.gather(*(post(session) for _ in range(in_flight)))


class Plain:
    """The least that is a channel: the words rendered, one post, the answer read."""

    name = "telegram"
    bot = BOT
    edits = False

    def __init__(self, base_url: str, in_flight: int) -> None:
        self._address = f"{base_url}{TOKEN}/sendMessage"
        self._places = asyncio.Semaphore(in_flight)
        self.at_once = OPEN.ahead
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Plain:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, address: str, message: Message) -> Outcome:
        """Post it."""
        assert self._session is not None
        text = plain(message)
        async with self._places, self._session.post(self._address, data=_body(address, text), headers=JSON) as answer:
            told = json.loads(await answer.read())
        return Sent(str(told["result"]["message_id"]), text) if told["ok"] else Unknown("?")


def _body(address: str, text: str) -> bytes:
    return json.dumps({"chat_id": int(address), "text": text}).encode()


class _Listening:
    """A channel that only notes what would be posted."""

    name, bot, edits = "telegram", BOT, False

    def __init__(self) -> None:
        self.posts: list[bytes] = []

    async def send(self, address: str, message: Message) -> Outcome:
        text = plain(message)
        self.posts.append(_body(address, text))
        return Sent(str(len(self.posts)), text)


async def _posts(store: Store, prepared: str) -> list[bytes]:
    """What the messages of that database say, ready to be posted."""
    url = store.copy(prepared)
    engine = connect(url)
    channel = _Listening()
    channels: list[Channel] = [channel]
    await deliver(engine, channels, EARLY)
    await deliver(engine, channels, MORNING)
    engine.dispose()
    store.drop(url)
    return channel.posts


# ---- an outbox that is full ------------------------------------------------------------------------------------------


def filled(url: str, messages: int) -> None:
    """So many merged messages wait, one a person, each about three pieces of work."""
    template = crowded("xa-0", 10)
    loaded(url, [template])
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, LOADED, "telegram", BOT)
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(1, -(-messages // len(template.people)))])
        plan(connection, LOADED)
        fill_outbox(connection, messages)
    engine.dispose()
    settle(url)


def fill_outbox(connection: Connection, messages: int) -> None:
    """As a morning's turn would leave it: messages, their lines, the numbers of the work. The first are earlier."""
    people = connection.execute(select(PERSON.c.id, PERSON.c.office_id).order_by(PERSON.c.id).limit(messages)).all()
    assert len(people) == messages, f"{len(people)} people for {messages} messages"
    work: dict[str, list[int]] = {}
    for office, occurrence in connection.execute(
        select(OCCURRENCE.c.office_id, OCCURRENCE.c.id).order_by(OCCURRENCE.c.id)
    ):
        work.setdefault(office, []).append(occurrence)
    rows: list[dict[str, Any]] = [
        {
            "id": number,
            "office_id": person.office_id,
            "person_id": person.id,
            "kind": "reminder",
            "key": "remind:2026-01-06/am",
            "slot": "2026-01-06/am",
            "not_before": EARLY if number <= WARM else MORNING,
        }
        for number, person in enumerate(people, start=1)
    ]
    connection.execute(insert(MESSAGE), rows)
    lines = [
        (row, occurrence)
        for row in rows
        for occurrence in itertools.islice(
            itertools.cycle(work[row["office_id"]]), row["person_id"] % 7, row["person_id"] % 7 + LINES
        )
    ]
    connection.execute(
        insert(REMINDER),
        [
            {
                "office_id": row["office_id"],
                "occurrence_id": occurrence,
                "revision": 1,
                "rung": "soon-10",
                "person_id": row["person_id"],
                "says": "soon",
                "scheduled_at": BUSY,
                "status": "in_message",
                "message_id": row["id"],
            }
            for row, occurrence in lines
        ],
    )
    handles.give(connection, [(row["person_id"], occurrence) for row, occurrence in lines], EARLY)
