"""*Hôm nay*: what needs somebody's hand now, each with its one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select, true

from data.rows import AnyRow
from engine.actions import ADDED
from engine.messages import HIDDEN_TITLE
from engine.office import EXTENSION, OBLIGATION, OCCURRENCE, UNIT, OfficeView
from engine.people import Call, calls
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.rights import Right, acting_for, may, may_confirm, may_decide_extension, parts_in_office
from engine.rules.status import TimeState, days_late, in_words, time_state
from engine.screens.deeds import Deed, possible

THIS_WEEK_ENDS = 6  # Sunday
_OPEN = [str(state) for state in OPEN]


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work as a line of a list."""

    id: int
    version: int
    title: str
    unit: str
    doer: str
    due: dt.date  # the deadline that counts now
    state: str  # in words
    days_late: int
    mine: bool  # the viewer is the one to do it
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request for more time that waits for an answer."""

    work: Work
    asked_by: str
    asked_at: dt.datetime
    until: dt.date
    reason: str
    days: int  # how many more calendar days it asks for
    mine: bool  # the viewer may decide


@dataclass(frozen=True, slots=True)
class Today:
    """The page: the worst first in every list, and of an officer's lists their own work before their colleagues'.

    ``calls`` is None for whoever may not see the whole office.
    """

    day: dt.date
    whole_office: bool
    overdue: tuple[Work, ...]
    this_week: tuple[Work, ...]
    later: tuple[Work, ...]  # the viewer's own, due after this week
    to_confirm: tuple[Work, ...]
    waiting: tuple[Work, ...]  # for somebody else's confirmation
    requests: tuple[Request, ...]
    calls: tuple[Call, ...] | None

    @property
    def at_rest(self) -> bool:
        """Whether nobody need lift a hand today."""
        return not (self.overdue or self.this_week or self.to_confirm or self.requests or self.calls)


def today_of(connection: Connection, office: OfficeView, me: int, now: dt.datetime) -> Today:
    """What this person sees of today: the whole office where they may, else their own work and their unit's."""
    day = office.today(now)
    whole = may(Right.SEE_OFFICE, parts_in_office(office.staff, me))
    seen = true() if whole else _own(office, me, day)
    rows = list(
        connection.execute(
            select(OCCURRENCE, *ADDED, UNIT.c.name.label("unit_name"))
            .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
            .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
            .where(
                OCCURRENCE.c.office_id == office.id,
                OCCURRENCE.c.opened_at.is_not(None),
                OCCURRENCE.c.work_state.in_([*_OPEN, str(WorkState.WAITING)]),
                seen,
            )
            .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
        )
    )
    asked = _requests_of(connection, office)
    doers = acting_for(office.staff, me, day)
    works = {row.id: work_of(office, me, row, asked.get(row.id), day, mine=row.doer_id in doers) for row in rows}
    sunday = day + dt.timedelta(days=THIS_WEEK_ENDS - day.weekday())
    overdue: list[Work] = []
    this_week: list[Work] = []
    later: list[Work] = []
    to_confirm: list[Work] = []
    waiting: list[Work] = []
    for row in rows:
        work = works[row.id]
        if row.work_state == WorkState.WAITING:
            mine = may_confirm(office.staff, me, row.chain or {}, row.unit_id, row.confirm, row.reported_by, day)
            (to_confirm if mine else waiting).append(work)
        elif is_overdue(office, row, now):
            overdue.append(work)
        elif row.internal_due <= sunday:
            this_week.append(work)
        elif work.mine:
            later.append(work)
    requests = [_request(office, me, row, asked[row.id], works[row.id], day) for row in rows if row.id in asked]
    return Today(
        day,
        whole,
        tuple(sorted(overdue, key=lambda work: (not (work.mine or whole), -work.days_late, work.title))),
        tuple(sorted(this_week, key=lambda work: not (work.mine or whole))),
        tuple(later),
        tuple(to_confirm),
        tuple(waiting),
        tuple(sorted(requests, key=lambda request: (not request.mine, request.asked_at))),
        tuple(calls(connection, office, now)) if whole else None,
    )


def work_of(office: OfficeView, me: int, row: AnyRow, extension: AnyRow | None, day: dt.date, *, mine: bool) -> Work:
    """One line from an ``actions.occurrence_row`` that also has ``unit_name``."""
    return Work(
        row.id,
        row.version,
        HIDDEN_TITLE if row.secret else row.title,
        row.unit_name,
        office.name_of(row.doer_id) if row.doer_id else "",
        max(row.due, row.internal_due),
        in_words(WorkState(row.work_state), row.due, row.internal_due, day),
        days_late(row.due, row.internal_due, day) if row.work_state in _OPEN else 0,
        mine,
        possible(office, me, row, extension, day),
    )


def is_overdue(office: OfficeView, row: AnyRow, now: dt.datetime) -> bool:
    """As the digest counts it: past the deadline that holds now, not reported."""
    state = time_state(
        due=row.due,
        internal_due=row.internal_due,
        due_time=row.due_time,
        reported_at=row.reported_at,
        now=now,
        zone=office.zone,
    )
    return state is TimeState.LATE


def _own(office: OfficeView, me: int, day: dt.date) -> Any:
    mine = acting_for(office.staff, me, day)
    units = {office.staff.members[person].unit_id for person in mine if person in office.staff.members}
    return or_(OCCURRENCE.c.doer_id.in_(mine), OCCURRENCE.c.unit_id.in_(units))


def _requests_of(connection: Connection, office: OfficeView) -> Mapping[int, AnyRow]:
    found: Iterable[AnyRow] = connection.execute(
        select(EXTENSION).where(EXTENSION.c.office_id == office.id, EXTENSION.c.status == "waiting")
    )
    return {row.occurrence_id: row for row in found}


def _request(office: OfficeView, me: int, row: AnyRow, asked: AnyRow, work: Work, day: dt.date) -> Request:
    mine = may_decide_extension(office.staff, me, row.chain or {}, row.unit_id, asked.asked_by, day)
    days = (asked.until - row.internal_due).days
    reason = asked.reason
    return Request(work, office.name_of(asked.asked_by), asked.asked_at, asked.until, reason, days, mine)
