"""The database: is it there, whole, of our version, in WAL?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from data.database import check_known, connect, explained, newest_version, reading, version_of
from engine.findings import Finding, bad, ok, warn
from engine.lock import beside

MEGABYTE = 1024 * 1024
LARGE_WAL = 256 * MEGABYTE  # SQLite folds it back at four; one that grows is held open by some reader


def database(url: str) -> Iterator[Finding]:
    """Everything about the database itself. It is only read: no file is made, nothing is brought up to date."""
    file = beside(url, "")
    if file is not None:
        if not file.exists():
            yield bad("database", f"Chưa có tệp {file}.", "Hãy nạp tệp nhiệm vụ: nhacviec load TỆP.")
            return
        broken = list(_broken(file))
        yield from broken
        if broken:
            return
    yield from _version(url)
    if file is not None:
        yield from _size(file)


def _broken(file: Path) -> Iterator[Finding]:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as opened:
            said = [str(line) for (line,) in opened.execute("PRAGMA quick_check(3)")]
            mode = opened.execute("PRAGMA journal_mode").fetchone()[0]
    except sqlite3.Error as error:
        said, mode = [str(error)], ""
    if said != ["ok"]:
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


def _version(url: str) -> Iterator[Finding]:
    engine = connect(url)
    try:
        with explained(url), reading(engine) as connection:
            found = version_of(connection)
    finally:
        engine.dispose()
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
