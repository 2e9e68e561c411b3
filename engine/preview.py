"""Preview: every message to come, from the same steps over a copy that nobody keeps, with a virtual clock.

The clock jumps from alarm to alarm, so a year takes seconds. Nobody answers in a preview unless told to.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Text, cast, func, select

from bots.simulator import Simulator
from bots.wording import plain
from data.database import connect, create_schema, reading
from engine import load
from engine.clock import VirtualClock
from engine.cycle import turn
from engine.messages import DigestMessage, ReminderMessage
from engine.office import MESSAGE, OCCURRENCE, OFFICE, REMINDER, OfficeView, hours_as_stored
from engine.outbox import LEASE
from schedules.office_model import OfficeFile


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One message to come: when, to whom, what it says of which work, and its words."""

    at: dt.datetime
    person: str
    kind: str
    lines: tuple[tuple[str, str], ...]  # (what is said, title)
    text: str


def foresee(
    file: OfficeFile, first: dt.date, last: dt.date, progress: Callable[[dt.datetime], None] | None = None
) -> list[Foreseen]:
    """Every message of ``file`` between two days, inclusive, if it were loaded on the first and nobody answered."""
    engine = connect("sqlite://")
    create_schema(engine)
    hours_start, end = _bounds(file, first, last)
    with engine.begin() as connection:
        load.apply(connection, file, hours_start)
        load.link_simulator(connection, hours_start)
    return list(play(engine, VirtualClock(hours_start), end, progress))


def _bounds(file: OfficeFile, first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    zone = ZoneInfo(file.office.timezone)
    start = dt.datetime.combine(first, dt.time(), zone)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def play(
    engine: Engine, clock: VirtualClock, end: dt.datetime, progress: Callable[[dt.datetime], None] | None = None
) -> Iterator[Foreseen]:
    """Turn the engine from alarm to alarm until ``end`` and tell what was sent."""
    simulator = Simulator()
    offices: dict[str, OfficeView] = {}  # nobody else writes here, and nobody answers
    with asyncio.Runner() as runner:
        run = runner.get_loop().run_until_complete  # `runner.run` would also see to Ctrl+C, anew each time
        while clock.now() < end:
            simulator.sent.clear()
            run(turn(engine, [simulator], clock.now(), offices))
            for sent in simulator.sent:
                yield _foreseen(clock.now(), sent.message, sent.text)
            if progress:
                progress(clock.now())
            with reading(engine) as connection:
                wake = next_wake(connection, clock.now())
            if wake is None:
                return
            clock.move_to(wake)


def _foreseen(at: dt.datetime, message: object, text: str) -> Foreseen:
    if isinstance(message, ReminderMessage):
        lines = tuple((str(item.says), item.title) for item in message.items)
        return Foreseen(at, message.person, "reminder", lines, text)
    if isinstance(message, DigestMessage):
        unmarked = plain(replace(message, journal_mark=""))  # the journal of a preview is nobody's history
        return Foreseen(at, message.person, "digest", (), unmarked)
    return Foreseen(at, getattr(message, "person", ""), "answer", (), text)


_ALARMS = select(
    cast(OFFICE.c.definition, Text),
    OFFICE.c.next_digest_at,
    select(func.min(OCCURRENCE.c.next_move_at))
    .where(OCCURRENCE.c.office_id == OFFICE.c.id, OCCURRENCE.c.next_move_at.is_not(None))
    .scalar_subquery(),
    select(func.min(MESSAGE.c.not_before))
    .where(MESSAGE.c.office_id == OFFICE.c.id, MESSAGE.c.status == "queued")
    .scalar_subquery(),
    select(func.min(REMINDER.c.scheduled_at))
    .where(REMINDER.c.office_id == OFFICE.c.id, REMINDER.c.status == "pending")
    .scalar_subquery(),
    select(func.min(MESSAGE.c.claimed_at))
    .where(MESSAGE.c.office_id == OFFICE.c.id, MESSAGE.c.status == "claimed")
    .scalar_subquery(),
)


def next_wake(connection: Connection, now: dt.datetime) -> dt.datetime | None:
    """The next instant, later than ``now``, at which a turn would find something to do; None when there is nothing.

    What is due already but had to wait (quiet hours, a person who has had this slot's message) comes up with the next
    slot of its office.
    """
    found: list[dt.datetime] = []
    for definition, *alarms, claimed in connection.execute(_ALARMS):
        of_office = hours_as_stored(definition)
        for alarm in alarms:
            if alarm is not None:
                slot = of_office.slot_at(alarm) if alarm > now else None
                found.append(alarm if slot else of_office.next_slot(max(alarm, now)).starts)
        if claimed is not None:
            found.append(claimed + LEASE + dt.timedelta(seconds=1))
    later = [at for at in found if at > now]
    return min(later, default=None)
