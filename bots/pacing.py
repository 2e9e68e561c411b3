"""Keeping a provider's pace: one bot's rate, each chat's spacing, a group's minute, and the waits a provider names.

A chat that must wait stands in its own lane; only a message that may leave at once queues for the bot's rate. So one
chat's flood wait delays nobody else, and the order within a chat is the order of the calls. Time is the running
loop's (``loop.time()``): a loop with a virtual clock plays minutes in milliseconds (``tests/bots/virtual_time.py``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf

from engine.last_look import may_leave

MINUTE = 60.0
EARLIER = 1_000_000_000  # turns: older than any that waits
FEW_LANES = 256  # idle lanes are not worth a look below this


@dataclass(frozen=True, slots=True)
class Pace:
    """What a provider allows.

    ``per_second``: messages of the bot; ``burst`` of them may leave at once after a rest, and still no window of one
    second holds more than ``per_second``. ``per_chat_seconds``: between messages of one chat, from when the provider
    has answered for one until the next leaves, so that they arrive no closer. ``group_per_minute``: in any 60 seconds
    of one group; None for no limit.
    """

    per_second: float
    burst: int = 1
    per_chat_seconds: float = 0.0
    group_per_minute: int | None = None

    @property
    def ahead(self) -> int:
        """Messages to claim together: what leaves within two seconds."""
        return max(1, round(2 * self.per_second))


class Held(Exception):
    """The provider named a wait for this chat that is longer than the caller's patience; nothing was sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"held for another {seconds:.1f} s")
        self.seconds = seconds


class NotAnyMore(Held):
    """While it waited for its turn, whoever sends has come to think that it must not leave; nothing was sent."""

    def __init__(self) -> None:
        super().__init__(0.0)


@dataclass(slots=True)
class _Bucket:
    """``burst`` at once, then one every ``spacing`` seconds (GCRA: one number remembers it all)."""

    spacing: float
    burst: int
    ahead: float = -inf  # when the messages so far would all have left, had each kept the spacing
    before: float = -inf  # the same without the newest

    def free_at(self) -> float:
        return self.ahead - (self.burst - 1) * self.spacing

    def take(self, now: float) -> None:
        self.before, self.ahead = self.ahead, max(self.ahead, now) + self.spacing

    def taken_by(self, now: float) -> None:
        """The newest one was counted elsewhere, at some moment up to now."""
        self.ahead = max(self.before, now) + self.spacing


@dataclass(slots=True)
class _Window:
    """At most ``most`` in any ``seconds``."""

    most: int
    seconds: float
    lately: deque[float] = field(default_factory=deque)

    def free_at(self) -> float:
        return self.lately[0] + self.seconds if len(self.lately) >= self.most else -inf

    def take(self, now: float) -> None:
        self.lately.append(now)
        while len(self.lately) > self.most:
            self.lately.popleft()

    def taken_by(self, now: float) -> None:
        """The newest one was counted elsewhere, at some moment up to now."""
        self.lately[-1] = now

    def empty_at(self) -> float:
        return self.lately[-1] + self.seconds if self.lately else -inf


class _Gate:
    """Lets one through at a time, the oldest message first: a repeat does not queue behind what came after it."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    @asynccontextmanager
    async def passed(self, age: int) -> AsyncIterator[None]:
        await self._enter(age)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, age: int) -> None:
        if not self._busy:
            self._busy = True
            return
        called = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (age, next(self._arrivals), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # called and gone at the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            called = heappop(self._waiting)[2]
            if not called.done():
                called.set_result(None)
                return
        self._busy = False


@dataclass(slots=True)
class _Lane:
    """One chat: who waits in it, and until when."""

    spacing: _Bucket
    minute: _Window
    order: asyncio.Lock = field(default_factory=asyncio.Lock)  # an asyncio.Lock is handed on in order of arrival
    users: int = 0
    age: int = 0  # of the message that has its turn: how many turns were asked for before it
    held_until: float = -inf

    def counted(self, now: float) -> None:
        """The provider has counted the newest message at some moment up to now, not when it left."""
        self.spacing.taken_by(now)
        if self.minute.lately:
            self.minute.taken_by(now)

    def idle(self, now: float) -> bool:
        """Nobody is in it, and it would say nothing that a new one would not."""
        return not self.users and now >= max(self.held_until, self.spacing.ahead, self.minute.empty_at())


class Lanes:
    """The turns of one bot's messages. Belongs to one event loop."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        most = max(1, int(pace.per_second))
        self._rate = _Bucket(1 / pace.per_second, max(1, pace.burst))
        self._second = _Window(most, max(1.0, most / pace.per_second))
        self._gate = _Gate()
        self._rests_until = -inf
        self.waiting = 0  # messages that wait for the bot's rate at this moment, and for nothing else
        self._ages = count()
        self._lanes: dict[str, _Lane] = {}
        self._look_at = FEW_LANES  # how many lanes make it worth while to look for idle ones

    def turn(
        self, address: str, *, group: bool = False, patience: float = inf, first: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """One message to one chat: ``async with lanes.turn(address): send``.

        Turns of one address follow each other in the order of the calls, one at a time. It waits for the chat's hold
        and spacing, for the group's minute, then for the bot's rate. ``patience``: seconds of a hold that are waited
        out; a longer one raises at once. ``first``: before what waits for the rate in other lanes, as somebody is
        looking at the telephone.

        :raises Held: the chat is held for longer than ``patience``.
        :raises NotAnyMore: its turn has come, and it must not leave any more (:mod:`engine.last_look`).
        """
        return self._turn(address, group, patience, first)

    async def again(self, address: str, *, group: bool = False, patience: float = inf) -> None:
        """Within a turn: wait for one more message (a repeat, the next part) without leaving the lane.

        :raises Held: as for :meth:`turn`.
        """
        lane = self._lane(address)
        lane.counted(_now())
        await self._wait(lane, group, patience)

    def hold(self, address: str, seconds: float) -> None:
        """The provider wants nothing for this chat for so long (``retry_after``). Other chats go on."""
        lane = self._lane(address)
        lane.held_until = max(lane.held_until, _now() + seconds)

    def rest(self, seconds: float) -> None:
        """Let no message of the bot leave for so long: another machine has just sent by it."""
        self._rests_until = max(self._rests_until, _now() + seconds)

    def held_for(self, address: str) -> float:
        """Seconds that the chat is still held; 0.0 when it is not."""
        lane = self._lanes.get(address)
        return max(0.0, lane.held_until - _now()) if lane else 0.0

    def __len__(self) -> int:
        """How many chats are remembered: those with a turn or a hold now, or a message in the last minute."""
        self._forget_idle()
        return len(self._lanes)

    @asynccontextmanager
    async def _turn(self, address: str, group: bool, patience: float, first: bool) -> AsyncIterator[None]:
        lane, age = self._lane(address), next(self._ages) - (EARLIER if first else 0)
        lane.users += 1
        try:
            async with lane.order:
                lane.age = age
                await self._wait(lane, group, patience)
                try:
                    yield
                finally:
                    lane.counted(_now())
        finally:
            lane.users -= 1

    async def _wait(self, lane: _Lane, group: bool, patience: float) -> None:
        while (pause := lane.held_until - _now()) > 0:
            if pause > patience:
                raise Held(pause)
            await asyncio.sleep(pause)
        while (pause := max(lane.spacing.free_at(), lane.minute.free_at() if group else -inf) - _now()) > 0:
            await asyncio.sleep(pause)
        self.waiting += 1
        try:
            async with self._gate.passed(lane.age):  # one that gives up here passes its place on
                # A crowd that comes in one moment is worded in it: counted before, the first would leave long after.
                await asyncio.sleep(0)
                while (pause := self._free_at() - _now()) > 0:
                    await asyncio.sleep(pause)
                if not await may_leave():
                    raise NotAnyMore
                now = _now()
                self._rate.take(now)
                self._second.take(now)
                lane.spacing.take(now)
                if group:
                    lane.minute.take(now)
        finally:
            self.waiting -= 1

    def _free_at(self) -> float:
        return max(self._rate.free_at(), self._second.free_at(), self._rests_until)

    def _lane(self, address: str) -> _Lane:
        lane = self._lanes.get(address)
        if lane is None:
            if len(self._lanes) >= self._look_at:
                self._forget_idle()
            spacing = _Bucket(self.pace.per_chat_seconds, 1)
            lane = self._lanes[address] = _Lane(spacing, _Window(self.pace.group_per_minute or 1_000_000, MINUTE))
        return lane

    def _forget_idle(self) -> None:
        now = _now()
        for address in [address for address, lane in self._lanes.items() if lane.idle(now)]:
            del self._lanes[address]
        self._look_at = max(FEW_LANES, 2 * len(self._lanes))  # twice as many before the next look: each costs little


def _now() -> float:
    return asyncio.get_running_loop().time()
