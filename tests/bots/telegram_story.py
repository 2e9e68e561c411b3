"""What the tests of Telegram share: a server, a channel, and two people who have pressed Start."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bots.pacing import Pace
from bots.telegram import Telegram, Timeouts
from engine.messages import Answer, Inbound, Item, ReminderMessage, Said, Says, WorkLine
from tests.servers.telegram_server import TOKEN, Limits, TelegramServer

SECRET = TOKEN.partition(":")[2]
HUONG, BINH = 7001, 7002  # the clerk of the one-stop office; her head of unit
GROUP = -1001234  # of their office
QUICK = (0.01,)  # seconds between failed polls
HURRIED = Pace(per_second=10_000, burst=10_000)  # for tests that are not about the pace
NOTE = Answer(Said.DOING, number=3, title="Báo cáo A", due=dt.date(2026, 3, 25))

Story = Callable[[TelegramServer, Telegram], Awaitable[None]]


def play(
    story: Story,
    timeouts: Timeouts | None = None,
    *,
    pace: Pace = HURRIED,
    limits: Limits | None = None,
    seconds: float = 20,
    strict: bool = False,
) -> None:
    """Tell a story in which Hường and Bình have pressed Start."""

    async def told() -> None:
        async with (
            TelegramServer(limits=limits, strict=strict) as server,
            Telegram(TOKEN, server.base_url, timeouts=timeouts, pace=pace) as channel,
        ):
            server.opens(HUONG)
            server.opens(BINH)
            async with asyncio.timeout(seconds):
                await story(server, channel)

    asyncio.run(told())


def reminder(*titles: str, now: str | None = None) -> ReminderMessage:
    """A reminder to Hường of work with these titles; ``now``: what has become of the first."""
    day = dt.date(2026, 3, 25)
    items = tuple(
        Item(
            number,
            400 + number,
            Says.SOON,
            title,
            "Phòng Kinh tế",
            day,
            day,
            day,
            version=5,
            now=now if number == 1 else None,
        )
        for number, title in enumerate(titles, start=1)
    )
    return ReminderMessage("đồng chí Hường", "UBND xã Hưng Thắng", dt.date(2026, 3, 20), items, person_id=31)


def work_list(lines: int) -> Answer:
    """A work list of so many lines; a hundred make four parts."""
    due = dt.date(2026, 3, 25)
    title = "Báo cáo kết quả thực hiện nhiệm vụ cải cách hành chính và chuyển đổi số quý"
    work = (WorkLine(n, n, f"{title} {n}", "Phòng Kinh tế", due, "đang làm, còn 3 ngày") for n in range(1, lines + 1))
    return Answer(Said.WORK_LIST, lines=tuple(work))


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Inbox:
    """Where a poll stores what it heard; it can be made to fail."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[Inbound] = []
        self.offset: int | None = None
        self.tries = 0
        self._failures = failures
        self._changed = asyncio.Condition()

    async def store(self, inbounds: Sequence[Inbound], next_offset: int | None) -> None:
        async with self._changed:
            self.tries += 1
            self._changed.notify_all()
            if self.tries <= self._failures:
                raise OSError("đĩa đầy")
            self.heard.extend(inbounds)
            self.offset = next_offset

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(seen)

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.heard]


@asynccontextmanager
async def polling(
    channel: Telegram, inbox: Inbox, offset: int | None = None, backoff: Sequence[float] = QUICK
) -> AsyncIterator[None]:
    """A poll that runs meanwhile, and must end within two seconds afterwards."""
    stop = asyncio.Event()
    task = asyncio.create_task(channel.poll(inbox.store, offset, stop, backoff=backoff))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(2):
            await task
