"""Two engines on one SQLite file by mistake: the second says so and leaves; other commands are not hindered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.database import open_database
from engine.errors import DatabaseTrouble
from engine.lock import AlreadyRunning, alone, beside, holder
from tests.command import nhacviec
from tests.test_bad_input import refused
from tests.world import PROJECT

HOLD = """
import sys
from engine.lock import alone
with alone(sys.argv[1]):
    print('held', flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(database: str) -> Iterator[subprocess.Popen[str]]:
    """A second process that holds the lock until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'nv.db'}"


def test_the_second_is_refused_by_name_and_number(database: str) -> None:
    with another(database) as process:
        assert holder(database) == process.pid
        with pytest.raises(AlreadyRunning, match=f"tiến trình {process.pid}.*nv.db"), alone(database):
            pytest.fail("two at once")
    assert holder(database) is None


def test_a_killed_process_leaves_no_lock_behind(database: str, tmp_path: Path) -> None:
    with another(database) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / "nv.db.lock").exists()
        with alone(database):
            assert holder(database) == os.getpid()
    with alone(database):  # and again after a tidy end
        pass


def test_other_databases_are_nobodys_business(database: str, tmp_path: Path) -> None:
    with another(database), alone(f"sqlite:///{tmp_path / 'khac.db'}"):
        pass


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://a:b@localhost/nv"])
def test_where_there_is_no_file_there_is_no_lock(url: str) -> None:
    with alone(url), alone(url):
        assert holder(url) is None
    assert beside(url, ".lock") is None


def test_a_folder_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseTrouble, match=r"Không ghi được .*quyền ghi"),
        alone(f"sqlite:///{tmp_path / 'khong' / 'nv.db'}"),
    ):
        pass


def test_other_commands_work_beside_a_running_engine(database: str, tmp_path: Path) -> None:
    open_database(database).dispose()
    with another(database):
        assert nhacviec("strangers", database=tmp_path / "nv.db").returncode == 0


def test_a_second_run_is_refused_and_the_first_goes_on(database: str, tmp_path: Path) -> None:
    open_database(database).dispose()
    env = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
    env |= {"NHACVIEC_DATABASE": database, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "run"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
    ) as first:
        try:
            assert first.stderr is not None
            while "Đang chạy" not in first.stderr.readline():
                assert first.poll() is None
            if holder(database) != first.pid:
                pytest.fail("no lock")
            refused(nhacviec("run", database=tmp_path / "nv.db"), "Một Nhắc Việc khác", str(first.pid))
            assert first.poll() is None
        finally:
            first.terminate()
        assert first.wait(60) == 0
