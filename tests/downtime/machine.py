"""The machine that has the outage: a world whose clock may be wrong, whose engine may be off, and that is watched."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.simulator import SimulatedMessage, Simulator
from data import journal
from data.database import reading
from engine.claim import claim
from engine.cycle import Turned, decide
from engine.deliver import deliver
from engine.findings import any_bad
from engine.messages import Answer, Edit, Message, Outcome, ReminderMessage
from engine.outbox import bots_of
from engine.preview import next_wake
from engine.watch import Watchdog
from schedules.workdays import vietnam_calendar
from tests.downtime.outages import Falls, Kind, Outage, Script, Typed
from tests.world import OFFICE_ID, OFFICER, ZONE, World, office_file

TURN_SECONDS = 30
SECOND = dt.timedelta(seconds=1)
#: After waking the real metronome beats on; a lease and a second copy come due within these.
AFTER_WAKING = (0, 30, 60, 190, 600)


@dataclass(frozen=True)
class Rang:
    """One message on one phone: by the true clock, by the machine's, and what it was."""

    true: dt.datetime
    machine: dt.datetime
    address: str
    message: Message

    @property
    def is_news(self) -> bool:
        """Not an answer to the person's own words."""
        return not isinstance(self.message, Answer | Edit)

    @property
    def resent(self) -> bool:
        """A marked second copy."""
        return isinstance(self.message, ReminderMessage) and self.message.resent


class Phones(Simulator):
    """The simulator, beside a lid that may be closed in the middle of a send."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.ring)
        self.machine = machine
        self.sleeps_for: dt.timedelta | None = None

    async def send(self, address: str, message: Message) -> Outcome:
        outcome = await super().send(address, message)
        if self.sleeps_for is not None:  # the request is out; the answer is read when the machine wakes
            nap, self.sleeps_for = self.sleeps_for, None
            self.machine.clock.advance(seconds=nap.total_seconds())
            await asyncio.sleep(0)
        return outcome


class Machine(World):
    """One life of one script, disturbed or not."""

    def __init__(self, folder: Path, script: Script) -> None:
        self.rang: list[Rang] = []
        self.wrong_by = dt.timedelta(0)
        self.watchdog: Watchdog | None = None
        self.unwell: list[str] = []
        self.turns = 0
        self.rang_before = 0  # how many messages had left when it woke up
        super().__init__(folder, script.starts.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"), [])
        self.script = script
        self.phones_here = Phones(self)
        self.simulator = self.phones_here
        self.channels = [self.simulator]
        self.watchdog = Watchdog(self.engine, None, TURN_SECONDS)
        self.load(office_file(script.obligations, **script.office))
        self.ignore_rest()
        self._turn_once()

    # ---- the engine, as the live one turns

    def turn(self) -> Turned:
        """Decide, deliver by the clock as it goes on, and look after it."""
        self.turns += 1
        now = self.clock.now()
        decided = decide(self.engine, now)
        delivered = self._runner.run(deliver(self.engine, self.channels, now, None, self.clock.now))
        if self.watchdog is not None:
            self._runner.run(self._beat())
            with reading(self.engine) as connection:
                verdict = journal.verify(connection, OFFICE_ID)
            assert verdict.broken_at is None, f"the journal breaks at line {verdict.broken_at}"
        return Turned(decided.handled, decided.planned, decided.reminded, decided.digests, delivered)

    async def _beat(self) -> None:
        assert self.watchdog is not None
        beat = self.watchdog.beat(self.clock.now())
        if any_bad(beat.findings):
            self.unwell.append(f"{beat.at}: {beat.findings}")

    def ring(self, message: SimulatedMessage) -> None:
        """Somebody's phone."""
        self.rang.append(Rang(self.true(), self.clock.now(), message.address, message.message))

    # ---- time

    def true(self) -> dt.datetime:
        """What a right clock would show."""
        return self.clock.now() - self.wrong_by

    def live_until(self, true: dt.datetime) -> None:
        """From alarm to alarm of its own clock, to this true moment; what people type meanwhile is heard at once."""
        for typed in [*self._due_before(true), None]:
            end = (typed.at if typed else true) + self.wrong_by
            while True:
                with reading(self.engine) as connection:
                    wake = next_wake(connection, self.clock.now())
                if wake is None or wake > end:
                    break
                self.clock.move_to(wake)
                self.turn()
            self.clock.move_to(max(end, self.clock.now()))
            if typed:
                self._hear(typed)
            self.turn()

    def _due_before(self, true: dt.datetime) -> list[Typed]:
        due = [typed for typed in self.script.typed if self.true() <= typed.at < true]
        return sorted(due, key=lambda typed: typed.at)

    def _hear(self, typed: Typed) -> None:
        self.hear(OFFICER, typed.text, about=self.occurrence(typed.title).id)

    def _turn_once(self) -> None:
        self.turn()

    # ---- what happens to it

    def suffer(self, outage: Outage, falls: Falls) -> None:
        """The outage, and the first minutes after it."""
        begins = outage.begins - SECOND if outage.kind is Kind.SUSPEND or falls is Falls.CLAIMED else outage.begins
        if falls is Falls.REPLY:  # stored, and the engine gets no further
            waiting = self.script.typed[0]
            self.live_until(waiting.at)
            self._hear(waiting)
            self.clock.move_to(begins + self.wrong_by)
        else:
            self.live_until(begins)
        if falls is Falls.CLAIMED and outage.kind is not Kind.SUSPEND:  # asleep it is under way in any case
            self._dies_in_a_send(outage)
        self.rang_before = len(self.rang)
        match outage.kind:
            case Kind.OFF:
                assert outage.ends is not None
                held = self._due_before(outage.ends)
                self.clock.move_to(outage.ends)
                for typed in held:  # the provider hands them over
                    self._hear(typed)
            case Kind.SUSPEND:
                assert outage.ends is not None
                self.clock.move_to(outage.begins)
                held = self._due_before(outage.ends)
                self.phones_here.sleeps_for = outage.ends - outage.begins
                self.turn()
                assert self.phones_here.sleeps_for is None, "nothing was being sent"
                self.rang_before += 1  # that one left before
                for typed in held:
                    self._hear(typed)
            case Kind.STEP:
                self._put(outage.by)
        self._wake_up()
        if outage.kind is Kind.STEP and outage.ends is not None:
            self.live_until(outage.ends)
            self._put(-outage.by)
            self._wake_up()

    def _put(self, by: dt.timedelta) -> None:
        self.clock.move_to(self.clock.now() + by)
        self.wrong_by += by

    def _wake_up(self) -> None:
        woken = self.true()
        for seconds in AFTER_WAKING:
            self.live_until(max(self.true(), woken + dt.timedelta(seconds=seconds)))

    def _dies_in_a_send(self, outage: Outage) -> None:
        """At that moment everything is claimed, the first letter is out, and the process is no more."""
        self.clock.move_to(outage.begins + self.wrong_by)
        decide(self.engine, self.clock.now())
        with self.engine.begin() as connection:
            letters = claim(connection, bots_of(self.channels), self.clock.now(), {}).letters
        assert letters, "nothing was being sent"
        asyncio.run(Simulator.send(self.simulator, letters[0].chat.address, letters[0].message))


@contextmanager
def life(folder: Path, script: Script) -> Iterator[Machine]:
    """A machine that is put away afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = Machine(folder, script)
    try:
        yield machine
    finally:
        machine._runner.close()
        machine.database.close()


def at_work(moment: dt.datetime) -> str | None:
    """ "2026-03-25/am" by the wall clock, None outside working hours."""
    local = moment.astimezone(ZONE)
    if not vietnam_calendar().is_working(local.date()):
        return None
    clock = local.strftime("%H:%M")
    if "07:30" <= clock < "11:30":
        return f"{local.date()}/am"
    return f"{local.date()}/pm" if "13:30" <= clock < "17:00" else None
