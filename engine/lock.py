"""One running engine for each SQLite file.

Two would double nothing, since unique keys and claims forbid it, but they would ask a provider for the same updates
and wait for each other's locks. So ``nhacviec run`` holds a lock on a file beside the database. It is the operating
system's: it goes when the process goes, however it dies, and the file that stays behind means nothing by itself.
``restore`` and ``db move`` hold it too: what is sent while a database is replaced or copied is told in neither. Other
commands do not ask for it. PostgreSQL is made for several processes: :mod:`engine.mode` says which.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.database import address
from engine.errors import DatabaseTrouble, NhacViecError, in_vietnamese

if sys.platform == "win32":
    import msvcrt

    _FAR_BEHIND = 1 << 30  # Windows locks bytes, and locked bytes cannot be read: the number stands before them

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _FAR_BEHIND, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


#: What may hold it, in words.
RUN, REPLACE = "chạy", "phục hồi hoặc chuyển dữ liệu"


class AlreadyRunning(NhacViecError):
    """Another engine works on this database, or somebody is replacing or copying it."""


def beside(database: str, ending: str) -> Path | None:
    """The file beside an SQLite database: its own name with ``ending``. None: the database is no file."""
    url = address(database)
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    assert url.database is not None
    return Path(f"{url.database}{ending}")


@contextmanager
def alone(database: str, doing: str = RUN) -> Iterator[None]:
    """Be the only one who does such a thing with this database while the block runs.

    :raises AlreadyRunning: another process is.
    :raises DatabaseTrouble: the file beside the database cannot be written.
    """
    path = beside(database, ".lock")
    if path is None:
        yield
        return
    descriptor = _open(path)
    try:
        try:
            _take(descriptor)
        except OSError:
            raise AlreadyRunning(_sentence(path)) from None
        _sign(descriptor, doing)
        yield
    finally:
        os.close(descriptor)  # the lock goes with it


def holder(database: str) -> int | None:
    """Which process runs on this database: its number, 0 when that is not known, None when nobody does."""
    path = beside(database, ".lock")
    if path is None or not path.exists():
        return None
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:  # another user's: whether it is held cannot be asked
        return None
    try:
        _take(descriptor)
    except OSError:
        return _signed(path)[0]
    finally:
        os.close(descriptor)
    return None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseTrouble(
            f"Không ghi được {path} ({in_vietnamese(error)}). Hãy kiểm tra thư mục có tồn tại và có quyền ghi không."
        ) from None


def _sign(descriptor: int, doing: str) -> None:
    """Write down who holds it and what for, for the sentence that the next one reads."""
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{os.getpid()} {doing}".encode())


def _signed(path: Path) -> tuple[int, str]:
    """Whose process holds it, 0 when that is not known; and what it does."""
    try:
        number, _, doing = path.read_text(encoding="utf-8").partition(" ")
        return int(number or 0), doing or RUN
    except (OSError, ValueError):
        return 0, RUN


def _sentence(path: Path) -> str:
    number, doing = _signed(path)
    which = f" (tiến trình {number})" if number else ""
    database = path.name.removesuffix(".lock")
    if doing != RUN:
        return f"Đang có một lệnh {doing}{which} với {database}. Hãy chờ lệnh ấy xong rồi làm lại; chưa có gì thay đổi."
    return (
        f"Một Nhắc Việc khác{which} đang chạy với {database}. Mỗi cơ sở dữ liệu chỉ một nơi "
        "chạy nhacviec run. Không cần làm gì nếu đó là dịch vụ của cơ quan; nếu không, hãy dừng nó rồi chạy lại."
    )
