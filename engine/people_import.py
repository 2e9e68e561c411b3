"""Importing a list of people: show the difference first, then apply it.

The list adds and changes; it takes nobody away. Importing the same list twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from data import journal
from data.rows import AnyRow
from engine.actions import Actor
from engine.linking import LAST_RESORT, MAIL
from engine.office import CHAT, PERSON, UNIT, OfficeView
from engine.people import NOT_A_PHONE, open_work
from engine.people_list import BadPeopleList, PersonRow, same_name
from engine.rules.chat_words import fold
from schedules.intake.units import key_of


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a list and what is stored."""

    how: Literal["added", "changed", "returned"]
    slug: str
    name: str
    unit: str
    keys: tuple[str, ...] = ()  # which entries differ, in words
    person_id: int | None = None


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
    """What the office's units and people say against these rows."""
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
_BY_THE_FILE = frozenset({"name", "unit_id", "role", "standing", "in_charge_of", "active"})


class _Import:
    """One list held against one office: what each row wants, and what speaks against it."""

    def __init__(self, connection: Connection, office: OfficeView, rows: Sequence[PersonRow], source: str) -> None:
        self.connection = connection
        self.office = office
        self.source = source
        self.problems: list[str] = []
        self.units = connection.execute(select(UNIT).where(UNIT.c.office_id == office.id, UNIT.c.active)).all()
        people = connection.execute(select(PERSON).where(PERSON.c.office_id == office.id).order_by(PERSON.c.id)).all()
        self.by_slug = {row.slug: row for row in people}
        self.by_name: dict[tuple[str, int], AnyRow] = {}
        for row in sorted(people, key=lambda row: not row.active):
            self.by_name.setdefault((same_name(row.name), row.unit_id), row)
        mails = connection.execute(select(CHAT.c.address, CHAT.c.person_id).where(CHAT.c.channel == MAIL))
        self.owner_of_mail = {row.address: row.person_id for row in mails}
        self.mail_of = {person: address for address, person in self.owner_of_mail.items()}
        self.wanted = [found for row in rows if (found := self._wanted(row)) is not None]

    def _wanted(self, row: PersonRow) -> tuple[PersonRow, AnyRow | None, AnyRow, dict[str, Any]] | None:
        """The row, who it is already, their unit, and what is to be stored of them."""
        before = len(self.problems)
        unit = self._unit(row, row.unit)
        if unit is None:
            return None
        person = self.by_slug.get(row.slug or "") or self.by_name.get((same_name(row.name), unit.id))
        # "Chủ tịch Hội Nông dân": of a partner it is the head; the leaders are those of the committee.
        role = "head" if row.role == "leader" and unit.kind == "partner" else row.role
        values: dict[str, Any] = {"name": row.name, "unit_id": unit.id, "role": role, "viewer": role == "viewer"}
        if row.standing is not None:
            values["standing"] = row.standing
        if role == "leader" and row.in_charge_of is not None:
            values["in_charge_of"] = self._in_charge_of(row)
        if row.phone:
            values["phone"] = row.phone
        if role == "viewer" and person is not None and values.get("standing", person.standing):
            self._wrong(row, f"{person.name} đang là thường trực, không thể chỉ xem. Hãy ghi cột Thường trực để trống.")
        if person is not None and person.unit_id != unit.id and open_work(self.connection, self.office, person.id):
            self._wrong(
                row,
                f"{person.name} chuyển đơn vị mà còn việc đang mở. "
                f"Hãy bàn giao trước: nhacviec people move {person.slug} --to {unit.slug}",
            )
        owner = self.owner_of_mail.get(row.email or "")
        if owner is not None and (person is None or owner != person.id):
            self._wrong(
                row, f"địa chỉ {row.email} đang là của {self.office.name_of(owner)}. Hãy sửa lại một trong hai."
            )
        return (row, person, unit, values) if len(self.problems) == before else None

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
            change = _alter(connection, person, unit, values, row, found.mail_of.get(person.id))
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
    connection: Connection, person: AnyRow, unit: AnyRow, values: dict[str, Any], row: PersonRow, mail: str | None
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
    if row.email and row.email != mail:
        keys.append("email")
    if not keys:
        return None
    how: Literal["changed", "returned"] = "changed" if person.active else "returned"
    return Change(how, person.slug, values["name"], unit.name, tuple(_LABELS[key] for key in keys), person.id)


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
