"""``nhacviec doctor``: each thing that may be wrong is found, with what to do, and without a secret."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from bots.zalo import Zalo
from data.database import open_database, reading
from engine.clock import CIVIL, SystemClock, VirtualClock
from engine.doctor import ask, duties, examine, machine, reach, storage
from engine.findings import Finding, Level
from engine.lock import alone
from engine.messages import Retry, Unknown
from engine.office import CHAT, MESSAGE, OBLIGATION, OFFICE, PERSON, USAGE
from engine.settings import Settings
from engine.watch import Watchdog, heartbeat_file
from schedules.workdays import vietnam_calendar
from tests.command import nhacviec
from tests.servers import zalo_server
from tests.world import CHAIR, OFFICER, STANDING, World, civil, monthly_report, obligation, one_task

NOW = civil("2026-03-24 08:10")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path, "2026-03-23 07:00", [one_task("2026-03-25"), monthly_report()])
    opened.run_until("2026-03-24 08:10")
    opened.ignore_rest()
    yield opened
    opened.close()


def change(world: World, statement: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(statement)


def levels(findings: Iterable[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def bad_or_warn(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is not Level.OK]


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


# ---- the database ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("doctor") / "nv.db"
    open_database(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture
def file(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "nv.db"))


def test_a_database_in_order(file: Path) -> None:
    assert levels(storage.database(f"sqlite:///{file}")) == [Level.OK, Level.OK]


def test_no_database_is_said_and_none_is_made(tmp_path: Path) -> None:
    (finding,) = storage.database(f"sqlite:///{tmp_path / 'nv.db'}")
    assert (finding.level, "nhacviec load" in finding.what_to_do) == (Level.BAD, True)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_found(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 6] = os.urandom(4096 * 5)
    file.write_bytes(content)
    (finding,) = storage.database(f"sqlite:///{file}")
    assert finding.level is Level.BAD
    assert "sao lưu" in finding.what_to_do


def test_a_database_that_cannot_be_written_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # an administrator's own rights would let everything pass
    assert levels(storage.database(f"sqlite:///{file}"))[0] is Level.BAD


def test_a_file_of_something_else_is_found(tmp_path: Path) -> None:
    other = tmp_path / "thu.db"
    other.write_text("không phải cơ sở dữ liệu" * 100, encoding="utf-8")
    assert levels(storage.database(f"sqlite:///{other}")) == [Level.BAD]


@pytest.mark.parametrize("tables", [["khach_hang"], ["alembic_version", "khach_hang"], ["alembic_version"]])
def test_a_database_of_another_program_is_told_once_and_stays_as_it_is(tmp_path: Path, tables: list[str]) -> None:
    other = tmp_path / "khac.db"
    with sqlite3.connect(other) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (version_num)")
        connection.execute(f"INSERT INTO {tables[0]} VALUES ('abc')")
    connection.close()
    before = other.read_bytes()
    said = nhacviec("doctor", "--offline", "--json", database=other)
    assert said.returncode == 1
    told = [finding for finding in json.loads(said.stdout) if finding["level"] == "bad"]
    assert [finding["about"] for finding in told if finding["about"] != "holidays"] == ["database"]
    (finding,) = (finding for finding in told if finding["about"] == "database")
    assert "không phải của Nhắc Việc" in finding["what"]
    assert "NHACVIEC_DATABASE" in finding["what_to_do"]
    assert other.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["khac.db"]


def test_another_version_and_another_mode_are_found(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    found = list(storage._broken(file)) + list(storage._version(f"sqlite:///{file}"))
    assert [(finding.level, finding.about) for finding in found] == [(Level.WARN, "wal"), (Level.BAD, "database")]
    assert "0001" in found[1].what


def test_a_newer_version_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = examine(settings(database=f"sqlite:///{file}"), [], NOW)
    assert "9999" in next(finding.what for finding in found if finding.about == "database")


# ---- the machine ----------------------------------------------------------------------------------------------------


def test_the_zone_data_is_there() -> None:
    assert levels(machine.zones()) == [Level.OK]


def test_an_office_in_a_zone_that_this_machine_does_not_know(world: World) -> None:
    change(world, update(OFFICE).values(timezone="Asia/Khong_Co"))
    with reading(world.engine) as connection:
        assert levels(machine.zones_of_offices(connection)) == [Level.BAD]


def test_a_full_disk_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(machine.disk(f"sqlite:///{file}")) == [Level.OK]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 500 * 1024**2))
    (finding,) = machine.disk(f"sqlite:///{file}")
    assert finding.level is Level.WARN
    assert "500,0 MB" in finding.what


@pytest.mark.skipif(os.name != "posix", reason="rights of files are told otherwise there")
def test_files_that_everyone_can_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    secrets = file.parent / ".env"
    secrets.write_text("NHACVIEC_ZALO_TOKEN=1:a", encoding="utf-8")
    for path in (file, secrets):
        path.chmod(0o600)
    assert levels(machine.permissions(f"sqlite:///{file}")) == [Level.OK]
    secrets.chmod(0o644)
    (finding,) = machine.permissions(f"sqlite:///{file}")
    assert finding.what_to_do == "Hãy chạy: chmod 600 .env"


def test_backups(tmp_path: Path) -> None:
    now = SystemClock().now()
    assert [finding.what for finding in machine.backups(None, now)] == ["Chưa đặt sao lưu."]
    assert levels(machine.backups(tmp_path / "khong-co", now)) == [Level.BAD]
    for other in ("nv-2026.db", "minh-chung/ab/ab12", "nhacviec-xx.db"):  # photos and notes are no backups
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).touch()
    assert levels(machine.backups(tmp_path, now)) == [Level.BAD]
    (tmp_path / f"nhacviec-{now.astimezone(CIVIL):%Y%m%d-%H%M%S}.db.gz").touch()
    assert levels(machine.backups(tmp_path, now)) == [Level.OK]
    (old,) = machine.backups(tmp_path, now + dt.timedelta(days=5, hours=1))
    assert (old.level, "5 ngày" in old.what) == (Level.WARN, True)


# ---- the running engine ---------------------------------------------------------------------------------------------


def of_engine(world: World, now: dt.datetime) -> list[tuple[Level, str]]:
    with reading(world.engine) as connection:
        found = list(machine.running_engine(f"sqlite:///{world.file}", connection, now))
    return [(finding.level, finding.about) for finding in found]


def beat(world: World) -> Path:
    file = heartbeat_file(f"sqlite:///{world.file}")
    assert file is not None
    Watchdog(world.engine, file, 30).beat(world.clock.now())
    return file


def test_an_engine_that_never_ran(world: World) -> None:
    assert of_engine(world, NOW) == [(Level.WARN, "heartbeat")]


def test_an_engine_that_runs(world: World) -> None:
    beat(world)
    with alone(f"sqlite:///{world.file}"):
        assert of_engine(world, NOW) == [(Level.OK, "heartbeat")]


def test_an_engine_that_stopped_and_what_waits_since(world: World) -> None:
    beat(world)
    world.hear(OFFICER, "việc")
    assert of_engine(world, NOW + dt.timedelta(minutes=5)) == [(Level.BAD, "heartbeat"), (Level.BAD, "inbox")]


def test_what_the_running_engine_could_not_explain(world: World) -> None:
    dog = Watchdog(world.engine, heartbeat_file(f"sqlite:///{world.file}"), 30)
    dog.beat(world.clock.now())
    change(world, update(MESSAGE).where(MESSAGE.c.kind == "reminder").values(status="dropped"))
    dog.beat(world.clock.now())
    with alone(f"sqlite:///{world.file}"):
        assert of_engine(world, NOW) == [(Level.BAD, "unsaid")]


def test_two_engines(world: World) -> None:
    file = beat(world)
    assert of_engine(world, NOW)[0] == (Level.BAD, "heartbeat")  # it beat a moment ago, and holds no lock: it is gone
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"machine": "may-khac"}), "utf-8")
    assert of_engine(world, NOW)[-1] == (Level.WARN, "processes")  # elsewhere, where this lock does not bind
    for other in ({"process": os.getpid() + 1}, {"machine": "may-khac"}):
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | other), "utf-8")
        with alone(f"sqlite:///{world.file}"):
            assert of_engine(world, NOW)[-1] == (Level.BAD, "processes")
        beat(world)
    assert json.loads(file.read_text("utf-8"))["machine"] == socket.gethostname()


# ---- calendar, rules, work ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-09-30", [Level.OK, Level.OK]),
        ("2026-09-30", [Level.OK, Level.OK]),
        ("2026-10-01", [Level.OK, Level.WARN]),
        ("2026-12-24", [Level.OK, Level.WARN]),
        ("2026-12-25", [Level.OK, Level.BAD]),
        ("2027-02-01", [Level.BAD, Level.OK]),
    ],
)
def test_holidays_that_nobody_can_have_announced_yet_are_no_fault(day: str, expected: list[Level]) -> None:
    assert not vietnam_calendar().signed_off(2027), "a year was signed off: move these days on"
    assert levels(duties.holidays(civil(f"{day} 08:00"))) == expected


def about_rules(world: World, now: dt.datetime = NOW) -> list[Finding]:
    with reading(world.engine) as connection:
        return list(duties.rules(connection, now))


def test_rules_in_order(world: World) -> None:
    assert levels(about_rules(world)) == [Level.OK]


def test_a_rule_that_cannot_be_read_or_names_no_ladder(world: World) -> None:
    change(world, update(OBLIGATION).where(OBLIGATION.c.slug == "ke-hoach").values(ladder="khong-co"))
    change(world, update(OBLIGATION).where(OBLIGATION.c.slug == "bao-cao-tthc").values(rule={"kind": "monthlyy"}))
    (finding,) = about_rules(world)
    assert finding.level is Level.BAD
    assert "xa-mau/ke-hoach" in finding.what
    assert "xa-mau/bao-cao-tthc" in finding.what


def test_a_rule_from_which_nothing_more_comes(world: World) -> None:
    (finding,) = about_rules(world, civil("2028-01-03 08:00"))  # nothing was planned for two years
    assert "xa-mau/bao-cao-tthc" in finding.what
    assert "ke-hoach" not in finding.what  # it was to be done once


def test_a_duty_without_a_date(tmp_path: Path) -> None:
    unknown = obligation("chua-ro", "Chưa rõ hạn", kind="unknown", needs_review="Hỏi Sở Nội vụ")
    world = World(tmp_path, "2026-03-23 07:00", [one_task("2026-03-25"), unknown])
    (finding,) = about_rules(world)
    assert (finding.level, "chua-ro" in finding.what) == (Level.WARN, True)
    world.close()


def test_open_work_without_anybody(world: World) -> None:
    with reading(world.engine) as connection:
        assert levels(duties.without_a_person(connection)) == [Level.OK]
    world.dismiss(OFFICER)
    with reading(world.engine) as connection:
        (finding,) = duties.without_a_person(connection)
        assert (finding.level, "không có người phụ trách" in finding.what) == (Level.WARN, True)
    change(world, update(PERSON).values(active=False))
    with reading(world.engine) as connection:
        assert levels(duties.without_a_person(connection)) == [Level.BAD]


# ---- people, chats, messages ----------------------------------------------------------------------------------------


def test_people_without_a_chat_are_named_and_counted(world: World) -> None:
    with reading(world.engine) as connection:
        assert levels(reach.people(connection, [], NOW)) == [Level.OK]
    for slug in (CHAIR, STANDING):
        change(world, CHAT.delete().where(CHAT.c.address == f"xa-mau/{slug}"))
    with reading(world.engine) as connection:
        (finding,) = reach.people(connection, [], NOW)
        assert "2 trên 10" in finding.what
        assert "xa-mau/chu-tich" in finding.what
        (finding,) = reach.people(connection, [Zalo("1:mot-hai-ba-bon")], NOW)  # a simulator's chat is none on Zalo
        assert "10 trên 10" in finding.what


def test_chats_that_take_nothing(world: World) -> None:
    change(world, update(CHAT).where(CHAT.c.address == f"xa-mau/{CHAIR}").values(blocked_at=NOW))
    change(world, update(CHAT).where(CHAT.c.address == f"xa-mau/{STANDING}").values(failing_since=NOW))
    with reading(world.engine) as connection:
        assert levels(reach.chats(connection)) == [Level.WARN, Level.WARN]


def test_a_bot_near_its_people_and_its_budget(world: World) -> None:
    zalo = Zalo("1:mot-hai-ba-bon")
    zalo.budget = 100
    with reading(world.engine) as connection:
        assert list(reach.bots(connection, [zalo], NOW)) == []
    change(world, insert(USAGE).values(channel="zalo", bot="1", month="2026-03", sent=75))
    with reading(world.engine) as connection:
        assert levels(reach.bots(connection, [zalo], NOW)) == [Level.WARN]
        assert list(reach.bots(connection, [zalo], civil("2026-04-01 08:00"))) == []
    change(world, update(USAGE).values(sent=95))
    with reading(world.engine) as connection:
        assert levels(reach.bots(connection, [zalo], NOW)) == [Level.BAD]


def test_messages_of_which_nobody_knows(world: World) -> None:
    world.simulator.outcomes = [Unknown("hết thời gian chờ")] * 2
    world.run_until("2026-03-25 08:30")
    with reading(world.engine) as connection:
        assert levels(reach.messages(connection, world.clock.now())) == [Level.WARN]
        assert levels(reach.messages(connection, world.clock.now() + dt.timedelta(days=8))) == [Level.OK]


def test_messages_that_wait_to_be_tried_again(world: World) -> None:
    with reading(world.engine) as connection:
        assert list(reach.held_up(connection, world.clock.now())) == []
    world.simulator.outcomes = [Retry("kênh không nhận token của bot", 3600.0)] * 2
    world.run_until("2026-03-25 08:00")
    with reading(world.engine) as connection:
        (finding,) = reach.held_up(connection, world.clock.now())
    assert finding.level is Level.WARN
    assert "kênh không nhận token của bot" in finding.what
    assert "25/03" in finding.what


def test_replies_that_wait(world: World) -> None:
    world.hear(OFFICER, "việc")
    with reading(world.engine) as connection:
        assert levels(reach.inbox(connection, NOW)) == [Level.OK]
        assert levels(reach.inbox(connection, NOW + dt.timedelta(minutes=2))) == [Level.BAD]


# ---- the providers --------------------------------------------------------------------------------------------------

TOKEN = "2718281828459:k~Xw.P-q_Rz"


def asked(server: zalo_server.InThread, token: str = TOKEN, clock: Any = None, **given: Any) -> list[Finding]:
    given |= {"zalo_token": token, "zalo_base_url": server.base_url}
    channels = [Zalo(token, server.base_url)]
    return asyncio.run(ask(settings(**given), channels, clock or SystemClock()))


@pytest.fixture(scope="module")
def zalo() -> Iterator[zalo_server.InThread]:
    with zalo_server.InThread(token=TOKEN) as server:
        yield server


def test_a_bot_that_answers_and_a_clock_that_is_right(zalo: zalo_server.InThread) -> None:
    clock, bot = asked(zalo)
    assert (clock.level, bot.level) == (Level.OK, Level.OK)
    assert "khớp với Zalo" in clock.what


@pytest.mark.parametrize(("minutes", "word"), [(10, "nhanh"), (-10, "chậm")])
def test_a_clock_that_is_off(zalo: zalo_server.InThread, minutes: int, word: str) -> None:
    wrong = VirtualClock(SystemClock().now() + dt.timedelta(minutes=minutes))
    clock = asked(zalo, clock=wrong)[0]
    assert (clock.level, word in clock.what) == (Level.BAD, True)


def test_a_token_that_was_reset(zalo: zalo_server.InThread) -> None:
    bot = asked(zalo, "2718281828459:sai-sai-sai")[1]
    assert bot.level is Level.BAD
    assert "sai-sai-sai" not in bot.what + bot.what_to_do


def test_a_webhook_that_somebody_else_set(zalo: zalo_server.InThread) -> None:
    async def set_webhook(url: str | None) -> None:
        async with Zalo(TOKEN, zalo.base_url) as bot:
            await (bot.set_webhook(url, "mot-bi-mat-dai-va-kho-doan") if url else bot.delete_webhook())

    asyncio.run(set_webhook("https://khong-co.example/webhook/zalo/1"))
    assert [f.about for f in bad_or_warn(asked(zalo))] == ["webhook"]
    mine = {"webhook_url": "https://xa.example", "webhook_secret": "mot-bi-mat-dai-va-kho-doan"}
    found = bad_or_warn(asked(zalo, **mine))
    assert "chưa đăng ký" in found[0].what
    asyncio.run(set_webhook(None))


def test_a_provider_that_is_not_there() -> None:
    with zalo_server.InThread(token=TOKEN) as server:
        gone = server.base_url
    found = asyncio.run(ask(settings(zalo_token=TOKEN, zalo_base_url=gone), [Zalo(TOKEN, gone)], SystemClock()))
    assert levels(found) == [Level.WARN, Level.BAD]


# ---- the command ----------------------------------------------------------------------------------------------------


def test_the_command_tells_what_is_wrong_first_and_leaves_with_1(tmp_path: Path) -> None:
    nothing = nhacviec("doctor", "--offline", database=tmp_path / "nv.db")
    assert nothing.returncode == 1
    assert nothing.stdout.startswith("[HỎNG] Chưa có tệp")
    assert "Traceback" not in nothing.stderr


def test_the_command_hides_tokens_and_goes_on_where_one_is_wrong(file: Path) -> None:
    environment = {"NHACVIEC_ZALO_TOKEN": TOKEN, "NHACVIEC_TELEGRAM_TOKEN": "khong-phai-token"}
    result = nhacviec("doctor", "--offline", "--json", database=file, **environment)
    assert result.returncode == 1
    found = {finding["about"]: finding for finding in json.loads(result.stdout)}
    assert found["database"]["level"] == "ok"
    assert found["tokens"]["level"] == "bad"
    assert "NHACVIEC_TELEGRAM_TOKEN" in found["tokens"]["what"]
    assert TOKEN.partition(":")[2] not in result.stdout + result.stderr


def test_the_command_names_a_setting_that_nobody_reads(file: Path) -> None:
    result = nhacviec("doctor", "--offline", "--json", database=file, NHACVIEC_BACKUPZ="/sao-luu")
    (found,) = (finding for finding in json.loads(result.stdout) if finding["about"] == "settings")
    assert (found["level"], "NHACVIEC_BACKUPS" in found["what"]) == ("warn", True)


def test_looking_at_the_file_leaves_the_locks_of_the_program_that_has_it_open(tmp_path: Path) -> None:
    """The console asks this inside `nhacviec run`: without its locks, another command removed the log under it."""
    url = f"sqlite:///{tmp_path / 'nv.db'}"
    engine = open_database(url)
    leave_wal = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE')"
    with engine.connect() as held:
        held.exec_driver_sql("SELECT count(*) FROM message").all()
        assert not [finding for finding in storage.database(url) if finding.level is Level.BAD]
        other = subprocess.run(
            [sys.executable, "-c", leave_wal, str(tmp_path / "nv.db")], capture_output=True, text=True, check=False
        )
    engine.dispose()
    assert "locked" in other.stderr
