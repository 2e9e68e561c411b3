"""Whether an SQLite file is whole, before ``nhacviec run`` writes to it.

Each page is looked at: a moment for a commune, seconds for a province. A run that ends tidily, and met no trouble with
the file, leaves a mark beside it; as long as that file is the very one it closed, the next start need not look. After
a kill or a power cut, or where anything else has touched the file since, no mark fits, and it is looked through.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from data.database import check_whole
from engine.lock import beside


def check(database: str) -> None:
    """Look through the file, unless the last run closed it and nobody has touched it since.

    The mark is taken away: only another tidy end puts it back.

    :raises DatabaseTrouble: it is damaged, or no database of ours; not a byte of it has been changed.
    """
    mark = beside(database, ".whole")
    if mark is None or _as_marked(mark) != _as_it_is(database):
        check_whole(database)
    if mark is not None:
        with suppress(OSError):  # a folder that cannot be written: whoever opens the database says so
            mark.unlink(missing_ok=True)


def closed(database: str) -> None:
    """The run is over and every connection closed: leave the mark, where the file stands for itself."""
    mark, as_it_is = beside(database, ".whole"), _as_it_is(database)
    if mark is not None and as_it_is is not None:
        with suppress(OSError):  # without it the next start looks again
            mark.write_text(as_it_is, "ascii")


def _as_marked(mark: Path) -> str:
    try:
        return mark.read_text("ascii")
    except (OSError, ValueError):
        return ""


def _as_it_is(database: str) -> str | None:
    """The file as the system knows it; None where there is none, or a log beside it holds part of it."""
    file, log = beside(database, ""), beside(database, "-wal")
    if file is None or log is None:
        return None
    try:
        if log.exists() and log.stat().st_size:
            return None
        found = file.stat()
    except OSError:
        return None
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
