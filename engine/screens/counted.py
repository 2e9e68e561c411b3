"""The occurrences behind the numbers: each one under the number that counts it, by the digest's own definition."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.digest import facts_of
from engine.office import OfficeView
from engine.rules.digest_numbers import Place, place_of
from engine.rules.status import days_late


@dataclass(frozen=True, slots=True)
class Counted:
    """One occurrence under one number."""

    id: int
    title: str
    unit: str
    doer: str  # "" where nobody has it yet
    place: Place
    due: dt.date  # the deadline that counts: what is coming is aimed at its internal due
    days_late: int  # of what is overdue, calendar days at the moment of counting
    reported_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """A period of whole days of the office, counted as of ``moment``."""

    first: dt.date
    last: dt.date
    coming_to: dt.date  # the last day of what counts as coming
    moment: dt.datetime


def counted(connection: Connection, office: OfficeView, span: Span) -> list[Counted]:
    """Every occurrence that one of the numbers of this span counts; the worst first.

    Three statements at most, whatever the length of the span.
    """
    zone, moment = office.zone, span.moment
    first = dt.datetime.combine(span.first, dt.time(), zone).astimezone(dt.UTC)
    after = dt.datetime.combine(span.last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    found: list[Counted] = []
    for id_, doer_id, fact in facts_of(connection, office, first, after, span.coming_to, moment):
        place = place_of(fact, first, after, span.coming_to, moment, zone)
        if place is None:
            continue
        due = fact.internal_due if place is Place.COMING else max(fact.due, fact.internal_due)
        late = days_late(fact.due, fact.internal_due, office.today(moment)) if place is Place.OVERDUE else 0
        doer = office.name_of(doer_id) if doer_id else ""
        found.append(Counted(id_, fact.title, fact.unit, doer, place, due, late, fact.reported_at))
    return sorted(found, key=lambda one: (-one.days_late, one.due, one.title, one.unit, one.id))


def places(lines: Iterable[Counted]) -> Counter[Place]:
    """How many there are of each."""
    return Counter(line.place for line in lines)
