"""Backups: made while the engine works, checked before they count, kept for a while, and restored muted.

Whatever the database, a backup is one SQLite file (perhaps zipped) with a note beside it: its checksum, how many rows
every table had, and where every journal ended, all seen at one instant. Photos and files stand under their hash in a
folder that all backups of one place share, so each is copied once.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import DBAPIError

from data import journal, muted
from data.database import (
    address,
    at_one_instant,
    check_known,
    connect,
    explained,
    migrate,
    named,
    newest_version,
    version_of,
)
from data.evidence_files import EvidenceFiles
from data.trouble import sentence
from engine.at_rest import at_rest
from engine.clock import CIVIL
from engine.errors import DatabaseTrouble, NhacViecError, in_vietnamese
from engine.move import heads, move, tables
from engine.office import EVIDENCE, MESSAGE, OFFICE, REMINDER

NAME = "nhacviec-"
EVIDENCE_FOLDER = "minh-chung"
MONTHS_KEPT = 12
PAGES_AT_ONCE = 2_000  # 8 MB: a reader for a moment, never a lock
_NOT_YET = ("queued", "claimed")
OUTDATED = "tin cũ trong bản sao lưu, có thể đã gửi sau lúc sao lưu"


class BackupTrouble(NhacViecError):
    """No backup could be made, or this one must not be used."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: the note that stands beside its file."""

    file: str
    sha256: str
    size: int
    made_at: dt.datetime
    version: str
    rows: dict[str, int]
    heads: dict[str, str]  # of each office's journal: "124:1f2e…"
    evidence: int = 0
    evidence_new: int = 0
    evidence_missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, where the replaced file is, and which old messages will not be sent."""

    backup_of: dt.datetime | None
    rows: dict[str, int]
    heads: dict[str, str]
    replaced: Path | None
    dropped: dict[str, int]
    again: int = 0  # urgent ones, which leave marked as perhaps sent before
    evidence_new: int = 0
    evidence_missing: int = 0


# ---- making one -----------------------------------------------------------------------------------------------------


def back_up(
    url: str, evidence: Path, folder: Path, now: dt.datetime, *, keep: int = 14, zipped: bool = False
) -> Backup:
    """Write a new backup into ``folder``, check it, and let go of those that are no longer to be kept.

    :raises NhacViecError: it could not be made, or is not what the database was; older ones are left as they are.
    """
    if address(url).get_backend_name() == "sqlite" and not _file_of(url).is_file():
        raise BackupTrouble(f"Chưa có cơ sở dữ liệu {named(url)} để sao lưu.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stem = f"{NAME}{now.astimezone(CIVIL):%Y%m%d-%H%M%S}"
        with _beside(folder / f"{stem}.db.part") as part:
            rows, ends, wanted = _snapshot(url, part)
            copied, missing = _keep_evidence(evidence, folder / EVIDENCE_FOLDER, wanted)
            final = folder / (f"{stem}.db.gz" if zipped else f"{stem}.db")
            whole = _zip(part) if zipped else part
            _settle(whole)
            note = Backup(
                final.name,
                _checksum(whole),
                whole.stat().st_size,
                now,
                newest_version(),
                rows,
                ends,
                len(wanted),
                copied,
                tuple(missing),
            )
            _write_note(final, note)
            os.replace(whole, final)
            _settle(folder)
        _let_go(folder, keep, now)
    except OSError as error:
        raise BackupTrouble(
            f"Không ghi được bản sao lưu vào {folder}: {in_vietnamese(error)}. Hãy kiểm tra ổ đĩa và quyền ghi."
        ) from error
    return note


def _snapshot(url: str, part: Path) -> tuple[dict[str, int], dict[str, str], list[str]]:
    """Everything as it is at one instant, in a file of its own that has been looked through."""
    if address(url).get_backend_name() == "sqlite":
        rows, ends = _online_copy(url, part)
    else:
        moved = move(url, f"sqlite:///{part}", broken_journals=True)
        rows, ends = {name: content.rows for name, content in moved.tables.items()}, moved.heads
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    # The copy has just been made page by page: what is damaged in it is damaged where it came from.
    checked = _look_through(
        part,
        f"Cơ sở dữ liệu {named(url)} bị hỏng nên chưa sao lưu được; các bản cũ còn nguyên. "
        "Hãy dừng Nhắc Việc và phục hồi từ một bản cũ: nhacviec restore TỆP",
    )
    if (checked.rows, checked.heads) != (rows, ends):
        raise BackupTrouble("Bản sao lưu khác với cơ sở dữ liệu nên đã bị bỏ. Hãy chạy lại; các bản cũ còn nguyên.")
    return rows, ends, checked.evidence


def _online_copy(url: str, part: Path) -> tuple[dict[str, int], dict[str, str]]:
    engine = connect(url)
    try:
        with explained(url), at_one_instant(engine) as source:
            found = version_of(source)
            if found != newest_version():
                raise BackupTrouble(
                    f"Cơ sở dữ liệu ở phiên bản {found or 'chưa có'}; hãy mở nó bằng chương trình này "
                    "(nhacviec status) rồi sao lưu lại."
                )
            rows, ends = _counted(source), heads(source)
            driver: Any = source.connection.driver_connection
            # The same connection, so the copy is of the moment that was just counted, whoever writes meanwhile.
            with closing(sqlite3.connect(part)) as copy:
                try:
                    driver.backup(copy, pages=PAGES_AT_ONCE, sleep=0)
                except sqlite3.Error as error:
                    damaged = "malformed" in str(error)
                    raise BackupTrouble(sentence(named(url) if damaged else str(part.parent), error)) from error
    finally:
        engine.dispose()
    return rows, ends


@dataclass(frozen=True, slots=True)
class _Seen:
    rows: dict[str, int]
    heads: dict[str, str]
    evidence: list[str]
    version: str | None


def _look_through(file: Path, damaged: str) -> _Seen:
    """Integrity, row counts, every journal from its first line. ``damaged``: what to say where it is.

    :raises NhacViecError: it is damaged, or none of ours.
    """
    engine = connect(f"sqlite:///{file}")
    try:
        with at_one_instant(engine) as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
                raise BackupTrouble(damaged)
            version = version_of(connection)
            check_known(version)
            if version != newest_version():  # an older one has fewer tables; it is brought up to date, then looked at
                return _Seen({}, {}, [], version)
            return _Seen(_counted(connection), heads(connection), _evidence_of(connection), version)
    except DBAPIError as error:
        raise BackupTrouble(damaged) from error
    finally:
        engine.dispose()


def _damaged(known_as: str) -> str:
    return f"Bản sao lưu {known_as} bị hỏng hoặc không phải của Nhắc Việc. Hãy dùng bản khác."


def _counted(connection: Connection) -> dict[str, int]:
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables()}


def _evidence_of(connection: Connection) -> list[str]:
    kept = select(EVIDENCE.c.sha256).where(EVIDENCE.c.sha256.is_not(None), EVIDENCE.c.status == "kept").distinct()
    return list(connection.execute(kept).scalars())


def _keep_evidence(source: Path, target: Path, wanted: Collection[str]) -> tuple[int, list[str]]:
    """Copy what is not there yet. Returns how many, and which cannot be had whole."""
    here, there = EvidenceFiles(source), EvidenceFiles(target)
    copied, missing = 0, []
    for sha256 in wanted:
        if there.path(sha256).exists():
            continue
        try:
            there.keep(here.open(sha256))
            copied += 1
        except (FileNotFoundError, NhacViecError):
            missing.append(sha256)
    return copied, missing


# ---- which to keep, and when the next is due ------------------------------------------------------------------------


def backups_in(folder: Path) -> list[Path]:
    """The backups that stand in a folder, oldest first."""
    return sorted(path for path in folder.glob(f"{NAME}*.db*") if path.name.endswith((".db", ".db.gz")))


def made_at(path: Path) -> dt.datetime | None:
    """When a backup was made, by its name."""
    try:
        stamp = path.name.removeprefix(NAME).split(".")[0]
        return dt.datetime.strptime(stamp, "%Y%m%d-%H%M%S").replace(tzinfo=CIVIL).astimezone(dt.UTC)
    except ValueError:
        return None


def no_longer_kept(made: Collection[dt.datetime], keep: int, now: dt.datetime) -> set[dt.datetime]:
    """Which backups go: not of today, not the last of one of the ``keep`` newest days, not the last of a month."""
    days: dict[dt.date, dt.datetime] = {}
    months: dict[tuple[int, int], dt.datetime] = {}
    for at in sorted(made):
        civil = at.astimezone(CIVIL)
        days[civil.date()] = at
        months[civil.year, civil.month] = at
    stay = {days[day] for day in sorted(days)[-keep:]}
    stay |= {months[month] for month in sorted(months)[-MONTHS_KEPT:]}
    today = now.astimezone(CIVIL).date()
    return {at for at in made if at not in stay and at.astimezone(CIVIL).date() != today}


def is_due(folder: Path, every_day_at: dt.time, now: dt.datetime) -> bool:
    """Whether the last daily moment has passed without a backup; a machine that was off makes it when it is on.

    One that was made while the clock was ahead does not count before its time has come.
    """
    civil = now.astimezone(CIVIL)
    moment = dt.datetime.combine(civil.date(), every_day_at, CIVIL)
    if moment > civil:
        moment -= dt.timedelta(days=1)
    return not any((at := made_at(path)) is not None and moment <= at <= now for path in backups_in(folder))


def _let_go(folder: Path, keep: int, now: dt.datetime) -> None:
    for begun in folder.glob(f"{NAME}*.db.part*"):  # by a process that was killed; a younger one may still be at it
        if now.timestamp() - begun.stat().st_mtime > dt.timedelta(days=1).total_seconds():
            begun.unlink(missing_ok=True)
    by_time = {at: path for path in backups_in(folder) if (at := made_at(path)) is not None}
    for at in no_longer_kept(by_time, keep, now):
        by_time[at].unlink(missing_ok=True)
        _note_of(by_time[at]).unlink(missing_ok=True)


# ---- restoring ------------------------------------------------------------------------------------------------------


def examine(file: Path) -> Backup | None:
    """Compare a backup with the note beside it. None: there is no note.

    :raises BackupTrouble: it is not there, or not what was written.
    """
    if not file.is_file():
        raise BackupTrouble(f"Không có tệp {file}.")
    path = _note_of(file)
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text("utf-8"))
        note = Backup(
            **stored
            | {
                "made_at": dt.datetime.fromisoformat(stored["made_at"]),
                "evidence_missing": tuple(stored["evidence_missing"]),
            }
        )
        same = _checksum(file) == note.sha256
    except OSError as error:
        raise BackupTrouble(f"Không đọc được {error.filename or file}. Hãy kiểm tra quyền đọc tệp.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BackupTrouble(f"Tệp ghi chú {path.name} bị hỏng. Hãy dùng bản sao lưu khác.") from error
    if not same:
        raise BackupTrouble(f"Bản sao lưu {file.name} không còn như lúc ghi (sai mã kiểm tra). Hãy dùng bản khác.")
    return note


def target_is_taken(url: str) -> bool:
    """Whether something stands where a backup would be restored."""
    return address(url).get_backend_name() == "sqlite" and _file_of(url).exists()


def restore(
    file: Path, url: str, evidence: Path, now: dt.datetime, *, replace: bool = False, keep_queued: bool = False
) -> Restored:
    """Put a backup in the place of the database at ``url``, muted. What stood there is kept under another name.

    What waited in the backup may have left since: early reminders, digests and answers are dropped with the reason,
    unless ``keep_queued``; urgent ones wait on and leave marked (:func:`engine.muting.unmute`).

    :raises NhacViecError: the backup is damaged, or the place is taken or in use; then nothing has changed.
    """
    note = examine(file)
    lite = address(url).get_backend_name() == "sqlite"
    if lite and target_is_taken(url) and not replace:
        raise BackupTrouble(f"Đã có {named(url)}. Muốn thay, hãy thêm --replace; tệp cũ được giữ lại dưới tên khác.")
    beside = _file_of(url) if lite else Path.cwd() / "nhacviec.db"
    try:
        with at_rest(url), _beside(beside.with_name(f".{beside.name}.phuc-hoi")) as part:
            _unzip(file, part)
            _bring_up_to_date(part, file.name)
            seen = _look_through(part, _damaged(file.name))
            if note is not None and note.version == seen.version and (note.rows, note.heads) != (seen.rows, seen.heads):
                raise BackupTrouble(f"Bản sao lưu {file.name} không khớp với ghi chú. Hãy dùng bản khác.")
            at = note.made_at if note else made_at(file)
            dropped, again = _make_harmless(part, at, now, keep_queued=keep_queued)
            replaced = None
            if lite:
                _settle(part)
                replaced = _set_aside(beside, now)
                os.replace(part, beside)
                _settle(beside.parent)
            else:
                move(f"sqlite:///{part}", url)
        copied, missing = _keep_evidence(file.parent / EVIDENCE_FOLDER, evidence, _still_missing(evidence, seen))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise BackupTrouble(
            f"Không phục hồi được: {in_vietnamese(error)}{where}. Dữ liệu đang dùng còn nguyên."
        ) from error
    return Restored(at, seen.rows, seen.heads, replaced, dropped, again, copied, len(missing))


def _still_missing(evidence: Path, seen: _Seen) -> list[str]:
    files = EvidenceFiles(evidence)
    return [sha256 for sha256 in seen.evidence if not files.path(sha256).exists()]


def _bring_up_to_date(part: Path, known_as: str) -> None:
    seen = _look_through(part, _damaged(known_as))
    if seen.version is None:
        raise BackupTrouble("Tệp này không phải bản sao lưu của Nhắc Việc.")
    if seen.version != newest_version():
        with _opened(part) as url:
            engine = connect(url)
            migrate(engine, "head")
            engine.dispose()


def _make_harmless(
    part: Path, at: dt.datetime | None, now: dt.datetime, *, keep_queued: bool
) -> tuple[dict[str, int], int]:
    """Muted before it stands in its place, so that there is no moment in which it could send."""
    why = f"phục hồi từ bản sao lưu {at.astimezone(CIVIL):%d/%m/%Y %H:%M}" if at else "phục hồi từ bản sao lưu"
    dropped: dict[str, int] = {}
    with _opened(part) as url:
        engine = connect(url)
        with engine.begin() as connection:
            muted.mute(connection, why, now)
            again = _keep_urgent(connection)
            if not keep_queued:
                dropped = _drop_waiting(connection)
            data = {"backup": at.isoformat() if at else None, "dropped": dropped}
            offices = connection.execute(select(OFFICE.c.id)).scalars().all()
            line = [journal.Line("người vận hành", "restored", None, data)]
            journal.append_each(connection, now, dict.fromkeys(offices, line))
        engine.dispose()
    return dropped, again


def _keep_urgent(connection: Connection) -> int:
    """A last call or an escalation must be heard at least once: those that waited or were on their way wait again."""
    return connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.status.in_(_NOT_YET), MESSAGE.c.urgent)
        .values(status="queued", claim=None, begun=None)
    ).rowcount


def _drop_waiting(connection: Connection) -> dict[str, int]:
    gone = connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.status.in_(_NOT_YET), ~MESSAGE.c.urgent)
        .values(status="dropped", error=OUTDATED, claim=None)
        .returning(MESSAGE.c.id, MESSAGE.c.kind)
    ).all()
    counts: dict[str, int] = {}
    for row in gone:
        counts[row.kind] = counts.get(row.kind, 0) + 1
    dropped = select(MESSAGE.c.id).where(MESSAGE.c.status == "dropped", MESSAGE.c.error == OUTDATED)
    connection.execute(
        update(REMINDER)
        .where(REMINDER.c.status == "in_message", REMINDER.c.message_id.in_(dropped))
        .values(status="suppressed", reason=OUTDATED)
    )
    return counts


def _leave_wal(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as connection:
            # Leaving WAL is given only to the last one who has the file open, and brings everything into the one file.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error).lower():
            raise DatabaseTrouble(
                f"{file} đang được dùng. Hãy dừng Nhắc Việc (Ctrl+C) rồi phục hồi lại; chưa có gì thay đổi."
            ) from error
    except sqlite3.DatabaseError:
        pass  # damaged: perhaps the reason for all this. It is kept as it is


def _set_aside(file: Path, now: dt.datetime) -> Path | None:
    """Give the database that stands there another name, whole, if nobody else has it open.

    A log without its database goes too: SQLite would play it into the one that takes the place.
    """
    stands = file.exists()
    if stands:
        _leave_wal(file)
    aside = file.with_name(f"{file.name}.truoc-{now.astimezone(CIVIL):%Y%m%d-%H%M%S}")
    for ending in ("-wal", "-shm", "-journal"):
        old = file.with_name(file.name + ending)
        if old.exists():
            os.replace(old, aside.with_name(aside.name + ending))
    if not stands:
        return None
    try:
        os.link(file, aside)  # it stays in its place too, until the restored one takes that: at no moment is there none
    except OSError:  # a file system without links
        os.replace(file, aside)
    return aside


# ---- files ----------------------------------------------------------------------------------------------------------


def _file_of(url: str) -> Path:
    name = address(url).database
    if name in (None, "", ":memory:"):
        raise BackupTrouble("Cơ sở dữ liệu trong bộ nhớ không sao lưu được. Hãy đặt NHACVIEC_DATABASE.")
    return Path(str(name))


def _note_of(file: Path) -> Path:
    return file.with_name(file.name.split(".db")[0] + ".json")


def _write_note(file: Path, note: Backup) -> None:
    path = _note_of(file)
    part = path.with_suffix(".json.part")
    part.write_text(json.dumps(asdict(note), ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")
    _settle(part)
    os.replace(part, path)


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _beside(part: Path) -> Iterator[Path]:
    """A file that is gone afterwards, unless it was moved to its place."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        yield part
    finally:
        for ending in ("", ".gz", "-wal", "-shm", "-journal"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


@contextmanager
def _opened(part: Path) -> Iterator[str]:
    """The URL of a copy that is being prepared; afterwards everything stands in the one file."""
    yield f"sqlite:///{part}"
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _zip(part: Path) -> Path:
    zipped = part.with_name(part.name + ".gz")
    with part.open("rb") as plain, gzip.open(zipped, "wb", compresslevel=6) as out:
        shutil.copyfileobj(plain, out, 1 << 20)
    zipped.chmod(0o600)
    return zipped


def _unzip(file: Path, part: Path) -> None:
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rb") as source, part.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BackupTrouble(f"Bản sao lưu {file.name} bị hỏng. Hãy dùng bản khác.") from error


def _settle(path: Path) -> None:
    """On the disk, also if the power fails now (folders: POSIX only)."""
    if path.is_file() or os.name == "posix":
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
