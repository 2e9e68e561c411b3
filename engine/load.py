"""Loading an office file into the database: show the difference first, then apply it; history stays untouched.

Loading the same file twice changes nothing. Occurrences that nobody has heard of yet take the dates that the file,
the ladders and the calendar give them now; opened ones keep their dates and take new alarms; closed ones are history.
Open work of an obligation that is no longer in the file is cancelled, and opened again should the obligation return
in time. People whom a list has brought or changed, who have been moved or have left, are none of the file's business.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, insert, or_, select, update

from data import journal
from data.rows import AnyRow
from engine import actions
from engine.actions import Actor
from engine.digest import next_digest
from engine.linking import MAIL
from engine.office import CHAT, OBLIGATION, OCCURRENCE, OFFICE, PERSON, UNIT, OfficeView, view_office
from engine.plan import occurrences_of
from engine.rules.ladder import anchors_of, climb
from engine.rules.lifecycle import CLOSED, OPEN, WorkState
from schedules.dates import expand
from schedules.office_file import ladder_of, ladders
from schedules.office_model import Obligation, OfficeFile

OPERATOR = Actor("người vận hành")
NOT_IN_FILE = "nhiệm vụ không còn trong tệp"
A_YEAR = dt.timedelta(days=366)  # how far a changed rule may move a period
_ANY_TIME = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # a rehearsal leaves no trace of when it was
_DATED = (
    "title",
    "data_from",
    "cutoff",
    "nominal_due",
    "due",
    "internal_due",
    "first_internal_due",
    "due_time",
    "reasons",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and what is stored."""

    what: Literal["office", "unit", "person", "obligation"]
    how: Literal["added", "changed", "dropped"]
    slug: str
    name: str
    keys: tuple[str, ...] = ()  # which entries differ, or what becomes of the occurrences


def compare(connection: Connection, file: OfficeFile) -> list[Change]:
    """What loading the file would change. Empty when it is loaded already.

    A rehearsal that is taken back, so that what is shown is what will happen.
    """
    with connection.begin_nested() as rehearsal:
        changes = _bring_in_line(connection, file, _ANY_TIME)
        rehearsal.rollback()
    return changes


def apply(connection: Connection, file: OfficeFile, now: dt.datetime, actor: Actor = OPERATOR) -> list[Change]:
    """Bring the database in line with the file. Returns what was changed."""
    changes = _bring_in_line(connection, file, now)
    if not changes:
        return []
    office_id = file.office.id
    connection.execute(  # a digest that is due already keeps its turn
        update(OFFICE)
        .where(OFFICE.c.id == office_id, or_(OFFICE.c.next_digest_at.is_(None), OFFICE.c.next_digest_at > now))
        .values(next_digest_at=next_digest(view_office(connection, office_id), now))
    )
    data = {"plan": file.plan.title, "changes": [f"{c.what} {c.slug} {c.how}" for c in changes]}
    journal.append(connection, office_id, now, [journal.Line(actor.name, "loaded", None, data)])
    return changes


def _bring_in_line(connection: Connection, file: OfficeFile, now: dt.datetime) -> list[Change]:
    changes = [*_known_from_lists(connection, file), *_differences(connection, file)]
    office_id = file.office.id
    touched = {c.slug for c in changes if c.what == "obligation"}
    returned: list[str] = []
    if changes:
        returned = _returned(connection, file)
        _put_office(connection, file, now)
        _put_rows(connection, UNIT, office_id, _unit_rows(file))
        _put_rows(connection, PERSON, office_id, _person_rows_with_units(connection, file))
        if any(c.what == "unit" for c in changes):  # "mỗi đơn vị" is another list now
            touched |= {obligation.id for obligation in file.obligations if obligation.lead_each == "all"}
        # To be planned again from today; a new day of an old rule may be one that was never planned.
        planned_until = now.astimezone(ZoneInfo(file.office.timezone)).date() - dt.timedelta(days=1)
        rows = [{**row, "planned_until": planned_until} for row in _obligation_rows(file) if row["slug"] in touched]
        _put_rows(connection, OBLIGATION, office_id, rows)
    office = view_office(connection, office_id)
    for index, change in enumerate(changes):
        if change.what == "obligation" and change.how == "dropped":
            changes[index] = replace(change, keys=_drop(connection, office, change.slug, now))
    _open_returned(connection, office, returned, now)
    redated, rearmed = _redate(connection, office)
    rearmed += _rearm(connection, office)
    changes += [
        Change("obligation", "changed", slug, title, (f"ngày của {count} kỳ",))
        for (slug, title), count in redated.items()
        if slug not in touched
    ]
    if rearmed and not changes:  # only the calendar can do that
        changes.append(Change("office", "changed", office_id, office.name, (f"giờ nhắc của {rearmed} kỳ",)))
    return changes


def _differences(connection: Connection, file: OfficeFile) -> list[Change]:
    office_id = file.office.id
    changes: list[Change] = []
    wanted = _office_row(file)
    try:
        stored = connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).first()
    except ValueError:  # what is stored is no JSON any more: loading the file is how it is mended
        changes.append(Change("office", "changed", office_id, file.office.name, ("definition",)))
    else:
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


def _known_from_lists(connection: Connection, file: OfficeFile) -> list[Change]:
    """People of the file whom a list has brought already, of the same name and unit: they take the file's slug.

    Obligations name their doer by it.
    """
    stored = _stored(connection, PERSON, file.office.id)
    taken = {row["slug"] for row in stored}
    named = {(p.name, p.unit): p.id for p in file.people if p.id not in taken}
    changes = []
    for row in stored:
        slug = named.get((row["name"], row["unit_slug"])) if _is_from_list(row) else None
        if slug is not None:
            connection.execute(update(PERSON).where(PERSON.c.id == row["id"]).values(slug=slug))
            changes.append(Change("person", "changed", slug, row["name"], ("slug",)))
    return changes


def _is_from_list(row: Mapping[str, Any]) -> bool:
    return row.get("origin") == "list"


def link_simulator(connection: Connection, now: dt.datetime) -> None:
    """Give everyone who has no chat at all one on the simulator, so that it runs without any set-up."""
    linked = select(CHAT.c.person_id).where(CHAT.c.person_id.is_not(None), CHAT.c.channel != MAIL)
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


def _person_rows_with_units(connection: Connection, file: OfficeFile) -> list[dict[str, Any]]:
    unit_ids = _ids(connection, UNIT, file.office.id)
    rows = [{**row, "unit_id": unit_ids[row["unit_slug"]]} for row in _person_rows(file)]
    for row in rows:
        del row["unit_slug"]
    return rows


def _obligation_rows(file: OfficeFile) -> list[dict[str, Any]]:
    return [
        {
            "slug": obligation.id,
            "title": obligation.title,
            "rule": obligation.model_dump(mode="json", exclude_defaults=True),
            "ladder": ladder_of(obligation),
            "confirm": obligation.confirm,
            "product": obligation.product,
            "evidence": obligation.evidence,
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
        elif not _is_from_list(stored[row["slug"]]):
            changes += _changed(what, row["slug"], name, stored[row["slug"]], row)
    for slug, row in stored.items():
        if slug not in seen and row["active"] and not _is_from_list(row):
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
    if table is PERSON:
        theirs = {row["slug"] for row in _stored(connection, PERSON, office_id) if _is_from_list(row)}
        known = {slug: identity for slug, identity in known.items() if slug not in theirs}
        rows = [row for row in rows if row["slug"] not in theirs]
    for row in rows:
        if row["slug"] in known:
            connection.execute(update(table).where(table.c.id == known[row["slug"]]).values(**row))
        else:
            connection.execute(insert(table).values(office_id=office_id, **row))
    if table is not OBLIGATION:  # whoever is no longer in the file stays in the history
        gone = [identity for slug, identity in known.items() if slug not in {row["slug"] for row in rows}]
        if gone:
            connection.execute(update(table).where(table.c.id.in_(gone)).values(active=False))


def _ids(connection: Connection, table: Table, office_id: str, *, active: bool | None = None) -> dict[str, int]:
    query = select(table.c.slug, table.c.id).where(table.c.office_id == office_id)
    if active is not None:
        query = query.where(table.c.active == active)
    return {row.slug: row.id for row in connection.execute(query)}


# ---- what becomes of the occurrences ------------------------------------------------------------------------------

_CLOSED = [str(state) for state in CLOSED]
_PLANNED = (  # not opened and not closed: nobody has heard of it
    select(OCCURRENCE, OBLIGATION.c.slug, OBLIGATION.c.rule, OBLIGATION.c.title.label("duty"))
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .where(OBLIGATION.c.active, OCCURRENCE.c.opened_at.is_(None), OCCURRENCE.c.work_state.not_in(_CLOSED))
    .order_by(OCCURRENCE.c.obligation_id, OCCURRENCE.c.due)
)


def _drop(connection: Connection, office: OfficeView, slug: str, now: dt.datetime) -> tuple[str, ...]:
    """An obligation that is no longer in the file: what was opened is cancelled, what was only planned goes."""
    obligation = connection.execute(
        update(OBLIGATION)
        .where(OBLIGATION.c.office_id == office.id, OBLIGATION.c.slug == slug)
        .values(active=False)
        .returning(OBLIGATION.c.id)
    ).scalar_one()
    its = (OCCURRENCE.c.obligation_id == obligation) & OCCURRENCE.c.work_state.not_in(_CLOSED)
    planned = connection.execute(delete(OCCURRENCE).where(its, OCCURRENCE.c.opened_at.is_(None))).rowcount
    opened = connection.execute(select(OCCURRENCE.c.id).where(its)).scalars().all()
    for occurrence in opened:
        actions.cancel(connection, office, _row(connection, occurrence), OPERATOR, NOT_IN_FILE, now)
    told = [(len(opened), "huỷ {} kỳ đang mở"), (planned, "bỏ {} kỳ chưa mở")]
    return tuple(words.format(count) for count, words in told if count)


def _returned(connection: Connection, file: OfficeFile) -> list[str]:
    """Obligations of the file that an earlier one had dropped."""
    stored = select(OBLIGATION.c.slug).where(OBLIGATION.c.office_id == file.office.id, ~OBLIGATION.c.active)
    return list({*connection.execute(stored).scalars()} & {obligation.id for obligation in file.obligations})


def _open_returned(connection: Connection, office: OfficeView, slugs: Iterable[str], now: dt.datetime) -> None:
    """What was cancelled only because its obligation was missing, and is not past yet, is to be done after all."""
    cancelled = connection.execute(
        select(OCCURRENCE.c.id, OCCURRENCE.c.due, OCCURRENCE.c.internal_due, journal.JOURNAL.c.data)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(journal.JOURNAL, journal.JOURNAL.c.occurrence_id == OCCURRENCE.c.id)
        .where(
            OBLIGATION.c.office_id == office.id,
            OBLIGATION.c.slug.in_(list(slugs)),
            OCCURRENCE.c.work_state == WorkState.CANCELLED,
            journal.JOURNAL.c.action == "cancelled",
        )
        .order_by(journal.JOURNAL.c.seq)
    )
    for row in {row.id: row for row in cancelled}.values():  # the last word about each
        in_time = max(row.due, row.internal_due) >= office.today(now)
        if in_time and json.loads(row.data).get("reason") == NOT_IN_FILE:
            actions.reopen(connection, office, _row(connection, row.id), OPERATOR, now)


def _redate(connection: Connection, office: OfficeView) -> tuple[Counter[tuple[str, str]], int]:
    """Planned occurrences take the dates and the alarms that hold now.

    Returns how many of each obligation, (slug, title), changed their dates, and how many only their alarm.
    """
    units = _ids(connection, UNIT, office.id, active=True)
    redated, rearmed = Counter[tuple[str, str]](), 0
    planned = connection.execute(_PLANNED.where(OCCURRENCE.c.office_id == office.id)).all()
    for (obligation_id, slug, title), rows in groupby(planned, lambda row: (row.obligation_id, row.slug, row.duty)):
        stored = list(rows)
        obligation = Obligation.model_validate(stored[0].rule)
        last = max(row.nominal_due for row in stored) + A_YEAR
        wanted = {
            (values["period_key"], values["unit_id"]): values
            for dates in expand(obligation, office.calendar, office.loaded_on, last)
            for values in occurrences_of(office, obligation_id, obligation, dates, units)
        }
        for row in stored:
            changed = _redate_one(connection, row, wanted.get((row.period_key, row.unit_id)))
            rearmed += changed == {"next_move_at"}
            redated[slug, title] += bool(changed - {"next_move_at"})
    return +redated, rearmed


def _redate_one(connection: Connection, row: AnyRow, wanted: Mapping[str, Any] | None) -> set[str]:
    """Returns what changed: everything, where this period is no longer to be."""
    if wanted is None:
        connection.execute(delete(OCCURRENCE).where(OCCURRENCE.c.id == row.id))
        return set(_DATED)
    names: tuple[str, ...] = _DATED if row.next_move_at is None else (*_DATED, "next_move_at")  # suspended: no alarm
    if row.internal_due != row.first_internal_due and row.internal_due <= wanted["due"]:  # set by hand for this period
        names = tuple(name for name in names if name not in ("internal_due", "next_move_at"))
    values = {name: wanted[name] for name in names if wanted[name] != getattr(row, name)}
    if values:
        connection.execute(
            update(OCCURRENCE).where(OCCURRENCE.c.id == row.id).values(version=row.version + 1, **values)
        )
    return set(values)


def _rearm(connection: Connection, office: OfficeView) -> int:
    """Opened occurrences keep their dates; their next alarm is the one that ladder and hours give now."""
    rearmed = 0
    for row in connection.execute(
        select(OCCURRENCE, OBLIGATION.c.ladder)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(
            OCCURRENCE.c.office_id == office.id,
            OCCURRENCE.c.opened_at.is_not(None),
            OCCURRENCE.c.next_move_at.is_not(None),
            OCCURRENCE.c.work_state.in_([str(state) for state in OPEN]),
            ~OCCURRENCE.c.pulled_forward,
        )
    ).all():
        climbed = row.last_rung_at
        anchors = anchors_of(row.cutoff, row.due, row.internal_due)
        ladder = office.ladders[row.ladder]
        found = climb(ladder, anchors, office.hours, climbed_to=climbed, now=climbed or row.opened_at)
        alarm = found.step.at if found.step else found.next_at
        if row.next_move_at not in (alarm, climbed):  # an alarm at the climbed rung rings once in vain, and is set anew
            rearmed += 1
            connection.execute(
                update(OCCURRENCE).where(OCCURRENCE.c.id == row.id).values(version=row.version + 1, next_move_at=alarm)
            )
    return rearmed


def _row(connection: Connection, occurrence_id: int) -> AnyRow:
    row = actions.occurrence_row(connection, occurrence_id)
    if row is None:
        raise LookupError(occurrence_id)
    return row
