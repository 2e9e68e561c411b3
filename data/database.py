"""Opening the database: SQLite by default, PostgreSQL where several machines share one.

SQLite runs in WAL with a busy timeout, and every transaction that may write starts with BEGIN IMMEDIATE, so that two
writers queue up instead of failing half-way (ENGINES section 3). The schema is versioned by Alembic; a database that
a newer program wrote is refused, an older one is brought up to date.
"""

from __future__ import annotations

import atexit
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import PoolProxiedConnection, StaticPool
from sqlmodel import SQLModel

from data import tables  # noqa: F401  (fills SQLModel.metadata)
from data.trouble import sentence
from engine.errors import DatabaseTrouble

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10
DRIVER = "postgresql+psycopg"

# One engine's tasks share a handful of connections; a province's machines stay below a server's usual hundred.
_POSTGRES_POOL: dict[str, Any] = {
    "pool_size": 5,
    "max_overflow": 10,
    "pool_timeout": BUSY_SECONDS,
    "pool_pre_ping": True,  # a connection that died in the night is replaced, not reported
    "pool_recycle": 1800,
}
_POSTGRES_SESSION: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "nhacviec",
    "keepalives_idle": 30,
    # Waiting ends like SQLite's; a forgotten transaction must not hold an office's journal for ever.
    # Instants come back in UTC, whatever zone the server lives in: words and keys are made of them.
    "options": f"-c timezone=UTC -c lock_timeout={BUSY_SECONDS}s -c statement_timeout=120s "
    "-c idle_in_transaction_session_timeout=300s",
}
# Deadlock, serialization, stood still for too long: the server took the transaction back.
_AGAIN = ("40P01", "40001", "25P03")
MOST_TRIES = 5
_LOOKS_ONLY = "looks only"  # said of a connection for as long as somebody has it
_UPGRADING = 7_241_190_001  # the advisory lock of whoever changes the schema

# The journal is append-only even for someone who opens the database with another program.
_APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'journal is append-only'; END $$",
        "DROP TRIGGER IF EXISTS journal_no_change ON journal",
        "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal "
        "FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
        "DROP TRIGGER IF EXISTS journal_no_truncate ON journal",
        "CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal "
        "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
    ),
}
_OPEN: WeakSet[Engine] = WeakSet()
T = TypeVar("T")


# ---- connections ----------------------------------------------------------------------------------------------------


def connect(url: str) -> Engine:
    """An engine for ``url``; nothing is opened yet.

    "sqlite:///nhacviec.db", "sqlite://" for memory, "postgresql://user:password@host/name".

    :raises DatabaseTrouble: this is no address of a database we know.
    """
    parsed = address(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgres(parsed)


def address(url: str) -> URL:
    """The address, with the driver we use.

    :raises DatabaseTrouble: this is none.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is not None and parsed.drivername in ("postgres", "postgresql", DRIVER):
        return parsed.set(drivername=DRIVER)
    if parsed is None or parsed.get_backend_name() != "sqlite":
        raise DatabaseTrouble(  # the address may hold a password: it is not repeated
            "NHACVIEC_DATABASE không phải địa chỉ cơ sở dữ liệu. "
            "Hãy viết sqlite:///tên-tệp.db hoặc postgresql://tài-khoản:mật-khẩu@máy-chủ/tên."
        )
    return parsed


def _postgres(url: URL) -> Engine:
    return create_engine(url, hide_parameters=True, connect_args=_POSTGRES_SESSION, **_POSTGRES_POOL)


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    options: dict[str, Any] = {
        "hide_parameters": True,
        "connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False},
    }
    if in_memory:
        options["poolclass"] = StaticPool
    engine = create_engine(url, **options)
    # By the dialect and not by an event: with one, every statement would look for listeners of its own.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign,assignment]
    event.listen(engine, "checkin", lambda _connection, record: record.info.pop(_LOOKS_ONLY, None))

    @event.listens_for(engine, "connect")
    def _tune(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` does, with the right kind of lock.
        connection.isolation_level = None
        # A commit reaches the disk's own log before an answer goes out; readers never wait for the writer.
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        if not in_memory:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

    return engine


def _begin(connection: PoolProxiedConnection) -> None:
    connection.cursor().execute("BEGIN" if connection.info.get(_LOOKS_ONLY) else "BEGIN IMMEDIATE")


def reading(engine: Engine) -> Connection:
    """A connection that only looks: it never waits for a writer. Use it in a ``with`` block."""
    connection = engine.connect()
    connection.info[_LOOKS_ONLY] = True  # until it goes back
    return connection


def at_one_instant(engine: Engine) -> Connection:
    """A connection that only looks, and sees one and the same moment however long it looks (on both databases)."""
    if engine.dialect.name == "postgresql":
        return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reading(engine)


def in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do ``work`` in a transaction; anew, where PostgreSQL took it back because two waited for each other."""
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _AGAIN or not tries_left:
                raise
    raise AssertionError("unreachable")


def may_fail(connection: Connection) -> AbstractContextManager[Any]:
    """A block after whose failure the transaction goes on. It reads; what it writes besides may stand all the same.

    PostgreSQL needs a savepoint for that. SQLite takes back a statement that fails, and nothing else; where it takes
    back more (a full disk), the transaction cannot go on anyway.
    """
    return nullcontext() if connection.dialect.name == "sqlite" else connection.begin_nested()


# ---- schema ---------------------------------------------------------------------------------------------------------


def create_schema(engine: Engine) -> None:
    """All tables at once, for a database that nobody keeps (preview, demo, tests). Kept ones go through Alembic."""
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        guard_journal(connection)


def guard_journal(connection: Connection) -> None:
    """Make the journal append-only inside the database."""
    for statement in _APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def journal_is_guarded(connection: Connection) -> bool:
    """Whether what :func:`guard_journal` has put there still stands."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'"
        wanted = {"journal_no_update", "journal_no_delete"}
    else:
        found = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'journal'::regclass AND tgenabled <> 'D'"
        wanted = {"journal_no_change", "journal_no_truncate"}
    return wanted <= set(connection.exec_driver_sql(found).scalars())


def open_database(url: str) -> Engine:
    """Open a kept database, creating it or bringing it up to date.

    :raises DatabaseTrouble: it cannot be read or written, is locked, damaged, or written by a newer program.
    """
    engine = connect(url)
    if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        refuse_emptied(Path(str(engine.url.database)))
        _begin_for_us_alone(str(engine.url.database))
    _look_at(url, pages=False)
    with explained(url):
        _upgrade(engine)
        _check_writable(engine)
    _OPEN.add(engine)
    return engine


@atexit.register
def _close_all() -> None:
    """Whoever leaves without a word leaves no log beside an SQLite file: people copy the file alone."""
    for engine in _OPEN:
        engine.dispose()


def _begin_for_us_alone(name: str) -> None:
    """A new file will hold names and telephone numbers: no other account reads it, nor what SQLite puts beside it."""
    if name.startswith("file:"):
        return
    with suppress(OSError):  # it is there already; or it cannot be made, which whoever opens it says
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def must_exist(url: str) -> None:
    """Refuse an SQLite file that is not there: a mistyped name or a disk that is not mounted must not begin anew.

    :raises DatabaseTrouble: there is none, with what to do.
    """
    parsed = address(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    if str(parsed.database).startswith("file:"):  # a URI: opened as it says, or not at all
        return
    file = Path(str(parsed.database))
    if file.exists() and (not file.is_file() or file.stat().st_size):
        return
    refuse_emptied(file)
    aside = sorted(file.parent.glob(f"{file.name}.truoc-*"))
    if aside:
        raise DatabaseTrouble(
            f"Không có cơ sở dữ liệu {named(url)}, chỉ có {aside[-1].name} bên cạnh: lần phục hồi trước đã bị ngắt. "
            "Hãy phục hồi lại: nhacviec restore TỆP; hoặc đổi tên tệp đó thành "
            f"{file.name} để dùng lại dữ liệu cũ."
        )
    raise DatabaseTrouble(
        f"Không có cơ sở dữ liệu {named(url)}. Nếu đã có ở nơi khác, hãy xem lại thư mục đang đứng và "
        "NHACVIEC_DATABASE. Nếu mới bắt đầu, hãy nạp tệp nhiệm vụ: nhacviec load TỆP"
    )


def refuse_emptied(file: Path) -> None:
    """A file without a byte beside the marks of a program that ran on it: a power cut or a full disk took it.

    :raises DatabaseTrouble: with what to do; it must not be begun anew without a word.
    """
    ran = [file.with_name(file.name + ending) for ending in (".heartbeat.json", ".whole", "-wal")]
    if file.is_file() and not file.stat().st_size and any(mark.exists() and mark.stat().st_size for mark in ran):
        raise DatabaseTrouble(
            f"Tệp {file} rỗng (0 byte) dù Nhắc Việc đã chạy trên tệp này: có thể do mất điện hoặc ổ đĩa lỗi. "
            "Hãy phục hồi từ bản sao lưu: nhacviec restore TỆP. Nếu thật sự muốn bắt đầu lại từ đầu, "
            f"hãy chuyển {file.name} và các tệp {file.name}.* sang thư mục khác."
        )


def check_whole(url: str) -> None:
    """Look through the pages of an SQLite file before anything is written to it: seconds for a province, once a start.

    Opened for reading only, so that a damaged file, and the log beside it, stay as they are byte for byte.

    :raises DatabaseTrouble: it is damaged, or no database of ours.
    """
    _look_at(url, pages=True)


def _look_at(url: str, *, pages: bool) -> None:
    """Whose file is it? Merely opening one for writing may fold the log that lies beside it into it."""
    parsed = address(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    file = Path(str(parsed.database))
    if not file.is_file() or not file.stat().st_size:
        return  # a new one
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as raw:
            names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            said = raw.execute("PRAGMA quick_check(1)").fetchone()[0] if pages else "ok"
    except sqlite3.OperationalError:
        return  # not a word about the pages: whoever opens it for writing says what is the matter
    except sqlite3.DatabaseError as error:
        raise DatabaseTrouble(sentence(named(url), error)) from error
    if said != "ok":
        raise DatabaseTrouble(sentence(named(url), sqlite3.DatabaseError("malformed")))
    if names and "alembic_version" not in names:
        beside = " hoặc nhật ký -wal bên cạnh là của tệp khác" if Path(f"{file}-wal").exists() else ""
        raise DatabaseTrouble(
            f"Tệp {named(url)} là một cơ sở dữ liệu khác, không phải của Nhắc Việc{beside}. Hãy giữ nguyên các tệp và "
            "chọn tệp khác, hoặc phục hồi bản sao lưu mới nhất: nhacviec restore TỆP --replace."
        )


def versions() -> list[str]:
    """The versions of the schema that this program knows, oldest first: its migrations are named by them."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest_version() -> str:
    """The version of the schema that this program writes."""
    return versions()[-1]


def version_of(connection: Connection) -> str | None:
    """The version of the schema that stands there, None where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(engine: Engine) -> None:
    with reading(engine) as connection:
        found = version_of(connection)
        foreign = found is None and bool(inspect(connection).get_table_names())
    if foreign:
        raise DatabaseTrouble("Tệp này là một cơ sở dữ liệu khác, không phải của Nhắc Việc. Hãy chọn tệp khác.")
    check_known(found)
    if found != newest_version():
        migrate(engine, "head")


def check_known(version: str | None) -> None:
    """:raises DatabaseTrouble: a newer program wrote this version."""
    if version is not None and version not in versions():
        raise DatabaseTrouble(
            f"Cơ sở dữ liệu do bản Nhắc Việc mới hơn ghi (phiên bản {version}). "
            "Hãy cập nhật chương trình rồi chạy lại; dữ liệu chưa bị thay đổi."
        )


def migrate(engine: Engine, version: str, *, down: bool = False) -> None:
    """Bring the schema to ``version``, whole or not at all."""
    # Imported where it is needed: a fifth of a second that a database which is up to date need not pay.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A table is changed by making it anew; while the old one goes, what points at it must not be asked about.
            # Between transactions only; asked again below, before anything is kept.
            _raw(connection, "PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                if not sqlite:  # two machines that start at once: the second finds it done
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADING})
                config.attributes["connection"] = connection
                (command.downgrade if down else command.upgrade)(config, version)
                if inspect(connection).has_table("journal"):
                    guard_journal(connection)
                if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                    raise DatabaseTrouble(
                        f"Dữ liệu cũ có {len(broken)} dòng trỏ vào chỗ không có (bảng {broken[0][0]}), "
                        "nên chưa nâng cấp. Dữ liệu chưa bị thay đổi; "
                        "hãy khôi phục từ bản sao lưu hoặc gửi tệp cho người hỗ trợ."
                    )
        finally:
            if sqlite:
                _raw(connection, "PRAGMA foreign_keys = ON")


def _raw(connection: Connection, statement: str) -> None:
    """Outside any transaction; SQLAlchemy would begin one."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statement)


def _check_writable(engine: Engine) -> None:
    with engine.connect() as connection:  # a real write, taken back: a lock alone is given on a read-only file too
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        connection.rollback()


# ---- trouble --------------------------------------------------------------------------------------------------------

_BACKEND = re.compile(r"postgres(ql)?(\+[a-z0-9]+)?")
_WORD = re.compile(r"[\w.%+-]+")
_PLACE = re.compile(r"([\w.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[\w.%-]*)?")


def named(url: str) -> str:
    """The address as people may see it: the name of an SQLite file, or a server without anything secret.

    A password with an @, a / or a ? in it makes an address that others take apart otherwise than was meant: only what
    cannot be a part of it is shown.
    """
    backend, _, rest = url.partition("://")
    if backend.partition("+")[0] == "sqlite":
        return make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
    login, at, place = rest.rpartition("@")
    place = place.partition("?")[0]  # a query may hold a password too, and one with an @ in it all the rest
    if not _BACKEND.fullmatch(backend):
        return "***"
    if not _PLACE.fullmatch(place) or "?" in login:
        return f"{backend}://***"
    user, colon, _ = login.partition(":")
    shown = user if _WORD.fullmatch(user) or not user else "***"
    return f"{backend}://{shown}{':***' if colon else ''}{at}{place}"


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn the driver's words into a sentence that says what to do.

    :raises DatabaseTrouble: for every failure of the database itself.
    """
    try:
        yield
    except DBAPIError as error:
        raise DatabaseTrouble(sentence(named(url), error.orig or error)) from error
    except (NoConnectionFree, NoSuchModuleError) as error:
        raise DatabaseTrouble(sentence(named(url), error)) from error
