"""Small databases of every released version of the schema, as that version's program left them: ``0001.sql`` and on.

A released one is never written again: it stands for the databases out there. When a version is released:
``python -m tests.samples 0005`` writes its file, with two rows in every table: one with as little as it may hold, one
with as much.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Engine, Integer, MetaData, Table, select
from sqlmodel import SQLModel

from data import journal
from data.database import connect, migrate, version_of
from data.tables import UtcDateTime

FOLDER = Path(__file__).parent
AT = dt.datetime(2026, 3, 16, 1, 2, 3, 456789, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 25)
OFFICE_ID = "xa-a"
JOURNAL_LINES = 3
Rows = dict[str, list[dict[str, Any]]]

# One row a table as version 0001 knew them, and what it may hold at its worst: quotes, marks, nothing, documents.
FIRST: dict[str, dict[str, Any]] = {
    "office": {
        "id": "xa-a",
        "name": "UBND xã “A” — 'thử'",
        "timezone": "Asia/Ho_Chi_Minh",
        "definition": {"morning": ["07:30", "11:30"], "tên": "ê\u0000%s"},
        "plan": {"title": "Kế hoạch"},
        "ladders": {"a": []},
        "loaded_on": DAY,
        "next_digest_at": AT,
    },
    "unit": {"id": 1, "office_id": "xa-a", "slug": "u", "name": "Đơn vị", "kind": "unit", "active": True},
    "person": {
        "id": 7,
        "office_id": "xa-a",
        "slug": "p",
        "name": "Người",
        "unit_id": 1,
        "role": "officer",
        "standing": False,
        "in_charge_of": [],
        "active": True,
    },
    "chat": {"id": 1, "office_id": "xa-a", "person_id": 7, "channel": "zalo", "bot": "b", "address": "1"},
    "standin": {
        "id": 1,
        "office_id": "xa-a",
        "person_id": 7,
        "substitute_id": 7,
        "first_day": DAY,
        "last_day": DAY,
        "decision": "1/QĐ",
    },
    "obligation": {
        "id": 3,
        "office_id": "xa-a",
        "slug": "o",
        "title": "Báo cáo",
        "rule": {"kind": "monthly"},
        "ladder": "a",
        "confirm": "none",
        "product": None,
        "secret": False,
        "active": True,
        "planned_until": DAY,
    },
    "occurrence": {
        "id": 9,
        "office_id": "xa-a",
        "obligation_id": 3,
        "unit_id": 1,
        "period_key": "2026-03",
        "title": "Báo cáo tháng 3/2026",
        "nominal_due": DAY,
        "due": DAY,
        "internal_due": DAY,
        "first_internal_due": DAY,
        "work_state": "new",
        "doer_id": 7,
        "revision": 1,
        "version": 1,
        "pulled_forward": False,
        "next_move_at": AT,
    },
    "extension": {
        "id": 1,
        "office_id": "xa-a",
        "occurrence_id": 9,
        "asked_by": 7,
        "asked_at": AT,
        "until": DAY,
        "reason": "chờ số liệu",
        "was": DAY,
        "status": "waiting",
    },
    "message": {
        "id": 5,
        "office_id": "xa-a",
        "person_id": 7,
        "kind": "reminder",
        "key": "remind:2026-03-16/am",
        "slot": "2026-03-16/am",
        "urgent": True,
        "status": "queued",
        "not_before": AT,
        "attempts": 0,
        "copies": 0,
    },
    "reminder": {
        "id": 2,
        "office_id": "xa-a",
        "occurrence_id": 9,
        "revision": 1,
        "rung": "-3",
        "person_id": 7,
        "says": "soon",
        "scheduled_at": AT,
        "status": "in_message",
        "message_id": 5,
    },
    "inbound": {
        "id": 1,
        "channel": "zalo",
        "bot": "b",
        "update_key": "k",
        "address": "1",
        "text": "xong 3",
        "raw": "{}",
        "received_at": AT,
    },
    "handle": {"id": 1, "person_id": 7, "number": 3, "occurrence_id": 9, "given_at": AT},
    "poll_offset": {"channel": "zalo", "bot": "b", "next_update": 12},
}

# What later versions have added, in the same way.
SINCE: dict[str, dict[str, dict[str, Any]]] = {
    "0002": {
        "link_code": {
            "id": 1,
            "office_id": "xa-a",
            "person_id": 7,
            "code_hash": "0f" * 32,
            "issued_at": AT,
            "issued_by": "văn thư",
            "expires_at": AT + dt.timedelta(days=7),
        },
        "evidence": {
            "id": 1,
            "office_id": "xa-a",
            "occurrence_id": 9,
            "given_at": AT,
            "kind": "document",
            "status": "kept",
            "attempts": 0,
        },
        "usage": {"channel": "zalo", "bot": "b", "month": "2026-03", "sent": 2_999},
        "chat": {"rank": 1},
    },
    "0003": {"setting": {"key": "muted", "value": "phục hồi từ bản sao lưu", "changed_at": AT}},
    "0004": {
        "setback": {
            "kind": "message",
            "row_id": 5,
            "times": 3,
            "first_at": AT,
            "last_at": AT,
            "try_after": AT + dt.timedelta(hours=2),
            "why": "ValueError",
        },
    },
    "0005": {"lane": {"channel": "zalo", "bot": "b", "served_at": AT}},
    "0006": {
        "login_link": {
            "token_hash": "1e" * 32,
            "office_id": "xa-a",
            "person_id": 7,
            "issued_at": AT,
            "expires_at": AT + dt.timedelta(minutes=10),
        },
        "web_session": {
            "id": 1,
            "token_hash": "2d" * 32,
            "office_id": "xa-a",
            "person_id": 7,
            "csrf": "3c" * 16,
            "begun_at": AT,
            "seen_at": AT,
        },
    },
    "0007": {
        "plan_draft": {
            "id": 1,
            "office_id": "xa-a",
            "name": "kế hoạch “2026”.docx",
            "made_at": AT,
            "made_by": "p",
            "version": 1,
            "progress": 0,
            "replaces": False,
        },
    },
    "0008": {
        "access_key": {
            "id": 1,
            "office_id": "xa-a",
            "person_id": 7,
            "opens": "calendar",
            "name": "lịch của tôi",
            "key_hash": "4b" * 32,
            "read_only": True,
            "made_at": AT,
        },
    },
}
# Whatever must differ between the two rows of a table; their numbers do anyway.
OTHERWISE: dict[str, dict[str, Any]] = {
    "office": {"id": "xa-b"},
    "unit": {"slug": "u-2"},
    "person": {"slug": "p-2"},
    "chat": {"address": "2"},
    "obligation": {"slug": "o-2"},
    "occurrence": {"period_key": "2026-04"},
    "message": {"key": "digest:2026-W11", "slot": "2026-03-16/pm"},
    "reminder": {"rung": "0"},
    "inbound": {"update_key": "k-2"},
    "handle": {"occurrence_id": 10},
    "evidence": {"kind": "photo", "sha256": "ab" * 32},
    "poll_offset": {"bot": "b-2"},
    "usage": {"month": "2026-04"},
    "setting": {"key": "khác"},
    "setback": {"row_id": 6},
    "lane": {"bot": "b-2"},
    "login_link": {"token_hash": "5a" * 32},
    "web_session": {"token_hash": "69" * 32},
    "access_key": {"key_hash": "78" * 32},
}
_BY_TYPE: tuple[tuple[type[Any], Any], ...] = (
    (UtcDateTime, AT),
    (Date, DAY),
    (Boolean, True),
    (Integer, 1),
    (JSON, {"chữ": ["ê\u0000%s", None, 1.5]}),
    (object, "“ê” 'x' %s \\ \n;--"),  # a text
)


def released() -> list[str]:
    """The versions of which there is a sample, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def open_sample(version: str, file: Path) -> None:
    """Lay the sample of a version down as an SQLite file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((FOLDER / f"{version}.sql").read_text("utf-8"))


def load_sample(version: str, engine: Engine) -> None:
    """Put the sample of a version into an empty database, as a program of that version would have it."""
    if engine.dialect.name == "sqlite":
        assert engine.url.database is not None
        open_sample(version, Path(engine.url.database))
        return
    migrate(engine, version)
    with tempfile.TemporaryDirectory() as folder:
        open_sample(version, Path(folder) / "mau.db")
        there = connect(f"sqlite:///{folder}/mau.db")
        rows = every_row(there, version)
        there.dispose()
    found = reflected(engine, version)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if rows.get(table.name):
                connection.execute(table.insert(), rows[table.name])


def every_row(engine: Engine, version: str) -> Rows:
    """Everything in a database, read with the types of ours."""
    found = reflected(engine, version)
    with engine.connect() as connection:
        return {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in found.tables.items()
            if name != "alembic_version"
        }


def reflected(engine: Engine, version: str) -> MetaData:
    """The tables as they stand, with the types of ours where a column has kept its name."""
    found = MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        assert version_of(connection) == version
    for table in found.tables.values():
        ours = SQLModel.metadata.tables.get(table.name)
        for column in table.columns:
            if ours is not None and column.name in ours.c:
                column.type = ours.c[column.name].type
    return found


# ---- writing one ----------------------------------------------------------------------------------------------------


def fill(engine: Engine, version: str) -> None:
    """Two rows in every table, and a journal of three lines, in an empty database of this version."""
    migrate(engine, version)
    least: dict[str, dict[str, Any]] = {name: dict(row) for name, row in FIRST.items()}
    for since, tables in SINCE.items():
        for name, row in tables.items() if since <= version else ():
            least[name] = least.get(name, {}) | row
    found = reflected(engine, version)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if table.name not in ("journal", "alembic_version"):
                _fill_table(connection, table, least)
        for number in range(JOURNAL_LINES):
            line = journal.Line("engine", "opened", 9, {"n": number, "vì": "hạn"})
            journal.append(connection, OFFICE_ID, AT + dt.timedelta(hours=number), [line])


def _fill_table(connection: Connection, table: Table, least: dict[str, dict[str, Any]]) -> None:
    row = least[table.name]  # KeyError: a new table has no row yet; add one to SINCE
    full = {column.name: _something(column, least) for column in table.columns if row.get(column.name) is None}
    number = {"id": row["id"] + 1} if isinstance(row.get("id"), int) else {}
    connection.execute(table.insert(), row)
    connection.execute(table.insert(), row | full | number | OTHERWISE.get(table.name, {}))


def _something(column: Column[Any], least: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return least[key.column.table.name]["id"]
    return next(value for kind, value in _BY_TYPE if isinstance(column.type, kind))


def write(version: str) -> Path:
    """Write the sample of a version that is about to be released."""
    target = FOLDER / f"{version}.sql"
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/mau.db")
        fill(engine, version)
        engine.dispose()
        with closing(sqlite3.connect(f"{folder}/mau.db")) as connection:
            target.write_text("\n".join(connection.iterdump()) + "\n", "utf-8")
    return target


def main(versions: list[str]) -> None:
    """Write samples; one that is there stays as it is."""
    for version in versions:
        if version in released():
            sys.exit(f"{version} has been released: its sample is not written again")
        sys.stdout.write(f"{write(version)}\n")
