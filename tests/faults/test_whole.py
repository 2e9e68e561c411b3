"""A file that was closed tidily is not looked through again; one that anything else has touched is."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from data.database import check_whole
from engine import app, whole
from engine.app import Product, _Live
from engine.errors import DatabaseTrouble
from engine.settings import Settings
from tests.command import clean_environment
from tests.faults.test_damaged import in_the_journal
from tests.kept import lived_in
from tests.world import PROJECT, World, one_task


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kept") / "nv.db"
    lived_in(f"sqlite:///{file}", file.parent / "anh").dispose()
    return file


@pytest.fixture
def file(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(kept, tmp_path / "nv.db"))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that the whole file was looked through."""
    times: list[str] = []

    def note(url: str) -> None:
        times.append(url)
        check_whole(url)

    monkeypatch.setattr(whole, "check_whole", note)
    return times


def mark_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.whole")


def test_what_the_last_run_closed_is_not_looked_through_and_the_mark_serves_once(file: Path, looked: list[str]) -> None:
    url = f"sqlite:///{file}"
    whole.check(url)
    assert looked == [url]
    whole.closed(url)
    whole.check(url)
    assert looked == [url]
    assert not mark_of(file).exists()
    whole.check(url)  # as after a kill: nobody has put it back
    assert looked == [url, url]


def write_a_row(file: Path) -> None:
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("UPDATE message SET text = 'khác' WHERE id = 1")


def put_a_copy_in_its_place(file: Path) -> None:
    shutil.copy2(file, file.with_name("khac.db"))  # as large, and as old
    os.replace(file.with_name("khac.db"), file)


def leave_a_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").write_bytes(b"x" * 32)


def change_it_and_say_it_is_as_old(file: Path) -> None:
    was = file.stat()
    with file.open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        opened.write(b"\0")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))


@pytest.mark.parametrize(
    "touch",
    [write_a_row, put_a_copy_in_its_place, leave_a_log, change_it_and_say_it_is_as_old],
    ids=lambda f: f.__name__,
)
def test_what_anything_else_has_touched_is_looked_through(
    file: Path, looked: list[str], touch: Callable[[Path], None]
) -> None:
    whole.closed(f"sqlite:///{file}")
    assert mark_of(file).exists()
    touch(file)
    whole.check(f"sqlite:///{file}")
    assert len(looked) == 1


def test_a_file_damaged_since_is_refused_byte_for_byte(file: Path) -> None:
    whole.closed(f"sqlite:///{file}")
    in_the_journal(file)
    before = file.read_bytes()
    with pytest.raises(DatabaseTrouble, match="bị hỏng"):
        whole.check(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_file_with_a_log_beside_it_gets_no_mark(file: Path) -> None:
    leave_a_log(file)
    whole.closed(f"sqlite:///{file}")
    assert not mark_of(file).exists()


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://a/b"])
def test_what_is_no_file_has_no_mark(url: str, looked: list[str]) -> None:
    whole.check(url)
    whole.closed(url)
    assert looked == [url]  # and it knows that there is nothing to look at


def test_a_run_that_ends_tidily_leaves_the_mark_and_a_killed_one_none(file: Path, tmp_path: Path) -> None:
    environment = clean_environment(NHACVIEC_DATABASE=f"sqlite:///{file}", NHACVIEC_CONSOLE="false")
    for ending, code, left in ((signal.SIGTERM, 0, True), (signal.SIGKILL, -signal.SIGKILL, False)):
        file.with_name(f"{file.name}.heartbeat.json").unlink(missing_ok=True)
        with subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "run"],
            stdout=subprocess.DEVNULL,
            env=environment | {"PYTHONPATH": str(PROJECT)},
            cwd=tmp_path,
        ) as process:
            try:
                deadline = time.monotonic() + 60
                while not file.with_name(f"{file.name}.heartbeat.json").exists():
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.01)  # between two looks at another process
                process.send_signal(ending)
                assert process.wait(60) == code
            finally:
                process.kill()
        assert mark_of(file).exists() is left


def test_trouble_with_the_database_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, "2026-03-23 07:00", [one_task("2026-03-25")])

    def damaged(*_: object) -> None:
        raise DatabaseTrouble("Tệp bị hỏng.")

    async def story() -> None:
        settings = Settings(_env_file=None, database=f"sqlite:///{world.file}")
        live = _Live(Product(settings, world.engine, world.clock, [world.simulator]), asyncio.Event(), lambda *_: None)
        await live.beat()
        assert live.sound
        monkeypatch.setattr(app, "decide", damaged)
        await live.beat()
        assert not live.sound

    try:
        asyncio.run(story())
    finally:
        world.close()
