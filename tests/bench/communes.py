"""Communes to measure with: a shipped one, made as large as the usual one, and loaded as the command line loads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, func, insert, select, text, update

from data.database import connect
from engine import load
from engine.office import CHAT, OBLIGATION, OFFICE, PERSON, UNIT
from engine.plan import plan
from schedules.office_file import read_office, shipped_offices
from schedules.office_model import Due, Kind, Obligation, OfficeFile, Source
from schedules.workdays import vietnam_calendar

LOADED = dt.datetime(2026, 1, 5, 3, tzinfo=dt.UTC)  # a Monday at 10:00 in Vietnam, after the week's digest
BUSY = dt.datetime(2026, 1, 6, 0, 30, tzinfo=dt.UTC)  # the Tuesday's first minute at work
BUSY_DUE = vietnam_calendar().add(BUSY.date(), 10)  # what is due then opens, and speaks its first rung, at BUSY
BEFORE_BUSY = dt.datetime(2026, 1, 5, 7, tzinfo=dt.UTC)  # the Monday at 14:00
BEFORE_BUSY_DUE = vietnam_calendar().add(BEFORE_BUSY.date(), 10)  # speaks on the Monday already
NIGHT = dt.datetime(2026, 1, 6, 15, tzinfo=dt.UTC)
TIMES = 7  # of the shipped commune's 21 duties: 147, the usual 150, with 1,001 occurrences a year


def shipped(office_id: str = "hung-thang") -> OfficeFile:
    """One of the communes that come with the product."""
    return read_office(next(path for path in shipped_offices() if path.stem == office_id))


def named(office: OfficeFile, office_id: str) -> OfficeFile:
    """The same under another name."""
    return office.model_copy(update={"office": office.office.model_copy(update={"id": office_id})})


def full_size(office_id: str) -> OfficeFile:
    """A commune of the usual size: some 150 duties, 1,000 occurrences a year. Its people are the shipped twelve."""
    office = shipped()
    duties = tuple(
        duty.model_copy(update={"id": f"{duty.id}-{copy}" if copy else duty.id})
        for copy in range(TIMES)
        for duty in office.obligations
    )
    return named(office, office_id).model_copy(update={"obligations": duties})


def crowded(office_id: str, due: int, day: dt.date = BUSY_DUE) -> OfficeFile:
    """A commune that has so many one-off duties due on one day, and no other."""
    office = shipped()
    titles = [obligation.title for obligation in office.obligations]
    units = [unit.id for unit in office.units if unit.kind == "unit"]
    duties = tuple(
        Obligation(
            id=f"viec-{n}",
            title=titles[n % len(titles)],
            lead=units[n % len(units)],
            kind=Kind.ONE_OFF_DATE,
            due=Due(date=day),
            source=Source(where="bench"),
        )
        for n in range(due)
    )
    return named(office, office_id).model_copy(update={"obligations": duties})


def loaded(url: str, offices: Iterable[OfficeFile], at: dt.datetime = LOADED) -> None:
    """Load the offices into a database that has its tables."""
    engine = connect(url)
    with engine.begin() as connection:
        for office in offices:
            load.apply(connection, office, at)
    engine.dispose()


def at_work(url: str, offices: Sequence[OfficeFile], at: dt.datetime = LOADED) -> None:
    """Load them, plan the year, give everyone the simulator; no digest comes in between."""
    loaded(url, offices, at)
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, at)
        plan(connection, at)
        connection.execute(update(OFFICE).values(next_digest_at=None))
    engine.dispose()


def link_all(connection: Connection, at: dt.datetime, channel: str = "simulator", bot: str = "simulator") -> None:
    """Give every person a chat of one bot, in one statement; the address is a number."""
    people = connection.execute(select(PERSON.c.id, PERSON.c.office_id).order_by(PERSON.c.id)).all()
    connection.execute(
        insert(CHAT),
        [
            {
                "office_id": row.office_id,
                "person_id": row.id,
                "channel": channel,
                "bot": bot,
                "address": str(10_000 + row.id),
                "linked_at": at,
            }
            for row in people
        ],
    )


# ---- many of them, quickly ------------------------------------------------------------------------------------------


def multiply(connection: Connection, template: str, names: Sequence[str]) -> None:
    """Copy one loaded commune (its units, people, chats and duties, no work) under many names.

    As :func:`engine.load.apply` would leave them, a hundred times as fast.
    """
    ids = {
        table: {row.id for row in connection.execute(select(table.c.id).where(table.c.office_id == template))}
        for table in (UNIT, PERSON, CHAT, OBLIGATION)
    }
    moves = {table: _Move(connection, table, its) for table, its in ids.items()}
    rows: dict[Table, list[dict[str, object]]] = {table: [] for table in (OFFICE, *ids)}
    of_office = dict(connection.execute(select(OFFICE).where(OFFICE.c.id == template)).one()._mapping)
    theirs = {
        table: [dict(row._mapping) for row in connection.execute(select(table).where(table.c.office_id == template))]
        for table in ids
    }
    for number, name in enumerate(names):
        rows[OFFICE].append(of_office | {"id": name})
        for table, its in theirs.items():
            for row in its:
                copied = row | {"office_id": name, "id": moves[table].to(row["id"], number)}
                if row.get("unit_id") is not None:
                    copied["unit_id"] = moves[UNIT].to(row["unit_id"], number)
                if row.get("person_id") is not None:
                    copied["person_id"] = moves[PERSON].to(row["person_id"], number)
                if table is CHAT:
                    copied["address"] = str(10_000 + int(str(copied["person_id"])))
                rows[table].append(copied)
    for table, its in rows.items():
        if its:
            connection.execute(insert(table), its)
    for table in ids:
        continue_numbering(connection, table)


class _Move:
    """Where the numbers of one table's rows go when they are copied: a block for each copy."""

    def __init__(self, connection: Connection, table: Table, its: set[int]) -> None:
        self.first = min(its, default=0)
        self.step = max(its, default=0) - self.first + 1
        self.free = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1

    def to(self, number: object, copy: int) -> int:
        return self.free + copy * self.step + int(str(number)) - self.first


def continue_numbering(connection: Connection, table: Table) -> None:
    """After rows that brought their numbers along; SQLite looks for itself."""
    if connection.dialect.name == "postgresql":
        last = select(func.max(table.c.id)).scalar_subquery()
        connection.execute(
            select(func.setval(func.pg_get_serial_sequence(text(f"'{table.name}'"), text("'id'")), last))
        )
