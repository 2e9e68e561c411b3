"""The disk is full, or another program keeps the database: the running engine says so, waits, and loses nothing.

A real ``run`` in a process of its own (``machine.py``). NHACVIEC_LONG_FAULTS=1 holds the database for 30 seconds, with
the program's own patience.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from data import journal
from data.database import BUSY_SECONDS, open_database, reading
from engine import load
from engine.lock import RUN, alone
from engine.office import MESSAGE, OCCURRENCE
from engine.watch import unexplained
from tests.command import nhacviec
from tests.kept import lived_in
from tests.test_bad_input import HUNG_THANG, refused
from tests.world import DESK_OFFICER, OFFICE_ID, OFFICER, PROJECT, civil, office_file, one_task

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as POSIX has them")

LONG = os.environ.get("NHACVIEC_LONG_FAULTS") == "1"
WITHIN = 60.0  # seconds; a busy machine is no failure
LEADS = ("kinh-te", "ttpvhcc")
MORNING = civil("2026-03-25 07:30")


@dataclass
class Running:
    """One real engine, what it says, and the phones it rings."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "nv.db"

    def said(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def rang(self) -> list[tuple[str, str]]:
        phones = self.folder / "phones"
        lines = phones.read_text(encoding="utf-8").splitlines() if phones.exists() else []
        return [(line["to"], line["text"]) for line in map(json.loads, lines)]

    def may_have(self, pages: int | None) -> None:
        """How many pages the disk holds."""
        fresh = self.folder / "control.new"
        fresh.write_text("" if pages is None else str(pages))
        fresh.replace(self.folder / "control")

    def pages(self) -> int:
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True)) as raw:
            return int(raw.execute("PRAGMA page_count").fetchone()[0])

    def wait_for(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WITHIN
        while not what():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)


@contextmanager
def running(folder: Path, pages: Callable[[Running], int] | None = None, busy: float = 10.0) -> Iterator[Running]:
    """Start it on an office whose last calls are due this minute; afterwards it must leave in peace."""
    engine = open_database(f"sqlite:///{folder / 'nv.db'}")
    # So much work that the turn needs pages of its own, wherever the file has room left.
    tasks = [one_task("2026-03-25", f"viec-{n}", f"Kế hoạch {n}", lead=LEADS[n % 2]) for n in range(40)]
    with engine.begin() as connection:
        load.apply(connection, office_file(tasks), civil("2026-03-24 18:00"))
        load.link_simulator(connection, civil("2026-03-24 18:00"))
    engine.dispose()
    with closing(sqlite3.connect(folder / "nv.db")) as raw:
        raw.execute("VACUUM")
    with (folder / "log").open("w") as log:
        words = [str(folder / "nv.db"), MORNING.isoformat(), str(folder / "control"), str(folder / "phones")]
        one = Running(None, folder)  # type: ignore[arg-type]
        if pages is not None:
            one.may_have(pages(one))
        one.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.machine", *words],
            cwd=PROJECT,
            stderr=log,
            stdout=log,
            text=True,
            env={**os.environ, "FAULTS_BUSY_SECONDS": str(busy)},
        )
        try:
            yield one
            one.process.terminate()
            assert one.process.wait(WITHIN) == 0, one.said()
        finally:
            one.process.kill()
            one.process.wait()


def nothing_is_lost(one: Running) -> None:
    """Each last call on its phone once, everything explained, the journal whole."""
    last_calls = [to for to, text in one.rang() if "HẠN HÔM NAY" in text]
    assert sorted(last_calls) == [f"{OFFICE_ID}/{OFFICER}", f"{OFFICE_ID}/{DESK_OFFICER}"]
    engine = open_database(f"sqlite:///{one.file}")
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert journal.verify(connection, OFFICE_ID).broken_at is None
        assert unexplained(connection, MORNING) == []
        assert {row.status for row in connection.execute(select(MESSAGE))} == {"sent"}
        assert all(row.next_move_at > MORNING for row in connection.execute(select(OCCURRENCE)))
    engine.dispose()


@pytest.mark.parametrize("room", [0, 2] if LONG else [0])
def test_a_full_disk_is_said_and_when_there_is_room_again_all_goes_on(tmp_path: Path, room: int) -> None:
    with running(tmp_path, lambda one: one.pages() + room) as one:
        one.wait_for(lambda: "đã đầy" in one.said())
        assert "Traceback" not in one.said()
        # Full in the middle of a turn: what it had not been able to write down, it has not sent either.
        assert [to for to, text in one.rang() if "HẠN HÔM NAY" in text] == []
        one.may_have(None)
        one.wait_for(lambda: len(one.rang()) >= 2)
        one.wait_for(lambda: all_recorded(one.file))
    nothing_is_lost(one)


def all_recorded(file: Path) -> bool:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as raw:
        (waiting,) = raw.execute("SELECT count(*) FROM message WHERE status != 'sent'").fetchone()
        return int(waiting) == 0


def test_another_program_that_keeps_the_database_is_waited_for(tmp_path: Path) -> None:
    held_for = 30.0 if LONG else 1.5
    with closing(sqlite3.connect(tmp_path / "nv.db", isolation_level=None)) as other:
        with running(tmp_path, busy=BUSY_SECONDS if LONG else 0.3) as one:
            one.wait_for(
                lambda: "Đang" in one.said() or (tmp_path / "nv.db.heartbeat.json").exists() or bool(one.rang())
            )
            one.wait_for(lambda: all_recorded(one.file) and len(one.rang()) >= 2)
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            one.wait_for(lambda: "chương trình khác giữ" in one.said())
            one.wait_for(lambda: time.monotonic() - began > held_for)
            other.execute("COMMIT")
            beat = (tmp_path / "nv.db.heartbeat.json").read_text()
            one.wait_for(lambda: (tmp_path / "nv.db.heartbeat.json").read_text() != beat)  # it turns again
        assert "Traceback" not in one.said()
    nothing_is_lost(one)


def test_a_disk_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    lived_in(f"sqlite:///{tmp_path / 'nv.db'}", tmp_path / "anh").dispose()
    before = (tmp_path / "nv.db").read_bytes()
    env = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
    told = subprocess.run(
        [sys.executable, "-m", "engine.cli", "load", "--yes", str(HUNG_THANG)],
        capture_output=True,
        text=True,
        env=env | {"NHACVIEC_DATABASE": f"sqlite:///{tmp_path / 'nv.db'}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=PROJECT,
        timeout=WITHIN,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384)),  # a quota, as good as reached
    )
    refused(told, "Ổ đĩa chứa")
    assert (tmp_path / "nv.db").read_bytes() == before


# ---- two at once ----------------------------------------------------------------------------------------------------


def test_while_a_database_is_replaced_no_engine_starts_on_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nv.db'}"
    open_database(url).dispose()
    before = (tmp_path / "nv.db").read_bytes()
    with alone(url, "phục hồi hoặc chuyển dữ liệu"):
        refused(nhacviec("run", database=tmp_path / "nv.db"), "Đang có một lệnh phục hồi", str(os.getpid()))
    assert (tmp_path / "nv.db").read_bytes() == before


def test_while_an_engine_runs_nothing_is_put_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "sao-luu"
    lived_in(f"sqlite:///{tmp_path / 'nv.db'}", tmp_path / "anh").dispose()
    assert nhacviec("backup", "--to", str(folder), database=tmp_path / "nv.db").returncode == 0
    before = (tmp_path / "nv.db").read_bytes()
    (backup,) = folder.glob("nhacviec-*.db")
    with alone(f"sqlite:///{tmp_path / 'nv.db'}", RUN):
        told = nhacviec("restore", str(backup), "--replace", "--yes", database=tmp_path / "nv.db")
        refused(told, "đang chạy", str(os.getpid()), "chưa có gì thay đổi")
        target = f"sqlite:///{tmp_path / 'moi.db'}"
        refused(nhacviec("db", "move", f"sqlite:///{tmp_path / 'nv.db'}", target), "đang chạy", "chưa có gì thay đổi")
    assert (tmp_path / "nv.db").read_bytes() == before
    assert not (tmp_path / "moi.db").exists()
