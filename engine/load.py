"""Loading an office file into the database: show the difference first, then apply it; history stays untouched.

Loading the same file twice changes nothing. A changed or dropped obligation loses only the occurrences that nobody
has heard of yet; everything that has been opened stays as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, insert, select, update

from data import journal
from engine.digest import next_digest
from engine.office import CHAT, OBLIGATION, OCCURRENCE, OFFICE, PERSON, UNIT, view_office
from schedules.office_file import ladder_of, ladders
from schedules.office_model import Obligation, OfficeFile


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and what is stored."""

    what: Literal["office", "unit", "person", "obligation"]
    how: Literal["added", "changed", "dropped"]
    slug: str
    name: str
    keys: tuple[str, ...] = ()  # for "changed": which entries differ


def compare(connection: Connection, file: OfficeFile) -> list[Change]:
    """What loading the file would change. Empty when it is loaded already."""
    office_id = file.office.id
    changes: list[Change] = []
    stored = connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).first()
    wanted = _office_row(file)
    if stored is None:
        changes.append(Change("office", "added", office_id, file.office.name))
    else:
        changes += _changed("office", office_id, file.office.name, stored._mapping, wanted)
    for what, table, rows in (
        ("unit", UNIT, _unit_rows(file)),
        ("person", PERSON, _person_rows(file)),
        ("obligation", OBLIGATION, _obligation_rows(file)),
    ):
        changes += _compare_rows(connection, what, table, office_id, rows)  # type: ignore[arg-type]
    return changes


def apply(connection: Connection, file: OfficeFile, now: dt.datetime) -> list[Change]:
    """Bring the database in line with the file. Returns what was changed."""
    changes = compare(connection, file)
    if not changes:
        return []
    office_id = file.office.id
    _put_office(connection, file, now)
    _put_rows(connection, UNIT, office_id, _unit_rows(file))
    unit_ids = _ids(connection, UNIT, office_id)
    people = [{**row, "unit_id": unit_ids[row["unit_slug"]]} for row in _person_rows(file)]
    for row in people:
        del row["unit_slug"]
    _put_rows(connection, PERSON, office_id, people)
    today = view_office(connection, office_id).today(now)
    yesterday = today - dt.timedelta(days=1)
    rows = [{**row, "planned_until": yesterday} for row in _obligation_rows(file)]
    touched = {c.slug for c in changes if c.what == "obligation"}
    _put_rows(connection, OBLIGATION, office_id, [row for row in rows if row["slug"] in touched])
    kept = {row["slug"] for row in rows}
    dropped = [c.slug for c in changes if c.what == "obligation" and c.slug not in kept]
    if dropped:
        connection.execute(
            update(OBLIGATION)
            .where(OBLIGATION.c.office_id == office_id, OBLIGATION.c.slug.in_(dropped))
            .values(active=False)
        )
    _forget_unopened(connection, office_id, touched)
    view = view_office(connection, office_id)
    connection.execute(update(OFFICE).where(OFFICE.c.id == office_id).values(next_digest_at=next_digest(view, now)))
    data = {"plan": file.plan.title, "changes": [f"{c.what} {c.slug} {c.how}" for c in changes]}
    journal.append(connection, office_id, now, [journal.Line("operator", "loaded", None, data)])
    return changes


def link_simulator(connection: Connection, now: dt.datetime) -> None:
    """Give everyone who has no address at all one on the simulator, so that it runs without any set-up."""
    linked = select(CHAT.c.person_id)
    for row in connection.execute(
        select(PERSON.c.id, PERSON.c.office_id, PERSON.c.slug).where(PERSON.c.active, PERSON.c.id.not_in(linked))
    ).all():
        connection.execute(
            insert(CHAT).values(
                office_id=row.office_id,
                person_id=row.id,
                channel="simulator",
                bot="simulator",
                address=f"{row.office_id}/{row.slug}",
                linked_at=now,
            )
        )


# ---- the file as rows ---------------------------------------------------------------------------------------------


def _office_row(file: OfficeFile) -> dict[str, Any]:
    return {
        "name": file.office.name,
        "timezone": file.office.timezone,
        "definition": file.office.model_dump(mode="json"),
        "plan": file.plan.model_dump(mode="json"),
        "ladders": {key: ladder.model_dump(mode="json") for key, ladder in ladders().items()},
    }


def _unit_rows(file: OfficeFile) -> list[dict[str, Any]]:
    return [
        {
            "slug": unit.id,
            "name": unit.name,
            "kind": unit.kind,
            "aliases": list(unit.aliases),
            "escalates_to": unit.escalates_to,
            "active": True,
        }
        for unit in file.units
    ]


def _person_rows(file: OfficeFile) -> list[dict[str, Any]]:
    return [
        {
            "slug": person.id,
            "name": person.name,
            "unit_slug": person.unit,
            "role": person.role,
            "standing": person.standing,
            "in_charge_of": list(person.in_charge_of),
            "active": True,
        }
        for person in file.people
    ]


def _obligation_rows(file: OfficeFile) -> list[dict[str, Any]]:
    return [
        {
            "slug": obligation.id,
            "title": obligation.title,
            "rule": obligation.model_dump(mode="json", exclude_defaults=True),
            "ladder": ladder_of(obligation),
            "confirm": obligation.confirm,
            "product": obligation.product,
            "secret": obligation.secret,
            "active": True,
        }
        for obligation in file.obligations
    ]


# ---- comparing and writing ----------------------------------------------------------------------------------------


def _compare_rows(
    connection: Connection,
    what: Literal["unit", "person", "obligation"],
    table: Table,
    office_id: str,
    rows: Iterable[dict[str, Any]],
) -> list[Change]:
    stored = {row["slug"]: row for row in _stored(connection, table, office_id)}
    changes: list[Change] = []
    seen = set()
    for row in rows:
        seen.add(row["slug"])
        name = str(row.get("title") or row["name"])
        if row["slug"] not in stored:
            changes.append(Change(what, "added", row["slug"], name))
        else:
            changes += _changed(what, row["slug"], name, stored[row["slug"]], row)
    for slug, row in stored.items():
        if slug not in seen and row["active"]:
            changes.append(Change(what, "dropped", slug, str(row.get("title") or row["name"])))
    return changes


def _stored(connection: Connection, table: Table, office_id: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.office_id == office_id)
    if table is PERSON:
        query = (
            select(PERSON, UNIT.c.slug.label("unit_slug"))
            .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
            .where(PERSON.c.office_id == office_id)
        )
    return [dict(row) for row in connection.execute(query).mappings()]


def _changed(
    what: Literal["office", "unit", "person", "obligation"],
    slug: str,
    name: str,
    stored: Mapping[Any, Any],
    wanted: Mapping[str, Any],
) -> list[Change]:
    keys = [key for key, value in wanted.items() if stored[key] != value]
    if keys == ["rule"] or (what == "obligation" and "rule" in keys):
        keys = sorted(
            {k for k in {**stored["rule"], **wanted["rule"]} if stored["rule"].get(k) != wanted["rule"].get(k)}
        )
    return [Change(what, "changed", slug, name, tuple(keys))] if keys else []


def _put_office(connection: Connection, file: OfficeFile, now: dt.datetime) -> None:
    row = _office_row(file)
    exists = connection.execute(select(OFFICE.c.id).where(OFFICE.c.id == file.office.id)).first()
    if exists:
        connection.execute(update(OFFICE).where(OFFICE.c.id == file.office.id).values(**row))
    else:
        loaded_on = now.astimezone(ZoneInfo(file.office.timezone)).date()
        connection.execute(insert(OFFICE).values(id=file.office.id, loaded_on=loaded_on, **row))


def _put_rows(connection: Connection, table: Table, office_id: str, rows: list[dict[str, Any]]) -> None:
    known = _ids(connection, table, office_id)
    for row in rows:
        if row["slug"] in known:
            connection.execute(update(table).where(table.c.id == known[row["slug"]]).values(**row))
        else:
            connection.execute(insert(table).values(office_id=office_id, **row))
    if table is not OBLIGATION:  # whoever is no longer in the file stays in the history
        gone = [identity for slug, identity in known.items() if slug not in {row["slug"] for row in rows}]
        if gone:
            connection.execute(update(table).where(table.c.id.in_(gone)).values(active=False))


def _ids(connection: Connection, table: Table, office_id: str) -> dict[str, int]:
    rows = connection.execute(select(table.c.slug, table.c.id).where(table.c.office_id == office_id))
    return {row.slug: row.id for row in rows}


def _forget_unopened(connection: Connection, office_id: str, slugs: set[str]) -> None:
    obligations = select(OBLIGATION.c.id).where(OBLIGATION.c.office_id == office_id, OBLIGATION.c.slug.in_(slugs))
    connection.execute(
        delete(OCCURRENCE).where(OCCURRENCE.c.obligation_id.in_(obligations), OCCURRENCE.c.opened_at.is_(None))
    )


def rule_of(row: Mapping[str, Any]) -> Obligation:
    """The obligation as the file had it."""
    return Obligation.model_validate(row["rule"])
