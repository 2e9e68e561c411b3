"""The restore drill under load: ``nhacviec run`` at work, people writing, a backup in the middle of it, and what comes
back elsewhere compared row by row, silent until somebody says so. It is the sequence of docs/deploy.md.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import OperationalError

from bots.simulator import Simulator
from data import journal
from data.database import connect, open_database, reading
from engine import backup, load, receive
from engine.backup import Backup, back_up
from engine.clock import SystemClock
from engine.move import tables
from engine.office import INBOUND, MESSAGE
from engine.watch import heartbeat_file, read_beat
from tests.command import command
from tests.databases import postgres_or_skip
from tests.world import CHAIR, DESK_OFFICER, HEAD, OFFICE_ID, OFFICER, PROJECT, STANDING, office_file, one_task

PEOPLE = (OFFICER, DESK_OFFICER, HEAD, STANDING, CHAIR)
SAID = ("việc", "tuần", "xong 1", "hoàn tác", "gia hạn 1 đến 25/12 vì chờ số liệu", "đang làm", "xin chào")
PAUSE = 0.01  # seconds between two replies
MOST_UNHEARD = 20  # so many people wait for an answer before the next one types
PATIENCE = 150.0  # seconds until something is not going to happen any more
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def here_and_there(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The office's database, and where it will be restored."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'nv.db'}", f"sqlite:///{tmp_path / 'noi-khac.db'}"
    return postgres_or_skip(empty=True), postgres_or_skip(empty=True)


def environment(url: str, folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
    ours = {"DATABASE": url, "EVIDENCE": str(folder / "minh-chung"), "TURN_SECONDS": "0.1", "CONSOLE": "false"}
    return env | {f"NHACVIEC_{name}": value for name, value in ours.items()} | {"PYTHONPATH": str(PROJECT)}


def nhacviec(url: str, folder: Path, *words: str) -> str:
    done = command(words, environment(url, folder), folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(url: str, folder: Path) -> Iterator[None]:
    """``nhacviec run`` in a process of its own; it must end well when it is told to."""
    command = [sys.executable, "-m", "engine.cli", "run"]
    with (
        (folder / "run.log").open("a", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=folder, env=environment(url, folder), stdout=log, stderr=log) as process,
    ):
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


@contextmanager
def everybody_writing(url: str) -> Iterator[list[int]]:
    """People who type, wait for their answers and type again; the list grows with what they have typed."""
    stop, written, engine = threading.Event(), [0], connect(url)

    def write() -> None:
        while not stop.wait(PAUSE):
            number = len(written)
            if waiting_replies(engine) >= MOST_UNHEARD:
                continue
            words = Simulator().typed(f"{OFFICE_ID}/{PEOPLE[number % len(PEOPLE)]}", SAID[number % len(SAID)])
            with engine.begin() as connection:
                receive.store(connection, [words], SystemClock().now())
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        stop.set()
        writer.join()
        engine.dispose()


def until(what: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)  # between two looks at another process


def answered(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(
            connection.execute(
                select(func.count()).select_from(MESSAGE).where(MESSAGE.c.kind == "answer", MESSAGE.c.status == "sent")
            ).scalar_one()
        )


def every_row(connection: Connection) -> Rows:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in tables()
    }


@contextmanager
def nobody_can_write(engine: Engine) -> Iterator[Connection]:
    """For a moment: every writer queues at the door, and whoever only reads goes on."""
    with engine.connect() as connection:
        until("the tables are ours", lambda: taken(connection))
        yield connection


def taken(connection: Connection) -> bool:
    """Whether all tables could be locked at once. A writer that holds one of them and wants another would wait for us
    as we for it: so we give way before the database takes that for a deadlock (after a second), and ask again.
    """
    connection.begin()  # SQLite: BEGIN IMMEDIATE
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in tables())
        try:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '300ms'")
            connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")
        except OperationalError:
            connection.rollback()
            return False
    return True


def as_restored(rows: Rows) -> Rows:
    """What a restore says it changes: what waited is dropped, and so are its reminders."""
    waited = {row["id"] for row in rows["message"] if row["status"] in ("queued", "claimed")}
    dropped = {"status": "dropped", "error": backup.OUTDATED, "claim": None}
    suppressed = {"status": "suppressed", "reason": backup.OUTDATED}
    return rows | {
        "message": [row | dropped if row["id"] in waited else row for row in rows["message"]],
        "reminder": [
            row | suppressed if row["message_id"] in waited and row["status"] == "in_message" else row
            for row in rows["reminder"]
        ],
    }


def test_the_drill_under_load(here_and_there: tuple[str, str], tmp_path: Path) -> None:
    here, there = here_and_there
    now = SystemClock().now()
    office = open_database(here)
    with office.begin() as connection:
        due = (now + dt.timedelta(days=8)).date().isoformat()
        tasks = [one_task(due), one_task(due, "cong-khai", "Công khai thủ tục", lead="ttpvhcc")]
        load.apply(connection, office_file(tasks), now - dt.timedelta(days=8))
        load.link_simulator(connection, now)

    def keep(seconds: int) -> Backup:
        moment = now + dt.timedelta(seconds=seconds)
        return back_up(here, tmp_path / "minh-chung", tmp_path / "sao-luu", moment, zipped=True)

    with running(here, tmp_path), everybody_writing(here) as written:
        until("answers", lambda: answered(office) >= 5)
        with nobody_can_write(office) as connection:
            then = every_row(connection)
            frozen = keep(0)
        before = len(written)
        under_fire: list[Backup] = []

        def kept_while_somebody_wrote() -> bool:
            under_fire.append(keep(len(under_fire) + 1))
            return len(under_fire) > 1 and len(written) > before

        until("somebody writes between two backups", kept_while_somebody_wrote)  # a quick machine may be too quick
    with reading(office) as connection:
        history = every_row(connection)["journal"]
        assert journal.verify(connection, OFFICE_ID).broken_at is None

    # Another machine, by the commands an administrator has.
    file = tmp_path / "sao-luu" / frozen.file
    assert "TẮT GỬI" in nhacviec(there, tmp_path, "restore", str(file), "--to", there)
    elsewhere = open_database(there)
    with reading(elsewhere) as connection:
        back = every_row(connection)
    expected = as_restored(then)
    for name in expected:
        if name not in ("journal", "setting"):
            assert back[name] == expected[name], name
    *old, restored = back["journal"]
    assert old == then["journal"] == history[: len(old)]
    assert restored["action"] == "restored"
    assert [row["key"] for row in back["setting"] if row not in then["setting"]] == ["muted"]
    for later in under_fire:  # a moment in the middle of everything: a beginning of what was to come
        lines, _, head = later.heads[OFFICE_ID].partition(":")
        assert history[int(lines) - 1]["hash"] == head
        assert len(old) <= int(lines) <= len(history)

    # It runs, it hears, it decides, and nothing leaves.
    told = answered(elsewhere)
    with running(there, tmp_path):
        with elsewhere.begin() as connection:
            receive.store(connection, [Simulator().typed(f"{OFFICE_ID}/{OFFICER}", "việc")], SystemClock().now())
        until("the reply is handled", lambda: not waiting_replies(elsewhere))
        beat = heartbeat_file(there) if there.startswith("sqlite") else tmp_path / "nhacviec.heartbeat.json"
        turned = beats(beat)
        until("a turn more", lambda: beats(beat) > turned)
        assert answered(elsewhere) == told
        assert "Đã bật gửi lại" in nhacviec(there, tmp_path, "unmute", "--yes")
        until("the answer leaves", lambda: answered(elsewhere) > told)
    for engine in (office, elsewhere):
        engine.dispose()


def waiting_replies(engine: Engine) -> int:
    with reading(engine) as connection:
        waiting = select(func.count()).select_from(INBOUND).where(INBOUND.c.handled_at.is_(None))
        return int(connection.execute(waiting).scalar_one())


def beats(file: Path | None) -> float:
    """When the engine last wrote that it has turned."""
    beat = read_beat(file)
    return beat.at.timestamp() if beat else 0.0
