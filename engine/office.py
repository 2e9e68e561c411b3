"""One office as a step sees it: its calendar, working hours, ladders and staff, read once a turn when needed.

An office whose stored definition cannot be read rests: nobody of it is written to (its hours never begin) until it is
loaded anew, and the operator sees it (:func:`unreadable`). The others go on.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import Connection, Text, cast, select, union_all

from data import tables as t
from data.one_of import one_of
from data.rows import AnyRow
from engine.errors import NhacViecError
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
LINK_CODE = t.LinkCode.__table__  # type: ignore[attr-defined]
EVIDENCE = t.Evidence.__table__  # type: ignore[attr-defined]
USAGE = t.Usage.__table__  # type: ignore[attr-defined]


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
    rests: bool = False  # its definition cannot be read: what stands here in its place is not its own

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which the office's days and hours are meant."""
        return ZoneInfo(self.definition.timezone)

    @cached_property
    def hours(self) -> WorkingHours:
        """When messages may leave."""
        return _NeverAtWork(self.calendar) if self.rests else hours_by(self.definition, self.calendar)

    def today(self, now: dt.datetime) -> dt.date:
        """The civil day at ``now`` in the office's zone."""
        return now.astimezone(self.zone).date()

    def name_of(self, person_id: int | None) -> str:
        """A person's name as written in the file; people who have left keep theirs."""
        member = self.staff.members.get(person_id or 0)
        return member.name if member else "(không rõ)"


# Built once: making and hashing a statement costs as much as running it, and a turn views every office that has
# something to do, all in the same five statements.
_OFFICES = select(
    OFFICE.c.id,
    OFFICE.c.name,
    OFFICE.c.loaded_on,
    cast(OFFICE.c.definition, Text).label("definition"),
    cast(OFFICE.c.ladders, Text).label("ladders"),
).where(one_of(OFFICE.c.id, "offices"))
_DEFINITIONS = select(OFFICE.c.id, cast(OFFICE.c.definition, Text).label("definition"))
_ALL_THAT_IS_READ = _DEFINITIONS.add_columns(cast(OFFICE.c.ladders, Text).label("ladders")).order_by(OFFICE.c.id)
_REACHABLE = union_all(  # by way of the office's chats: among a country's people PostgreSQL would read every chat
    select(CHAT.c.person_id).where(
        one_of(CHAT.c.office_id, "offices"), CHAT.c.person_id.is_not(None), CHAT.c.blocked_at.is_(None)
    ),
    select(PERSON.c.id)  # … or in their unit's group
    .join(CHAT, CHAT.c.unit_id == PERSON.c.unit_id)
    .where(one_of(CHAT.c.office_id, "offices"), one_of(PERSON.c.office_id, "offices"), CHAT.c.blocked_at.is_(None)),
)
_PEOPLE = (
    select(
        PERSON.c.office_id,
        PERSON.c.id,
        PERSON.c.slug,
        PERSON.c.name,
        PERSON.c.unit_id,
        PERSON.c.role,
        PERSON.c.standing,
        cast(PERSON.c.in_charge_of, Text),
        PERSON.c.active,
    )
    .where(one_of(PERSON.c.office_id, "offices"))
    .order_by(PERSON.c.id)
)
_UNITS = (
    select(UNIT.c.office_id, UNIT.c.id, UNIT.c.slug, UNIT.c.name, UNIT.c.kind, UNIT.c.escalates_to)
    .where(one_of(UNIT.c.office_id, "offices"))
    .order_by(UNIT.c.id)
)
_AWAY = (
    select(
        STAND_IN.c.office_id,
        STAND_IN.c.person_id,
        STAND_IN.c.substitute_id,
        STAND_IN.c.first_day,
        STAND_IN.c.last_day,
        STAND_IN.c.decision,
    )
    .where(one_of(STAND_IN.c.office_id, "offices"))
    .order_by(STAND_IN.c.id)
)
_LADDERS = TypeAdapter(dict[str, m.Ladder])
#: What days and hours are counted by where the office's own definition cannot be read.
_IN_ITS_PLACE = m.Office(id="khong-doc-duoc", name="?", province="?", standing_unit="khong-doc-duoc")


def view_office(connection: Connection, office_id: str) -> OfficeView:
    """Read one office. One that cannot be read rests: what its people report is kept all the same.

    :raises KeyError: there is no such office.
    """
    return view_offices(connection, [office_id])[office_id]


def view_offices(
    connection: Connection, office_ids: Iterable[str], seen: dict[str, OfficeView] | None = None
) -> dict[str, OfficeView]:
    """These offices, by id. Those that stand in ``seen`` are taken from there; those that are read are put there."""
    seen = {} if seen is None else seen
    wanted = sorted(set(office_ids))
    unseen = [office_id for office_id in wanted if office_id not in seen]
    if unseen:
        seen |= _views(connection, {"offices": unseen})
    return {office_id: seen[office_id] for office_id in wanted}


def hours_of(connection: Connection) -> dict[str, WorkingHours]:
    """When messages may leave, for every office, without reading its people. One that cannot be read: never."""
    return {row.id: hours_as_stored(row.definition) for row in connection.execute(_DEFINITIONS)}


def hours_as_stored(definition: str) -> WorkingHours:
    """When messages may leave, by the text of an office's definition. By one that cannot be read: never."""
    calendar = vietnam_calendar()
    return hours_by(_definition(definition), calendar) if _is_readable(definition) else _NeverAtWork(calendar)


def unreadable(connection: Connection) -> list[str]:
    """The offices whose stored definition or ladders cannot be read. Nothing of theirs is said until it is mended."""
    return [row.id for row in connection.execute(_ALL_THAT_IS_READ) if not _is_readable(row.definition, row.ladders)]


def _views(connection: Connection, which: dict[str, list[str]]) -> dict[str, OfficeView]:
    reachable = set(connection.execute(_REACHABLE, which).scalars().all())
    people: dict[str, dict[int, Member]] = defaultdict(dict)
    for office_id, person_id, *person in connection.execute(_PEOPLE, which).all():
        people[office_id][person_id] = _member(person_id, *person, person_id in reachable)
    units: dict[str, dict[str, UnitNode]] = defaultdict(dict)
    for office_id, unit_id, slug, *unit in connection.execute(_UNITS, which).all():
        units[office_id][slug] = _unit(unit_id, slug, *unit)
    away: dict[str, list[Away]] = defaultdict(list)
    for leave in connection.execute(_AWAY, which):
        away[leave.office_id].append(
            Away(leave.person_id, leave.substitute_id, leave.first_day, leave.last_day, leave.decision)
        )
    return {
        row.id: _view(row, people[row.id], units[row.id], away[row.id])
        for row in connection.execute(_OFFICES, which).all()
    }


def _view(row: AnyRow, members: Mapping[int, Member], units: Mapping[str, UnitNode], away: list[Away]) -> OfficeView:
    rests = not _is_readable(row.definition, row.ladders)
    definition = _IN_ITS_PLACE if rests else _definition(row.definition)
    ladders: Mapping[str, m.Ladder] = {} if rests else _ladders(row.ladders)
    by_slug = {member.slug: member for member in members.values()}
    staff = Staff(members, units, definition.standing_unit, tuple(away), by_slug)
    return OfficeView(row.id, row.name, definition, row.loaded_on, ladders, staff, vietnam_calendar(), rests)


# A turn looks at the same people several times, and every turn again: whoever has not changed is not made anew.
_unit = lru_cache(maxsize=8192)(UnitNode)


@lru_cache(maxsize=8192)
def _member(
    person_id: int,
    slug: str,
    name: str,
    unit_id: int,
    role: str,
    standing: bool,
    in_charge_of: str | None,
    active: bool,
    reachable: bool,
) -> Member:
    try:
        in_charge: tuple[str, ...] = tuple(json.loads(in_charge_of) or ()) if in_charge_of else ()
    except (ValueError, TypeError):  # then in charge of all: to hear too much is better than to hear nothing
        in_charge = ()
    return Member(person_id, slug, name, unit_id, role, standing, in_charge, active, reachable)


@lru_cache(maxsize=4096)
def _definition(text: str) -> m.Office:
    """The stored definition as a model: frozen, so one is enough for everyone who reads the same words."""
    return m.Office.model_validate_json(text)


class _NeverAtWork(WorkingHours):
    """Of an office that rests: its days have slots to count by, but no instant lies in one."""

    def __init__(self, calendar: WorkCalendar) -> None:
        of = _IN_ITS_PLACE
        super().__init__(calendar, of.timezone, of.morning, of.afternoon)

    def slot_at(self, instant: dt.datetime) -> None:  # noqa: ARG002
        """Nothing leaves."""
        return


def _is_readable(definition: str, ladders: str = "{}") -> bool:
    """Whether the stored texts can be read and make sense together: the zone is known, the hours are in order."""
    try:
        hours_by(_definition(definition), vietnam_calendar())
        _ladders(ladders)
    except (ValueError, NhacViecError):
        return False
    return True


def hours_by(definition: m.Office, calendar: WorkCalendar) -> WorkingHours:
    """The working hours that an office's definition names; offices with the same hours share one table of slots."""
    return _hours(calendar, definition.timezone, definition.morning, definition.afternoon)


@lru_cache(maxsize=64)
def _hours(calendar: WorkCalendar, timezone: str, morning: tuple[str, str], afternoon: tuple[str, str]) -> WorkingHours:
    return WorkingHours(calendar, timezone, morning, afternoon)


@lru_cache(maxsize=64)
def _ladders(text: str) -> Mapping[str, m.Ladder]:
    """The stored ladders; nearly every office has the same ones."""
    return MappingProxyType(_LADDERS.validate_json(text))
