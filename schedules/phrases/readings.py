"""What a phrase was understood as, and the same in the form of an office file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from schedules.office_model import ONCE, Due, Kind, Obligation, Source
from schedules.phrases.pieces import Offset
from schedules.recurrence import (
    LENGTH,
    STEP,
    WEEKDAYS,
    DayOfMonth,
    Weekday,
    day_in_month,
    days_in_month,
    month_number,
    rrule_dates,
    to_rrule,
)

Flag = Literal[
    "ambiguous", "data_window", "default_anchor", "impossible_date", "inferred_year", "open_end", "strict_reading"
]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a period's product is due, in the words of :class:`schedules.office_model.Due`."""

    day: DayOfMonth | None = None
    month: int | None = None
    months_after: int = 0
    dates: tuple[str, ...] | None = None
    weekday: Weekday | None = None
    rrule: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One deadline of a phrase.

    ``start`` is where a stretch of time begins, or the day before which a recurring duty is not due; ``until`` the
    last day of a recurring one. ``window`` is the data window, ``before`` stands for "trước ngày D" (due on D, aimed
    at the day before). ``why`` says what is unknown or unsure.
    """

    kind: Kind
    first_due: dt.date | None = None
    rrule: str | None = None
    start: dt.date | None = None
    until: dt.date | None = None
    window: tuple[dt.date, dt.date] | None = None
    time: str | None = None
    before: bool = False
    offset: Offset | None = None
    open_end: bool = False
    flags: tuple[Flag, ...] = ()
    why: str = ""
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A phrase read: the most frequent dated schedule is the ``head``, whatever else it names is ``also``."""

    phrase: str
    year: int
    head: Reading
    also: tuple[Reading, ...] = ()


def due_of(reading: Reading) -> Due | None:
    """The reading as an office file writes it; None where there is no date to write.

    A Due with ``rrule`` goes with the kind ``rrule`` (see :func:`office_kind`): the file has no other way to say one
    report a half-year, or the last working day of the month.
    """
    if reading.kind in ONCE:
        if reading.first_due is None:
            return None
        return Due(date=reading.first_due, start=reading.start, time=reading.time, before=reading.before)
    rule = reading.rule
    if rule is None or reading.first_due is None:
        return None
    return Due(
        day=rule.day,
        month=rule.month,
        months_after=rule.months_after,
        dates=rule.dates,
        weekday=rule.weekday,
        rrule=rule.rrule,
        start=reading.first_due if rule.rrule else reading.start,
        time=reading.time,
        before=reading.before,
    )


def office_kind(reading: Reading) -> Kind:
    """The kind that goes with :func:`due_of` in an office file."""
    return Kind.RRULE if reading.rule and reading.rule.rrule else reading.kind


def as_obligation(reading: Reading, title: str = "Nhiệm vụ") -> Obligation | None:
    """The reading as a duty of nobody yet, for what works on duties; None where there is no date."""
    due = due_of(reading)
    if due is None:
        return None
    source = Source(where="Thời hạn trong văn bản")
    return Obligation(id="nhiem-vu", title=title, lead="don-vi", kind=office_kind(reading), due=due, source=source)


def first_due(kind: Kind, rule: Rule, floor: dt.date) -> dt.date | None:
    """The first nominal due date on or after ``floor`` [convention 7], whatever period it belongs to."""
    if rule.rrule:
        dates = rrule_dates(rule.rrule, floor, floor, floor.replace(year=floor.year + 8))
        return dates[0] if dates else None
    if rule.weekday:
        return floor + dt.timedelta(days=(WEEKDAYS.index(rule.weekday) - floor.weekday()) % 7)
    step = STEP[kind]
    if rule.dates:
        found = (_in_years(text, floor) for text in rule.dates)
    elif rule.day is None:
        return None
    else:
        offset = (rule.month or LENGTH[kind]) - 1 + rule.months_after
        index = (month_number(floor) - offset) // step
        found = (day_in_month((index + more) * step + offset, rule.day or "last") for more in (0, 1))
        return next(day for day in found if day >= floor)
    return min(found)


def _in_years(text: str, floor: dt.date) -> dt.date:
    day, month = map(int, text.split("/"))
    this_year = day_in_month(floor.year * 12 + month - 1, day)
    return this_year if this_year >= floor else day_in_month((floor.year + 1) * 12 + month - 1, day)


def rrule_of(kind: Kind, rule: Rule, until: dt.date | None) -> str | None:
    """The rule as RFC 5545 without DTSTART; None where only dates one by one can say it."""
    if rule.rrule:
        text: str | None = rule.rrule
    elif rule.dates and len({text.split("/")[0] for text in rule.dates}) > 1:
        text = _of_uneven_dates(rule.dates)
    else:
        plain = Reading(kind=kind, first_due=dt.date(2025, 1, 1), rule=rule)
        obligation = as_obligation(plain)
        text = _plainer(to_rrule(obligation)) if obligation else None
    return f"{text};UNTIL={until:%Y%m%d}" if text and until else text


def _plainer(text: str | None) -> str | None:
    """31 December exists every year: BYMONTHDAY=31 says enough where no month of the rule is too short."""
    parts = dict(part.split("=") for part in (text or "").split(";") if part)
    if parts.get("BYSETPOS") != "-1" or "BYMONTH" not in parts:
        return text
    day = parts.pop("BYMONTHDAY").split(",")[-1]
    if int(day) > min(days_in_month(2025, int(month)) for month in parts["BYMONTH"].split(",")):
        return text
    return f"FREQ={parts['FREQ']};BYMONTH={parts['BYMONTH']};BYMONTHDAY={day}"


def _of_uneven_dates(dates: tuple[str, ...]) -> str | None:
    """30/06 and 25/12 in one rule: of all four days that these days and months make, the second and the third."""
    wanted = sorted((int(month), int(day)) for day, month in (text.split("/") for text in dates))
    months, days = sorted({month for month, _ in wanted}), sorted({day for _, day in wanted})
    if 2 in months and 29 in days:
        return None  # the places shift in a leap year
    crossed = [(month, day) for month in months for day in days if day <= days_in_month(2025, month)]
    if not set(wanted) <= set(crossed):
        return None
    places = ",".join(str(crossed.index(date) + 1) for date in wanted)
    listed = [",".join(map(str, numbers)) for numbers in (months, days)]
    return f"FREQ=YEARLY;BYMONTH={listed[0]};BYMONTHDAY={listed[1]};BYSETPOS={places}"
