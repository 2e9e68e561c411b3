"""The makers: what a rule's tokens become. They pick up the numbers; the table that names them is in ``rules``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from schedules.office_model import Kind
from schedules.phrases.patterns import Found
from schedules.phrases.pieces import LAST_PLACE, Clock, Label, Noise, Offset, Piece, Span, Spot, Undated, Unit, Weekday
from schedules.recurrence import DayOfMonth, days_in_month

_UNIT_KINDS = {"tuần": Kind.WEEKLY, "tháng": Kind.MONTHLY, "quý": Kind.QUARTERLY, "năm": Kind.YEARLY}
_MONTH_KINDS = {1: Kind.MONTHLY, 3: Kind.QUARTERLY, 6: Kind.HALF_YEARLY, 9: Kind.NINE_MONTHLY, 12: Kind.YEARLY}
_PER_YEAR = {1: Kind.YEARLY, 2: Kind.HALF_YEARLY, 4: Kind.QUARTERLY, 12: Kind.MONTHLY}
_MONTHS_OF = {Kind.MONTHLY: 1, Kind.QUARTERLY: 3, Kind.HALF_YEARLY: 6, Kind.NINE_MONTHLY: 9, Kind.YEARLY: 12}
_DAYS = (MO, TU, WE, TH, FR, SA, SU)
_OFFSET_UNITS: dict[str, Unit] = {
    "phút": "minute", "giờ": "hour", "ngày": "day", "ngày_làm_việc": "working_day",
    "tuần": "week", "tháng": "month", "năm": "year",
}  # fmt: skip

WHY_PAPER_DATE = "Ngày trong câu là ngày ban hành của một văn bản, không phải thời hạn."
WHY_NO_SUCH_DAY = "Câu có một ngày tháng không có trong lịch."
WHY_RULED = "Câu chỉ dẫn đến quy định khác, không nêu thời hạn."
WHY_EVENT = "Thời hạn tính theo một sự việc; chỉ biết ngày khi sự việc xảy ra."
WHY_ELSEWHERE = "Thời hạn nằm ở một văn bản hoặc yêu cầu khác."
WHY_ALWAYS = "Việc làm thường xuyên, không có hạn cụ thể."
WHY_IN_TIME = "Câu chỉ nói cách làm (kịp thời, duy trì), không có hạn cụ thể."
WHY_ROUGH = "“Đầu”, “giữa”, “tuần thứ mấy” không phải một ngày; ngày ghi đây là phỏng đoán."
WHY_WORKING = "Ngày làm việc còn tuỳ ngày nghỉ lễ; ngày ghi đây mới tránh thứ Bảy và Chủ nhật."
WHY_LAST_MONTH = "Câu không nói tháng nào của kỳ; hiểu là tháng cuối."
WHY_SCHOOL = "Năm học thường hết vào tháng 5; ngày ghi đây là phỏng đoán."
WHY_RANGE_OR_EACH = "Có thể là một đợt kéo dài, có thể là từng kỳ riêng."
WHY_AFTER_PERIOD = "Hạn tính từ lúc kỳ kết thúc; hiểu kỳ kết thúc vào ngày cuối của nó."
WHY_COUNT = "Số lần trong kỳ không ứng với một chu kỳ đều; ngày ghi đây là cuối kỳ."
WHY_LENGTH_OR_DAY = "Có thể là ngày trong tháng, có thể là số tháng; hiểu là ngày."
WHY_BLANK = "Ngày tháng trong câu còn để trống."
WHY_SHORT_YEAR = "Năm chỉ ghi hai chữ số."
WHY_NO_SUCH_QUARTER = "Số quý trong câu không phải từ 1 đến 4."
WHY_NO_NOUN = "Số La Mã đứng trước năm không có chữ “quý”; hiểu là quý."
WHY_WEEK = "“Tuần thứ mấy” có thể đếm từ ngày 1 hoặc từ thứ Hai đầu tiên; hiểu là thứ đó lần thứ mấy trong tháng."
WHY_WEEKDAY_MOVES = "Ngày của một thứ trong tháng mỗi năm một khác; ngày ghi đây là cuối tháng."
WHY_SHORT_MONTH = "“T” có thể là tháng, có thể là thứ trong tuần; hiểu là tháng."


def _dated(found: Found, **more: Any) -> Spot:
    """A spot with the year that stands behind it."""
    spot = Spot(grain="day")
    short = found.value("yy")
    spot.year = found.value("y") or (2000 + short if short else None)
    spot.turn = 1 if "next" in found else -1 if "last" in found else 0
    spot.this_year = "this" in found
    if "every" in found or "plain" in found:
        spot.every = Kind.YEARLY
    spot.of_report = any(token.symbol in {"báo_cáo", "kỳ"} for token in found.tokens)
    return replace(spot, **more)


def day(found: Found) -> list[Piece]:
    named = found.tokens[0].symbol == "ngày" or "named" in found
    spot = _dated(found, day=found.number("d"), month=found.number("m"))
    spot.loose = not named and spot.year is None and spot.every is None and not spot.turn
    return [spot]


def day_of_short_year(found: Found) -> list[Piece]:
    """ "01.07.26": a date, or the number of a chapter."""
    return [_dated(found, day=found.number("d"), month=found.number("m"), rough=WHY_SHORT_YEAR)]


def days_of_month(found: Found) -> list[Piece]:
    """ "từ ngày 5 đến ngày 10/6/2026"."""
    last = _dated(found, day=found.number("d"), month=found.number("m"))
    first = _dated(found, day=found.number("a"), month=found.number("m"))
    return [Span(first, last)]


def day_of_months(found: Found) -> list[Piece]:
    """ "ngày 20 tháng 3, 6, 9, 12", "ngày 5 các tháng 4, 7, 10"."""
    numbers = [token.value for token in found.tokens if token.symbol == "#"]
    on, *listed = numbers
    return [_dated(found, day=on, month=month) for month in listed if month <= 12]


def day_alone(found: Found) -> list[Piece]:
    return [Spot(grain="day", day=found.number("d"), names_month=False)]


def counted_from(found: Found) -> list[Piece]:
    """ "trong 30 ngày kể từ ngày 01/3/2026": the first day is not counted (Bộ luật Dân sự 2015, Điều 147).

    "10 ngày trước ngày 30/6/2026" is counted the other way.
    """
    year, month = found.number("y"), found.number("m")
    start = dt.date(year, month, min(found.number("d"), days_in_month(year, month)))
    sign, working = -1 if "sooner" in found else 1, _is_working(found)
    end = _counted(start, sign * found.number("n"), found, working=working)
    return [Spot(grain="day", day=end.day, month=end.month, year=end.year, rough=WHY_WORKING if working else "")]


def _counted(start: dt.date, count: int, found: Found, *, working: bool) -> dt.date:
    if working:
        return _working_days_later(start, count)
    symbols = {token.symbol for token in found.tokens}
    if "tuần" in symbols:
        return start + dt.timedelta(weeks=count)
    counted = next(at for at, token in enumerate(found.tokens) if token.symbol == "#" and token.value == abs(count))
    if found.tokens[counted + 1].symbol == "tháng":
        return start + relativedelta(months=count)
    return start + dt.timedelta(days=count)


def _working_days_later(start: dt.date, count: int) -> dt.date:
    """So many days from Monday to Friday later (or sooner); the holidays among them are not known here."""
    step = dt.timedelta(days=1 if count >= 0 else -1)
    weeks, more = divmod(abs(count), 5)
    end = start + step * 7 * weeks
    while more > 0 or end.weekday() > 4:
        end += step
        more -= end.weekday() <= 4
    return end


def _is_working(found: Found) -> bool:
    return any(token.symbol == "ngày_làm_việc" for token in found.tokens)


def months(found: Found) -> list[Piece]:
    """ "tháng 9", "tháng 9 - 12", "tháng 6, 12"."""
    numbers = _numbers(found, 12)
    if found.tokens[0].symbol == "T" and found.value("y") is None:
        return [_dated(found, grain="month", first_month=numbers[0], month=numbers[-1], rough=WHY_SHORT_MONTH)]
    return _from_to(found, "month", numbers, 1) if "to" in found else _listed(found, "month", numbers, 1)


def month_behind_year(found: Found) -> list[Piece]:
    """ "2026-12", as programs write it."""
    month = found.number("m")
    return [_dated(found, grain="month", first_month=month, month=month)]


def quarters(found: Found) -> list[Piece]:
    numbers = _numbers(found, 4)
    return _from_to(found, "quarter", numbers, 3) if "to" in found else _listed(found, "quarter", numbers, 3)


def _from_to(found: Found, grain: str, numbers: list[int], length: int) -> list[Piece]:
    """ "tháng 9 - 12"; "tháng 11 - tháng 2 năm sau" begins in the year before its end."""
    begins, ends = numbers[0] * length - length + 1, numbers[-1] * length
    if begins < ends:
        return [_dated(found, grain=grain, first_month=begins, month=ends)]
    last = _dated(found, grain=grain, first_month=ends - length + 1, month=ends)
    first = replace(last, first_month=begins, month=numbers[0] * length, year=None, turn=0)
    return [Span(first, last)]


def quarter_without_noun(found: Found) -> list[Piece]:
    """ "II/2026", as a cell under the heading "Quý" says it, or where the noun is misprinted."""
    quarter = found.number("q")
    return [_dated(found, grain="quarter", first_month=quarter * 3 - 2, month=quarter * 3, rough=WHY_NO_NOUN)]


def _listed(found: Found, grain: str, numbers: list[int], length: int) -> list[Piece]:
    """Neighbours under one noun ("quý I, II") are one stretch of time, others ("quý I, III") are apart [5]."""
    if found.number("y") and numbers[-1] == found.number("y"):
        numbers = numbers[:-1]
    in_a_row = len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    whole = in_a_row and len(numbers) * length == 12
    unsure = WHY_RANGE_OR_EACH if whole else ""
    if in_a_row and not whole and "every" not in found:
        return [
            _dated(
                found,
                grain=grain,
                first_month=(numbers[0] - 1) * length + 1,
                month=numbers[-1] * length,
                rough=WHY_RANGE_OR_EACH,
            )
        ]
    return [
        _dated(found, grain=grain, first_month=(n - 1) * length + 1, month=n * length, rough=unsure) for n in numbers
    ]


def _numbers(found: Found, most: int) -> list[int]:
    """The numbers of a list, without the year behind it."""
    stop = {"năm", "hằng", "Y"}
    numbers = []
    for token in found.tokens:
        if token.symbol in stop:
            break
        if token.symbol in {"#", "R"} and 1 <= token.value <= most:
            numbers.append(token.value)
    return numbers


def part_of_month(found: Found) -> list[Piece]:
    """ "cuối tháng 6", "đầu tháng 6", "tuần 2 tháng 3"."""
    month = found.number("m")
    spot = _dated(found, grain="month", first_month=month, month=month)
    if "week" in found:
        spot.day = min(found.number("week") * 7, 28)
    elif "begin" in found:
        spot.day = 7 if found.tokens[0].symbol == "tuần" else 10
    elif "middle" in found:
        spot.day = 15
    spot.rough = "" if spot.day == "last" else WHY_ROUGH
    return [spot]


def last_day_of_month(found: Found) -> list[Piece]:
    """ "ngày cuối cùng của tháng 6/2026": a day, so that "trước" is before it and not before the month."""
    return [_dated(found, day="last", month=found.number("m"))]


def part_of_quarter(found: Found) -> list[Piece]:
    quarter = found.number("q")
    spot = _dated(found, grain="quarter", first_month=quarter * 3 - 2, month=quarter * 3)
    _roughly(found, spot, quarter * 3)
    return [spot]


def _roughly(found: Found, spot: Spot, last_month: int) -> None:
    if "begin" in found:
        spot.month, spot.rough = last_month - 2, WHY_ROUGH
    elif "middle" in found:
        spot.month, spot.day, spot.rough = last_month - 1, 15, WHY_ROUGH


def part_of_each(found: Found) -> list[Piece]:
    """ "cuối tháng", "đầu mỗi quý", "cuối hằng năm": no number, so it comes back."""
    kind = _UNIT_KINDS[found.tokens[-1].symbol]
    spot = Spot(grain="day", every=kind, place=_MONTHS_OF[kind], names_month=False)
    if "begin" in found:
        spot.place, spot.rough = 1, WHY_ROUGH
        if kind == Kind.MONTHLY:
            spot.day = 10
    elif "middle" in found:
        spot.day, spot.rough = 15, WHY_ROUGH
        spot.place = (_MONTHS_OF[kind] + 1) // 2
    return [spot]


def part_of_year(found: Found) -> list[Piece]:
    """ "6 tháng đầu năm", "3 tháng cuối năm"."""
    count = found.number("n")
    if not 1 <= count <= 12:
        return [Noise()]
    first, last = (13 - count, 12) if "end" in found else (1, count)
    return [_dated(found, grain="months", first_month=first, month=last)]


def day_of_period(found: Found) -> list[Piece]:
    """ "ngày 20 tháng cuối quý", "ngày 15 tháng đầu quý sau", "ngày 5 tháng sau", "ngày cuối quý"."""
    day: DayOfMonth = found.value("d") or found.value("n") or (1 if "first" in found else "last")
    kind = (
        Kind.QUARTERLY if "quarter" in found else Kind.YEARLY if "year" in found
        else Kind.HALF_YEARLY if "half" in found else None if "own" in found else Kind.MONTHLY
    )  # fmt: skip
    spot = Spot(grain="day", day=day, every=kind, names_month=False)
    length = _MONTHS_OF.get(kind, 0) if kind else 0
    if "begin" in found or ("first" in found and "month" not in found):
        spot.place = 1
    elif "middle" in found:
        spot.place = max((length + 1) // 2, 1)
    elif "k" in found:
        spot.place = found.number("k")
    else:
        spot.place = length or LAST_PLACE
    if "later" in found:
        spot.months_after = length
        if kind is not None and kind != Kind.MONTHLY and "end" not in found and "month" not in found:
            spot.place = 1  # "ngày 10 quý sau" is early in it
    elif not {"month", "end", "first"} & set(found) and kind not in {None, Kind.MONTHLY} and day != "last":
        spot.rough = WHY_LAST_MONTH
    spot.working = _is_working(found) and day == "last"
    spot.rough = WHY_WORKING if _is_working(found) else spot.rough
    spot.rough = WHY_LENGTH_OR_DAY if "length" in found else spot.rough
    spot.of_report = "before_report" in found
    spot.before = "sooner" in found
    symbols = [token.symbol for token in found.tokens]
    spot.of_any_month = kind == Kind.MONTHLY and "hằng" not in symbols
    spot.turn = -1 if "trước" in symbols else 0
    return [spot]


def days_of_period(found: Found) -> list[Piece]:
    """ "ngày 10, 25 hằng tháng"."""
    days = [token.value for token in found.tokens if token.symbol == "#"]
    return [Spot(grain="day", day=day, every=Kind.MONTHLY, place=1, names_month=False) for day in days]


def window_of_month(found: Found) -> list[Piece]:
    """ "từ ngày 5 - 10 hằng tháng": due on the last of these days."""
    after = 1 if "later" in found else 0
    days = (found.number("a"), found.number("z"))
    first, last = (
        Spot(grain="day", day=day, every=Kind.MONTHLY, place=1, names_month=False, months_after=after) for day in days
    )
    return [Span(first, last)]


def first_days(found: Found) -> list[Piece]:
    """ "trong 5 ngày đầu tháng sau", "5 ngày làm việc đầu quý"."""
    kind = (
        Kind.QUARTERLY if "quarter" in found else Kind.YEARLY if "year" in found
        else Kind.HALF_YEARLY if "half" in found else Kind.MONTHLY
    )  # fmt: skip
    count = found.number("n")
    spot = Spot(grain="day", day=min(max(count, 1), 28), every=kind, place=1, names_month=False)
    spot.months_after = _MONTHS_OF[kind] if "later" in found else 0
    spot.rough = WHY_WORKING if _is_working(found) else WHY_ROUGH if count > 28 else ""
    return [spot]


def first_days_of(found: Found) -> list[Piece]:
    """ "10 ngày đầu tháng 3/2026", "ngày đầu quý II": of one month, quarter or year."""
    month = found.value("m") or found.number("q", 1) * 3 - 2
    spot = _dated(found, day=min(max(found.number("n", 1), 1), 31), month=month)
    spot.rough = WHY_WORKING if _is_working(found) else ""
    return [spot]


def after_period(found: Found) -> list[Piece]:
    """ "15 ngày sau khi kết thúc quý": the 15th of the month after; longer than a month cannot be said so."""
    kind = (
        Kind.QUARTERLY if "quarter" in found else Kind.YEARLY if "year" in found
        else Kind.HALF_YEARLY if "half" in found else Kind.MONTHLY
    )  # fmt: skip
    count = found.number("n")
    if not 1 <= count <= 28:
        return [_after_event(count, "day")]
    length = _MONTHS_OF[kind]
    return [
        Spot(
            grain="day",
            day=count,
            every=kind,
            place=1,
            months_after=length,
            names_month=False,
            rough=WHY_AFTER_PERIOD,
        )
    ]


def year(found: Found) -> list[Piece]:
    spot = _dated(found, grain="year", first_month=1, month=12)
    spot.open_end = "open" in found
    if "begin" in found:
        spot.month, spot.rough = 3, WHY_ROUGH
    elif "middle" in found:
        spot.month, spot.rough = 6, WHY_ROUGH
    return [spot]


def years(found: Found) -> list[Piece]:
    years = [token.value for token in found.tokens if token.symbol == "Y"]
    if years[-1] < years[0]:
        return [Noise(WHY_NO_SUCH_DAY)]
    spot = _dated(found, grain="years", first_month=1, month=12)
    spot.first_year, spot.year, spot.open_end = years[0], years[-1], "open" in found
    return [spot]


def school_year(found: Found) -> list[Piece]:
    return [
        Spot(
            grain="months",
            first_year=found.number("y"),
            first_month=9,
            year=found.number("z"),
            month=5,
            rough=WHY_SCHOOL,
        )
    ]


def label(found: Found) -> list[Piece]:
    """ "hằng quý", "6 tháng một lần", "hằng 6 tháng"."""
    unit = next(token.symbol for token in reversed(found.tokens) if token.symbol in _UNIT_KINDS)
    return [_every(found.number("n", 1), unit)]


def _every(count: int, unit: str) -> Label:
    if unit == "tháng" and count in _MONTH_KINDS:
        return Label(_MONTH_KINDS[count])
    if unit == "quý" and count * 3 in _MONTH_KINDS:
        return Label(_MONTH_KINDS[count * 3])
    if count == 1:
        return Label(_UNIT_KINDS[unit])
    steps: dict[str, tuple[int, Unit]] = {
        "tuần": (count, "week"), "tháng": (count, "month"), "quý": (count * 3, "month"), "năm": (count, "year"),
    }  # fmt: skip
    return Label(Kind.WEEKLY if unit == "tuần" else None, step=steps[unit])


def every_days(found: Found) -> list[Piece]:
    count = found.number("n", 1)
    if count == 1:
        return [Undated(Kind.CONTINUOUS, WHY_ALWAYS)]
    return [Label(Kind.WEEKLY)] if count == 7 else [Label(None, step=(count, "day"))]


def times(found: Found) -> list[Piece]:
    """ "02 lần/năm" is every half year; "3 lần/năm" has no even step."""
    unit = next(token.symbol for token in found.tokens if token.symbol in _UNIT_KINDS)
    times, count = found.number("k", 1), found.number("n", 1)
    if times == 1 or count > 1:
        return [_every(count, unit)]
    if unit == "năm" and times in _PER_YEAR:
        return [Label(_PER_YEAR[times])]
    if unit == "quý" and times == 3:
        return [Label(Kind.MONTHLY)]
    return [Label(_UNIT_KINDS[unit], rough=WHY_COUNT)]


def bare_label(found: Found) -> list[Piece]:
    """ "quý" in "quý, năm"; "6 tháng" in "báo cáo 6 tháng". Whether it is a period, its neighbours tell."""
    unit, count = found.tokens[-1].symbol, found.number("n", 1)
    if count not in ({1, 3, 6, 9, 12} if unit == "tháng" else {1}):
        return [Noise()]
    label = _every(count, unit)
    label.explicit, label.whole_year = False, "whole" in found
    return [label]


def weekday_of_each(found: Found) -> list[Piece]:
    """ "thứ Sáu cuối cùng hằng tháng": of every month, or of a quarter's last."""
    kind = Kind.QUARTERLY if "quarter" in found else Kind.MONTHLY
    spot = Spot(grain="day", every=kind, place=1 if "begin" in found else _MONTHS_OF[kind], names_month=False)
    spot.weekday, spot.nth = _weekday(found), _nth(found)
    spot.rough = WHY_WEEK if "k" in found else ""
    return [spot] if spot.weekday is not None else [Noise()]


def weekday_of_month(found: Found) -> list[Piece]:
    """ "thứ Sáu cuối cùng của tháng 6/2026"; without a year, or every year, the day is another each time."""
    weekday, nth, month = _weekday(found), _nth(found), found.number("m")
    if weekday is None:
        return [Noise()]
    year = found.value("y")
    if year is None:
        return [_dated(found, month=month, rough=WHY_WEEKDAY_MOVES)]
    day = dt.date(year, month, 1) + relativedelta(day=31 if nth < 0 else 1, weekday=_DAYS[weekday](nth))
    return [_dated(found, day=day.day, month=month, rough=WHY_WEEK if "k" in found else "")]


def _weekday(found: Found) -> int | None:
    """Monday 0; None: there is no such day."""
    number = found.value("w")
    return 6 if number is None else number - 2 if 2 <= number <= 7 else None


def _nth(found: Found) -> int:
    return -1 if "end" in found else found.number("k", 1)


def weekdays(found: Found) -> list[Piece]:
    days = [token.value for token in found.tokens if token.symbol == "#"]
    if any(not 2 <= day <= 7 for day in days):
        return [Noise()]
    weekly = found.tokens[-1].symbol == "tuần"
    return [Weekday(day - 2, weekly) for day in days] or [Weekday(6, weekly)]


def clock(found: Found) -> list[Piece]:
    """ "17h00", "17:00:00"; a spreadsheet's "00:00:00" is no hour, and "48 giờ" is a length."""
    hour, minute = found.number("h"), found.number("i")
    if hour >= 24 and "i" not in found:
        return [_after_event(hour, "hour")]
    if "s" in found and not hour + minute + found.number("s"):
        return [Noise()]
    return [Clock(f"{hour:02}:{minute:02}")] if hour < 24 and minute < 60 else [Noise()]


def offset(found: Found) -> list[Piece]:
    counted = found.number("n")
    units = [(before, token) for before, token in pairwise(found.tokens) if token.symbol in _OFFSET_UNITS]
    # Behind its number: in "trước kỳ họp cuối năm 20 ngày" the year is the event's.
    named = next((token for before, token in units if before.value == counted), units[0][1])
    unit = _OFFSET_UNITS[named.symbol]
    return [_after_event(found.number("n"), unit) if "sooner" not in found else _before_event(found.number("n"), unit)]


def _after_event(count: int, unit: Unit) -> Undated:
    return Undated(Kind.ON_DEMAND, WHY_EVENT, Offset(count, unit, "after"))


def _before_event(count: int, unit: Unit) -> Undated:
    return Undated(Kind.ON_DEMAND, WHY_EVENT, Offset(count, unit, "before"))


def elsewhere(found: Found) -> list[Piece]:
    """ "theo quy định" [14: unknown], "theo hướng dẫn của tỉnh" [on demand]."""
    behind = [token.symbol for token in found.tokens[1:4]]
    if "quy_định" in behind or behind in ([], ["thời_hạn"]):
        return [Undated(Kind.UNKNOWN, WHY_RULED)]
    return [Undated(Kind.ON_DEMAND, WHY_ELSEWHERE)]


def paper(found: Found) -> list[Piece]:
    dated = any(token.symbol == "#" for token in found.tokens[1:]) or found.tokens[-1].symbol == "Y"
    return [Noise(WHY_PAPER_DATE if dated else "")]


def _undated(kind: Kind, why: str) -> Callable[[Found], list[Piece]]:
    return lambda _: [Undated(kind, why)]


on_event = _undated(Kind.ON_DEMAND, WHY_EVENT)
always = _undated(Kind.CONTINUOUS, WHY_ALWAYS)
in_time = _undated(Kind.CONTINUOUS, WHY_IN_TIME)


def nothing(_: Found) -> list[Piece]:
    """Words that a later piece makes plain: "từ khi ban hành" before "đến 31/8/2026"."""
    return [Noise()]


def no_such_day(_: Found) -> list[Piece]:
    return [Noise(WHY_NO_SUCH_DAY)]


def no_such_quarter(_: Found) -> list[Piece]:
    """ "quý 11/2026" may be the second, or November."""
    return [Noise(WHY_NO_SUCH_QUARTER)]


def blank(_: Found) -> list[Piece]:
    """ "ngày … tháng … năm 2026"."""
    return [Noise(WHY_BLANK)]
