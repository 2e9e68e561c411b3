"""*Lịch*: what falls due when: a year as a strip of weeks, a month as a calendar, a quarter or a week as lists.

A piece of work stands on the day that counts now: its deadline, or the later day of a granted extension. What was
cancelled is not work any more and is shown only to who asks for it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, and_, func, or_, select

from data.rows import AnyRow
from engine.messages import HIDDEN_TITLE
from engine.office import OBLIGATION, OCCURRENCE, OfficeView
from engine.rules.chain import Chain, Member, UnitNode, chain_for
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.rights import Right, acting_for, may, parts_in_office
from engine.rules.status import TimeState, in_words, time_state
from schedules.recurrence import ROMAN
from schedules.workdays import ONE_DAY

YEARS = (2020, 2100)  # outside, an address was made up
WEEK = dt.timedelta(days=7)
SHADES = 4  # darker is more; the darkest also carries a mark, so that a grey print tells as much
CROWDED_FROM = 5  # pieces of work in one week: fewer are never called crowded


class View(StrEnum):
    """How much is looked at; the word stands in the address."""

    MONTH = "thang"
    QUARTER = "quy"
    YEAR = "nam"
    WEEK = "tuan"


class Shown(StrEnum):
    """Which work is looked at; the word stands in the address."""

    ALL = ""
    OPEN = "chua-xong"
    LATE = "qua-han"
    WAITING = "cho"
    SUSPENDED = "dung"
    DONE = "xong"
    CANCELLED = "huy"


SHOWN_NAMES: Mapping[Shown, str] = {
    Shown.ALL: "Mọi trạng thái, trừ đã huỷ",
    Shown.OPEN: "Chưa xong",
    Shown.LATE: "Quá hạn",
    Shown.WAITING: "Chờ xác nhận",
    Shown.SUSPENDED: "Tạm dừng",
    Shown.DONE: "Đã xong",
    Shown.CANCELLED: "Đã huỷ",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody asked to see. ``day`` is any day of the span."""

    view: View
    day: dt.date
    unit: int | None = None
    person: int | None = None
    shown: Shown = Shown.ALL


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of work on its day. ``mark`` is "late", "done", "waiting", "still" (suspended, cancelled) or "open"."""

    id: int
    day: dt.date
    title: str
    unit_id: int
    unit: str
    doer: str
    state: str
    mark: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day. ``off``: why nobody works, "" on a working day; ``swapped``: a weekend day that is worked."""

    date: dt.date
    off: str
    swapped: bool
    named: bool  # a holiday or a swapped day, not just a weekend
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One week of one line of the strip. ``shade`` 0 to 4; ``number`` counts the weeks of the year from 0."""

    number: int
    monday: dt.date
    sunday: dt.date
    count: int
    shade: int
    crowded: bool
    holds_today: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the strip: a unit, or all of them (``unit_id`` None)."""

    unit_id: int | None
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class MonthSum:
    """One month of a year in numbers."""

    first: dt.date
    total: int
    done: int
    late: int
    waiting: int
    open: int


@dataclass(frozen=True, slots=True)
class CalendarScreen:
    """The page. ``entries`` are those of the span, in order of day."""

    asked: Filter
    title: str
    first: dt.date
    last: dt.date
    before: dt.date
    after: dt.date
    entries: tuple[Entry, ...]
    days: tuple[Day, ...]  # of a month or a week
    months: tuple[MonthSum, ...]  # of a quarter or a year
    strip: tuple[Line, ...]
    units: tuple[UnitNode, ...]  # that may be chosen
    people: tuple[Member, ...]
    whole_office: bool
    planned_until: dt.date | None


def calendar_of(connection: Connection, office: OfficeView, me: int, asked: Filter, now: dt.datetime) -> CalendarScreen:
    """The calendar as this person may see it: the whole office, or their own units and those they stand in for."""
    today = office.today(now)
    whole = may(Right.SEE_OFFICE, parts_in_office(office.staff, me))
    units = units_seen(office, me, today)
    first, last = span(asked)
    year_first, year_last = _weeks_of_year(asked.day.year)
    year = [
        entry
        for entry in _entries(connection, office, units, min(first, year_first), max(last, year_last), now)
        if _fits(entry, asked)
    ]
    of_span = tuple(entry.entry for entry in year if first <= entry.entry.day <= last)
    by_day: dict[dt.date, list[Entry]] = {}
    for entry in of_span:
        by_day.setdefault(entry.day, []).append(entry)
    chosen = [unit for unit in units if asked.unit in (None, unit.id)]
    listed = asked.view in (View.MONTH, View.WEEK)
    return CalendarScreen(
        asked,
        _title(asked, first, last),
        first,
        last,
        first - ONE_DAY,
        last + ONE_DAY,
        of_span,
        tuple(_day(office, day, by_day.get(day, ())) for day in _days(first, last)) if listed else (),
        () if listed else tuple(_months(of_span, first, last)),
        _strip([entry.entry for entry in year], chosen, asked.day.year, today),
        tuple(units),
        tuple(_people(office, units)),
        whole,
        connection.execute(select(func.max(OCCURRENCE.c.due)).where(OCCURRENCE.c.office_id == office.id)).scalar(),
    )


def units_seen(office: OfficeView, me: int, today: dt.date) -> list[UnitNode]:
    """The units whose work this person may see: all of them, or their own and those of whom they stand in for."""
    units = [unit for unit in office.staff.units.values() if unit.kind != "leadership"]
    if may(Right.SEE_OFFICE, parts_in_office(office.staff, me)):
        return units
    mine = acting_for(office.staff, me, today)
    own = {office.staff.members[person].unit_id for person in mine if person in office.staff.members}
    return [unit for unit in office.staff.units.values() if unit.id in own]


def span(asked: Filter) -> tuple[dt.date, dt.date]:
    """First and last day of what is looked at."""
    day = asked.day
    match asked.view:
        case View.WEEK:
            monday = day - dt.timedelta(days=day.weekday())
            return monday, monday + WEEK - ONE_DAY
        case View.MONTH:
            return day.replace(day=1), _month_end(day)
        case View.QUARTER:
            month = (day.month - 1) // 3 * 3 + 1
            return day.replace(month=month, day=1), _month_end(day.replace(month=month + 2, day=1))
        case _:
            return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)


def _month_end(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - ONE_DAY


def _title(asked: Filter, first: dt.date, last: dt.date) -> str:
    match asked.view:
        case View.WEEK:
            return f"Tuần {first.isocalendar().week}, {first:%d/%m} – {last:%d/%m/%Y}"
        case View.MONTH:
            return f"Tháng {first.month}/{first.year}"
        case View.QUARTER:
            return f"Quý {ROMAN[(first.month - 1) // 3]}/{first.year}"
        case _:
            return f"Năm {first.year}"


# ---- the rows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    entry: Entry
    doers: frozenset[int]
    shown: frozenset[Shown]


def _entries(
    connection: Connection,
    office: OfficeView,
    units: Iterable[UnitNode],
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
) -> list[_Found]:
    slugs = {unit.id: unit for unit in units}
    rows = connection.execute(
        select(
            OCCURRENCE.c.id,
            OCCURRENCE.c.title,
            OCCURRENCE.c.unit_id,
            OCCURRENCE.c.due,
            OCCURRENCE.c.internal_due,
            OCCURRENCE.c.due_time,
            OCCURRENCE.c.work_state,
            OCCURRENCE.c.doer_id,
            OCCURRENCE.c.opened_at,
            OCCURRENCE.c.reported_at,
            OBLIGATION.c.secret,
            OBLIGATION.c.rule["doer"].as_string().label("named"),
        )
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(
            OCCURRENCE.c.office_id == office.id,
            OCCURRENCE.c.unit_id.in_(list(slugs)),
            or_(
                OCCURRENCE.c.due.between(first, last),
                and_(OCCURRENCE.c.internal_due > OCCURRENCE.c.due, OCCURRENCE.c.internal_due.between(first, last)),
            ),
        )
    ).all()
    chains: dict[tuple[str, str | None], Chain] = {}
    today = office.today(now)

    def doers(row: AnyRow) -> frozenset[int]:
        """Whose it is; of what has not opened yet, whose it will be if nothing changes."""
        if row.doer_id:
            return frozenset({row.doer_id})
        key = (slugs[row.unit_id].slug, row.named)
        if key not in chains:
            chains[key] = chain_for(office.staff, *key)
        return frozenset(chains[key]["doer"])

    found = [_found(office, row, slugs[row.unit_id].name, doers(row), today, now) for row in rows]
    return sorted(
        (one for one in found if first <= one.entry.day <= last), key=lambda one: (one.entry.day, one.entry.title)
    )


def _found(
    office: OfficeView, row: AnyRow, unit: str, doers: frozenset[int], today: dt.date, now: dt.datetime
) -> _Found:
    state = WorkState(row.work_state)
    late = state in OPEN and _is_late(office, row, now)
    words = in_words(state, row.due, row.internal_due, today)
    entry = Entry(
        row.id,
        max(row.due, row.internal_due),
        HIDDEN_TITLE if row.secret else row.title,
        row.unit_id,
        unit,
        ", ".join(office.name_of(doer) for doer in doers),
        words if row.opened_at or state not in OPEN else "chưa mở",
        "late" if late else _MARKS.get(state, "open"),
    )
    return _Found(entry, doers, _SHOWN[state] | ({Shown.LATE} if late else frozenset()))


_MARKS = {
    WorkState.DONE: "done",
    WorkState.WAITING: "waiting",
    WorkState.SUSPENDED: "still",
    WorkState.CANCELLED: "still",
}
_SHOWN: Mapping[WorkState, frozenset[Shown]] = {
    **{state: frozenset({Shown.ALL, Shown.OPEN}) for state in OPEN},
    WorkState.WAITING: frozenset({Shown.ALL, Shown.WAITING}),
    WorkState.SUSPENDED: frozenset({Shown.ALL, Shown.SUSPENDED}),
    WorkState.DONE: frozenset({Shown.ALL, Shown.DONE}),
    WorkState.CANCELLED: frozenset({Shown.CANCELLED}),
}


def _is_late(office: OfficeView, row: AnyRow, now: dt.datetime) -> bool:
    """As *Hôm nay* and the digest count it."""
    state = time_state(
        due=row.due,
        internal_due=row.internal_due,
        due_time=row.due_time,
        reported_at=row.reported_at,
        now=now,
        zone=office.zone,
    )
    return state is TimeState.LATE


def _fits(found: _Found, asked: Filter) -> bool:
    return (
        asked.shown in found.shown
        and asked.unit in (None, found.entry.unit_id)
        and (asked.person is None or asked.person in found.doers)
    )


def _people(office: OfficeView, units: Iterable[UnitNode]) -> list[Member]:
    of = {unit.id for unit in units}
    return [
        member
        for member in office.staff.members.values()
        if member.active and member.unit_id in of and member.role in ("officer", "head")
    ]


# ---- days, months and the strip -------------------------------------------------------------------------------------


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def _day(office: OfficeView, day: dt.date, entries: Iterable[Entry]) -> Day:
    off = office.calendar.why_off(day) or ""
    source = office.calendar.source(day)
    return Day(day, off, not off and day.weekday() > 4, source is not None, tuple(entries))


def _months(entries: Iterable[Entry], first: dt.date, last: dt.date) -> Iterable[MonthSum]:
    counts = Counter((entry.day.month, entry.mark) for entry in entries)
    for month in range(first.month, last.month + 1):
        done, late, waiting, still, left = (
            counts[month, mark] for mark in ("done", "late", "waiting", "still", "open")
        )
        total = done + late + waiting + still + left
        yield MonthSum(first.replace(month=month, day=1), total, done, late, waiting, left + still)


def _weeks_of_year(year: int) -> tuple[dt.date, dt.date]:
    """The Monday of the first ISO week and the Sunday of the last."""
    return dt.date.fromisocalendar(year, 1, 1), dt.date.fromisocalendar(year + 1, 1, 1) - ONE_DAY


def _strip(entries: list[Entry], units: list[UnitNode], year: int, today: dt.date) -> tuple[Line, ...]:
    monday, last = _weeks_of_year(year)
    mondays = [monday + WEEK * number for number in range(((last - monday).days + 1) // 7)]
    counts = Counter((entry.unit_id, entry.day - dt.timedelta(days=entry.day.weekday())) for entry in entries)
    most = max(counts.values(), default=0)  # one scale for all units: the same shade is the same work
    lines = [
        _line(unit.id, unit.name, [counts[unit.id, day] for day in mondays], mondays, today, most) for unit in units
    ]
    if len(units) < 2:
        return tuple(lines)
    of_all = [sum(counts[unit.id, day] for unit in units) for day in mondays]
    return (_line(None, "Cả cơ quan", of_all, mondays, today, max(of_all, default=0)), *lines)


def _line(unit: int | None, name: str, counts: list[int], mondays: list[dt.date], today: dt.date, most: int) -> Line:
    return Line(
        unit,
        name,
        tuple(
            Cell(
                number,
                day,
                day + WEEK - ONE_DAY,
                count,
                shade_of(count, most),
                is_crowded(count, most),
                day <= today < day + WEEK,
            )
            for number, (day, count) in enumerate(zip(mondays, counts, strict=True))
        ),
    )


def shade_of(count: int, most: int) -> int:
    """0 for nothing, else 1 to 4 in even steps up to the fullest week."""
    return -(-SHADES * count // most) if count else 0


def is_crowded(count: int, most: int) -> bool:
    """Whether a week stands out: among the darkest, and busy by any measure."""
    return count >= CROWDED_FROM and shade_of(count, most) == SHADES
