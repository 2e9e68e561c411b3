"""The demo: a real commune's first quarter of 2026 in under a minute, with a virtual clock and simulated people.

The engine is the one that runs in production; only the clock is moved and only the people are played: most answer on
the last day, one asks for more time, one stays silent until the leadership hears of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select

from bots.simulator import SimulatedMessage, Simulator
from data.database import connect, create_schema, reading
from data.journal import verify
from engine import load
from engine.clock import VirtualClock
from engine.cycle import turn
from engine.messages import Answer, DigestMessage, Item, ReminderMessage, Says
from engine.office import MESSAGE, OFFICE, REMINDER
from engine.preview import next_wake
from engine.receive import store
from schedules.office_file import HERE, read_office

FIRST_DAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)  # 07:00 in Hùng Thắng
LAST_DAY = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
THINKS_FOR = dt.timedelta(hours=2)
SILENT_ABOUT = "Báo cáo kiểm soát TTHC"  # nobody sends the quarterly one-stop report: silence climbs
NEEDS_TIME_FOR = "Báo cáo công tác CCHC quý I"  # its doer asks for more days


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a phone."""

    at: dt.datetime
    person: str
    typed: str | None = None
    shown: SimulatedMessage | None = None


@dataclass
class Demo:
    """Plays the quarter; ``on_event`` hears of everything said and answered, in order."""

    on_event: Callable[[Event], None]
    on_time: Callable[[dt.datetime], None]
    engine: Engine = field(default_factory=lambda: connect("sqlite://"))
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(FIRST_DAY))
    until: dt.datetime = LAST_DAY

    def __post_init__(self) -> None:
        self._phones = Simulator(self._ring)
        self._plans: list[tuple[dt.datetime, str, str]] = []
        self._asked_for_time: set[str] = set()

    def play(self) -> None:
        """From the first day to the last, alarm by alarm and answer by answer."""
        create_schema(self.engine)
        office = read_office(HERE / "offices" / "hung-thang.yaml")
        with self.engine.begin() as connection:
            load.apply(connection, office, self.clock.now())
            load.link_simulator(connection, self.clock.now())
        with asyncio.Runner() as runner:
            while self.clock.now() < self.until:
                self._answer_what_is_due()
                runner.run(turn(self.engine, [self._phones], self.clock.now()))
                self.on_time(self.clock.now())
                with reading(self.engine) as connection:
                    wake = next_wake(connection, self.clock.now())
                self.clock.move_to(min([self.until, *([wake] if wake else []), *(at for at, _, _ in self._plans)]))

    # -- the people

    def _ring(self, shown: SimulatedMessage) -> None:
        now = self.clock.now()
        self.on_event(Event(now, getattr(shown.message, "person", ""), shown=shown))
        if isinstance(shown.message, ReminderMessage):
            for item in shown.message.items:
                words = self._what_they_say(item)
                if words:
                    self._plans.append((now + THINKS_FOR, shown.address, words))

    def _what_they_say(self, item: Item) -> str | None:
        if item.says is Says.CONFIRM:
            return f"xác nhận {item.number}"
        if item.says is Says.EXTENSION_ASKED:
            return f"đồng ý {item.number}"
        if item.doer is not None:
            return None  # somebody else's work
        if item.title.startswith(NEEDS_TIME_FOR) and item.says is Says.LAST_CALL:
            if item.title not in self._asked_for_time:
                self._asked_for_time.add(item.title)
                until = item.internal_due + dt.timedelta(days=3)
                return f"gia hạn {item.number} đến {until.day}/{until.month} vì chờ số liệu của các đơn vị"
            return f"xong {item.number}"
        if item.title.startswith(SILENT_ABOUT):
            return "đang làm " + str(item.number) if item.says is Says.WRITE else None
        return f"xong {item.number}" if item.says is Says.LAST_CALL else None

    def _answer_what_is_due(self) -> None:
        due = [plan for plan in self._plans if plan[0] <= self.clock.now()]
        self._plans = [plan for plan in self._plans if plan[0] > self.clock.now()]
        with self.engine.begin() as connection:
            for at, address, words in due:
                self.on_event(Event(at, address, typed=words))
                store(connection, [self._phones.typed(address, words)], at)


@dataclass(frozen=True, slots=True)
class Closing:
    """What the quarter came to, counted from the tables and not by the player."""

    messages: dict[str, int]
    lines_told: int
    merged: int
    suppressed: dict[str, int]
    lost: int
    journal_lines: int


def closing(engine: Engine) -> Closing:
    """The closing table. *Lost* is every line that should have been told and neither was nor is explained."""
    with reading(engine) as connection:
        messages = {
            row.kind: row.n
            for row in connection.execute(
                select(MESSAGE.c.kind, func.count().label("n"))
                .where(MESSAGE.c.status == "sent")
                .group_by(MESSAGE.c.kind)
            )
        }
        told = connection.execute(
            select(func.count())
            .select_from(REMINDER.join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id))
            .where(REMINDER.c.status == "in_message", MESSAGE.c.status == "sent")
        ).scalar_one()
        suppressed = Counter(
            connection.execute(select(REMINDER.c.reason).where(REMINDER.c.status == "suppressed")).scalars()
        )
        every = connection.execute(select(func.count()).select_from(REMINDER)).scalar_one()
        waiting = connection.execute(
            select(func.count()).select_from(REMINDER).where(REMINDER.c.status == "pending")
        ).scalar_one()
        office_id = connection.execute(select(OFFICE.c.id)).scalar_one()
        verdict = verify(connection, office_id)
    return Closing(
        messages=messages,
        lines_told=told,
        merged=told - messages.get("reminder", 0),
        suppressed={str(reason): n for reason, n in suppressed.items()},
        lost=every - told - suppressed.total() - waiting,
        journal_lines=verdict.lines if verdict.broken_at is None else -1,
    )


def is_highlight(shown: SimulatedMessage) -> bool:
    """Messages that the transcript shows whole: digests, and what reaches the leadership."""
    message = shown.message
    if isinstance(message, DigestMessage):
        return True
    if isinstance(message, Answer):
        return False
    return isinstance(message, ReminderMessage) and "Chủ tịch" in message.person
