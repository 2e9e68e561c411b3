"""The database: is it there, whole, of our version, in WAL?"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from data.database import check_known, connect, explained, newest_version, reading, refuse_emptied, version_of
from engine.errors import DatabaseTrouble, in_vietnamese
from engine.findings import Finding, any_bad, bad, ok, warn
from engine.lock import beside

OURS = {"alembic_version", "journal"}  # tables that every version of ours has; others have the first one too
MEGABYTE = 1024 * 1024
LARGE_WAL = 256 * MEGABYTE  # SQLite folds it back at four; one that grows is held open by some reader


def database(url: str) -> Iterator[Finding]:
    """Everything about the database itself. It is only read: no file is made, nothing is brought up to date."""
    file = beside(url, "")
    if file is not None:
        if not file.exists():
            yield bad("database", f"Chưa có tệp {file}.", "Hãy nạp tệp nhiệm vụ: nhacviec load TỆP.")
            return
        try:
            refuse_emptied(file)
        except DatabaseTrouble as emptied:
            yield bad("database", str(emptied))
            return
        broken = list(_broken(file))
        yield from broken
        if any_bad(broken):
            return
        yield from _writable(file)
    yield from _version(url)
    if file is not None:
        yield from _size(file)


def _writable(file: Path) -> Iterator[Finding]:
    """Asked of the system, never by opening: this may run inside the program that has the file open.

    Closing any descriptor of a file drops every POSIX lock that the process holds on it, SQLite's too; the next command
    would then take itself for the last one, and remove the log from under the program
    (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        yield bad(
            "writable",
            f"Tệp {file} hoặc thư mục của nó chỉ cho đọc ({in_vietnamese(PermissionError(errno.EACCES, ''))}).",
            "Hãy cấp quyền ghi cho tài khoản chạy Nhắc Việc: không ghi được thì không nhắc được.",
        )


def _broken(file: Path) -> Iterator[Finding]:
    try:
        with closing(_looked_at(file)) as opened:
            said = [str(line) for (line,) in opened.execute("PRAGMA quick_check(3)")]
            mode = opened.execute("PRAGMA journal_mode").fetchone()[0]
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        said, mode, tables = [str(error)], "", set()
    if said == ["ok"] and tables and not tables >= OURS:
        yield bad(
            "database",
            f"Tệp {file} là cơ sở dữ liệu của chương trình khác, không phải của Nhắc Việc.",
            "Hãy giữ nguyên tệp ấy, và đặt NHACVIEC_DATABASE là tệp dữ liệu của Nhắc Việc.",
        )
    elif said != ["ok"]:
        yield bad(
            "database",
            f"Tệp {file} bị hỏng hoặc không đọc được ({said[0]}).",
            "Hãy giữ nguyên tệp, dừng nhacviec run và khôi phục từ bản sao lưu.",
        )
    elif mode != "wal":
        yield warn(
            "wal",
            f"{file} đang ở chế độ {mode}, không phải WAL: người đọc và người ghi phải chờ nhau.",
            "Hãy đặt tệp trên ổ đĩa của máy này, không phải thư mục mạng; chạy nhacviec run sẽ tự bật WAL.",
        )


def _looked_at(file: Path) -> sqlite3.Connection:
    """For reading only: the program's own way to open would switch a file of somebody else's to WAL."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)


def _version_found(url: str) -> str | None:
    file = beside(url, "")
    if file is not None:
        with closing(_looked_at(file)) as opened:
            if not opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return None
            row = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        return row[0] if row else None
    engine = connect(url)
    try:
        with explained(url), reading(engine) as connection:
            return version_of(connection)
    finally:
        engine.dispose()


def _version(url: str) -> Iterator[Finding]:
    found = _version_found(url)
    check_known(found)
    if found is None:
        yield bad("database", "Cơ sở dữ liệu chưa có bảng nào của Nhắc Việc.", "Hãy nạp tệp: nhacviec load TỆP.")
    elif found != newest_version():
        yield bad(
            "database",
            f"Cơ sở dữ liệu còn ở phiên bản {found}, chương trình cần {newest_version()}.",
            "Hãy sao lưu, rồi chạy lại nhacviec run: dữ liệu được nâng cấp khi mở.",
        )
    else:
        yield ok("database", f"Cơ sở dữ liệu đọc được, phiên bản {found}.")


def _size(file: Path) -> Iterator[Finding]:
    log = Path(f"{file}-wal")
    waiting = log.stat().st_size if log.exists() else 0
    yield ok("size", f"Tệp dữ liệu {in_megabytes(file.stat().st_size)}, nhật ký WAL {in_megabytes(waiting)}.")
    if waiting > LARGE_WAL:
        yield warn(
            "wal",
            f"Nhật ký WAL đã lên tới {in_megabytes(waiting)}.",
            "Có chương trình đang mở tệp dữ liệu rất lâu: hãy đóng nó, rồi chạy lại nhacviec run.",
        )


def in_megabytes(size: float) -> str:
    """ "4,2 MB", "1,3 GB"."""
    number, unit = (size / MEGABYTE, "MB") if size < 1024 * MEGABYTE else (size / 1024 / MEGABYTE, "GB")
    return f"{number:.1f} {unit}".replace(".", ",")
