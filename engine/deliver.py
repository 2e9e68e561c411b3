"""Step 4, deliver: the outbox is emptied. Claim, send and record are three moments; no transaction spans a send.

What happens when a send's fate is unknown depends on the message's class (DESIGN section 6): an urgent one (last call,
overdue, escalation, question to an approver) is repeated once and marked; every other one is not repeated and the
operator sees it as unknown. A process that dies between claim and record leaves exactly that case behind.

The messages of one address leave one after the other, whatever happens at other addresses. ``deliver`` sends by every
bot, for a program that is alone; ``deliver_lane`` by one bot, where several machines share the sending.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import StaticPool

from data.database import in_transaction
from engine import lanes
from engine.claim import BATCH, Claimed, claim
from engine.clock import elapsed
from engine.last_look import look_before_leaving
from engine.messages import Channel, Outcome, ReminderMessage, Retry, Sent, Unknown
from engine.office import OfficeView
from engine.outbox import LEASE, Channels, Delivered, Lane, Letter, bots_of
from engine.record import begin, give_back, record, recover, recover_lane

T = TypeVar("T")
Line = tuple[str, str, str]  # channel, bot, address
Outcomes = list[tuple[Letter, Outcome]]
AWOKEN = Retry("máy vừa ngủ hoặc vừa chỉnh giờ", 0, named=True)

# By every bot. Many may be on their way at once; what waits before them is there when the next claim is late.
MOST = 300
REFILL = 4  # when a quarter of them has left, more are claimed
GATHER_SOON = 0.02  # seconds, where not enough come back sooner

# In a lane. Few wait for the bot's rate with their send begun: they are what a killed process leaves unknown.
FEW = 3
AHEAD = 16  # claimed in one go: their words are looked up together
GATHER = 0.08  # seconds in which outcomes are gathered, to be written in one transaction
LOOK_AGAIN = 2.0  # seconds: what is queued while the last sends are on their way
PATIENCE = 60.0  # seconds for which a database that is gone is waited for, with outcomes in hand
HOLDS_THE_BOT = 3  # chats in a row that were told to wait: it is the bot that must
LOOKS = 3  # times that a letter's last look may find that the answer has grown old


async def deliver(
    engine: Engine,
    channels: Collection[Channel],
    now: dt.datetime,
    stop: asyncio.Event | None = None,
    clock: Callable[[], dt.datetime] | None = None,
    seen: dict[str, OfficeView] | None = None,
) -> Delivered:
    """Send what waits, until nothing more may leave. After ``stop`` no further send begins.

    ``clock``: a delivery takes minutes, and what is queued meanwhile (an answer, a retry come due) leaves within it.
    ``seen``: offices that were read a moment ago (names, units and hours, which no batch changes).
    """
    clock = clock or (lambda: now)
    post = _Post(bots_of(channels), stop or asyncio.Event(), clock)
    # What is claimed and waits for its turn is lost to a crash as if it were on its way: no more than leaves soon.
    most = min(MOST, sum(getattr(channel, "at_once", BATCH) for channel in channels))
    seen = {} if seen is None else seen
    done = Delivered()
    outcomes: Outcomes = []
    first = True  # what a dead run left is seen to before anything is claimed
    while True:
        refills = post.under_way <= most - most // REFILL and not post.stop.is_set()
        room = min(BATCH, most - post.under_way) if refills else 0
        claimed = Claimed()
        if outcomes or room or first:
            recorded, claimed = await _settled(engine, post, outcomes, clock, seen, room, recovers=first)
            first = False
            done.add(recorded)
            post.take(claimed.letters)
        if claimed.more and not post.stop.is_set() and post.under_way <= most - most // REFILL:
            outcomes = await post.outcomes_by_now()  # there is room for more: nothing is waited for
        elif post.under_way:
            outcomes = await post.outcomes(GATHER_SOON, most // REFILL)
        else:
            return done


async def _settled(
    engine: Engine,
    post: _Post,
    outcomes: Outcomes,
    clock: Callable[[], dt.datetime],
    seen: dict[str, OfficeView],
    room: int,
    *,
    recovers: bool,
) -> tuple[Delivered, Claimed]:
    """Write down what came back, and claim up to ``room`` more in the same transaction.

    A locked database is waited for while something is on its way or came back: unrecorded, its fate would be unknown.
    """

    def write(connection: Connection, room: int) -> tuple[Delivered, Claimed]:
        done, claimed = Delivered(), Claimed()
        if recovers:
            done.add(recover(connection, clock()))
        if outcomes:
            done.add(record(connection, post.channels, outcomes, clock()))
        if room:
            claimed = claim(connection, post.channels, clock(), seen, room)
            done.dropped += claimed.dropped
        return done, claimed

    for pause in (1.0, 3.0, 10.0) if outcomes or post.under_way else ():
        try:
            return await _written(engine, partial(write, room=room))
        except OperationalError:
            await asyncio.sleep(pause)
        except Exception:  # what came back is known, whatever is the matter with what comes next
            await _written(engine, partial(write, room=0))
            raise
    return await _written(engine, partial(write, room=room))


async def _written(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do ``work`` in a transaction, in a thread: what is on its way goes on meanwhile.

    A database in memory is one connection, which the loop's other tasks use as well: there it is done at once.
    """
    if isinstance(engine.pool, StaticPool):
        return in_transaction(engine, work)
    return await asyncio.to_thread(in_transaction, engine, work)


class _Post:
    """The letters that are under way, address by address. ``are_ours``: whether they are still ours to send."""

    def __init__(
        self,
        channels: Channels,
        stop: asyncio.Event,
        clock: Callable[[], dt.datetime],
        are_ours: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.channels, self.stop, self.clock, self._are_ours = channels, stop, clock, are_ours
        self.under_way = 0
        self._taken: dict[int, dt.datetime] = {}
        self._lines: dict[Line, deque[Letter]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._came_back: asyncio.Queue[tuple[Letter, Outcome]] = asyncio.Queue()
        self._enough = 1  # have come back: they are written down at once
        self._are_enough = asyncio.Event()

    def take(self, letters: Sequence[Letter]) -> None:
        """Put claimed letters into the lines of their addresses."""
        self.under_way += len(letters)
        now = self.clock()
        for letter in letters:
            self._taken[letter.id] = now
            line = (letter.chat.channel, letter.chat.bot, letter.chat.address)
            if line in self._lines:
                self._lines[line].append(letter)
                continue
            self._lines[line] = deque([letter])
            task = asyncio.create_task(self._run(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def outcomes(self, gather: float, enough: int) -> Outcomes:
        """What has come back: at least one, and what follows it within ``gather`` seconds, until there are enough."""
        return await self._gathered(await self._came_back.get(), gather, enough)

    async def outcomes_by_now(self) -> Outcomes:
        """What has come back, if anything; what was taken has its chance to leave."""
        await asyncio.sleep(0)
        return self._all_that_came()

    async def within(self, seconds: float) -> Outcomes:
        """What has come back: gathered for a moment once the first is there, nothing after so many seconds."""
        try:
            first = await asyncio.wait_for(self._came_back.get(), seconds)
        except TimeoutError:
            return []
        return await self._gathered(first, GATHER, MOST)

    async def _gathered(self, first: tuple[Letter, Outcome], gather: float, enough: int) -> Outcomes:
        await asyncio.sleep(0)  # what is there already
        self._enough = min(enough, self.under_way) - 1
        self._are_enough.clear()
        if self._came_back.qsize() < self._enough:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._are_enough.wait(), gather)
        self.under_way -= 1
        return [first, *self._all_that_came()]

    def _all_that_came(self) -> Outcomes:
        found = [self._came_back.get_nowait() for _ in range(self._came_back.qsize())]
        self.under_way -= len(found)
        return found

    async def _run(self, line: Line) -> None:
        letters = self._lines[line]
        while letters:
            if self.stop.is_set():
                self._hold_back(letters, Retry("chương trình đang dừng", 0, named=True))
                break
            letter = letters.popleft()
            outcome = await self._send(letter) if await self._may_leave(letter) else AWOKEN
            self._bring_back(letter if outcome is not AWOKEN else replace(letter, begun=False), outcome)
            if isinstance(outcome, Retry):  # what follows must not overtake it
                self._hold_back(letters, replace(outcome, named=True))
        del self._lines[line]

    def _hold_back(self, letters: deque[Letter], outcome: Retry) -> None:
        while letters:
            self._bring_back(replace(letters.popleft(), begun=False), outcome)

    def _bring_back(self, letter: Letter, outcome: Outcome) -> None:
        del self._taken[letter.id]
        self._came_back.put_nowait((letter, outcome))
        if self._came_back.qsize() >= self._enough:
            self._are_enough.set()

    async def _may_leave(self, letter: Letter) -> bool:
        """False: the machine slept, or its clock was put, since this was claimed.

        Perhaps it is no longer the hour for it, and perhaps another has it now.
        """
        fresh = dt.timedelta(0) <= self.clock() - self._taken[letter.id] < LEASE
        return fresh and (self._are_ours is None or await self._are_ours())

    async def _send(self, letter: Letter) -> Outcome:
        """Send it; where it is not to leave after all, having waited for the bot's pace, it comes back as AWOKEN."""
        refused = False

        async def look() -> bool:
            nonlocal refused
            refused = not await self._may_leave(letter)
            return not refused

        look_before_leaving(look)
        outcome = await self._hand_over(letter)
        return AWOKEN if refused and isinstance(outcome, Retry) else outcome

    async def _hand_over(self, letter: Letter) -> Outcome:
        message = letter.message
        if isinstance(message, ReminderMessage) and letter.copies:
            message = replace(message, resent=True)
        try:
            return await self.channels[letter.chat.channel, letter.chat.bot].send(letter.chat.address, message)
        except Exception as error:  # a channel must not raise; one that does must not stop the others
            return Unknown(f"{type(error).__name__}")


# ---- one lane -------------------------------------------------------------------------------------------------------


async def deliver_lane(
    engine: Engine,
    channels: Channels,
    lane: Lane,
    clock: Callable[[], dt.datetime],
    stop: asyncio.Event,
    me: str,
    wake: lanes.Wake,
    seconds: Callable[[], float] = elapsed,
) -> Delivered:
    """Send what waits in one lane until nothing more may leave; the caller makes sure that nobody else does.

    1. The lane is taken: this run's mark stands in its row. What a dead run left claimed takes its class's side; what
       another machine has just sent is allowed for.
    2. Letters are claimed ahead, and *begin* only as the bot's pace lets them leave: what a kill finds claimed and
       not begun simply waits again.
    3. Outcomes, beginnings and claims are written together, in a thread, so that other lanes go on sending.
    4. A machine that stood still may have been taken for dead. Each transaction looks for the mark, and so does each
       letter right before it leaves, where the last look is older than :data:`engine.lanes.SURE_FOR`. Where another's
       mark stands, this run claims, begins and sends nothing more; of what it had sent it writes down what came.

    ``channels``: every bot that any machine serves, with ours. ``me`` names this process. ``wake`` has a lane worked
    on soon: one into which letters were moved, or this one where we end before it is empty (``stop``; a database that
    was lost in between, as another may have taken over).
    """
    return await _Lane(engine, channels, lane, clock, stop, me, wake, seconds).run()


@dataclass(slots=True)
class _Written:
    """What one transaction of a lane did."""

    done: Delivered = field(default_factory=Delivered)
    claimed: Claimed = field(default_factory=Claimed)
    asked: int = 0  # the first so many of what was ready were to begin
    begun: set[int] = field(default_factory=set)


class _Lane:
    def __init__(
        self,
        engine: Engine,
        channels: Channels,
        lane: Lane,
        clock: Callable[[], dt.datetime],
        stop: asyncio.Event,
        me: str,
        wake: lanes.Wake,
        seconds: Callable[[], float],
    ) -> None:
        self.engine, self.channels, self.lane, self.clock, self.stop = engine, channels, lane, clock, stop
        self.me, self.wake, self.seconds = lanes.Holder(me), wake, seconds
        self.turns = getattr(channels.get(lane), "turns", None)  # the bot's pace, where it keeps one
        self.post = _Post(channels, stop, clock, self._is_ours)
        self.ready: deque[Letter] = deque()  # claimed, not begun
        self.seen: dict[str, OfficeView] = {}
        self.done = Delivered()
        self.cut_short = False  # end before the lane is empty
        self.lost = False  # another run has taken the lane
        self._found_at = -inf  # when, by ``seconds``, our mark was last found in the lane's row
        self._rest = 0.0
        self._waits: dict[str, float] = {}  # chats told to wait, and how long, since a message last arrived

    async def run(self) -> Delivered:
        if not await self._write(self._take_over):  # the provider wants nothing from this bot yet
            return self.done
        if self.turns is not None and self._rest:
            self.turns.rest(self._rest)
        outcomes: Outcomes = []
        look = True  # whether there may be something to claim
        while True:
            ending = self._is_ending()
            if ending and not self.post.under_way:  # what came of the last sends is written with the letting go
                break
            room = 0 if ending else self._room()
            claiming = look and not ending and len(self.ready) < FEW
            if outcomes or claiming or (room and self.ready):
                written = await self._write(self._turn(outcomes, room, claiming=claiming))
                look = written.claimed.more if claiming else look
                self._send(written)
                outcomes = []
            if not (self.post.under_way or self.ready or look):
                break
            outcomes = await self.post.within(GATHER if self.ready or look else LOOK_AGAIN)
            look = look or not self.ready
        self.done.add(await self._write(self._let_go(outcomes)))
        return self.done

    def _is_ending(self) -> bool:
        return self.stop.is_set() or self.cut_short or self.lost

    def _room(self) -> int:
        """How many more may begin: none while enough wait for the bot's rate."""
        return max(0, FEW - (self.post.under_way if self.turns is None else self.turns.waiting))

    def _send(self, written: _Written) -> None:
        self.done.add(written.done)
        self.ready.extend(written.claimed.letters)
        chosen = [self.ready.popleft() for _ in range(written.asked)]
        # What was chosen and is not ours any more has another owner: this machine slept meanwhile.
        self.post.take([letter for letter in chosen if letter.id in written.begun])

    # ---- transactions -----------------------------------------------------------------------------------------------

    def _take_over(self, connection: Connection) -> bool:
        now, began = self.clock(), self.seconds()
        rest = lanes.take(connection, self.lane, self.me, now)
        if rest is None:
            return False
        self._rest = max(self._rest, rest)  # done anew, as the answer was lost, it finds our own mark
        self._found_at = began
        self.done.add(recover_lane(connection, self.lane, now))
        return True

    def _look(self, connection: Connection) -> bool:
        """Whether our mark still stands in the lane's row. Asked first: whoever takes the lane locks in that order."""
        began = self.seconds()
        if lanes.is_held(connection, self.lane, self.me):
            self._found_at = began
        else:
            self.lost = True
        return not self.lost

    async def _is_ours(self) -> bool:
        """Whether the lane is ours at this very moment; a moment ago is soon enough."""
        for _ in range(LOOKS):
            if self.lost:
                break
            if self.seconds() - self._found_at < lanes.SURE_FOR:
                return True
            try:
                await asyncio.to_thread(in_transaction, self.engine, self._look)
            except (DBAPIError, NoConnectionFree):
                break  # nobody knows: it waits again
        return False

    def _turn(self, outcomes: Outcomes, room: int, *, claiming: bool) -> Callable[[Connection], _Written]:
        """What came of the last sends, what is claimed ahead, and which letters begin now."""
        settled = [*outcomes, *self._hold_back(outcomes)]
        pause = self._pause_after(outcomes)
        if pause:
            self.cut_short, room, claiming = True, 0, False
        ready = tuple(self.ready)

        def write(connection: Connection) -> _Written:
            now = self.clock()
            written = _Written()
            ours = self._look(connection)
            if settled:
                written.done = record(connection, self.channels, settled, now)
            if pause:
                lanes.pause(connection, self.lane, now, now + dt.timedelta(seconds=pause))
            if not ours:
                return written
            if claiming:
                written.claimed = claim(connection, self.channels, now, self.seen, AHEAD, self.lane)
                written.done.dropped += written.claimed.dropped
                if written.claimed.moved:
                    self.wake(connection, written.claimed.moved)
            if room > 0 and (first := [*ready, *written.claimed.letters][:room]):
                written.asked, written.begun = len(first), begin(connection, first, now)
            return written

        return write

    def _let_go(self, outcomes: Outcomes) -> Callable[[Connection], Delivered]:
        settled = [*outcomes, *self._hold_back(outcomes)]

        def write(connection: Connection) -> Delivered:
            now = self.clock()
            ours = self._look(connection)
            done = record(connection, self.channels, settled, now) if settled else Delivered()
            give_back(connection, tuple(self.ready))
            if ours:  # else it is its new holder's to go on with
                has_sent = bool(self.done.sent or self.done.unknown or done.sent or done.unknown)
                lanes.let_go(connection, self.lane, self.me, now, has_sent=has_sent)
                if self._is_ending():
                    self.wake(connection, {self.lane})
            return done

        return write

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """In a thread. A database that is gone is waited for: unrecorded, what has left would be unknown."""
        give_up = asyncio.get_running_loop().time() + PATIENCE
        pauses = iter((0.2, 0.5, 1.0, 2.0))
        while True:
            try:
                return await asyncio.to_thread(in_transaction, self.engine, work)
            except (OperationalError, InterfaceError, NoConnectionFree):
                if asyncio.get_running_loop().time() > give_up:
                    raise
                self.cut_short = True  # nobody heard of us meanwhile: another may have taken the lane over
                await asyncio.sleep(next(pauses, 3.0))

    # ---- what the provider asks for ---------------------------------------------------------------------------------

    def _hold_back(self, outcomes: Outcomes) -> Outcomes:
        """What was claimed for a chat that must wait, waits with it: nothing overtakes."""
        waiting = {letter.chat.address: outcome for letter, outcome in outcomes if isinstance(outcome, Retry)}
        held = [letter for letter in self.ready if letter.chat.address in waiting]
        self.ready = deque(letter for letter in self.ready if letter.chat.address not in waiting)
        return [(replace(each, begun=False), replace(waiting[each.chat.address], named=True)) for each in held]

    def _pause_after(self, outcomes: Outcomes) -> float:
        """Seconds for which the whole bot is to wait: several chats in a row were told to, and nothing arrived."""
        for letter, outcome in outcomes:
            if isinstance(outcome, Sent):
                self._waits.clear()
            elif isinstance(outcome, Retry) and outcome.named and letter.begun:
                self._waits[letter.chat.address] = outcome.seconds
        return max(self._waits.values()) if len(self._waits) >= HOLDS_THE_BOT else 0.0
