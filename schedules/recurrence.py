"""Periods: which ones there are, what people call them, and RRULE in and out.

Every period is computed from its index, never from the one before it, so a date that a short month squeezed
(31/01, 28/02) comes back in the next long one (31/03). Pure arithmetic: no calendar of holidays, no clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from dateutil.rrule import rrule, rrulestr

from schedules.office_model import Due, Kind, Obligation

DayOfMonth = int | Literal["last"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

#: Months from one period to the next, and months that a period covers. Nine months come once a year, from January.
STEP = {Kind.MONTHLY: 1, Kind.QUARTERLY: 3, Kind.HALF_YEARLY: 6, Kind.NINE_MONTHLY: 12, Kind.YEARLY: 12}
LENGTH = STEP | {Kind.NINE_MONTHLY: 9}  # the shortest first

WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ROMAN = ("I", "II", "III", "IV")

_NOUNS = ("6 tháng", "9 tháng", "tháng", "quý", "năm", "tuần")  # with which the names of periods begin

_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Period(NamedTuple):
    """What one occurrence reports on.

    ``key`` is unique within an obligation and never changes: "2026-M03", "2026-Q1", "2026-H1", "2026-9M", "2026",
    "2026-W11" (ISO week), "2026-03-17" (RRULE) or "once". ``label`` is what people say: "quý I/2026"; "" for once;
    the next period's, where the product is for that one (``named_for``).
    """

    key: str
    start: dt.date
    end: dt.date
    label: str


def days_in_month(year: int, month: int) -> int:
    """How many days the month has, leap years included."""
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _DAYS_IN_MONTH[month - 1]


def month_number(day: dt.date) -> int:
    """Months since year 0, so that months can be added without thinking of years."""
    return day.year * 12 + day.month - 1


def day_in_month(months: int, day: DayOfMonth) -> dt.date:
    """That day of the month numbered ``months`` (see :func:`month_number`), or its last one when it is too short."""
    year, month = months // 12, months % 12 + 1
    if day == "last" or day > 28:
        length = days_in_month(year, month)
        day = length if day == "last" or day > length else day
    return dt.date(year, month, day)


def index_of(kind: Kind, day: dt.date) -> int:
    """The index of the period of a regular kind that contains ``day``; a nine-month one also takes October on."""
    if kind == Kind.WEEKLY:
        return (day.toordinal() - 1) // 7
    return month_number(day) // STEP[kind]


@lru_cache(maxsize=8192)
def period_at(kind: Kind, index: int, stands_for: tuple[Kind, ...] = ()) -> Period:
    """The period of a regular kind at that index (see :func:`index_of`).

    ``stands_for`` only changes the label: the quarter II report that is also the half-year one is called
    "quý II và 6 tháng đầu năm 2026". Raises KeyError for a kind without an index.
    """
    if kind == Kind.WEEKLY:
        return _week_at(index)
    months = index * STEP[kind]
    start = day_in_month(months, 1)
    end = day_in_month(months + LENGTH[kind] - 1, "last")
    names = [_name(kind, start), *_longer_names(kind, end, stands_for)]
    # "tháng 3/2026" takes a stroke, "6 tháng đầu năm 2026" has said "năm" already.
    stroke = " " if names[-1].endswith("năm") else "/"
    return Period(_key(kind, start), start, end, f"{_in_words(names)}{stroke}{start.year}")


def periods(kind: Kind, first: dt.date, last: dt.date, stands_for: tuple[Kind, ...] = ()) -> Iterator[Period]:
    """The periods of a regular kind (weekly to yearly) that share a day with ``first`` to ``last``, in order."""
    for index in range(index_of(kind, first), index_of(kind, last) + 1):
        period = period_at(kind, index, stands_for)
        if period.end >= first:  # in October the nine months are over
            yield period


def named(title: str, label: str) -> str:
    """What an occurrence is called: "Báo cáo TTHC", "tháng 3/2026" → "Báo cáo TTHC tháng 3/2026".

    A title that ends with the word for its period does not say it twice: "Báo cáo CCHC hằng quý" of quý I/2026 is
    "Báo cáo CCHC quý I/2026".
    """
    words = title.split()
    noun = next((noun for noun in _NOUNS if label.startswith(f"{noun} ")), "").split()
    before, last = words[: -len(noun)], words[-len(noun) :]
    if not noun or [word.lower() for word in last] != noun or not before or before[-1].isdigit():  # "Kế hoạch 5 năm"
        return f"{title} {label}".strip()
    if before[-1].lower() in {"hằng", "hàng", "mỗi"}:
        before.pop()
    return " ".join([*before, label])


def single_period(start: dt.date, end: dt.date) -> Period:
    """The one period of an obligation that comes once."""
    return Period("once", start, end, "")


def _week_at(index: int) -> Period:
    monday = dt.date.fromordinal(index * 7 + 1)
    year, week, _ = monday.isocalendar()
    return Period(f"{year}-W{week:02}", monday, monday + dt.timedelta(days=6), f"tuần {week}/{year}")


def _key(kind: Kind, start: dt.date) -> str:
    match kind:
        case Kind.MONTHLY:
            return f"{start.year}-M{start.month:02}"
        case Kind.QUARTERLY:
            return f"{start.year}-Q{start.month // 3 + 1}"
        case Kind.HALF_YEARLY:
            return f"{start.year}-H{start.month // 6 + 1}"
        case Kind.NINE_MONTHLY:
            return f"{start.year}-9M"
        case _:
            return str(start.year)


def _name(kind: Kind, start: dt.date) -> str:
    """What the period is called, without its year."""
    match kind:
        case Kind.MONTHLY:
            return f"tháng {start.month}"
        case Kind.QUARTERLY:
            return f"quý {ROMAN[start.month // 3]}"
        case Kind.HALF_YEARLY:
            return "6 tháng đầu năm" if start.month == 1 else "6 tháng cuối năm"
        case Kind.NINE_MONTHLY:
            return "9 tháng đầu năm"
        case _:
            return "năm"


def _longer_names(kind: Kind, end: dt.date, stands_for: tuple[Kind, ...]) -> list[str]:
    """Names of the longer periods that end together with this one, the shortest first.

    At the end of a year the annual report takes the place of "6 tháng cuối năm".
    """
    ending = [
        longer
        for longer, length in LENGTH.items()
        if longer in stands_for and length > LENGTH[kind] and (end.month - length) % STEP[longer] == 0
    ]
    if Kind.YEARLY in ending and Kind.HALF_YEARLY in ending:
        ending.remove(Kind.HALF_YEARLY)
    return [_name(longer, day_in_month(month_number(end) - LENGTH[longer] + 1, 1)) for longer in ending]


def _in_words(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} và {names[-1]}"


# ---- RRULE (RFC 5545) ----

_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_PARTS = {
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY",
    "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS",
}  # fmt: skip
_LIMITS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
#: With BYSETPOS=-1: the last of these days that the month has, so that a short month is not skipped.
_SQUEEZED = {29: "28,29", 30: "28,29,30", 31: "28,29,30,31"}
_KIND_BY_STEP = {1: Kind.MONTHLY, 3: Kind.QUARTERLY, 6: Kind.HALF_YEARLY, 12: Kind.YEARLY}


def rrule_dates(text: str, start: dt.date, first: dt.date, last: dt.date) -> list[dt.date]:
    """The dates of an RRULE whose DTSTART is ``start`` that lie in ``first`` to ``last``, both included.

    The first date is the first one that fits the rule, which need not be ``start``; COUNT counts from there.
    Raises ValueError with a Vietnamese sentence when the rule cannot be used.
    """
    rule = _parsed(text, start)
    # A civil date is a naive midnight for dateutil; no zone is crossed.
    found = rule.between(_midnight(first), _midnight(last), inc=True)
    return [moment.date() for moment in found]


def to_rrule(obligation: Obligation) -> str | None:
    """The obligation's nominal due dates as an RRULE without DTSTART; None when one rule cannot say them.

    Months that are too short get their last day (BYSETPOS) where a plain BYMONTHDAY=31 would skip them. The rule
    keeps the dates, not the periods: due on the 5th of the month after reads as the 5th of the month.
    """
    due, kind = obligation.due, obligation.kind
    if due is None:
        return None
    if kind == Kind.RRULE and due.rrule:
        return _normalised(due.rrule)
    if kind == Kind.WEEKLY and due.weekday:
        return f"FREQ=WEEKLY;BYDAY={_BYDAY[WEEKDAYS.index(due.weekday)]}"
    if due.dates:
        return _rule_of_dates(due.dates)
    if kind in STEP and due.day:
        offset = (due.month or LENGTH[kind]) - 1 + due.months_after
        months = sorted({(start + offset) % 12 + 1 for start in range(0, 12, STEP[kind])})
        return _rule_of_months(months, due.day)
    return None


def from_rrule(text: str, start: dt.date) -> tuple[Kind, Due]:
    """Read an RRULE that starts on ``start``: our own kind where it says just that, else the kind ``rrule``.

    The Due keeps ``start``: nothing is due before it. Raises ValueError with a Vietnamese sentence for a rule that
    cannot be parsed, repeats within a day, or carries a part that we do not know.
    """
    _parsed(text, start)
    normal = _normalised(text)
    parts = _split(normal)
    return _weekly(parts, start) or _monthly(parts, start) or (Kind.RRULE, Due(rrule=normal, start=start))


def _rule_of_dates(dates: tuple[str, ...]) -> str | None:
    """One rule for "dd/mm" dates, which works only when they share the day."""
    days, months = zip(*(map(int, text.split("/")) for text in dates), strict=True)
    return _rule_of_months(sorted(set(months)), days[0]) if len(set(days)) == 1 else None


def _rule_of_months(months: list[int], day: DayOfMonth) -> str:
    if day == "last":
        by_day = "BYMONTHDAY=-1"
    else:
        by_day = f"BYMONTHDAY={_SQUEEZED[day]};BYSETPOS=-1" if day > 28 else f"BYMONTHDAY={day}"
    if len(months) == 12:
        return f"FREQ=MONTHLY;{by_day}"
    frequency = "YEARLY" if len(months) == 1 else "MONTHLY"
    return f"FREQ={frequency};BYMONTH={','.join(map(str, months))};{by_day}"


def _weekly(parts: dict[str, str], start: dt.date) -> tuple[Kind, Due] | None:
    day = parts.get("BYDAY", _BYDAY[start.weekday()])
    if parts["FREQ"] != "WEEKLY" or set(parts) - {"FREQ", "BYDAY", "WKST"} or day not in _BYDAY:
        return None
    return Kind.WEEKLY, Due(weekday=WEEKDAYS[_BYDAY.index(day)], start=start)


def _monthly(parts: dict[str, str], start: dt.date) -> tuple[Kind, Due] | None:
    """The rules on one day of evenly spaced months: monthly, quarterly, half-yearly, yearly."""
    if set(parts) - {"FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}:
        return None
    months = _months(parts, start)
    step = 12 // len(months) if months else 0
    if step not in _KIND_BY_STEP or months != list(range(months[0], 13, step)):
        return None
    day = _day(parts, months, start)
    if day is None:
        return None
    kind = _KIND_BY_STEP[step]
    # The last month of the period is where a day stands when no month is named.
    month = None if months[0] == LENGTH[kind] else months[0]
    return kind, Due(day=day, month=month, start=start)


def _months(parts: dict[str, str], start: dt.date) -> list[int]:
    """The months of the year in which the rule falls, the same every year; empty when they are not."""
    interval = int(parts.get("INTERVAL", "1"))
    named = sorted({int(month) for month in parts.get("BYMONTH", "").split(",") if month})
    if parts["FREQ"] == "YEARLY" and interval == 1:
        if len(named) > 1 and "BYSETPOS" in parts:
            return []  # BYSETPOS picks within the year then, not within each month
        if named or "BYMONTHDAY" not in parts:
            return named or [start.month]
        return [] if "BYSETPOS" in parts else list(range(1, 13))
    if parts["FREQ"] == "MONTHLY" and 12 % interval == 0:
        if not named:
            return sorted((start.month - 1 + shift) % 12 + 1 for shift in range(0, 12, interval))
        return named if interval == 1 else []
    return []


def _day(parts: dict[str, str], months: list[int], start: dt.date) -> DayOfMonth | None:
    """The rule's day of the month; None when it has several, or one that some of the months lack and skip."""
    by_day = parts.get("BYMONTHDAY", str(start.day))
    if "BYSETPOS" in parts:
        days = [day for day, squeezed in _SQUEEZED.items() if squeezed == by_day]
        return days[0] if days and parts["BYSETPOS"] == "-1" else None
    if by_day == "-1":
        return "last"
    shortest = min(_DAYS_IN_MONTH[month - 1] for month in months)
    return int(by_day) if by_day.isdecimal() and int(by_day) <= shortest else None


@lru_cache(maxsize=1024)
def _parsed(text: str, start: dt.date) -> rrule:
    normal = _normalised(text)
    try:
        rule = rrulestr(normal, dtstart=_midnight(start), cache=True)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f'Quy tắc lặp "{text}" không đúng RFC 5545.') from error
    if not isinstance(rule, rrule):
        raise ValueError(f'Quy tắc lặp "{text}" phải là một RRULE duy nhất.')
    return rule


def _normalised(text: str) -> str:
    """The rule in capitals, without "RRULE:", its UNTIL cut to a date as civil days want it."""
    parts = _split(text)
    if "UNTIL" in parts:
        parts["UNTIL"] = parts["UNTIL"][:8]
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _split(text: str) -> dict[str, str]:
    """The parts of a rule in order. Raises ValueError for what dateutil would let pass or ask the clock for."""
    body = "".join(text.upper().split()).removeprefix("RRULE:").strip(";")
    parts: dict[str, str] = {}
    for part in body.split(";"):
        name, equals, value = part.partition("=")
        if name in {"BYHOUR", "BYMINUTE", "BYSECOND"}:
            raise ValueError(f'Quy tắc lặp "{text}" đặt giờ bằng {name}; hãy ghi giờ ở mục time.')
        if not equals or not value or name in parts or name not in _PARTS:
            raise ValueError(f'Quy tắc lặp "{text}" có phần "{part}" không dùng được.')
        parts[name] = value
    _check_values(text, parts)
    return parts


def _check_values(text: str, parts: dict[str, str]) -> None:
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f'Quy tắc lặp "{text}" phải có FREQ là DAILY, WEEKLY, MONTHLY hoặc YEARLY.')
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isdecimal() and int(parts[name]) > 0):
            raise ValueError(f'Quy tắc lặp "{text}": {name} phải là số nguyên dương.')
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError(f'Quy tắc lặp "{text}" chỉ được có một trong hai phần COUNT, UNTIL.')
    if "UNTIL" in parts:
        _until(text, parts["UNTIL"])
    numbers = {name: _numbers(text, name, parts[name]) for name in _LIMITS if name in parts}
    months, days = numbers.get("BYMONTH"), numbers.get("BYMONTHDAY")
    if months and days and min(map(abs, days)) > max(days_in_month(2024, month) for month in months):
        # dateutil would look for 30 February until the year 9999.
        raise ValueError(f'Quy tắc lặp "{text}" không rơi vào ngày nào.')


def _numbers(text: str, name: str, value: str) -> list[int]:
    """The numbers of a BY... part, each within what RFC 5545 allows."""
    numbers = [int(number) for number in value.split(",") if number.lstrip("+-").isdecimal()]
    lowest = 1 if name == "BYMONTH" else -_LIMITS[name]
    if len(numbers) != value.count(",") + 1 or not all(lowest <= n <= _LIMITS[name] and n for n in numbers):
        raise ValueError(f'Quy tắc lặp "{text}" có {name}={value} không đúng.')
    return numbers


def _until(text: str, value: str) -> None:
    try:
        dt.date.fromisoformat(value[:8])
    except ValueError as error:
        raise ValueError(f'Quy tắc lặp "{text}" có UNTIL={value} không phải là ngày; hãy viết như 20261231.') from error


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min)
