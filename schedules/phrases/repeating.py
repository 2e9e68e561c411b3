"""What comes back: its rule, its first due date, and what of it is only a default.

Numbers in brackets are the conventions of the deadline phrases' README."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from schedules.office_model import Kind
from schedules.phrases.joining import Joined, When
from schedules.phrases.making import WHY_LAST_MONTH
from schedules.phrases.pieces import Label, Spot
from schedules.phrases.readings import Reading, Rule, first_due, rrule_of
from schedules.phrases.settling import WHY_BEFORE_PERIOD, flagged, marked, once, settled, spots_of
from schedules.recurrence import LENGTH, WEEKDAYS, DayOfMonth, day_in_month, days_in_month

WHY_NO_FIRST = "Không rõ chu kỳ tính từ ngày nào."
WHY_NO_WEEKDAY = "Câu không nói thứ mấy."
WHY_INFERRED_DAY = "Ngày của các kỳ sau suy từ kỳ đầu."


@dataclass(frozen=True, slots=True)
class Frame:
    """Between which days a recurring duty lives."""

    start: dt.date | None = None
    until: dt.date | None = None


def by_default(label: Label, joined: Joined, year: int, frame: Frame) -> list[Reading]:
    """A period without a date is due on its last day [6]; a week without a weekday has no date."""
    kind = label.kind
    if kind == Kind.WEEKLY:
        every = f";INTERVAL={label.step[0]}" if label.step else ""
        why = WHY_NO_FIRST if label.step else WHY_NO_WEEKDAY
        return [] if joined.weekdays and not label.step else [Reading(kind, rrule=f"FREQ=WEEKLY{every}", why=why)]
    if kind is None:
        return [_stepped(label, year)]
    if label.whole_year and len(joined.pairs) == 1:
        return [flagged(Reading(Kind.RANGE, dt.date(year, 12, 31), start=dt.date(year, 1, 1)), "inferred_year")]
    reading = flagged(periodic(kind, Rule(day="last"), year, frame), "default_anchor")
    return [flagged(reading, "ambiguous", label.rough) if label.rough else reading]


def _stepped(label: Label, year: int) -> Reading:
    """Every two or four months: no kind of its own. Every so many days or years: from when, nobody said."""
    count, unit = label.step or (1, "month")
    frequency = {"day": "DAILY", "year": "YEARLY"}.get(unit, "MONTHLY")
    text = f"FREQ={frequency};INTERVAL={count}"
    if unit != "month" or 12 % count:
        return Reading(Kind.UNKNOWN, rrule=text, why=WHY_NO_FIRST)
    text += ";BYMONTHDAY=-1"
    first = day_in_month(year * 12 + count - 1, "last")
    return flagged(Reading(Kind.RRULE, first, rrule=text, start=first, rule=Rule(rrule=text)), "default_anchor")


def periodic(kind: Kind, rule: Rule, year: int, frame: Frame, floor: dt.date | None = None) -> Reading:
    """First due on or after 1 January of the plan year [7], or after the duty's own beginning."""
    begins = floor or max(filter(None, (dt.date(year, 1, 1), frame.start)))
    start = floor or (frame.start if frame.start and frame.start > dt.date(year, 1, 1) else None)
    due = first_due(kind, rule, begins)
    if due is None or (frame.until and due > frame.until):
        return Reading(Kind.UNKNOWN, why=WHY_NO_FIRST)
    return Reading(kind, due, rrule_of(kind, rule, frame.until), start=start, until=frame.until, rule=rule)


def starting(label: Label, when: When, year: int) -> Reading:
    """ "Trước ngày 20 tháng 11 năm 2025 và hằng tháng": that date first, then the same day of every period."""
    spot = spots_of(when)[-1]
    closing, kind = settled(spot, year), label.kind or Kind.UNKNOWN
    if kind not in LENGTH and kind != Kind.WEEKLY:
        return flagged(once(when, year), "ambiguous", WHY_NO_FIRST)
    month = (closing.date.month - 1) % LENGTH.get(kind, 12) + 1
    rule = Rule(weekday=WEEKDAYS[closing.date.weekday()])
    if kind != Kind.WEEKLY:
        named = None if month == LENGTH[kind] else month
        rule = Rule(day=spot.day, month=closing.date.month if kind == Kind.NINE_MONTHLY else named)
    reading = periodic(kind, rule, year, Frame(), closing.date)
    return flagged(marked(reading, spot, closing.clamped), "ambiguous", WHY_INFERRED_DAY)


def in_period(kind: Kind, spot: Spot, year: int, frame: Frame) -> Reading:
    """ "ngày 20 tháng cuối quý", "ngày 05 tháng sau", "ngày 20" of the period that stands before it."""
    if spot.every is not None and not spot.of_any_month:
        kind = spot.every
    if kind == Kind.WEEKLY:
        return Reading(kind, rrule="FREQ=WEEKLY", why=WHY_NO_WEEKDAY)
    if spot.working:
        return _working_day(kind, spot, year, frame)
    if spot.weekday is not None:
        return _nth_weekday(kind, spot, year, frame)
    length = LENGTH[kind]
    place = spot.place if spot.every in {kind, None} and spot.place and spot.place <= length else length
    day = spot.day if spot.day is not None else "last"
    rule = Rule(day=day, month=None if place == length else place, months_after=spot.months_after)
    reading = marked(periodic(kind, rule, year, frame), spot)
    said = spot.every is not None or spot.place is not None or kind == Kind.MONTHLY or day == "last"
    return reading if said else flagged(reading, "ambiguous", WHY_LAST_MONTH)


def _working_day(kind: Kind, spot: Spot, year: int, frame: Frame) -> Reading:
    months = range(LENGTH[kind], 13, LENGTH[kind]) if kind != Kind.MONTHLY else ()
    by_month = f"BYMONTH={','.join(map(str, months))};" if months else ""
    rule = Rule(rrule=f"FREQ=MONTHLY;{by_month}BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")
    return marked(periodic(kind, rule, year, frame), spot)


def _nth_weekday(kind: Kind, spot: Spot, year: int, frame: Frame) -> Reading:
    first = spot.place or LENGTH[kind]
    months = range(first, 13, LENGTH[kind]) if kind != Kind.MONTHLY else ()
    by_month = f"BYMONTH={','.join(map(str, months))};" if months else ""
    rule = Rule(rrule=f"FREQ=MONTHLY;{by_month}BYDAY={spot.nth}{WEEKDAYS[spot.weekday or 0][:2].upper()}")
    return marked(periodic(kind, rule, year, frame), spot)


def on_dates(kind: Kind, spots: list[Spot], year: int, frame: Frame) -> list[Reading]:
    """Days with their months: "hằng năm … 15/12", "31/01 và 31/7 hằng năm" (twice a year is half-yearly)."""
    spots = [_over_before(spot) for spot in spots]
    closing = [settled(spot, year) for spot in spots]
    clamped = any(day.clamped for day in closing)
    dates = [(spot.month or 12, spot.day if spot.day is not None else "last") for spot in spots]
    dates.sort(key=lambda date: (date[0], 31 if date[1] == "last" else date[1]))
    rule: Rule | None = None
    if len(dates) == 1:
        return [marked(_on_one_date(kind, spots[0], closing[0].date, year, frame), spots[0], clamped)]
    months = [month for month, _ in dates]
    if kind != Kind.QUARTERLY and len(dates) == 2 and 4 <= months[1] - months[0] <= 8:
        kind, rule = Kind.HALF_YEARLY, _several(dates, 6)
    elif len(dates) == 4 and [(month - 1) // 3 for month in months] == [0, 1, 2, 3]:
        kind, rule = Kind.QUARTERLY, _several(dates, 3)
    if rule is None and kind == Kind.QUARTERLY:
        return [marked(_on_one_date(kind, spots[0], closing[0].date, year, frame), spots[0], clamped)]
    if rule is None:
        return [each for spot in spots for each in on_dates(Kind.YEARLY, [spot], year, frame)]
    return [marked(periodic(kind, rule, year, frame), spots[-1], clamped)]


def _over_before(spot: Spot) -> Spot:
    """ "Trước tháng 6 hằng năm" is over when May is."""
    if not spot.before or spot.grain not in {"month", "quarter"} or spot.first_month is None:
        return spot
    return replace(spot, month=spot.first_month - 1 or 12, rough=WHY_BEFORE_PERIOD)


def _several(dates: list[tuple[int, DayOfMonth]], step: int) -> Rule:
    days = {day for _, day in dates}
    first = dates[0][0]
    even = [month for month, _ in dates] == list(range(first, 13, step))
    if len(days) == 1 and even and first <= step and (first > step // 3 or step == 3):
        day = days.pop()
        return Rule(day="last" if isinstance(day, str) else day, month=None if first == step else first)
    printed = [f"{days_in_month(2025, month) if isinstance(day, str) else day:02}/{month:02}" for month, day in dates]
    if step == 6 and first <= 2:  # a report sent in January is that of the half-year before
        printed = [printed[1], printed[0]]
    return Rule(dates=tuple(printed))


def _on_one_date(kind: Kind, spot: Spot, date: dt.date, year: int, frame: Frame) -> Reading:
    month, day = (spot.month or 12), spot.day if spot.day is not None else "last"
    floor = date if spot.turn else None
    if kind == Kind.HALF_YEARLY:  # only one of the two is named: the other date is not ours to guess
        by_day = -1 if day == "last" else min(day, days_in_month(2025, month))
        rule = Rule(rrule=f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={by_day}")
        return periodic(kind, rule, year, frame, floor)
    if kind in {Kind.MONTHLY, Kind.QUARTERLY}:
        place = (month - 1) % LENGTH[kind] + 1
        reading = periodic(kind, Rule(day=day, month=None if place == LENGTH[kind] else place), year, frame, date)
        return flagged(reading, "ambiguous", WHY_INFERRED_DAY)
    rule = Rule(day=day, month=None if month == LENGTH[kind] else month, months_after=12 if spot.turn > 0 else 0)
    return periodic(kind, rule, year, frame, floor)
