"""Step 4, deliver: the outbox is emptied. Claim, send and record are three moments; no transaction spans a send.

What happens when a send's fate is unknown depends on the message's class (DESIGN section 6): an urgent one (last call,
overdue, escalation, question to an approver) is repeated once and marked; every other one is not repeated and the
operator sees it as unknown. A process that dies between claim and record leaves exactly that case behind.

The messages of one address leave one after the other, whatever happens at other addresses. ``deliver`` sends by every
bot, for a program that is alone; ``deliver_lane`` by one bot, where several machines share the sending.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection
from functools import partial
from math import inf
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import StaticPool

from data.database import in_transaction
from engine import lanes
from engine.claim import BATCH, claim
from engine.clock import elapsed
from engine.messages import Channel, Retry, Sent
from engine.office import OfficeView
from engine.outbox import Channels, Delivered, Lane, bots_of
from engine.post import FEW, MOST, Outcomes, Post, Ready, Written, at_once, turns_of
from engine.record import begin, give_back, record, recover, recover_lane

T = TypeVar("T")

# By every bot.
REFILL = 4  # when a quarter of what may be under way has left, more are claimed
GATHER_SOON = 0.02  # seconds, where not enough come back sooner

# In a lane.
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

    What is claimed *begins* as its bot's pace lets it leave; by a bot that keeps none, with the claim itself.

    ``clock``: a delivery takes minutes, and what is queued meanwhile (an answer, a retry come due) leaves within it.
    ``seen``: offices that were read a moment ago (names, units and hours, which no batch changes).
    """
    clock = clock or (lambda: now)
    post = Post(bots_of(channels), stop or asyncio.Event(), clock)
    ready = Ready(post.room, post.is_busy)
    most = min(MOST, sum(at_once(channel) for channel in channels))
    seen = {} if seen is None else seen
    done = Delivered()
    outcomes: Outcomes = []
    first = True  # what a dead run left is seen to before anything is claimed
    while True:
        stopping = post.stop.is_set()
        taken = post.under_way + len(ready)
        room = min(BATCH, most - taken) if taken <= most - most // REFILL and not stopping else 0
        written = Written()
        if outcomes or room or first or (ready if stopping else ready.first()):
            outcomes += ready.held_back(outcomes)
            written = await _settled(engine, post, ready, outcomes, clock, seen, room, recovers=first)
            first = False
            done.add(written.done)
            post.take(ready.leaving(written))
        taken = post.under_way + len(ready)
        if written.claimed.more and not post.stop.is_set() and taken <= most - most // REFILL:
            outcomes = await post.outcomes_by_now()  # there is room for more: nothing is waited for
        elif ready:
            outcomes = await post.within(GATHER, GATHER_SOON, most // REFILL)
        elif post.under_way:
            outcomes = await post.outcomes(GATHER_SOON, most // REFILL)
        else:
            return done


async def _settled(
    engine: Engine,
    post: Post,
    ready: Ready,
    outcomes: Outcomes,
    clock: Callable[[], dt.datetime],
    seen: dict[str, OfficeView],
    room: int,
    *,
    recovers: bool,
) -> Written:
    """Write down what came back, claim up to ``room`` more and begin what may leave, in one transaction.

    A locked database is waited for while something is in hand: of what is on its way or came back the fate would be
    unknown, unrecorded.
    """

    def write(connection: Connection, room: int, *, begins: bool = True) -> Written:
        written = Written()
        if recovers:
            written.done.add(recover(connection, clock(), alone=True))
        if outcomes:
            written.done.add(record(connection, post.channels, outcomes, clock()))
        if room:
            written.claimed = claim(connection, post.channels, clock(), seen, room, begin_later=post.keeps_pace)
            written.done.dropped += written.claimed.dropped
        if not post.keeps_pace:
            written.chosen = written.claimed.letters
            written.begun = {letter.id for letter in written.chosen}
        elif post.stop.is_set():
            written.chosen = [*ready, *written.claimed.letters]
            give_back(connection, written.chosen)
        elif begins:
            written.chosen = ready.first(written.claimed.letters)
            written.begun = begin(connection, written.chosen, clock())
        return written

    for pause in (1.0, 3.0, 10.0) if outcomes or post.under_way or ready else ():
        try:
            return await _written(engine, partial(write, room=room))
        except OperationalError:
            await asyncio.sleep(pause)
        except Exception:  # what came back is known, whatever is the matter with what comes next
            await _written(engine, partial(write, room=0, begins=False))
            raise
    return await _written(engine, partial(write, room=room))


async def _written(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do ``work`` in a transaction, in a thread: what is on its way goes on meanwhile.

    A database in memory is one connection, which the loop's other tasks use as well: there it is done at once.
    """
    if isinstance(engine.pool, StaticPool):
        return in_transaction(engine, work)
    return await asyncio.to_thread(in_transaction, engine, work)


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
        self.turns = turns_of(channels[lane]) if lane in channels else None
        self.post = Post(channels, stop, clock, self._is_ours)
        self.ready = Ready(self._room, self.post.is_busy)
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
            claiming = look and not ending and len(self.ready) < FEW
            if outcomes or claiming or (not ending and self.ready.first()):
                written = await self._write(self._turn(outcomes, claiming=claiming, begins=not ending))
                look = written.claimed.more if claiming else look
                self.done.add(written.done)
                self.post.take(self.ready.leaving(written))
                outcomes = []
            if not (self.post.under_way or self.ready or look):
                break
            outcomes = await self.post.within(GATHER if self.ready or look else LOOK_AGAIN, GATHER)
            look = look or not self.ready
        self.done.add(await self._write(self._let_go(outcomes)))
        return self.done

    def _is_ending(self) -> bool:
        return self.stop.is_set() or self.cut_short or self.lost

    def _room(self, lane: Lane) -> float:
        """How many more may begin: none while enough wait for the bot's rate."""
        waiting: int = self.post.under_way if self.turns is None else self.turns.waiting
        return min(FEW - waiting, self.post.connections(lane))

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

    def _turn(self, outcomes: Outcomes, *, claiming: bool, begins: bool) -> Callable[[Connection], Written]:
        """What came of the last sends, what is claimed ahead, and which letters begin now."""
        settled = [*outcomes, *self.ready.held_back(outcomes)]
        pause = self._pause_after(outcomes)
        if pause:
            self.cut_short, begins, claiming = True, False, False

        def write(connection: Connection) -> Written:
            now = self.clock()
            written = Written()
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
            if begins:
                written.chosen = self.ready.first(written.claimed.letters)
                written.begun = begin(connection, written.chosen, now)
            return written

        return write

    def _let_go(self, outcomes: Outcomes) -> Callable[[Connection], Delivered]:
        settled = [*outcomes, *self.ready.held_back(outcomes)]

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

    def _pause_after(self, outcomes: Outcomes) -> float:
        """Seconds for which the whole bot is to wait: several chats in a row were told to, and nothing arrived."""
        for letter, outcome in outcomes:
            if isinstance(outcome, Sent):
                self._waits.clear()
            elif isinstance(outcome, Retry) and outcome.named and letter.begun:
                self._waits[letter.chat.address] = outcome.seconds
        return max(self._waits.values()) if len(self._waits) >= HOLDS_THE_BOT else 0.0
