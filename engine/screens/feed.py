"""The work of one person or unit as entries of a calendar, for a feed that other programs read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, or_, select

from engine.keys import Key
from engine.messages import HIDDEN_TITLE
from engine.office import OBLIGATION, OCCURRENCE, UNIT, OfficeView
from engine.rules.chain import chain_for
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.rights import Right, may, parts_in_office
from engine.rules.status import in_words

AHEAD = dt.timedelta(days=400)
BACK = dt.timedelta(days=60)  # for so long, what is done or cancelled stays in people's calendars
_UNFINISHED = [str(state) for state in (*OPEN, WorkState.WAITING, WorkState.SUSPENDED)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of work on one day. ``version`` grows with every change, as calendars want it."""

    id: int
    day: dt.date
    due: dt.date
    title: str
    unit: str
    doer: str
    state: str
    version: int
    is_done: bool
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar: its name, and its entries in the order of their days."""

    name: str
    entries: tuple[Entry, ...]


def feed_of(connection: Connection, office: OfficeView, key: Key, now: dt.datetime) -> Feed | None:
    """What this key shows. None: its person may no longer see that unit."""
    today = office.today(now)
    member = office.staff.members[key.person_id]
    if key.unit_id is None:
        # Work that has not opened has no doer yet; whose it will be follows from the rule and the unit.
        mine = or_(OCCURRENCE.c.doer_id == key.person_id, OCCURRENCE.c.opened_at.is_(None))
        name = f"Việc của {member.name}"
    else:
        parts = parts_in_office(office.staff, key.person_id)
        if key.unit_id != member.unit_id and not may(Right.SEE_OFFICE, parts):
            return None
        mine = OCCURRENCE.c.unit_id == key.unit_id
        unit = next(unit for unit in office.staff.units.values() if unit.id == key.unit_id)
        name = f"Việc của {unit.name}"

    @cache
    def doers(unit: str, named: str | None) -> list[int]:
        return chain_for(office.staff, unit, named)["doer"]

    rows = connection.execute(
        select(
            OCCURRENCE.c.id,
            OCCURRENCE.c.title,
            OCCURRENCE.c.internal_due,
            OCCURRENCE.c.due,
            OCCURRENCE.c.work_state,
            OCCURRENCE.c.doer_id,
            OCCURRENCE.c.version,
            OCCURRENCE.c.opened_at,
            UNIT.c.slug.label("unit_slug"),
            OBLIGATION.c.rule["doer"].as_string().label("named_doer"),
            OBLIGATION.c.secret,
            UNIT.c.name.label("unit"),
        )
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .where(
            OCCURRENCE.c.office_id == office.id,
            mine,
            OCCURRENCE.c.internal_due <= today + AHEAD,
            or_(OCCURRENCE.c.internal_due >= today - BACK, OCCURRENCE.c.work_state.in_(_UNFINISHED)),
        )
        .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
    )
    return Feed(
        f"{name}, {office.name}",
        tuple(
            Entry(
                row.id,
                row.internal_due,
                row.due,
                HIDDEN_TITLE if row.secret else row.title,
                row.unit,
                office.name_of(row.doer_id) if row.doer_id else "",
                in_words(WorkState(row.work_state), row.due, row.internal_due, today),
                row.version,
                row.work_state == WorkState.DONE,
                row.work_state == WorkState.CANCELLED,
            )
            for row in rows
            if key.unit_id is not None
            or row.opened_at is not None
            or key.person_id in doers(row.unit_slug, row.named_doer)
        ),
    )
