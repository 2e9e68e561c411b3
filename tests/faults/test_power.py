"""The power goes: whatever of the log had reached the disk, the database opens to a state that once was.

A write-ahead log is cut at any byte, or its last page is torn, and opened beside the file as it stood. What a turn had
committed (and SQLite had synced, ``synchronous = FULL``) is there as soon as the log holds it; what it had not is not
there at all. Killing the process itself is the matter of ``tests/crash``.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event

from data import journal
from data.database import connect, reading
from tests.stories.conftest import OpenWorld, open_world
from tests.world import OFFICE_ID, OFFICER, World, monthly_report, one_task

__all__ = ["open_world"]  # the stories' fixture

CUTS = 1_500 if os.environ.get("NHACVIEC_EVERY_CUT") == "1" else 60
HEADER, FRAME_HEADER = 32, 24
Contents = dict[str, int]


@dataclass(frozen=True)
class Log:
    """The file as it stood, its log, and how long the log was when each deed was done."""

    file: Path
    log: bytes
    done: list[tuple[int, Contents]]

    @property
    def commits(self) -> list[int]:
        """Where each commit ends: a frame that names the size of the database."""
        (page,) = struct.unpack(">I", self.log[8:12])
        frame = FRAME_HEADER + page
        ends = range(HEADER, len(self.log) - frame + 1, frame)
        return [at + frame for at in ends if struct.unpack(">I", self.log[at + 4 : at + 8]) != (0,)]


def contents(file: Path) -> Contents:
    """How many rows each busy table has, and where the journal ends; opened as the program opens it."""
    engine = connect(f"sqlite:///{file}")
    try:
        with reading(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            verdict = journal.verify(connection, OFFICE_ID)
            assert verdict.broken_at is None
            tables = ("occurrence", "reminder", "message", "inbound", "handle")
            count = {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables}
            states = connection.exec_driver_sql("SELECT count(*) FROM occurrence WHERE work_state = 'done'")
            return count | {"done": states.scalar_one(), "journal": verdict.lines}
    finally:
        engine.dispose()


@pytest.fixture
def log(open_world: OpenWorld, tmp_path: Path) -> Log:
    """A week of an office, all of it in the log."""
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25"), monthly_report()])
    world.ignore_rest()
    if world.engine.dialect.name != "sqlite":
        pytest.skip("another database's log")
    file = tmp_path / "stood.db"
    world.engine.dispose()  # everything into the one file
    shutil.copy(world.file, file)

    @event.listens_for(world.engine, "checkout")
    def _keep_the_log(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA wal_autocheckpoint = 0")

    done = [(0, contents(copied(file, b"", tmp_path / "0")))]
    for number, deed in enumerate(deeds(world), 1):
        deed()
        done.append((Path(f"{world.file}-wal").stat().st_size, contents_beside(world, tmp_path / str(number))))
    return Log(file, Path(f"{world.file}-wal").read_bytes(), done)


def deeds(world: World) -> list[Callable[[], None]]:
    """What people and the engine do, one after the other."""
    return [
        partial(world.run_until, "2026-03-24 08:00"),
        partial(world.run_until, "2026-03-25 07:30"),
        partial(world.run_until, "2026-03-25 09:00"),
        partial(world.say, OFFICER, "việc"),
        partial(world.say, OFFICER, "xong 1"),
        partial(world.run_until, "2026-03-27 08:00"),
    ]


def contents_beside(world: World, folder: Path) -> Contents:
    """Of the living database, looked at in a copy."""
    return contents(copied(world.file, Path(f"{world.file}-wal").read_bytes(), folder))


def copied(file: Path, log: bytes, folder: Path) -> Path:
    """The file with this log beside it, and no shared memory: the machine was off."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "nv.db"
    shutil.copy(file, copy)
    Path(f"{copy}-shm").unlink(missing_ok=True)
    Path(f"{copy}-wal").write_bytes(log)
    return copy


def test_every_commit_is_synced_before_it_is_answered(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [])
    if world.engine.dialect.name != "sqlite":
        pytest.skip("another database's setting")
    with world.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_a_log_cut_anywhere_opens_to_a_state_that_once_was(log: Log, tmp_path: Path) -> None:
    ends = [0, *log.commits]
    assert len(ends) > 10
    at_commit = [contents(copied(log.file, log.log[:end], tmp_path / "commit")) for end in ends]
    assert all(old["journal"] <= new["journal"] for old, new in pairwise(at_commit))
    assert at_commit[-1] == log.done[-1][1]  # the whole log is the whole history
    for size, told in log.done:  # what was done is there as soon as the log holds it
        assert at_commit[max(number for number, end in enumerate(ends) if end <= size)] == told
    dice = random.Random(7)
    for cut in sorted(dice.randrange(len(log.log)) for _ in range(CUTS)):
        last = max(number for number, end in enumerate(ends) if end <= cut)
        assert contents(copied(log.file, log.log[:cut], tmp_path / "cut")) == at_commit[last], f"cut at byte {cut}"


def test_a_torn_page_loses_its_own_transaction_and_no_other(log: Log, tmp_path: Path) -> None:
    ends = [0, *log.commits]
    dice = random.Random(11)
    for _ in range(CUTS // 2):
        number = dice.randrange(1, len(ends))
        last = ends[number]
        torn = bytearray(log.log[:last])
        first = dice.randrange(ends[number - 1] or HEADER, last - 1)
        for at in range(first, min(last, first + dice.randrange(1, 4096))):
            torn[at] ^= dice.randrange(1, 256)
        before = contents(copied(log.file, log.log[: ends[number - 1]], tmp_path / "before"))
        assert contents(copied(log.file, bytes(torn), tmp_path / "torn")) == before, f"torn at {first}"


def test_a_log_that_lost_its_memory_is_read_again(log: Log, tmp_path: Path) -> None:
    copy = copied(log.file, log.log, tmp_path / "shm")
    Path(f"{copy}-shm").write_bytes(os.urandom(32768))  # what a crash may leave of the shared memory
    with closing(sqlite3.connect(copy)):
        pass
    assert contents(copy) == log.done[-1][1]
