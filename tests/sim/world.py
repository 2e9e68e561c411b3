"""One run of the world: the real steps over a real file, from one thing that happens to the next."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import heapq
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from itertools import count
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from bots.wording import plain
from data.database import connect, create_schema, reading
from data.rows import AnyRow
from engine import actions, load, receive
from engine.actions import Actor, occurrence_row
from engine.cycle import turn
from engine.messages import Answer, Press, ReminderMessage
from engine.office import CHAT, OCCURRENCE, PERSON, STAND_IN, view_office
from engine.preview import next_wake
from tests.sim.faults import Crash, Crashes, hurry
from tests.sim.invariants import Checker, need
from tests.sim.known import CANCEL_SUSPENDED, KNOWN, REOPEN_WAITING
from tests.sim.model import Model
from tests.sim.obligations import OFFICE, office_of
from tests.sim.people import Character, Utterance
from tests.sim.providers import Attempt, Provider
from tests.sim.recipe import ZONE, Recipe

ROOM = "/dev/shm" if os.path.isdir("/dev/shm") else None  # memory is faster than any disk
Event = Callable[[], None]


class Room:
    """Where the worlds of this process live, one after the other: one file, one engine that has warmed up.

    A process that starts anew compiles its statements anew, which costs most of a run and changes nothing in it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nhacviec-sim-", dir=ROOM))
        Finalize(None, shutil.rmtree, (self.folder, True), exitpriority=1)  # workers of a pool know no atexit
        self.file = self.folder / "sim.db"
        self.crashes = Crashes()
        self.engine = connect(f"sqlite:///{self.file}")
        hurry(self.engine)
        self.crashes.watch(self.engine)
        create_schema(self.engine)
        self.engine.dispose()  # the last connection brings everything into the one file
        self._empty = self.file.read_bytes()

    def clear(self) -> None:
        """An empty database again."""
        self.engine.dispose()
        for file in self.folder.iterdir():
            file.unlink()
        self.file.write_bytes(self._empty)


@cache
def _room(process: int) -> Room:
    return Room()


class _Ears(logging.Handler):
    """Hears what the product says of its own defects: it goes on after them, the simulation must not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


class World:
    """A commune with its clock, its people, its providers, and a machine that may be off."""

    def __init__(self, recipe: Recipe, *, tell: Callable[[str], None] | None = None) -> None:
        self.recipe = recipe
        self.now = recipe.start
        self.turns = 0
        self._broken: Exception | None = None
        self._ears = _Ears()
        logging.getLogger("nhacviec").addHandler(self._ears)
        self.transcript = hashlib.sha256()
        self._tell = tell
        self._events: list[tuple[dt.datetime, int, Event]] = []
        self._order = count()
        self._off_until: dt.datetime | None = None
        room = _room(os.getpid())
        room.clear()
        self.file, self.engine, self.crashes = room.file, room.engine, room.crashes
        self._switch_on()
        self.office = office_of(recipe)
        self.model = Model(self.office)
        self.channels = [
            Provider("zalo", recipe, self.crashes, lambda: self.now, self._rings, edits=False),
            Provider("telegram", recipe, self.crashes, lambda: self.now, self._rings, edits=True),
        ]
        self._by_name = {channel.name: channel for channel in self.channels}
        self._addresses: dict[tuple[str, str], int] = {}
        self._slugs: dict[int, str] = {}
        self._people = {person.id: Character(recipe, person.id) for person in self.office.people}
        self._move_in()
        self.checker = Checker(self.file, self.model, self._addresses)
        self._arrange_accidents()

    @property
    def mark(self) -> str:
        """One word for everything that everybody has read, and when."""
        return self.transcript.hexdigest()[:16]

    # ---- the run ----------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """From beginning to end."""
        self._turn()
        while True:
            at = self._next()
            if at is None or at >= self.recipe.end:
                break
            self.now = max(self.now, at)
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            if self._off_until and self.now < self._off_until:
                continue
            self._off_until = None
            self._turn()
        self.now = max(self.now, self.recipe.end)
        self._off_until = None
        self._turn(last=True)
        self.checker.check_calm(self.now)

    def close(self) -> None:
        """Leave nothing behind."""
        logging.getLogger("nhacviec").removeHandler(self._ears)
        self.checker.close()
        self._switch_off()

    def _next(self) -> dt.datetime | None:
        event = self._events[0][0] if self._events else None
        if self._off_until:
            return min(self._off_until, event) if event else self._off_until
        with reading(self.engine) as connection:
            wake = next_wake(connection, self.now)
        return min((at for at in (wake, event) if at), default=None)

    def _turn(self, *, last: bool = False) -> None:
        """Take what people have written, and turn. The process may die anywhere in it; then it is off for a while."""
        self.turns += 1
        dice = self.recipe.dice("turn", self.now, self.turns if "fault:crash" in self.recipe.without else "")
        calm = self.now >= self.recipe.calm_from
        if self._crashing and not calm and dice.random() < self._crash_rate:
            self.crashes.arm(self.recipe, self.now)
        try:
            self._listen()
            self._runner.run(turn(self.engine, self.channels, self.now))
        except Crash as crash:
            self._log(f"the process dies {crash}")
            self._switch_off()
            self._switch_on()
            self._stay_off(dice)
            self.checker.check(self.now, whole=False)
            return
        finally:
            self.crashes.disarm()
            if self._broken:
                raise self._broken
            need(not self._ears.heard, "no defect of our own", self._ears.heard[:1])
        self.checker.check(self.now, whole=True, thorough=last)

    def _listen(self) -> None:
        for channel in self.channels:
            if channel.unread and not (channel.away_until and self.now < channel.away_until):
                with self.engine.begin() as connection:
                    receive.store(connection, channel.unread, self.now)
                channel.unread.clear()  # confirmed only now

    # ---- the machine ------------------------------------------------------------------------------------------------

    def _switch_on(self) -> None:
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(lambda *_: None)  # a dead process says nothing

    def _switch_off(self) -> None:
        self.crashes.disarm()
        self._runner.close()
        self.engine.dispose()

    def _stay_off(self, dice: random.Random) -> None:
        hours = dice.choice([0.01, 0.05, 0.05, 0.5, 3, 20])
        self._off_until = self.now + dt.timedelta(hours=hours)

    def _be_off(self, until: dt.datetime) -> None:
        self._off_until = max(until, self._off_until or until)

    def _put_clock(self, by: dt.timedelta) -> None:
        self._log(f"the clock is put by {by}")
        self.now += by

    # ---- people -----------------------------------------------------------------------------------------------------

    def _move_in(self) -> None:
        with self.engine.begin() as connection:
            load.apply(connection, self.office, self.now)
            rows = connection.execute(select(PERSON.c.id, PERSON.c.slug)).all()
            self.model.people.ids.update({row.slug: row.id for row in rows})
            self._slugs = {row.id: row.slug for row in rows}
        for row in rows:
            dice = self.recipe.dice("chat", row.slug)
            where = dice.choice([["zalo"], ["zalo"], ["telegram"], ["zalo", "telegram"], ["telegram", "zalo"]])
            later = self.recipe.has("unlinked") and dice.random() < 0.25
            for rank, channel in enumerate(where):
                self._addresses[channel, f"{channel}:{row.slug}"] = row.id
                if later:
                    at = self.now + dt.timedelta(days=dice.randrange(5, 200), hours=dice.randrange(24))
                    self._at(at, partial(self._link, row.id, channel, rank))
                else:
                    self._link(row.id, channel, rank)

    def _link(self, person: int, channel: str, rank: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                insert(CHAT).values(
                    office_id=OFFICE,
                    person_id=person,
                    channel=channel,
                    bot=f"bot-{channel}",
                    address=f"{channel}:{self._slugs[person]}",
                    rank=rank,
                    linked_at=self.now,
                )
            )

    def _rings(self, attempt: Attempt) -> None:
        """Somebody's phone, if it arrived; and the checker looks in any case."""
        try:
            self.checker.rings(attempt)
        except Exception as broken:  # whatever a channel raises, the engine takes for an unknown fate
            self._broken = self._broken or broken
        what = type(attempt.message).__name__
        self._log(f"{what} {attempt.channel} {attempt.address} {attempt.arrived} {type(attempt.outcome).__name__}")
        self._record(attempt)
        if not attempt.arrived:
            return
        if attempt.message and len(attempt.provider_id) and self.turns % 50 == 0:
            plain(attempt.message)  # the words, now and then
        slug = attempt.address.partition(":")[2]
        for when, words in self._people[slug].reads(attempt.message, self.now):
            self._at(
                when,
                partial(self._says, words, attempt.channel, attempt.address, attempt.provider_id),
            )

    def _record(self, attempt: Attempt) -> None:
        message = attempt.message
        words: object = type(message).__name__
        if isinstance(message, ReminderMessage):
            words = [(item.number, item.occurrence_id, item.says, item.days_late) for item in message.items]
        elif isinstance(message, Answer):
            words = (message.said, message.number, message.occurrence_id)
        said = (self.now.isoformat(), attempt.address, attempt.arrived, words)
        self.transcript.update(repr(said).encode())

    def _says(self, words: Utterance, channel: str, address: str, provider_id: str) -> None:
        self._log(f"{words.person} on {channel}: {words.text}{' (pressed)' if words.press else ''}")
        press = None
        if words.press and words.occurrence is not None:
            press = Press(words.occurrence, words.version, self.model.people.ids[words.person], provider_id)
        self.checker.typed += 1
        self.checker.unmatched.append((self.now, words.person, words))
        self._by_name[channel].types(address, words.text, press, twice=words.twice)

    # ---- accidents --------------------------------------------------------------------------------------------------

    def _at(self, when: dt.datetime, event: Event) -> None:
        heapq.heappush(self._events, (when, next(self._order), event))

    def _arrange_accidents(self) -> None:
        recipe = self.recipe
        self._crashing = recipe.has("crash")
        self._crash_rate = recipe.dice("crash rate").choice([0.01, 0.05, 0.2])
        if recipe.has("downtime"):
            self._now_and_then("downtime", 45, self._downtime)
        if recipe.has("night"):
            for day in range(recipe.days):
                midnight = recipe.start + dt.timedelta(days=day)
                minutes = recipe.dice("night", day).randrange(120)
                self._at(
                    midnight + dt.timedelta(hours=17),
                    partial(self._be_off, midnight + dt.timedelta(hours=31, minutes=minutes)),
                )
        if recipe.has("step"):
            self._now_and_then("step", 30, lambda dice: self._put_clock(dt.timedelta(minutes=dice.randint(-120, 120))))
        if recipe.has("outage"):
            self._now_and_then("outage", 25, self._outage)
        if recipe.has("refused"):
            self._now_and_then("refused", 20, self._block)
        if recipe.has("leave"):
            self._now_and_then("leave", 25, self._leave)
        if recipe.has("gone"):
            self._now_and_then("gone", 150, self._leaves_for_good)
        if recipe.has("operator"):
            self._now_and_then("operator", 20, self._operate)
        self._now_and_then("metronome", 12, lambda _: None)  # a turn for no reason at all

    def _now_and_then(self, what: str, days: float, happens: Callable[[random.Random], None]) -> None:
        """Let it happen about every so many days, at any hour, until it is to be calm."""
        at = self.recipe.start
        for number in count():
            dice = self.recipe.dice(what, number)
            at += dt.timedelta(days=dice.expovariate(1 / days))
            if at >= self.recipe.calm_from:
                return
            self._at(at, partial(happens, dice))

    def _downtime(self, dice: random.Random) -> None:
        hours = dice.choice([0.1, 1, 5, 24, 72, 24 * 7, 24 * 21])
        self._log(f"off for {hours} hours")
        self._be_off(min(self.now + dt.timedelta(hours=hours), max(self.now, self.recipe.calm_from)))

    def _outage(self, dice: random.Random) -> None:
        channel = dice.choice(self.channels)
        channel.away_until = min(self.now + dt.timedelta(hours=dice.choice([0.2, 1, 4, 30])), self.recipe.calm_from)
        self._log(f"{channel.name} is away until {channel.away_until}")

    def _block(self, dice: random.Random) -> None:
        channel, address = dice.choice(list(self._addresses))
        self._by_name[channel].blocked.add(address)
        self._log(f"{address} blocks the bot")
        back = min(self.now + dt.timedelta(days=dice.choice([0.2, 2, 20, 90])), self.recipe.calm_from)
        words = Utterance(address.partition(":")[2], "việc", "looks")
        self._at(back, lambda: self._says(words, channel, address, ""))

    def _leave(self, dice: random.Random) -> None:
        person, substitute = dice.sample(list(self._slugs), 2)
        first = self.now.astimezone(ZONE).date() + dt.timedelta(days=dice.randint(0, 5))
        last = first + dt.timedelta(days=dice.randint(0, 20))
        self._log(f"{self._slugs[person]} is away {first} to {last}, {self._slugs[substitute]} stands in")
        with self.engine.begin() as connection:
            connection.execute(
                insert(STAND_IN).values(
                    office_id=OFFICE,
                    person_id=person,
                    substitute_id=substitute,
                    first_day=first,
                    last_day=last,
                    decision="12/QĐ-UBND",
                )
            )

    def _leaves_for_good(self, dice: random.Random) -> None:
        person = dice.choice(list(self._slugs))
        self._log(f"{self._slugs[person]} leaves the office")
        with self.engine.begin() as connection:
            connection.execute(update(PERSON).where(PERSON.c.id == person).values(active=False))

    def _operate(self, dice: random.Random) -> None:
        wanted = dice.choice(["suspend", "resume", "resume", "cancel", "reopen"])
        states = {
            "suspend": ["new", "doing", "returned"],
            "resume": ["suspended"],
            "cancel": ["new", "doing", "returned", "suspended", "waiting"],
            "reopen": ["cancelled"],
        }[wanted]
        with self.engine.begin() as connection:
            rows = connection.execute(
                select(OCCURRENCE.c.id, OCCURRENCE.c.work_state, OCCURRENCE.c.reported_at)
                .where(OCCURRENCE.c.work_state.in_(states), OCCURRENCE.c.opened_at.is_not(None))
                .order_by(OCCURRENCE.c.id)
            ).all()
            if wanted == "cancel" and CANCEL_SUSPENDED in KNOWN:
                rows = [row for row in rows if row.work_state != "suspended"]
            if wanted == "reopen" and REOPEN_WAITING in KNOWN:
                rows = [row for row in rows if row.reported_at is None]
            if not rows:
                return
            row = occurrence_row(connection, dice.choice(rows).id)
            assert row is not None
            self._log(f"the standing office: {wanted} {row.title}")
            _operate(connection, wanted, row, self.now)

    def _log(self, words: str) -> None:
        if self._tell:
            self._tell(f"{self.now.astimezone(ZONE):%a %Y-%m-%d %H:%M}  {words}")


def _operate(connection: Any, wanted: str, row: AnyRow, now: dt.datetime) -> None:
    office, actor = view_office(connection, OFFICE), Actor("Người vận hành")
    if wanted == "suspend":
        actions.suspend(connection, office, row, actor, "chờ hướng dẫn", now)
    elif wanted == "cancel":
        actions.cancel(connection, office, row, actor, "không còn phải làm", now)
    elif wanted == "resume":
        actions.resume(connection, office, row, actor, now)
    else:
        actions.reopen(connection, office, row, actor, now)
