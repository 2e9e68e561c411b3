"""Importing a list of people: show the difference first, then apply it.

The list adds and changes; it takes nobody away. Importing the same list twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from data import journal
from data.rows import AnyRow
from engine.actions import Actor
from engine.linking import LAST_RESORT, MAIL
from engine.office import CHAT, PERSON, UNIT, OfficeView
from engine.people import NOT_A_PHONE, ROLES, open_work
from engine.people_list import BadPeopleList, PersonRow, same_name
from engine.rules.chat_words import fold
from schedules.intake.units import key_of


@dataclass(frozen=True, slots=True)
class Altered:
    """One entry of a person, before and after, in words."""

    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a list and what is stored."""

    how: Literal["added", "changed", "returned"]
    slug: str
    name: str
    unit: str
    keys: tuple[str, ...] = ()  # which entries differ, in words
    person_id: int | None = None
    altered: tuple[Altered, ...] = ()

    @property
    def somebody_else(self) -> bool:
        """Whether so much differs that the row may mean another person: name, unit and role at once."""
        return {_LABELS[key] for key in ("name", "unit_id", "role")} <= set(self.keys)


def compare_people(
    connection: Connection, office: OfficeView, rows: Sequence[PersonRow], now: dt.datetime, source: str = "Danh sách"
) -> list[Change]:
    """What importing these rows would change: a rehearsal that is taken back.

    :raises BadPeopleList: with every problem found, one sentence each.
    """
    with connection.begin_nested() as rehearsal:
        changes = _bring_in_line(connection, office, rows, now, source)
        rehearsal.rollback()
    return changes


def import_people(
    connection: Connection,
    office: OfficeView,
    rows: Sequence[PersonRow],
    now: dt.datetime,
    actor: Actor,
    source: str = "Danh sách",
) -> list[Change]:
    """Add and change people as the list says; whoever is not in it stays as they are. Returns what was changed.

    An entry the list leaves empty (telephone, e-mail), or has no column for, is left alone.

    :raises BadPeopleList: with every problem found; nothing is written then.
    """
    changes = _bring_in_line(connection, office, rows, now, source)
    if changes:
        data = {"source": source, "changes": [f"{c.how} {c.slug}: {c.name}" for c in changes]}
        journal.append(connection, office.id, now, [journal.Line(actor.name, "people_imported", None, data)])
    return changes


def people_problems(
    connection: Connection, office: OfficeView, rows: Sequence[PersonRow], source: str = "Danh sách"
) -> list[str]:
    """What the office's units and people say against these rows; some may be wrong by themselves already."""
    return _Import(connection, office, rows, source).problems


def placeholders(connection: Connection, office: OfficeView, changes: Iterable[Change]) -> list[str]:
    """Roles of the office file beside which a list has put a real person: the reminders would still go to the role."""
    added = [change.person_id for change in changes if change.how == "added"]
    new = connection.execute(select(PERSON.c.unit_id, PERSON.c.role).where(PERSON.c.id.in_(added))).all()
    linked = select(CHAT.c.person_id).where(CHAT.c.person_id.is_not(None), CHAT.c.channel.not_in(NOT_A_PHONE))
    roles = connection.execute(
        select(PERSON.c.slug, PERSON.c.name, PERSON.c.unit_id, PERSON.c.role)
        .where(PERSON.c.office_id == office.id, PERSON.c.active, PERSON.c.origin == "file", PERSON.c.id.not_in(linked))
        .order_by(PERSON.c.id)
    )
    places = {(row.unit_id, row.role) for row in new}
    return [
        f"{row.name} (mã {row.slug}) của tệp nhiệm vụ chưa nối với ai. Nếu đó chính là người vừa thêm, hãy ghi mã này "
        "vào cột Mã của người ấy rồi nhập lại, để việc giao cho chức danh đến đúng người."
        for row in roles
        if (row.unit_id, row.role) in places
    ]


_LABELS = {
    "name": "họ tên",
    "unit_id": "đơn vị",
    "role": "vai trò",
    "standing": "thường trực",
    "in_charge_of": "phụ trách",
    "phone": "điện thoại",
    "email": "email",
    "active": "công tác trở lại",
}
NOTHING = "(trống)"
_BY_THE_FILE = frozenset({"name", "unit_id", "role", "standing", "in_charge_of", "active"})


class _Import:
    """One list held against one office: what each row wants, and what speaks against it."""

    def __init__(self, connection: Connection, office: OfficeView, rows: Sequence[PersonRow], source: str) -> None:
        self.connection = connection
        self.office = office
        self.source = source
        self.problems: list[str] = []
        self.units = connection.execute(select(UNIT).where(UNIT.c.office_id == office.id, UNIT.c.active)).all()
        every_unit = select(UNIT.c.id, UNIT.c.slug, UNIT.c.name).where(UNIT.c.office_id == office.id)
        self.names: dict[object, str] = {}  # of units, by number and by slug
        for row in connection.execute(every_unit):
            self.names |= {row.id: row.name, row.slug: row.name}
        people = connection.execute(select(PERSON).where(PERSON.c.office_id == office.id).order_by(PERSON.c.id)).all()
        self.by_slug = {row.slug: row for row in people}
        self.by_name: dict[tuple[str, int], AnyRow] = {}
        for row in sorted(people, key=lambda row: not row.active):
            self.by_name.setdefault((same_name(row.name), row.unit_id), row)
        mails = connection.execute(select(CHAT.c.address, CHAT.c.person_id).where(CHAT.c.channel == MAIL))
        self.owner_of_mail = {row.address: row.person_id for row in mails}
        self.mail_of = {person: address for address, person in self.owner_of_mail.items()}
        self.rows_of: dict[object, PersonRow] = {}
        self.wanted = [found for row in rows if (found := self._wanted(row)) is not None]

    def _wanted(self, row: PersonRow) -> tuple[PersonRow, AnyRow | None, AnyRow, dict[str, Any]] | None:
        """The row, who it is already, their unit, and what is to be stored of them."""
        before = len(self.problems)
        unit = self._unit(row, row.unit) if row.unit else None  # a cell that is empty has been told of
        person = self.by_slug.get(row.slug or "")
        if person is None and unit is not None:
            person = self.by_name.get((same_name(row.name), unit.id))
        # "Chủ tịch Hội Nông dân": of a partner it is the head; the leaders are those of the committee.
        role = "head" if row.role == "leader" and unit is not None and unit.kind == "partner" else row.role
        values: dict[str, Any] = {"name": row.name, "role": role, "viewer": role == "viewer"}
        if row.standing is not None:
            values["standing"] = row.standing
        if role in ("leader", "") and row.in_charge_of is not None:  # "": it may have been meant for a leader
            values["in_charge_of"] = self._in_charge_of(row)
        if row.phone:
            values["phone"] = row.phone
        if role == "viewer" and person is not None and values.get("standing", person.standing):
            self._wrong(row, f"{person.name} đang là thường trực, không thể chỉ xem. Hãy ghi cột Thường trực để trống.")
        if unit is not None:
            self._same_again(row, person, unit)
            self._must_hand_over(row, person, unit)
        owner = self.owner_of_mail.get(row.email or "")
        if owner is not None and (person is None or owner != person.id):
            here = owner in self.office.staff.members
            whose = self.office.name_of(owner) if here else "một người ở cơ quan khác"
            self._wrong(row, f"địa chỉ {row.email} đang là của {whose}. Hãy sửa lại một trong hai.")
        if unit is None or len(self.problems) != before:
            return None
        return (row, person, unit, {**values, "unit_id": unit.id})

    def _same_again(self, row: PersonRow, person: AnyRow | None, unit: AnyRow) -> None:
        """Two rows of one person, though their units are spelled differently or only one has the slug."""
        keys: list[object] = [("person", person.id)] if person is not None else []
        if not row.slug and row.name:
            keys.append((same_name(row.name), unit.id))
        earlier = next((found for key in keys if (found := self.rows_of.get(key))), None)
        for key in keys:
            self.rows_of.setdefault(key, row)
        if earlier is None or _told_by_the_list(row, earlier):
            return
        self._wrong(
            row,
            f"trùng người với dòng {earlier.line}. "
            "Nếu là hai người, hãy ghi mã khác nhau ở cột Mã; nếu không, bỏ một dòng.",
        )

    def _must_hand_over(self, row: PersonRow, person: AnyRow | None, unit: AnyRow) -> None:
        if person is not None and person.unit_id != unit.id and open_work(self.connection, self.office, person.id):
            self._wrong(
                row,
                f"{person.name} chuyển đơn vị mà còn việc đang mở. "
                f"Hãy bàn giao trước: nhacviec people move {person.slug} --to {unit.slug}",
            )

    def _unit(self, row: PersonRow, text: str) -> AnyRow | None:
        found = find_unit(self.units, text)
        if found is None:
            near = nearest_unit(self.units, text)
            hint = f"Có phải “{near}”?" if near else "Các đơn vị: " + "; ".join(unit.name for unit in self.units) + "."
            self._wrong(row, f"không có đơn vị nào tên “{text}”. {hint}")
        return found

    def _in_charge_of(self, row: PersonRow) -> list[str]:
        """Slugs of the units in the cell; a comma may part two units, or stand inside the name of one."""
        slugs: list[str] = []
        for text in row.in_charge_of or ():
            if fold(text) in ("tat ca", "toan bo", "chung", "all"):
                return []
            parts = [part.strip() for part in text.split(",") if part.strip()]
            while parts:
                take = next((n for n in range(len(parts), 0, -1) if find_unit(self.units, ", ".join(parts[:n]))), 1)
                unit = self._unit(row, ", ".join(parts[:take]))
                if unit is not None:
                    slugs.append(unit.slug)
                parts = parts[take:]
        return list(dict.fromkeys(slugs))

    def _wrong(self, row: PersonRow, what: str) -> None:
        self.problems.append(f"{self.source}, dòng {row.line}: {what}")


def _told_by_the_list(row: PersonRow, earlier: PersonRow) -> bool:
    """Whether the list alone shows that the two are one."""
    if row.slug or earlier.slug:
        return row.slug == earlier.slug
    return (same_name(row.name), same_name(row.unit)) == (same_name(earlier.name), same_name(earlier.unit))


def find_unit(units: Sequence[AnyRow], text: str) -> AnyRow | None:
    """The unit that is called so: by its slug, name or alias; else the only one whose name says the same.

    The same is said without marks ("phong kinh te"), and in the short forms of unit names ("TT PVHCC").
    """
    wanted = same_name(text)
    for unit in units:
        if wanted in (unit.slug, same_name(unit.name), *(same_name(alias) for alias in unit.aliases or ())):
            return unit
    for spelling in (key_of, fold):
        key = spelling(wanted)
        alike = [unit for unit in units if key in {spelling(same_name(n)) for n in (unit.name, *(unit.aliases or ()))}]
        if key and len(alike) == 1:
            return alike[0]
    return None


def nearest_unit(units: Sequence[AnyRow], text: str) -> str | None:
    """The name nearest to what was written, for a sentence that asks whether it was meant."""
    names = {fold(name): unit.name for unit in units for name in (unit.slug, unit.name, *(unit.aliases or ()))}
    near = difflib.get_close_matches(fold(text), names, n=1)
    return names[near[0]] if near else None


def _bring_in_line(
    connection: Connection, office: OfficeView, rows: Sequence[PersonRow], now: dt.datetime, source: str
) -> list[Change]:
    found = _Import(connection, office, rows, source)
    if found.problems:
        raise BadPeopleList(found.problems)
    changes: list[Change] = []
    taken = set(found.by_slug)
    for row, person, unit, values in found.wanted:
        if person is None:
            slug = row.slug or _free_slug(row.name, taken)
            taken.add(slug)
            change: Change | None = _add(connection, office, slug, unit, values)
        else:
            change = _alter(connection, person, unit, values, row, found.mail_of.get(person.id), found.names)
        if change is None:
            continue
        if row.email and change.person_id is not None:
            _put_mail(connection, office, change.person_id, row.email, now)
        changes.append(change)
    return changes


def _add(connection: Connection, office: OfficeView, slug: str, unit: AnyRow, values: dict[str, Any]) -> Change:
    values = {"standing": False, "in_charge_of": [], **values}
    identity = connection.execute(
        insert(PERSON)
        .values(office_id=office.id, slug=slug, active=True, origin="list", **values)
        .returning(PERSON.c.id)
    ).scalar_one()
    return Change("added", slug, values["name"], unit.name, person_id=identity)


def _alter(
    connection: Connection,
    person: AnyRow,
    unit: AnyRow,
    values: dict[str, Any],
    row: PersonRow,
    mail: str | None,
    units: Mapping[object, str],
) -> Change | None:
    """Bring one person in line; None when they are already."""
    stored = {**person._mapping, "in_charge_of": list(person.in_charge_of or ())}
    values = {**values, "active": True}
    keys = [key for key in _LABELS if key in values and values[key] != stored[key]]
    if keys or values["viewer"] != person.viewer:
        # What the office file says of them is no longer the last word.
        origin = "list" if _BY_THE_FILE & set(keys) else person.origin
        new = {**values, "left_on": None, "origin": origin}
        connection.execute(update(PERSON).where(PERSON.c.id == person.id).values(**new))
    altered = [
        Altered(_LABELS[key], _in_words(key, stored[key], units), _in_words(key, values[key], units)) for key in keys
    ]
    if row.email and row.email != mail:
        keys.append("email")
        altered.append(Altered(_LABELS["email"], mail or NOTHING, row.email))
    if not keys:
        return None
    how: Literal["changed", "returned"] = "changed" if person.active else "returned"
    labels = tuple(_LABELS[key] for key in keys)
    return Change(how, person.slug, values["name"], unit.name, labels, person.id, tuple(altered))


def _in_words(key: str, value: Any, units: Mapping[object, str]) -> str:
    """An entry as the operator reads it."""
    if key == "unit_id":
        return units.get(value, NOTHING)
    if key == "role":
        return ROLES.get(value, str(value))
    if key == "in_charge_of":
        return "; ".join(units.get(slug, slug) for slug in value) or "tất cả"
    if key == "active":
        return "đang công tác" if value else "thôi công tác"
    if isinstance(value, bool):
        return "có" if value else "không"
    return str(value) if value else NOTHING


def _put_mail(connection: Connection, office: OfficeView, person_id: int, address: str, now: dt.datetime) -> None:
    there = select(CHAT.c.address).where(CHAT.c.person_id == person_id, CHAT.c.channel == MAIL)
    if connection.execute(there).scalar() == address:
        return
    connection.execute(delete(CHAT).where(CHAT.c.person_id == person_id, CHAT.c.channel == MAIL))
    connection.execute(
        insert(CHAT).values(
            office_id=office.id,
            person_id=person_id,
            channel=MAIL,
            bot=MAIL,
            address=address,
            rank=LAST_RESORT,
            linked_at=now,
        )
    )


def _free_slug(name: str, taken: set[str]) -> str:
    slug = "-".join(re.findall(r"[a-z0-9]+", fold(name)))[:50].strip("-") or "can-bo"
    return next(
        free
        for number in range(1, len(taken) + 2)
        if (free := slug if number == 1 else f"{slug}-{number}") not in taken
    )
