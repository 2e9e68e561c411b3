"""Years of history behind a few communes that work: twenty million rows in minutes.

Made inside the database (``INSERT … SELECT``, the indexes afterwards) from a small table of communes and one of days.
Eleven rows for each piece of work that was done: the occurrence, four reminders (one of them suppressed), two messages
that were sent, three lines of the journal, one number. The hashes of these journal lines are filling.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    make_url,
    select,
)

from data.database import connect
from data.handles import HANDLE
from data.journal import JOURNAL
from data.tables import UtcDateTime
from engine.office import CHAT, MESSAGE, OBLIGATION, OCCURRENCE, OFFICE, PERSON, REMINDER, UNIT
from tests.bench.communes import LOADED, continue_numbering, multiply
from tests.bench.stores import path_of

EACH = {"occurrence": 1, "reminder": 4, "message": 2, "journal": 3, "handle": 1}
ROWS_OF_ONE = sum(EACH.values())
ROWS_OF_OFFICE = 20_000  # two years of the usual commune, nearly
DAYS = 730
TEXT = (
    "Kính gửi đồng chí chuyên viên Phòng Văn hóa - Xã hội: sáng nay có một việc tới hạn.\n"
    "3. Báo cáo công tác kiểm soát thủ tục hành chính, hạn thứ Tư 25/3/2026.\n"
    "Trả lời xong 3 khi đã gửi, hoặc gia hạn 3 đến ngày … vì …"
)

_META = MetaData()
_OFFICES = Table(
    "bench_office",
    _META,
    Column("n", Integer, primary_key=True),
    Column("office_id", String),
    Column("unit", Integer),
    Column("person", Integer),
    Column("people", Integer),
    Column("obligation", Integer),
    Column("obligations", Integer),
    Column("seq", Integer),  # the last line of its journal
)
_DAYS = Table(
    "bench_day",
    _META,
    Column("d", Integer, primary_key=True),
    Column("day", Date),
    Column("at", UtcDateTime()),
)
_NUMBERS = Table("bench_number", _META, Column("i", Integer, primary_key=True))

# What each row of history says; what is not named has its usual value. b: its commune, j: its number there, d: its day.
_HISTORY: tuple[tuple[Table, dict[str, str]], ...] = (
    (
        OCCURRENCE,
        {
            "id": ":first + b.n * :each + j.i",
            "office_id": "b.office_id",
            "obligation_id": "b.obligation + j.i % b.obligations",
            "unit_id": "b.unit",
            "period_key": "'H' || j.i",
            "title": "'Báo cáo công tác kiểm soát thủ tục hành chính số ' || j.i",
            "nominal_due": "d.day",
            "due": "d.day",
            "internal_due": "d.day",
            "first_internal_due": "d.day",
            "work_state": "'done'",
            "doer_id": "b.person + j.i % b.people",
            "chain": """'{"doer": [1], "head": [2], "standing": [3], "leaders": [4, 5]}'""",
            "opened_at": "d.at",
            "reported_at": "d.at",
            "closed_at": "d.at",
            "last_rung_at": "d.at",
        },
    ),
    (
        REMINDER,
        {
            "id": ":first + b.n * :each + j.i",
            "office_id": "b.office_id",
            "occurrence_id": ":occurrences + b.n * :work + j.i / 4",
            "revision": "1",
            "rung": "'rung-' || (j.i % 4)",
            "person_id": "b.person + (j.i / 4) % b.people",
            "says": "'soon'",
            "scheduled_at": "d.at",
            "status": "CASE WHEN j.i % 4 = 3 THEN 'suppressed' ELSE 'in_message' END",
            "reason": "CASE WHEN j.i % 4 = 3 THEN 'việc đã xong' END",
            "message_id": "CASE WHEN j.i % 4 < 3 THEN :messages + b.n * 2 * :work + j.i / 2 END",
        },
    ),
    (
        MESSAGE,
        {
            "id": ":first + b.n * :each + j.i",
            "office_id": "b.office_id",
            "person_id": "b.person + (j.i / 2) % b.people",
            "kind": "'reminder'",
            "key": "'remind:H' || j.i",
            "slot": "'H' || j.i",
            "status": "'sent'",
            "not_before": "d.at",
            "attempts": "1",
            "copies": "1",
            "claimed_at": "d.at",
            "sent_at": "d.at",
            "channel": "'simulator'",
            "bot": "'simulator'",
            "address": "'' || (b.person + (j.i / 2) % b.people)",
            "provider_id": "'' || j.i",
            "text": f"'{TEXT}'",
        },
    ),
    (
        JOURNAL,
        {
            "office_id": "b.office_id",
            "seq": "b.seq + 1 + j.i",
            "at": "d.at",
            "actor": "'engine'",
            "action": "CASE j.i % 3 WHEN 0 THEN 'opened' WHEN 1 THEN 'message_sent' ELSE 'done' END",
            "occurrence_id": ":occurrences + b.n * :work + j.i / 3",
            "data": """'{"kind":"ReminderMessage","message":' || j.i || ',"person":' || b.person || '}'""",
            "previous": f"'{'0f' * 32}'",
            "hash": f"'{'f0' * 32}'",
        },
    ),
    (
        HANDLE,
        {
            "id": ":first + b.n * :each + j.i",
            "person_id": "b.person + j.i % b.people",
            "number": "1 + j.i % 97",
            "occurrence_id": ":occurrences + b.n * :work + j.i",
            "given_at": "d.at",
            "released_at": "d.at",
        },
    ),
)


def fill(
    url: str, template: str, rows: int, until: dt.datetime = LOADED, said: Callable[[str], None] = lambda _: None
) -> int:
    """Put about so many rows of history behind the communes that are there, and more communes like ``template``.

    The days are the two years before ``until``. Returns how many rows there are.
    """
    engine = connect(url)
    with engine.begin() as connection:
        there = connection.execute(select(func.count()).select_from(OFFICE)).scalar_one()
        wanted = max(there, rows // ROWS_OF_OFFICE)
        multiply(connection, template, [f"cu-{n}" for n in range(wanted - there)])
        _META.create_all(connection)
        _describe(connection, until)
        work = max(1, rows // ROWS_OF_ONE // wanted)
        firsts = {
            table.name: (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
            for table, _ in _HISTORY
            if "id" in table.c
        }
    engine.dispose()
    with _raw(url) as raw:
        put_back = raw.without_indexes([table.name for table, _ in _HISTORY])
        raw.run(
            "INSERT INTO bench_number WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
            f"WHERE i < {work * max(EACH.values()) - 1}) SELECT i FROM n"
        )
        for table, columns in _HISTORY:
            said(f"{table.name}s")
            each = work * EACH[table.name]
            numbers = {
                ":first": firsts.get(table.name, 0),
                ":each": each,
                ":work": work,
                ":occurrences": firsts["occurrence"],
                ":messages": firsts["message"],
            }
            raw.run(_insert(table, columns, each, EACH[table.name], numbers))
        said("indexes")
        for statement in put_back:
            raw.run(statement)
        for name in _META.tables:
            raw.run(f"DROP TABLE {name}")
        raw.settle()
    with engine.begin() as connection:
        for table, _ in _HISTORY:
            if "id" in table.c:
                continue_numbering(connection, table)
    engine.dispose()
    return work * ROWS_OF_ONE * wanted


def settle(url: str) -> None:
    """What the server's own housekeeping does within minutes, at once."""
    with _raw(url) as raw:
        raw.settle()


def _describe(connection: Connection, until: dt.datetime) -> None:
    days = [until - dt.timedelta(days=DAYS - number) for number in range(DAYS)]
    connection.execute(insert(_DAYS), [{"d": number, "day": day.date(), "at": day} for number, day in enumerate(days)])
    firsts: dict[str, dict[str, tuple[int, int]]] = {}
    for table in (UNIT, PERSON, OBLIGATION, CHAT):
        found = select(table.c.office_id, func.min(table.c.id), func.count()).group_by(table.c.office_id)
        firsts[table.name] = {office: (first, count) for office, first, count in connection.execute(found)}
    last = select(JOURNAL.c.office_id, func.max(JOURNAL.c.seq)).group_by(JOURNAL.c.office_id)
    journals = {office: seq for office, seq in connection.execute(last)}  # noqa: C416  (types)
    offices = connection.execute(select(OFFICE.c.id).order_by(OFFICE.c.id)).scalars().all()
    connection.execute(
        insert(_OFFICES),
        [
            {
                "n": number,
                "office_id": office,
                "unit": firsts["unit"][office][0],
                "person": firsts["person"][office][0],
                "people": firsts["person"][office][1],
                "obligation": firsts["obligation"][office][0],
                "obligations": firsts["obligation"][office][1],
                "seq": journals.get(office, 0),
            }
            for number, office in enumerate(offices)
        ],
    )


def _insert(table: Table, columns: dict[str, str], each: int, together: int, numbers: dict[str, int]) -> str:
    """One statement for all communes; the rows of one piece of work share its day."""
    values = {column.name: columns.get(column.name) or _usual(column) for column in table.columns}
    chosen = ", ".join(values.values())
    for name, number in numbers.items():
        chosen = chosen.replace(name, str(number))
    names = ", ".join(f'"{name}"' for name in values)
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {chosen} "
        f"FROM bench_office b CROSS JOIN bench_number j JOIN bench_day d ON d.d = (j.i / {together}) % {DAYS} "
        f"WHERE j.i < {each}"
    )


def _usual(column: Column[Any]) -> str:
    """What Python would put there, as SQL."""
    default = getattr(column.default, "arg", None)
    if default is None or callable(default):
        return "NULL"
    if isinstance(column.type, Boolean):
        return "TRUE" if default else "FALSE"
    return f"'{default}'" if isinstance(default, str) else str(default)


# ---- the databases' own ways ----------------------------------------------------------------------------------------


class _Raw(Protocol):
    def run(self, statement: str) -> None: ...

    def without_indexes(self, tables: list[str]) -> list[str]:
        """Take away what can be made again at once, sorted; returns how."""
        ...

    def settle(self) -> None: ...


@contextmanager
def _raw(url: str) -> Iterator[_Raw]:
    if make_url(url).get_backend_name() == "sqlite":
        with sqlite3.connect(path_of(url), isolation_level=None) as connection:
            yield _RawSqlite(connection)
        connection.close()
        return
    parsed = make_url(url)
    pieces: dict[str, Any] = parsed.translate_connect_args(username="user", database="dbname") | dict(parsed.query)
    with psycopg.connect(**pieces, autocommit=True) as server:
        yield _RawPostgres(server)


class _RawSqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "foreign_keys = OFF"):
            self.run(f"PRAGMA {pragma}")

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def without_indexes(self, tables: list[str]) -> list[str]:
        marks = ", ".join("?" * len(tables))
        found = self._connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ({marks}) AND sql IS NOT NULL",
            tables,
        ).fetchall()
        for name, _ in found:
            self.run(f"DROP INDEX {name}")
        return [sql for _, sql in found]

    def settle(self) -> None:
        """Nothing runs by itself in SQLite; nothing here that would not run there."""


class _RawPostgres:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        for setting in (
            "synchronous_commit = off",
            "session_replication_role = replica",  # no triggers, no foreign keys
            "maintenance_work_mem = '1GB'",
            "statement_timeout = 0",
        ):
            self.run(f"SET {setting}")

    def run(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def without_indexes(self, tables: list[str]) -> list[str]:
        put_back = []
        unique = self._connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
            [tables],
        ).fetchall()
        for table, name, definition in unique:
            self.run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            put_back.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        plain = self._connection.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE NOT i.indisprimary AND i.indrelid::regclass::text = ANY(%s)",
            [tables],
        ).fetchall()
        for name, definition in plain:
            self.run(f"DROP INDEX {name}")
            put_back.append(definition)
        return put_back

    def settle(self) -> None:
        """What the server's own housekeeping does within minutes."""
        self.run("VACUUM (ANALYZE, PARALLEL 2)")
        self.run("CHECKPOINT")
