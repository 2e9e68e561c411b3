"""The numbers of the weekly digest, defined in one place so that they can be checked by hand.

A week is a civil week of the office, Monday 00:00 to Sunday 24:00 in its zone. Every number is a count of
occurrences (kỳ); one fan-out duty of four units counts four.

* on time: reported within the week, by the official deadline;
* late: reported within the week, after it; of these *accepted*: within a granted extension;
* overdue: still open at ``now`` and past the deadline that counts (the extended one, if later);
* coming: still open and not overdue, to be delivered (internal due) by the end of the week after the reported one;
* extensions: granted within the week, and waiting at ``now``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.messages import DigestLine, DigestMessage, UnitRate
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.status import TimeState, days_late, time_state

MOST_NAMED = 5  # duties; one phone screen


class Place(StrEnum):
    """Under which number an occurrence is counted; each under one at most."""

    ON_TIME = "on_time"
    LATE = "late"
    LATE_ACCEPTED = "late_accepted"  # late too, within a granted extension
    OVERDUE = "overdue"
    COMING = "coming"


LATE_PLACES = frozenset({Place.LATE, Place.LATE_ACCEPTED})


@dataclass(frozen=True, slots=True)
class Fact:
    """One occurrence as the digest sees it."""

    title: str
    unit: str
    due: dt.date
    internal_due: dt.date
    due_time: str | None
    work_state: WorkState
    reported_at: dt.datetime | None


def week_bounds(monday: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """The week's first instant, and the first instant after it, in UTC."""
    first = dt.datetime.combine(monday, dt.time(), zone)
    after = dt.datetime.combine(monday + dt.timedelta(days=7), dt.time(), zone)
    return first.astimezone(dt.UTC), after.astimezone(dt.UTC)


def coming_until(monday: dt.date) -> dt.date:
    """The last day of what counts as coming after this week: the end of the next one."""
    return monday + dt.timedelta(days=13)


def week_name(monday: dt.date) -> str:
    """ "2026-W11"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> dt.date:
    """The Monday of "2026-W11".

    :raises ValueError: not an ISO week.
    """
    year, _, number = week.partition("-W")
    return dt.date.fromisocalendar(int(year), int(number), 1)


def reported_week(day: dt.date, weekday: int) -> dt.date:
    """The Monday of the week that a digest sent on ``day`` reports, when digests are meant for that ``weekday``.

    A digest meant for Monday to Wednesday (0 to 2) tells of the week before, one meant for Thursday or Friday of its
    own week, which is nearly over; days off that hold it back for a while do not change which week that is.
    """
    meant_for = day - dt.timedelta(days=(day.weekday() - weekday) % 7)
    monday = meant_for - dt.timedelta(days=weekday)
    return monday if weekday >= 3 else monday - dt.timedelta(days=7)


def place_of(
    fact: Fact,
    first: dt.datetime,
    after: dt.datetime,
    coming_to: dt.date,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> Place | None:
    """Where one occurrence counts in a period from the instant ``first`` until before ``after``, as of ``now``.

    The one definition behind the digest, its picture, its lists and the reports. ``coming_to``: the last day of what
    is counted as coming. None: it is in none of the numbers.
    """
    state = time_state(
        due=fact.due,
        internal_due=fact.internal_due,
        due_time=fact.due_time,
        reported_at=fact.reported_at,
        now=now,
        zone=zone,
    )
    if fact.reported_at is not None:
        if not first <= fact.reported_at < after:
            return None
        return {TimeState.LATE: Place.LATE, TimeState.LATE_ACCEPTED: Place.LATE_ACCEPTED}.get(state, Place.ON_TIME)
    if fact.work_state not in OPEN:
        return None
    if state is TimeState.LATE:
        return Place.OVERDUE
    return Place.COMING if fact.internal_due <= coming_to else None


def numbers(
    facts: Iterable[Fact],
    *,
    person: str,
    office: str,
    monday: dt.date,
    now: dt.datetime,
    zone: dt.tzinfo,
    extensions_granted: int,
    extensions_waiting: int,
) -> DigestMessage:
    """The digest of one week as of ``now``."""
    first, after = week_bounds(monday, zone)
    today = now.astimezone(zone).date()
    on_time, late, accepted = Counter[str](), Counter[str](), 0
    overdue: list[DigestLine] = []
    coming: list[DigestLine] = []
    for fact in facts:
        place = place_of(fact, first, after, coming_until(monday), now, zone)
        if place is Place.ON_TIME:
            on_time[fact.unit] += 1
        elif place in LATE_PLACES:
            late[fact.unit] += 1
            accepted += place is Place.LATE_ACCEPTED
        elif place is Place.OVERDUE:
            days = days_late(fact.due, fact.internal_due, today)
            overdue.append(DigestLine(fact.title, fact.unit, max(fact.due, fact.internal_due), days))
        elif place is Place.COMING:
            coming.append(DigestLine(fact.title, fact.unit, fact.internal_due))
    overdue.sort(key=lambda line: (-line.days_late, line.title))
    coming.sort(key=lambda line: (line.due, line.title))
    by_unit = Counter(line.unit for line in overdue)
    units = sorted({*on_time, *late, *by_unit}, key=lambda unit: (-by_unit[unit], -late[unit], unit))
    return DigestMessage(
        person=person,
        office=office,
        week=week_name(monday),
        monday=monday,
        sunday=monday + dt.timedelta(days=6),
        on_time=on_time.total(),
        late=late.total(),
        late_accepted=accepted,
        overdue=_named(overdue),
        overdue_total=len(overdue),
        coming=_named(coming),
        coming_total=len(coming),
        extensions_granted=extensions_granted,
        extensions_waiting=extensions_waiting,
        units=tuple(UnitRate(unit, on_time[unit], late[unit], by_unit[unit]) for unit in units),
    )


def _named(lines: Iterable[DigestLine]) -> tuple[DigestLine, ...]:
    """The lines of the first few duties. One that falls on several units counts once: it is shown as one line."""
    duties: dict[tuple[str, dt.date, int], list[DigestLine]] = {}
    for line in lines:
        duties.setdefault((line.title, line.due, line.days_late), []).append(line)
    return tuple(line for units in list(duties.values())[:MOST_NAMED] for line in units)
