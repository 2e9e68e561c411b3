"""Step 1, plan: obligations become occurrences, each with its alarm.

Occurrences are made for a rolling horizon ahead, so that calendars can show a year. Making them again is harmless:
(obligation, period, unit) is unique. Nothing else is stored about the future.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from data import bulk, setbacks
from data.one_of import one_of
from data.turns import alone_with, among
from engine.office import OBLIGATION, OCCURRENCE, UNIT, OfficeView, view_offices
from engine.rules.ladder import anchors_of, opens_at
from schedules.dates import Dates, expand
from schedules.office_file import ladder_of
from schedules.office_model import Obligation
from schedules.recurrence import named

HORIZON = dt.timedelta(days=400)
OFFICES_AT_ONCE = 25  # a few thousand rows in one statement
PLAN_AGAIN_BELOW = dt.timedelta(days=370)  # so that a plan is looked at once a month, not every turn

# Not grouped by office: SQLite would then walk every obligation in the order of offices instead of using the index.
_TO_PLAN = select(OBLIGATION.c.office_id).where(
    OBLIGATION.c.active,
    OBLIGATION.c.planned_until < bindparam("threshold"),
    ~setbacks.rests("obligation", OBLIGATION.c.id),
)
_UNITS = select(UNIT.c.office_id, UNIT.c.slug, UNIT.c.id).where(one_of(UNIT.c.office_id, "offices"), UNIT.c.active)
_OBLIGATIONS = select(OBLIGATION.c.id, OBLIGATION.c.office_id, OBLIGATION.c.rule, OBLIGATION.c.planned_until).where(
    one_of(OBLIGATION.c.office_id, "offices"), OBLIGATION.c.active
)


def plan(connection: Connection, now: dt.datetime, of: Collection[str] | None = None) -> int:
    """Make the occurrences that the horizon asks for, of these offices or of all. Returns how many are new."""
    # The threshold is a date of UTC: a day early or late does not matter a year ahead.
    threshold = now.date() + PLAN_AGAIN_BELOW
    waiting = set(connection.execute(_TO_PLAN, {"threshold": threshold, "now": now}).scalars())
    offices = alone_with(connection, among(of, waiting))
    return sum(
        _plan_offices(connection, offices[start : start + OFFICES_AT_ONCE], now)
        for start in range(0, len(offices), OFFICES_AT_ONCE)
    )


def _plan_offices(connection: Connection, office_ids: Sequence[str], now: dt.datetime) -> int:
    offices = view_offices(connection, office_ids)
    which = {"offices": list(office_ids)}
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for unit in connection.execute(_UNITS, which):
        units[unit.office_id][unit.slug] = unit.id
    rows: list[dict[str, Any]] = []
    planned: list[dict[str, Any]] = []
    known = setbacks.standing(connection, "obligation")
    for row in connection.execute(_OBLIGATIONS, which):
        office = offices[row.office_id]
        until = office.today(now) + HORIZON
        if office.rests or row.planned_until >= until or (row.id in known and known[row.id].try_after > now):
            continue
        try:
            obligation = Obligation.model_validate(row.rule)
            first = max(office.loaded_on, row.planned_until + dt.timedelta(days=1))
            fresh = [
                occurrence
                for dates in expand(obligation, office.calendar, first, until)
                for occurrence in occurrences_of(office, row.id, obligation, dates, units[office.id])
            ]
        except Exception as error:  # a rule that cannot be read must not take the other duties' work along
            setbacks.note(connection, "obligation", row.id, office.id, error, now)
            continue
        rows += fresh
        planned.append({"b_id": row.id, "b_until": until})
    setbacks.over(connection, "obligation", known.keys() & {row["b_id"] for row in planned})
    bulk.write(connection, _PLANNED, planned)
    return bulk.add_missing(connection, OCCURRENCE, rows)


def occurrences_of(
    office: OfficeView, obligation_id: int, obligation: Obligation, dates: Dates, units: dict[str, int]
) -> list[dict[str, Any]]:
    """The rows of one period: one, or one for each unit that the duty falls on."""
    ladder = office.ladders[ladder_of(obligation)]
    anchors = anchors_of(dates.cutoff, dates.due, dates.internal_due)
    common = {
        "office_id": office.id,
        "obligation_id": obligation_id,
        "period_key": dates.period.key,
        "title": named(obligation.title, dates.period.label),
        "data_from": dates.data_from,
        "cutoff": dates.cutoff,
        "nominal_due": dates.nominal_due,
        "due": dates.due,
        "internal_due": dates.internal_due,
        "first_internal_due": dates.internal_due,
        "due_time": obligation.due.time if obligation.due else None,
        "reasons": list(dates.reasons) or None,
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
