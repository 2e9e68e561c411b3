"""One office as a step sees it: its calendar, working hours, ladders and staff, read once a turn when needed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from data import tables as t
from engine.rules.chain import Away, Member, Staff, UnitNode
from schedules import office_model as m
from schedules.hours import WorkingHours
from schedules.workdays import WorkCalendar, vietnam_calendar

OFFICE = t.Office.__table__  # type: ignore[attr-defined]
UNIT = t.Unit.__table__  # type: ignore[attr-defined]
PERSON = t.Person.__table__  # type: ignore[attr-defined]
CHAT = t.Chat.__table__  # type: ignore[attr-defined]
STAND_IN = t.StandIn.__table__  # type: ignore[attr-defined]
OBLIGATION = t.Obligation.__table__  # type: ignore[attr-defined]
OCCURRENCE = t.Occurrence.__table__  # type: ignore[attr-defined]
EXTENSION = t.Extension.__table__  # type: ignore[attr-defined]
REMINDER = t.Reminder.__table__  # type: ignore[attr-defined]
MESSAGE = t.OutboxMessage.__table__  # type: ignore[attr-defined]
INBOUND = t.InboundUpdate.__table__  # type: ignore[attr-defined]
HANDLE = t.Handle.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class OfficeView:
    """What stays the same for one office during a turn."""

    id: str
    name: str
    definition: m.Office
    loaded_on: dt.date
    ladders: dict[str, m.Ladder]
    staff: Staff
    calendar: WorkCalendar

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which the office's days and hours are meant."""
        return ZoneInfo(self.definition.timezone)

    @cached_property
    def hours(self) -> WorkingHours:
        """When messages may leave."""
        return WorkingHours(self.calendar, self.definition.timezone, self.definition.morning, self.definition.afternoon)

    def today(self, now: dt.datetime) -> dt.date:
        """The civil day at ``now`` in the office's zone."""
        return now.astimezone(self.zone).date()

    def name_of(self, person_id: int | None) -> str:
        """A person's name as written in the file; people who have left keep theirs."""
        member = self.staff.members.get(person_id or 0)
        return member.name if member else "(không rõ)"


def view_office(connection: Connection, office_id: str) -> OfficeView:
    """Read one office."""
    row = connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).one()
    return OfficeView(
        id=row.id,
        name=row.name,
        definition=m.Office.model_validate(row.definition),
        loaded_on=row.loaded_on,
        ladders={key: m.Ladder.model_validate(ladder) for key, ladder in row.ladders.items()},
        staff=_staff(connection, office_id, row.definition["standing_unit"]),
        calendar=vietnam_calendar(),
    )


def _staff(connection: Connection, office_id: str, standing_unit: str) -> Staff:
    reachable = set(
        connection.execute(
            select(CHAT.c.person_id).where(CHAT.c.office_id == office_id, CHAT.c.blocked_at.is_(None))
        ).scalars()
    )
    members = {
        row.id: Member(
            row.id,
            row.slug,
            row.name,
            row.unit_id,
            row.role,
            row.standing,
            tuple(row.in_charge_of or ()),
            row.active,
            row.id in reachable,
        )
        for row in connection.execute(select(PERSON).where(PERSON.c.office_id == office_id).order_by(PERSON.c.id))
    }
    units = {
        row.slug: UnitNode(row.id, row.slug, row.name, row.kind, row.escalates_to)
        for row in connection.execute(select(UNIT).where(UNIT.c.office_id == office_id).order_by(UNIT.c.id))
    }
    away = tuple(
        Away(row.person_id, row.substitute_id, row.first_day, row.last_day, row.decision)
        for row in connection.execute(select(STAND_IN).where(STAND_IN.c.office_id == office_id).order_by(STAND_IN.c.id))
    )
    return Staff(members, units, standing_unit, away, {member.slug: member for member in members.values()})
