"""Step 4, deliver: the outbox is emptied. Claim, send and record are three moments; no transaction spans a send.

What happens when a send's fate is unknown depends on the message's class (DESIGN section 6): an urgent one (last call,
overdue, escalation, question to an approver) is repeated once and marked; every other one is not repeated and the
operator sees it as unknown. A process that dies between claim and record leaves exactly that case behind.

Each address is a lane: its messages leave one after the other, whatever happens in other lanes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from engine.messages import Channel, Outcome, ReminderMessage, Retry, Unknown
from engine.office import OfficeView
from engine.outbox import BATCH, Channels, Claimed, Delivered, Letter, bots_of, claim, record, recover

Lane = tuple[str, str, str]  # channel, bot, address


async def deliver(
    engine: Engine,
    channels: Collection[Channel],
    now: dt.datetime,
    stop: asyncio.Event | None = None,
    clock: Callable[[], dt.datetime] | None = None,
) -> Delivered:
    """Send what waits, until nothing more may leave. After ``stop`` no further send begins.

    ``clock``: a delivery takes minutes, and what is queued meanwhile (an answer, a retry come due) leaves within it.
    """
    clock = clock or (lambda: now)
    post = _Post(bots_of(channels), stop or asyncio.Event())
    # What is claimed and waits for its turn is lost to a crash as if it were on its way: no more than leaves soon.
    most = min(BATCH, sum(getattr(channel, "at_once", BATCH) for channel in channels))
    done = Delivered()
    seen: dict[str, OfficeView] = {}  # names, units and hours, which no batch changes
    with engine.begin() as connection:
        done.add(recover(connection, clock()))
    while True:
        claimed = Claimed()
        if post.under_way <= most // 2 and not post.stop.is_set():
            with engine.begin() as connection:
                claimed = claim(connection, post.channels, clock(), seen, most - post.under_way)
            done.dropped += claimed.dropped
            post.take(claimed.letters)
        if not post.under_way:
            if claimed.more and not post.stop.is_set():
                continue
            return done
        done.add(await _recorded(engine, post, await post.outcomes(), clock))


async def _recorded(
    engine: Engine, post: _Post, outcomes: list[tuple[Letter, Outcome]], clock: Callable[[], dt.datetime]
) -> Delivered:
    """Write down what came back. A locked database is waited for: unrecorded, what has not left would be unknown."""
    for pause in (1.0, 3.0, 10.0):
        try:
            with engine.begin() as connection:
                return record(connection, post.channels, outcomes, clock())
        except OperationalError:
            await asyncio.sleep(pause)
    with engine.begin() as connection:
        return record(connection, post.channels, outcomes, clock())


class _Post:
    """The letters that are under way, lane by lane."""

    def __init__(self, channels: Channels, stop: asyncio.Event) -> None:
        self.channels, self.stop = channels, stop
        self.under_way = 0
        self._lanes: dict[Lane, deque[Letter]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._came_back: asyncio.Queue[tuple[Letter, Outcome]] = asyncio.Queue()

    def take(self, letters: Sequence[Letter]) -> None:
        """Put claimed letters into their lanes."""
        self.under_way += len(letters)
        for letter in letters:
            lane = (letter.chat.channel, letter.chat.bot, letter.chat.address)
            if lane in self._lanes:
                self._lanes[lane].append(letter)
                continue
            self._lanes[lane] = deque([letter])
            task = asyncio.create_task(self._run(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def outcomes(self) -> list[tuple[Letter, Outcome]]:
        """What has come back: at least one, and whatever else is there by then."""
        found = [await self._came_back.get()]
        await asyncio.sleep(0)
        while not self._came_back.empty():
            found.append(self._came_back.get_nowait())
        self.under_way -= len(found)
        return found

    async def _run(self, lane: Lane) -> None:
        letters = self._lanes[lane]
        while letters:
            if self.stop.is_set():
                self._hold_back(letters, Retry("chương trình đang dừng", 0, named=True))
                break
            letter = letters.popleft()
            outcome = await self._send(letter)
            self._came_back.put_nowait((letter, outcome))
            if isinstance(outcome, Retry):  # what follows must not overtake it
                self._hold_back(letters, replace(outcome, named=True))
        del self._lanes[lane]

    def _hold_back(self, letters: deque[Letter], outcome: Retry) -> None:
        while letters:
            self._came_back.put_nowait((replace(letters.popleft(), begun=False), outcome))

    async def _send(self, letter: Letter) -> Outcome:
        message = letter.message
        if isinstance(message, ReminderMessage) and letter.copies:
            message = replace(message, resent=True)
        try:
            return await self.channels[letter.chat.channel, letter.chat.bot].send(letter.chat.address, message)
        except Exception as error:  # a channel must not raise; one that does must not stop the others
            return Unknown(f"{type(error).__name__}")
