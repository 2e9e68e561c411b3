"""Letters on their way: those that are ready, and those that are under way, address by address.

A letter is claimed, it *begins*, it leaves, and what came of it comes back. What is claimed and has not begun is lost
to nobody when the process dies: it simply waits again.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf
from typing import Any

from engine.claim import BATCH, Claimed
from engine.last_look import look_before_leaving
from engine.messages import Answer, Channel, Outcome, ReminderMessage, Retry, Unknown
from engine.outbox import LEASE, Channels, Delivered, Lane, Letter, Line

Outcomes = list[tuple[Letter, Outcome]]
AWOKEN = Retry("máy vừa ngủ hoặc vừa chỉnh giờ", 0, named=True)
MOST = 300  # may be on their way at once; what waits before them is there when the next claim is late
FEW = 3  # wait for a bot's rate with their send begun: they are what a killed process leaves unknown
SOON = 0.125  # seconds of the bot's pace, where a program that is alone sends by several


@dataclass(slots=True)
class Written:
    """What one transaction did. ``chosen`` were to begin; ``begun`` names those of them that are still ours."""

    done: Delivered = field(default_factory=Delivered)
    claimed: Claimed = field(default_factory=Claimed)
    chosen: list[Letter] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)


class Post:
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
        self._turns = {bot: turns for bot, channel in channels.items() if (turns := turns_of(channel)) is not None}
        self._by_bot: Counter[Lane] = Counter()  # of what is under way, what has not come back yet
        self._lines: dict[Line, deque[Letter]] = {}
        self._told_to_wait: dict[Line, Retry] = {}  # and nobody has been told of it yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._came_back: asyncio.Queue[tuple[Letter, Outcome]] = asyncio.Queue()
        self._enough = 1  # have come back: they are written down at once
        self._are_enough = asyncio.Event()

    @property
    def keeps_pace(self) -> bool:
        """Whether some bot has letters wait for their turn."""
        return bool(self._turns)

    def room(self, bot: Lane) -> float:
        """How many more may begin by this bot: as many as leave before somebody looks again; without a pace, all."""
        turns = self._turns.get(bot)
        if turns is None:
            return inf
        soon: int = max(FEW, ceil(SOON * turns.pace.per_second)) - turns.waiting
        return min(soon, at_once(self.channels[bot]) - self._by_bot[bot], self.connections(bot))

    def connections(self, bot: Lane) -> float:
        """How many more this bot has: a letter that has its turn and waits for one has begun all the same."""
        connections: float = getattr(self.channels.get(bot), "connections", inf)
        return connections - self._by_bot[bot]

    def is_busy(self, line: Line) -> bool:
        """Whether something is on its way to this chat: what begins behind it could not leave."""
        return line in self._lines or line in self._told_to_wait

    def take(self, letters: Sequence[Letter]) -> None:
        """Put letters that have begun into the lines of their addresses."""
        self.under_way += len(letters)
        for letter in letters:
            self._by_bot[letter.lane] += 1
            line = letter.line
            if line in self._told_to_wait:  # while this one was about to begin
                self._hold_back(deque([letter]), self._told_to_wait[line])
                continue
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

    async def within(self, seconds: float, gather: float, enough: int = MOST) -> Outcomes:
        """What has come back, gathered as above once the first is there; nothing after so many seconds."""
        try:
            first = await asyncio.wait_for(self._came_back.get(), seconds)
        except TimeoutError:
            return []
        return await self._gathered(first, gather, enough)

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
        self._told_to_wait.clear()
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
                self._told_to_wait[line] = outcome
                self._hold_back(letters, outcome)
        del self._lines[line]

    def _hold_back(self, letters: deque[Letter], outcome: Retry) -> None:
        while letters:
            self._bring_back(*_behind(letters.popleft(), outcome))

    def _bring_back(self, letter: Letter, outcome: Outcome) -> None:
        self._by_bot[letter.lane] -= 1
        self._came_back.put_nowait((letter, outcome))
        if self._came_back.qsize() >= self._enough:
            self._are_enough.set()

    async def _may_leave(self, letter: Letter) -> bool:
        """False: the machine slept, or its clock was put, since this was claimed.

        Perhaps it is no longer the hour for it, and perhaps another has it now.
        """
        fresh = dt.timedelta(0) <= self.clock() - letter.claimed_at < LEASE
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


class Ready:
    """Letters that are claimed and have not begun, in order: a kill loses none of them, they simply wait again."""

    def __init__(self, room: Callable[[Lane], float], is_busy: Callable[[Line], bool]) -> None:
        self._room, self._is_busy, self._letters = room, is_busy, list[Letter]()

    def __len__(self) -> int:
        return len(self._letters)

    def __iter__(self) -> Iterator[Letter]:
        return iter(self._letters)

    def first(self, more: Sequence[Letter] = ()) -> list[Letter]:
        """Of these and ``more`` behind them, those that may begin: one of a chat, as many as their bots have room for.

        Whoever has just typed is answered before what waited already.
        """
        rooms: dict[Lane, float] = {}
        chosen: dict[Line, Letter] = {}
        for letter in sorted((*self._letters, *more), key=lambda letter: not isinstance(letter.message, Answer)):
            if letter.line in chosen or self._is_busy(letter.line):
                continue
            room = rooms.get(letter.lane)
            room = self._room(letter.lane) if room is None else room
            rooms[letter.lane] = room - 1
            if room > 0:
                chosen[letter.line] = letter
        return list(chosen.values())

    def leaving(self, written: Written) -> list[Letter]:
        """What has begun; the rest of what was claimed stays here.

        What was to begin and is not ours any more has another owner: this machine slept meanwhile.
        """
        asked = {letter.id for letter in written.chosen}
        self._letters = [letter for letter in (*self._letters, *written.claimed.letters) if letter.id not in asked]
        return [letter for letter in written.chosen if letter.id in written.begun]

    def held_back(self, outcomes: Outcomes) -> Outcomes:
        """What was claimed for a chat that must wait, waits with it: nothing overtakes."""
        told = {letter.line: outcome for letter, outcome in outcomes if isinstance(outcome, Retry)}
        held = [letter for letter in self._letters if letter.line in told]
        self._letters = [letter for letter in self._letters if letter.line not in told]
        return [_behind(each, told[each.line]) for each in held]


def _behind(letter: Letter, outcome: Retry) -> tuple[Letter, Outcome]:
    """It never began: it waits behind one that is to wait."""
    return replace(letter, begun=False), replace(outcome, named=True)


def turns_of(channel: Channel) -> Any:
    """The bot's pace (:class:`bots.pacing.Lanes`), where it keeps one."""
    return getattr(channel, "turns", None)


def at_once(channel: Channel) -> int:
    """How many letters this bot takes together."""
    many: int = getattr(channel, "at_once", BATCH)
    return many
