"""The dates of each period: window, cut-off, deadline as written, deadline as counted, and the office's own.

``expand`` turns one obligation into the :class:`Dates` of every period due in a span of days; ``due_sentence`` says
the rule back in Vietnamese. Both are pure: a calendar in, dates and words out. ``expand`` runs for every obligation
of every office, so each word is written only when there is something to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from schedules.office_model import ONCE, Cutoff, Due, Kind, Obligation
from schedules.recurrence import (
    LENGTH,
    STEP,
    WEEKDAYS,
    Period,
    day_in_month,
    days_in_month,
    from_rrule,
    index_of,
    month_number,
    period_at,
    rrule_dates,
    single_period,
)
from schedules.workdays import ONE_DAY, WorkCalendar

#: A flag of :class:`Dates`: the document names a day that its month does not have ("31/11").
IMPOSSIBLE_DATE = "impossible_date"

_LAW = "Bộ luật Dân sự 2015, Điều 148"


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of one period of an obligation. Always ``internal_due <= due``.

    ``data_from`` to ``cutoff`` is the data window; ``nominal_due`` is the day as written, ``due`` the day after the
    shift, after which the work is late; ``internal_due`` is the day the office aims at. ``reasons`` are whole
    Vietnamese sentences saying why these differ; ``flags`` the same for programs.
    """

    period: Period
    data_from: dt.date | None
    cutoff: dt.date | None
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class _Named(NamedTuple):
    """A period with its days as the document names them, before the calendar is asked."""

    period: Period
    nominal: dt.date
    cutoff: dt.date | None = None
    data_from: dt.date | None = None
    clamped_from: tuple[int, int] | None = None  # (day, month) as the rule says, when the month has no such day
    ahead: Period | None = None  # the period that the product is for, where that is the next one


def expand(obligation: Obligation, calendar: WorkCalendar, first: dt.date, last: dt.date) -> list[Dates]:
    """The dates of every period whose nominal due date lies in ``first`` to ``last``, in order of ``due``.

    Nothing comes before ``active_from`` or a recurring rule's own ``start``, nor after ``active_until``; nothing is
    prepared for a period in which nobody works. An undated kind, or a weekly one whose day is still to be chosen,
    gives an empty list. Raises ValueError, with a Vietnamese sentence, for an RRULE that cannot be read or ``dates``
    that do not fit the kind.
    """
    due = obligation.due
    if due is None:
        return []
    if obligation.active_from:
        first = max(first, obligation.active_from)
    if obligation.active_until:
        last = min(last, obligation.active_until)
    if due.start and obligation.kind not in ONCE:
        first = max(first, due.start)
    found = [
        _settle(obligation, due, calendar, named)
        for named in _named(obligation, due, first, last)
        if first <= named.nominal <= last and not (named.ahead and _is_off(calendar, named.ahead))
    ]
    found.sort(key=_by_due)
    return found


def _is_off(calendar: WorkCalendar, period: Period) -> bool:
    return calendar.on_or_after(period.start) > period.end


def _by_due(dates: Dates) -> tuple[dt.date, dt.date]:
    return dates.due, dates.nominal_due


# ---- What the document names ----


def _named(obligation: Obligation, due: Due, first: dt.date, last: dt.date) -> Iterator[_Named]:
    """At least every period whose nominal date lies in ``first`` to ``last``; ``expand`` drops the others."""
    kind = obligation.kind
    if first > last:
        return iter(())
    if kind in STEP:
        return _by_dates(obligation, due, first, last) if due.dates else _by_months(obligation, due, first, last)
    if kind == Kind.WEEKLY:
        return _by_weeks(obligation, due, first, last)
    if kind == Kind.RRULE:
        return _by_rrule(obligation, due, first, last)
    return _once(obligation, due)


def _by_months(obligation: Obligation, due: Due, first: dt.date, last: dt.date) -> Iterator[_Named]:
    kind, day = obligation.kind, due.day
    if day is None:
        return
    step = STEP[kind]
    offset = _offset(kind, due)
    # Only the indexes whose due month can be in the span: index * step + offset between the two months.
    earliest = -((offset - month_number(first)) // step)
    latest = (month_number(last) - offset) // step
    for index in range(earliest, latest + 1):
        period, ahead = _periods(obligation, index)
        cutoff, data_from = _window(kind, obligation.cutoff, index)
        nominal = day_in_month(index * step + offset, day)
        clamped_from = (day, nominal.month) if isinstance(day, int) and day > nominal.day else None
        yield _Named(period, nominal, cutoff, data_from, clamped_from, ahead)


def _by_dates(obligation: Obligation, due: Due, first: dt.date, last: dt.date) -> Iterator[_Named]:
    """One "dd/mm" for each period of the year; a date before its own period begins is of the year after."""
    kind, dates = obligation.kind, due.dates or ()
    in_a_year = 12 // STEP[kind]
    if len(dates) != in_a_year:
        raise ValueError(f'"{obligation.title}" có {len(dates)} ngày trong dates, cần đúng {in_a_year} ngày mỗi năm.')
    printed = [_day_and_month(text) for text in dates]
    # A date may fall in the year after its period, so the periods of the year before are looked at too.
    for index in range((first.year - 1) * in_a_year, (last.year + 1) * in_a_year):
        period, ahead = _periods(obligation, index)
        day, month = printed[index % in_a_year]
        months = period.start.year * 12 + month - 1
        if months < month_number(period.start):
            months += 12
        nominal = day_in_month(months, day)
        cutoff, data_from = _window(kind, obligation.cutoff, index)
        yield _Named(period, nominal, cutoff, data_from, (day, month) if nominal.day != day else None, ahead)


def _periods(obligation: Obligation, index: int) -> tuple[Period, Period | None]:
    """The period at that index under the name it goes by, and the next one where the product is for that."""
    period = period_at(obligation.kind, index, obligation.stands_for)
    if obligation.named_for == "this":
        return period, None
    ahead = period_at(obligation.kind, index + 1, obligation.stands_for)
    return period._replace(label=ahead.label), ahead


def _day_and_month(text: str) -> tuple[int, int]:
    day, month = (int(number) for number in text.split("/"))
    if not (1 <= day <= 31 and 1 <= month <= 12):
        raise ValueError(f'Ngày "{text}" không có trong lịch; hãy viết ngày/tháng như 15/12.')
    return day, month


def _by_weeks(obligation: Obligation, due: Due, first: dt.date, last: dt.date) -> Iterator[_Named]:
    if due.weekday is None:
        return
    days = dt.timedelta(days=WEEKDAYS.index(due.weekday))
    for index in range(index_of(Kind.WEEKLY, first), index_of(Kind.WEEKLY, last) + 1):
        period, ahead = _periods(obligation, index)
        yield _Named(period, period.start + days, ahead=ahead)


def _by_rrule(obligation: Obligation, due: Due, first: dt.date, last: dt.date) -> Iterator[_Named]:
    if due.rrule is None or due.start is None:
        return
    for day in rrule_dates(due.rrule, due.start, first, last):
        period = Period(day.isoformat(), day, day, f"ngày {_in_full(day)}")
        yield _Named(period, day, _cutoff_in(month_number(day), obligation.cutoff))


def _once(obligation: Obligation, due: Due) -> Iterator[_Named]:
    if due.date is None:
        return
    period = single_period(due.start or due.date, due.date)
    cutoff = _cutoff_in(month_number(due.date), obligation.cutoff)
    yield _Named(period, due.date, cutoff, due.start if cutoff else None)


def _offset(kind: Kind, rule: Due | Cutoff) -> int:
    """Months from the period's first one to the one that the rule means."""
    return (rule.month or LENGTH[kind]) - 1 + rule.months_after


def _cutoff_in(months: int, cutoff: Cutoff | None) -> dt.date | None:
    """The cut-off of a period that has no months of its own: in the month it is due, or so many after."""
    return day_in_month(months + cutoff.months_after, cutoff.day) if cutoff else None


def _window(kind: Kind, cutoff: Cutoff | None, index: int) -> tuple[dt.date | None, dt.date | None]:
    """The day the figures close, and the day they open: the one after the previous close.

    The previous close of a cumulative report is that of last year's end. So is that of a nine-month one, which has
    no neighbour that ends where it begins.
    """
    if cutoff is None:
        return None, None
    step = STEP[kind]
    begins = index * step
    offset = _offset(kind, cutoff)
    if cutoff.cumulative or kind == Kind.NINE_MONTHLY:
        before = begins - begins % 12 - LENGTH[kind] + offset
    else:
        before = begins - step + offset
    return day_in_month(begins + offset, cutoff.day), day_in_month(before, cutoff.day) + ONE_DAY


# ---- What the calendar makes of it ----


def _settle(obligation: Obligation, due: Due, calendar: WorkCalendar, named: _Named) -> Dates:
    """Shift the nominal date off the days off, and find the working day to aim at."""
    nominal = named.nominal
    worked = calendar.is_working(nominal)
    aimed = nominal if worked and not due.before else calendar.on_or_before(nominal - ONE_DAY)
    internal = obligation.internal_due
    shifted = nominal if worked else _shifted(obligation, calendar, nominal)
    reasons: list[str] = []
    intern = calendar.add(aimed, -internal.working_days_before) if internal else aimed
    if named.cutoff and intern <= named.cutoff:
        # Figures that close on a day off leave no working day before the deadline: nobody can send them sooner.
        sooner = calendar.on_or_after(named.cutoff + ONE_DAY)
        intern = sooner if sooner <= shifted else intern
    if named.clamped_from:
        reasons.append(_why_clamped(nominal, *named.clamped_from))
    if not worked:
        reasons.append(_why_shifted(obligation, calendar, nominal, shifted))
    if due.before:
        reasons.append(f"Nên gửi hết ngày {_in_full(aimed)} vì văn bản ghi “trước ngày {_in_full(nominal)}”.")
    return Dates(
        period=named.period,
        data_from=named.data_from,
        cutoff=named.cutoff,
        nominal_due=nominal,
        due=shifted,
        internal_due=intern,
        reasons=tuple(reasons),
        flags=(IMPOSSIBLE_DATE,) if named.clamped_from and _names_its_month(obligation.kind, due) else (),
    )


def _names_its_month(kind: Kind, due: Due) -> bool:
    """Whether the document wrote day and month: the 31st "of every month" is no mistake, "31/11" is."""
    return due.dates is not None or STEP.get(kind) == 12


def _shifted(obligation: Obligation, calendar: WorkCalendar, nominal: dt.date) -> dt.date:
    if obligation.shift == "after":
        return calendar.on_or_after(nominal)
    return calendar.on_or_before(nominal) if obligation.shift == "before" else nominal


def _why_clamped(nominal: dt.date, day: int, month: int) -> str:
    there_is = f"{nominal.day:02}/{month:02}"
    return f"{there_is} thay cho {day:02}/{month:02}: tháng {month} chỉ có {nominal.day} ngày."


def _why_shifted(obligation: Obligation, calendar: WorkCalendar, nominal: dt.date, shifted: dt.date) -> str:
    why = calendar.why_off(nominal) or ""
    off = f"Hạn {_in_full(nominal)} rơi vào {f'ngày {why}' if why.startswith('nghỉ') else why}"
    if obligation.shift == "after":
        return f"{off}, tính đến hết {_in_full(shifted)} ({_LAW})."
    if obligation.shift == "before":
        return f"{off}, phải gửi hết ngày {_in_full(shifted)}."
    return f"{off} nhưng không được lùi hạn."


# ---- The rule said back ----

_HOW_OFTEN = {
    Kind.MONTHLY: "Hằng tháng",
    Kind.QUARTERLY: "Hằng quý",
    Kind.HALF_YEARLY: "6 tháng một lần",
    Kind.NINE_MONTHLY: "9 tháng đầu năm",
    Kind.YEARLY: "Hằng năm",
}
_WITHOUT_DATE = {
    Kind.CONTINUOUS: "Thường xuyên",
    Kind.ON_DEMAND: "Khi có yêu cầu",
    Kind.WEEKLY: "Hằng tuần, chưa chọn ngày",
}
WEEKDAY_NAMES = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_MONTHS_OF_QUARTER = ("tháng đầu quý", "tháng thứ hai của quý", "tháng cuối quý")


def due_sentence(obligation: Obligation) -> str:
    """The rule said back as a short Vietnamese phrase, such as "Hằng quý, ngày 17 tháng cuối quý".

    Raises ValueError, with a Vietnamese sentence, for an RRULE that cannot be read.
    """
    due, kind = obligation.due, obligation.kind
    if due is None:
        return _WITHOUT_DATE.get(kind, "Chưa có hạn")
    clock = f", {due.time}" if due.time else ""
    if kind == Kind.RRULE:
        return f"{_say_rrule(due)}{clock}"
    return f"{_say_once(due) if kind in ONCE else _say_repeated(kind, due, obligation.cutoff)}{clock}"


def _say_once(due: Due) -> str:
    if due.date is None:
        return "Chưa có hạn"
    if due.start and due.start != due.date:
        return f"Từ ngày {_in_full(due.start)} đến {'trước ' if due.before else ''}ngày {_in_full(due.date)}"
    return f"Một lần, {'trước' if due.before else 'chậm nhất'} ngày {_in_full(due.date)}"


def _say_rrule(due: Due) -> str:
    if due.rrule is None or due.start is None:
        return "Chưa có hạn"
    kind, plain = from_rrule(due.rrule, due.start)
    said = f"Lặp theo quy tắc {plain.rrule}" if kind == Kind.RRULE else _say_repeated(kind, plain, None)
    return f"{said}, từ ngày {_in_full(due.start)}"


def _say_repeated(kind: Kind, due: Due, cutoff: Cutoff | None) -> str:
    if due.weekday:
        day = WEEKDAY_NAMES[WEEKDAYS.index(due.weekday)]
        return f"Trước {day} hằng tuần" if due.before else f"{day[0].upper()}{day[1:]} hằng tuần"
    when = f"ngày {', '.join(due.dates)}" if due.dates else _day_of_period(kind, due)
    if cutoff is None:
        return f"{_HOW_OFTEN[kind]}, {'trước ' if due.before else ''}{when}"
    close = _day_of_period(kind, cutoff)
    if not due.dates and _offset(kind, cutoff) == _offset(kind, due) and kind in {Kind.QUARTERLY, Kind.HALF_YEARLY}:
        # Both stand in the same month: saying it once, at the end, is enough.
        close = close.removesuffix(f" {_month_of_period(kind, _offset(kind, due))}")
    return f"{_HOW_OFTEN[kind]}, chốt số liệu {close}, gửi {'trước' if due.before else 'trước hoặc trong'} {when}"


def _day_of_period(kind: Kind, rule: Due | Cutoff) -> str:
    """ "ngày 17 tháng cuối quý", "ngày 15/01 năm sau", "ngày cuối tháng"."""
    offset = _offset(kind, rule)
    if STEP[kind] == 12:
        years, month = divmod(offset, 12)
        day = f"ngày {rule.day:02}/{month + 1:02}" if isinstance(rule.day, int) else _last_day_of(month + 1)
        return f"{day} năm sau" if years else day
    place = _month_of_period(kind, offset)
    if rule.day == "last":
        return f"ngày cuối {place or 'tháng'}"
    # A month without that day gives its last one.
    day = f"ngày {rule.day}" if rule.day is None or rule.day <= 28 else f"ngày {rule.day} (hoặc ngày cuối tháng)"
    return f"{day} {place}".rstrip()


def _last_day_of(month: int) -> str:
    if month == 2:  # which day that is depends on the year
        return "ngày cuối tháng 2"
    return f"ngày {days_in_month(2025, month)}/{month:02}"


def _month_of_period(kind: Kind, offset: int) -> str:
    """Which month, so many after the period's first one, in the words of that kind; "" for the month itself."""
    if kind == Kind.MONTHLY:
        return ("", "tháng sau")[offset] if offset < 2 else f"sau {offset} tháng"
    if kind == Kind.QUARTERLY:
        quarters, month = divmod(offset, 3)
        return _MONTHS_OF_QUARTER[month] + ("", " sau")[quarters] if quarters < 2 else f"sau quý {offset - 2} tháng"
    months = [divmod(start + offset, 12) for start in (0, 6)]
    return " và ".join(f"tháng {month + 1}{' năm sau' if years else ''}" for years, month in months)


def _in_full(day: dt.date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year}"
