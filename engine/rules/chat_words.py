"""Dates as people type them in a chat; with it, the words they stand among (letters and tokens) come from here."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from engine.rules.chat_letters import can_be, clean, fold, is_marked, is_slip_of
from engine.rules.chat_tokens import (
    Kind,
    Token,
    are_words,
    digits_at,
    is_word,
    number_there,
    spoken_day_at,
    tokens_of,
)

__all__ = ["Lean", "can_be", "clean", "date_at", "day_named", "fold", "is_slip_of", "read_date", "tokens_of"]
__all__ += ["spoken_hour_ends"]

# "5/1" said in December is next year's; "1/3" said on 10 March is a slip, and not next year's.
JUMP = relativedelta(months=6)
SIGNED_AHEAD = dt.timedelta(days=31)
FAR = dt.timedelta(days=3700)  # nobody puts work off by ten years; also keeps dates within the calendar


class Lean(StrEnum):
    """Which way to look for a date without a year: ahead for a promise, behind for what has happened."""

    AHEAD = "ahead"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class DateThere:
    """A date phrase was found: what it means, or None when that is not sure, and the token after it."""

    date: dt.date | None
    end: int


def read_date(text: str, today: dt.date, lean: Lean = Lean.AHEAD) -> dt.date | None:
    """The date a whole text names ("thứ sáu", "25/3", "cuối tháng"), or None when it names none or is unsure."""
    tokens = tokens_of(clean(text))
    there = date_at(tokens, 0, today, lean)
    if there is None and is_word(tokens, 0, "đến", "tới", "sang", "qua", "hết"):
        there = date_at(tokens, 1, today, lean)
    if there is None or any(token.kind not in (Kind.STOP, Kind.MARK) for token in tokens[there.end :]):
        return None
    return there.date


def date_at(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean = Lean.AHEAD) -> DateThere | None:
    """Read the date phrase that starts there. None: there is none, and the tokens may mean something else."""
    start = _skip_time_of_day(tokens, at)
    there = (
        _numeric_day(tokens, start, today, lean)
        or _near_day(tokens, start, today)  # before the days of a month: "ngày mốt" is no "ngày một"
        or _day_of_month(tokens, start, today, lean)
        or _weekday(tokens, start, today, lean)
        or _edge_of_period(tokens, start, today, lean)
        or _some_days_ahead(tokens, start, today)
    )
    if there is None or there.date is None or abs(there.date - today) <= FAR:
        return there
    return DateThere(None, there.end)


def _skip_time_of_day(tokens: Sequence[Token], at: int) -> int:
    """``9h sáng mai``, ``chiều thứ 6``: the engine works in days, so the hour is read over."""
    start = at
    while start < len(tokens):
        if tokens[start].kind is Kind.TIME or is_word(tokens, start, "sáng", "trưa", "chiều", "tối", "đêm"):
            start += 1
        elif is_word(tokens, start, "lúc", "vào", "khoảng"):
            start = spoken_hour_ends(tokens, start + 1) or start + 1
        else:
            break
    return start


def spoken_hour_ends(tokens: Sequence[Token], at: int) -> int | None:
    """Where ``2 giờ``, ``2 giờ rưỡi``, ``2 giờ 15 phút`` ends; None when no hour stands there."""
    hour = number_there(tokens, at)
    if hour is None or not is_word(tokens, hour[1], "giờ"):
        return None
    end = hour[1] + 1
    if is_word(tokens, end, "rưỡi"):
        return end + 1
    minutes = number_there(tokens, end)
    if minutes is not None:
        end = minutes[1] + 1 if is_word(tokens, minutes[1], "phút") else minutes[1]
    return end


def _numeric_day(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    while is_word(tokens, at, "ngày", "hôm", "mùng", "mồng"):
        at += 1
    if at >= len(tokens) or tokens[at].kind is not Kind.DAY:
        return None
    parts = [int(part) for part in re.split(r"[/.-]", tokens[at].folded)]
    end = at + 1
    if len(parts) == 2 and is_word(tokens, end, "năm") and (year := digits_at(tokens, end + 1)) and year > 1900:
        parts, end = [*parts, year], end + 2
    match parts:
        case [day, month]:
            return DateThere(_without_year(day, month, today, lean), end)
        case [year, month, day] if year > 99:
            return DateThere(_calendar_day(year, month, day), end)
        case [day, month, year]:
            return DateThere(_calendar_day(year if year > 99 else 2000 + year, month, day), end)
    return None


def _day_of_month(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    """``ngày 25``, ``mùng 5``, ``25 tháng 3``, ``ngày 25 tháng sau``, ``ngày 25 tháng 3 năm 2026``."""
    named = is_word(tokens, at, "ngày", "mùng", "mồng", "hôm")
    first = at + 1 if named else at
    if named and is_word(tokens, first, "mùng", "mồng"):
        first += 1
    found = _digits_or(spoken_day_at, tokens, first)
    if found is None:
        return None
    day, end = found
    if is_word(tokens, end, "tháng"):
        in_month = _day_in_month(tokens, end + 1, day, today, lean)
        if in_month is not None:
            return in_month
    return DateThere(day_named(day, today, lean), end) if named else None


def _day_in_month(tokens: Sequence[Token], at: int, day: int, today: dt.date, lean: Lean) -> DateThere | None:
    """What follows "ngày 25 tháng …"."""
    if is_word(tokens, at, "này"):
        return DateThere(_calendar_day(today.year, today.month, day), at + 1)
    if is_word(tokens, at, "sau", "tới"):
        later = today + relativedelta(months=1)
        return DateThere(_calendar_day(later.year, later.month, day), at + 1)
    if at < len(tokens) and tokens[at].kind is Kind.MONTH:
        month_of, year_of = (int(part) for part in re.split(r"[/.-]", tokens[at].folded))
        return DateThere(_calendar_day(year_of, month_of, day), at + 1)
    month = number_there(tokens, at)
    if month is None:
        return None
    value, end = month
    if is_word(tokens, end, "năm") and (year := digits_at(tokens, end + 1)) and year > 1900:
        return DateThere(_calendar_day(year, value, day), end + 2)
    return DateThere(_without_year(day, value, today, lean), end)


_NEAR = (
    ("hôm nay", 0),
    ("bữa nay", 0),
    ("ngày hôm nay", 0),
    ("ngày mai", 1),
    ("ngày mốt", 2),
    ("ngày kia", 2),
    ("hôm qua", -1),
    ("hnay", 0),
    ("hqua", -1),
    ("bữa qua", -1),
    ("ngày hôm qua", -1),
    ("hôm kia", -2),
    ("nay", 0),
    ("mai", 1),
    ("qua", -1),
)


def _near_day(tokens: Sequence[Token], at: int, today: dt.date) -> DateThere | None:
    for phrase, days in _NEAR:
        # "chiều qua" is yesterday; a bare "qua" is "through"
        alone = phrase == "qua" and not is_word(tokens, at - 1, "sáng", "trưa", "chiều", "tối", "đêm")
        end = at + len(phrase.split())
        of_month = phrase == "ngày mốt" and is_word(tokens, end, "tháng")  # "ngay mot thang 4"
        if are_words(tokens, at, phrase) and not alone and not of_month:
            return DateThere(today + dt.timedelta(days=days), end)
    # typed without marks, "mot" is rather "một"
    if is_word(tokens, at, "mốt") and is_marked(tokens[at].word):
        return DateThere(today + dt.timedelta(days=2), at + 1)
    return None


_WEEKDAYS = {"hai": 0, "ba": 1, "tư": 2, "bốn": 2, "năm": 3, "sáu": 4, "bảy": 5, "bẩy": 5}


def _weekday(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    gone_by = is_word(tokens, at, "hôm") and lean is Lean.BEHIND  # "hôm thứ hai"
    if is_word(tokens, at, "hôm", "ngày"):
        at += 1
    found = _weekday_name(tokens, at)
    if found is None:
        return None
    day, end = found
    monday = today - dt.timedelta(days=today.weekday())
    in_week = _week_named(tokens, end)
    if in_week is not None:
        weeks, end = in_week
        date = monday + dt.timedelta(days=day, weeks=weeks)
        fits = date <= today if lean is Lean.BEHIND else date >= today
        return DateThere(date if fits else None, end)
    if is_word(tokens, end, "này"):
        date = monday + dt.timedelta(days=day)
        return DateThere(date if date >= today else None, end + 1)
    coming = today + dt.timedelta(days=(day - today.weekday()) % 7 or 7)
    if is_word(tokens, end, "tới"):
        return DateThere(coming, end + 1)
    if is_word(tokens, end, "sau"):  # the coming one or the one after? People mean both.
        return DateThere(None, end + 1)
    if gone_by:
        return DateThere(coming - dt.timedelta(weeks=1) if day != today.weekday() else None, end)
    unsure = day == today.weekday() or lean is Lean.BEHIND  # "thứ sáu" said on a Friday
    return DateThere(None if unsure else coming, end)


def _weekday_name(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if are_words(tokens, at, "chủ nhật"):
        return 6, at + 2
    if is_word(tokens, at, "cn"):
        return 6, at + 1
    if not is_word(tokens, at, "thứ", "t"):
        return None
    number = digits_at(tokens, at + 1)
    if number is not None:
        return (number - 2, at + 2) if 2 <= number <= 7 else None
    if is_word(tokens, at, "thứ"):
        return next(((day, at + 2) for word, day in _WEEKDAYS.items() if is_word(tokens, at + 1, word)), None)
    return None


def _week_named(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """``tuần này`` 0, ``tuần sau`` 1, ``tuần sau nữa`` 2: weeks ahead, and the token after."""
    if not is_word(tokens, at, "tuần"):
        return None
    if is_word(tokens, at + 1, "này"):
        return 0, at + 2
    if is_word(tokens, at + 1, "sau", "tới"):
        return (2, at + 3) if is_word(tokens, at + 2, "nữa") else (1, at + 2)
    if is_word(tokens, at + 1, "trước", "rồi", "qua"):
        return -1, at + 2
    return None


_FRIDAY = 4  # the end of an office's week
_MIDWEEK = 2


def _edge_of_period(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    """``cuối tháng``, ``đầu tuần sau``, ``hết quý``, ``tuần sau``. What is over, or too loose, is None."""
    edge = next((word for word in ("đầu", "giữa", "cuối", "hết") if is_word(tokens, at, word)), None)
    if edge is None:
        week = _week_named(tokens, at)
        return DateThere(None, week[1]) if week and week[0] >= 1 else None
    if is_word(tokens, at + 1, "tuần"):
        there = _edge_of_week(tokens, at + 1, edge, today)
    elif is_word(tokens, at + 1, "tháng"):
        there = _edge_of_month(tokens, at + 1, edge, today)
    elif is_word(tokens, at + 1, "quý"):
        there = _edge_of_quarter(tokens, at + 2, edge, today)
    elif is_word(tokens, at + 1, "năm"):
        there = _edge_of_year(tokens, at + 2, edge, today)
    else:
        return None
    past = there.date is not None and there.date < today
    return DateThere(None, there.end) if past or lean is Lean.BEHIND else there


def _edge_of_week(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    monday = today - dt.timedelta(days=today.weekday())
    weeks, end = _week_named(tokens, at) or (1 if edge == "đầu" else 0, at + 1)
    days = {"đầu": 0, "giữa": _MIDWEEK}.get(edge, _FRIDAY)
    return DateThere(monday + dt.timedelta(days=days, weeks=weeks), end)


def _edge_of_month(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    """``at`` stands on "tháng"."""
    month, end = today.replace(day=1), at + 1
    if is_word(tokens, end, "này"):
        end += 1
    elif is_word(tokens, end, "sau", "tới"):
        month, end = month + relativedelta(months=1), end + 1
    elif (named := _numbered(tokens, end, 12)) is not None:
        number, year, end = named
        month = dt.date(year or today.year, number, 1)
        if year is None and month < today.replace(day=1):
            month += relativedelta(years=1)
    elif edge == "đầu":
        month += relativedelta(months=1)
    if edge == "giữa":
        return DateThere(None, end)
    return DateThere(month if edge == "đầu" else _last_day(month.year, month.month), end)


def _edge_of_quarter(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    """``hết quý``, ``hết quý II``, ``cuối quý sau``, ``hết quý 2/2026``; ``at`` stands behind "quý"."""
    last = _last_day(today.year, (today.month + 2) // 3 * 3)
    if is_word(tokens, at, "này"):
        at += 1
    elif is_word(tokens, at, "sau", "tới"):
        later = last + dt.timedelta(days=1) + relativedelta(months=2)
        last, at = _last_day(later.year, later.month), at + 1
    elif (named := _numbered(tokens, at, 4)) is not None:
        number, year, at = named
        last = _last_day(year or today.year, 3 * number)
        if year is None and last < today <= last + relativedelta(years=1) <= today + JUMP:
            last = _last_day(today.year + 1, 3 * number)  # "hết quý I" said in November
    return DateThere(last if edge in ("cuối", "hết") else None, at)


def _edge_of_year(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    """``hết năm``, ``cuối năm nay``, ``cuối năm sau``, ``hết năm 2026``; ``at`` stands behind "năm"."""
    year = today.year
    if is_word(tokens, at, "nay", "này"):
        at += 1
    elif is_word(tokens, at, "sau", "tới"):
        year, at = year + 1, at + 1
    elif (named := digits_at(tokens, at)) is not None and 1900 < named < dt.MAXYEAR:
        year, at = named, at + 1
    return DateThere(dt.date(year, 12, 31) if edge in ("cuối", "hết") else None, at)


ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}


def _numbered(tokens: Sequence[Token], at: int, most: int) -> tuple[int, int | None, int] | None:
    """``3``, ``II``, ``3/2026``, ``3 năm 2026``: the number, its year or None, and the token after."""
    if at >= len(tokens):
        return None
    if tokens[at].kind is Kind.MONTH:
        number, year = (int(part) for part in re.split(r"[/.-]", tokens[at].folded))
        return (number, year, at + 1) if 1 <= number <= most and year > 1900 else None
    found = digits_at(tokens, at) or ROMAN.get(tokens[at].folded)
    if found is None or not 1 <= found <= most:
        return None
    after = at + 2 if at + 1 < len(tokens) and tokens[at + 1].folded in ("/", "năm", "nam", "-") else at + 1
    named = digits_at(tokens, after) if after > at + 1 else None
    return (found, named, after + 1) if named and 1900 < named < dt.MAXYEAR else (found, None, at + 1)


def _last_day(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _some_days_ahead(tokens: Sequence[Token], at: int, today: dt.date) -> DateThere | None:
    """``2 ngày nữa``, ``sau 2 ngày``, ``một tuần nữa``. "thêm 2 ngày" counts from the deadline: not known here."""
    after = is_word(tokens, at, "sau")
    found = number_there(tokens, at + 1 if after else at)
    if found is None:
        return None
    count, end = found
    days = 7 if is_word(tokens, end, "tuần") else 1 if is_word(tokens, end, "ngày", "hôm", "bữa") else 0
    more = is_word(tokens, end + 1, "nữa")
    if not days or not (after or more):
        return None
    end += 2 if more else 1
    return DateThere(today + dt.timedelta(days=days * count) if count * days < FAR.days else None, end)


def _digits_or(
    in_words: Callable[[Sequence[Token], int], tuple[int, int] | None], tokens: Sequence[Token], at: int
) -> tuple[int, int] | None:
    number = digits_at(tokens, at)
    return (number, at + 1) if number is not None else in_words(tokens, at)


def _calendar_day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:  # 31/2 was typed: ask
        return None


def _without_year(day: int, month: int, today: dt.date, lean: Lean) -> dt.date | None:
    years = (_calendar_day(today.year + step, month, day) for step in (-1, 0, 1))
    dates = [date for date in years if date is not None]
    if lean is Lean.BEHIND:  # a paper may carry the day on which it will be signed, not one of half a year hence
        return max((date for date in dates if date <= today + SIGNED_AHEAD), default=None)
    ahead = min((date for date in dates if date >= today), default=None)
    if ahead is None or (ahead.year > today.year and ahead > today + JUMP):
        return None
    return ahead


def day_named(day: int, today: dt.date, lean: Lean = Lean.AHEAD) -> dt.date | None:
    """``ngày 25``: the coming 25th; looking behind, this month's if it has come."""
    if lean is Lean.BEHIND:
        return _calendar_day(today.year, today.month, day) if day <= today.day else None
    months = (today.replace(day=1) + relativedelta(months=step) for step in range(3))
    dates = (_calendar_day(month.year, month.month, day) for month in months)
    return min((date for date in dates if date is not None and date >= today), default=None)
