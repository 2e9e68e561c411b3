"""What happens to the machine, and what it falls upon: the two sides of the matrix.

All moments are those of the wall clock of the office. Each outage is placed anew for what it falls upon, so that a
rung (07:30 of ``day``), a midnight or a message that is just leaving lies inside it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from schedules.office_model import Obligation
from schedules.workdays import vietnam_calendar
from tests.world import ZONE, one_task

CALENDAR = vietnam_calendar()


class Kind(StrEnum):
    """What the machine does."""

    OFF = "off"  # no turn; what people write waits at the provider
    STEP = "step"  # the clock is wrong by so much
    SUSPEND = "suspend"  # asleep in the middle of a send


@dataclass(frozen=True)
class Outage:
    """From ``begins`` to ``ends`` in true time. ``by``: how wrong the clock is meanwhile; ``ends`` None: for good."""

    name: str
    kind: Kind
    begins: dt.datetime
    ends: dt.datetime | None
    by: dt.timedelta = dt.timedelta(0)

    @property
    def wakes(self) -> dt.datetime:
        """When the engine turns again for the first time."""
        return self.begins if self.kind is Kind.STEP or self.ends is None else self.ends

    @property
    def over(self) -> dt.datetime:
        """From here on nothing happens to the machine any more."""
        return self.ends or self.begins


def at(text: str) -> dt.datetime:
    """ "2026-03-25 07:30" on the wall of the office, in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)


def _off(name: str, begins: str, ends: str) -> Outage:
    return Outage(name, Kind.OFF, at(begins), at(ends))


def _step(name: str, hours: int, begins: str, ends: str | None) -> Outage:
    return Outage(name, Kind.STEP, at(begins), at(ends) if ends else None, dt.timedelta(hours=hours))


#: By what they are placed for: "rung" has the 07:30 of its last day inside, "midnight" the end of its first day.
OFF = {
    "10 minutes": ("2026-03-25 07:25", "2026-03-25 07:35"),
    "a night": ("2026-03-24 17:30", "2026-03-25 07:40"),
    "a weekend": ("2026-03-20 17:30", "2026-03-23 07:40"),
    "Tết week": ("2026-02-13 17:30", "2026-02-23 07:45"),
    "a month": ("2026-03-02 17:30", "2026-04-01 07:40"),
    "across New Year": ("2025-12-30 17:30", "2026-01-05 08:10"),
}
#: hours: (at a rung, put right), (at a midnight, put right)
STEPS = {
    2: (("2026-03-25 07:00", "2026-03-25 11:00"), ("2026-03-24 23:00", "2026-03-25 10:00")),
    -2: (("2026-03-25 08:00", "2026-03-25 12:00"), ("2026-03-25 01:00", "2026-03-25 10:00")),
    24: (("2026-03-25 07:00", "2026-03-26 06:00"), ("2026-03-24 20:00", "2026-03-26 06:00")),
    -24: (("2026-03-26 08:00", "2026-03-27 10:00"), ("2026-03-25 00:30", "2026-03-26 10:00")),
}
SUSPENDED = {"asleep until noon": "2026-03-25 12:10", "asleep for a day": "2026-03-26 07:40"}


def _named(hours: int) -> str:
    return f"clock {hours:+} h" if abs(hours) < 24 else f"clock {hours // 24:+} day"


OUTAGES = [
    *OFF,
    *(_named(hours) + ending for hours in STEPS for ending in (", put right", ", stays")),
    *SUSPENDED,
]


def place(name: str, falls: Falls) -> Outage:
    """The outage of that name where it meets ``falls``."""
    midnight = falls is Falls.DUE_DATE
    if name in OFF:
        begins, ends = OFF[name]
        if midnight and name == "10 minutes":
            begins, ends = "2026-03-24 23:55", "2026-03-25 00:05"
        if falls is Falls.CLAIMED and name == "10 minutes":
            ends = "2026-03-25 07:40"
        return _in_the_mornings_sending(_off(name, begins, ends), falls)
    if name in SUSPENDED:
        return Outage(name, Kind.SUSPEND, at("2026-03-25 07:30"), at(SUSPENDED[name]))
    hours = next(hours for hours in STEPS if name.startswith(_named(hours)))
    begins, ends = STEPS[hours][midnight]
    return _in_the_mornings_sending(_step(name, hours, begins, ends if name.endswith("right") else None), falls)


def _in_the_mornings_sending(outage: Outage, falls: Falls) -> Outage:
    """Where a message is to be under way, it begins when the morning's are."""
    if falls is not Falls.CLAIMED:
        return outage
    return replace(outage, begins=at(f"{_civil(outage.begins)} 07:30"))


# ---- what it falls upon ---------------------------------------------------------------------------------------------


class Falls(StrEnum):
    """What lies inside the outage."""

    BEFORE_A_RUNG = "before a rung"
    A_RUNG = "a rung"
    SEVERAL_RUNGS = "several rungs"
    DIGEST = "the digest"
    DUE_DATE = "a due date"
    CLAIMED = "a message under way"
    REPLY = "a reply in the inbox"


@dataclass(frozen=True)
class Typed:
    """Somebody types, at a true moment, about the work of that title."""

    at: dt.datetime
    text: str
    title: str


@dataclass(frozen=True)
class Script:
    """The office's work and what people will say, the same with and without the outage."""

    starts: dt.datetime
    ends: dt.datetime
    obligations: list[Obligation]
    typed: list[Typed]
    office: dict[str, Any]


def _civil(moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZONE).date()


def rung_day(outage: Outage) -> dt.date:
    """The working day whose 07:30 lies inside."""
    return CALENDAR.on_or_after(_civil(outage.ends if outage.kind is Kind.OFF and outage.ends else outage.begins))


def script(outage: Outage, falls: Falls) -> Script:
    """The world in which this outage meets what it falls upon."""
    day = rung_day(outage)
    begins = CALENDAR.on_or_after(_civil(outage.begins))
    over = _civil(outage.over)
    dues: dict[str, dt.date]
    match falls:
        case Falls.BEFORE_A_RUNG:  # the first rung is two working days after everything
            dues = {"Sắp tới": CALENDAR.add(max(over, day), 12)}
        case Falls.SEVERAL_RUNGS:
            dues = {f"Việc {days:+}": CALENDAR.add(day, days) for days in (10, 3, 0, -1, -2, -4) if days}
            dues["Việc hôm nay"] = day
        case Falls.DUE_DATE:
            dues = {"Qua hạn": CALENDAR.add(begins, -1) if _civil(outage.begins) == day else begins}
            if outage.kind is Kind.STEP:
                dues = {"Qua hạn": dt.date(2026, 3, 24)}
        case Falls.CLAIMED:
            dues = {"Đang gửi": begins, "Gửi sau": CALENDAR.add(begins, 3)}
        case _:
            dues = {"Đúng bậc": day}
    tasks = [one_task(due.isoformat(), f"viec-{n}", title) for n, (title, due) in enumerate(dues.items())]
    others = 3 if falls is not Falls.BEFORE_A_RUNG or outage.kind is Kind.SUSPEND else 40
    tasks.append(one_task(CALENDAR.add(day, others).isoformat(), "mot-cua", "Việc của Trung tâm", lead="ttpvhcc"))
    return Script(
        starts=_loaded_at(min(begins, day), dues),
        ends=_end_of(CALENDAR.add(max(over, day), 9)),
        obligations=tasks,
        typed=_typed(outage, falls, dues),
        office={"digest": {"weekday": _weekday(day)}} if falls is Falls.DIGEST else {},
    )


def _loaded_at(first: dt.date, dues: dict[str, dt.date]) -> dt.datetime:
    """Loaded before any of the work opens."""
    earliest = min(first, *dues.values())
    return at(f"{CALENDAR.add(earliest, -12).isoformat()} 07:00")


def _end_of(day: dt.date) -> dt.datetime:
    return at(f"{day.isoformat()} 18:00")


def _weekday(day: dt.date) -> str:
    return ("monday", "tuesday", "wednesday", "thursday", "friday")[day.weekday()]


def _typed(outage: Outage, falls: Falls, dues: dict[str, dt.date]) -> list[Typed]:
    """Some work is reported while the machine is away, some when it is back, some is left to climb.

    Away, people can only speak of what they had heard of before: what was open then.
    """
    minute, titles = dt.timedelta(minutes=1), list(dues)
    back = outage.over + dt.timedelta(hours=27)
    if falls is Falls.BEFORE_A_RUNG:  # not before it is open
        back = at(f"{CALENDAR.add(max(_civil(outage.over), rung_day(outage)), 5)} 10:00")
    said = [Typed(back, "xong", titles[0])]
    if falls is Falls.REPLY:
        said = [Typed(outage.begins - minute, "xong", titles[0])]
    known = [title for title, due in dues.items() if CALENDAR.add(due, -10) < _civil(outage.begins)]
    if falls is Falls.SEVERAL_RUNGS and known:
        inside = outage.begins + (outage.over - outage.begins) * 3 / 4
        said.append(Typed(max(inside, outage.begins + 2 * minute), "xong", known[-1]))
    return said
