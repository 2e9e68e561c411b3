"""The machine: zones, disk, who may read the files, backups, and whether one engine runs, and only one."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, select

from engine.backup import backups_in, made_at
from engine.doctor.storage import in_megabytes
from engine.findings import Finding, bad, ok, warn
from engine.lock import beside, holder
from engine.office import OFFICE
from engine.watch import heartbeat_file, in_minutes, read_beat, stillness, unexplained

LEAST_FREE = 1024**3
TIMES_FREE = 3  # of the database: its backup, its WAL, and room to grow
BACKUP_WITHIN = dt.timedelta(days=2)
HOME = "Asia/Ho_Chi_Minh"


# ---- zones ----------------------------------------------------------------------------------------------------------


def zones() -> Iterator[Finding]:
    """Whether this machine knows time zones at all, and Vietnam's as it is."""
    yield from _zone(HOME)
    try:
        right = dt.datetime(2026, 1, 1, tzinfo=ZoneInfo(HOME)).utcoffset() == dt.timedelta(hours=7)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return
    if right:
        yield ok("zones", f"Có dữ liệu múi giờ, {HOME} là UTC+7.")
    else:
        yield bad("zones", f"Dữ liệu múi giờ sai: {HOME} không phải UTC+7.", "Hãy cài lại gói tzdata.")


def zones_of_offices(connection: Connection) -> Iterator[Finding]:
    """The zones that the offices name."""
    for name in connection.execute(select(OFFICE.c.timezone).distinct()).scalars():
        yield from _zone(name)


def _zone(name: str) -> Iterator[Finding]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield bad("zones", f"Máy không có dữ liệu múi giờ {name}.", "Hãy cài gói tzdata (pip install tzdata).")


# ---- disk and files -------------------------------------------------------------------------------------------------


def disk(database: str) -> Iterator[Finding]:
    """Room on the disk of the database."""
    file = beside(database, "")
    folder = file.resolve().parent if file is not None else Path.cwd()
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    needed = max(LEAST_FREE, TIMES_FREE * file.stat().st_size if file is not None and file.exists() else 0)
    if free < needed:
        yield warn(
            "disk",
            f"Ổ đĩa chứa {folder} chỉ còn {in_megabytes(free)}, nên có ít nhất {in_megabytes(needed)}.",
            "Hãy xoá bớt tệp không cần, hoặc chuyển dữ liệu sang ổ rộng hơn.",
        )
    else:
        yield ok("disk", f"Ổ đĩa còn {in_megabytes(free)}.")


def permissions(database: str, bots: Path | None = None) -> Iterator[Finding]:
    """Files that other accounts of this machine can read: names and telephone numbers, the bots' tokens."""
    if os.name != "posix":
        return
    files = (beside(database, ""), Path(".env"), bots)  # what SQLite puts beside has the rights of its file
    open_to_all = [str(file) for file in files if file is not None and _others_read(file)]
    if open_to_all:
        names = " ".join(open_to_all)
        yield warn(
            "permissions", f"Mọi tài khoản trên máy đọc được: {', '.join(open_to_all)}.", f"Hãy chạy: chmod 600 {names}"
        )
    else:
        yield ok("permissions", "Tệp dữ liệu và tệp .env chỉ chủ của chúng đọc được.")


def _others_read(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def backups(folder: Path | None, now: dt.datetime) -> Iterator[Finding]:
    """A backup that is not older than two days."""
    if folder is None:
        yield warn("backups", "Chưa đặt sao lưu.", "Hãy đặt NHACVIEC_BACKUPS là một thư mục ở ổ đĩa khác.")
        return
    made = [at for path in backups_in(folder) if (at := made_at(path)) is not None]
    if not made:
        yield bad("backups", f"Không có bản sao lưu nào trong {folder}.", "Hãy sao lưu ngay và xem vì sao chưa có.")
        return
    age = now - max(made)
    if age > BACKUP_WITHIN:
        yield warn(
            "backups",
            f"Bản sao lưu mới nhất trong {folder} đã {in_minutes(age)} tuổi.",
            "Hãy sao lưu ngay và xem vì sao không có bản mới.",
        )
    else:
        yield ok("backups", f"Bản sao lưu mới nhất cách đây {in_minutes(max(age, dt.timedelta(0)))}.")


# ---- the running engine ---------------------------------------------------------------------------------------------


def running_engine(database: str, connection: Connection, now: dt.datetime) -> Iterator[Finding]:
    """Whether the engine runs, only once, and has explained everything; where it does not run, what it leaves."""
    beat, process = read_beat(heartbeat_file(database)), holder(database)
    if beat is None and process is None:
        runs = (
            "nhacviec run" if beside(database, "") is not None else "nhacviec worker"
        )  # PostgreSQL serves workers too
        yield warn("heartbeat", f"Chưa thấy {runs} chạy trên máy này lần nào.", f"Hãy chạy: {runs}")
        return
    still = stillness(beat, now) if beat is not None else []
    if beat is None or still:
        yield from still or [bad("heartbeat", "Nhắc Việc đã mở nhưng chưa xong lượt nào.", "Hãy xem nhật ký chạy.")]
        yield from unexplained(connection, now)
        return
    ago = in_minutes(max(now - beat.at, dt.timedelta(0)))
    of_one = beside(database, "") is not None  # PostgreSQL is made for several
    here = beat.machine == socket.gethostname()
    if of_one and here and process is None:  # whoever runs holds the lock; this beat is of one that is gone
        yield bad("heartbeat", f"Nhắc Việc đã dừng sau lượt gần nhất, cách đây {ago}.", "Hãy chạy lại: nhacviec run")
        yield from unexplained(connection, now)
        return
    yield from beat.findings
    if beat.healthy:
        yield ok("heartbeat", f"Đang chạy, lượt gần nhất cách đây {ago}; mọi việc tới hạn đã gửi hoặc có lý do.")
    if not of_one:
        return
    if process is None:
        yield warn(
            "processes",
            f"Có một Nhắc Việc đang chạy trên máy {beat.machine} mà không giữ khoá của tệp dữ liệu.",
            "Nếu tệp dữ liệu nằm trên thư mục mạng, hãy chuyển nó về ổ đĩa của máy chạy.",
        )
    elif process and beat.process and (process != beat.process or not here):
        yield bad(
            "processes",
            f"Hai Nhắc Việc cùng chạy trên một tệp dữ liệu (tiến trình {process} và {beat.process}, "
            f"máy {beat.machine}).",
            "Hãy dừng một trong hai.",
        )
