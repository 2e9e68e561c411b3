"""Works out a :class:`engine.screens.year.Year`, by the engine's own steps over a database in memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import islice
from zoneinfo import ZoneInfo

from data.database import connect, create_schema
from engine import load
from engine.clock import VirtualClock
from engine.messages import HIDDEN_TITLE
from engine.preview import play
from engine.screens.year import FirstMessage, Month, Week, Year
from schedules.dates import expand
from schedules.office_file import units_of
from schedules.office_model import UNDATED, OfficeFile
from schedules.workdays import vietnam_calendar

MONTHS = 12
FIRST_MESSAGES = 10
WEEKS_SHOWN = 5
CROWDED = 5  # deadlines in one week, from which the week is worth a look
TITLES_SHOWN = 4


def year_of(file: OfficeFile, first: dt.date, tell: Callable[[float], None] = lambda _: None) -> Year:
    """What would be planned and sent from ``first`` on, if the file were loaded that day and nobody answered."""
    months = _months(first)
    last = _next_month(months[-1]) - dt.timedelta(days=1)
    dues = list(_dues(file, first, last))
    tell(0.3)
    by_month = Counter(day.replace(day=1) for day, _ in dues)
    messages = tuple(_messages(file, first, last))
    tell(1.0)
    undated = sum(duty.kind in UNDATED for duty in file.obligations)
    return Year(first, tuple(Month(day, by_month[day]) for day in months), _weeks(dues), messages, undated)


def _months(first: dt.date) -> list[dt.date]:
    months = [first.replace(day=1)]
    while len(months) < MONTHS:
        months.append(_next_month(months[-1]))
    return months


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _dues(file: OfficeFile, first: dt.date, last: dt.date) -> list[tuple[dt.date, str]]:
    calendar = vietnam_calendar()
    found = []
    for duty in file.obligations:
        if duty.kind in UNDATED or duty.due is None:
            continue
        title = HIDDEN_TITLE if duty.secret else duty.title
        for dates in expand(duty, calendar, first, last):
            if first <= dates.due <= last:
                found += [(dates.due, title)] * len(units_of(duty, file))
    return sorted(found)


def _weeks(dues: list[tuple[dt.date, str]]) -> tuple[Week, ...]:
    by_week: dict[dt.date, list[str]] = defaultdict(list)
    for day, title in dues:
        by_week[day - dt.timedelta(days=day.weekday())].append(title)
    crowded = [(monday, titles) for monday, titles in by_week.items() if len(titles) >= CROWDED]
    worst = sorted(crowded, key=lambda week: (-len(week[1]), week[0]))[:WEEKS_SHOWN]
    return tuple(Week(monday, len(t), tuple(dict.fromkeys(t))[:TITLES_SHOWN]) for monday, t in sorted(worst))


def _messages(file: OfficeFile, first: dt.date, last: dt.date) -> list[FirstMessage]:
    zone = ZoneInfo(file.office.timezone)
    start = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(last, dt.time(), zone).astimezone(dt.UTC)
    engine = connect("sqlite://")
    try:
        create_schema(engine)
        with engine.begin() as connection:
            load.apply(connection, file, start)
            load.link_simulator(connection, start)
        sent = islice(play(engine, VirtualClock(start), end), FIRST_MESSAGES)
        return [FirstMessage(message.at, message.person, message.text) for message in sent]
    finally:
        engine.dispose()
