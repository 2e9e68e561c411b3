"""The occurrences behind the numbers: each one under the number that counts it, by the digest's own definition."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from engine.digest import moved_after
from engine.messages import HIDDEN_TITLE
from engine.office import OBLIGATION, OCCURRENCE, UNIT, OfficeView
from engine.rules.digest_numbers import Fact, Place, place_of
from engine.rules.lifecycle import OPEN, WorkState, state_at
from engine.rules.status import days_late

_OPEN = [str(state) for state in OPEN]


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
    dues = moved_after(connection, office, moment)
    found: list[Counted] = []
    for row in connection.execute(
        select(
            OCCURRENCE.c.id,
            OCCURRENCE.c.title,
            OBLIGATION.c.secret,
            UNIT.c.name,
            OCCURRENCE.c.doer_id,
            OCCURRENCE.c.due,
            OCCURRENCE.c.internal_due,
            OCCURRENCE.c.due_time,
            OCCURRENCE.c.work_state,
            OCCURRENCE.c.reported_at,
            OCCURRENCE.c.closed_at,
        )
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(
            OCCURRENCE.c.office_id == office.id,
            or_(
                or_(
                    OCCURRENCE.c.work_state.in_(_OPEN),
                    OCCURRENCE.c.reported_at > moment,
                    OCCURRENCE.c.closed_at > moment,
                )
                & (OCCURRENCE.c.first_internal_due <= span.coming_to),
                (OCCURRENCE.c.reported_at >= first) & (OCCURRENCE.c.reported_at < after),
            ),
        )
    ):
        fact = Fact(
            HIDDEN_TITLE if row.secret else row.title,
            row.name,
            row.due,
            dues.get(row.id, row.internal_due),
            row.due_time,
            state_at(moment, WorkState(row.work_state), row.reported_at, row.closed_at),
            row.reported_at if row.reported_at and row.reported_at <= moment else None,
        )
        place = place_of(fact, first, after, span.coming_to, moment, zone)
        if place is None:
            continue
        due = fact.internal_due if place is Place.COMING else max(fact.due, fact.internal_due)
        late = days_late(fact.due, fact.internal_due, office.today(moment)) if place is Place.OVERDUE else 0
        doer = office.name_of(row.doer_id) if row.doer_id else ""
        found.append(Counted(row.id, fact.title, row.name, doer, place, due, late, fact.reported_at))
    return sorted(found, key=lambda one: (-one.days_late, one.due, one.title, one.unit, one.id))


def places(lines: Iterable[Counted]) -> Counter[Place]:
    """How many there are of each."""
    return Counter(line.place for line in lines)
