"""Spots and spans on the calendar: their first and last days, and the readings of what comes once.

Numbers in brackets are the conventions of the deadline phrases' README."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from schedules.office_model import Kind
from schedules.phrases.joining import When
from schedules.phrases.pieces import Span, Spot
from schedules.phrases.readings import Flag, Reading
from schedules.recurrence import day_in_month, month_number

WHY_FRACTION = "“a/b” không có chữ “ngày”: có thể là phân số."
WHY_WINDOW = "Đây là kỳ số liệu, không phải ngày gửi."
WHY_BEFORE_PERIOD = "“Trước” một tháng, quý, năm được hiểu là hết kỳ liền trước."

_ONE_OFF = {
    "day": Kind.ONE_OFF_DATE, "month": Kind.ONE_OFF_MONTH, "quarter": Kind.ONE_OFF_QUARTER,
    "months": Kind.RANGE, "year": Kind.RANGE, "years": Kind.MULTI_YEAR,
}  # fmt: skip
_LENGTH_OF = {"month": 1, "quarter": 3}
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A date on the calendar, and whether the text named a day that its month does not have [11]."""

    date: dt.date
    clamped: bool = False


def spots_of(when: When) -> list[Spot]:
    """The spot, or both ends of the span; the deciding one is the last."""
    return [when] if isinstance(when, Spot) else [spot for spot in (when.first, when.last) if spot]


def settled(spot: Spot, year: int) -> Day:
    """The spot's last day."""
    months = ((spot.year or year) + (0 if spot.year else spot.turn)) * 12 + (spot.month or 12) - 1
    day = spot.day if spot.day is not None else "last"
    closing = day_in_month(months, day)
    return Day(closing, isinstance(day, int) and day != closing.day)


def opening(spot: Spot, year: int) -> Day:
    """The spot's first day."""
    if spot.grain == "day":
        return settled(spot, year)
    closing = spot.first_year or spot.year or year + spot.turn
    return Day(dt.date(closing, spot.first_month or 1, 1))


def flagged(reading: Reading, flag: Flag, why: str = "") -> Reading:
    """The reading with one more flag, and the reason for it."""
    flags = tuple(sorted({*reading.flags, flag}))
    return replace(reading, flags=flags, why=" ".join(dict.fromkeys(filter(None, (reading.why, why)))))


def marked(reading: Reading, spot: Spot, clamped: bool = False) -> Reading:
    """The flags that a spot brings with it."""
    if spot.before and spot.grain == "day":
        reading = flagged(replace(reading, before=True), "strict_reading")  # [1]
    if clamped:
        reading = flagged(reading, "impossible_date")
    if spot.rough:
        reading = flagged(reading, "ambiguous", spot.rough)
    if spot.cutoff:
        reading = flagged(reading, "data_window", WHY_WINDOW)
    return flagged(reading, "ambiguous", WHY_FRACTION) if spot.loose else reading


def once(when: When, year: int) -> Reading:
    """One date, or the end of one stretch of time [2, 3, 4, 5]."""
    if isinstance(when, Span):
        return _once_between(when, year)
    closing, opens = settled(when, year), opening(when, year).date
    kind = _ONE_OFF[when.grain]
    if (
        when.grain in {"month", "quarter"}
        and when.day == "last"
        and opens.month + _LENGTH_OF[when.grain] <= (when.month or 12)
    ):
        kind = Kind.RANGE
    due, start = closing.date, None if when.grain == "day" else opens
    if when.upto and when.grain == "year":
        start = None
    reading = Reading(kind, due, start=start)
    if when.before and when.grain != "day":
        reading = Reading(kind, opens - _ONE_DAY)  # "trước năm N": 31/12 of N-1 [4]
        reading = reading if when.grain == "year" else flagged(reading, "ambiguous", WHY_BEFORE_PERIOD)
    if when.year is None:
        reading = flagged(reading, "inferred_year")
    return marked(reading, when, closing.clamped)


def _once_between(when: Span, year: int) -> Reading:
    first, last = when.first or when.last, when.last
    closing = settled(last, year)
    opens = opening(first, last.year or year).date
    guessed = last.year is None or (first.year is None and first.turn == 0)
    crossed = False
    if opens > closing.date:
        if first.year is None:
            opens = day_in_month(month_number(opens) - 12, opens.day)
        elif last.year is None:
            closing = Day(day_in_month(month_number(closing.date) + 12, last.day or "last"))
        if opens > closing.date:
            return Reading(Kind.UNKNOWN, why="Ngày cuối đứng trước ngày đầu.")
        crossed = last.year is None
    kind = Kind.MULTI_YEAR if closing.date.year - opens.year >= 2 else Kind.RANGE
    reading = Reading(kind, closing.date, start=opens)
    if guessed and last.year is None:
        reading = flagged(reading, "inferred_year")
    if crossed:
        reading = flagged(reading, "ambiguous", "Câu không ghi năm và khoảng thời gian vắt qua hai năm.")
    return marked(reading, last, closing.clamped)
