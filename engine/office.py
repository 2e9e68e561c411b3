"""One office as a step sees it: its calendar, working hours, ladders and staff, read once a turn when needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import Connection, Text, bindparam, cast, select

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
    ladders: Mapping[str, m.Ladder]
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


# Built once: making and hashing a statement costs as much as running it, and a turn views every office that has
# something to do.
_OFFICE = select(
    OFFICE.c.id,
    OFFICE.c.name,
    OFFICE.c.loaded_on,
    cast(OFFICE.c.definition, Text).label("definition"),
    cast(OFFICE.c.ladders, Text).label("ladders"),
).where(OFFICE.c.id == bindparam("office"))
_REACHABLE = (  # by way of the people, whose index knows their office: chats have none
    select(CHAT.c.person_id)
    .join(PERSON, PERSON.c.id == CHAT.c.person_id)
    .where(PERSON.c.office_id == bindparam("office"), CHAT.c.blocked_at.is_(None))
)
_PEOPLE = (
    select(
        PERSON.c.id,
        PERSON.c.slug,
        PERSON.c.name,
        PERSON.c.unit_id,
        PERSON.c.role,
        PERSON.c.standing,
        PERSON.c.in_charge_of,
        PERSON.c.active,
    )
    .where(PERSON.c.office_id == bindparam("office"))
    .order_by(PERSON.c.id)
)
_UNITS = (
    select(UNIT.c.id, UNIT.c.slug, UNIT.c.name, UNIT.c.kind, UNIT.c.escalates_to)
    .where(UNIT.c.office_id == bindparam("office"))
    .order_by(UNIT.c.id)
)
_AWAY = (
    select(
        STAND_IN.c.person_id,
        STAND_IN.c.substitute_id,
        STAND_IN.c.first_day,
        STAND_IN.c.last_day,
        STAND_IN.c.decision,
    )
    .where(STAND_IN.c.office_id == bindparam("office"))
    .order_by(STAND_IN.c.id)
)
_LADDERS = TypeAdapter(dict[str, m.Ladder])


def view_office(connection: Connection, office_id: str) -> OfficeView:
    """Read one office."""
    row = connection.execute(_OFFICE, {"office": office_id}).one()
    definition = _definition(row.definition)
    return OfficeView(
        id=row.id,
        name=row.name,
        definition=definition,
        loaded_on=row.loaded_on,
        ladders=_ladders(row.ladders),
        staff=_staff(connection, office_id, definition.standing_unit),
        calendar=vietnam_calendar(),
    )


@lru_cache(maxsize=4096)
def _definition(text: str) -> m.Office:
    """The stored definition as a model: frozen, so one is enough for everyone who reads the same words."""
    return m.Office.model_validate_json(text)


@lru_cache(maxsize=64)
def _ladders(text: str) -> Mapping[str, m.Ladder]:
    """The stored ladders; nearly every office has the same ones."""
    return MappingProxyType(_LADDERS.validate_json(text))


def _staff(connection: Connection, office_id: str, standing_unit: str) -> Staff:
    office = {"office": office_id}
    reachable = set(connection.execute(_REACHABLE, office).scalars())
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
        for row in connection.execute(_PEOPLE, office)
    }
    units = {
        row.slug: UnitNode(row.id, row.slug, row.name, row.kind, row.escalates_to)
        for row in connection.execute(_UNITS, office)
    }
    away = tuple(
        Away(row.person_id, row.substitute_id, row.first_day, row.last_day, row.decision)
        for row in connection.execute(_AWAY, office)
    )
    return Staff(members, units, standing_unit, away, {member.slug: member for member in members.values()})
