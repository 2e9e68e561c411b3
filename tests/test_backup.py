"""Backups, and the drill that makes them worth having: made under load, restored elsewhere, compared, silent."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from bots.simulator import Simulator
from data import journal, muted
from data.database import connect, explained, open_database, reading
from engine import backup, muting
from engine.at_rest import at_rest
from engine.backup import BackupTrouble, back_up, backups_in, examine, is_due, no_longer_kept, restore
from engine.cli import keeping
from engine.clock import SystemClock
from engine.cycle import turn
from engine.errors import NhacViecError
from engine.messages import ReminderMessage
from engine.move import broken, contents
from engine.office import MESSAGE, REMINDER
from tests.command import clean_environment, command
from tests.databases import postgres_or_skip
from tests.kept import MORNING, PHOTO, lived_in, say
from tests.samples import JOURNAL_LINES, open_sample, released
from tests.samples import OFFICE_ID as XA_A
from tests.test_one_process import another
from tests.world import OFFICE_ID, civil

EVENING = civil("2026-03-16 19:00")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Engine]:
    engine = lived_in(f"sqlite:///{tmp_path / 'nv.db'}", tmp_path / "minh-chung")
    yield engine
    engine.dispose()


def url_in(folder: Path, name: str = "nv.db") -> str:
    return f"sqlite:///{folder / name}"


def back_up_now(folder: Path, now: dt.datetime = EVENING, *, zipped: bool = False) -> Path:
    made = back_up(url_in(folder), folder / "minh-chung", folder / "sao-luu", now, zipped=zipped)
    return folder / "sao-luu" / made.file


def restore_elsewhere(folder: Path, file: Path) -> Engine:
    restore(file, url_in(folder, "noi-khac.db"), folder / "minh-chung-khac", EVENING)
    return open_database(url_in(folder, "noi-khac.db"))


# ---- making ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
def test_the_drill(tmp_path: Path, office: Engine, *, zipped: bool) -> None:
    with reading(office) as connection:
        before = contents(connection)
    file = back_up_now(tmp_path, zipped=zipped)
    elsewhere = restore_elsewhere(tmp_path, file)
    with reading(elsewhere) as connection:
        after = contents(connection)
        assert muted.is_muted(connection)
        assert journal.verify(connection, OFFICE_ID).broken_at is None
    elsewhere.dispose()
    same = {name for name in before if before[name] == after[name]}
    assert set(before) - same <= {"journal", "setting", "message", "reminder"}  # that it was restored, and not to send
    assert after["journal"].rows == before["journal"].rows + 1
    assert [path.read_bytes() for path in (tmp_path / "minh-chung-khac").rglob("*") if path.is_file()] == [PHOTO]


def test_a_backup_made_while_everybody_writes_is_of_one_instant(tmp_path: Path, office: Engine) -> None:
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        engine = connect(url_in(tmp_path))
        while not stop.is_set():
            with engine.begin() as connection:
                lines = [journal.Line("engine", "opened", None, {"chữ": "x" * 2000})] * 20
                journal.append(connection, OFFICE_ID, MORNING, lines)
                connection.execute(update(MESSAGE).values(copies=MESSAGE.c.copies + 1))
            written.append(len(lines))
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    while len(written) < 5:
        pass
    try:
        files = [back_up_now(tmp_path, EVENING + dt.timedelta(seconds=n)) for n in range(3)]
        during = len(written)
    finally:
        stop.set()
        writer.join()
    assert during > 5, "nobody wrote meanwhile: this showed nothing"
    for file in files:
        with closing(sqlite3.connect(file)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert len(copy.execute("SELECT DISTINCT copies - (status = 'sent') FROM message").fetchall()) == 1
        elsewhere = connect(f"sqlite:///{file}")
        with reading(elsewhere) as connection:
            assert journal.verify(connection, OFFICE_ID).broken_at is None
        elsewhere.dispose()


def test_what_stands_beside_it_says_what_is_in_it(tmp_path: Path, office: Engine) -> None:
    file = back_up_now(tmp_path)
    note = json.loads(file.with_suffix(".json").read_text("utf-8"))
    assert note["rows"]["office"] == 1
    assert note["heads"][OFFICE_ID].startswith(f"{note['rows']['journal']}:")
    assert (note["evidence"], note["evidence_new"], note["evidence_missing"]) == (1, 1, [])
    assert sorted(path.name for path in file.parent.iterdir()) == sorted(
        [file.name, file.with_suffix(".json").name, "minh-chung"]
    )
    assert file.stat().st_mode & 0o077 == 0, "only this account may read it"


def test_a_photo_is_copied_once_and_a_lost_one_is_named(tmp_path: Path, office: Engine) -> None:
    back_up_now(tmp_path)
    again = back_up(url_in(tmp_path), tmp_path / "minh-chung", tmp_path / "sao-luu", EVENING + dt.timedelta(days=1))
    assert (again.evidence, again.evidence_new) == (1, 0)
    lost = back_up(url_in(tmp_path), tmp_path / "khong-co", tmp_path / "dia-khac", EVENING)
    assert len(lost.evidence_missing) == 1


def test_a_full_disk_leaves_the_older_backups_alone(
    tmp_path: Path, office: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = back_up_now(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_write_note", full)
    with pytest.raises(BackupTrouble, match="ổ đĩa đã đầy"):
        back_up_now(tmp_path, EVENING + dt.timedelta(days=1))
    assert backups_in(kept.parent) == [kept]
    assert not list(kept.parent.glob("*.part*"))


def test_a_journal_that_was_altered_ends_no_backups_and_is_told_of(tmp_path: Path, office: Engine) -> None:
    with office.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_no_update")
        connection.exec_driver_sql("UPDATE journal SET actor = 'ai đó' WHERE seq = 2")
    kept = back_up_now(tmp_path)
    note = examine(kept)
    assert note is not None
    assert broken(note.heads) == [f"Nhật ký của {OFFICE_ID} bị hỏng từ dòng 2. Chạy: nhacviec journal verify"]
    said = nhacviec(tmp_path, "backup", "--to", str(tmp_path / "b"), "--json")
    assert said.returncode == 1
    assert "bị hỏng từ dòng 2" in said.stderr
    restored = restore(kept, url_in(tmp_path, "lai.db"), tmp_path / "m", EVENING)
    assert restored.heads[OFFICE_ID] == "bị hỏng từ dòng 2"


def test_a_disk_too_small_for_the_copy_is_named(
    tmp_path: Path, office: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.execute("PRAGMA max_page_count = 4")

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
    with pytest.raises(BackupTrouble, match="đã đầy"):
        back_up_now(tmp_path)
    assert not list((tmp_path / "sao-luu").iterdir())


def test_what_a_killed_backup_left_is_no_backup_and_goes_after_a_day(tmp_path: Path, office: Engine) -> None:
    kept = back_up_now(tmp_path)
    begun = kept.with_name("nhacviec-20260316-184500.db.part.gz")
    begun.touch()
    assert backups_in(kept.parent) == [kept]
    os.utime(begun, (0, (EVENING - dt.timedelta(days=2)).timestamp()))
    back_up_now(tmp_path, EVENING + dt.timedelta(days=1))
    assert not begun.exists()


def test_no_database_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupTrouble, match="Chưa có cơ sở dữ liệu"):
        back_up_now(tmp_path)
    assert not (tmp_path / "nv.db").exists()


# ---- keeping --------------------------------------------------------------------------------------------------------


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(dt.UTC)


def test_the_newest_days_and_one_of_each_month_are_kept() -> None:
    made = [at("2025-01-01T19:00") + dt.timedelta(days=n) for n in range(500)]
    gone = no_longer_kept(made, 14, made[-1])
    stay = sorted(set(made) - gone)
    assert stay[-14:] == made[-14:]
    assert len(stay) == 14 + 11  # the last of each of eleven months before the fourteen days
    assert all((day + dt.timedelta(days=1)).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).day == 1 for day in stay[:-14])


def test_of_one_day_the_last_is_kept_and_of_today_all() -> None:
    yesterday = [at("2026-03-15T08:00"), at("2026-03-15T19:00")]
    today = [at("2026-03-16T08:00"), at("2026-03-16T09:00")]
    assert no_longer_kept([*yesterday, *today], 14, at("2026-03-16T10:00")) == {yesterday[0]}


@pytest.mark.parametrize(
    ("made", "now", "due"),
    [
        (None, "2026-03-16T08:00", True),  # never yet
        ("2026-03-15T19:00", "2026-03-16T18:59", False),
        ("2026-03-15T19:00", "2026-03-16T19:00", True),
        ("2026-03-16T19:00", "2026-03-16T23:00", False),
        ("2026-03-13T19:00", "2026-03-16T07:31", True),  # the machine was off at seven in the evening
        ("2026-03-16T07:31", "2026-03-16T12:00", False),  # … and has made up for it
        ("2026-03-16T07:31", "2026-03-16T19:05", True),
    ],
)
def test_once_a_day_also_for_a_machine_that_sleeps(tmp_path: Path, made: str | None, now: str, due: bool) -> None:
    if made:
        (tmp_path / f"nhacviec-{dt.datetime.fromisoformat(made):%Y%m%d-%H%M%S}.db").touch()
    assert is_due(tmp_path, dt.time(19), at(now)) is due


# ---- restoring ------------------------------------------------------------------------------------------------------


def test_a_changed_backup_is_refused(tmp_path: Path, office: Engine) -> None:
    file = back_up_now(tmp_path)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BackupTrouble, match="sai mã kiểm tra"):
        restore(file, url_in(tmp_path, "noi-khac.db"), tmp_path / "khac", EVENING)
    assert not (tmp_path / "noi-khac.db").exists()


@pytest.mark.parametrize("damage", ["cut", "other", "zip"])
def test_damage_is_seen_without_the_note_too(tmp_path: Path, office: Engine, damage: str) -> None:
    file = back_up_now(tmp_path, zipped=damage == "zip")
    (file.parent / (file.name.split(".")[0] + ".json")).unlink()
    if damage == "other":
        file.unlink()
        with closing(sqlite3.connect(file)) as strange:
            strange.execute("CREATE TABLE t (x)")
    else:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(NhacViecError):
        restore(file, url_in(tmp_path, "noi-khac.db"), tmp_path / "khac", EVENING)
    assert not (tmp_path / "noi-khac.db").exists()
    assert not list(tmp_path.glob(".noi-khac*"))


@pytest.mark.parametrize("version", released())
def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path, version: str) -> None:
    file = tmp_path / "nhacviec-20260101-190000.db"
    open_sample(version, file)
    elsewhere = restore_elsewhere(tmp_path, file)
    with reading(elsewhere) as connection:
        assert muted.is_muted(connection)
        assert journal.verify(connection, XA_A).lines == JOURNAL_LINES + 1  # that it was restored
        old = {name: content.rows for name, content in contents(connection).items() if content.rows}
    elsewhere.dispose()
    assert old | {"journal": 0, "setting": 0} == dict.fromkeys(old, 2) | {"journal": 0, "setting": 0}


def test_what_stands_there_is_not_overwritten_unasked_and_kept_when_asked(tmp_path: Path, office: Engine) -> None:
    file = back_up_now(tmp_path)
    say(office, "sau lúc sao lưu", EVENING)
    office.dispose()
    here = url_in(tmp_path)
    with pytest.raises(BackupTrouble, match="--replace"):
        restore(file, here, tmp_path / "minh-chung", EVENING)
    done = restore(file, here, tmp_path / "minh-chung", EVENING, replace=True)
    assert done.replaced is not None
    with closing(sqlite3.connect(done.replaced)) as old:
        assert old.execute("SELECT count(*) FROM inbound WHERE text = 'sau lúc sao lưu'").fetchone() == (1,)


def test_a_database_in_use_is_not_taken_away(tmp_path: Path, office: Engine) -> None:
    file = back_up_now(tmp_path)
    with reading(office) as connection:
        connection.execute(select(MESSAGE.c.id)).all()
        with pytest.raises(NhacViecError, match="đang được dùng"):
            restore(file, url_in(tmp_path), tmp_path / "minh-chung", EVENING, replace=True)
        assert connection.execute(select(MESSAGE.c.id)).all()


def test_a_damaged_database_can_be_replaced(tmp_path: Path, office: Engine) -> None:
    file = back_up_now(tmp_path)
    office.dispose()
    (tmp_path / "nv.db").write_bytes(b"hello " * 5000)
    done = restore(file, url_in(tmp_path), tmp_path / "minh-chung", EVENING, replace=True)
    assert done.replaced is not None
    assert done.replaced.read_bytes().startswith(b"hello")


def test_what_waited_in_the_backup_is_dropped_with_the_reason(tmp_path: Path, office: Engine) -> None:
    with office.begin() as connection:
        connection.execute(update(MESSAGE).where(MESSAGE.c.kind == "reminder").values(status="queued", sent_at=None))
    file = back_up_now(tmp_path)
    elsewhere = restore_elsewhere(tmp_path, file)
    with reading(elsewhere) as connection:
        dropped = connection.execute(select(MESSAGE.c.error).where(MESSAGE.c.status == "dropped")).scalars().all()
        assert dropped
        assert set(dropped) == {backup.OUTDATED}
        assert backup.OUTDATED in connection.execute(select(REMINDER.c.reason)).scalars().all()
        assert not muting.waiting(connection, EVENING)
    elsewhere.dispose()


def test_an_urgent_one_that_waited_or_was_on_its_way_is_not_lost_and_leaves_marked(
    tmp_path: Path, office: Engine
) -> None:
    with office.begin() as connection:
        reminders = connection.execute(select(MESSAGE.c.id).where(MESSAGE.c.kind == "reminder")).scalars().all()
        assert len(reminders) >= 2
        urgent = update(MESSAGE).where(MESSAGE.c.id.in_(reminders[-2:])).values(urgent=True, sent_at=None, copies=0)
        connection.execute(urgent.values(status="queued"))
        on_its_way = {"status": "claimed", "claim": "ab", "claimed_at": EVENING, "begun": True}
        connection.execute(update(MESSAGE).where(MESSAGE.c.id == reminders[-1]).values(**on_its_way))
    done = restore(back_up_now(tmp_path), url_in(tmp_path, "k.db"), tmp_path / "khac", EVENING)
    assert done.again == 2
    elsewhere = open_database(url_in(tmp_path, "k.db"))
    phones = Simulator()
    tuesday = civil("2026-03-17 08:00")
    asyncio.run(turn(elsewhere, [phones], tuesday))
    assert not phones.sent
    with elsewhere.begin() as connection:
        muting.unmute(connection, tuesday)
    asyncio.run(turn(elsewhere, [phones], tuesday))
    with reading(elsewhere) as connection:
        states = select(MESSAGE.c.status).where(MESSAGE.c.id.in_(reminders[-2:]))
        assert set(connection.execute(states).scalars()) == {"sent"}
    said = [post.message for post in phones.sent if isinstance(post.message, ReminderMessage)]
    assert said
    assert all(message.resent for message in said), "they may have been heard before"
    elsewhere.dispose()


def test_who_unmutes_at_once_is_shown_what_would_leave(
    tmp_path: Path, office: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No turn has run since the restore: what came due after the backup was made may have left from the other file."""
    file, tuesday = back_up_now(tmp_path), civil("2026-03-17 08:00")
    restore(file, url_in(tmp_path, "k.db"), tmp_path / "khac", tuesday)
    monkeypatch.setenv("NHACVIEC_DATABASE", url_in(tmp_path, "k.db"))
    monkeypatch.setattr(SystemClock, "now", lambda _: tuesday)
    keeping.unmute(yes=True, keep_old=False)
    assert "Sẽ gửi ngay: 1 tin nhắc việc" in capsys.readouterr().out
    elsewhere, phones = open_database(url_in(tmp_path, "k.db")), Simulator()
    asyncio.run(turn(elsewhere, [phones], tuesday))
    [message] = [post.message for post in phones.sent]
    assert isinstance(message, ReminderMessage)
    assert message.resent
    elsewhere.dispose()


def test_what_waited_can_be_kept(tmp_path: Path, office: Engine) -> None:
    with office.begin() as connection:
        connection.execute(update(MESSAGE).where(MESSAGE.c.kind == "reminder").values(status="queued", sent_at=None))
    file = back_up_now(tmp_path)
    restore(file, url_in(tmp_path, "k.db"), tmp_path / "khac", EVENING, keep_queued=True)
    engine = connect(url_in(tmp_path, "k.db"))
    with reading(engine) as connection:
        [found] = muting.waiting(connection, EVENING)
    engine.dispose()
    assert (found.kind, found.too_old) == ("reminder", 0)


def test_nothing_leaves_until_somebody_says_so(tmp_path: Path, office: Engine) -> None:
    elsewhere = restore_elsewhere(tmp_path, back_up_now(tmp_path))
    say(elsewhere, "việc", EVENING)
    phones = Simulator()
    tuesday = civil("2026-03-17 08:00")
    for moment in (EVENING, tuesday):
        asyncio.run(turn(elsewhere, [phones], moment))
    assert not phones.sent
    with elsewhere.begin() as connection:
        waits = {kind.kind: kind for kind in muting.waiting(connection, tuesday)}
        assert waits["answer"].too_old == 1  # asked last evening
        assert waits["reminder"].count
        assert muting.unmute(connection, tuesday) == 1
    asyncio.run(turn(elsewhere, [phones], tuesday))
    assert len(phones.sent) == waits["reminder"].count
    with reading(elsewhere) as connection:
        assert journal.verify(connection, OFFICE_ID).broken_at is None
    elsewhere.dispose()


# ---- a program that runs --------------------------------------------------------------------------------------------


def test_a_database_on_which_a_program_runs_is_not_replaced(tmp_path: Path, office: Engine) -> None:
    office.dispose()
    file = back_up_now(tmp_path)
    with another(url_in(tmp_path)) as process:
        with pytest.raises(NhacViecError, match=f"tiến trình {process.pid}.* đang chạy với .*nv.db.*chưa có gì"):
            restore(file, url_in(tmp_path), tmp_path / "minh-chung", EVENING, replace=True)
        assert not list(tmp_path.glob("nv.db.truoc*"))
        back_up_now(tmp_path, EVENING + dt.timedelta(days=1))  # that is allowed at any time
    assert restore(file, url_in(tmp_path), tmp_path / "minh-chung", EVENING, replace=True).replaced


def test_nobody_moves_away_from_or_into_a_database_on_which_a_program_runs(tmp_path: Path, office: Engine) -> None:
    office.dispose()
    here, there = url_in(tmp_path), url_in(tmp_path, "khac.db")
    for busy in (here, there):
        with another(busy) as process:
            refused = nhacviec(tmp_path, "db", "move", here, there)
            assert (refused.returncode, f"(tiến trình {process.pid}) đang chạy" in refused.stderr) == (1, True)
    assert nhacviec(tmp_path, "db", "move", here, there).returncode == 0
    same = nhacviec(tmp_path, "db", "move", here, here)
    assert (same.returncode, "Nguồn và đích là một" in same.stderr) == (1, True)


def test_on_postgresql_a_program_that_is_connected_is_noticed(tmp_path: Path) -> None:
    there = postgres_or_skip(empty=True)
    engine = open_database(there)
    try:
        with pytest.raises(NhacViecError, match="Còn 1 kết nối của Nhắc Việc"), at_rest(there):
            pytest.fail("let in")
    finally:
        engine.dispose()
    with at_rest(there):
        pass


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------


def test_the_drill_on_postgresql(tmp_path: Path) -> None:
    here, there = postgres_or_skip(empty=True), postgres_or_skip(empty=True)
    engine = lived_in(here, tmp_path / "minh-chung")
    made = back_up(here, tmp_path / "minh-chung", tmp_path / "sao-luu", EVENING, zipped=True)
    done = restore(tmp_path / "sao-luu" / made.file, there, tmp_path / "khac", EVENING)
    assert done.rows == made.rows
    elsewhere = open_database(there)
    with reading(engine) as old, reading(elsewhere) as new:
        before, after = contents(old), contents(new)
        assert muted.is_muted(new)
    assert {name for name in before if before[name] != after[name]} <= {"journal", "setting", "message", "reminder"}
    say(elsewhere, "việc", EVENING)  # new rows get numbers that are free
    for used in (engine, elsewhere):
        used.dispose()
    with pytest.raises(NhacViecError, match="không trống"):
        restore(tmp_path / "sao-luu" / made.file, there, tmp_path / "khac", EVENING)


# ---- the commands ---------------------------------------------------------------------------------------------------


def nhacviec(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    ours = {"DATABASE": url_in(folder), "EVIDENCE": str(folder / "minh-chung")}
    environment = clean_environment(COLUMNS="150", **{f"NHACVIEC_{name}": value for name, value in ours.items()})
    return command(words, environment, folder, typed)


def test_the_commands_tell_what_they_do(tmp_path: Path, office: Engine) -> None:
    office.dispose()
    made = nhacviec(tmp_path, "backup", "--to", "sao-luu", "--gzip")
    assert made.returncode == 0, made.stderr
    assert "Đã sao lưu và kiểm tra: sao-luu/nhacviec-" in made.stdout
    [file] = backups_in(tmp_path / "sao-luu")
    assert gzip.decompress(file.read_bytes()).startswith(b"SQLite format 3")
    refused = nhacviec(tmp_path, "restore", str(file))
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    wavering = nhacviec(tmp_path, "restore", str(file), "--replace", typed="ừ\n")
    nobody = nhacviec(tmp_path, "restore", str(file), "--replace", typed="")
    assert [(asked.returncode, "chưa thay đổi gì" in asked.stderr) for asked in (wavering, nobody)] == [(1, True)] * 2
    assert "Traceback" not in nobody.stderr
    done = nhacviec(tmp_path, "restore", str(file), "--replace", typed="THAY\n")
    assert done.returncode == 0, done.stderr
    assert "TẮT GỬI" in done.stdout
    speaks = nhacviec(tmp_path, "unmute", typed="vâng\nCÓ\n")
    assert speaks.returncode == 0, speaks.stderr
    assert speaks.stdout.count("[c/K]") == 2
    assert "Xin gõ c (có) hoặc k (không)." in speaks.stdout
    assert "phục hồi từ bản sao lưu" in speaks.stdout
    assert "gửi bình thường" in nhacviec(tmp_path, "unmute").stdout


def test_a_backup_that_may_not_be_read_is_said_to_be_so(tmp_path: Path, office: Engine) -> None:
    office.dispose()
    assert nhacviec(tmp_path, "backup", "--to", "sao-luu").returncode == 0
    [file] = backups_in(tmp_path / "sao-luu")
    note = file.with_suffix(".json")
    note.unlink()
    note.mkdir()  # as unreadable as another's file, for root too
    refused = nhacviec(tmp_path, "restore", str(file), "--replace", "--yes")
    assert (refused.returncode, "Không đọc được" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)


def test_trouble_keeps_the_password_to_itself() -> None:
    url = "postgresql://nhacviec:bi-mat@127.0.0.1:1/nhacviec"
    with pytest.raises(NhacViecError, match="Không có máy chủ") as trouble, explained(url):
        connect(url).connect()
    assert "bi-mat" not in str(trouble.value)


def test_a_log_that_outlived_its_database_is_not_played_into_the_restored_one(office: Engine, tmp_path: Path) -> None:
    """The bad file was moved away by hand, its log was not."""
    file = back_up_now(tmp_path)
    office.dispose()
    leave = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('PRAGMA journal_mode = WAL'); c.execute('CREATE TABLE later AS SELECT * FROM message'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", leave, str(tmp_path / "nv.db")], check=True)
    assert (tmp_path / "nv.db-wal").stat().st_size
    (tmp_path / "nv.db").unlink()
    assert restore(file, url_in(tmp_path), tmp_path / "minh-chung", EVENING).replaced is None
    assert list(tmp_path.glob("nv.db.truoc-*-wal"))
    with closing(sqlite3.connect(tmp_path / "nv.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'").fetchall()
