"""Step 1, plan: obligations become occurrences, each with its alarm.

Occurrences are made for a rolling horizon ahead, so that calendars can show a year. Making them again is harmless:
(obligation, period, unit) is unique. Nothing else is stored about the future.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from data.upsert import upsert
from engine.office import OBLIGATION, OCCURRENCE, UNIT, OfficeView, view_office
from engine.rules.ladder import anchors_of, opens_at
from schedules.dates import Dates, expand
from schedules.office_file import ladder_of
from schedules.office_model import Obligation

HORIZON = dt.timedelta(days=400)
PLAN_AGAIN_BELOW = dt.timedelta(days=370)  # so that a plan is looked at once a month, not every turn


def plan(connection: Connection, now: dt.datetime) -> int:
    """Make the occurrences that the horizon asks for. Returns how many are new."""
    # The threshold is a date of UTC: a day early or late does not matter a year ahead.
    threshold = now.date() + PLAN_AGAIN_BELOW
    offices = connection.execute(
        select(OBLIGATION.c.office_id)
        .where(OBLIGATION.c.active, OBLIGATION.c.planned_until < threshold)
        .group_by(OBLIGATION.c.office_id)
    ).scalars()
    return sum(plan_office(connection, view_office(connection, office), now) for office in list(offices))


def plan_office(connection: Connection, office: OfficeView, now: dt.datetime) -> int:
    """Plan one office up to the horizon."""
    until = office.today(now) + HORIZON
    units = {
        row.slug: row.id for row in connection.execute(select(UNIT).where(UNIT.c.office_id == office.id, UNIT.c.active))
    }
    rows: list[dict[str, Any]] = []
    planned: list[dict[str, Any]] = []
    for row in connection.execute(
        select(OBLIGATION.c.id, OBLIGATION.c.rule, OBLIGATION.c.planned_until).where(
            OBLIGATION.c.office_id == office.id, OBLIGATION.c.active, OBLIGATION.c.planned_until < until
        )
    ):
        obligation = Obligation.model_validate(row.rule)
        first = max(office.loaded_on, row.planned_until + dt.timedelta(days=1))
        for dates in expand(obligation, office.calendar, first, until):
            rows += _occurrences(office, row.id, obligation, dates, units)
        planned.append({"b_id": row.id, "b_until": until})
    before = connection.execute(_count(office.id)).scalar_one()
    if rows:
        connection.execute(upsert(connection, OCCURRENCE).on_conflict_do_nothing(), rows)
    if planned:
        connection.execute(_PLANNED, planned)
    return connection.execute(_count(office.id)).scalar_one() - before


def _count(office_id: str) -> Select[int]:
    return select(func.count()).select_from(OCCURRENCE).where(OCCURRENCE.c.office_id == office_id)


def _occurrences(
    office: OfficeView, obligation_id: int, obligation: Obligation, dates: Dates, units: dict[str, int]
) -> list[dict[str, Any]]:
    ladder = office.ladders[ladder_of(obligation)]
    anchors = anchors_of(dates.cutoff, dates.due, dates.internal_due)
    common = {
        "office_id": office.id,
        "obligation_id": obligation_id,
        "period_key": dates.period.key,
        "title": f"{obligation.title} {dates.period.label}".strip(),
        "data_from": dates.data_from,
        "cutoff": dates.cutoff,
        "nominal_due": dates.nominal_due,
        "due": dates.due,
        "internal_due": dates.internal_due,
        "first_internal_due": dates.internal_due,
        "due_time": obligation.due.time if obligation.due else None,
        "reasons": list(dates.reasons),
        "work_state": "new",
        "revision": 1,
        "version": 1,
        "pulled_forward": False,
        "next_move_at": opens_at(ladder, anchors, office.hours),
    }
    if obligation.lead:
        leads: list[str] = [obligation.lead]
    elif obligation.lead_each == "all":
        leads = [unit.slug for unit in office.staff.units.values() if unit.kind == "unit" and unit.slug in units]
    else:
        leads = list(obligation.lead_each or ())
    return [{**common, "unit_id": units[slug]} for slug in leads]


_PLANNED = update(OBLIGATION).where(OBLIGATION.c.id == bindparam("b_id")).values(planned_until=bindparam("b_until"))
