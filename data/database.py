"""Opening the database: SQLite by default, with the settings that keep it safe beside a working engine.

SQLite runs in WAL with a busy timeout, and every transaction that may write starts with BEGIN IMMEDIATE, so that two
writers queue up instead of failing half-way (ENGINES section 3). The schema is versioned by Alembic; a file that a
newer program wrote is refused, an older one is brought up to date.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from data import tables  # noqa: F401  (fills SQLModel.metadata)
from engine.errors import DatabaseTrouble

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10

# The journal is append-only even for someone who opens the file with another program.
JOURNAL_IS_APPEND_ONLY = (
    "CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
)


def connect(url: str) -> Engine:
    """An engine for ``url`` ("sqlite:///nhacviec.db", "sqlite://" for memory); nothing is opened yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url)
    in_memory = parsed.database in (None, "", ":memory:")
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    if in_memory:
        options["poolclass"] = StaticPool
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _tune(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` below does, with the right kind of lock.
        connection.isolation_level = None
        # A commit reaches the disk's own log before an answer goes out; readers never wait for the writer.
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        if not in_memory:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def reading(engine: Engine) -> Connection:
    """A connection that only looks: it never waits for a writer. Use it in a ``with`` block."""
    return engine.connect().execution_options(reading=True)


def create_schema(engine: Engine) -> None:
    """All tables at once, for a database that nobody keeps (preview, demo, tests). Kept ones go through Alembic."""
    SQLModel.metadata.create_all(engine)
    guard_journal(engine)


def guard_journal(engine: Engine) -> None:
    """Make the journal append-only inside the database (SQLite)."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            for statement in JOURNAL_IS_APPEND_ONLY:
                connection.exec_driver_sql(statement)


def open_database(url: str) -> Engine:
    """Open a kept database, creating it or bringing it up to date.

    :raises DatabaseTrouble: it cannot be read or written, is locked, damaged, or written by a newer program.
    """
    engine = connect(url)
    with explained(url):
        _upgrade(engine)
        _check_writable(engine)
    return engine


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(reading=True) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        foreign = found is None and bool(inspect(connection).get_table_names())
    known = {revision.revision for revision in script.walk_revisions()}
    if foreign:
        raise DatabaseTrouble("Tệp này là một cơ sở dữ liệu khác, không phải của Nhắc Việc. Hãy chọn tệp khác.")
    if found is not None and found not in known:
        raise DatabaseTrouble(
            f"Cơ sở dữ liệu do bản Nhắc Việc mới hơn ghi (phiên bản {found}). Hãy cập nhật chương trình rồi chạy lại; "
            "dữ liệu chưa bị thay đổi."
        )
    if found == script.get_current_head():
        return
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    guard_journal(engine)


def _check_writable(engine: Engine) -> None:
    with engine.connect() as connection:  # a real write, taken back: a lock alone is given on a read-only file too
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        connection.rollback()


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn the driver's words into a sentence that says what to do.

    :raises DatabaseTrouble: for every failure of the database itself.
    """
    where = make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
    try:
        yield
    except OperationalError as error:
        raise DatabaseTrouble(_sentence(where, str(error.orig).lower())) from error
    except DBAPIError as error:
        raise DatabaseTrouble(_sentence(where, str(error.orig).lower())) from error


def _sentence(where: str, said: str) -> str:
    if "locked" in said or "busy" in said:
        return (
            f"Cơ sở dữ liệu {where} đang bị chương trình khác giữ. Hãy đóng chương trình đó "
            "(có thể là một Nhắc Việc khác đang chạy) rồi thử lại; chưa có gì bị ghi dở."
        )
    if "readonly" in said or "read-only" in said:
        return f"Không ghi được vào {where}: tệp hoặc thư mục chỉ cho đọc. Hãy cấp quyền ghi rồi chạy lại."
    if "unable to open" in said:
        return f"Không mở được {where}. Hãy kiểm tra thư mục có tồn tại và có quyền ghi không."
    if "not a database" in said or "malformed" in said:
        return f"Tệp {where} bị hỏng hoặc không phải cơ sở dữ liệu. Hãy giữ nguyên tệp và khôi phục từ bản sao lưu."
    if "full" in said:
        return f"Ổ đĩa chứa {where} đã đầy. Hãy giải phóng chỗ trống rồi chạy lại; chưa có gì bị ghi dở."
    return f"Cơ sở dữ liệu {where} báo lỗi: {said}."
