"""Occurrences as other programs ask for them: filtered, and page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from data.rows import AnyRow
from engine import actions
from engine.actions import ADDED
from engine.messages import HIDDEN_TITLE
from engine.office import EXTENSION, OBLIGATION, OCCURRENCE, UNIT, OfficeView
from engine.rules.lifecycle import WorkState
from engine.rules.rights import Right, acting_for, may, parts_in_office, parts_in_work
from engine.rules.status import TimeState, time_state
from engine.screens.deeds import Deed, possible

MOST = 500  # in one page


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which occurrences: a filter that is None lets all through. ``after``: the last (due, id) of the page before."""

    unit: str | None = None
    doer: str | None = None
    state: WorkState | None = None
    due_from: dt.date | None = None
    due_to: dt.date | None = None
    after: tuple[dt.date, int] | None = None
    most: int = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """One occurrence. ``deeds``: what the asker may do to it now."""

    id: int
    version: int
    obligation: str
    period: str
    title: str
    unit: str
    doer: str | None
    cutoff: dt.date | None
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    work_state: WorkState
    time_state: TimeState
    reported_at: dt.datetime | None
    closed_at: dt.datetime | None
    deeds: tuple[Deed, ...]


def listed(
    connection: Connection, office: OfficeView, me: int, wanted: Wanted, now: dt.datetime
) -> tuple[Sequence[Listed], bool]:
    """One page in the order of the due dates, and whether there is more. Only what this person may see."""
    conditions = [OCCURRENCE.c.office_id == office.id]
    today = office.today(now)
    if not may(Right.SEE_OFFICE, parts_in_office(office.staff, me)):
        mine = acting_for(office.staff, me, today)
        own_unit = OCCURRENCE.c.unit_id == office.staff.members[me].unit_id
        conditions.append(or_(OCCURRENCE.c.doer_id.in_(mine), own_unit))
    if wanted.unit is not None:
        conditions.append(UNIT.c.slug == wanted.unit)
    if wanted.doer is not None:
        doer = office.staff.by_slug.get(wanted.doer)
        conditions.append(OCCURRENCE.c.doer_id == (doer.id if doer else -1))
    if wanted.state is not None:
        conditions.append(OCCURRENCE.c.work_state == str(wanted.state))
    if wanted.due_from is not None:
        conditions.append(OCCURRENCE.c.due >= wanted.due_from)
    if wanted.due_to is not None:
        conditions.append(OCCURRENCE.c.due <= wanted.due_to)
    if wanted.after is not None:
        day, last = wanted.after
        conditions.append(or_(OCCURRENCE.c.due > day, and_(OCCURRENCE.c.due == day, OCCURRENCE.c.id > last)))
    rows = connection.execute(
        select(
            OCCURRENCE,
            *ADDED,
            OBLIGATION.c.slug.label("obligation_slug"),
            UNIT.c.slug.label("unit_slug"),
            EXTENSION.c.asked_by,
        )
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .outerjoin(EXTENSION, and_(EXTENSION.c.occurrence_id == OCCURRENCE.c.id, EXTENSION.c.status == "waiting"))
        .where(*conditions)
        .order_by(OCCURRENCE.c.due, OCCURRENCE.c.id)
        .limit(wanted.most + 1)
    ).all()
    page = [_listed(office, me, row, now, today) for row in rows[: wanted.most]]
    return page, len(rows) > wanted.most


def one(connection: Connection, office: OfficeView, me: int, occurrence_id: int, today: dt.date) -> AnyRow | None:
    """An ``actions.occurrence_row`` of this office that this person may see; None for every other."""
    row = actions.occurrence_row(connection, occurrence_id)
    if row is None or row.office_id != office.id:
        return None
    whole = may(Right.SEE_OFFICE, parts_in_office(office.staff, me))
    parts = parts_in_work(office.staff, me, row.chain or {}, row.unit_id, today)
    return row if whole or may(Right.SEE_WORK, parts) else None


def _listed(office: OfficeView, me: int, row: AnyRow, now: dt.datetime, today: dt.date) -> Listed:
    extension = row if row.asked_by is not None else None
    doer = office.staff.members.get(row.doer_id or 0)
    return Listed(
        row.id,
        row.version,
        row.obligation_slug,
        row.period_key,
        HIDDEN_TITLE if row.secret else row.title,
        row.unit_slug,
        doer.slug if doer else None,
        row.cutoff,
        row.nominal_due,
        row.due,
        row.internal_due,
        WorkState(row.work_state),
        time_state(
            due=row.due,
            internal_due=row.internal_due,
            due_time=row.due_time,
            reported_at=row.reported_at,
            now=now,
            zone=office.zone,
        ),
        row.reported_at,
        row.closed_at,
        possible(office, me, row, extension, today),
    )
